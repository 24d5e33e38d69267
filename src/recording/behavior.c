/* Behaviour and stimulus covariates: FILE:NAME with one row a frame, or FILE:NAME@TIMES with its own clock. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/nwb.h"
#include "recording/reader.h"

syn_status syn_number_names(syn_behavior *b, const char *base) {
    SYN_TRY(syn_alloc(&b->name, (size_t)b->cols, sizeof *b->name, "behaviour names"));
    for (int64_t k = 0; k < b->cols; k++) {
        char name[160];
        if (b->cols > 1)
            snprintf(name, sizeof name, "%.*s_%lld", syn_cut(base, 120), base, (long long)k);
        else
            snprintf(name, sizeof name, "%.*s", syn_cut(base, 120), base);
        SYN_TRY(syn_copy_text(&b->name[k], name));
    }
    return SYN_OK;
}

static void free_names(syn_behavior *b) {
    syn_free_texts(b->name, b->cols);
    syn_free_texts(b->unit, b->cols);
    b->name = b->unit = NULL;
}

static syn_status take_names(syn_behavior *b, const syn_array *a) {
    SYN_TRY(syn_copy_text(&b->base, a->name));
    if (!a->column_name) return syn_number_names(b, b->base);
    SYN_TRY(syn_alloc(&b->name, (size_t)b->cols, sizeof *b->name, "behaviour names"));
    SYN_TRY(syn_alloc(&b->unit, (size_t)b->cols, sizeof *b->unit, "behaviour units"));
    for (int64_t k = 0; k < a->cols; k++) {
        SYN_TRY(syn_copy_text(&b->name[k], a->column_name[k]));
        SYN_TRY(syn_copy_text(&b->unit[k], a->column_unit[k]));
    }
    return SYN_OK;
}

/* Turns values so that there are `rows` rows, where one axis alone has that length. */
static syn_status turn(syn_behavior *b, int64_t rows) {
    double *turned;
    if (b->rows == rows || b->cols != rows) return SYN_OK;
    SYN_TRY(syn_alloc(&turned, (size_t)(b->rows * b->cols), sizeof *turned, b->label));
    for (int64_t i = 0; i < b->rows; i++)
        for (int64_t k = 0; k < b->cols; k++) turned[k * b->rows + i] = b->values[i * b->cols + k];
    free(b->values);
    b->values = turned;
    free_names(b);
    b->cols = b->rows;
    b->rows = rows;
    return syn_number_names(b, b->base);
}

/* TIMES is FILE:NAME, or NAME in the file of the values. */
static syn_status load_clock(syn_behavior *b, const syn_address *values, const char *times) {
    char path[4096];
    int64_t n;
    syn_address address;
    /* TIMES that is no file is a name in the file of the values, if that has names. */
    const syn_status status = syn_address_parse(&address, times);
    if (status == SYN_OK) {
        syn_address_free(&address);
        snprintf(path, sizeof path, "%s", times);
    } else if (values->content == SYN_CONTENT_NPY) {
        return status;
    } else {
        snprintf(path, sizeof path, "%s:%s", values->file, times);
    }
    SYN_TRY(syn_vector_read(path, "times in seconds", &b->time, &n));
    if (n != b->rows && n != b->cols)
        return syn_fail(SYN_ERR_INPUT, "%s: has %lld times, but %s is (%lld, %lld); expected one time for every value",
                        path, (long long)n, b->label, (long long)b->rows, (long long)b->cols);
    for (int64_t k = 0; k < n; k++)
        if (!isfinite(b->time[k]) || (k > 0 && b->time[k] <= b->time[k - 1]))
            return syn_fail(SYN_ERR_INPUT, "%s: time %lld is %g; expected rising times in seconds", path, (long long)k,
                            b->time[k]);
    return turn(b, n);
}

/* Times of a tracker are rounded, so that two may be the same; they never fall. */
static syn_status check_column_of_times(const syn_behavior *b) {
    for (int64_t k = 0; k < b->rows; k++)
        if (!isfinite(b->time[k]) || (k > 0 && b->time[k] < b->time[k - 1]))
            return syn_fail(SYN_ERR_INPUT, "%s: row %lld has the time %g s%s; expected rising times", b->label,
                            (long long)k + 1, b->time[k],
                            isfinite(b->time[k]) ? ", before that of the row above it" : "");
    if (b->rows > 1 && b->time[b->rows - 1] == b->time[0])
        return syn_fail(SYN_ERR_INPUT, "%s: all %lld rows have the time %g s; expected rising times", b->label,
                        (long long)b->rows, b->time[0]);
    return SYN_OK;
}

static syn_status load_one(syn_behavior *b, const char *given) {
    syn_status status;
    syn_address address = {0};
    syn_array *a = NULL;
    const char *at;
    SYN_TRY(syn_values_parse(&address, given, &at));
    if (address.content == SYN_CONTENT_HDF5 && !at) {
        bool found;
        SYN_CHECK(syn_nwb_load_behavior(b, address.file, address.name, &found));
        if (found) goto done;
    }
    SYN_CHECK(syn_copy_text(&b->label, address.given));
    SYN_CHECK(syn_array_open(&a, address.file, address.name));
    if (a->rank > 2) {
        status = syn_fail(SYN_ERR_INPUT, "%s: is %s; expected one or two axes, one row a frame", a->label,
                          syn_shape_text(a->rank, a->shape));
        goto done;
    }
    b->rows = a->rows;
    b->cols = a->cols;
    SYN_CHECK(syn_array_values(a, &b->values));
    SYN_CHECK(take_names(b, a));
    b->time = a->row_time;
    a->row_time = NULL;
    b->own_column = b->time != NULL && !at;
    if (at) {
        free(b->time);
        b->time = NULL;
        SYN_CHECK(load_clock(b, &address, at + 1));
    }
    if (b->own_column) SYN_CHECK(check_column_of_times(b));
done:
    syn_array_close(a);
    syn_address_free(&address);
    return status;
}

/* What of a group cannot be behaviour is kept without values, to be named when it is left out. */
static syn_status load_entry(syn_behavior *b, const char *file, const syn_entry *e) {
    char given[4096];
    snprintf(given, sizeof given, "%s:%s", file, e->name);
    syn_status status = SYN_OK;
    if (e->numeric && e->rank == 1 && e->shape[0] > 0)
        status = load_one(b, given);
    else
        status = syn_copy_text(&b->label, given);
    b->optional = true;
    return status;
}

/* All arrays in a group of an HDF5 file; false in *found if FILE:NAME is none. Groups of NWB are series. */
static syn_status load_group(syn_behaviors *behaviors, const char *given, bool *found) {
    syn_status status = SYN_OK;
    syn_address address = {0};
    syn_listing listing = {0};
    char group[1024];
    const char *at;
    *found = false;
    SYN_TRY(syn_values_parse(&address, given, &at));
    if (address.content != SYN_CONTENT_HDF5 || !address.name || at || syn_nwb_version(address.file) == 2) goto done;
    SYN_CHECK(syn_listing_read(&listing, address.file));
    const char *name = address.name + strspn(address.name, "/");
    size_t n = strlen(name);
    while (n > 0 && name[n - 1] == '/') n--;
    snprintf(group, sizeof group, "%.*s/", (int)n, name);
    for (size_t k = 0; k < listing.n; k++) {
        const syn_entry *e = &listing.entry[k];
        if (strncmp(e->name, group, n + 1) != 0 || strchr(e->name + n + 1, '/')) continue;
        syn_behavior b = {0};
        *found = true;
        status = load_entry(&b, address.file, e);
        if (status == SYN_OK) status = syn_behaviors_add(behaviors, &b);
        syn_behavior_free(&b);
        SYN_CHECK(status);
    }
done:
    syn_listing_free(&listing);
    syn_address_free(&address);
    return status;
}

syn_status syn_behaviors_load(syn_behaviors *behaviors, const syn_options *options) {
    const size_t n = syn_option_list_length(options, SYN_OPT_BEHAVIOR);
    syn_status status = SYN_OK;
    *behaviors = (syn_behaviors){0};
    for (size_t k = 0; k < n && status == SYN_OK; k++) {
        const char *given = syn_option_list_item(options, SYN_OPT_BEHAVIOR, k);
        syn_behavior b = {0};
        bool group;
        status = load_group(behaviors, given, &group);
        if (status == SYN_OK && !group) status = load_one(&b, given);
        if (status == SYN_OK && !group) status = syn_behaviors_add(behaviors, &b);
        syn_behavior_free(&b);
    }
    if (status != SYN_OK) syn_behaviors_free(behaviors);
    return status;
}

void syn_behavior_free(syn_behavior *b) {
    free_names(b);
    free(b->base);
    free(b->values);
    free(b->time);
    free(b->label);
    *b = (syn_behavior){0};
}

void syn_behaviors_free(syn_behaviors *behaviors) {
    for (size_t k = 0; k < behaviors->n; k++) syn_behavior_free(&behaviors->item[k]);
    free(behaviors->item);
    *behaviors = (syn_behaviors){0};
}

syn_status syn_behaviors_add(syn_behaviors *behaviors, syn_behavior *behavior) {
    syn_behavior *grown = realloc(behaviors->item, (behaviors->n + 1) * sizeof *grown);
    if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate behaviours");
    behaviors->item = grown;
    grown[behaviors->n++] = *behavior;
    *behavior = (syn_behavior){0};
    return SYN_OK;
}

static syn_status attach_frames(syn_recording *r, syn_behavior *b) {
    if (b->optional && b->rows != r->T)
        return syn_recording_warn(r,
                                  "%s is not taken as behaviour: it does not hold one number for each of %lld frames",
                                  b->label, (long long)r->T);
    SYN_TRY(turn(b, r->T));
    if (b->rows != r->T)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: is (%lld, %lld); expected %lld rows, one a frame; behaviour with its own clock is given "
                        "as FILE:NAME@TIMES",
                        b->label, (long long)b->rows, (long long)b->cols, (long long)r->T);
    SYN_TRY(syn_recording_widen(r, b->cols, (const char *const *)b->name, (const char *const *)b->unit));
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t k = 0; k < b->cols; k++) r->u[t * r->B + r->B - b->cols + k] = (float)b->values[t * b->cols + k];
    return SYN_OK;
}

static double frame_time(const syn_recording *r, int64_t t) {
    return r->time_s ? r->time_s[t] : (double)t / r->rate_hz;
}

/* Mean of column k over rows [from, to), unknown values left out. */
static float mean_of(const syn_behavior *b, int64_t k, int64_t from, int64_t to) {
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = from; i < to; i++) {
        double v = b->values[i * b->cols + k];
        if (!isfinite(v)) continue;
        sum += v;
        n++;
    }
    return n ? (float)(sum / (double)n) : NAN;
}

/* The value at the frame's start: linear between the samples around it where the later one still falls into the frame,
 * the last one before it otherwise. */
static float value_at(const syn_behavior *b, int64_t k, int64_t before, double tau, double frame_s) {
    double now = b->values[before * b->cols + k];
    if (before + 1 >= b->rows || b->time[before] >= tau || b->time[before + 1] >= tau + frame_s) return (float)now;
    double w = (tau - b->time[before]) / (b->time[before + 1] - b->time[before]);
    return (float)((1 - w) * now + w * b->values[(before + 1) * b->cols + k]);
}

/* Puts behaviour on the frames without looking ahead: frame t, from tau to tau + 1 / rate, takes the mean of the
 * samples within it if the clock is at least twice as fast, and value_at() otherwise. A sample older than two intervals
 * of the slower clock is not used. */
static void resample(const syn_recording *r, const syn_behavior *b, float *u, int64_t stride) {
    const double frame_s = 1 / r->rate_hz;
    const double clock_s = b->rows > 1 ? (b->time[b->rows - 1] - b->time[0]) / (double)(b->rows - 1) : frame_s;
    const bool fast = clock_s <= frame_s / 2;
    const double oldest = 2 * fmax(clock_s, frame_s);
    const double same_s = 1e-6 * frame_s; /* k * dt and dt + dt + ... differ by rounding */
    int64_t from = 0;
    for (int64_t t = 0; t < r->T; t++) {
        const double tau = frame_time(r, t);
        while (from < b->rows && b->time[from] < tau - same_s) from++;
        int64_t to = from;
        while (to < b->rows && b->time[to] < tau + frame_s - same_s) to++;
        const int64_t before = from < b->rows && b->time[from] <= tau + same_s ? from : from - 1;
        const bool recent = before >= 0 && tau - b->time[before] <= oldest;
        for (int64_t k = 0; k < b->cols; k++)
            u[t * stride + k] = fast && to > from ? mean_of(b, k, from, to)
                                : recent          ? value_at(b, k, before, tau, frame_s)
                                                  : NAN;
    }
}

static syn_status attach_clocked(syn_recording *r, const syn_behavior *b) {
    const double end = frame_time(r, r->T - 1);
    const bool apart = b->time[0] > end || b->time[b->rows - 1] < frame_time(r, 0);
    if (apart && b->optional)
        return syn_recording_warn(r,
                                  "%s is not taken as behaviour: its times run from %g to %g s, those of the activity "
                                  "from %g to %g s",
                                  b->label, b->time[0], b->time[b->rows - 1], frame_time(r, 0), end);
    if (apart)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: its times run from %g to %g s, but the activity from %g to %g s; expected one clock (do "
                        "the frames need --timestamps?)",
                        b->label, b->time[0], b->time[b->rows - 1], frame_time(r, 0), end);
    SYN_TRY(syn_recording_widen(r, b->cols, (const char *const *)b->name, (const char *const *)b->unit));
    resample(r, b, r->u + r->B - b->cols, r->B);
    return SYN_OK;
}

/* The middle interval of a clock, NaN where it has none. */
static syn_status clock_interval(const syn_behavior *b, double *interval_s) {
    double *step;
    SYN_TRY(syn_alloc(&step, (size_t)b->rows, sizeof *step, "times"));
    for (int64_t k = 1; k < b->rows; k++) step[k - 1] = b->time[k] - b->time[k - 1];
    *interval_s = syn_median(step, b->rows - 1);
    free(step);
    return SYN_OK;
}

/* Whether the rows of a table are the frames by its column of times: each lies within half a frame of its frame, or
 * where the frames have a rate alone, and so no start, the rows come at that rate. */
static bool rows_are_frames(const syn_recording *r, const syn_behavior *b, double interval_s, double rate_hz) {
    const double near = 0.02; /* of the interval: clocks are rounded, and rates as well */
    if (b->rows < 2 || (!r->time_s && !(rate_hz > 0))) return true;
    if (!r->time_s) {
        const double mean_s = (b->time[b->rows - 1] - b->time[0]) / (double)(b->rows - 1);
        return fabs(interval_s * rate_hz - 1) <= near || fabs(mean_s * rate_hz - 1) <= near;
    }
    for (int64_t t = 0; t < r->T; t++)
        if (!(fabs(b->time[t] - r->time_s[t]) <= interval_s / 2)) return false;
    return true;
}

syn_status syn_behaviors_match_rows(syn_recording *r, syn_behaviors *behaviors, double rate_hz) {
    for (size_t k = 0; k < behaviors->n; k++) {
        syn_behavior *b = &behaviors->item[k];
        double interval_s;
        if (!b->own_column || b->rows != r->T) continue;
        SYN_TRY(clock_interval(b, &interval_s));
        const bool matches = rows_are_frames(r, b, interval_s, rate_hz);
        if (!matches)
            SYN_TRY(syn_recording_warn(r,
                                       "%s has as many rows as there are frames, but another clock (%.4g s from row to "
                                       "row, from %.6g s on): it is put on the frames by its times",
                                       b->label, interval_s, b->time[0]));
        else if (!r->time_s && fabs(b->time[0]) > interval_s / 2)
            SYN_TRY(syn_recording_warn(r,
                                       "the rows of %s are taken for the frames, as many and at the same rate, though "
                                       "its times start at %.6g s; --timestamps says when the frames were",
                                       b->label, b->time[0]));
        if (!matches) continue;
        free(b->time);
        b->time = NULL;
    }
    return SYN_OK;
}

syn_status syn_behaviors_attach(syn_recording *r, const syn_behaviors *behaviors, bool own_clock) {
    for (size_t k = 0; k < behaviors->n; k++) {
        syn_behavior *b = &behaviors->item[k];
        if ((b->time != NULL) != own_clock) continue;
        SYN_TRY(own_clock ? attach_clocked(r, b) : attach_frames(r, b));
    }
    return SYN_OK;
}
