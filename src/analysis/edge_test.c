#include "analysis/edge_test.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "analysis/edge_autocovariance.h"
#include "analysis/edge_coactivity.h"
#include "analysis/edge_null.h"
#include "analysis/edge_residuals.h"
#include "analysis/edge_traces.h"
#include "base/lapack.h"
#include "base/memory.h"

/* Senders worked on at a time. */
enum { LANES = SYN_EDGE_LANES };
/* V is at least this share of its lag 0: what is left when its lags cancel is estimated badly. */
static const double least_share = 0.25;

typedef struct edge_test {
    syn_edge_design design;
    bool estimated;   /* only errors are still wanted */
    float *residual;  /* [T][N], later less its regression on senders and nuisance columns */
    double *observed; /* [N] targets observed */
    int lags;
    double *gamma_r;               /* [lags + 1][N] */
    const float *C;                /* [N][N] */
    const syn_edge_events *events; /* or NULL: senders are activity */
    const syn_edge_watch *watch;   /* or NULL */

    syn_edge_estimates *out;
} edge_test;

/* ---- residuals ---- */

typedef struct residual_columns {
    const edge_test *test;
    int64_t first;
} residual_columns;

/* Columns [first, first + LANES) of the residuals; zero beyond the last. */
static syn_status gather(void *user, const syn_edge_chunk *c, float *to) {
    const residual_columns *from = user;
    const int64_t N = from->test->design.N, first = from->first, valid = N - first < LANES ? N - first : LANES;
    const float *residual = from->test->residual + c->row * N + first;
    for (int64_t t = 0; t < c->n; t++)
        for (int64_t l = 0; l < LANES; l++) to[t * LANES + l] = l < valid ? residual[t * N + l] : 0.0f;
    return SYN_OK;
}

static syn_status residual_autocovariance(edge_test *e) {
    const int64_t N = e->design.N, blocks = (N + LANES - 1) / LANES;
    syn_status failed = SYN_OK;
    SYN_TRY(syn_alloc(&e->gamma_r, (size_t)(e->lags + 1) * (size_t)N, sizeof *e->gamma_r, "autocovariance"));
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->design.threads)
    for (int64_t b = 0; b < blocks; b++) {
        residual_columns columns = {e, b * LANES};
        double *gamma = NULL;
        syn_status status;
        SYN_CHECK(syn_alloc(&gamma, (size_t)(e->lags + 1) * LANES, sizeof *gamma, "autocovariance"));
        SYN_CHECK(syn_edge_autocovariance(&e->design, e->lags, gather, &columns, gamma));
        for (int s = 0; s <= e->lags; s++)
            for (int64_t l = 0; l < LANES && b * LANES + l < N; l++)
                e->gamma_r[s * N + b * LANES + l] = gamma[s * LANES + l];
    done:
        free(gamma);
        if (status != SYN_OK)
#pragma omp atomic write
            failed = status;
    }
    return failed == SYN_OK ? SYN_OK : syn_fail(failed, "could not allocate autocovariances");
}

/* ---- senders ---- */

/* One thread's block of senders. */
typedef struct sender_block {
    const edge_test *test;
    int64_t first, valid;
    float *q;                     /* [CHUNK][Q] */
    float *left, *right, *result; /* [CHUNK][N], [CHUNK][LANES], [N][LANES] */
    double *square;               /* [N][LANES] sum of r^2 x~^2 */
    double *size[2];              /* [N][LANES] D of each half */
    double *gamma;                /* [lags + 1][LANES] */
} sender_block;

static void sender_block_free(sender_block *b) {
    free(b->q), free(b->left), free(b->right), free(b->result), free(b->square), free(b->size[0]);
    free(b->size[1]), free(b->gamma);
}

static syn_status sender_block_create(const edge_test *e, sender_block *b) {
    const size_t N = (size_t)e->design.N;
    SYN_TRY(syn_alloc(&b->q, SYN_EDGE_CHUNK * (size_t)e->design.Q, sizeof *b->q, "senders"));
    SYN_TRY(syn_alloc(&b->left, SYN_EDGE_CHUNK * N, sizeof *b->left, "senders"));
    SYN_TRY(syn_alloc(&b->right, SYN_EDGE_CHUNK * LANES, sizeof *b->right, "senders"));
    SYN_TRY(syn_alloc(&b->result, N * LANES, sizeof *b->result, "senders"));
    SYN_TRY(syn_alloc(&b->square, N * LANES, sizeof *b->square, "senders"));
    for (int half = 0; half < 2; half++)
        SYN_TRY(syn_alloc(&b->size[half], N * LANES, sizeof *b->size[half], "senders"));
    return syn_alloc(&b->gamma, (size_t)(e->lags + 1) * LANES, sizeof *b->gamma, "senders");
}

/* x~[n][LANES] of the block's senders over one chunk. */
static syn_status project(const edge_test *e, const syn_edge_chunk *c, sender_block *b, float *x) {
    const syn_edge_design *d = &e->design;
    const int64_t N = d->N, Q = d->Q;
    memset(x, 0, (size_t)(c->n * LANES) * sizeof *x);
    syn_edge_nuisance(d, c, b->q);
    for (int64_t k = 0; k < c->n * Q; k++) b->q[k] = -b->q[k];
    SYN_TRY(syn_gemm(d->kernels, 1, c->n, b->valid, N, (syn_matrix){syn_edge_senders(d, c), N, 1},
                     (syn_matrix){d->G + b->first, N, 1}, x, LANES, false));
    return syn_gemm(d->kernels, 1, c->n, b->valid, Q, (syn_matrix){b->q, Q, 1}, (syn_matrix){d->BG + b->first, N, 1}, x,
                    LANES, true);
}

/* sum[N][LANES] += left[n][N]' right[n][LANES] */
static syn_status add_sums(const edge_test *e, int64_t n, sender_block *b, double *sum) {
    const int64_t N = e->design.N;
    SYN_TRY(syn_gemm(e->design.kernels, 1, N, LANES, n, (syn_matrix){b->left, 1, N}, (syn_matrix){b->right, LANES, 1},
                     b->result, LANES, false));
    for (int64_t k = 0; k < N * LANES; k++) sum[k] += (double)b->result[k];
    return SYN_OK;
}

/* D of one chunk from its x~. Without a mask it is the same for all receivers. */
static syn_status add_size(const edge_test *e, const syn_edge_chunk *c, sender_block *b, const float *x_left) {
    const int64_t N = e->design.N;
    const float *x = syn_edge_senders(&e->design, c);
    double *size = b->size[c->half];
    memset(b->right, 0, (size_t)(c->n * LANES) * sizeof *b->right);
    for (int64_t t = 0; t < c->n; t++)
        for (int64_t l = 0; l < b->valid; l++)
            b->right[t * LANES + l] = x_left[t * LANES + l] * x[t * N + b->first + l];
    if (e->design.session->mask) {
        for (int64_t t = 0; t < c->n; t++)
            for (int64_t i = 0; i < N; i++) b->left[t * N + i] = syn_edge_observed(&e->design, c, t, i) ? 1.0f : 0.0f;
        return add_sums(e, c->n, b, size);
    }
    for (int l = 0; l < LANES; l++) {
        double sum = 0;
        for (int64_t t = 0; t < c->n; t++) sum += (double)b->right[t * LANES + l];
        for (int64_t i = 0; i < N; i++) size[i * LANES + l] += sum;
    }
    return SYN_OK;
}

static syn_status add_squares(const edge_test *e, const syn_edge_chunk *c, sender_block *b, const float *x) {
    const float *r = e->residual + c->row * e->design.N;
    for (int64_t k = 0; k < c->n * e->design.N; k++) b->left[k] = r[k] * r[k];
    for (int64_t k = 0; k < c->n * LANES; k++) b->right[k] = x[k] * x[k];
    return add_sums(e, c->n, b, b->square);
}

/* 1 up to half of the lags, then down to 0. */
static double taper(int s, int lags) { return 2 * s <= lags ? 1 : 2.0 * (double)(lags + 1 - s) / (double)(lags + 2); }

/* V_ij of receiver i and lane l. */
static double variance(const edge_test *e, const sender_block *b, int64_t i, int64_t l) {
    const int64_t N = e->design.N;
    const double T = (double)e->design.T;
    double first = e->gamma_r[i] * b->gamma[l] / T, others = 0;
    for (int s = 1; s <= e->lags; s++)
        others += 2 * taper(s, e->lags) * e->gamma_r[s * N + i] * b->gamma[s * LANES + l] / T;
    first = fmax(first, b->square[i * LANES + l]);
    /* the residuals were fitted to as many parameters */
    return T / (T - e->design.parameters) * fmax(first + others, least_share * first);
}

/* Whether j and i share too much of their light. */
static bool overlap(const edge_test *e, int64_t i, int64_t j) {
    const int64_t N = e->design.N;
    if (!e->events || i == j) return false;
    return fmax(e->events->largest_share[i * N + j], e->events->largest_share[j * N + i]) > syn_edge_most_shared;
}

static void fill_estimates(edge_test *e, const sender_block *b) {
    const syn_edge_design *d = &e->design;
    const int64_t N = d->N;
    for (int64_t i = 0; i < N; i++)
        for (int64_t l = 0; l < b->valid; l++) {
            const int64_t j = b->first + l, k = i * N + j;
            const double size[2] = {b->size[0][i * LANES + l], b->size[1][i * LANES + l]};
            const double all = size[0] + size[1], V = variance(e, b, i, l);
            const bool known = all > 0 && V > 0 && !overlap(e, i, j);
            e->out->error[k] = known && i != j ? (float)(sqrt(V) / all) : 0;
            if (e->estimated) continue;
            e->out->estimate[k] = e->out->half[0][k] = e->out->half[1][k] = e->C[k];
            if (!known) continue;
            e->out->estimate[k] = (float)((double)e->C[k] + (d->score[0][k] + d->score[1][k]) / all);
            for (int half = 0; half < 2; half++)
                if (size[half] > 0.05 * all)
                    e->out->half[half][k] = (float)((double)e->C[k] + d->score[half][k] / size[half]);
        }
}

static syn_status add_chunk(void *user, const syn_edge_chunk *c, float *x) {
    sender_block *b = user;
    const edge_test *e = b->test;
    SYN_TRY(project(e, c, b, x));
    SYN_TRY(add_size(e, c, b, x));
    return add_squares(e, c, b, x);
}

static syn_status test_block(edge_test *e, int64_t block) {
    sender_block b = {.test = e, .first = block * LANES};
    b.valid = e->design.N - b.first < LANES ? e->design.N - b.first : LANES;
    syn_status status;
    SYN_CHECK(sender_block_create(e, &b));
    SYN_CHECK(syn_edge_autocovariance(&e->design, e->lags, add_chunk, &b, b.gamma));
    fill_estimates(e, &b);
done:
    sender_block_free(&b);
    return status;
}

static syn_status ask(const edge_test *e) {
    if (!e->watch || e->watch->keep_going(e->watch->user)) return SYN_OK;
    return syn_fail(SYN_ERR_INTERRUPTED, "stopped on request");
}

static syn_status test_senders(edge_test *e) {
    const int64_t blocks = (e->design.N + LANES - 1) / LANES;
    syn_status failed = SYN_OK;
    SYN_TRY(ask(e)); /* other threads may take all blocks */
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->design.threads)
    for (int64_t b = 0; b < blocks; b++) {
        syn_status status, so_far;
#pragma omp atomic read
        so_far = failed;
        if (so_far != SYN_OK) continue;
        status = omp_get_thread_num() == 0 ? ask(e) : SYN_OK;
        if (status == SYN_OK) status = test_block(e, b);
        if (status != SYN_OK)
#pragma omp atomic write
            failed = status;
    }
    if (failed == SYN_ERR_INTERRUPTED) return syn_fail(failed, "stopped on request");
    return failed == SYN_OK ? SYN_OK : syn_fail(failed, "could not allocate what testing the edges takes");
}

/* ---- all of it ---- */

/* Correlation of the estimates of the two halves, over all pairs. */
static void compare_halves(edge_test *e) {
    syn_edge_estimates *out = e->out;
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0, n = 0;
    for (int64_t k = 0; k < e->design.N * e->design.N; k++) {
        const double x = (double)e->out->half[0][k], y = (double)e->out->half[1][k];
        if (!(out->error[k] > 0)) continue;
        a += x, b += y, aa += x * x, bb += y * y, ab += x * y, n++;
    }
    const double scale = (aa - a * a / n) * (bb - b * b / n);
    out->correlation_of_halves = n > 2 && scale > 0 ? (ab - a * b / n) / sqrt(scale) : 0;
}

static syn_status multiply_in_place(const edge_test *e, const float *rest, float *estimate, float *space) {
    const int64_t N = e->design.N;
    SYN_TRY(syn_gemm(e->design.kernels, e->design.threads, N, N, N, (syn_matrix){rest, N, 1},
                     (syn_matrix){estimate, N, 1}, space, N, false));
    memcpy(estimate, space, (size_t)(N * N) * sizeof *estimate);
    return SYN_OK;
}

/* An effect of j on k in the next frame, and of k on i within that frame, would be an edge j -> i. So a residual is
 * cleared of what its senders did in the same frame; of the surest alone, as each adds the noise of its regression. */
static syn_status explain_within_frame(edge_test *e) {
    const size_t pairs = (size_t)(e->design.N * e->design.N);
    bool *found = NULL;
    float *rest = NULL, *space = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&found, pairs, sizeof *found, "edges"));
    SYN_CHECK(syn_alloc(&rest, pairs, sizeof *rest, "edges"));
    SYN_CHECK(syn_alloc(&space, pairs, sizeof *space, "edges"));
    SYN_CHECK(syn_edge_null_find_surest(e->out, e->design.N, found));
    SYN_CHECK(syn_edge_residuals_explain(&e->design, found, e->residual, rest));
    SYN_CHECK(multiply_in_place(e, rest, e->out->estimate, space));
    for (int half = 0; half < 2; half++) SYN_CHECK(multiply_in_place(e, rest, e->out->half[half], space));
    e->estimated = true;
    free(e->gamma_r), e->gamma_r = NULL;
    SYN_CHECK(residual_autocovariance(e));
    SYN_CHECK(test_senders(e));
done:
    free(found), free(rest), free(space);
    return status;
}

/* From events of variance 1 to those in z-scored activity. */
static void restore_units(edge_test *e) {
    const int64_t N = e->design.N;
    const float *unit = e->events->unit;
    for (int64_t k = 0; k < N * N; k++) {
        const float factor = unit[k % N] > 0 ? unit[k / N] / unit[k % N] : 0.0f;
        e->out->estimate[k] *= factor, e->out->error[k] *= factor;
        e->out->half[0][k] *= factor, e->out->half[1][k] *= factor;
    }
}

/* A neuron's own past is no edge, and nothing is known of cells that overlap. */
static void clear_untested(edge_test *e) {
    const int64_t N = e->design.N;
    for (int64_t k = 0; k < N * N; k++) {
        const bool overlapping = overlap(e, k / N, k % N);
        e->out->overlapping += overlapping;
        if (overlapping || k % (N + 1) == 0) e->out->estimate[k] = e->out->half[0][k] = e->out->half[1][k] = 0;
    }
}

/* What the senders and nuisance columns say is taken off the residual. */
static syn_status regress(edge_test *e) {
    syn_edge_design *d = &e->design;
    SYN_TRY(syn_alloc(&e->observed, (size_t)d->N, sizeof *e->observed, "edges"));
    for (int64_t c = 0; c < d->n_chunks; c++)
        for (int64_t t = 0; t < d->chunk[c].n; t++)
            for (int64_t i = 0; i < d->N; i++) e->observed[i] += syn_edge_observed(d, &d->chunk[c], t, i);
    SYN_TRY(syn_edge_design_solve(d, e->residual, e->observed));
    return syn_edge_residuals_clean(d, e->residual);
}

static syn_status run_test(edge_test *e) {
    syn_edge_design *d = &e->design;
    syn_edge_estimates *out = e->out;
    out->freedom = out->inflation = 1;
    if (!syn_edge_design_has_room(d)) return SYN_OK; /* no error: nothing was tested */
    SYN_TRY(regress(e));
    out->freedom = (double)d->T - d->parameters;
    SYN_TRY(
        syn_edge_residuals_correlate(d, e->residual, &out->residual_correlation, &out->residual_correlation_by_chance));
    e->lags = syn_edge_choose_lags(d);
    out->lags = e->lags;
    SYN_TRY(residual_autocovariance(e));
    SYN_TRY(test_senders(e));
    SYN_TRY(explain_within_frame(e));
    SYN_TRY(syn_edge_remove_coactivity(d, e->residual, out));
    SYN_TRY(syn_edge_remove_traces(d, e->events, out));
    if (e->events) restore_units(e);
    clear_untested(e);
    SYN_TRY(syn_edge_null_inflate(out, d->N));
    compare_halves(e);
    return SYN_OK;
}

syn_status syn_test_residuals(const syn_session *session, syn_edge_bins bins, const syn_edge_events *events,
                              float *residual, const float *C, const syn_kernels *kernels, int threads,
                              const syn_edge_watch *watch, syn_edge_estimates **out) {
    edge_test e = {.residual = residual, .C = C, .events = events, .watch = watch};
    const size_t pairs = (size_t)(session->N * session->N);
    syn_status status;
    SYN_CHECK(syn_alloc(out, 1, sizeof **out, "edges"));
    e.out = *out;
    SYN_CHECK(syn_alloc(&e.out->estimate, pairs, sizeof(float), "edges"));
    SYN_CHECK(syn_alloc(&e.out->error, pairs, sizeof(float), "edges"));
    for (int half = 0; half < 2; half++) SYN_CHECK(syn_alloc(&e.out->half[half], pairs, sizeof(float), "edges"));
    SYN_CHECK(syn_edge_design_create(&e.design, session, bins, kernels, threads));
    syn_blas_begin();
    status = run_test(&e);
    syn_blas_end();
    if (status == SYN_OK && events)
        e.out->of_events = true, e.out->decay = events->decay, e.out->crosstalk = events->crosstalk;
done:
    syn_edge_design_free(&e.design);
    free(e.observed), free(e.gamma_r);
    if (status != SYN_OK) syn_edge_estimates_free(*out), *out = NULL;
    return status;
}

syn_status syn_correlate_residuals(const syn_session *session, syn_edge_bins bins, float *residual,
                                   const syn_kernels *kernels, int threads, double *correlation, double *by_chance) {
    edge_test e = {.residual = residual};
    syn_status status;
    *correlation = *by_chance = 0;
    SYN_CHECK(syn_edge_design_create(&e.design, session, bins, kernels, threads));
    if (!syn_edge_design_has_room(&e.design)) goto done;
    syn_blas_begin();
    status = regress(&e);
    if (status == SYN_OK) status = syn_edge_residuals_correlate(&e.design, residual, correlation, by_chance);
    syn_blas_end();
done:
    syn_edge_design_free(&e.design);
    free(e.observed);
    return status;
}
