/* Putting arrays into the activity of a recording. */
#include <math.h>
#include <string.h>

#include "recording/reader.h"

static syn_status place_tile(void *user, const syn_tile *tile) {
    const syn_placement *p = user;
    const int64_t T = p->recording->T, N = p->recording->N;
    const bool time_first = p->time_first;
    const int64_t t0 = time_first ? tile->row : tile->col, frames = time_first ? tile->rows : tile->cols;
    const int64_t j0 = time_first ? tile->col : tile->row, neurons = time_first ? tile->cols : tile->rows;
    const int64_t t_stride = time_first ? tile->row_stride : tile->col_stride;
    const int64_t j_stride = time_first ? tile->col_stride : tile->row_stride;
    for (int64_t t = 0; t < frames && t0 + t < T; t++)
        for (int64_t j = 0; j < neurons; j++) {
            int64_t to = p->to ? p->to[j0 + j] : p->first + j0 + j;
            if (to >= 0)
                p->recording->x[(t0 + t) * N + to] += p->scale * (float)tile->value[t * t_stride + j * j_stride];
        }
    return SYN_OK;
}

syn_status syn_place(syn_array *array, const syn_placement *placement) {
    syn_placement copy = *placement;
    return syn_array_visit(array, place_tile, &copy);
}

static bool looks_like_counts(const syn_recording *r) {
    enum { MOST = 255 }; /* spikes in one bin; more is a raw signal in integers */
    int64_t zeros = 0, observed = 0;
    for (int64_t k = 0; k < r->T * r->N; k++) {
        float x = r->x[k];
        if (!isfinite(x)) continue;
        if (x < 0 || x > MOST || x != floorf(x)) return false;
        zeros += x == 0;
        observed++;
    }
    return zeros * 20 > observed;
}

syn_signal syn_guess_signal(const syn_recording *r) {
    return looks_like_counts(r) ? SYN_SIGNAL_COUNTS : SYN_SIGNAL_FLUORESCENCE;
}
