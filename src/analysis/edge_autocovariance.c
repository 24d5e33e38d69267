#include "analysis/edge_autocovariance.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* The longest lag, and the shortest that is still worth a sum. */
enum { LANES = SYN_EDGE_LANES, MOST_LAGS = 1024, FEWEST_LAGS = 8 };
/* An autocorrelation below this counts as over. */
static const double faded = 0.1;

/* LANES columns of rows that come chunk by chunk: a chunk, those of its run that a lag reaches, and the rest of their
 * last chunk. */
typedef struct row_window {
    float *x;      /* [SYN_EDGE_CHUNK + lags + SYN_EDGE_CHUNK][LANES] */
    int64_t first; /* row that x starts with */
    int64_t stop;  /* first row that is not there yet */
    int64_t next;  /* chunk that brings it */
} row_window;

static syn_status row_window_create(row_window *w, int lags) {
    *w = (row_window){0};
    return syn_alloc(&w->x, (size_t)(2 * SYN_EDGE_CHUNK + lags) * LANES, sizeof *w->x, "autocovariance");
}

/* Lets the window hold rows [first, stop), of which the first is that of a chunk. */
static syn_status row_window_move(row_window *w, const syn_edge_design *d, int64_t first, int64_t stop,
                                  syn_edge_fill fill, void *user) {
    if (w->stop > first)
        memmove(w->x, w->x + (first - w->first) * LANES, (size_t)((w->stop - first) * LANES) * sizeof *w->x);
    w->first = first;
    for (; w->stop < stop; w->next++) {
        const syn_edge_chunk *chunk = &d->chunk[w->next];
        SYN_TRY(fill(user, chunk, w->x + (chunk->row - first) * LANES));
        w->stop = chunk->row + chunk->n;
    }
    return SYN_OK;
}

syn_status syn_edge_autocovariance(const syn_edge_design *d, int lags, syn_edge_fill fill, void *user, double *gamma) {
    row_window w;
    syn_status status;
    memset(gamma, 0, (size_t)(lags + 1) * LANES * sizeof *gamma);
    SYN_CHECK(row_window_create(&w, lags));
    for (int64_t c = 0, last = 0; c < d->n_chunks; c++) {
        const syn_edge_chunk *chunk = &d->chunk[c];
        for (last = c; last + 1 < d->n_chunks && d->chunk[last + 1].run == chunk->run;) last++;
        const int64_t stop = d->chunk[last].row + d->chunk[last].n - chunk->row;
        SYN_CHECK(row_window_move(&w, d, chunk->row, chunk->row + (chunk->n + lags < stop ? chunk->n + lags : stop),
                                  fill, user));
        for (int s = 0; s <= lags && s < stop; s++) {
            float sum[LANES] = {0};
            const int64_t until = chunk->n < stop - s ? chunk->n : stop - s;
            for (int64_t t = 0; t < until; t++)
                for (int l = 0; l < LANES; l++) sum[l] += w.x[t * LANES + l] * w.x[(t + s) * LANES + l];
            for (int l = 0; l < LANES; l++) gamma[s * LANES + l] += (double)sum[l];
        }
    }
done:
    free(w.x);
    return status;
}

int syn_edge_choose_lags(const syn_edge_design *d) {
    const int64_t N = d->N, most = d->longest_run - 1 < MOST_LAGS ? d->longest_run - 1 : MOST_LAGS;
    const float *x = d->session->x;
    int64_t lag = FEWEST_LAGS / 2;
    for (; lag < most; lag *= 2) {
        double product = 0, square = 0;
        for (int64_t c = 0; c < d->n_chunks; c++)
            for (int64_t t = d->chunk[c].frame - 1; t + lag < d->chunk[c].frame - 1 + d->chunk[c].n; t++)
                for (int64_t j = 0; j < N; j++) {
                    product += (double)x[t * N + j] * (double)x[(t + lag) * N + j];
                    square += (double)x[t * N + j] * (double)x[t * N + j];
                }
        if (!(fabs(product) > faded * square)) break;
    }
    lag *= 3;
    const int64_t short_runs = d->T / 4 > 1 ? d->T / 4 : 1;
    lag = lag < most ? lag : most;
    return (int)(lag < short_runs ? lag : short_runs);
}
