/* Several planes of one NWB file: RoiResponseSeries side by side in one container, of the same frames and of different
 * ROIs, as one recording.
 *
 * Shapes: T frames, N neurons of all planes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/read_nwb.h"

enum { MOST_PLANES = 64, PATH_SIZE = 1200 };

/* The ROIs of a series: rows of a table. */
typedef struct regions {
    char table[PATH_SIZE];
    double *row; /* [n] */
    int64_t n;
} regions;

static bool read_regions(regions *r, const syn_nwb *nwb, const char *series) {
    char path[PATH_SIZE];
    int64_t cols;
    snprintf(path, sizeof path, "%s/rois", series);
    return syn_nwb_reference(nwb, path, "table", r->table, sizeof r->table) &&
           syn_nwb_numbers(nwb, series, "rois", &r->row, &r->n, &cols) == SYN_OK && r->row;
}

static bool share_a_roi(const regions *a, const regions *b) {
    if (strcmp(a->table, b->table) != 0) return false;
    for (int64_t i = 0; i < a->n; i++)
        for (int64_t k = 0; k < b->n; k++)
            if (a->row[i] == b->row[k]) return true;
    return false;
}

bool syn_nwb_are_planes(const syn_nwb *nwb, const char *const *series, size_t n) {
    regions all[MOST_PLANES] = {0};
    bool planes = n >= 2 && n <= MOST_PLANES;
    for (size_t k = 0; k < n && planes; k++) {
        planes = read_regions(&all[k], nwb, series[k]);
        for (size_t i = 0; i < k && planes; i++) planes = !share_a_roi(&all[i], &all[k]);
    }
    for (size_t k = 0; k < n && k < MOST_PLANES; k++) free(all[k].row);
    return planes;
}

static double time_of(const syn_recording *r, int64_t t) { return r->time_s ? r->time_s[t] : (double)t / r->rate_hz; }

/* The frames of two planes come at one rate, those of one plane before the next of the other. */
static bool same_clock(const syn_recording *a, const syn_recording *b) {
    const bool has_clock = a->time_s || a->rate_hz > 0;
    if (a->T != b->T || has_clock != (b->time_s || b->rate_hz > 0)) return false;
    if (!has_clock || a->T < 2) return true;
    const double frame_s = (time_of(a, a->T - 1) - time_of(a, 0)) / (double)(a->T - 1);
    for (int64_t t = 0; t < a->T; t++)
        if (!(fabs(time_of(a, t) - time_of(b, t)) < frame_s)) return false;
    return true;
}

static syn_status check_planes(syn_recording *const *plane, const char *const *series, size_t n, const char *file) {
    for (size_t k = 1; k < n; k++)
        if (!same_clock(plane[0], plane[k]) || plane[0]->signal != plane[k]->signal)
            return syn_fail(SYN_ERR_INPUT,
                            "%s: /%s has %lld frames and /%s %lld, of other times or another kind; planes are joined "
                            "where both agree: give one as FILE:/PATH",
                            file, series[0], (long long)plane[0]->T, series[k], (long long)plane[k]->T);
    return SYN_OK;
}

/* Texts [N] of all planes: "" where one has none; NULL where none has any. field: its offset. */
static syn_status join_texts(char ***out, syn_recording *const *plane, size_t n, int64_t N, size_t field) {
    int64_t at = 0;
    bool any = false;
    for (size_t k = 0; k < n; k++) any = any || *(char ***)((char *)plane[k] + field);
    if (!any) return SYN_OK;
    SYN_TRY(syn_alloc(out, (size_t)N, sizeof **out, "neurons"));
    for (size_t k = 0; k < n; k++) {
        char **from = *(char ***)((char *)plane[k] + field);
        for (int64_t j = 0; j < plane[k]->N; j++, at++) SYN_TRY(syn_copy_text(&(*out)[at], from ? from[j] : ""));
    }
    return SYN_OK;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Ids that are there in several planes get the name of the plane before them, as suite2p's do. */
static syn_status join_ids(syn_recording *r, syn_recording *const *plane, const char *const *series, size_t n) {
    const char *repeated;
    int64_t at = 0;
    syn_free_texts(r->neuron_id, r->N);
    r->neuron_id = NULL;
    SYN_TRY(join_texts(&r->neuron_id, plane, n, r->N, offsetof(syn_recording, neuron_id)));
    if (!r->neuron_id) return SYN_OK;
    SYN_TRY(syn_find_repeated(r->neuron_id, r->N, &repeated));
    if (!repeated) return SYN_OK;
    for (size_t k = 0; k < n; k++)
        for (int64_t j = 0; j < plane[k]->N; j++, at++) {
            char id[300];
            const char *name = last_part(series[k]);
            snprintf(id, sizeof id, "%.*s/%.*s", syn_cut(name, 120), name, syn_cut(r->neuron_id[at], 120),
                     r->neuron_id[at]);
            SYN_TRY(syn_recording_name_neuron(r, at, id));
        }
    return SYN_OK;
}

static void join_activity(syn_recording *r, syn_recording *const *plane, size_t n) {
    int64_t first = 0;
    for (size_t k = 0; k < n; first += plane[k++]->N)
        for (int64_t t = 0; t < r->T; t++)
            memcpy(&r->x[t * r->N + first], &plane[k]->x[t * plane[k]->N], (size_t)plane[k]->N * sizeof *r->x);
}

static syn_status join(syn_recording **recording, syn_recording *const *plane, const char *const *series, size_t n) {
    int64_t N = 0;
    for (size_t k = 0; k < n; k++) N += plane[k]->N;
    SYN_TRY(syn_recording_alloc(recording, plane[0]->T, N));
    syn_recording *r = *recording;
    join_activity(r, plane, n);
    SYN_TRY(join_ids(r, plane, series, n));
    SYN_TRY(join_texts(&r->region, plane, n, N, offsetof(syn_recording, region)));
    SYN_TRY(join_texts(&r->cell_type, plane, n, N, offsetof(syn_recording, cell_type)));
    r->rate_hz = plane[0]->rate_hz;
    r->signal = plane[0]->signal;
    SYN_TRY(syn_copy_text(&r->unit, plane[0]->unit));
    r->time_s = plane[0]->time_s;
    plane[0]->time_s = NULL;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < plane[k]->n_warnings; i++) SYN_TRY(syn_recording_warn(r, "%s", plane[k]->warning[i]));
    return syn_recording_warn(r, "%zu planes are joined, frame by frame: %s to %s", n, last_part(series[0]),
                              last_part(series[n - 1]));
}

syn_status syn_nwb_open_planes(syn_recording **recording, const syn_nwb *nwb, const char *const *series, size_t n,
                               const syn_options *options) {
    syn_status status;
    syn_recording *plane[MOST_PLANES] = {0};
    if (n < 2 || n > MOST_PLANES)
        return syn_fail(SYN_ERR_INPUT, "%s: found %zu planes; expected 2 to %d", nwb->path, n, MOST_PLANES);
    for (size_t k = 0; k < n; k++) SYN_CHECK(syn_nwb_open_rois(&plane[k], nwb, series[k], options));
    SYN_CHECK(check_planes(plane, series, n, nwb->path));
    status = join(recording, plane, series, n);
done:
    for (size_t k = 0; k < n; k++) syn_recording_free(plane[k]);
    return status;
}
