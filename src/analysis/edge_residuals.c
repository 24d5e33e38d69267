#include "analysis/edge_residuals.h"

#include <math.h>

#include "base/lapack.h"
#include "base/memory.h"

/* Chunks from which the correlation of residuals is measured. */
enum { CORRELATION_CHUNKS = 40 };

/* residual -= x delta' + q gamma', where the target was observed. */
syn_status syn_edge_residuals_clean(const syn_edge_design *d, float *residual) {
    const int64_t N = d->N, Q = d->Q;
    float *fit = NULL, *q = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&fit, (size_t)(SYN_EDGE_CHUNK * N), sizeof *fit, "residuals"));
    SYN_CHECK(syn_alloc(&q, (size_t)(SYN_EDGE_CHUNK * Q), sizeof *q, "residuals"));
    for (int64_t c = 0; c < d->n_chunks; c++) {
        const syn_edge_chunk *chunk = &d->chunk[c];
        syn_edge_nuisance(d, chunk, q);
        SYN_CHECK(syn_gemm(d->kernels, d->threads, chunk->n, N, N, (syn_matrix){syn_edge_senders(d, chunk), N, 1},
                           (syn_matrix){d->delta, 1, N}, fit, N, false));
        SYN_CHECK(syn_gemm(d->kernels, d->threads, chunk->n, N, Q, (syn_matrix){q, Q, 1}, (syn_matrix){d->gamma, 1, Q},
                           fit, N, true));
        float *r = residual + chunk->row * N;
        for (int64_t t = 0; t < chunk->n; t++)
            for (int64_t i = 0; i < N; i++)
                if (syn_edge_observed(d, chunk, t, i)) r[t * N + i] -= fit[t * N + i];
    }
done:
    free(fit), free(q);
    return status;
}

/* rr[N][N] = mean of r_i r_j over the targets of which both were observed, of every `every`-th chunk; joint[N][N]: how
 * many they are. */
static syn_status measure_rr(const syn_edge_design *d, const float *residual, int64_t every, double *rr,
                             double *joint) {
    const int64_t N = d->N;
    float *seen = NULL, *product = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&product, (size_t)(N * N), sizeof *product, "residuals"));
    SYN_CHECK(syn_alloc(&seen, (size_t)(SYN_EDGE_CHUNK * N), sizeof *seen, "residuals"));
    for (int64_t c = 0; c < d->n_chunks; c += every) {
        const int64_t n = d->chunk[c].n;
        const float *r = residual + d->chunk[c].row * N;
        SYN_CHECK(
            syn_gemm(d->kernels, d->threads, N, N, n, (syn_matrix){r, 1, N}, (syn_matrix){r, N, 1}, product, N, false));
        for (int64_t k = 0; k < N * N; k++) rr[k] += (double)product[k];
        for (int64_t k = 0; k < N * N && !d->session->mask; k++) joint[k] += (double)n;
        if (!d->session->mask) continue;
        for (int64_t t = 0; t < n; t++)
            for (int64_t i = 0; i < N; i++) seen[t * N + i] = syn_edge_observed(d, &d->chunk[c], t, i) ? 1.0f : 0.0f;
        SYN_CHECK(syn_gemm(d->kernels, d->threads, N, N, n, (syn_matrix){seen, 1, N}, (syn_matrix){seen, N, 1}, product,
                           N, false));
        for (int64_t k = 0; k < N * N; k++) joint[k] += (double)product[k];
    }
    for (int64_t k = 0; k < N * N; k++) rr[k] /= fmax(joint[k], 1);
done:
    free(seen), free(product);
    return status;
}

syn_status syn_edge_residuals_correlate(const syn_edge_design *d, const float *residual, double *correlation,
                                        double *by_chance) {
    const int64_t N = d->N, every = d->n_chunks > CORRELATION_CHUNKS ? d->n_chunks / CORRELATION_CHUNKS : 1;
    double *rr = NULL, *joint = NULL, square = 0, chance = 0, pairs = 0;
    syn_status status;
    SYN_CHECK(syn_alloc(&rr, (size_t)(N * N), sizeof *rr, "residuals"));
    SYN_CHECK(syn_alloc(&joint, (size_t)(N * N), sizeof *joint, "residuals"));
    SYN_CHECK(measure_rr(d, residual, every, rr, joint));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < i; j++) {
            const double scale = rr[i * N + i] * rr[j * N + j], n = joint[i * N + j];
            if (!(scale > 0 && n > 0)) continue;
            square += rr[i * N + j] * rr[i * N + j] / scale, chance += 1 / fmax(n - d->parameters, 1), pairs++;
        }
    *correlation = sqrt(square / fmax(pairs, 1));
    *by_chance = sqrt(chance / fmax(pairs, 1));
done:
    free(rr), free(joint);
    return status;
}

/* rest[N][N] = 1 less the regression of every residual on those of its senders in the same frame. */
static syn_status regress_within_frame(const syn_edge_design *d, const float *residual, const bool *found,
                                       float *rest) {
    const int64_t N = d->N;
    double *rr = NULL, *joint = NULL, *A = NULL, *b = NULL;
    int64_t *sender = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&rr, (size_t)(N * N), sizeof *rr, "residuals"));
    SYN_CHECK(syn_alloc(&joint, (size_t)(N * N), sizeof *joint, "residuals"));
    SYN_CHECK(syn_alloc(&A, (size_t)(N * N), sizeof *A, "residuals"));
    SYN_CHECK(syn_alloc(&b, (size_t)N, sizeof *b, "residuals"));
    SYN_CHECK(syn_alloc(&sender, (size_t)N, sizeof *sender, "residuals"));
    SYN_CHECK(measure_rr(d, residual, 1, rr, joint));
    for (int64_t i = 0; i < N; i++) {
        int64_t n = 0;
        rest[i * N + i] = 1;
        for (int64_t j = 0; j < N; j++)
            if (found[i * N + j]) sender[n++] = j;
        for (int64_t k = 0; k < n; k++) {
            b[k] = rr[i * N + sender[k]];
            for (int64_t l = 0; l < n; l++) A[k * n + l] = rr[sender[k] * N + sender[l]];
            A[k * n + k] *= 1 + 1e-9;
        }
        if (n == 0 || !syn_solve_positive(A, n, b, 1)) continue;
        for (int64_t k = 0; k < n; k++) rest[i * N + sender[k]] = (float)-b[k];
    }
done:
    free(rr), free(joint), free(A), free(b), free(sender);
    return status;
}

/* residual <- residual rest', 0 where the target was not observed. */
static syn_status replace_residuals(const syn_edge_design *d, const float *rest, float *residual) {
    const int64_t N = d->N;
    float *replaced;
    syn_status status;
    SYN_CHECK(syn_alloc(&replaced, (size_t)(SYN_EDGE_CHUNK * N), sizeof *replaced, "residuals"));
    for (int64_t c = 0; c < d->n_chunks; c++) {
        float *r = residual + d->chunk[c].row * N;
        SYN_CHECK(syn_gemm(d->kernels, d->threads, d->chunk[c].n, N, N, (syn_matrix){r, N, 1}, (syn_matrix){rest, 1, N},
                           replaced, N, false));
        for (int64_t t = 0; t < d->chunk[c].n; t++)
            for (int64_t i = 0; i < N; i++)
                r[t * N + i] = syn_edge_observed(d, &d->chunk[c], t, i) ? replaced[t * N + i] : 0.0f;
    }
done:
    free(replaced);
    return status;
}

syn_status syn_edge_residuals_explain(const syn_edge_design *d, const bool *found, float *residual, float *rest) {
    SYN_TRY(regress_within_frame(d, residual, found, rest));
    return replace_residuals(d, rest, residual);
}
