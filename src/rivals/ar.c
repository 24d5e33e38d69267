#include "rivals/ar.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "rivals/loss.h"

enum { ROWS = 256, ORDERS = 12, PULLS = 8, WORSE = 3 };
static const int orders[ORDERS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
static const double pulls[PULLS] = {1, 10, 30, 100, 300, 1000, 10000, 1e6};
/* Keeps a regression solvable where a neuron or behaviour hardly varies; in frames. */
static const double least_ridge = 0.1;

/* Normal equations of every neuron and of all together. D: of the largest order. */
typedef struct equations {
    const syn_rival_data *data;
    bool from_baseline;
    int64_t D;
    double *xx, *xy;               /* [N][D][D], [N][D] */
    double *pooled_xx, *pooled_xy; /* [D][D], [D]: means over neurons */
} equations;

/* The sum, what is added to it, and the features [D] of neuron i at target t; lags before the segment are 0. */
static float base_of(const syn_rival_data *d, bool from_baseline, int64_t t, int64_t i) {
    return from_baseline ? d->baseline[(t - 1) * d->N + i] : 0;
}

static void features_of(const syn_rival_data *d, bool from_baseline, int64_t t, int64_t i, int64_t D, double *row) {
    int64_t n = 0;
    row[n++] = 1;
    for (int64_t b = 0; b < d->B; b++) row[n++] = (double)d->session->u[(t - 1) * d->B + b];
    for (int64_t s = t - 1; n < D; s--, n++) {
        const int64_t at = s * d->N + i;
        row[n] = s < d->start[t] ? 0 : (double)(from_baseline ? d->x[at] - d->baseline[at] : d->x[at]);
    }
}

static void add_neuron(const equations *e, int64_t i, double *rows, double *targets) {
    const syn_rival_data *d = e->data;
    const int64_t D = e->D, F = d->F[SYN_TRAIN];
    double *xx = e->xx + i * D * D, *xy = e->xy + i * D;
    int64_t n = 0;
    for (int64_t k = 0; k < F; k++) {
        const int64_t t = d->frame[SYN_TRAIN][k];
        if (syn_rival_observed(d, t, i)) {
            features_of(d, e->from_baseline, t, i, D, rows + n * D);
            targets[n++] = (double)(d->x[t * d->N + i] - base_of(d, e->from_baseline, t, i));
        }
        if (n < ROWS && k + 1 < F) continue;
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)D, (int)n, 1, rows, (int)D, 1, xx, (int)D);
        cblas_dgemv(CblasRowMajor, CblasTrans, (int)n, (int)D, 1, rows, (int)D, targets, 1, 1, xy, 1);
        n = 0;
    }
}

static void equations_free(equations *e) { free(e->xx), free(e->xy), free(e->pooled_xx), free(e->pooled_xy); }

static syn_status equations_create(equations *e, const syn_rival_data *d, bool from_baseline, int64_t D, int threads) {
    const size_t N = (size_t)d->N, size = (size_t)D;
    double *work = NULL;
    syn_status status;
    *e = (equations){.data = d, .from_baseline = from_baseline, .D = D};
    SYN_CHECK(syn_alloc(&e->xx, N * size * size, sizeof(double), "autoregression"));
    SYN_CHECK(syn_alloc(&e->xy, N * size, sizeof(double), "autoregression"));
    SYN_CHECK(syn_alloc(&e->pooled_xx, size * size, sizeof(double), "autoregression"));
    SYN_CHECK(syn_alloc(&e->pooled_xy, size, sizeof(double), "autoregression"));
    const size_t each = ROWS * (size + 1);
    SYN_CHECK(syn_alloc(&work, (size_t)threads * each, sizeof *work, "autoregression"));
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < d->N; i++) {
        double *rows = work + (size_t)omp_get_thread_num() * each;
        add_neuron(e, i, rows, rows + ROWS * size);
    }
    for (int64_t i = 0; i < d->N; i++) {
        for (int64_t k = 0; k < D * D; k++) e->pooled_xx[k] += e->xx[i * D * D + k] / (double)d->N;
        for (int64_t k = 0; k < D; k++) e->pooled_xy[k] += e->xy[i * D + k] / (double)d->N;
    }
done:
    free(work);
    return status;
}

/* (xx + weight pooled_xx + ridge) b = xy + weight pooled_xx towards, of the first D features. A: [D][D] work space. */
static void solve(const equations *e, const double *xx, const double *xy, double weight, const double *towards,
                  int64_t D, double *A, double *b) {
    for (int64_t p = 0; p < D; p++) {
        b[p] = xy[p];
        for (int64_t q = p; q < D; q++) A[p * D + q] = xx[p * e->D + q] + weight * e->pooled_xx[p * e->D + q];
        A[p * D + p] += least_ridge;
        for (int64_t q = 0; q < D; q++)
            b[p] += weight * (p < q ? e->pooled_xx[p * e->D + q] : e->pooled_xx[q * e->D + p]) * towards[q];
    }
    if (!syn_solve_positive(A, D, b, 1)) memcpy(b, towards, (size_t)D * sizeof *b);
}

/* Coefficients [N][D] of all neurons at an order and a strength. */
static syn_status solve_all(const equations *e, int64_t D, double pull, int threads, double *coefficient) {
    const size_t size = (size_t)D, each = size * (size + 1);
    const double weight = pull / (double)e->data->F[SYN_TRAIN];
    double *work, *pooled;
    SYN_TRY(syn_alloc(&work, ((size_t)threads + 1) * each, sizeof *work, "autoregression"));
    pooled = work + (size_t)threads * each + size * size;
    solve(e, e->pooled_xx, e->pooled_xy, 0, pooled, D, work + (size_t)threads * each, pooled);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < e->data->N; i++)
        solve(e, e->xx + i * e->D * e->D, e->xy + i * e->D, weight, pooled, D,
              work + (size_t)omp_get_thread_num() * each, coefficient + i * D);
    free(work);
    return SYN_OK;
}

void syn_ar_predict(const syn_ar *ar, const syn_rival_data *d, int64_t t, float *prediction) {
    for (int64_t i = 0; i < d->N; i++) {
        const double *c = ar->coefficient + i * ar->D;
        double sum = c[0] + (double)base_of(d, ar->from_baseline, t, i);
        for (int64_t b = 0; b < d->B; b++) sum += c[1 + b] * (double)d->session->u[(t - 1) * d->B + b];
        for (int64_t l = 0, at = (t - 1) * d->N + i; l < ar->order && t - 1 - l >= d->start[t]; l++, at -= d->N)
            sum += c[1 + d->B + l] * (double)(ar->from_baseline ? d->x[at] - d->baseline[at] : d->x[at]);
        prediction[i] = (float)sum;
    }
}

/* Validation loss of a candidate; chunks of frames of a fixed size are summed in order. */
static syn_status validate(syn_ar *ar, const syn_rival_data *d, int threads, double *loss) {
    const int64_t F = d->F[SYN_VALIDATION], chunks = (F + ROWS - 1) / ROWS;
    syn_rival_loss *part = NULL, sum = {0};
    float *prediction = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&part, (size_t)chunks, sizeof *part, "autoregression"));
    SYN_CHECK(syn_alloc(&prediction, (size_t)(chunks * d->N), sizeof *prediction, "autoregression"));
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t c = 0; c < chunks; c++)
        for (int64_t k = c * ROWS; k < F && k < (c + 1) * ROWS; k++) {
            syn_ar_predict(ar, d, d->frame[SYN_VALIDATION][k], prediction + c * d->N);
            syn_rival_loss_add(&part[c], d, d->frame[SYN_VALIDATION][k], prediction + c * d->N);
        }
    for (int64_t c = 0; c < chunks; c++)
        for (int k = 0; k < SYN_FLOORS; k++) sum.sum[k] += part[c].sum[k];
    *loss = syn_rival_loss_least(&sum, d, &ar->floor);
done:
    free(part), free(prediction);
    return status;
}

void syn_ar_free(syn_ar *ar) {
    if (ar) free(ar->coefficient);
    free(ar);
}

/* Keeps a candidate with the least loss. */
static syn_status keep_better(syn_ar *best, double *least, syn_ar *candidate, const syn_rival_data *d, int threads) {
    double loss;
    SYN_TRY(validate(candidate, d, threads, &loss));
    if (loss >= *least) return SYN_OK;
    double *coefficient = best->coefficient;
    *best = *candidate;
    best->coefficient = coefficient;
    memcpy(coefficient, candidate->coefficient, (size_t)(d->N * candidate->D) * sizeof *coefficient);
    *least = loss;
    return SYN_OK;
}

/* All orders until a few in a row are no better. */
static syn_status try_orders(syn_ar *best, double *least, const syn_rival_data *d, const syn_rival_settings *settings,
                             bool from_baseline) {
    equations e = {0};
    syn_ar candidate = {.from_baseline = from_baseline};
    const int64_t shared = 1 + d->B;
    syn_status status;
    int worse = 0;
    SYN_CHECK(syn_alloc(&candidate.coefficient, (size_t)(d->N * (shared + orders[ORDERS - 1])), sizeof(double),
                        "autoregression"));
    SYN_CHECK(equations_create(&e, d, from_baseline, shared + orders[ORDERS - 1], settings->threads));
    for (int k = 0; k < ORDERS && worse < WORSE; k++) {
        const double before = *least;
        candidate.order = orders[k], candidate.D = shared + orders[k];
        for (int p = 0; p < PULLS; p++) {
            candidate.pull = pulls[p];
            SYN_CHECK(solve_all(&e, candidate.D, candidate.pull, settings->threads, candidate.coefficient));
            SYN_CHECK(keep_better(best, least, &candidate, d, settings->threads));
        }
        worse = *least < before ? 0 : worse + 1;
        SYN_CHECK(syn_rival_go_on(settings));
    }
done:
    equations_free(&e);
    free(candidate.coefficient);
    return status;
}

syn_status syn_ar_fit(syn_ar **ar, const syn_rival_data *d, const syn_rival_settings *settings) {
    double least = INFINITY;
    syn_status status;
    syn_blas_begin();
    SYN_CHECK(syn_alloc(ar, 1, sizeof **ar, "autoregression"));
    SYN_CHECK(syn_alloc(&(*ar)->coefficient, (size_t)(d->N * (1 + d->B + orders[ORDERS - 1])), sizeof(double),
                        "autoregression"));
    SYN_CHECK(try_orders(*ar, &least, d, settings, false));
    if (d->baseline) SYN_CHECK(try_orders(*ar, &least, d, settings, true));
done:
    syn_blas_end();
    if (status != SYN_OK) syn_ar_free(*ar), *ar = NULL;
    return status;
}

/* ---- the rival ---- */

static syn_status fit(void **model, const syn_rival_data *d, const syn_rival_settings *settings, json_t *chosen) {
    syn_ar *ar;
    SYN_TRY(syn_ar_fit(&ar, d, settings));
    *model = ar;
    json_object_set_new(chosen, "p", json_integer(ar->order));
    json_object_set_new(chosen, "pull_to_common", json_real(ar->pull));
    json_object_set_new(chosen, "slow_baseline", json_boolean(ar->from_baseline));
    syn_rival_note_floor(chosen, ar->floor);
    return SYN_OK;
}

static syn_status predict(const void *model, const syn_rival_data *d, const syn_rival_settings *settings,
                          syn_split split, float *prediction) {
    const syn_ar *ar = model;
    (void)settings;
    for (int64_t k = 0; k < d->F[split]; k++) syn_ar_predict(ar, d, d->frame[split][k], prediction + k * d->N);
    syn_rival_raise(d, ar->floor, prediction, d->F[split]);
    return SYN_OK;
}

static void release(void *model) { syn_ar_free(model); }

const syn_rival syn_rival_ar = {.name = "ar", .fit = fit, .predict = predict, .free = release};
