/* Sorted units in NWB: ragged spike times, quality, where they were recorded, and when they were observed. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "recording/read_nwb.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

typedef struct units {
    const syn_nwb *nwb;
    const char *path;
    int64_t n;           /* rows of the table */
    int64_t kept;        /* neurons of the recording */
    int64_t *to;         /* [n] neuron of the recording, or -1 */
    double *id;          /* [n] */
    double *time;        /* spike times of all units */
    int64_t *end;        /* [n] of each unit's spikes */
    char quality[64];    /* the column that was used, or "" */
    bool nothing_graded; /* it says good, mua or noise of none */
} units;

static void free_units(units *u) {
    free(u->to);
    free(u->id);
    free(u->time);
    free(u->end);
}

/* Ends of the rows of a ragged column, from its index, which counts its entries up to `total`. */
static syn_status read_ends(const units *u, const char *name, int64_t total, int64_t **end) {
    double *index;
    int64_t n, cols;
    SYN_TRY(syn_nwb_numbers(u->nwb, u->path, name, &index, &n, &cols));
    *end = NULL;
    if (!index || n * cols != u->n) {
        free(index);
        return syn_fail(SYN_ERR_INPUT, "%s:%s/%s: has %lld entries; expected whole numbers, one for each of %lld units",
                        u->nwb->path, u->path, name, (long long)(n * cols), (long long)u->n);
    }
    syn_status status = syn_alloc(end, (size_t)u->n, sizeof **end, name);
    for (int64_t k = 0; k < u->n && status == SYN_OK; k++)
        if (!(index[k] >= (k ? index[k - 1] : 0) && index[k] <= (double)total && index[k] == floor(index[k])))
            status = syn_fail(SYN_ERR_INPUT, "%s:%s/%s: entry %lld is %g; expected rising whole numbers up to %lld",
                              u->nwb->path, u->path, name, (long long)k, index[k], (long long)total);
        else
            (*end)[k] = (int64_t)index[k];
    free(index);
    if (status == SYN_OK) return SYN_OK;
    free(*end);
    *end = NULL;
    return status;
}

static syn_status read_spikes(units *u) {
    int64_t spikes, cols, ids;
    SYN_TRY(syn_nwb_numbers(u->nwb, u->path, "id", &u->id, &ids, &cols));
    SYN_TRY(syn_nwb_numbers(u->nwb, u->path, "spike_times", &u->time, &spikes, &cols));
    if (!u->time)
        return syn_fail(SYN_ERR_INPUT, "%s:%s: has no spike_times; expected the spike times of sorted units",
                        u->nwb->path, u->path);
    if (cols != 1)
        return syn_fail(SYN_ERR_INPUT, "%s:%s/spike_times: is (%lld, %lld); expected one axis", u->nwb->path, u->path,
                        (long long)spikes, (long long)cols);
    if (!syn_nwb_has(u->nwb, u->path, "spike_times_index"))
        return syn_fail(SYN_ERR_INPUT, "%s:%s: has spike_times without spike_times_index, which says whose they are",
                        u->nwb->path, u->path);
    double *index;
    SYN_TRY(syn_nwb_numbers(u->nwb, u->path, "spike_times_index", &index, &u->n, &cols));
    free(index);
    if (u->id && ids != u->n)
        return syn_fail(SYN_ERR_INPUT, "%s:%s: has %lld ids, but spike_times_index %lld entries; expected as many",
                        u->nwb->path, u->path, (long long)ids, (long long)u->n);
    return read_ends(u, "spike_times_index", spikes, &u->end);
}

/* A text column with one entry a unit: the first of the names that is there. */
static syn_status first_column(const units *u, const char *const *names, size_t n_names, char ***text,
                               const char **name) {
    int64_t n;
    *text = NULL;
    for (size_t k = 0; k < n_names && !*text; k++) {
        SYN_TRY(syn_nwb_texts(u->nwb, u->path, names[k], text, &n));
        if (*text && n != u->n) syn_free_texts(*text, n), *text = NULL;
        *name = names[k];
    }
    return SYN_OK;
}

/* Takes the units that --units wants, where a column grades them. */
static syn_status select_units(units *u, const syn_options *options) {
    static const char *const names[] = {"quality", "group", "KSLabel", "ks_label", "label", "unit_quality", "curation"};
    const char *wanted = syn_option_text(options, SYN_OPT_UNITS), *name = "";
    char **text;
    int64_t count[4] = {0};
    SYN_TRY(syn_alloc(&u->to, (size_t)u->n, sizeof *u->to, "units"));
    SYN_TRY(first_column(u, names, COUNT(names), &text, &name));
    for (int64_t k = 0; text && k < u->n; k++) count[syn_grade_of(text[k])]++;
    const bool graded = count[SYN_GOOD] + count[SYN_MUA] + count[SYN_NOISE] > 0;
    u->nothing_graded = text && !graded;
    if (text) snprintf(u->quality, sizeof u->quality, "%s", name);
    for (int64_t k = 0; k < u->n; k++) {
        const syn_grade g = graded ? syn_grade_of(text[k]) : SYN_GOOD;
        const bool take =
            !strcmp(wanted, "all") ? g != SYN_NOISE : g == SYN_GOOD || (g == SYN_MUA && !strcmp(wanted, "mua"));
        u->to[k] = take ? u->kept++ : -1;
    }
    syn_free_texts(text, u->n);
    if (u->kept > 0) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT,
                    "%s:%s: no unit passes --units %s by %s (%lld good, %lld mua, %lld noise); try --units mua or all",
                    u->nwb->path, u->path, wanted, u->quality, (long long)count[SYN_GOOD], (long long)count[SYN_MUA],
                    (long long)count[SYN_NOISE]);
}

static syn_status bin_units(syn_recording **recording, const units *u, const char *label, double bin_s) {
    double *time;
    int32_t *neuron;
    int64_t n = 0;
    for (int64_t k = 0; k < u->n; k++) n += u->to[k] >= 0 ? u->end[k] - (k ? u->end[k - 1] : 0) : 0;
    SYN_TRY(syn_alloc(&time, (size_t)n, sizeof *time, "spike times"));
    syn_status status = syn_alloc(&neuron, (size_t)n, sizeof *neuron, "spike neurons");
    if (status != SYN_OK) {
        free(time);
        return status;
    }
    n = 0;
    for (int64_t k = 0; k < u->n; k++)
        for (int64_t i = k ? u->end[k - 1] : 0; u->to[k] >= 0 && i < u->end[k]; i++) {
            time[n] = u->time[i];
            neuron[n++] = (int32_t)u->to[k];
        }
    return syn_bin_spikes(recording, label, time, neuron, n, u->kept, NAN, bin_s);
}

static syn_status name_units(syn_recording *r, const units *u) {
    for (int64_t k = 0; u->id && k < u->n; k++) {
        char text[32];
        if (u->to[k] < 0) continue;
        snprintf(text, sizeof text, "%.0f", u->id[k]);
        SYN_TRY(syn_recording_name_neuron(r, u->to[k], text));
    }
    return SYN_OK;
}

/* Keeps the texts [n] of the units that were taken. */
static syn_status keep_texts(const units *u, char **text, char ***out) {
    if (!text) return SYN_OK;
    syn_status status = syn_alloc(out, (size_t)u->kept, sizeof **out, "unit column");
    for (int64_t k = 0; k < u->n && status == SYN_OK; k++)
        if (u->to[k] >= 0) status = syn_copy_text(&(*out)[u->to[k]], text[k]);
    return status;
}

/* ---- where units were recorded ---- */

static const char *const electrodes = "general/extracellular_ephys/electrodes";

/* Row of the electrode table for every unit: its first electrode, or the one with the id of its peak channel; -1 if
 * unknown. NULL if nothing says. */
static syn_status find_electrodes(const units *u, int64_t **row) {
    double *value = NULL, *id = NULL;
    int64_t *end = NULL, n, n_ids, cols;
    syn_status status;
    *row = NULL;
    SYN_CHECK(syn_nwb_numbers(u->nwb, electrodes, "id", &id, &n_ids, &cols));
    if (!id) goto done;
    SYN_CHECK(syn_nwb_numbers(u->nwb, u->path, "electrodes", &value, &n, &cols));
    const bool peak = !value;
    if (peak) SYN_CHECK(syn_nwb_numbers(u->nwb, u->path, "peak_channel_id", &value, &n, &cols));
    if (!value) goto done;
    if (!peak && syn_nwb_has(u->nwb, u->path, "electrodes_index")) SYN_CHECK(read_ends(u, "electrodes_index", n, &end));
    if (!end && n != u->n) goto done;
    SYN_CHECK(syn_alloc(row, (size_t)u->n, sizeof **row, "electrodes"));
    for (int64_t k = 0; k < u->n; k++) {
        const int64_t first = end ? (k ? end[k - 1] : 0) : k;
        int64_t at = -1;
        if (!end || end[k] > first) at = value[first] >= 0 && value[first] < 1e9 ? (int64_t)value[first] : -1;
        for (int64_t i = 0; peak && i < n_ids; i++)
            if (id[i] == value[first]) at = i;
        (*row)[k] = at < n_ids ? at : -1;
    }
done:
    free(value);
    free(id);
    free(end);
    return status;
}

static syn_status regions_of_electrodes(const units *u, const int64_t *row, char ***out) {
    char **location;
    int64_t n;
    SYN_TRY(syn_nwb_texts(u->nwb, electrodes, "location", &location, &n));
    syn_status status = location ? syn_alloc(out, (size_t)u->kept, sizeof **out, "regions") : SYN_OK;
    for (int64_t k = 0; location && k < u->n && status == SYN_OK; k++)
        if (u->to[k] >= 0) status = syn_copy_text(&(*out)[u->to[k]], row[k] >= 0 && row[k] < n ? location[row[k]] : "");
    syn_free_texts(location, n);
    return status;
}

/* x, y, z of the electrodes in micrometres, where all units have one and they are not all the same. */
static syn_status positions_of_electrodes(const units *u, const int64_t *row, float **out) {
    static const char *const axes[][2] = {{"rel_x", "x"}, {"rel_y", "y"}, {"rel_z", "z"}};
    bool known = true, differ = false;
    float *position;
    SYN_TRY(syn_alloc(&position, (size_t)u->kept * 3, sizeof *position, "positions"));
    for (int axis = 0; axis < 3; axis++) {
        double *v = NULL;
        int64_t n = 0, cols;
        syn_status status = SYN_OK;
        for (int k = 0; k < 2 && !v && status == SYN_OK; k++)
            status = syn_nwb_numbers(u->nwb, electrodes, axes[axis][k], &v, &n, &cols);
        for (int64_t k = 0; v && k < u->n; k++) {
            if (u->to[k] < 0) continue;
            const bool there = row[k] >= 0 && row[k] < n && isfinite(v[row[k]]);
            known = known && there;
            if (there) position[u->to[k] * 3 + axis] = (float)v[row[k]];
            if (there && position[u->to[k] * 3 + axis] != position[axis]) differ = true;
        }
        free(v);
        if (status == SYN_OK) continue;
        free(position);
        return status;
    }
    if (known && differ)
        *out = position;
    else
        free(position);
    return SYN_OK;
}

static syn_status read_places(syn_recording *r, const units *u) {
    static const char *const names[] = {
        "location",           "region", "brain_area", "brain_region", "area", "structure", "ecephys_structure_acronym",
        "anatomical_location"};
    int64_t *row;
    const char *name;
    char **text;
    SYN_TRY(first_column(u, names, COUNT(names), &text, &name));
    syn_status status = keep_texts(u, text, &r->region);
    syn_free_texts(text, u->n);
    SYN_TRY(status);
    SYN_TRY(find_electrodes(u, &row));
    syn_drop_blank(&r->region, r->N);
    if (row && !r->region) status = regions_of_electrodes(u, row, &r->region);
    syn_drop_blank(&r->region, r->N);
    if (row && status == SYN_OK) status = positions_of_electrodes(u, row, &r->position);
    free(row);
    return status;
}

static syn_status read_types(syn_recording *r, const units *u) {
    static const char *const names[] = {"cell_type", "celltype", "cell_class", "putative_cell_type", "neuron_type"};
    const char *name;
    char **text;
    SYN_TRY(first_column(u, names, COUNT(names), &text, &name));
    syn_status status = keep_texts(u, text, &r->cell_type);
    syn_free_texts(text, u->n);
    syn_drop_blank(&r->cell_type, r->N);
    return status;
}

/* ---- when units were observed ---- */

typedef struct observed {
    double *interval; /* [total][2] start and stop in s */
    int64_t *end;     /* [units] of each unit's intervals */
    int64_t total;
} observed;

static int64_t from_of(const observed *o, int64_t k) { return k ? o->end[k - 1] : 0; }

static bool all_alike(const units *u, const observed *o) {
    const int64_t n = o->end[0];
    for (int64_t k = 1; k < u->n; k++) {
        if (o->end[k] - o->end[k - 1] != n) return false;
        if (memcmp(o->interval, o->interval + 2 * o->end[k - 1], (size_t)n * 2 * sizeof(double)) != 0) return false;
    }
    return true;
}

/* Intervals that hold for all units are the recording: each is a segment. */
static syn_status cut_segments(syn_recording *r, const units *u, const observed *o) {
    const int64_t n = o->end[0];
    double *start, *stop;
    SYN_TRY(syn_alloc(&start, (size_t)n, sizeof *start, "intervals"));
    syn_status status = syn_alloc(&stop, (size_t)n, sizeof *stop, "intervals");
    for (int64_t k = 0; k < n && status == SYN_OK; k++) {
        start[k] = o->interval[2 * k];
        stop[k] = o->interval[2 * k + 1];
    }
    char label[1300];
    snprintf(label, sizeof label, "%s:%s/obs_intervals", u->nwb->path, u->path);
    if (status == SYN_OK) status = syn_segments_from_intervals(r, label, start, stop, n);
    free(start);
    free(stop);
    if (status != SYN_OK || n == 1) return status;
    return syn_recording_warn(r, "%lld segments from obs_intervals", (long long)r->S);
}

/* Bins that no interval of a unit covers whole are not observed. */
static syn_status mask_unobserved(syn_recording *r, const units *u, const observed *o) {
    const double frame_s = 1 / r->rate_hz, first_s = r->time_s ? r->time_s[0] : 0, same = 1e-6;
    int64_t masked = 0;
    uint8_t *seen;
    SYN_TRY(syn_alloc(&seen, (size_t)r->T, 1, "observed bins"));
    for (int64_t k = 0; k < u->n; k++) {
        if (u->to[k] < 0) continue;
        memset(seen, 0, (size_t)r->T);
        for (int64_t i = from_of(o, k); i < o->end[k]; i++) {
            const double from = fmax(0, ceil((o->interval[2 * i] - first_s) / frame_s - same));
            const double to = fmin((double)r->T, floor((o->interval[2 * i + 1] - first_s) / frame_s + same));
            if (from < to) memset(seen + (int64_t)from, 1, (size_t)(to - from));
        }
        for (int64_t t = 0; t < r->T; t++) {
            if (!seen[t]) r->x[t * r->N + u->to[k]] = NAN;
            masked += !seen[t];
        }
    }
    free(seen);
    if (masked == 0) return SYN_OK;
    return syn_recording_warn(r, "%.1f %% of the bins are not observed by obs_intervals",
                              100 * (double)masked / ((double)r->T * (double)r->N));
}

static syn_status follow_observed(syn_recording *r, const units *u) {
    observed o = {0};
    int64_t cols;
    SYN_TRY(syn_nwb_numbers(u->nwb, u->path, "obs_intervals", &o.interval, &o.total, &cols));
    if (!o.interval) return SYN_OK;
    syn_status status = SYN_OK;
    if (cols != 2 || !syn_nwb_has(u->nwb, u->path, "obs_intervals_index"))
        status =
            syn_fail(SYN_ERR_INPUT, "%s:%s/obs_intervals: is (%lld, %lld); expected (n, 2) with an obs_intervals_index",
                     u->nwb->path, u->path, (long long)o.total, (long long)cols);
    if (status == SYN_OK) status = read_ends(u, "obs_intervals_index", o.total, &o.end);
    if (status == SYN_OK)
        status = all_alike(u, &o) && o.end[0] > 0 ? cut_segments(r, u, &o) : mask_unobserved(r, u, &o);
    free(o.interval);
    free(o.end);
    return status;
}

syn_status syn_nwb_open_units(syn_recording **recording, const syn_nwb *nwb, const char *path, const char *label,
                              const syn_options *options) {
    syn_status status;
    units u = {.nwb = nwb, .path = path};
    SYN_CHECK(read_spikes(&u));
    SYN_CHECK(select_units(&u, options));
    SYN_CHECK(bin_units(recording, &u, label, syn_option_real(options, SYN_OPT_BIN)));
    SYN_CHECK(name_units(*recording, &u));
    SYN_CHECK(read_places(*recording, &u));
    SYN_CHECK(read_types(*recording, &u));
    SYN_CHECK(follow_observed(*recording, &u));
    if (u.kept < u.n)
        SYN_CHECK(syn_recording_warn(*recording, "%lld of %lld units are taken by %s", (long long)u.kept,
                                     (long long)u.n, u.quality));
    if (u.nothing_graded)
        SYN_CHECK(syn_recording_warn(*recording, "%s says good, mua or noise of no unit: all are taken", u.quality));
done:
    free_units(&u);
    return status;
}
