#include "analysis/edge_traces.h"

#include <math.h>
#include <string.h>

#include "analysis/edge_null.h"
#include "base/lapack.h"
#include "base/memory.h"
#include "base/order.h"

/* Fewest pairs for a share that a trace has of something else. */
enum { FEWEST_PAIRS = 10 };
/* Rounds in which edges are found and their traces over third neurons taken off; standard errors from which on a trace
 * counts. */
enum { PATH_ROUNDS = 2 };
static const double sure = 3;
/* Spread of the bulk of the statistics from which on it is made of edges, and none of its pairs shows what a trace is.
 */
static const double crowded = 1.5;

typedef struct traces {
    const syn_edge_design *design;
    const syn_edge_events *events; /* or NULL */
    syn_edge_estimates *edges;
} traces;

static double statistic(const traces *t, int64_t k) {
    return t->edges->error[k] > 0 ? (double)t->edges->estimate[k] / (double)t->edges->error[k] : 0;
}

/* The share of an edge that appears the other way round: median over the edges whose opposite is weaker. */
static syn_status measure_reversal(const traces *t, const bool *found, double *share) {
    const int64_t N = t->design->N;
    double *ratio;
    int64_t n = 0;
    SYN_TRY(syn_alloc(&ratio, (size_t)(N * N), sizeof *ratio, "edges"));
    for (int64_t k = 0; k < N * N; k++) {
        const int64_t opposite = k % N * N + k / N;
        if (found[k] && fabs(statistic(t, k)) >= fabs(statistic(t, opposite)))
            ratio[n++] = (double)t->edges->estimate[opposite] / (double)t->edges->estimate[k];
    }
    syn_sort(ratio, n);
    *share = n < FEWEST_PAIRS ? 0 : fmin(fmax(ratio[n / 2], 0), 1);
    free(ratio);
    return SYN_OK;
}

/* Noise moves some events by a frame, so that a receiver is seen to answer first. From an edge whose opposite is surer
 * that share of it is taken. */
static syn_status remove_reversals(const traces *t) {
    const int64_t N = t->design->N;
    bool *found = NULL;
    double share;
    syn_status status;
    SYN_CHECK(syn_alloc(&found, (size_t)(N * N), sizeof *found, "edges"));
    SYN_CHECK(syn_edge_null_find(t->edges, N, found));
    SYN_CHECK(measure_reversal(t, found, &share));
    /* of a pair the surer direction stays as it is, so one may change while the other is read */
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < i; j++) {
            const int64_t a = i * N + j, b = j * N + i;
            const bool a_is_surer = fabs(statistic(t, a)) > fabs(statistic(t, b));
            const int64_t surer = a_is_surer ? a : b, other = a_is_surer ? b : a;
            if (!found[surer] || fabs(statistic(t, surer)) == fabs(statistic(t, other))) continue;
            t->edges->estimate[other] -= (float)share * t->edges->estimate[surer];
            for (int half = 0; half < 2; half++)
                t->edges->half[half][other] -= (float)share * t->edges->half[half][surer];
            t->edges->error[other] = hypotf(t->edges->error[other], (float)share * t->edges->error[surer]);
        }
done:
    free(found);
    return status;
}

/* Takes `part` off an estimate and those of the halves. */
static void take_off(const traces *t, int64_t k, float part) {
    t->edges->estimate[k] -= part, t->edges->half[0][k] -= part, t->edges->half[1][k] -= part;
}

typedef struct weighted {
    double value, weight;
} weighted;

static int by_weighted_value(const void *a, const void *b) {
    const double x = ((const weighted *)a)->value, y = ((const weighted *)b)->value;
    return (x > y) - (x < y);
}

static double weighted_median(weighted *list, int64_t n) {
    double all = 0, below = 0;
    int64_t k = 0;
    qsort(list, (size_t)n, sizeof *list, by_weighted_value);
    for (int64_t m = 0; m < n; m++) all += list[m].weight;
    while (k < n && (below += list[k].weight) < 0.5 * all) k++;
    return n ? list[k < n ? k : n - 1].value : 0;
}

/* Share of j's light that reaches i, between events of variance 1. */
static float light(const traces *t, int64_t i, int64_t j) {
    const float *scale = t->design->session->norm.scale, *unit = t->events->unit;
    const float own = scale[i] * unit[i];
    return own > 0 ? (float)t->events->share[i * t->design->N + j] * scale[j] * unit[j] / own : 0.0f;
}

/* Noise of one neuron that was taken off another with its light comes back a frame later as an effect in proportion to
 * the light. What the median of the pairs has of it is taken off. */
static syn_status remove_leak(const traces *t) {
    const int64_t N = t->design->N;
    weighted *list;
    int64_t n = 0;
    SYN_TRY(syn_alloc(&list, (size_t)(N * N), sizeof *list, "edges"));
    for (int64_t k = 0; k < N * N; k++) {
        const double shared = (double)light(t, k / N, k % N);
        if (shared > 0 && t->edges->error[k] > 0)
            list[n++] = (weighted){(double)t->edges->estimate[k] / shared, shared / (double)t->edges->error[k]};
    }
    const float leak = n < FEWEST_PAIRS ? 0.0f : (float)weighted_median(list, n);
    for (int64_t k = 0; k < N * N; k++) take_off(t, k, leak * light(t, k / N, k % N));
    free(list);
    return SYN_OK;
}

/* Traces of paths over a third neuron k, [N][N] each: j -> k -> i; both drive k; k drives both. Of events the last is
 * no trace that could be told from edges that were missed. */
enum { THROUGH, INTO, FROM, PATTERNS, COLUMNS };

static int count_patterns(const traces *t) { return t->events ? FROM : PATTERNS; }

/* Products of the edges that were found, of which `edge` has the estimates and 0 elsewhere. */
static syn_status multiply_edges(const traces *t, const float *edge, float *const pattern[PATTERNS]) {
    const syn_edge_design *d = t->design;
    const int64_t N = d->N;
    const syn_matrix as_is = {edge, N, 1}, turned = {edge, 1, N};
    const syn_matrix left[PATTERNS] = {as_is, turned, as_is}, right[PATTERNS] = {as_is, as_is, turned};
    for (int k = 0; k < count_patterns(t); k++)
        SYN_TRY(syn_gemm(d->kernels, d->threads, N, N, N, left[k], right[k], pattern[k], N, false));
    return SYN_OK;
}

/* by: how much of each pattern is in the estimates of pairs that are no edges. Least squares, weighted by the errors,
 * beside a constant that stands for edges that were missed; 0 where it is not significant. */
static void fit_patterns(const traces *t, const bool *found, const float *estimate, float *const pattern[PATTERNS],
                         double by[PATTERNS]) {
    const int64_t N = t->design->N;
    const int patterns = count_patterns(t), columns = patterns + 1;
    double A[COLUMNS * COLUMNS] = {0}, b[(1 + COLUMNS) * COLUMNS] = {0}, square = 0, n = 0;
    memset(by, 0, PATTERNS * sizeof *by);
    for (int64_t k = 0; k < N * N; k++) {
        const double error = (double)t->edges->error[k];
        if (found[k] || !(error > 0)) continue;
        double column[COLUMNS] = {0};
        column[patterns] = 1 / error;
        for (int p = 0; p < patterns; p++) column[p] = (double)pattern[p][k] / error;
        const double z = (double)estimate[k] / error;
        for (int p = 0; p < columns; p++) {
            b[p] += column[p] * z;
            for (int q = 0; q < columns; q++) A[p * columns + q] += column[p] * column[q];
        }
        square += z * z, n++;
    }
    double explained[COLUMNS];
    memcpy(explained, b, sizeof explained);
    for (int p = 0; p < columns; p++) b[(1 + p) * columns + p] = 1; /* the inverse, for the errors of `by` */
    if (n <= columns || !syn_solve_positive(A, columns, b, 1 + columns)) return;
    for (int p = 0; p < columns; p++) square -= explained[p] * b[p];
    for (int p = 0; p < patterns; p++) {
        const double error = sqrt(square / (n - columns) * b[(1 + p) * columns + p]);
        by[p] = fabs(b[p]) > sure * error ? b[p] : 0;
    }
}

/* What frames and noise hide of a third neuron leaves small edges along the paths over it. As much of them as the pairs
 * without an edge show is taken off all, unless it cannot be told which these are. */
static syn_status remove_paths(const traces *t) {
    const int64_t N = t->design->N;
    const size_t pairs = (size_t)(N * N);
    bool *found = NULL;
    float *with = NULL, *edge = NULL, *pattern[PATTERNS] = {NULL};
    double by[PATTERNS], bulk;
    syn_status status;
    SYN_CHECK(syn_alloc(&found, pairs, sizeof *found, "edges"));
    SYN_CHECK(syn_alloc(&with, pairs, sizeof *with, "edges"));
    SYN_CHECK(syn_alloc(&edge, pairs, sizeof *edge, "edges"));
    for (int p = 0; p < PATTERNS; p++) SYN_CHECK(syn_alloc(&pattern[p], pairs, sizeof *pattern[p], "edges"));
    memcpy(with, t->edges->estimate, pairs * sizeof *with);
    for (int round = 0; round < PATH_ROUNDS; round++) {
        SYN_CHECK(syn_edge_null_bulk(t->edges, N, &bulk));
        if (bulk > crowded) break;
        SYN_CHECK(syn_edge_null_find(t->edges, N, found));
        for (size_t k = 0; k < pairs; k++) edge[k] = found[k] ? t->edges->estimate[k] : 0.0f;
        SYN_CHECK(multiply_edges(t, edge, pattern));
        fit_patterns(t, found, with, pattern, by);
        for (int64_t k = 0; k < N * N; k++) {
            double left = (double)with[k];
            for (int p = 0; p < count_patterns(t); p++) left -= by[p] * (double)pattern[p][k];
            if (t->edges->error[k] > 0) take_off(t, k, t->edges->estimate[k] - (float)left);
        }
    }
done:
    free(found), free(with), free(edge);
    for (int p = 0; p < PATTERNS; p++) free(pattern[p]);
    return status;
}

syn_status syn_edge_remove_traces(const syn_edge_design *design, const syn_edge_events *events,
                                  syn_edge_estimates *edges) {
    const traces t = {design, events, edges};
    if (events) {
        SYN_TRY(remove_reversals(&t));
        SYN_TRY(remove_leak(&t));
    }
    return remove_paths(&t);
}
