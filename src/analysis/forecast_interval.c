#include "analysis/forecast_interval.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

/* Rollouts that the error one step ahead counts for, where a neuron's error at a later step is estimated. */
enum { PRIOR_ROLLOUTS = 10 };
/* Frames of the validation split in which a neuron must have been observed, and from which on its own quantiles are
 * taken one step ahead. */
enum { LEAST_FRAMES = 10, OWN_FRAMES = 200 };
/* Errors of all neurons together that quantiles are taken of, at most. */
enum { MOST_POOLED = 1 << 20 };
/* Counts that are predicted alike have errors alike: a bound lies beyond them by this share of the neuron's error. */
static const double slack = 1e-3;

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

/* What a neuron's error is taken to be: squares `sum` of n errors, and the prior. NaN where too little is known. */
static double scale_of(double sum, double n, double prior, double weight) {
    const double all = n + weight;
    return all > 0 ? sqrt((sum + weight * prior) / all) : NAN;
}

/* Where the bounds stand among m sorted errors: the first and the last inside. False where they are too few. */
static bool ends_of(int64_t m, int64_t *first, int64_t *last) {
    const double tail = (1 - syn_interval_level) / 2 * (double)(m + 1);
    *first = (int64_t)tail - 1;
    *last = m - 1 - *first;
    return tail >= 1;
}

/* How the errors of a step are taken together. */
typedef struct pooling {
    const double *prior; /* [N] squared errors that count for `weight` rows */
    double weight;
    int64_t own; /* errors from which on a neuron's own quantiles count; of counts, the wider of the two */
    bool counts;
} pooling;

/* The quantiles of neuron i's own errors; false where they are too few. space: [R]. */
static bool own_bounds(const rows *r, int64_t i, float *space, float *lower, float *upper) {
    int64_t n = 0, first, last;
    for (int64_t row = 0; row < r->R; row++) {
        const double e = error_at(r, row, i);
        if (!isnan(e)) space[n++] = (float)e;
    }
    if (!ends_of(n, &first, &last)) return false;
    qsort(space, (size_t)n, sizeof *space, ascending);
    *lower = space[first], *upper = space[last];
    return true;
}

/* Errors over their neuron's, sorted: space[m]. */
static int64_t pool(const rows *r, const double *sum, const double *n, const pooling *how, float *space) {
    const int64_t every = r->R * r->N / MOST_POOLED + 1;
    int64_t m = 0, seen = 0;
    for (int64_t row = 0; row < r->R; row++)
        for (int64_t i = 0; i < r->N; i++) {
            const double e = error_at(r, row, i);
            if (isnan(e) || seen++ % every) continue;
            /* by the neuron's other errors, or a few large ones would hide in their own scale */
            const double scale = scale_of(fmax(sum[i] - e * e, 0), n[i] - 1, how->prior[i], how->weight);
            if (scale > 0) space[m++] = (float)(e / scale);
        }
    qsort(space, (size_t)m, sizeof *space, ascending);
    return m;
}

/* Bounds [N] from errors in rows; NaN where these say too little. space: [room_for()]. */
static void find_bounds(const rows *r, const double *sum, const double *n, const pooling *how, float *space,
                        float *lower, float *upper) {
    int64_t first, last;
    const bool enough = ends_of(pool(r, sum, n, how, space), &first, &last);
    const double low = enough ? (double)space[first] : NAN, high = enough ? (double)space[last] : NAN;
    for (int64_t i = 0; i < r->N; i++) {
        const double scale = scale_of(sum[i], n[i], how->prior[i], how->weight);
        float own_lower, own_upper;
        lower[i] = (float)(scale * low), upper[i] = (float)(scale * high);
        if ((how->counts || n[i] >= (double)how->own) && own_bounds(r, i, space, &own_lower, &own_upper)) {
            const bool wider = how->counts && !isnan(lower[i]);
            lower[i] = wider ? fminf(lower[i], own_lower) : own_lower;
            upper[i] = wider ? fmaxf(upper[i], own_upper) : own_upper;
        }
        lower[i] -= (float)(slack * scale), upper[i] += (float)(slack * scale);
    }
}

/* Floats that find_bounds() sorts. */
static size_t room_for(int64_t R, int64_t N) {
    const int64_t pooled = R * N < MOST_POOLED ? R * N : MOST_POOLED;
    return (size_t)(pooled > R ? pooled : R);
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
    return count > 0 ? total / count : NAN;
}

static syn_status from_validation(syn_forecast *to, const syn_forecast *v) {
    const int64_t N = v->N;
    double *sum = NULL, *n = NULL, *first = NULL, *prior = NULL;
    float *space = NULL;
    syn_status status;
    double **arrays[] = {&sum, &n, &first, &prior};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        SYN_CHECK(syn_alloc(arrays[k], (size_t)N, sizeof(double), "intervals"));
    SYN_CHECK(syn_alloc(&space, room_for(v->F > v->S ? v->F : v->S, N), sizeof *space, "intervals"));
    pooling how = {.prior = prior, .own = OWN_FRAMES, .counts = v->signal == SYN_SIGNAL_COUNTS};
    rows r = one_step_of(v);
    sum_squares(&r, sum, n);
    for (int64_t i = 0; i < N; i++) first[i] = n[i] >= LEAST_FRAMES ? sum[i] / n[i] : NAN;
    for (int64_t i = 0; i < N; i++)
        if (n[i] < LEAST_FRAMES) sum[i] = NAN;
    find_bounds(&r, sum, n, &how, space, to->lower, to->upper);
    how.weight = PRIOR_ROLLOUTS;
    how.own = INT64_MAX; /* rollouts overlap: many say little about one neuron */
    for (int64_t k = 0; k < v->K; k++) {
        r = step_of(v, k);
        sum_squares(&r, sum, n);
        const double grown = growth(sum, n, first, N);
        for (int64_t i = 0; i < N; i++) prior[i] = grown * first[i];
        find_bounds(&r, sum, n, &how, space, to->rollout_lower + k * N, to->rollout_upper + k * N);
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
