#include "analysis/edge_null.h"

#include <math.h>

#include "analysis/edge_mixture.h"
#include "analysis/fdr.h"
#include "base/memory.h"

static const double false_discovery_rate = 0.1;

/* Statistics of both directions of a pair that are taken to be no edge, and standard errors by which their mean product
 * has to exceed 0. */
static const double no_edge = 3, sure = 3;
/* What is shared, as a multiple of the mean product: the largest are left out of that. */
static const double of_product = 4;

static double statistic(const syn_edge_estimates *edges, int64_t k) {
    return edges->error[k] > 0 ? (double)edges->estimate[k] / (double)edges->error[k] : NAN;
}

/* Of each sender, at least 1; receiver: as in edge_mixture.h. */
static syn_status measure_spread(const syn_edge_estimates *edges, int64_t N, double *spread, double *receiver) {
    double *z;
    SYN_TRY(syn_alloc(&z, (size_t)(N * N), sizeof *z, "edges"));
    for (int64_t k = 0; k < N * N; k++) z[k] = statistic(edges, k);
    const syn_status status = syn_edge_mixture_spread(z, N, spread, receiver);
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
    SYN_CHECK(measure_spread(edges, N, spread, NULL));
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

/* Mean of the statistics that may be no edge: neurons that were not recorded shift all alike. */
static double mean_of_no_edge(const syn_edge_estimates *edges, int64_t N) {
    double sum = 0, n = 0;
    for (int64_t k = 0; k < N * N; k++)
        if (fabs(statistic(edges, k)) < no_edge) sum += statistic(edges, k), n++;
    return n > 0 ? sum / n : 0;
}

/* What each neuron has in common with the others, as the mean product of its statistics as a receiver and as a sender,
 * about their mean, drawn to that of all by how much of the differences is chance: shared[N] of 0, which stays where
 * nothing is in common. */
static syn_status measure_shared(const syn_edge_estimates *edges, int64_t N, double *shared) {
    const double center = mean_of_no_edge(edges, N);
    double *pairs, all = 0, sum = 0, square = 0, between = 0;
    SYN_TRY(syn_alloc(&pairs, (size_t)N, sizeof *pairs, "edges"));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            const double a = statistic(edges, i * N + j), b = statistic(edges, j * N + i);
            if (i == j || !(fabs(a) < no_edge && fabs(b) < no_edge)) continue;
            const double product = (a - center) * (b - center);
            shared[i] += product, pairs[i]++, all++, sum += product, square += product * product;
        }
    const double mean = sum / fmax(all, 1), per_pair = square / fmax(all, 1),
                 chance = per_pair * (double)N / fmax(all, 1);
    const bool any = mean > sure * sqrt(2 * per_pair / fmax(all, 1)); /* each pair is there twice */
    for (int64_t i = 0; i < N; i++) {
        shared[i] /= fmax(pairs[i], 1);
        between += (shared[i] - mean) * (shared[i] - mean) / (double)N;
    }
    const double share = between > chance ? 1 - chance / between : 0;
    for (int64_t i = 0; i < N; i++) shared[i] = any ? fmax(mean + share * (shared[i] - mean), 0) : 0;
    free(pairs);
    return SYN_OK;
}

/* What two neurons share of a common input is in proportion to how much each has of it, in both directions. A neuron
 * has some if its statistics as a receiver spread wider than those of others, and those as a sender go along. receiver:
 * [N] spreads, which become the factors whose product is by how much the errors of a pair are wider. */
static syn_status find_common(const syn_edge_estimates *edges, int64_t N, double *receiver) {
    double *shared;
    SYN_TRY(syn_alloc(&shared, (size_t)N, sizeof *shared, "edges"));
    const syn_status status = measure_shared(edges, N, shared);
    for (int64_t i = 0; i < N; i++)
        receiver[i] = sqrt(1 + fmax(fmin(receiver[i] * receiver[i] - 1, of_product * shared[i]), 0));
    free(shared);
    return status;
}

syn_status syn_edge_null_inflate(syn_edge_estimates *edges, int64_t N) {
    double *spread = NULL, *receiver = NULL, square = 0, n = 0;
    syn_status status;
    SYN_CHECK(syn_alloc(&spread, (size_t)N, sizeof *spread, "edges"));
    SYN_CHECK(syn_alloc(&receiver, (size_t)N, sizeof *receiver, "edges"));
    SYN_CHECK(measure_spread(edges, N, spread, receiver));
    for (int64_t k = 0; k < N * N; k++) edges->error[k] *= (float)spread[k % N];
    SYN_CHECK(find_common(edges, N, receiver));
    for (int64_t k = 0; k < N * N; k++) {
        const double wider = receiver[k / N] * receiver[k % N], all = spread[k % N] * wider;
        if (!(edges->error[k] > 0)) continue;
        edges->error[k] *= (float)wider;
        square += all * all, n++;
    }
    edges->inflation = n > 0 ? sqrt(square / n) : 1;
done:
    free(spread), free(receiver);
    return status;
}
