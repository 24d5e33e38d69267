#include "analysis/edge_coactivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "base/order.h"

/* Lags, in windows of the senders: of P, and of S. */
enum { FIRST_LAG = 5, LAST_LAG = 20, NEAREST = 2, FARTHEST = 10 };
/* Fewest pairs that a curve is fitted to. */
enum { FEWEST_PAIRS = 100 };
/* S is a broken line of P, which bends at these shares of the pairs: few pairs are active together. */
static const double knot_at[] = {0.5, 0.75, 0.9, 0.97};
enum { KNOTS = sizeof knot_at / sizeof *knot_at, COLUMNS = 2 + KNOTS, MOST_ROUNDS = 20 };
/* It depends on P if P explains that many times its variance: a chi-squared of five degrees of freedom exceeds it once
 * in a thousand times. */
static const double sure = 20.5;
/* Spreads from which on a value weighs less. */
static const double bulk = 1.5;
/* Rounds go on until the spread changes by less than this share of it. */
static const double settled = 1e-4;

/* ---- P and S ---- */

typedef struct measures {
    const syn_edge_design *design;
    const float *residual;
    int64_t first_lag, last_lag, nearest, farthest; /* in targets */
    double *n, *mean, *square;                      /* [N] observed targets, |r| and r^2 */
    double terms_P;                                 /* terms of P */
    double terms_S;                                 /* terms of S */
    float *size;       /* [CHUNK + last_lag][N] |r| of mean 0 and variance 1, 0 where not observed */
    float *later;      /* [CHUNK][N] sum over the lags of the sizes after a target in its run */
    float *after;      /* [CHUNK][N] sum of the residuals `nearest` to `farthest` after a target */
    float *squares[2]; /* [CHUNK][N] of residuals and of these sums */
    float *P, *S, *Q;  /* [N][N]; Q: sum of products of squares */
} measures;

static void measures_free(measures *m) {
    free(m->n), free(m->mean), free(m->square), free(m->size), free(m->later), free(m->after), free(m->squares[0]),
        free(m->squares[1]), free(m->P), free(m->S), free(m->Q);
}

static void measure_sizes(measures *m) {
    const syn_edge_design *d = m->design;
    const int64_t N = d->N;
    for (int64_t c = 0; c < d->n_chunks; c++)
        for (int64_t t = 0; t < d->chunk[c].n; t++)
            for (int64_t i = 0; i < N; i++) {
                if (!syn_edge_observed(d, &d->chunk[c], t, i)) continue;
                const double r = fabs((double)m->residual[(d->chunk[c].row + t) * N + i]);
                m->n[i]++, m->mean[i] += r, m->square[i] += r * r;
            }
    for (int64_t i = 0; i < N; i++) m->mean[i] /= fmax(m->n[i], 1), m->square[i] /= fmax(m->n[i], 1);
}

static syn_status measures_create(measures *m) {
    const size_t N = (size_t)m->design->N;
    SYN_TRY(syn_alloc(&m->n, N, sizeof *m->n, "residuals"));
    SYN_TRY(syn_alloc(&m->mean, N, sizeof *m->mean, "residuals"));
    SYN_TRY(syn_alloc(&m->square, N, sizeof *m->square, "residuals"));
    SYN_TRY(syn_alloc(&m->size, (size_t)(SYN_EDGE_CHUNK + m->last_lag) * N, sizeof *m->size, "residuals"));
    SYN_TRY(syn_alloc(&m->later, SYN_EDGE_CHUNK * N, sizeof *m->later, "residuals"));
    SYN_TRY(syn_alloc(&m->after, SYN_EDGE_CHUNK * N, sizeof *m->after, "residuals"));
    for (int k = 0; k < 2; k++)
        SYN_TRY(syn_alloc(&m->squares[k], SYN_EDGE_CHUNK * N, sizeof *m->squares[k], "residuals"));
    SYN_TRY(syn_alloc(&m->P, N * N, sizeof *m->P, "edges"));
    SYN_TRY(syn_alloc(&m->S, N * N, sizeof *m->S, "edges"));
    SYN_TRY(syn_alloc(&m->Q, N * N, sizeof *m->Q, "edges"));
    measure_sizes(m);
    return SYN_OK;
}

/* to[N] += by from[N] */
static void add(float *to, const float *from, int64_t N, float by) {
    for (int64_t i = 0; i < N; i++) to[i] += by * from[i];
}

/* sum[n][N] of rows first to last after each of n rows of value[rows][N]. Returns how many terms there are. */
static double sum_after(const float *value, int64_t rows, int64_t n, int64_t N, int64_t first, int64_t last,
                        float *sum) {
    double terms = 0;
    memset(sum, 0, (size_t)(n * N) * sizeof *sum);
    for (int64_t k = first; k <= last && k < rows; k++) add(sum, value + k * N, N, 1);
    for (int64_t t = 0; t < n; t++, first++, last++) {
        if (first < rows) terms += (double)((last < rows ? last : rows - 1) - first + 1);
        if (t + 1 == n) break;
        float *next = sum + (t + 1) * N;
        memcpy(next, next - N, (size_t)N * sizeof *next);
        if (first < rows) add(next, value + first * N, N, -1);
        if (last + 1 < rows) add(next, value + (last + 1) * N, N, 1);
    }
    return terms;
}

/* Sizes of the targets of a chunk and of those after it, `rows` in all. */
static void fill_sizes(measures *m, const syn_edge_chunk *chunk, int64_t rows) {
    const int64_t N = m->design->N;
    for (int64_t t = 0; t < rows; t++)
        for (int64_t i = 0; i < N; i++) {
            const double r = fabs((double)m->residual[(chunk->row + t) * N + i]);
            const double variance = m->square[i] - m->mean[i] * m->mean[i];
            const bool seen = variance > 0 && syn_edge_observed(m->design, chunk, t, i);
            m->size[t * N + i] = seen ? (float)((r - m->mean[i]) / sqrt(variance)) : 0.0f;
        }
}

/* to[N][N] += left[n][N]' right[n][N] */
static syn_status add_products(const syn_edge_design *d, int64_t n, const float *left, const float *right, float *to) {
    const int64_t N = d->N;
    return syn_gemm(d->kernels, d->threads, N, N, n, (syn_matrix){left, 1, N}, (syn_matrix){right, N, 1}, to, N, true);
}

/* A chunk, whose run has `rows` targets from its first on. */
static syn_status add_chunk(measures *m, const syn_edge_chunk *chunk, int64_t rows) {
    const syn_edge_design *d = m->design;
    const int64_t N = d->N, n = chunk->n;
    const float *r = m->residual + chunk->row * N;
    if (rows > n + m->last_lag) rows = n + m->last_lag;
    fill_sizes(m, chunk, rows);
    m->terms_P += sum_after(m->size, rows, n, N, m->first_lag, m->last_lag, m->later);
    m->terms_S += sum_after(r, rows, n, N, m->nearest, m->farthest, m->after);
    for (int64_t k = 0; k < n * N; k++) m->squares[0][k] = r[k] * r[k], m->squares[1][k] = m->after[k] * m->after[k];
    SYN_TRY(add_products(d, n, m->size, m->later, m->P));
    SYN_TRY(add_products(d, n, r, m->after, m->S));
    return add_products(d, n, m->squares[0], m->squares[1], m->Q);
}

static syn_status measure(measures *m) {
    const syn_edge_design *d = m->design;
    const int64_t N = d->N;
    int64_t stop = 0;
    for (int64_t c = 0; c < d->n_chunks; c++) {
        const syn_edge_chunk *chunk = &d->chunk[c];
        for (int64_t k = c; k < d->n_chunks && d->chunk[k].run == chunk->run; k++)
            stop = d->chunk[k].row + d->chunk[k].n;
        SYN_TRY(add_chunk(m, chunk, stop - chunk->row));
    }
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j <= i; j++)
            m->P[i * N + j] = m->P[j * N + i] = (m->P[i * N + j] + m->P[j * N + i]) / (float)(2 * fmax(m->terms_P, 1));
    for (int64_t k = 0; k < N * N; k++) {
        const double variance = fmax((double)m->Q[k], m->terms_S * m->square[k / N] * m->square[k % N]);
        m->S[k] = variance > 0 ? (float)((double)m->S[k] / sqrt(variance)) : 0.0f;
    }
    return SYN_OK;
}

/* ---- what S has of P ---- */

/* Values of the pairs that were tested, and their P. */
typedef struct sample {
    int64_t n;
    double knot[KNOTS];
    double *P, *y, *left, *weight, *space; /* [n]; left: what a fit leaves of y */
} sample;

static void sample_free(sample *s) { free(s->P), free(s->y), free(s->left), free(s->weight), free(s->space); }

/* What both directions of a pair show: the lesser of two values of one sign, else 0. */
static double both_ways(double a, double b) { return a * b <= 0 ? 0 : fabs(a) < fabs(b) ? a : b; }

/* Fills P, the knots, and y with what both directions of S show. */
static syn_status sample_create(sample *s, const measures *m, const syn_edge_estimates *edges) {
    const int64_t N = m->design->N, pairs = N * N;
    double **const list[] = {&s->P, &s->y, &s->left, &s->weight, &s->space};
    for (size_t k = 0; k < sizeof list / sizeof *list; k++)
        SYN_TRY(syn_alloc(list[k], (size_t)pairs, sizeof(double), "edges"));
    for (int64_t k = 0; k < pairs; k++)
        if (edges->error[k] > 0)
            s->P[s->n] = (double)m->P[k], s->y[s->n++] = both_ways((double)m->S[k], (double)m->S[k % N * N + k / N]);
    memcpy(s->space, s->P, (size_t)s->n * sizeof *s->P);
    syn_sort(s->space, s->n);
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

/* Weights by what is left: less for what is far off (Huber). Returns the spread of either direction, of which half of
 * the values are 0 and half of the others above 0.376 of it. */
static double weigh(sample *s) {
    for (int64_t k = 0; k < s->n; k++) s->space[k] = fabs(s->left[k]);
    syn_sort(s->space, s->n);
    const double spread = s->space[s->n - 1 - s->n / 4] / 0.3757;
    for (int64_t k = 0; k < s->n; k++)
        s->weight[k] = fabs(s->left[k]) > bulk * spread ? bulk * spread / fabs(s->left[k]) : 1;
    return spread;
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

/* Regression of y in which values far off weigh less. Returns whether y depends on P. */
static bool fit(sample *s, double by[COLUMNS]) {
    double moments[COLUMNS * COLUMNS], spread = 0;
    for (int64_t k = 0; k < s->n; k++) s->weight[k] = 1;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        const double before = spread;
        if (!solve(s, by, moments)) return false;
        for (int64_t k = 0; k < s->n; k++) s->left[k] = s->y[k] - by[0] - rise(s, by, s->P[k]);
        spread = weigh(s);
        if (fabs(spread - before) < settled * spread) break;
    }
    return explained(by, moments) > sure * spread * spread;
}

static double statistic(const syn_edge_estimates *edges, int64_t k) {
    return edges->error[k] > 0 ? (double)edges->estimate[k] / (double)edges->error[k] : 0;
}

/* The share of the curve that is in y: least squares beside a constant, in which values far off weigh less. curve: [n].
 */
static double share_of_curve(sample *s, const double *curve) {
    double share = 0;
    for (int64_t k = 0; k < s->n; k++) s->weight[k] = 1;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        double w = 0, x = 0, y = 0, xx = 0, xy = 0;
        for (int64_t k = 0; k < s->n; k++) {
            const double weight = s->weight[k];
            w += weight, x += weight * curve[k], y += weight * s->y[k];
            xx += weight * curve[k] * curve[k], xy += weight * curve[k] * s->y[k];
        }
        const double variance = xx - x * x / w;
        share = variance > 0 ? (xy - x * y / w) / variance : 0;
        for (int64_t k = 0; k < s->n; k++) s->left[k] = s->y[k] - y / w - share * (curve[k] - x / w);
        weigh(s);
    }
    return fmax(share, 0);
}

/* Takes `share` of the curve `by` off. */
static void take_off(const sample *s, const double by[COLUMNS], double share, const float *P, int64_t pairs,
                     syn_edge_estimates *edges) {
    double square = 0, n = 0;
    for (int64_t k = 0; k < pairs; k++) {
        if (!(edges->error[k] > 0)) continue;
        const double common = share * rise(s, by, (double)P[k]);
        const float part = (float)common * edges->error[k];
        edges->estimate[k] -= part, edges->half[0][k] -= part, edges->half[1][k] -= part;
        edges->error[k] *= (float)sqrt(1 + common * common);
        square += common * common, n++;
    }
    edges->coactivity = sqrt(square / n);
}

syn_status syn_edge_remove_coactivity(const syn_edge_design *d, const float *residual, syn_edge_estimates *edges) {
    const int64_t window = d->window, pairs = d->N * d->N;
    measures m = {.design = d,
                  .residual = residual,
                  .first_lag = FIRST_LAG * window,
                  .last_lag = LAST_LAG * window,
                  .nearest = NEAREST * window,
                  .farthest = FARTHEST * window};
    double by[COLUMNS], *curve = NULL;
    sample s = {0};
    syn_status status;
    SYN_CHECK(measures_create(&m));
    SYN_CHECK(measure(&m));
    SYN_CHECK(sample_create(&s, &m, edges));
    if (s.n < FEWEST_PAIRS || !fit(&s, by)) goto done;
    SYN_CHECK(syn_alloc(&curve, (size_t)s.n, sizeof *curve, "edges"));
    for (int64_t k = 0; k < s.n; k++) curve[k] = rise(&s, by, s.P[k]);
    for (int64_t k = 0, n = 0; k < pairs; k++)
        if (edges->error[k] > 0)
            s.y[n++] = both_ways(statistic(edges, k), statistic(edges, k % d->N * d->N + k / d->N));
    const double share = share_of_curve(&s, curve);
    take_off(&s, by, share, m.P, pairs, edges);
done:
    measures_free(&m), sample_free(&s), free(curve);
    return status;
}
