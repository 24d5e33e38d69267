#include "analysis/edge_test.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "analysis/fdr.h"
#include "base/lapack.h"
#include "base/memory.h"

/* Senders worked on at a time; the longest lag of V, and the shortest that is still worth a sum. */
enum { LANES = 64, MOST_LAGS = 1024, FEWEST_LAGS = 8 };
/* An autocorrelation below this counts as over. */
static const double faded = 0.1;
/* V is at least this share of its lag 0: what is left when its lags cancel is estimated badly. */
static const double least_share = 0.25;
/* Chunks from which the correlation of residuals is measured. */
enum { CORRELATION_CHUNKS = 40 };
/* The false discovery rate at which edges explain what happens within a frame, and fewest pairs for the share of an
 * edge that appears the other way round. */
static const double explaining = 0.1;
enum { FEWEST_PAIRS = 10 };
/* Rounds in which edges are found and their traces over third neurons taken off; standard errors from which on a trace
 * counts. */
enum { PATH_ROUNDS = 2 };
static const double sure = 3;
/* Spread of the bulk of the statistics from which on it is made of edges, and none of its pairs shows what a trace is.
 */
static const double crowded = 1.5;

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

static bool target_observed(const edge_test *e, const syn_edge_chunk *c, int64_t t, int64_t i) {
    return syn_session_observed(e->design.session, c->frame + t, i);
}

/* ---- autocovariance ---- */

/* LANES columns of rows that come chunk by chunk: a chunk, those of its run that a lag reaches, and the rest of their
 * last chunk. */
typedef struct row_window {
    float *x;      /* [SYN_EDGE_CHUNK + lags + SYN_EDGE_CHUNK][LANES] */
    int64_t first; /* row that x starts with */
    int64_t stop;  /* first row that is not there yet */
    int64_t next;  /* chunk that brings it */
} row_window;

/* Writes the rows of a chunk into to[n][LANES]. */
typedef syn_status (*fill_rows)(const edge_test *e, const syn_edge_chunk *chunk, void *user, float *to);

static syn_status row_window_create(row_window *w, int lags) {
    *w = (row_window){0};
    return syn_alloc(&w->x, (size_t)(2 * SYN_EDGE_CHUNK + lags) * LANES, sizeof *w->x, "autocovariance");
}

/* Lets the window hold rows [first, stop), of which the first is that of a chunk. */
static syn_status row_window_move(row_window *w, const edge_test *e, int64_t first, int64_t stop, fill_rows fill,
                                  void *user) {
    if (w->stop > first)
        memmove(w->x, w->x + (first - w->first) * LANES, (size_t)((w->stop - first) * LANES) * sizeof *w->x);
    w->first = first;
    for (; w->stop < stop; w->next++) {
        const syn_edge_chunk *chunk = &e->design.chunk[w->next];
        SYN_TRY(fill(e, chunk, user, w->x + (chunk->row - first) * LANES));
        w->stop = chunk->row + chunk->n;
    }
    return SYN_OK;
}

/* sum over t of x_j[t] x_j[t + s] over rows of one run, which fill() gives in order: gamma[e->lags + 1][LANES]. */
static syn_status autocovariance(const edge_test *e, fill_rows fill, void *user, double *gamma) {
    const syn_edge_design *d = &e->design;
    const int lags = e->lags;
    row_window w;
    syn_status status;
    memset(gamma, 0, (size_t)(lags + 1) * LANES * sizeof *gamma);
    SYN_CHECK(row_window_create(&w, lags));
    for (int64_t c = 0, last = 0; c < d->n_chunks; c++) {
        const syn_edge_chunk *chunk = &d->chunk[c];
        for (last = c; last + 1 < d->n_chunks && d->chunk[last + 1].run == chunk->run;) last++;
        const int64_t stop = d->chunk[last].row + d->chunk[last].n - chunk->row;
        SYN_CHECK(row_window_move(&w, e, chunk->row, chunk->row + (chunk->n + lags < stop ? chunk->n + lags : stop),
                                  fill, user));
        for (int s = 0; s <= lags && s < stop; s++) {
            float sum[LANES] = {0};
            const int64_t until = chunk->n < stop - s ? chunk->n : stop - s;
            for (int64_t t = 0; t < until; t++)
                for (int l = 0; l < LANES; l++) sum[l] += w.x[t * LANES + l] * w.x[(t + s) * LANES + l];
            for (int l = 0; l < LANES; l++) gamma[s * LANES + l] += (double)sum[l];
        }
    }
done:
    free(w.x);
    return status;
}

/* Columns [*first, *first + LANES) of the residuals; zero beyond the last. */
static syn_status gather(const edge_test *e, const syn_edge_chunk *c, void *user, float *to) {
    const int64_t N = e->design.N, first = *(const int64_t *)user, valid = N - first < LANES ? N - first : LANES;
    const float *residual = e->residual + c->row * N + first;
    for (int64_t t = 0; t < c->n; t++)
        for (int64_t l = 0; l < LANES; l++) to[t * LANES + l] = l < valid ? residual[t * N + l] : 0.0f;
    return SYN_OK;
}

/* Lags of V: three times the doubling lag at which the senders' mean autocorrelation has faded. */
static int choose_lags(const syn_edge_design *d) {
    const int64_t N = d->N, most = d->longest_run - 1 < MOST_LAGS ? d->longest_run - 1 : MOST_LAGS;
    const float *x = d->session->x;
    int64_t lag = FEWEST_LAGS / 2;
    for (; lag < most; lag *= 2) {
        double product = 0, square = 0;
        for (int64_t c = 0; c < d->n_chunks; c++)
            for (int64_t t = d->chunk[c].frame - 1; t + lag < d->chunk[c].frame - 1 + d->chunk[c].n; t++)
                for (int64_t j = 0; j < N; j++) {
                    product += (double)x[t * N + j] * (double)x[(t + lag) * N + j];
                    square += (double)x[t * N + j] * (double)x[t * N + j];
                }
        if (!(fabs(product) > faded * square)) break;
    }
    lag *= 3;
    const int64_t short_runs = d->T / 4 > 1 ? d->T / 4 : 1;
    lag = lag < most ? lag : most;
    return (int)(lag < short_runs ? lag : short_runs);
}

/* 1 up to half of the lags, then down to 0. */
static double taper(int s, int lags) { return 2 * s <= lags ? 1 : 2.0 * (double)(lags + 1 - s) / (double)(lags + 2); }

static syn_status residual_autocovariance(edge_test *e) {
    const int64_t N = e->design.N, blocks = (N + LANES - 1) / LANES;
    syn_status failed = SYN_OK;
    SYN_TRY(syn_alloc(&e->gamma_r, (size_t)(e->lags + 1) * (size_t)N, sizeof *e->gamma_r, "autocovariance"));
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->design.threads)
    for (int64_t b = 0; b < blocks; b++) {
        int64_t first = b * LANES;
        double *gamma = NULL;
        syn_status status;
        SYN_CHECK(syn_alloc(&gamma, (size_t)(e->lags + 1) * LANES, sizeof *gamma, "autocovariance"));
        SYN_CHECK(autocovariance(e, gather, &first, gamma));
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

/* ---- residuals ---- */

/* residual -= x delta' + q gamma', where the target was observed. */
static syn_status clean_residuals(edge_test *e) {
    const syn_edge_design *d = &e->design;
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
        float *r = e->residual + chunk->row * N;
        for (int64_t t = 0; t < chunk->n; t++)
            for (int64_t i = 0; i < N; i++)
                if (target_observed(e, chunk, t, i)) r[t * N + i] -= fit[t * N + i];
    }
done:
    free(fit), free(q);
    return status;
}

/* rr[N][N] = mean of r_i r_j over the targets of which both were observed, of every `every`-th chunk; joint[N][N]: how
 * many they are. */
static syn_status measure_rr(const edge_test *e, int64_t every, double *rr, double *joint) {
    const syn_edge_design *d = &e->design;
    const int64_t N = d->N;
    float *seen = NULL, *product = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&product, (size_t)(N * N), sizeof *product, "residuals"));
    SYN_CHECK(syn_alloc(&seen, (size_t)(SYN_EDGE_CHUNK * N), sizeof *seen, "residuals"));
    for (int64_t c = 0; c < d->n_chunks; c += every) {
        const int64_t n = d->chunk[c].n;
        const float *r = e->residual + d->chunk[c].row * N;
        SYN_CHECK(
            syn_gemm(d->kernels, d->threads, N, N, n, (syn_matrix){r, 1, N}, (syn_matrix){r, N, 1}, product, N, false));
        for (int64_t k = 0; k < N * N; k++) rr[k] += (double)product[k];
        for (int64_t k = 0; k < N * N && !d->session->mask; k++) joint[k] += (double)n;
        if (!d->session->mask) continue;
        for (int64_t t = 0; t < n; t++)
            for (int64_t i = 0; i < N; i++) seen[t * N + i] = target_observed(e, &d->chunk[c], t, i) ? 1.0f : 0.0f;
        SYN_CHECK(syn_gemm(d->kernels, d->threads, N, N, n, (syn_matrix){seen, 1, N}, (syn_matrix){seen, N, 1}, product,
                           N, false));
        for (int64_t k = 0; k < N * N; k++) joint[k] += (double)product[k];
    }
    for (int64_t k = 0; k < N * N; k++) rr[k] /= fmax(joint[k], 1);
done:
    free(seen), free(product);
    return status;
}

/* Root mean square correlation of the residuals of two neurons in the same frame, and what chance alone would give. */
static syn_status correlate_residuals(edge_test *e) {
    const syn_edge_design *d = &e->design;
    const int64_t N = d->N, every = d->n_chunks > CORRELATION_CHUNKS ? d->n_chunks / CORRELATION_CHUNKS : 1;
    double *rr = NULL, *joint = NULL, square = 0, chance = 0, pairs = 0;
    syn_status status;
    SYN_CHECK(syn_alloc(&rr, (size_t)(N * N), sizeof *rr, "residuals"));
    SYN_CHECK(syn_alloc(&joint, (size_t)(N * N), sizeof *joint, "residuals"));
    SYN_CHECK(measure_rr(e, every, rr, joint));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < i; j++) {
            const double scale = rr[i * N + i] * rr[j * N + j], n = joint[i * N + j];
            if (!(scale > 0 && n > 0)) continue;
            square += rr[i * N + j] * rr[i * N + j] / scale, chance += 1 / fmax(n - d->parameters, 1), pairs++;
        }
    e->out->residual_correlation = sqrt(square / fmax(pairs, 1));
    e->out->residual_correlation_by_chance = sqrt(chance / fmax(pairs, 1));
done:
    free(rr), free(joint);
    return status;
}

/* ---- senders ---- */

/* One thread's block of senders. */
typedef struct sender_block {
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
            for (int64_t i = 0; i < N; i++) b->left[t * N + i] = target_observed(e, c, t, i) ? 1.0f : 0.0f;
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

static syn_status add_chunk(const edge_test *e, const syn_edge_chunk *c, void *user, float *x) {
    sender_block *b = user;
    SYN_TRY(project(e, c, b, x));
    SYN_TRY(add_size(e, c, b, x));
    return add_squares(e, c, b, x);
}

static syn_status test_block(edge_test *e, int64_t block) {
    sender_block b = {.first = block * LANES};
    b.valid = e->design.N - b.first < LANES ? e->design.N - b.first : LANES;
    syn_status status;
    SYN_CHECK(sender_block_create(e, &b));
    SYN_CHECK(autocovariance(e, add_chunk, &b, b.gamma));
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

/* Correlation of the estimates of the two halves, and how many edges both of them find. */
static syn_status compare_halves(edge_test *e) {
    const int64_t N = e->design.N;
    syn_edge_estimates *out = e->out;
    double *p = NULL, *q[2] = {NULL, NULL}, a = 0, b = 0, aa = 0, bb = 0, ab = 0, n = 0;
    syn_status status;
    SYN_CHECK(syn_alloc(&p, (size_t)(N * N), sizeof *p, "halves"));
    for (int half = 0; half < 2; half++) {
        SYN_CHECK(syn_alloc(&q[half], (size_t)(N * N), sizeof *p, "halves"));
        for (int64_t k = 0; k < N * N; k++) {
            const double error = (double)out->error[k] * sqrt(2);
            p[k] = !(error > 0) ? NAN : syn_two_sided_p((double)e->out->half[half][k] / error, out->freedom / 2);
        }
        SYN_CHECK(syn_false_discovery(p, N * N, false, q[half]));
    }
    for (int64_t k = 0; k < N * N; k++) {
        const double x = (double)e->out->half[0][k], y = (double)e->out->half[1][k];
        if (!(out->error[k] > 0)) continue;
        a += x, b += y, aa += x * x, bb += y * y, ab += x * y, n++;
        out->found_in_half[0] += q[0][k] <= 0.1, out->found_in_half[1] += q[1][k] <= 0.1;
        out->found_in_both += q[0][k] <= 0.1 && q[1][k] <= 0.1 && x * y > 0;
    }
    const double scale = (aa - a * a / n) * (bb - b * b / n);
    out->correlation_of_halves = n > 2 && scale > 0 ? (ab - a * b / n) / sqrt(scale) : 0;
done:
    free(p), free(q[0]), free(q[1]);
    return status;
}

/* Where statistics spread wider than their standard errors say, small effects of what the model leaves out are
 * everywhere, and an edge has to stand out from these. */
static syn_status inflate_errors(edge_test *e) {
    const int64_t pairs = e->design.N * e->design.N;
    double *z;
    int64_t n = 0;
    SYN_TRY(syn_alloc(&z, (size_t)pairs, sizeof *z, "edges"));
    for (int64_t k = 0; k < pairs; k++)
        if (e->out->error[k] > 0) z[n++] = (double)e->out->estimate[k] / (double)e->out->error[k];
    const syn_status status = syn_empirical_null(z, n, &e->out->inflation);
    e->out->inflation = fmax(e->out->inflation, 1);
    for (int64_t k = 0; k < pairs; k++) e->out->error[k] *= (float)e->out->inflation;
    free(z);
    return status;
}

/* ---- what happens within a frame ---- */

/* Edges at a false discovery rate that has to be passed by what stands out from the bulk: found[N][N]. bulk: its
 * spread, or NULL. */
static syn_status find_edges(const edge_test *e, bool *found, double *bulk) {
    const int64_t pairs = e->design.N * e->design.N;
    double *z = NULL, *p = NULL, *q = NULL, spread;
    int64_t n = 0;
    syn_status status;
    SYN_CHECK(syn_alloc(&z, (size_t)pairs, sizeof *z, "edges"));
    SYN_CHECK(syn_alloc(&p, (size_t)pairs, sizeof *p, "edges"));
    SYN_CHECK(syn_alloc(&q, (size_t)pairs, sizeof *q, "edges"));
    for (int64_t k = 0; k < pairs; k++)
        if (e->out->error[k] > 0) z[n++] = (double)e->out->estimate[k] / (double)e->out->error[k];
    SYN_CHECK(syn_empirical_null(z, n, &spread));
    for (int64_t k = 0; k < pairs; k++) {
        const double error = (double)e->out->error[k] * fmax(spread, 1),
                     freedom = (double)e->design.T - e->design.parameters;
        p[k] = error > 0 ? syn_two_sided_p((double)e->out->estimate[k] / error, freedom) : NAN;
    }
    SYN_CHECK(syn_false_discovery(p, pairs, false, q));
    for (int64_t k = 0; k < pairs; k++) found[k] = q[k] <= explaining;
    if (bulk) *bulk = spread;
done:
    free(z), free(p), free(q);
    return status;
}

/* rest[N][N] = 1 less the regression of every residual on those of its senders in the same frame. */
static syn_status regress_within_frame(const edge_test *e, const bool *found, float *rest) {
    const syn_edge_design *d = &e->design;
    const int64_t N = d->N;
    double *rr = NULL, *joint = NULL, *A = NULL, *b = NULL;
    int64_t *sender = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&rr, (size_t)(N * N), sizeof *rr, "residuals"));
    SYN_CHECK(syn_alloc(&joint, (size_t)(N * N), sizeof *joint, "residuals"));
    SYN_CHECK(syn_alloc(&A, (size_t)(N * N), sizeof *A, "residuals"));
    SYN_CHECK(syn_alloc(&b, (size_t)N, sizeof *b, "residuals"));
    SYN_CHECK(syn_alloc(&sender, (size_t)N, sizeof *sender, "residuals"));
    SYN_CHECK(measure_rr(e, 1, rr, joint));
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
static syn_status replace_residuals(const edge_test *e, const float *rest) {
    const syn_edge_design *d = &e->design;
    const int64_t N = d->N;
    float *replaced;
    syn_status status;
    SYN_CHECK(syn_alloc(&replaced, (size_t)(SYN_EDGE_CHUNK * N), sizeof *replaced, "residuals"));
    for (int64_t c = 0; c < d->n_chunks; c++) {
        float *r = e->residual + d->chunk[c].row * N;
        SYN_CHECK(syn_gemm(d->kernels, d->threads, d->chunk[c].n, N, N, (syn_matrix){r, N, 1}, (syn_matrix){rest, 1, N},
                           replaced, N, false));
        for (int64_t t = 0; t < d->chunk[c].n; t++)
            for (int64_t i = 0; i < N; i++)
                r[t * N + i] = target_observed(e, &d->chunk[c], t, i) ? replaced[t * N + i] : 0.0f;
    }
done:
    free(replaced);
    return status;
}

static syn_status multiply_in_place(const edge_test *e, const float *rest, float *estimate, float *space) {
    const int64_t N = e->design.N;
    SYN_TRY(syn_gemm(e->design.kernels, e->design.threads, N, N, N, (syn_matrix){rest, N, 1},
                     (syn_matrix){estimate, N, 1}, space, N, false));
    memcpy(estimate, space, (size_t)(N * N) * sizeof *estimate);
    return SYN_OK;
}

/* An effect of j on k in the next frame, and of k on i within that frame, would be an edge j -> i. So a residual is
 * cleared of what its senders did in the same frame. */
static syn_status explain_within_frame(edge_test *e) {
    const size_t pairs = (size_t)(e->design.N * e->design.N);
    bool *found = NULL;
    float *rest = NULL, *space = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&found, pairs, sizeof *found, "edges"));
    SYN_CHECK(syn_alloc(&rest, pairs, sizeof *rest, "edges"));
    SYN_CHECK(syn_alloc(&space, pairs, sizeof *space, "edges"));
    SYN_CHECK(find_edges(e, found, NULL));
    SYN_CHECK(regress_within_frame(e, found, rest));
    SYN_CHECK(multiply_in_place(e, rest, e->out->estimate, space));
    for (int half = 0; half < 2; half++) SYN_CHECK(multiply_in_place(e, rest, e->out->half[half], space));
    SYN_CHECK(replace_residuals(e, rest));
    e->estimated = true;
    free(e->gamma_r), e->gamma_r = NULL;
    SYN_CHECK(residual_autocovariance(e));
    SYN_CHECK(test_senders(e));
done:
    free(found), free(rest), free(space);
    return status;
}

static double statistic(const edge_test *e, int64_t k) {
    return e->out->error[k] > 0 ? (double)e->out->estimate[k] / (double)e->out->error[k] : 0;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The share of an edge that appears the other way round: median over the edges whose opposite is weaker. */
static syn_status measure_reversal(const edge_test *e, const bool *found, double *share) {
    const int64_t N = e->design.N;
    double *ratio;
    int64_t n = 0;
    SYN_TRY(syn_alloc(&ratio, (size_t)(N * N), sizeof *ratio, "edges"));
    for (int64_t k = 0; k < N * N; k++) {
        const int64_t opposite = k % N * N + k / N;
        if (found[k] && fabs(statistic(e, k)) >= fabs(statistic(e, opposite)))
            ratio[n++] = (double)e->out->estimate[opposite] / (double)e->out->estimate[k];
    }
    qsort(ratio, (size_t)n, sizeof *ratio, by_value);
    *share = n < FEWEST_PAIRS ? 0 : fmin(fmax(ratio[n / 2], 0), 1);
    free(ratio);
    return SYN_OK;
}

/* Noise moves some events by a frame, so that a receiver is seen to answer first. From an edge whose opposite is surer
 * that share of it is taken. */
static syn_status remove_reversals(edge_test *e) {
    const int64_t N = e->design.N;
    bool *found = NULL;
    double share;
    syn_status status;
    SYN_CHECK(syn_alloc(&found, (size_t)(N * N), sizeof *found, "edges"));
    SYN_CHECK(find_edges(e, found, NULL));
    SYN_CHECK(measure_reversal(e, found, &share));
    /* of a pair the surer direction stays as it is, so one may change while the other is read */
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < i; j++) {
            const int64_t a = i * N + j, b = j * N + i;
            const bool a_is_surer = fabs(statistic(e, a)) > fabs(statistic(e, b));
            const int64_t surer = a_is_surer ? a : b, other = a_is_surer ? b : a;
            if (!found[surer] || fabs(statistic(e, surer)) == fabs(statistic(e, other))) continue;
            e->out->estimate[other] -= (float)share * e->out->estimate[surer];
            for (int half = 0; half < 2; half++) e->out->half[half][other] -= (float)share * e->out->half[half][surer];
            e->out->error[other] = hypotf(e->out->error[other], (float)share * e->out->error[surer]);
        }
done:
    free(found);
    return status;
}

/* Takes `part` off an estimate and those of the halves. */
static void take_off(edge_test *e, int64_t k, float part) {
    e->out->estimate[k] -= part, e->out->half[0][k] -= part, e->out->half[1][k] -= part;
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

typedef struct weighted {
    double value, weight;
} weighted;

static int by_weighted_value(const void *a, const void *b) {
    return by_value(&((const weighted *)a)->value, &((const weighted *)b)->value);
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
static float light(const edge_test *e, int64_t i, int64_t j) {
    const float *scale = e->design.session->norm.scale, *unit = e->events->unit;
    const float own = scale[i] * unit[i];
    return own > 0 ? (float)e->events->share[i * e->design.N + j] * scale[j] * unit[j] / own : 0.0f;
}

/* Noise of one neuron that was taken off another with its light comes back a frame later as an effect in proportion to
 * the light. What the median of the pairs has of it is taken off. */
static syn_status remove_leak(edge_test *e) {
    const int64_t N = e->design.N;
    weighted *list;
    int64_t n = 0;
    SYN_TRY(syn_alloc(&list, (size_t)(N * N), sizeof *list, "edges"));
    for (int64_t k = 0; k < N * N; k++) {
        const double shared = (double)light(e, k / N, k % N);
        if (shared > 0 && e->out->error[k] > 0)
            list[n++] = (weighted){(double)e->out->estimate[k] / shared, shared / (double)e->out->error[k]};
    }
    const float leak = n < FEWEST_PAIRS ? 0.0f : (float)weighted_median(list, n);
    for (int64_t k = 0; k < N * N; k++) take_off(e, k, leak * light(e, k / N, k % N));
    free(list);
    return SYN_OK;
}

/* Traces of paths over a third neuron k, [N][N] each: j -> k -> i; both drive k; k drives both. Of events the last is
 * no trace that could be told from edges that were missed. */
enum { THROUGH, INTO, FROM, PATTERNS, COLUMNS };

static int count_patterns(const edge_test *e) { return e->events ? FROM : PATTERNS; }

/* Products of the edges that were found, of which `edge` has the estimates and 0 elsewhere. */
static syn_status multiply_edges(const edge_test *e, const float *edge, float *const pattern[PATTERNS]) {
    const syn_edge_design *d = &e->design;
    const int64_t N = d->N;
    const syn_matrix as_is = {edge, N, 1}, turned = {edge, 1, N};
    const syn_matrix left[PATTERNS] = {as_is, turned, as_is}, right[PATTERNS] = {as_is, as_is, turned};
    for (int k = 0; k < count_patterns(e); k++)
        SYN_TRY(syn_gemm(d->kernels, d->threads, N, N, N, left[k], right[k], pattern[k], N, false));
    return SYN_OK;
}

/* by: how much of each pattern is in the estimates of pairs that are no edges. Least squares, weighted by the errors,
 * beside a constant that stands for edges that were missed; 0 where it is not significant. */
static void fit_patterns(const edge_test *e, const bool *found, const float *estimate, float *const pattern[PATTERNS],
                         double by[PATTERNS]) {
    const int64_t N = e->design.N;
    const int patterns = count_patterns(e), columns = patterns + 1;
    double A[COLUMNS * COLUMNS] = {0}, b[(1 + COLUMNS) * COLUMNS] = {0}, square = 0, n = 0;
    memset(by, 0, PATTERNS * sizeof *by);
    for (int64_t k = 0; k < N * N; k++) {
        const double error = (double)e->out->error[k];
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
static syn_status remove_paths(edge_test *e) {
    const int64_t N = e->design.N;
    const size_t pairs = (size_t)(N * N);
    bool *found = NULL;
    float *with = NULL, *edge = NULL, *pattern[PATTERNS] = {NULL};
    double by[PATTERNS], bulk;
    syn_status status;
    SYN_CHECK(syn_alloc(&found, pairs, sizeof *found, "edges"));
    SYN_CHECK(syn_alloc(&with, pairs, sizeof *with, "edges"));
    SYN_CHECK(syn_alloc(&edge, pairs, sizeof *edge, "edges"));
    for (int p = 0; p < PATTERNS; p++) SYN_CHECK(syn_alloc(&pattern[p], pairs, sizeof *pattern[p], "edges"));
    memcpy(with, e->out->estimate, pairs * sizeof *with);
    for (int round = 0; round < PATH_ROUNDS; round++) {
        SYN_CHECK(find_edges(e, found, &bulk));
        if (bulk > crowded) break;
        for (size_t k = 0; k < pairs; k++) edge[k] = found[k] ? e->out->estimate[k] : 0.0f;
        SYN_CHECK(multiply_edges(e, edge, pattern));
        fit_patterns(e, found, with, pattern, by);
        for (int64_t k = 0; k < N * N; k++) {
            double left = (double)with[k];
            for (int p = 0; p < count_patterns(e); p++) left -= by[p] * (double)pattern[p][k];
            if (e->out->error[k] > 0) take_off(e, k, e->out->estimate[k] - (float)left);
        }
    }
done:
    free(found), free(with), free(edge);
    for (int p = 0; p < PATTERNS; p++) free(pattern[p]);
    return status;
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

static syn_status run_test(edge_test *e) {
    const size_t N = (size_t)e->design.N;
    e->out->freedom = e->out->inflation = 1;
    if (!syn_edge_design_has_room(&e->design)) return SYN_OK; /* no error: nothing was tested */
    SYN_TRY(syn_alloc(&e->observed, N, sizeof *e->observed, "edges"));
    for (int64_t c = 0; c < e->design.n_chunks; c++)
        for (int64_t t = 0; t < e->design.chunk[c].n; t++)
            for (int64_t i = 0; i < e->design.N; i++) e->observed[i] += target_observed(e, &e->design.chunk[c], t, i);
    SYN_TRY(syn_edge_design_solve(&e->design, e->residual, e->observed));
    SYN_TRY(clean_residuals(e));
    SYN_TRY(correlate_residuals(e));
    e->lags = choose_lags(&e->design);
    SYN_TRY(residual_autocovariance(e));
    SYN_TRY(test_senders(e));
    SYN_TRY(explain_within_frame(e));
    if (e->events) {
        SYN_TRY(remove_reversals(e));
        SYN_TRY(remove_leak(e));
    }
    SYN_TRY(remove_paths(e));
    if (e->events) restore_units(e);
    clear_untested(e);
    SYN_TRY(inflate_errors(e));
    e->out->freedom = (double)e->design.T - e->design.parameters;
    e->out->lags = e->lags;
    return compare_halves(e);
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
