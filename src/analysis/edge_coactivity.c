#include "analysis/edge_coactivity.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"

/* Lags, in windows of the senders. */
enum { FIRST_LAG = 5, LAST_LAG = 20 };
/* Fewest pairs that a coefficient is fitted to. */
enum { FEWEST_PAIRS = 100 };
/* The statistics are a broken line of P, which bends at these shares of the pairs: few pairs are active together. */
static const double knot_at[] = {0.5, 0.75, 0.9, 0.97};
enum { KNOTS = sizeof knot_at / sizeof *knot_at, COLUMNS = 2 + KNOTS, MOST_ROUNDS = 20 };
/* They depend on P if it explains that many times their variance: a chi-squared of five degrees of freedom exceeds it
 * once in a thousand times. */
static const double sure = 20.5;
/* What two neurons have in common is the same both ways: a statistic so much further off than its opposite (four
 * standard errors of a difference) is an edge's. An edge, too, makes two neurons active together if its sender fires in
 * bursts. */
static const double one_way = 4 * 1.4142135623730951;
/* Spreads from which on a statistic weighs less. */
static const double bulk = 1.5;
/* Rounds go on until the spread changes by less than this share of it. */
static const double settled = 1e-4;

/* ---- how much sizes rise and fall together ---- */

/* What is needed to fill a chunk's sizes. */
typedef struct sizes {
    const syn_edge_design *design;
    const float *residual;
    int64_t first_lag, last_lag;  /* in targets */
    double *n, *mean, *deviation; /* [N] observed targets, and their |r| */
    float *size;                  /* [CHUNK + last_lag][N] of mean 0 and variance 1, 0 where not observed */
    float *later;                 /* [CHUNK][N] sum over the lags of the sizes after a target, as far as its run goes */
} sizes;

static void sizes_free(sizes *s) { free(s->n), free(s->mean), free(s->deviation), free(s->size), free(s->later); }

static void measure_sizes(sizes *s) {
    const syn_edge_design *d = s->design;
    const int64_t N = d->N;
    for (int64_t c = 0; c < d->n_chunks; c++)
        for (int64_t t = 0; t < d->chunk[c].n; t++)
            for (int64_t i = 0; i < N; i++) {
                if (!syn_edge_observed(d, &d->chunk[c], t, i)) continue;
                const double r = fabs((double)s->residual[(d->chunk[c].row + t) * N + i]);
                s->n[i]++, s->mean[i] += r, s->deviation[i] += r * r;
            }
    for (int64_t i = 0; i < N; i++) {
        const double n = fmax(s->n[i], 1), mean = s->mean[i] / n;
        s->mean[i] = mean, s->deviation[i] = sqrt(fmax(s->deviation[i] / n - mean * mean, 0));
    }
}

static syn_status sizes_create(sizes *s) {
    const size_t N = (size_t)s->design->N;
    SYN_TRY(syn_alloc(&s->n, N, sizeof *s->n, "residuals"));
    SYN_TRY(syn_alloc(&s->mean, N, sizeof *s->mean, "residuals"));
    SYN_TRY(syn_alloc(&s->deviation, N, sizeof *s->deviation, "residuals"));
    SYN_TRY(syn_alloc(&s->size, (size_t)(SYN_EDGE_CHUNK + s->last_lag) * N, sizeof *s->size, "residuals"));
    SYN_TRY(syn_alloc(&s->later, SYN_EDGE_CHUNK * N, sizeof *s->later, "residuals"));
    measure_sizes(s);
    return SYN_OK;
}

/* to[N] += by from[N] */
static void add(float *to, const float *from, int64_t N, float by) {
    for (int64_t i = 0; i < N; i++) to[i] += by * from[i];
}

/* Of the targets of a chunk and of those after it, as far as its run, of `rows` targets from there on, goes. Returns
 * how many sizes each sum over the lags has, over all targets. */
static double fill_sizes(const sizes *s, const syn_edge_chunk *chunk, int64_t rows) {
    const int64_t N = s->design->N;
    if (rows > chunk->n + s->last_lag) rows = chunk->n + s->last_lag;
    for (int64_t t = 0; t < rows; t++)
        for (int64_t i = 0; i < N; i++) {
            const bool seen = s->deviation[i] > 0 && syn_edge_observed(s->design, chunk, t, i);
            const double r = fabs((double)s->residual[(chunk->row + t) * N + i]);
            s->size[t * N + i] = seen ? (float)((r - s->mean[i]) / s->deviation[i]) : 0.0f;
        }
    double terms = 0;
    memset(s->later, 0, (size_t)(chunk->n * N) * sizeof *s->later);
    for (int64_t k = s->first_lag; k <= s->last_lag && k < rows; k++) add(s->later, s->size + k * N, N, 1);
    for (int64_t t = 0; t < chunk->n; t++) {
        const int64_t first = t + s->first_lag, last = t + s->last_lag;
        if (first < rows) terms += (double)((last < rows ? last : rows - 1) - first + 1);
        if (t + 1 == chunk->n) break;
        float *next = s->later + (t + 1) * N;
        memcpy(next, next - N, (size_t)N * sizeof *next);
        if (first < rows) add(next, s->size + first * N, N, -1);
        if (last + 1 < rows) add(next, s->size + (last + 1) * N, N, 1);
    }
    return terms;
}

/* P[N][N]; 0 where no run is long enough. */
static syn_status measure_coactivity(const syn_edge_design *d, const float *residual, float *P) {
    const int64_t N = d->N;
    const int64_t window = d->window;
    sizes s = {.design = d, .residual = residual, .first_lag = FIRST_LAG * window, .last_lag = LAST_LAG * window};
    double terms = 0;
    int64_t stop = 0;
    syn_status status;
    SYN_CHECK(sizes_create(&s));
    memset(P, 0, (size_t)(N * N) * sizeof *P);
    for (int64_t c = 0; c < d->n_chunks; c++) {
        const syn_edge_chunk *chunk = &d->chunk[c];
        for (int64_t k = c; k < d->n_chunks && d->chunk[k].run == chunk->run; k++)
            stop = d->chunk[k].row + d->chunk[k].n;
        terms += fill_sizes(&s, chunk, stop - chunk->row);
        SYN_CHECK(syn_gemm(d->kernels, d->threads, N, N, chunk->n, (syn_matrix){s.size, 1, N},
                           (syn_matrix){s.later, N, 1}, P, N, true));
    }
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j <= i; j++)
            P[i * N + j] = P[j * N + i] = (P[i * N + j] + P[j * N + i]) / (float)(2 * fmax(terms, 1));
done:
    sizes_free(&s);
    return status;
}

/* ---- what the statistics have of it ---- */

/* Values for pairs, and their P. */
typedef struct sample {
    int64_t n;
    double knot[KNOTS];
    double *P, *y, *left, *weight, *space; /* [n]; left: what a fit leaves of y */
} sample;

static void sample_free(sample *s) { free(s->P), free(s->y), free(s->left), free(s->weight), free(s->space); }

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double statistic(const syn_edge_estimates *edges, int64_t k) {
    return edges->error[k] > 0 ? (double)edges->estimate[k] / (double)edges->error[k] : 0;
}

/* Fills P, the knots, and y with statistics but for those that only an edge explains. */
static syn_status sample_create(sample *s, const float *P, const syn_edge_estimates *edges, int64_t N) {
    const size_t pairs = (size_t)(N * N);
    double **const list[] = {&s->P, &s->y, &s->left, &s->weight, &s->space};
    for (size_t k = 0; k < sizeof list / sizeof *list; k++) SYN_TRY(syn_alloc(list[k], pairs, sizeof(double), "edges"));
    for (int64_t k = 0; k < N * N; k++) {
        const double y = statistic(edges, k), opposite = statistic(edges, k % N * N + k / N);
        if (edges->error[k] > 0 && (fabs(y) <= fabs(opposite) || fabs(y - opposite) < one_way))
            s->P[s->n] = (double)P[k], s->y[s->n++] = y;
    }
    memcpy(s->space, s->P, (size_t)s->n * sizeof *s->P);
    qsort(s->space, (size_t)s->n, sizeof *s->space, by_value);
    for (int k = 0; k < KNOTS && s->n > 0; k++) s->knot[k] = s->space[(int64_t)(knot_at[k] * (double)s->n)];
    return SYN_OK;
}

/* The columns of P: 1, P, and what it is above each knot. */
static void fill_columns(const sample *s, double P, double column[COLUMNS]) {
    column[0] = 1, column[1] = P;
    for (int k = 0; k < KNOTS; k++) column[2 + k] = fmax(P - s->knot[k], 0);
}

/* Sum of the columns but the first. */
static double rise(const sample *s, const double by[COLUMNS], double P) {
    double column[COLUMNS], sum = 0;
    fill_columns(s, P, column);
    for (int p = 1; p < COLUMNS; p++) sum += by[p] * column[p];
    return sum;
}

/* Weighted least squares of y on the columns. moments: [COLUMNS][COLUMNS] of the columns. */
static bool solve(const sample *s, double by[COLUMNS], double moments[COLUMNS * COLUMNS]) {
    double A[COLUMNS * COLUMNS];
    memset(moments, 0, sizeof A);
    memset(by, 0, COLUMNS * sizeof *by);
    for (int64_t k = 0; k < s->n; k++) {
        double column[COLUMNS];
        fill_columns(s, s->P[k], column);
        for (int p = 0; p < COLUMNS; p++) {
            by[p] += s->weight[k] * column[p] * s->y[k];
            for (int q = 0; q < COLUMNS; q++) moments[p * COLUMNS + q] += s->weight[k] * column[p] * column[q];
        }
    }
    memcpy(A, moments, sizeof A);
    for (int p = 0; p < COLUMNS; p++) A[p * COLUMNS + p] *= 1 + 1e-9;
    return syn_solve_positive(A, COLUMNS, by, 1);
}

/* Spread of what is left around 0, by its median size. */
static double spread_of_left(const sample *s) {
    for (int64_t k = 0; k < s->n; k++) s->space[k] = fabs(s->left[k]);
    qsort(s->space, (size_t)s->n, sizeof *s->space, by_value);
    return s->space[s->n / 2] / 0.6744897501960817;
}

/* What the columns but the first explain, sum of squares. */
static double explained(const double by[COLUMNS], const double moments[COLUMNS * COLUMNS]) {
    double sum = 0;
    for (int p = 1; p < COLUMNS; p++)
        for (int q = 1; q < COLUMNS; q++) {
            const double centred = moments[p * COLUMNS + q] - moments[p * COLUMNS] * moments[q] / moments[0];
            sum += by[p] * centred * by[q];
        }
    return sum;
}

/* Regression of y in which values far off, edges, weigh less (Huber). Returns whether y depends on P. */
static bool fit(sample *s, double by[COLUMNS]) {
    double moments[COLUMNS * COLUMNS], spread = 0;
    for (int64_t k = 0; k < s->n; k++) s->weight[k] = 1;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        const double before = spread;
        if (!solve(s, by, moments)) return false;
        for (int64_t k = 0; k < s->n; k++) s->left[k] = s->y[k] - by[0] - rise(s, by, s->P[k]);
        spread = spread_of_left(s);
        for (int64_t k = 0; k < s->n; k++)
            s->weight[k] = fabs(s->left[k]) > bulk * spread ? bulk * spread / fabs(s->left[k]) : 1;
        if (fabs(spread - before) < settled * spread) break;
    }
    return explained(by, moments) > sure * spread * spread;
}

static void take_off(const sample *s, const double by[COLUMNS], const float *P, int64_t pairs,
                     syn_edge_estimates *edges) {
    double square = 0, n = 0;
    for (int64_t k = 0; k < pairs; k++) {
        if (!(edges->error[k] > 0)) continue;
        const double common = rise(s, by, (double)P[k]);
        const float part = (float)common * edges->error[k];
        edges->estimate[k] -= part, edges->half[0][k] -= part, edges->half[1][k] -= part;
        square += common * common, n++;
    }
    edges->coactivity = sqrt(square / n);
}

/* by: of the logarithm of how far a statistic is off. Errors are widened where that is above its median. */
static void widen(sample *s, const double by[COLUMNS], const float *P, int64_t pairs, syn_edge_estimates *edges) {
    for (int64_t k = 0; k < s->n; k++) s->space[k] = rise(s, by, s->P[k]);
    qsort(s->space, (size_t)s->n, sizeof *s->space, by_value);
    const double middle = s->space[s->n / 2];
    for (int64_t k = 0; k < pairs; k++) edges->error[k] *= (float)exp(fmax(rise(s, by, (double)P[k]) - middle, 0));
}

syn_status syn_edge_remove_coactivity(const syn_edge_design *d, const float *residual, syn_edge_estimates *edges) {
    const int64_t N = d->N, pairs = N * N;
    float *P = NULL;
    double by[COLUMNS];
    sample s = {0};
    syn_status status;
    SYN_CHECK(syn_alloc(&P, (size_t)pairs, sizeof *P, "edges"));
    SYN_CHECK(measure_coactivity(d, residual, P));
    SYN_CHECK(sample_create(&s, P, edges, N));
    if (s.n < FEWEST_PAIRS || !fit(&s, by)) goto done;
    take_off(&s, by, P, pairs, edges);
    for (int64_t k = 0; k < s.n; k++) s.y[k] = log(fmax(fabs(s.left[k]), DBL_MIN));
    if (fit(&s, by)) widen(&s, by, P, pairs, edges);
done:
    free(P), sample_free(&s);
    return status;
}
