#include "rivals/filters.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>

#include "base/memory.h"

enum { TILE = 64, CHUNK = 64 };

syn_filters syn_filters_create(int K, int span) {
    syn_filters f = {.K = K, .span = span};
    const double pi = 3.14159265358979, width = K > 1 ? log((double)span) / (K - 1) : 1;
    for (int k = 0; k < K; k++) {
        double sum = 0;
        for (int l = 0; l < span; l++) {
            const double x = (log(l + 1.0) - k * width) / width * pi / 2;
            f.phi[k][l] = fabs(x) < pi ? (float)(0.5 * (1 + cos(x))) : 0;
            sum += (double)f.phi[k][l];
        }
        for (int l = 0; l < span; l++) f.phi[k][l] = (float)((double)f.phi[k][l] / sum);
    }
    return f;
}

void syn_filters_free(syn_filters *f) { free(f->scale), f->scale = NULL; }

/* row [n][K] of n neurons from `first` on, at most CHUNK: sums over time are kept function by function, so that the
 * inner loop runs along neurons. */
static void apply_chunk(const syn_filters *f, const syn_rival_data *d, int64_t t, int64_t first, int64_t n,
                        float *row) {
    float sum[SYN_FILTERS_MOST_K][CHUNK] = {{0}};
    for (int l = 0; l < f->span && t - 1 - l >= d->start[t]; l++) {
        const float *x = d->x + (t - 1 - l) * d->N + first;
        for (int k = 0; k < f->K; k++) {
            const float phi = f->phi[k][l];
            for (int64_t j = 0; phi > 0 && j < n; j++) sum[k][j] += phi * x[j];
        }
    }
    for (int64_t j = 0; j < n; j++)
        for (int k = 0; k < f->K; k++) row[j * f->K + k] = sum[k][j];
}

void syn_filters_apply(const syn_filters *f, const syn_rival_data *d, int64_t t, float *row) {
    for (int64_t first = 0; f->K && first < d->N; first += CHUNK)
        apply_chunk(f, d, t, first, d->N - first < CHUNK ? d->N - first : CHUNK, row + first * f->K);
    for (int64_t p = 0; f->scale && p < d->N * f->K; p++) row[p] *= f->scale[p];
}

float syn_scale_column(float *column, int64_t F) {
    const double norm = (double)cblas_snrm2((int)F, column, 1);
    const float scale = norm > 0 ? (float)(sqrt((double)F) / norm) : 0;
    cblas_sscal((int)F, scale, column, 1);
    return scale;
}

syn_status syn_filters_fit(syn_filters *f, const syn_rival_data *d, int threads, float *column) {
    const int64_t F = d->F[SYN_TRAIN], D = d->N * f->K;
    float *rows, *scale;
    if (D == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&rows, (size_t)(threads * TILE * D), sizeof *rows, "coupling filters"));
    const syn_status status = syn_alloc(&scale, (size_t)D, sizeof *scale, "coupling filters");
    if (status != SYN_OK) return free(rows), status;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t first = 0; first < F; first += TILE) { /* whole cache lines of a column at a time */
        float *row = rows + omp_get_thread_num() * TILE * D;
        const int64_t n = F - first < TILE ? F - first : TILE;
        for (int64_t k = 0; k < n; k++) syn_filters_apply(f, d, d->frame[SYN_TRAIN][first + k], row + k * D);
        for (int64_t p = 0; p < D; p++)
            for (int64_t k = 0; k < n; k++) column[p * F + first + k] = row[k * D + p];
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t p = 0; p < D; p++) scale[p] = syn_scale_column(column + p * F, F);
    f->scale = scale;
    free(rows);
    return SYN_OK;
}
