/* Putting arrays into the activity of a recording. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/threads.h"
#include "recording/reader.h"

typedef struct placing {
    const syn_placement *placement;
    const char *label;
} placing;

static syn_status place_tile(void *user, const syn_tile *tile) {
    const placing *to_place = user;
    const syn_placement *p = to_place->placement;
    const int64_t T = p->recording->T, N = p->recording->N;
    const bool time_first = p->time_first;
    const int64_t t0 = time_first ? tile->row : tile->col, frames = time_first ? tile->rows : tile->cols;
    const int64_t j0 = time_first ? tile->col : tile->row, neurons = time_first ? tile->cols : tile->rows;
    const int64_t t_stride = time_first ? tile->row_stride : tile->col_stride;
    const int64_t j_stride = time_first ? tile->col_stride : tile->row_stride;
    for (int64_t t = 0; t < frames && t0 + t < T; t++)
        for (int64_t j = 0; j < neurons; j++) {
            const int64_t to = p->to ? p->to[j0 + j] : p->first + j0 + j, at = t * t_stride + j * j_stride;
            const float value = tile->single ? tile->single[at] : (float)tile->value[at];
            if (isinf(value) && !tile->single) SYN_TRY(syn_check_single(to_place->label, tile->value[at]));
            if (to >= 0) p->recording->x[(t0 + t) * N + to] += p->scale * value + p->offset;
        }
    return SYN_OK;
}

static int64_t rows_at_once(const syn_array *a, int64_t t) {
    return a->rows - t < a->row_step ? a->rows - t : a->row_step;
}

static syn_status place_block(syn_array *a, const syn_placement *p, int64_t t, bool *finite) {
    const int64_t N = p->recording->N, n = rows_at_once(a, t) * N;
    float *x = p->recording->x + t * N;
    SYN_TRY(a->ops->rows(a, t, rows_at_once(a, t), x));
    for (int64_t k = 0; k < n && (p->scale != 1 || p->offset != 0); k++) x[k] = p->scale * x[k] + p->offset;
    *finite = syn_all_finite(x, n);
    return SYN_OK;
}

/* Rows of the array are rows of x: they are read into their place, and looked at while they are in the cache. */
static syn_status place_rows(syn_array *a, const syn_placement *p) {
    enum { WORTH_A_THREAD = 1 << 22 }; /* values */
    bool finite = true;
    int64_t failed = a->rows; /* the first block that could not be read */
#pragma omp parallel for schedule(static) reduction(&& : finite) reduction(min : failed) \
    num_threads(syn_usable_threads(a->concurrent && a->rows * a->cols > WORTH_A_THREAD ? omp_get_max_threads() : 1))
    for (int64_t t = 0; t < a->rows; t += a->row_step) {
        bool block_finite = true;
        if (place_block(a, p, t, &block_finite) != SYN_OK) failed = t < failed ? t : failed;
        finite = finite && block_finite;
    }
    /* Errors belong to the thread that had them: from there on once more in this one. */
    for (int64_t t = failed; t < a->rows; t += a->row_step) {
        bool block_finite = true;
        SYN_TRY(place_block(a, p, t, &block_finite));
        finite = finite && block_finite;
    }
    p->recording->finite = finite;
    return SYN_OK;
}

syn_status syn_place(syn_array *array, const syn_placement *placement) {
    placing to_place = {placement, array->label};
    const syn_recording *r = placement->recording;
    array->single = true;
    if (array->ops->rows && placement->fresh && placement->time_first && !placement->to && array->numeric &&
        array->rows == r->T && array->cols == r->N)
        return place_rows(array, placement);
    return syn_array_visit(array, place_tile, &to_place);
}

/* Frames that decide what the activity is: the first half, so that nothing near the end changes it. */
static int64_t deciding_frames(const syn_recording *r) { return (r->T + 1) / 2; }

static bool looks_like_counts(const syn_recording *r) {
    enum { MOST = 255 }; /* spikes in one bin; more is a raw signal in integers */
    int64_t zeros = 0, observed = 0;
    for (int64_t k = 0; k < deciding_frames(r) * r->N; k++) {
        float x = r->x[k];
        if (!isfinite(x)) continue;
        if (x < 0 || x > MOST || x != floorf(x)) return false;
        zeros += x == 0;
        observed++;
    }
    return zeros * 20 > observed;
}

static syn_status check_later_counts(const syn_recording *r, const char *label) {
    for (int64_t k = deciding_frames(r) * r->N; k < r->T * r->N; k++)
        if (isfinite(r->x[k]) && (r->x[k] < 0 || r->x[k] != floorf(r->x[k])))
            return syn_fail(SYN_ERR_INPUT,
                            "%s: the first half holds counts, but frame %lld holds %g; expected --signal fluorescence, "
                            "deconvolved or counts",
                            label, (long long)(k / r->N), (double)r->x[k]);
    return SYN_OK;
}

syn_status syn_guess_signal(syn_recording *r, const char *label) {
    r->signal = looks_like_counts(r) ? SYN_SIGNAL_COUNTS : SYN_SIGNAL_FLUORESCENCE;
    return r->signal == SYN_SIGNAL_COUNTS ? check_later_counts(r, label) : SYN_OK;
}
