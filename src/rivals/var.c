#include "rivals/var.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "rivals/loss.h"

const char *const syn_var_base_name[] = {"level", "change", "own past"};

enum { ROWS = 256, BLOCK = 128, ORDERS = 12, STRENGTHS = 15, RANKS = 16, WORSE = 2, ROUNDS = 3 };
/* Longest list of inputs, past the first lag: a matrix of 128 MB. */
enum { MOST_INPUTS = 4096 };
static const int orders[ORDERS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
static const int ranks[RANKS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};

/* The m-th rank that is tried, N after those below it; 0: there are no more. */
static int64_t rank_at(int m, int64_t N) {
    if (m < RANKS && ranks[m] < N) return ranks[m];
    return m < RANKS && (m == 0 || ranks[m - 1] < N) ? N : 0;
}

static double strength_of(int k) { return pow(10, 0.5 * k); }

/* ---- inputs and targets ---- */

static float base_of(const syn_var *v, const syn_rival_data *d, int64_t t, int64_t i) {
    const int64_t before = (t - 1) * d->N + i;
    if (v->base == SYN_VAR_OWN) return v->own[t * d->N + i];
    if (v->base == SYN_VAR_CHANGE) return d->x[before];
    return v->slow && d->baseline ? d->baseline[before] : 0;
}

static void inputs_of(const syn_var *v, const syn_rival_data *d, int64_t t, double *row) {
    for (int64_t s = t - 1; s >= t - v->order; s--, row += d->N + d->B) {
        if (s < d->start[t]) {
            memset(row, 0, (size_t)(d->N + d->B) * sizeof *row);
            continue;
        }
        const float *x = d->x + s * d->N, *baseline = v->slow ? d->baseline + s * d->N : NULL;
        for (int64_t i = 0; i < d->N; i++) row[i] = (double)(baseline ? x[i] - baseline[i] : x[i]);
        for (int64_t b = 0; b < d->B; b++) row[d->N + b] = (double)d->session->u[s * d->B + b];
    }
    *row = 1;
}

static bool any_observed(const syn_rival_data *d, int64_t t) {
    for (int64_t i = 0; i < d->N; i++)
        if (syn_rival_observed(d, t, i)) return true;
    return false;
}

/* Predictions of n <= ROWS targets, before any floor. inputs [ROWS][D], sums [ROWS][N]: work space. */
static void predict_rows(const syn_var *v, const syn_rival_data *d, const int64_t *frame, int64_t n, double *inputs,
                         double *sums, float *prediction) {
    for (int64_t k = 0; k < n; k++) inputs_of(v, d, frame[k], inputs + k * v->D);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)d->N, (int)v->D, 1, inputs, (int)v->D,
                v->coefficient, (int)v->D, 0, sums, (int)d->N);
    for (int64_t k = 0; k < n * d->N; k++)
        prediction[k] = (float)(sums[k] + (double)base_of(v, d, frame[k / d->N], k % d->N));
}

/* ---- normal equations of the train frames ---- */

typedef struct equations {
    const syn_var *var;
    const syn_rival_data *data;
    const float *imputed; /* [F][N] predictions that stand for targets that were not observed; NULL: the decayed ones */
    double *xx, *xy;      /* [D][D] upper triangle, [N][D] */
} equations;

static void equations_free(equations *e) {
    free(e->xx), free(e->xy);
    e->xx = e->xy = NULL;
}

/* rows [n][D], targets [n][N] of the next n <= ROWS frames from *k on that hold an observation. */
static int64_t fill_rows(const equations *e, int64_t *k, double *rows, double *targets) {
    const syn_rival_data *d = e->data;
    int64_t n = 0;
    for (; n < ROWS && *k < d->F[SYN_TRAIN]; ++*k) {
        const int64_t t = d->frame[SYN_TRAIN][*k];
        if (d->session->mask && !any_observed(d, t)) continue;
        inputs_of(e->var, d, t, rows + n * e->var->D);
        for (int64_t i = 0; i < d->N; i++) {
            const bool known = !e->imputed || syn_rival_observed(d, t, i);
            const float x = known ? d->x[t * d->N + i] : e->imputed[*k * d->N + i];
            targets[n * d->N + i] = (double)(x - base_of(e->var, d, t, i));
        }
        n++;
    }
    return n;
}

static syn_status equations_create(equations *e, int threads) {
    const int64_t D = e->var->D, N = e->data->N, blocks = (D + BLOCK - 1) / BLOCK;
    double *rows = NULL, *targets = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&e->xx, (size_t)(D * D), sizeof(double), "regression"));
    SYN_CHECK(syn_alloc(&e->xy, (size_t)(N * D), sizeof(double), "regression"));
    SYN_CHECK(syn_alloc(&rows, (size_t)(ROWS * D), sizeof(double), "regression"));
    SYN_CHECK(syn_alloc(&targets, (size_t)(ROWS * N), sizeof(double), "regression"));
    for (int64_t k = 0, n; (n = fill_rows(e, &k, rows, targets)) > 0;) {
#pragma omp parallel for schedule(dynamic) num_threads(threads)
        for (int64_t block = 0; block < blocks; block++) {
            const int64_t first = block * BLOCK, width = D - first < BLOCK ? D - first : BLOCK;
            cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)width, (int)(D - first), (int)n, 1, rows + first,
                        (int)D, rows + first, (int)D, 1, e->xx + first * D + first, (int)D);
            cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)N, (int)width, (int)n, 1, targets, (int)N,
                        rows + first, (int)D, 1, e->xy + first, (int)D);
        }
    }
done:
    free(rows), free(targets);
    return status;
}

/* coefficient [N][D] at a strength, which the offset does not feel. A: [D][D] work space. */
static bool solve(const equations *e, double strength, double *A, double *coefficient) {
    const int64_t D = e->var->D;
    memcpy(A, e->xx, (size_t)(D * D) * sizeof *A);
    memcpy(coefficient, e->xy, (size_t)(e->data->N * D) * sizeof *coefficient);
    for (int64_t k = 0; k + 1 < D; k++) A[k * D + k] += strength;
    A[D * D - 1] += 1e-6;
    return syn_solve_positive(A, D, coefficient, e->data->N);
}

/* Directions of the fitted values, V [N][N] in rows by falling variance (reduced-rank ridge regression: Mukherjee & Zhu
 * 2011). */
static syn_status directions(const equations *e, const double *coefficient, double *V) {
    const int64_t D = e->var->D, N = e->data->N;
    double *lambda;
    SYN_TRY(syn_alloc(&lambda, (size_t)N, sizeof *lambda, "reduced rank"));
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)N, (int)N, (int)D, 1, e->xy, (int)D, coefficient, (int)D,
                0, V, (int)N);
    syn_status status = syn_eigen(V, lambda, N);
    for (int64_t k = 0; k < N / 2; k++) cblas_dswap((int)N, V + k * N, 1, V + (N - 1 - k) * N, 1);
    free(lambda);
    return status;
}

/* coefficient <- V_r^T V_r coefficient */
static syn_status project(const double *V, int64_t r, int64_t N, int64_t D, double *coefficient) {
    double *inner;
    SYN_TRY(syn_alloc(&inner, (size_t)(r * D), sizeof *inner, "reduced rank"));
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)r, (int)D, (int)N, 1, V, (int)N, coefficient, (int)D, 0,
                inner, (int)D);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)N, (int)D, (int)r, 1, V, (int)N, inner, (int)D, 0,
                coefficient, (int)D);
    free(inner);
    return SYN_OK;
}

/* ---- candidates ---- */

/* One strength, tried: its own copy of the model with its coefficients. */
typedef struct trial {
    syn_var var; /* rank and floor: the best */
    double loss;
    syn_status status;
} trial;

/* Validation losses of all ranks at once: prediction = base + sum over k <= r of v_k (v_k . sums). */
static syn_status rank_losses(const syn_var *v, const syn_rival_data *d, const double *V, syn_rival_loss *loss) {
    const int64_t N = d->N, F = d->F[SYN_VALIDATION];
    double *inputs = NULL, *sums = NULL, *along = NULL, *total = NULL;
    float *prediction = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&inputs, (size_t)(ROWS * v->D), sizeof(double), "reduced rank"));
    SYN_CHECK(syn_alloc(&sums, (size_t)(ROWS * N), sizeof(double), "reduced rank"));
    SYN_CHECK(syn_alloc(&along, (size_t)(ROWS * N), sizeof(double), "reduced rank"));
    SYN_CHECK(syn_alloc(&total, (size_t)(ROWS * N), sizeof(double), "reduced rank"));
    SYN_CHECK(syn_alloc(&prediction, (size_t)(ROWS * N), sizeof(float), "reduced rank"));
    for (int64_t k = 0; k < F; k += ROWS) {
        const int64_t n = F - k < ROWS ? F - k : ROWS, *frame = d->frame[SYN_VALIDATION] + k;
        predict_rows(v, d, frame, n, inputs, sums, prediction);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)N, (int)N, 1, sums, (int)N, V, (int)N, 0,
                    along, (int)N);
        memset(total, 0, (size_t)(n * N) * sizeof *total);
        for (int64_t m = 0, from = 0, to; (to = rank_at((int)m, N)); from = to, m++) {
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)N, (int)(to - from), 1, along + from,
                        (int)N, V + from * N, (int)N, 1, total, (int)N);
            for (int64_t j = 0; j < n; j++) {
                for (int64_t i = 0; i < N; i++)
                    prediction[i] = (float)(total[j * N + i] + (double)base_of(v, d, frame[j], i));
                syn_rival_loss_add(&loss[m], d, frame[j], prediction);
            }
        }
    }
done:
    free(inputs), free(sums), free(along), free(total), free(prediction);
    return status;
}

static syn_status full_rank_loss(const syn_var *v, const syn_rival_data *d, syn_rival_loss *loss) {
    const int64_t F = d->F[SYN_VALIDATION];
    double *inputs = NULL, *sums = NULL;
    float *prediction = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&inputs, (size_t)(ROWS * v->D), sizeof(double), "regression"));
    SYN_CHECK(syn_alloc(&sums, (size_t)(ROWS * d->N), sizeof(double), "regression"));
    SYN_CHECK(syn_alloc(&prediction, (size_t)(ROWS * d->N), sizeof(float), "regression"));
    for (int64_t k = 0; k < F; k += ROWS) {
        const int64_t n = F - k < ROWS ? F - k : ROWS, *frame = d->frame[SYN_VALIDATION] + k;
        predict_rows(v, d, frame, n, inputs, sums, prediction);
        for (int64_t j = 0; j < n; j++) syn_rival_loss_add(loss, d, frame[j], prediction + j * d->N);
    }
done:
    free(inputs), free(sums), free(prediction);
    return status;
}

static syn_status choose_rank(const equations *e, trial *t) {
    syn_rival_loss loss[RANKS] = {0};
    double *V;
    SYN_TRY(syn_alloc(&V, (size_t)(e->data->N * e->data->N), sizeof *V, "reduced rank"));
    syn_status status = directions(e, t->var.coefficient, V);
    if (status == SYN_OK) status = rank_losses(&t->var, e->data, V, loss);
    for (int m = 0; status == SYN_OK && rank_at(m, e->data->N); m++) {
        int floor;
        const double least = syn_rival_loss_least(&loss[m], e->data, &floor);
        if (least < t->loss) t->loss = least, t->var.rank = (int)rank_at(m, e->data->N), t->var.floor = floor;
    }
    if (status == SYN_OK && t->var.rank) status = project(V, t->var.rank, e->data->N, e->var->D, t->var.coefficient);
    free(V);
    return status;
}

static syn_status try_one(const equations *e, bool reduced_rank, trial *t) {
    const int64_t D = e->var->D;
    syn_rival_loss loss = {0};
    double *A;
    t->var = *e->var;
    t->loss = INFINITY;
    SYN_TRY(syn_alloc(&t->var.coefficient, (size_t)(e->data->N * D), sizeof(double), "regression"));
    SYN_TRY(syn_alloc(&A, (size_t)(D * D), sizeof *A, "regression"));
    const bool solved = solve(e, t->var.strength, A, t->var.coefficient);
    free(A);
    if (!solved) return SYN_OK; /* too weak a ridge */
    if (reduced_rank) return choose_rank(e, t);
    SYN_TRY(full_rank_loss(&t->var, e->data, &loss));
    t->loss = syn_rival_loss_least(&loss, e->data, &t->var.floor);
    return SYN_OK;
}

/* The best so far, and how it was searched. */
typedef struct search {
    const syn_rival_data *data;
    const syn_rival_settings *settings;
    bool reduced_rank;
    syn_var best;
    double least;
    int strength; /* index of the best strength of the orders before */
} search;

/* Strengths low..high; *at becomes the best of them if it is better than *loss. */
static syn_status try_strengths(search *s, equations *e, syn_var *v, int low, int high, int *at, double *loss) {
    trial trials[STRENGTHS] = {0};
    syn_status status = SYN_OK;
#pragma omp parallel for schedule(dynamic) num_threads(s->settings->threads)
    for (int k = low; k <= high; k++) {
        syn_var candidate = *v;
        equations own = *e;
        candidate.strength = strength_of(k);
        own.var = &candidate;
        trials[k].status = try_one(&own, s->reduced_rank, &trials[k]);
    }
    for (int k = low; k <= high; k++) {
        if (status == SYN_OK) status = trials[k].status;
        if (trials[k].loss < *loss) *loss = trials[k].loss, *at = k;
        if (status == SYN_OK && trials[k].loss < s->least) {
            free(s->best.coefficient);
            s->best = trials[k].var, s->least = trials[k].loss;
            trials[k].var.coefficient = NULL;
        }
        free(trials[k].var.coefficient);
    }
    return status;
}

/* All strengths for the first order, then those around the best of the order before. */
static syn_status try_order(search *s, syn_var *v, double *loss) {
    equations e = {.var = v, .data = s->data};
    int low = 0, high = STRENGTHS - 1, at = 0;
    syn_status status;
    *loss = INFINITY;
    SYN_CHECK(equations_create(&e, s->settings->threads));
    if (v->order > orders[0]) {
        low = s->strength > 1 ? s->strength - 1 : 0;
        high = low + 3 < STRENGTHS ? low + 3 : STRENGTHS - 1;
    }
    SYN_CHECK(try_strengths(s, &e, v, low, high, &at, loss));
    while (at == high && high < STRENGTHS - 1) {
        high++;
        SYN_CHECK(try_strengths(s, &e, v, high, high, &at, loss));
    }
    while (at == low && low > 0) {
        low--;
        SYN_CHECK(try_strengths(s, &e, v, low, low, &at, loss));
    }
    s->strength = at;
done:
    equations_free(&e);
    return status;
}

/* All orders until a few in a row are no better. */
static syn_status try_orders(search *s, syn_var_base base, bool slow, float *own) {
    syn_var v = {.base = base, .slow = slow, .own = own, .floor = -1};
    double least = INFINITY, loss;
    for (int k = 0, worse = 0; k < ORDERS && worse < WORSE; k++) {
        v.order = orders[k], v.D = (s->data->N + s->data->B) * v.order + 1;
        if (k > 0 && v.D > MOST_INPUTS) break;
        SYN_TRY(try_order(s, &v, &loss));
        SYN_TRY(syn_rival_go_on(s->settings));
        worse = loss < least ? 0 : worse + 1;
        least = fmin(least, loss);
    }
    return SYN_OK;
}

/* ---- what was not observed ---- */

/* Fits the chosen model anew with its own predictions in place of targets that were not observed, until they agree: the
 * least squares of the observed ones. */
static syn_status refit_observed(syn_var *v, const syn_rival_data *d, int threads) {
    equations e = {.var = v, .data = d};
    const int64_t N = d->N, D = v->D;
    float *imputed = NULL;
    double *A = NULL, *V = NULL;
    const int floor = v->floor;
    syn_status status;
    SYN_CHECK(syn_alloc(&imputed, (size_t)(d->F[SYN_TRAIN] * N), sizeof *imputed, "regression"));
    SYN_CHECK(syn_alloc(&A, (size_t)(D * D), sizeof *A, "regression"));
    SYN_CHECK(syn_alloc(&V, (size_t)(N * N), sizeof *V, "regression"));
    e.imputed = imputed;
    for (int round = 0; round < ROUNDS; round++) {
        v->floor = -1;
        SYN_CHECK(syn_var_predict(v, d, threads, SYN_TRAIN, imputed));
        equations_free(&e);
        SYN_CHECK(equations_create(&e, threads));
        if (!solve(&e, v->strength, A, v->coefficient)) {
            status = syn_fail(SYN_ERR_NUMERIC, "%s: a linear rival could not be solved", d->session->recording->name);
            goto done;
        }
        if (v->rank) SYN_CHECK(directions(&e, v->coefficient, V));
        if (v->rank) SYN_CHECK(project(V, v->rank, N, D, v->coefficient));
    }
done:
    v->floor = floor;
    equations_free(&e);
    free(imputed), free(A), free(V);
    return status;
}

/* ---- the whole ---- */

static syn_status predict_own(const syn_rival_data *d, const syn_rival_settings *settings, float **own) {
    syn_ar *ar;
    SYN_TRY(syn_ar_fit(&ar, d, settings));
    syn_status status = syn_alloc(own, (size_t)(d->T * d->N), sizeof **own, "autoregression");
    for (int64_t t = 0; status == SYN_OK && t < d->T; t++)
        if (d->start[t] < t) syn_ar_predict(ar, d, t, *own + t * d->N);
    syn_ar_free(ar);
    return status;
}

syn_status syn_var_fit(syn_var **var, const syn_rival_data *d, const syn_rival_settings *settings, unsigned bases,
                       bool reduced_rank) {
    search s = {.data = d, .settings = settings, .reduced_rank = reduced_rank, .least = INFINITY};
    float *own = NULL;
    syn_status status;
    *var = NULL;
    syn_blas_begin();
    if (bases & 1u << SYN_VAR_OWN) SYN_CHECK(predict_own(d, settings, &own));
    for (int base = 0; base < SYN_VAR_BASES; base++)
        for (int slow = 0; slow <= (d->baseline ? 1 : 0) && bases & 1u << base; slow++)
            SYN_CHECK(try_orders(&s, (syn_var_base)base, slow, own));
    if (!s.best.coefficient) {
        status = syn_fail(SYN_ERR_NUMERIC, "%s: no linear rival could be solved", d->session->recording->name);
        goto done;
    }
    if (d->session->mask) SYN_CHECK(refit_observed(&s.best, d, settings->threads));
    SYN_CHECK(syn_alloc(var, 1, sizeof **var, "regression"));
    **var = s.best, s.best.coefficient = NULL;
    (*var)->own = own, own = NULL;
done:
    syn_blas_end();
    free(s.best.coefficient), free(own);
    return status;
}

void syn_var_free(syn_var *v) {
    if (v) free(v->coefficient), free(v->own);
    free(v);
}

syn_status syn_var_predict(const syn_var *v, const syn_rival_data *d, int threads, syn_split split, float *prediction) {
    const int64_t F = d->F[split];
    double *work;
    const size_t each = (size_t)(ROWS * (v->D + d->N));
    SYN_TRY(syn_alloc(&work, (size_t)threads * each, sizeof *work, "regression"));
    syn_blas_begin();
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t k = 0; k < F; k += ROWS) {
        double *inputs = work + (size_t)omp_get_thread_num() * each;
        predict_rows(v, d, d->frame[split] + k, F - k < ROWS ? F - k : ROWS, inputs, inputs + ROWS * v->D,
                     prediction + k * d->N);
    }
    syn_blas_end();
    free(work);
    syn_rival_raise(d, v->floor, prediction, F);
    return SYN_OK;
}
