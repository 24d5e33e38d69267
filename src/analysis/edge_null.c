#include "analysis/edge_null.h"

#include <math.h>

#include "analysis/fdr.h"
#include "base/memory.h"

/* The false discovery rate at which edges explain what else is seen. */
static const double explaining = 0.1;

/* z[N * N] = estimate / error of the *n pairs that were tested. */
static syn_status list_statistics(const syn_edge_estimates *edges, int64_t N, double **z, int64_t *n) {
    *n = 0;
    SYN_TRY(syn_alloc(z, (size_t)(N * N), sizeof **z, "edges"));
    for (int64_t k = 0; k < N * N; k++)
        if (edges->error[k] > 0) (*z)[(*n)++] = (double)edges->estimate[k] / (double)edges->error[k];
    return SYN_OK;
}

syn_status syn_edge_null_find(const syn_edge_estimates *edges, int64_t N, bool *found, double *bulk) {
    const int64_t pairs = N * N;
    double *z = NULL, *p = NULL, *q = NULL;
    int64_t n;
    syn_status status;
    SYN_CHECK(list_statistics(edges, N, &z, &n));
    SYN_CHECK(syn_alloc(&p, (size_t)pairs, sizeof *p, "edges"));
    SYN_CHECK(syn_alloc(&q, (size_t)pairs, sizeof *q, "edges"));
    SYN_CHECK(syn_empirical_null(z, n, bulk));
    for (int64_t k = 0; k < pairs; k++) {
        const double error = (double)edges->error[k] * fmax(*bulk, 1);
        p[k] = error > 0 ? syn_two_sided_p((double)edges->estimate[k] / error, edges->freedom) : NAN;
    }
    SYN_CHECK(syn_false_discovery(p, pairs, false, q));
    for (int64_t k = 0; k < pairs; k++) found[k] = q[k] <= explaining;
done:
    free(z), free(p), free(q);
    return status;
}

syn_status syn_edge_null_inflate(syn_edge_estimates *edges, int64_t N) {
    double *z;
    int64_t n;
    SYN_TRY(list_statistics(edges, N, &z, &n));
    const syn_status status = syn_empirical_null(z, n, &edges->inflation);
    edges->inflation = fmax(edges->inflation, 1);
    for (int64_t k = 0; k < N * N; k++) edges->error[k] *= (float)edges->inflation;
    free(z);
    return status;
}
