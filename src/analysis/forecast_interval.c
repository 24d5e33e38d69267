#include "analysis/forecast_interval.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Rollouts that the error one step ahead counts for, where a neuron's error at a later step is estimated. */
enum { PRIOR_ROLLOUTS = 10 };

/* Predictions and truth of R rows of N neurons, `stride` floats apart: the frames of the one-step part, or one step of
 * the rollouts. */
typedef struct rows {
    const float *prediction, *truth;
    int64_t R, N, stride;
} rows;

static rows one_step_of(const syn_forecast *f) { return (rows){f->prediction, f->truth, f->F, f->N, f->N}; }

static rows step_of(const syn_forecast *f, int64_t k) {
    return (rows){f->rollout + k * f->N, f->rollout_truth + k * f->N, f->S, f->N, f->K * f->N};
}

/* NaN where the truth is not known. */
static double error_at(const rows *r, int64_t row, int64_t i) {
    const int64_t at = row * r->stride + i;
    return (double)r->truth[at] - (double)r->prediction[at];
}

/* Sums of squared errors and their numbers: sum[N], n[N]. */
static void sum_squares(const rows *r, double *sum, double *n) {
    for (int64_t i = 0; i < r->N; i++) sum[i] = n[i] = 0;
    for (int64_t row = 0; row < r->R; row++)
        for (int64_t i = 0; i < r->N; i++) {
            const double e = error_at(r, row, i);
            if (isnan(e)) continue;
            sum[i] += e * e;
            n[i]++;
        }
}

static int ascending(const void *a, const void *b) {
    const float p = *(const float *)a, q = *(const float *)b;
    return (p > q) - (p < q);
}

/* What a neuron's error is taken to be: squares `sum` of n errors, and the prior. */
static double scale_of(double sum, double n, double prior, double weight) {
    const double all = n + weight;
    return all > 0 ? sqrt((sum + weight * prior) / all) : NAN;
}

/* Bounds [N] from errors in rows. prior: [N] squared errors that count for `weight` rows. space: [R * N]. */
static void find_bounds(const rows *r, const double *sum, const double *n, const double *prior, double weight,
                        float *space, float *lower, float *upper) {
    int64_t m = 0;
    for (int64_t row = 0; row < r->R; row++)
        for (int64_t i = 0; i < r->N; i++) {
            const double e = error_at(r, row, i);
            /* by the neuron's other errors, or a few large ones would hide in their own scale */
            const double scale = isnan(e) ? 0 : scale_of(fmax(sum[i] - e * e, 0), n[i] - 1, prior[i], weight);
            if (scale > 0) space[m++] = (float)(e / scale);
        }
    qsort(space, (size_t)m, sizeof *space, ascending);
    const double tail = (1 - syn_interval_level) / 2 * (double)(m + 1);
    const int64_t cut = tail >= 1 ? (int64_t)tail - 1 : 0;
    for (int64_t i = 0; i < r->N; i++) {
        const double scale = m > 0 ? scale_of(sum[i], n[i], prior[i], weight) : NAN;
        lower[i] = isnan(scale) ? NAN : (float)scale * space[cut];
        upper[i] = isnan(scale) ? NAN : (float)scale * space[m - 1 - cut];
    }
}

static double coverage_of(const rows *r, const float *lower, const float *upper) {
    double inside = 0, n = 0;
    for (int64_t row = 0; row < r->R; row++)
        for (int64_t i = 0; i < r->N; i++) {
            const double e = error_at(r, row, i);
            if (isnan(e) || isnan(lower[i])) continue;
            inside += e >= (double)lower[i] && e <= (double)upper[i];
            n++;
        }
    return n > 0 ? inside / n : NAN;
}

/* Mean over neurons of the squared error at a step over that one step ahead. */
static double growth(const double *sum, const double *n, const double *first, int64_t N) {
    double total = 0, count = 0;
    for (int64_t i = 0; i < N; i++)
        if (n[i] > 0 && first[i] > 0) total += sum[i] / n[i] / first[i], count++;
    return count > 0 ? total / count : 0;
}

static syn_status from_validation(syn_forecast *to, const syn_forecast *v) {
    const int64_t N = v->N;
    double *sum = NULL, *n = NULL, *first = NULL, *prior = NULL;
    float *space = NULL;
    syn_status status;
    double **arrays[] = {&sum, &n, &first, &prior};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        SYN_CHECK(syn_alloc(arrays[k], (size_t)N, sizeof(double), "intervals"));
    SYN_CHECK(syn_alloc(&space, (size_t)((v->F > v->S ? v->F : v->S) * N), sizeof *space, "intervals"));
    rows r = one_step_of(v);
    sum_squares(&r, sum, n);
    find_bounds(&r, sum, n, prior, 0, space, to->lower, to->upper);
    for (int64_t i = 0; i < N; i++) first[i] = n[i] > 0 ? sum[i] / n[i] : 0;
    for (int64_t k = 0; k < v->K; k++) {
        r = step_of(v, k);
        sum_squares(&r, sum, n);
        const double grown = growth(sum, n, first, N);
        for (int64_t i = 0; i < N; i++) prior[i] = grown * first[i];
        find_bounds(&r, sum, n, prior, PRIOR_ROLLOUTS, space, to->rollout_lower + k * N, to->rollout_upper + k * N);
    }
done:
    free(sum), free(n), free(first), free(prior), free(space);
    return status;
}

syn_status syn_forecast_intervals(syn_forecast *to, const syn_forecast *validation) {
    const size_t N = (size_t)to->N, K = (size_t)to->K;
    SYN_TRY(syn_alloc(&to->lower, N, sizeof(float), "intervals"));
    SYN_TRY(syn_alloc(&to->upper, N, sizeof(float), "intervals"));
    SYN_TRY(syn_alloc(&to->rollout_lower, K * N, sizeof(float), "intervals"));
    SYN_TRY(syn_alloc(&to->rollout_upper, K * N, sizeof(float), "intervals"));
    SYN_TRY(syn_alloc(&to->rollout_coverage, K, sizeof(double), "intervals"));
    for (size_t i = 0; i < N; i++) to->lower[i] = to->upper[i] = NAN;
    for (size_t k = 0; k < K * N; k++) to->rollout_lower[k] = to->rollout_upper[k] = NAN;
    if (validation) SYN_TRY(from_validation(to, validation));
    rows r = one_step_of(to);
    to->coverage = coverage_of(&r, to->lower, to->upper);
    for (int64_t k = 0; k < to->K; k++) {
        r = step_of(to, k);
        to->rollout_coverage[k] = coverage_of(&r, to->rollout_lower + k * to->N, to->rollout_upper + k * to->N);
    }
    return SYN_OK;
}
