#include "analysis/edge_null.h"

#include <math.h>

#include "analysis/edge_mixture.h"
#include "analysis/fdr.h"
#include "base/memory.h"

static const double false_discovery_rate = 0.1;

/* Of each sender, at least 1. */
static syn_status measure_spread(const syn_edge_estimates *edges, int64_t N, double *spread) {
    double *z;
    SYN_TRY(syn_alloc(&z, (size_t)(N * N), sizeof *z, "edges"));
    for (int64_t k = 0; k < N * N; k++)
        z[k] = edges->error[k] > 0 ? (double)edges->estimate[k] / (double)edges->error[k] : NAN;
    const syn_status status = syn_edge_mixture_spread(z, N, spread);
    for (int64_t j = 0; j < N; j++) spread[j] = fmax(spread[j], 1);
    free(z);
    return status;
}

syn_status syn_edge_null_bulk(const syn_edge_estimates *edges, int64_t N, double *bulk) {
    double *z;
    int64_t n = 0;
    SYN_TRY(syn_alloc(&z, (size_t)(N * N), sizeof *z, "edges"));
    for (int64_t k = 0; k < N * N; k++)
        if (edges->error[k] > 0) z[n++] = (double)edges->estimate[k] / (double)edges->error[k];
    const syn_status status = syn_empirical_null(z, n, bulk);
    free(z);
    return status;
}

/* spread: [N], by which the errors of each sender are multiplied. */
static syn_status discover(const syn_edge_estimates *edges, int64_t N, const double *spread, bool *found) {
    double *p = NULL, *q = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&p, (size_t)(N * N), sizeof *p, "edges"));
    SYN_CHECK(syn_alloc(&q, (size_t)(N * N), sizeof *q, "edges"));
    for (int64_t k = 0; k < N * N; k++) {
        const double error = (double)edges->error[k] * spread[k % N];
        p[k] = error > 0 ? syn_two_sided_p((double)edges->estimate[k] / error, edges->freedom) : NAN;
    }
    SYN_CHECK(syn_false_discovery(p, N * N, false, q));
    for (int64_t k = 0; k < N * N; k++) found[k] = q[k] <= false_discovery_rate;
done:
    free(p), free(q);
    return status;
}

syn_status syn_edge_null_find(const syn_edge_estimates *edges, int64_t N, bool *found) {
    double *spread;
    syn_status status;
    SYN_TRY(syn_alloc(&spread, (size_t)N, sizeof *spread, "edges"));
    SYN_CHECK(measure_spread(edges, N, spread));
    SYN_CHECK(discover(edges, N, spread, found));
done:
    free(spread);
    return status;
}

syn_status syn_edge_null_find_surest(const syn_edge_estimates *edges, int64_t N, bool *found) {
    double *spread, bulk;
    syn_status status;
    SYN_TRY(syn_alloc(&spread, (size_t)N, sizeof *spread, "edges"));
    SYN_CHECK(syn_edge_null_bulk(edges, N, &bulk));
    for (int64_t j = 0; j < N; j++) spread[j] = fmax(bulk, 1);
    SYN_CHECK(discover(edges, N, spread, found));
done:
    free(spread);
    return status;
}

syn_status syn_edge_null_inflate(syn_edge_estimates *edges, int64_t N) {
    double *spread, square = 0;
    syn_status status;
    SYN_TRY(syn_alloc(&spread, (size_t)N, sizeof *spread, "edges"));
    SYN_CHECK(measure_spread(edges, N, spread));
    for (int64_t k = 0; k < N * N; k++) edges->error[k] *= (float)spread[k % N];
    for (int64_t j = 0; j < N; j++) square += spread[j] * spread[j] / (double)N;
    edges->inflation = sqrt(square);
done:
    free(spread);
    return status;
}
