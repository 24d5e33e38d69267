/* glm: Poisson regression of spike counts with coupling filters (Pillow et al. 2008).
 *
 *     rate_i[t] = mean_i exp( c_i + sum_j sum_k w_ijk (phi_k * z_j)[t] + sum_b v_ib u_b[t-1] )
 *
 * phi: raised cosines over log time. The filters from other neurons carry a group-lasso penalty (Yuan & Lin 2006), in
 * units of the noise of their gradient; those of a neuron on itself, behaviour and offset hardly any. Fitted by
 * accelerated proximal gradients (Beck & Teboulle 2009), from strong to weak penalties, each from the solution before.
 *
 * Letters: K basis functions, D = N K + B + 1 features, F train frames, n neurons of a block.
 */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "rivals/loss.h"

enum { BASES = 3, STRENGTHS = 9, BLOCK = 32, ITERATIONS = 60, MOST_K = 4, MOST_SPAN = 32, WORSE = 2 };
static const int functions[BASES] = {1, 3, 4}, spans[BASES] = {1, 8, 32}; /* K, frames */
static const double strengths[STRENGTHS] = {6, 4, 3, 2.2, 1.6, 1.2, 0.8, 0.5, 0.3};
static const double tolerance = 1e-6, small_ridge = 1e-3;
static const float most_drive = 5; /* of log rate / mean */
/* Floats of the features of one split: 1 GB. */
static const double most_features = 2.5e8;

typedef struct glm {
    int K, span, floor;
    double strength;
    int64_t D;
    float phi[MOST_K][MOST_SPAN];
    float *scale; /* [D] of the features over the train frames */
    float *w;     /* [N][D] */
} glm;

/* ---- features ---- */

static void make_basis(glm *m) {
    const double pi = 3.14159265358979, width = m->K > 1 ? log((double)m->span) / (m->K - 1) : 1;
    for (int k = 0; k < m->K; k++) {
        double sum = 0;
        for (int l = 0; l < m->span; l++) {
            const double x = (log(l + 1.0) - k * width) / width * pi / 2;
            m->phi[k][l] = fabs(x) < pi ? (float)(0.5 * (1 + cos(x))) : 0;
            sum += (double)m->phi[k][l];
        }
        for (int l = 0; l < m->span; l++) m->phi[k][l] = (float)((double)m->phi[k][l] / sum);
    }
}

/* row [D] of target t */
static void features_of(const glm *m, const syn_rival_data *d, int64_t t, float *row) {
    memset(row, 0, (size_t)m->D * sizeof *row);
    for (int l = 0; l < m->span && t - 1 - l >= d->start[t]; l++) {
        const float *x = d->x + (t - 1 - l) * d->N;
        for (int k = 0; k < m->K; k++)
            for (int64_t j = 0; m->phi[k][l] > 0 && j < d->N; j++) row[j * m->K + k] += m->phi[k][l] * x[j];
    }
    for (int64_t b = 0; b < d->B; b++) row[d->N * m->K + b] = d->session->u[(t - 1) * d->B + b];
    row[m->D - 1] = 1;
    for (int64_t p = 0; m->scale && p < m->D; p++) row[p] *= m->scale[p];
}

/* Features [F][D] of the train frames, and the scale that gives each a variance of about 1. */
static syn_status train_features(glm *m, const syn_rival_data *d, int threads, float **features) {
    const int64_t F = d->F[SYN_TRAIN], D = m->D;
    float *scale;
    SYN_TRY(syn_alloc(features, (size_t)(F * D), sizeof **features, "coupling filters"));
    SYN_TRY(syn_alloc(&scale, (size_t)D, sizeof *scale, "coupling filters"));
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t k = 0; k < F; k++) features_of(m, d, d->frame[SYN_TRAIN][k], *features + k * D);
    for (int64_t p = 0; p < D; p++) {
        double square = 0;
        for (int64_t k = 0; k < F; k++) square += (double)(*features)[k * D + p] * (double)(*features)[k * D + p];
        scale[p] = square > 0 ? (float)sqrt((double)F / square) : 0;
    }
    for (int64_t k = 0; k < F * D; k++) (*features)[k] *= scale[k % D];
    m->scale = scale;
    return SYN_OK;
}

/* Largest eigenvalue of features^T features, by power iteration. */
static syn_status largest_eigenvalue(const float *features, int64_t F, int64_t D, double *value) {
    float *v = NULL, *u = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&v, (size_t)D, sizeof *v, "coupling filters"));
    SYN_CHECK(syn_alloc(&u, (size_t)F, sizeof *u, "coupling filters"));
    for (int64_t p = 0; p < D; p++) v[p] = 1 / sqrtf((float)D);
    for (int k = 0; k < 20; k++) {
        cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)F, (int)D, 1, features, (int)D, v, 1, 0, u, 1);
        cblas_sgemv(CblasRowMajor, CblasTrans, (int)F, (int)D, 1, features, (int)D, u, 1, 0, v, 1);
        *value = (double)cblas_snrm2((int)D, v, 1);
        cblas_sscal((int)D, *value > 0 ? (float)(1 / *value) : 0, v, 1);
    }
done:
    free(v), free(u);
    return status;
}

/* ---- fitting ---- */

typedef struct block {
    const glm *m;
    const syn_rival_data *data;
    const float *features; /* [F][D] */
    int64_t first, n;
    float *w, *point, *kept, *gradient; /* [n][D]; point: where the gradient is taken; kept: the last that was good */
    float *residual;                    /* [F][n] */
    double *step, *value, *momentum;    /* [n] */
} block;

/* Negative log likelihood of each neuron at `point`, and the residuals. */
static void likelihood(block *b, double *value) {
    const syn_rival_data *d = b->data;
    const int64_t F = d->F[SYN_TRAIN], D = b->m->D;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)F, (int)b->n, (int)D, 1, b->features, (int)D, b->point,
                (int)D, 0, b->residual, (int)b->n);
    memset(value, 0, (size_t)b->n * sizeof *value);
    for (int64_t k = 0; k < F; k++)
        for (int64_t j = 0; j < b->n; j++) {
            const int64_t i = b->first + j, t = d->frame[SYN_TRAIN][k];
            float *r = &b->residual[k * b->n + j];
            if (!syn_rival_observed(d, t, i)) {
                *r = 0;
                continue;
            }
            const float mean = d->session->norm.mean[i], drive = fminf(*r, most_drive);
            const float counts = roundf(d->x[t * d->N + i] * d->session->norm.scale[i] + mean);
            const float rate = mean * expf(drive);
            value[j] += (double)rate - (double)counts * (double)drive;
            *r = *r > most_drive ? fmaxf(rate - counts, 0) : rate - counts;
        }
}

/* Adds the small ridge of all but the offset to value and gradient of neuron j of the block. */
static double add_ridge(const block *b, int64_t j) {
    const float ridge =
        (float)(small_ridge * (double)b->data->F[SYN_TRAIN]) * b->data->session->norm.mean[b->first + j];
    const float *w = b->point + j * b->m->D;
    float *g = b->gradient + j * b->m->D;
    double sum = 0;
    for (int64_t p = 0; p + 1 < b->m->D; p++) sum += 0.5 * (double)(ridge * w[p] * w[p]), g[p] += ridge * w[p];
    return sum;
}

/* Sum of the norms of the filters from other neurons. */
static double group_norms(const block *b, int64_t j, const float *w) {
    double sum = 0;
    for (int64_t s = 0; s < b->data->N; s++)
        if (s != b->first + j) sum += (double)cblas_snrm2(b->m->K, w + s * b->m->K, 1);
    return sum;
}

/* next <- point - gradient / step, filters from other neurons shrunk by penalty / step. */
static void proximal_step(const block *b, int64_t j, double penalty, float *next) {
    const int K = b->m->K;
    const float *point = b->point + j * b->m->D, *g = b->gradient + j * b->m->D;
    for (int64_t p = 0; p < b->m->D; p++) next[p] = point[p] - g[p] / (float)b->step[j];
    for (int64_t s = 0; s < b->data->N; s++) {
        if (s == b->first + j) continue;
        const double norm = (double)cblas_snrm2(K, next + s * K, 1), shrunk = norm - penalty / b->step[j];
        cblas_sscal(K, shrunk > 0 ? (float)(shrunk / norm) : 0, next + s * K, 1);
    }
}

/* One step of neuron j, whose value at `point` is `now`; returns by which share the value fell. A point that is worse
 * than the last one is given up for a shorter step from there. */
static double advance(block *b, int64_t j, double now, double penalty, float *work) {
    const size_t D = (size_t)b->m->D, size = D * sizeof(float);
    float *w = b->w + (size_t)j * D, *point = b->point + (size_t)j * D, *kept = b->kept + (size_t)j * D;
    if (!(now <= b->value[j] + 1e-7 * fabs(now))) {
        b->step[j] *= 2, b->momentum[j] = 1;
        memcpy(point, kept, size), memcpy(w, kept, size);
        return 1;
    }
    const double fell = isfinite(b->value[j]) ? (b->value[j] - now) / (fabs(now) + 1) : 1;
    b->value[j] = now;
    memcpy(kept, point, size);
    proximal_step(b, j, penalty, work);
    const double next = 0.5 * (1 + sqrt(1 + 4 * b->momentum[j] * b->momentum[j]));
    const float along = (float)((b->momentum[j] - 1) / next);
    for (size_t p = 0; p < D; p++) point[p] = work[p] + along * (work[p] - w[p]), w[p] = work[p];
    b->momentum[j] = next;
    return fell;
}

/* Solves one penalty from the w of the one before. work: [D]. */
static void solve(block *b, double strength, float *work) {
    const int64_t F = b->data->F[SYN_TRAIN], D = b->m->D;
    const size_t size = (size_t)(b->n * D) * sizeof *b->w;
    double value[BLOCK], fell = 1;
    memcpy(b->point, b->w, size), memcpy(b->kept, b->w, size);
    for (int64_t j = 0; j < b->n; j++) b->value[j] = INFINITY, b->momentum[j] = 1;
    for (int iteration = 0; iteration < ITERATIONS && fell > tolerance; iteration++) {
        likelihood(b, value);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)b->n, (int)D, (int)F, 1, b->residual, (int)b->n,
                    b->features, (int)D, 0, b->gradient, (int)D);
        fell = 0;
        for (int64_t j = 0; j < b->n; j++) {
            const double mean = (double)b->data->session->norm.mean[b->first + j];
            const double penalty = strength * sqrt((double)F * mean * b->m->K);
            const double now = value[j] + add_ridge(b, j) + penalty * group_norms(b, j, b->point + j * D);
            fell = fmax(fell, advance(b, j, now, penalty, work));
        }
    }
    memcpy(b->w, b->kept, size);
}

static void block_free(block *b) {
    free(b->w), free(b->point), free(b->kept), free(b->gradient), free(b->residual), free(b->step), free(b->value);
    free(b->momentum);
}

static syn_status block_create(block *b, const glm *m, const syn_rival_data *d, const float *features,
                               double eigenvalue, int64_t first) {
    const int64_t n = d->N - first < BLOCK ? d->N - first : BLOCK;
    *b = (block){.m = m, .data = d, .features = features, .first = first, .n = n};
    float **rows[] = {&b->w, &b->point, &b->kept, &b->gradient};
    for (int k = 0; k < 4; k++) SYN_TRY(syn_alloc(rows[k], (size_t)(n * m->D), sizeof(float), "coupling filters"));
    SYN_TRY(syn_alloc(&b->residual, (size_t)(d->F[SYN_TRAIN] * n), sizeof(float), "coupling filters"));
    SYN_TRY(syn_alloc(&b->step, (size_t)n, sizeof(double), "coupling filters"));
    SYN_TRY(syn_alloc(&b->value, (size_t)n, sizeof(double), "coupling filters"));
    SYN_TRY(syn_alloc(&b->momentum, (size_t)n, sizeof(double), "coupling filters"));
    for (int64_t j = 0; j < n; j++) b->step[j] = eigenvalue * (double)d->session->norm.mean[first + j];
    return SYN_OK;
}

/* ---- choice of the basis and the strength ---- */

static void predict_row(const glm *m, const syn_rival_data *d, int64_t t, float *row, float *prediction) {
    const syn_normalisation *norm = &d->session->norm;
    features_of(m, d, t, row);
    cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)d->N, (int)m->D, 1, m->w, (int)m->D, row, 1, 0, prediction, 1);
    for (int64_t i = 0; i < d->N; i++)
        prediction[i] = norm->mean[i] * (expf(fminf(prediction[i], most_drive)) - 1) / norm->scale[i];
}

static syn_status validation_loss(glm *m, const syn_rival_data *d, double *loss) {
    float *row = NULL, *prediction = NULL;
    syn_rival_loss sum = {0};
    syn_status status;
    SYN_CHECK(syn_alloc(&row, (size_t)m->D, sizeof *row, "coupling filters"));
    SYN_CHECK(syn_alloc(&prediction, (size_t)d->N, sizeof *prediction, "coupling filters"));
    for (int64_t k = 0; k < d->F[SYN_VALIDATION]; k++) {
        predict_row(m, d, d->frame[SYN_VALIDATION][k], row, prediction);
        syn_rival_loss_add(&sum, d, d->frame[SYN_VALIDATION][k], prediction);
    }
    *loss = syn_rival_loss_least(&sum, d, &m->floor);
done:
    free(row), free(prediction);
    return status;
}

static void glm_free(glm *m) { free(m->scale), free(m->w); }

/* All strengths of one basis, until a few in a row are no better; what is better than *least goes to *best. */
static syn_status try_basis(glm *best, double *least, int basis, const syn_rival_data *d,
                            const syn_rival_settings *settings) {
    glm m = {.K = functions[basis], .span = spans[basis], .D = d->N * functions[basis] + d->B + 1};
    const int64_t blocks = (d->N + BLOCK - 1) / BLOCK;
    float *features = NULL, *work = NULL, *w = NULL;
    block *b = NULL;
    double eigenvalue = 0, here = INFINITY;
    syn_status status;
    make_basis(&m);
    SYN_CHECK(train_features(&m, d, settings->threads, &features));
    SYN_CHECK(largest_eigenvalue(features, d->F[SYN_TRAIN], m.D, &eigenvalue));
    SYN_CHECK(syn_alloc(&b, (size_t)blocks, sizeof *b, "coupling filters"));
    SYN_CHECK(syn_alloc(&work, (size_t)(blocks * m.D), sizeof *work, "coupling filters"));
    SYN_CHECK(syn_alloc(&m.w, (size_t)(d->N * m.D), sizeof *m.w, "coupling filters"));
    for (int64_t k = 0; k < blocks; k++) SYN_CHECK(block_create(&b[k], &m, d, features, eigenvalue, k * BLOCK));
    for (int s = 0, worse = 0; s < STRENGTHS && worse < WORSE; s++) {
        double loss;
#pragma omp parallel for schedule(dynamic) num_threads(settings->threads)
        for (int64_t k = 0; k < blocks; k++) {
            solve(&b[k], strengths[s], work + k * m.D);
            memcpy(m.w + b[k].first * m.D, b[k].w, (size_t)(b[k].n * m.D) * sizeof *m.w);
        }
        m.strength = strengths[s];
        SYN_CHECK(validation_loss(&m, d, &loss));
        SYN_CHECK(syn_rival_go_on(settings));
        worse = loss < here ? 0 : worse + 1;
        here = fmin(here, loss);
        if (loss >= *least) continue;
        SYN_CHECK(syn_alloc(&w, (size_t)(d->N * m.D), sizeof *w, "coupling filters"));
        memcpy(w, m.w, (size_t)(d->N * m.D) * sizeof *w);
        float *scale = NULL;
        SYN_CHECK(syn_alloc(&scale, (size_t)m.D, sizeof *scale, "coupling filters"));
        memcpy(scale, m.scale, (size_t)m.D * sizeof *scale);
        glm_free(best);
        *best = m, best->w = w, best->scale = scale, *least = loss, w = NULL;
    }
done:
    for (int64_t k = 0; b && k < blocks; k++) block_free(&b[k]);
    free(b), free(features), free(work), free(w), glm_free(&m);
    return status;
}

/* ---- the rival ---- */

static bool applies(const syn_rival_data *d) { return d->loss == SYN_LOSS_POISSON; }

static void release(void *model) {
    if (model) glm_free(model);
    free(model);
}

static syn_status fit(void **model, const syn_rival_data *d, const syn_rival_settings *settings, json_t *chosen) {
    glm *best;
    double least = INFINITY;
    syn_status status = SYN_OK;
    SYN_TRY(syn_alloc(&best, 1, sizeof *best, "coupling filters"));
    *model = best;
    syn_blas_begin();
    for (int basis = 0; status == SYN_OK && basis < BASES; basis++)
        if (basis == 0 || (double)d->F[SYN_TRAIN] * (double)(d->N * functions[basis]) < most_features)
            status = try_basis(best, &least, basis, d, settings);
    syn_blas_end();
    if (status != SYN_OK) return status;
    json_object_set_new(chosen, "basis_functions", json_integer(best->K));
    json_object_set_new(chosen, "filter_frames", json_integer(best->span));
    json_object_set_new(chosen, "group_lasso", json_real(best->strength));
    syn_rival_note_floor(chosen, best->floor);
    return SYN_OK;
}

static syn_status predict(const void *model, const syn_rival_data *d, const syn_rival_settings *settings,
                          syn_split split, float *prediction) {
    const glm *m = model;
    float *row;
    (void)settings;
    SYN_TRY(syn_alloc(&row, (size_t)m->D, sizeof *row, "coupling filters"));
    for (int64_t k = 0; k < d->F[split]; k++) predict_row(m, d, d->frame[split][k], row, prediction + k * d->N);
    free(row);
    syn_rival_raise(d, m->floor, prediction, d->F[split]);
    return SYN_OK;
}

const syn_rival syn_rival_glm = {"glm", applies, fit, predict, release};
