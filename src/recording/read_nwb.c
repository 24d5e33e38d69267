/* NWB 2 files: which activity to read, intervals that are invalid, and behaviour with its own clock. */
#include "recording/read_nwb.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { PATH_SIZE = 1024 };

/* ---- which activity ---- */

/* The name without slashes at either end, and without a dataset's own: units, processing/ophys/DfOverF. */
static void normalise(char *out, size_t size, const syn_nwb *nwb, const char *name) {
    while (*name == '/') name++;
    snprintf(out, size, "%s", name);
    size_t n = strlen(out);
    while (n > 0 && out[n - 1] == '/') out[--n] = 0;
    char *last = strrchr(out, '/');
    if (!last || strcmp(last, "/data") != 0) return;
    *last = 0;
    for (size_t k = 0; k < nwb->n; k++)
        if (!strcmp(nwb->object[k].path, out)) return;
    *last = '/';
}

/* Whether an object is the one called `name`, or lies in it. */
static bool is_in(const syn_nwb_object *object, const char *name) {
    const size_t n = strlen(name);
    return n == 0 || (!strncmp(object->path, name, n) && (object->path[n] == 0 || object->path[n] == '/'));
}

static bool is_activity(const syn_nwb_object *object) { return object->kind != SYN_NWB_SERIES; }

/* The object called `name` whatever it is, or the only activity within it. */
static size_t find_activity(const syn_nwb *nwb, const char *name, const syn_nwb_object **found) {
    size_t n = 0;
    *found = NULL;
    for (size_t k = 0; k < nwb->n; k++) {
        const syn_nwb_object *o = &nwb->object[k];
        if (*name && !strcmp(o->path, name)) return *found = o, 1;
        if (is_activity(o) && is_in(o, name) && n++ == 0) *found = o;
    }
    return n;
}

/* "processing/ophys/DfOverF/RoiResponseSeries, units": activity, or with `all` everything. */
static void list_objects(const syn_nwb *nwb, const char *name, bool all, char *text, size_t size) {
    enum { SHOWN = 12 };
    size_t length = 0, n = 0, left = 0;
    text[0] = 0;
    for (size_t k = 0; k < nwb->n; k++) {
        const syn_nwb_object *o = &nwb->object[k];
        if (!is_in(o, name) || !(all || is_activity(o))) continue;
        if (n >= SHOWN || length + 200 > size) {
            left++;
            continue;
        }
        length +=
            (size_t)snprintf(text + length, size - length, "%s/%.*s", n++ ? ", " : "", syn_cut(o->path, 120), o->path);
    }
    if (left) snprintf(text + length, size - length, " and %zu more", left);
}

static syn_status nothing_found(const syn_nwb *nwb, const char *name) {
    char text[900];
    list_objects(nwb, name, true, text, sizeof text);
    if (nwb->broken)
        return syn_fail(SYN_ERR_INPUT, "%s: holds no activity that can be reached; a link leads nowhere: %.*s",
                        nwb->path, syn_cut(nwb->broken, 600), nwb->broken);
    return syn_fail(
        SYN_ERR_INPUT,
        "%s%s%s: holds neither a RoiResponseSeries nor sorted units with spike_times%s%s; a series (time, neuron) can "
        "be given as FILE:/PATH",
        nwb->path, *name ? ":" : "", name, *text ? "; it holds " : "", text);
}

/* The file is walked once for probing it, its activity and its behaviour. */
static syn_status open_once(const syn_input *input) {
    return input->nwb->file >= 0 ? SYN_OK : syn_nwb_open(input->nwb, input->address.file);
}

bool syn_nwb_probe(const syn_input *input) {
    const char *name = input->address.name;
    if (input->address.content != SYN_CONTENT_HDF5 || syn_nwb_version(input->address.file) != 2) return false;
    if (!name) return true;
    /* A dataset other than the data of a series is an array. */
    char path[PATH_SIZE];
    const syn_nwb_object *object;
    if (open_once(input) != SYN_OK) return false;
    normalise(path, sizeof path, input->nwb, name);
    return syn_nwb_is_group(input->nwb, path) || (find_activity(input->nwb, path, &object) == 1);
}

/* ---- invalid times ---- */

/* Frames that overlap an interval of invalid_times are not observed. */
static syn_status mask_invalid(syn_recording *r, const syn_nwb *nwb) {
    static const char *const table = "intervals/invalid_times";
    const double rate_hz = r->rate_hz, *time_s = r->time_s;
    double *start, *stop;
    int64_t n, unusable, masked = 0;
    if (!syn_nwb_is_group(nwb, table) || (!(rate_hz > 0) && (!time_s || r->T < 2))) return SYN_OK;
    SYN_TRY(syn_nwb_intervals(nwb, table, &start, &stop, &n, &unusable));
    for (int64_t t = 0; t < r->T; t++) {
        const double from = time_s ? time_s[t] : (double)t / rate_hz;
        double frame_s = 1 / rate_hz;
        if (time_s && !(rate_hz > 0)) frame_s = t + 1 < r->T ? time_s[t + 1] - from : from - time_s[t - 1];
        const double slack_s = 1e-6 * frame_s;
        bool invalid = false;
        for (int64_t k = 0; k < n && !invalid; k++)
            invalid = from < stop[k] - slack_s && from + frame_s > start[k] + slack_s;
        for (int64_t j = 0; invalid && j < r->N; j++) r->x[t * r->N + j] = NAN;
        masked += invalid;
    }
    free(start);
    free(stop);
    if (unusable > 0)
        SYN_TRY(syn_recording_warn(r, "rows of invalid_times that do not start before they stop are left out: %lld",
                                   (long long)unusable));
    if (masked == 0) return SYN_OK;
    r->finite = false;
    return syn_recording_warn(r, "%lld frames are not observed by invalid_times", (long long)masked);
}

/* Tables of trials and epochs do not cut the session, but say how it could be cut. One that cannot be read is no
 * failure, as nobody asked for it. */
static syn_status mention_intervals(syn_recording *r, const syn_nwb *nwb, const syn_options *options) {
    static const char *const tables[] = {"intervals/trials", "intervals/epochs"};
    for (size_t k = 0; k < 2; k++) {
        double *start, *stop;
        int64_t n, unusable;
        if (*syn_option_text(options, SYN_OPT_SEGMENTS) || !syn_nwb_has(nwb, tables[k], "start_time")) continue;
        if (syn_nwb_intervals(nwb, tables[k], &start, &stop, &n, &unusable) != SYN_OK) continue;
        free(start);
        free(stop);
        if (n > 1)
            SYN_TRY(syn_recording_warn(r, "%lld intervals in %s do not cut the session; --segments %s:/%s does",
                                       (long long)n, tables[k], nwb->path, tables[k]));
    }
    return SYN_OK;
}

/* The series [n] of ROIs that lie in the container `name` itself, where they are planes. Free the list. */
static syn_status find_planes(const syn_nwb *nwb, const char *name, size_t n, const char ***series) {
    size_t found = 0;
    SYN_TRY(syn_alloc(series, n, sizeof **series, "planes"));
    for (size_t k = 0; k < nwb->n; k++) {
        const syn_nwb_object *o = &nwb->object[k];
        if (!*name || o->kind != SYN_NWB_ROIS || !is_in(o, name) || strchr(o->path + strlen(name) + 1, '/')) continue;
        (*series)[found++] = o->path;
    }
    if (found == n && syn_nwb_are_planes(nwb, *series, n)) return SYN_OK;
    free(*series);
    *series = NULL;
    return SYN_OK;
}

/* The container of the first activity in `name`. */
static void container_of(char *out, size_t size, const syn_nwb *nwb, const char *name) {
    *out = 0;
    for (size_t k = 0; k < nwb->n && !*out; k++) {
        const syn_nwb_object *o = &nwb->object[k];
        const char *slash = strrchr(o->path, '/');
        if (is_activity(o) && is_in(o, name) && slash) snprintf(out, size, "%.*s", (int)(slash - o->path), o->path);
    }
}

/* What is read where several recordings are called `name`: the planes of one container, or none of them. */
static syn_status open_several(syn_recording **recording, const syn_nwb *nwb, const char *name, size_t n,
                               const syn_options *options) {
    char text[900], container[PATH_SIZE];
    const char **series;
    container_of(container, sizeof container, nwb, name);
    SYN_TRY(find_planes(nwb, container, n, &series));
    if (series && !strcmp(container, name)) {
        const syn_status status = syn_nwb_open_planes(recording, nwb, series, n, options);
        free(series);
        return status;
    }
    list_objects(nwb, name, false, text, sizeof text);
    const syn_status status =
        syn_fail(SYN_ERR_INPUT, "%s: holds %zu recordings of activity (%s); say which as FILE:/PATH%s%s%s", nwb->path,
                 n, text, series ? ", or FILE:/" : "", series ? container : "", series ? " for all planes" : "");
    free(series);
    return status;
}

static syn_status open_activity(syn_recording **recording, const syn_nwb *nwb, const syn_input *input) {
    char name[PATH_SIZE];
    const syn_nwb_object *object;
    normalise(name, sizeof name, nwb, input->address.name ? input->address.name : "");
    const size_t n = find_activity(nwb, name, &object);
    if (n == 0) return nothing_found(nwb, name);
    if (n > 1)
        SYN_TRY(open_several(recording, nwb, name, n, input->options));
    else if (object->kind == SYN_NWB_UNITS)
        SYN_TRY(syn_nwb_open_units(recording, nwb, object->path, input->address.given, input->options));
    else
        SYN_TRY(syn_nwb_open_rois(recording, nwb, object->path, input->options));
    SYN_TRY(mask_invalid(*recording, nwb));
    if (nwb->broken)
        SYN_TRY(syn_recording_warn(*recording, "a link leads nowhere: %.*s", syn_cut(nwb->broken, 400), nwb->broken));
    return mention_intervals(*recording, nwb, input->options);
}

syn_status syn_nwb_recording_open(syn_recording **recording, const syn_input *input) {
    SYN_TRY(open_once(input));
    return open_activity(recording, input->nwb, input);
}

/* ---- behaviour ---- */

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The series' own name, or that of what contains it where its own says nothing. */
static void name_series(char *out, size_t size, const char *path) {
    static const char *const plain[] = {"SpatialSeries", "TimeSeries", "data", "spatial_series", "timeseries"};
    const char *name = last_part(path);
    bool says_nothing = false;
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) says_nothing = says_nothing || !strcmp(name, plain[k]);
    snprintf(out, size, "%.*s", syn_cut(name, 120), name);
    if (!says_nothing || name == path) return;
    char parent[PATH_SIZE];
    snprintf(parent, sizeof parent, "%.*s", (int)(name - 1 - path), path);
    snprintf(out, size, "%.*s", syn_cut(last_part(parent), 120), last_part(parent));
}

/* Columns of a position are x, y and z. */
static syn_status name_columns(syn_behavior *b, const char *base, const char *type) {
    static const char axes[] = "xyz";
    if (strcmp(type, "SpatialSeries") != 0 || b->cols < 2 || b->cols > 3) return syn_number_names(b, base);
    SYN_TRY(syn_alloc(&b->name, (size_t)b->cols, sizeof *b->name, "behaviour names"));
    for (int64_t k = 0; k < b->cols; k++) {
        char name[160];
        snprintf(name, sizeof name, "%.*s_%c", syn_cut(base, 120), base, axes[k]);
        SYN_TRY(syn_copy_text(&b->name[k], name));
    }
    return SYN_OK;
}

static syn_status read_values(syn_behavior *b, const syn_nwb *nwb, const syn_nwb_series *s) {
    syn_array *a;
    SYN_TRY(syn_array_open(&a, nwb->path, s->data));
    b->rows = a->rows;
    b->cols = a->cols;
    syn_status status = syn_array_values(a, &b->values);
    syn_array_close(a);
    SYN_TRY(status);
    for (int64_t k = 0; k < b->rows * b->cols && (s->conversion != 1 || s->offset != 0); k++)
        b->values[k] = s->conversion * b->values[k] + s->offset;
    return SYN_OK;
}

/* Samples whose time is not a number are dropped: trackers write them where they lost a frame. */
static void drop_untimed(syn_behavior *b) {
    int64_t n = 0;
    for (int64_t k = 0; k < b->rows; k++) {
        if (!isfinite(b->time[k])) continue;
        b->time[n] = b->time[k];
        memmove(b->values + n * b->cols, b->values + k * b->cols, (size_t)b->cols * sizeof *b->values);
        n++;
    }
    b->rows = n;
}

static syn_status load_series(syn_behavior *b, const syn_nwb *nwb, const syn_nwb_object *object) {
    syn_nwb_series s;
    char base[160], label[PATH_SIZE + 256];
    SYN_TRY(syn_nwb_read_series(nwb, object->path, &s));
    snprintf(label, sizeof label, "%.250s:/%s", nwb->path, object->path);
    SYN_TRY(syn_copy_text(&b->label, label));
    if (s.rank < 1 || s.rank > 2)
        return syn_fail(SYN_ERR_INPUT, "%s: is %s; expected one row a sample", label, syn_shape_text(s.rank, s.shape));
    name_series(base, sizeof base, object->path);
    SYN_TRY(syn_copy_text(&b->base, base));
    SYN_TRY(read_values(b, nwb, &s));
    SYN_TRY(name_columns(b, base, object->type));
    SYN_TRY(syn_alloc(&b->unit, (size_t)b->cols, sizeof *b->unit, "behaviour units"));
    for (int64_t k = 0; k < b->cols; k++) SYN_TRY(syn_copy_text(&b->unit[k], s.unit));
    SYN_TRY(syn_nwb_series_times(nwb, &s, b->rows, &b->time));
    if (!b->time) return SYN_OK;
    drop_untimed(b);
    for (int64_t k = 1; k < b->rows; k++)
        if (b->time[k] <= b->time[k - 1])
            return syn_fail(SYN_ERR_INPUT,
                            "%s: timestamp %lld is %.9g s, not after the one before it (%.9g s); expected rising times",
                            label, (long long)k, b->time[k], b->time[k - 1]);
    if (b->rows == 0) return syn_fail(SYN_ERR_INPUT, "%s: has no sample with a time", label);
    return SYN_OK;
}

syn_status syn_nwb_load_behavior(syn_behavior *b, const char *file, const char *path, bool *found) {
    syn_nwb nwb;
    char name[PATH_SIZE];
    syn_status status = SYN_OK;
    *found = false;
    if (!path || syn_nwb_version(file) != 2) return SYN_OK;
    SYN_TRY(syn_nwb_open(&nwb, file));
    normalise(name, sizeof name, &nwb, path);
    for (size_t k = 0; k < nwb.n && !*found; k++) {
        if (nwb.object[k].kind == SYN_NWB_UNITS || strcmp(nwb.object[k].path, name) != 0) continue;
        *found = true;
        status = load_series(b, &nwb, &nwb.object[k]);
    }
    syn_nwb_close(&nwb);
    return status;
}

/* Whether samples come at about even times, as of a signal; events come when they come. */
static bool is_sampled(const syn_behavior *b) {
    double *step;
    int64_t even = 0;
    if (b->rows < 3 || syn_alloc(&step, (size_t)b->rows - 1, sizeof *step, "times") != SYN_OK) return false;
    for (int64_t k = 1; k < b->rows; k++) step[k - 1] = b->time[k] - b->time[k - 1];
    const double median = syn_median(step, b->rows - 1);
    for (int64_t k = 0; k < b->rows - 1; k++) even += step[k] > median / 2 && step[k] < median * 2;
    free(step);
    return 4 * even >= 3 * (b->rows - 1);
}

static bool is_event_container(const char *path) {
    return strstr(path, "BehavioralEvents") || strstr(path, "BehavioralEpochs");
}

/* What failed last, without the name of the series. */
static const char *reason_of(const syn_behavior *b) {
    const char *error = syn_last_error();
    const size_t n = b->label ? strlen(b->label) : 0;
    return n && !strncmp(error, b->label, n) && !strncmp(error + n, ": ", 2) ? error + n + 2 : error;
}

/* Why a series is left out; NULL if it is not. A failure to read it is a reason, too. */
static const char *load_if_signal(syn_behavior *b, const syn_nwb *nwb, const syn_nwb_object *object) {
    enum { MOST_VALUES = 1 << 26, MOST_COLUMNS = 32 };
    syn_nwb_series s;
    if (is_event_container(object->path)) return "it is a list of events";
    if (syn_nwb_read_series(nwb, object->path, &s) != SYN_OK) return "it cannot be read as numbers over time";
    const int64_t cols = s.rank == 2 ? s.shape[1] : 1;
    if (s.rank < 1 || s.rank > 2 || cols > MOST_COLUMNS || cols == 0) return "it has too many columns";
    if (s.shape[0] * cols > MOST_VALUES) return "it has too many samples";
    if (!s.has_times && s.rate_hz == 0) return "it has no clock";
    if (load_series(b, nwb, object) != SYN_OK) return reason_of(b);
    if (!is_sampled(b)) return "it is a list of events";
    return NULL;
}

/* Two series of one name are told apart by what contains them. */
static syn_status tell_apart(syn_behavior *b, const syn_behaviors *list, const char *path) {
    char base[160], parent[PATH_SIZE];
    const char *slash = strrchr(path, '/');
    bool same = false;
    for (size_t k = 0; k < list->n; k++) same = same || !strcmp(list->item[k].base, b->base);
    if (!same || !slash) return SYN_OK;
    snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
    const char *above = last_part(parent), *name = last_part(path);
    snprintf(base, sizeof base, "%.*s/%.*s", syn_cut(above, 70), above, syn_cut(name, 70), name);
    syn_free_texts(b->name, b->cols);
    b->name = NULL;
    return name_columns(b, base, "");
}

static syn_status load_all(syn_behaviors *behaviors, syn_recording *r, const syn_nwb *nwb) {
    for (size_t k = 0; k < nwb->n; k++) {
        const syn_nwb_object *o = &nwb->object[k];
        syn_behavior b = {.optional = true};
        if (o->kind != SYN_NWB_SERIES) continue;
        const char *why = load_if_signal(&b, nwb, o);
        syn_status status =
            why ? syn_recording_warn(r, "/%.*s is not taken as behaviour: %s", syn_cut(o->path, 200), o->path, why)
                : tell_apart(&b, behaviors, o->path);
        if (status == SYN_OK && !why) status = syn_behaviors_add(behaviors, &b);
        if (status == SYN_OK && !why) continue;
        syn_behavior_free(&b);
        SYN_TRY(status);
    }
    return SYN_OK;
}

syn_status syn_nwb_behaviors(syn_behaviors *behaviors, syn_recording *r, const syn_input *input) {
    syn_nwb *nwb = input->nwb;
    char name[PATH_SIZE];
    SYN_TRY(open_once(input));
    /* A series that is the activity is no behaviour. */
    normalise(name, sizeof name, nwb, input->address.name ? input->address.name : "");
    for (size_t k = 0; k < nwb->n; k++)
        if (!strcmp(nwb->object[k].path, name)) nwb->object[k].kind = SYN_NWB_ROIS;
    return load_all(behaviors, r, nwb);
}
