#include "analysis/edge_design.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "base/random.h"

/* Neurons follow behaviour neither in proportion nor at once: it and its square enter at the target's frame and so many
 * frames before, and soft steps of random sums of these levels (random features: Rahimi & Recht, NIPS 2007), as much of
 * that as the recording has room for. Where targets are shorter than a frame, its slope in the frame enters too. */
static const int frames_before[] = {0, 1, 2, 4, 8, 16, 32};
enum { MOST_OFFSETS = sizeof frames_before / sizeof *frames_before, MOST_POWERS = 2, MOST_STEPS = 100 };
/* A nuisance column needs that many targets; senders and nuisance columns together use at most a third of the targets
 * as parameters. */
static const double targets_per_column = 20, share_of_targets = 1.0 / 3;

/* ---- targets ---- */

static int64_t count_chunks(syn_edge_design *d, bool write) {
    const syn_session *s = d->session;
    const int64_t middle = d->T / 2;
    int64_t n = 0, row = 0;
    int run = 0;
    for (int split = SYN_TRAIN; split <= SYN_VALIDATION; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++, run++) {
            const int64_t first = syn_span_first_target(&s->span[split][k]), stop = s->span[split][k].stop;
            if (stop - first > d->longest_run) d->longest_run = stop - first;
            for (int64_t t = first, step; t < stop; t += step, row += step) {
                step = stop - t < SYN_EDGE_CHUNK ? stop - t : SYN_EDGE_CHUNK;
                if (write && row < middle && row + step > middle) step = middle - row;
                if (write) d->chunk[n] = (syn_edge_chunk){row, t, step, run, row >= middle};
                n++;
            }
        }
    d->T = row;
    return n;
}

/* The nuisance columns that there is room for. */
static void choose_columns(syn_edge_design *d) {
    const int64_t B = d->session->B, room = (int64_t)((double)d->T / targets_per_column);
    d->offsets = B ? MOST_OFFSETS : 0, d->powers = MOST_POWERS;
    while (d->offsets > 1 && d->powers * d->offsets * B > room) d->offsets--;
    if (d->powers * B > room) d->powers = 1;
    d->Q = 1 + d->powers * d->offsets * B;
    if (d->Q + d->N > room) d->bins.earlier = 0;
    if (d->bins.earlier > 0) d->Q += d->N;
    if (d->bins.per_frame > 1 && d->Q + B <= room) d->slopes = B, d->Q += B;
    const int64_t left = room - d->Q;
    d->steps = B == 0 || left < 0 ? 0 : left < MOST_STEPS ? left : MOST_STEPS;
    d->Q += d->steps;
}

/* Directions of length 1 among the levels of behaviour, and where their steps are. */
static syn_status draw_steps(syn_edge_design *d) {
    const int64_t levels = d->offsets * d->session->B;
    const syn_random direction = {.stream = SYN_STREAM_BEHAVIOR_STEPS}, place = {direction.seed, direction.stream, 1};
    SYN_TRY(syn_alloc(&d->direction, (size_t)(d->steps * levels), sizeof *d->direction, "behaviour"));
    SYN_TRY(syn_alloc(&d->place, (size_t)d->steps, sizeof *d->place, "behaviour"));
    for (int64_t k = 0; k < d->steps; k++) {
        float *a = d->direction + k;
        double square = 0;
        for (int64_t l = 0; l < levels; l++) {
            const double drawn = syn_random_normal(direction, (uint64_t)(k * levels + l));
            a[l * d->steps] = (float)drawn, square += drawn * drawn;
        }
        for (int64_t l = 0; l < levels; l++) a[l * d->steps] /= (float)sqrt(square);
        d->place[k] = (float)syn_random_normal(place, (uint64_t)k);
    }
    return SYN_OK;
}

syn_status syn_edge_design_create(syn_edge_design *d, const syn_session *session, syn_edge_bins bins,
                                  const syn_kernels *kernels, int threads) {
    *d = (syn_edge_design){.session = session, .bins = bins, .kernels = kernels, .threads = threads, .N = session->N};
    const int64_t most = count_chunks(d, false) + 1; /* one is cut in the middle */
    SYN_TRY(syn_alloc(&d->chunk, (size_t)most, sizeof *d->chunk, "targets"));
    d->n_chunks = count_chunks(d, true);
    d->window = bins.earlier > 0 ? bins.earlier : 1;
    choose_columns(d);
    return draw_steps(d);
}

bool syn_edge_design_has_room(const syn_edge_design *d) { return (double)d->Q <= share_of_targets * (double)d->T; }

void syn_edge_design_free(syn_edge_design *d) {
    free(d->chunk), free(d->direction), free(d->place), free(d->G), free(d->BG), free(d->delta), free(d->gamma),
        free(d->score[0]), free(d->score[1]);
}

const float *syn_edge_senders(const syn_edge_design *d, const syn_edge_chunk *chunk) {
    return d->session->x + (chunk->frame - 1) * d->N;
}

/* Behaviour is the mean of a frame, and rises or falls within it: half of the difference between the frames around that
 * of a target, times how far the target is from the middle. At the borders of a segment its own frame stands in. */
static void fill_slopes(const syn_edge_design *d, const syn_segment *segment, int64_t target, float *slope) {
    const int64_t B = d->slopes, K = d->bins.per_frame;
    const int64_t before = target - K < segment->start ? target : target - K;
    const int64_t after = target + K < segment->stop ? target + K : target;
    const float *u = d->session->u;
    const double place = ((double)((target - segment->start) % K) + 0.5) / (double)K - 0.5;
    for (int64_t b = 0; b < B; b++) slope[b] = (float)place * (u[after * B + b] - u[before * B + b]) / 2;
}

/* Where the segment starts in between: behaviour of its first frame, nothing of the senders. */
void syn_edge_nuisance(const syn_edge_design *d, const syn_edge_chunk *chunk, float *q) {
    const syn_session *s = d->session;
    const syn_recording *recording = s->recording;
    const int64_t B = s->B, levels = d->offsets * B;
    int64_t segment = 0;
    while (segment + 1 < recording->S && recording->segment[segment].stop <= chunk->frame) segment++;
    for (int64_t t = 0; t < chunk->n; t++, q += d->Q) {
        q[0] = 1;
        for (int k = 0; k < d->offsets; k++) {
            int64_t frame = chunk->frame + t - (int64_t)frames_before[k] * d->bins.per_frame;
            if (frame < recording->segment[segment].start) frame = recording->segment[segment].start;
            const float *u = s->u + frame * B;
            float *column = q + 1 + k * B;
            memcpy(column, u, (size_t)B * sizeof *u);
            for (int64_t b = 0; b < B && d->powers > 1; b++) column[levels + b] = u[b] * u[b];
        }
        fill_slopes(d, &recording->segment[segment], chunk->frame + t, q + 1 + d->powers * levels);
        float *step = q + 1 + d->powers * levels + d->slopes;
        for (int64_t k = 0; k < d->steps; k++) step[k] = d->place[k];
        for (int64_t l = 0; l < levels; l++)
            for (int64_t k = 0; k < d->steps; k++) step[k] += d->direction[l * d->steps + k] * q[1 + l];
        for (int64_t k = 0; k < d->steps; k++) step[k] /= 1 + fabsf(step[k]);
        if (d->bins.earlier == 0) continue;
        float *column = step + d->steps;
        const int64_t frame = chunk->frame + t - 1 - d->bins.earlier;
        for (int64_t j = 0; j < d->N; j++)
            column[j] = frame < recording->segment[segment].start ? 0.0f : d->session->x[frame * d->N + j];
    }
}

/* ---- second moments ---- */

typedef struct moments {
    double *xx, *xq, *qq;  /* [N][N], [N][Q], [Q][Q] */
    double *ex[2], *eq[2]; /* [N][N], [N][Q] of each half */
} moments;

static void moments_free(moments *m) {
    free(m->xx), free(m->xq), free(m->qq), free(m->ex[0]), free(m->ex[1]), free(m->eq[0]), free(m->eq[1]);
}

/* target[rows][columns] += A[n][rows]' B[n][columns] */
static syn_status add_product(const syn_edge_design *d, const float *A, int64_t rows, const float *B, int64_t columns,
                              int64_t n, float *product, double *target) {
    SYN_TRY(syn_gemm(d->kernels, d->threads, rows, columns, n, (syn_matrix){A, 1, rows}, (syn_matrix){B, columns, 1},
                     product, columns, false));
    for (int64_t k = 0; k < rows * columns; k++) target[k] += (double)product[k];
    return SYN_OK;
}

/* qq[Q][Q] += q[n][Q]' q, upper triangle. In double precision: the square of a behaviour of two values repeats it, and
 * rounded sums of what repeats itself are not positive definite. wide: [n][Q]. */
static void add_gram(const float *q, int64_t Q, int64_t n, double *wide, double *qq) {
    for (int64_t k = 0; k < n * Q; k++) wide[k] = (double)q[k];
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)Q, (int)n, 1.0, wide, (int)Q, 1.0, qq, (int)Q);
}

static syn_status measure_moments(const syn_edge_design *d, const float *residual, moments *m) {
    const size_t N = (size_t)d->N, Q = (size_t)d->Q, wide = N > Q ? N : Q;
    float *product = NULL, *q = NULL;
    double *wide_q = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&product, wide * wide, sizeof *product, "second moments"));
    SYN_CHECK(syn_alloc(&q, SYN_EDGE_CHUNK * Q, sizeof *q, "second moments"));
    SYN_CHECK(syn_alloc(&wide_q, SYN_EDGE_CHUNK * Q, sizeof *wide_q, "second moments"));
    SYN_CHECK(syn_alloc(&m->xx, N * N, sizeof(double), "second moments"));
    SYN_CHECK(syn_alloc(&m->xq, N * Q, sizeof(double), "second moments"));
    SYN_CHECK(syn_alloc(&m->qq, Q * Q, sizeof(double), "second moments"));
    for (int half = 0; half < 2; half++) {
        SYN_CHECK(syn_alloc(&m->ex[half], N * N, sizeof(double), "second moments"));
        SYN_CHECK(syn_alloc(&m->eq[half], N * Q, sizeof(double), "second moments"));
    }
    for (int64_t c = 0; c < d->n_chunks; c++) {
        const syn_edge_chunk *chunk = &d->chunk[c];
        const float *x = syn_edge_senders(d, chunk), *e = residual + chunk->row * d->N;
        syn_edge_nuisance(d, chunk, q);
        SYN_CHECK(add_product(d, x, d->N, x, d->N, chunk->n, product, m->xx));
        SYN_CHECK(add_product(d, x, d->N, q, d->Q, chunk->n, product, m->xq));
        add_gram(q, d->Q, chunk->n, wide_q, m->qq);
        SYN_CHECK(add_product(d, e, d->N, x, d->N, chunk->n, product, m->ex[chunk->half]));
        SYN_CHECK(add_product(d, e, d->N, q, d->Q, chunk->n, product, m->eq[chunk->half]));
    }
done:
    free(product), free(q), free(wide_q);
    return status;
}

/* ---- the regressions ---- */

/* C[m][n] += alpha A[m][k] op(B), row-major. */
static void add_multiple(double alpha, const double *A, const double *B, bool transpose, double *C, int64_t m,
                         int64_t n, int64_t k) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, transpose ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, alpha, A,
                (int)k, B, (int)(transpose ? k : n), 1.0, C, (int)n);
}

/* y[rows][Q] <- y (q'q)^-1 */
static syn_status regress_on_nuisance(const moments *m, int64_t Q, double *y, int64_t rows) {
    double *qq;
    SYN_TRY(syn_alloc(&qq, (size_t)(Q * Q), sizeof *qq, "behaviour"));
    memcpy(qq, m->qq, (size_t)(Q * Q) * sizeof *qq);
    /* a variable that repeats another, or is constant in these frames, gets no weight */
    for (int64_t k = 0; k < Q; k++) qq[k * Q + k] += 1e-6 * qq[k * Q + k] + 1e-3;
    const bool solved = syn_solve_positive(qq, Q, y, rows);
    free(qq);
    return solved ? SYN_OK : syn_fail(SYN_ERR_NUMERIC, "the covariance of the behaviour could not be inverted");
}

static double effective_parameters(const double *lambda, int64_t N, double ridge) {
    double sum = 0;
    for (int64_t k = 0; k < N; k++) sum += fmax(lambda[k], 0) / (fmax(lambda[k], 0) + ridge);
    return sum;
}

/* G[N][N] = (xx + ridge)^-1 with the least ridge, in observations and at least one, that leaves the senders at most
 * `most` effective parameters. xx is overwritten. */
static syn_status invert(double *xx, int64_t N, double most, double *G, double *parameters) {
    double *lambda = NULL, *scaled = NULL, ridge = 1;
    syn_status status;
    SYN_CHECK(syn_alloc(&lambda, (size_t)N, sizeof *lambda, "senders"));
    SYN_CHECK(syn_alloc(&scaled, (size_t)(N * N), sizeof *scaled, "senders"));
    SYN_CHECK(syn_eigen(xx, lambda, N));
    while (effective_parameters(lambda, N, ridge) > most) ridge *= 1.1;
    *parameters = effective_parameters(lambda, N, ridge);
    for (int64_t k = 0; k < N; k++)
        for (int64_t j = 0; j < N; j++) scaled[k * N + j] = xx[k * N + j] / (fmax(lambda[k], 0) + ridge);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)N, (int)N, (int)N, 1.0, xx, (int)N, scaled, (int)N, 0.0,
                G, (int)N);
done:
    free(lambda), free(scaled);
    return status;
}

static syn_status to_float(float **out, const double *values, int64_t n, double factor) {
    SYN_TRY(syn_alloc(out, (size_t)n, sizeof **out, "edges"));
    for (int64_t k = 0; k < n; k++) (*out)[k] = (float)(factor * values[k]);
    return SYN_OK;
}

/* m->xx becomes that of the senders less the nuisance columns, m->xq the regression on them, m->ex that of the
 * residuals with what is left of the senders. */
static syn_status leave_nuisance_out(const syn_edge_design *d, moments *m, double *xq) {
    const int64_t N = d->N, Q = d->Q;
    memcpy(xq, m->xq, (size_t)(N * Q) * sizeof *xq);
    SYN_TRY(regress_on_nuisance(m, Q, m->xq, N));
    add_multiple(-1, m->xq, xq, true, m->xx, N, N, Q);
    for (int half = 0; half < 2; half++) add_multiple(-1, m->eq[half], m->xq, true, m->ex[half], N, N, Q);
    return SYN_OK;
}

/* The regression of all residuals on senders and nuisance columns. A receiver that was observed in a part of the frames
 * only has sums over that part. */
static syn_status regress_residuals(syn_edge_design *d, const moments *m, const double *observed) {
    const int64_t N = d->N, Q = d->Q;
    double *delta = NULL, *gamma = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&delta, (size_t)(N * N), sizeof *delta, "residuals"));
    SYN_CHECK(syn_alloc(&gamma, (size_t)(N * Q), sizeof *gamma, "residuals"));
    for (int64_t i = 0; i < N; i++) {
        const double whole = (double)d->T / fmax(observed[i], 1);
        for (int64_t j = 0; j < N; j++) delta[i * N + j] = whole * (d->score[0][i * N + j] + d->score[1][i * N + j]);
        for (int64_t k = 0; k < Q; k++) gamma[i * Q + k] = whole * (m->eq[0][i * Q + k] + m->eq[1][i * Q + k]);
    }
    SYN_CHECK(regress_on_nuisance(m, Q, gamma, N));
    add_multiple(-1, delta, m->xq, false, gamma, N, Q, N);
    SYN_CHECK(to_float(&d->delta, delta, N * N, 1));
    SYN_CHECK(to_float(&d->gamma, gamma, N * Q, 1));
done:
    free(delta), free(gamma);
    return status;
}

static syn_status solve(syn_edge_design *d, moments *m, const double *observed) {
    const int64_t N = d->N, Q = d->Q;
    double *G = NULL, *xq = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&G, (size_t)(N * N), sizeof *G, "senders"));
    SYN_CHECK(syn_alloc(&xq, (size_t)(N * Q), sizeof *xq, "senders"));
    SYN_CHECK(leave_nuisance_out(d, m, xq));
    SYN_CHECK(invert(m->xx, N, fmax(share_of_targets * (double)d->T - (double)Q, 1), G, &d->parameters));
    d->parameters += (double)Q;
    for (int half = 0; half < 2; half++) {
        SYN_CHECK(syn_alloc(&d->score[half], (size_t)(N * N), sizeof(double), "edges"));
        add_multiple(1, m->ex[half], G, false, d->score[half], N, N, N);
    }
    SYN_CHECK(regress_residuals(d, m, observed));
    /* x~ of a sender in its own units, so that single precision holds it: columns of G over their diagonal */
    for (int64_t j = 0; j < N; j++) {
        const double size = 1 / G[j * N + j];
        for (int64_t i = 0; i < N; i++) {
            if (i != j) G[i * N + j] *= size;
            d->score[0][i * N + j] *= size, d->score[1][i * N + j] *= size;
        }
    }
    for (int64_t j = 0; j < N; j++) G[j * N + j] = 1;
    SYN_CHECK(to_float(&d->G, G, N * N, 1));
    SYN_CHECK(syn_alloc(&d->BG, (size_t)(Q * N), sizeof *d->BG, "senders"));
    for (int64_t k = 0; k < Q; k++)
        for (int64_t j = 0; j < N; j++) {
            double sum = 0;
            for (int64_t i = 0; i < N; i++) sum += m->xq[i * Q + k] * G[i * N + j];
            d->BG[k * N + j] = (float)sum;
        }
done:
    free(G), free(xq);
    return status;
}

syn_status syn_edge_design_solve(syn_edge_design *d, const float *residual, const double *observed) {
    moments m = {0};
    syn_status status;
    syn_blas_begin();
    SYN_CHECK(measure_moments(d, residual, &m));
    SYN_CHECK(solve(d, &m, observed));
done:
    syn_blas_end();
    moments_free(&m);
    return status;
}
