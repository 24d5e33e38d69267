/* glm: Poisson regression of spike counts with coupling filters (Pillow et al. 2008).
 *
 *     rate_i[t] = mean_i exp( c_i + sum_k h_ik y_ik[t] + sum_{j != i} sum_k w_ijk z_jk[t] + sum_b v_ib u_b[t-1] )
 *
 * y, z: the past through raised cosines (filters.h), more of them for a neuron itself. Its own filter is pulled to the
 * one of all neurons together, those from other neurons carry a group lasso (group_lasso.h).
 *
 * Chosen on the validation frames: the own filters and how far they are pulled, at first without coupling; the coupling
 * filters, a ridge on them, and the strength of the lasso. Of large recordings the choice is made on some receivers of
 * many, each with all its senders.
 *
 * Letters: K functions of a coupling filter, O of an own one, D = N K + B + 1 shared columns, F train frames.
 */
#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "rivals/filters.h"
#include "rivals/glm.h"
#include "rivals/group_lasso.h"
#include "rivals/loss.h"

enum { OWNS = 4, BASES = 6, STRENGTHS = 16, RIDGES = 5, AROUND = 2, ROUNDS = 3, TILE = 64, LEAST_BLOCKS = 8 };
static const int own_functions[OWNS] = {1, 3, 5, 8}, own_spans[OWNS] = {1, 8, 32, 128}; /* functions, frames */
static const int functions[BASES] = {1, 2, 3, 4, 6, 8}, spans[BASES] = {1, 3, 8, 16, 32, 128};
static const double strengths[STRENGTHS] = {8,    6.4,  5.12, 4.1,  3.28, 2.62, 2.1,  1.68,
                                            1.34, 1.07, 0.86, 0.69, 0.55, 0.44, 0.35, 0.28};
static const double ridges[RIDGES] = {1, 10, 100, 1000, 10000};
/* Floats of the columns of one kind: 1 GB. */
static const double most_features = 2.5e8;
/* Receivers times senders times frames that one choice is made on. */
static const double most_work = 2e8;
static const char what[] = "coupling filters";

typedef struct glm {
    syn_filters own, coupling;
    int floor;
    double strength, ridge, pull;
    int64_t D;
    float *scale; /* [B + 1] of behaviour and offset */
    float *w;     /* [N][D + O] */
} glm;

static void glm_free(glm *m) {
    syn_filters_free(&m->own), syn_filters_free(&m->coupling);
    free(m->scale), free(m->w);
    *m = (glm){0};
}

/* ---- predictions ---- */

/* row [B + 1] of target t: what is neither an own nor a coupling filter. */
static void other_columns(const syn_rival_data *d, int64_t t, float *row) {
    for (int64_t b = 0; b < d->B; b++) row[b] = d->session->u[(t - 1) * d->B + b];
    row[d->B] = 1;
}

/* prediction [n][N] of frames [n], at most TILE. shared, own: [TILE][D], [N][O] work space. */
static void predict_rows(const glm *m, const syn_rival_data *d, const int64_t *frame, int64_t n, float *shared,
                         float *own, float *prediction) {
    const syn_normalisation *norm = &d->session->norm;
    const int64_t D = m->D, O = m->own.K, others = D - d->B - 1;
    for (int64_t k = 0; k < n; k++) {
        float *row = shared + k * D;
        syn_filters_apply(&m->coupling, d, frame[k], row);
        other_columns(d, frame[k], row + others);
        for (int64_t b = 0; b <= d->B; b++) row[others + b] *= m->scale[b];
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)d->N, (int)D, 1, shared, (int)D, m->w,
                (int)(D + O), 0, prediction, (int)d->N);
    for (int64_t k = 0; k < n; k++) {
        syn_filters_apply(&m->own, d, frame[k], own);
        for (int64_t i = 0; i < d->N; i++) {
            float drive = prediction[k * d->N + i];
            for (int64_t o = 0; o < O; o++) drive += m->w[i * (D + O) + D + o] * own[i * O + o];
            const float rate = norm->mean[i] * expf(fminf(drive, SYN_LASSO_MOST_DRIVE));
            prediction[k * d->N + i] = (rate - norm->mean[i]) / norm->scale[i];
        }
    }
}

/* prediction [F][N] of a split, with no floor yet. */
static syn_status predict_split(const glm *m, const syn_rival_data *d, int threads, syn_split split,
                                float *prediction) {
    const int64_t F = d->F[split], each = TILE * m->D + d->N * m->own.K;
    float *work;
    SYN_TRY(syn_alloc(&work, (size_t)(threads * each), sizeof *work, what));
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t first = 0; first < F; first += TILE) {
        float *rows = work + omp_get_thread_num() * each;
        predict_rows(m, d, d->frame[split] + first, F - first < TILE ? F - first : TILE, rows, rows + TILE * m->D,
                     prediction + first * d->N);
    }
    free(work);
    return SYN_OK;
}

static syn_status validation_loss(glm *m, const syn_rival_data *d, int threads, double *loss) {
    const int64_t F = d->F[SYN_VALIDATION];
    float *prediction;
    syn_rival_loss sum = {0};
    SYN_TRY(syn_alloc(&prediction, (size_t)(F * d->N), sizeof *prediction, what));
    const syn_status status = predict_split(m, d, threads, SYN_VALIDATION, prediction);
    for (int64_t k = 0; status == SYN_OK && k < F; k++)
        syn_rival_loss_add(&sum, d, d->frame[SYN_VALIDATION][k], prediction + k * d->N);
    *loss = syn_rival_loss_least(&sum, d, &m->floor);
    free(prediction);
    return status;
}

/* ---- the regressions of all neurons on one pair of filters ---- */

typedef struct regressions {
    const syn_rival_data *data;
    glm model;
    syn_lasso_features x;
    float *column, *own; /* [D][F], [N][O][F] */
    int64_t *first;      /* [G + 2] */
    int64_t blocks;
    syn_lasso *block; /* [blocks] of receivers, of all or of some of them */
    int threads;
    syn_lasso_work **work; /* [threads] */
} regressions;

static void regressions_free(regressions *r) {
    for (int64_t k = 0; r->block && k < r->blocks; k++) syn_lasso_free(&r->block[k]);
    for (int k = 0; r->work && k < r->threads; k++) syn_lasso_work_free(r->work[k]);
    free(r->column), free(r->own), free(r->first), free(r->block), free(r->work);
    glm_free(&r->model);
}

static syn_status make_columns(regressions *r) {
    const syn_rival_data *d = r->data;
    const int64_t F = d->F[SYN_TRAIN], others = r->model.D - d->B - 1;
    float *row;
    SYN_TRY(syn_alloc(&r->column, (size_t)(r->model.D * F), sizeof *r->column, what));
    SYN_TRY(syn_alloc(&r->own, (size_t)(d->N * r->model.own.K * F), sizeof *r->own, what));
    SYN_TRY(syn_filters_fit(&r->model.own, d, r->threads, r->own));
    SYN_TRY(syn_filters_fit(&r->model.coupling, d, r->threads, r->column));
    SYN_TRY(syn_alloc(&r->model.scale, (size_t)d->B + 1, sizeof *r->model.scale, what));
    SYN_TRY(syn_alloc(&row, (size_t)d->B + 1, sizeof *row, what));
    for (int64_t k = 0; k < F; k++) {
        other_columns(d, d->frame[SYN_TRAIN][k], row);
        for (int64_t b = 0; b <= d->B; b++) r->column[(others + b) * F + k] = row[b];
    }
    free(row);
    for (int64_t b = 0; b <= d->B; b++) r->model.scale[b] = syn_scale_column(r->column + (others + b) * F, F);
    return SYN_OK;
}

/* A group for the filter from each neuron, one for each behaviour, one for the offset, and the own filter. */
static syn_status make_groups(regressions *r) {
    const syn_rival_data *d = r->data;
    const int64_t K = r->model.coupling.K, filters = K ? d->N : 0, G = filters + d->B + 1;
    SYN_TRY(syn_alloc(&r->first, (size_t)G + 2, sizeof *r->first, what));
    for (int64_t g = 0; g <= G; g++) r->first[g] = g < filters ? g * K : filters * K + g - filters;
    r->first[G + 1] = r->model.D + r->model.own.K;
    r->x = (syn_lasso_features){.F = d->F[SYN_TRAIN],
                                .D = r->model.D,
                                .O = r->model.own.K,
                                .G = G,
                                .column = r->column,
                                .first = r->first,
                                .penalised = filters};
    return SYN_OK;
}

/* How many receivers may be regressed. */
static double receivers_within(const syn_rival_data *d, double work) {
    return work / ((double)d->N * (double)d->F[SYN_TRAIN]);
}

/* count [N][F] of the train frames. work: receivers times senders times frames, which says how many blocks of receivers
 * are made, at least one; INFINITY: all. */
static syn_status regressions_create(regressions *r, const syn_rival_data *d, syn_filters own, syn_filters coupling,
                                     const float *count, double work, int threads) {
    const int64_t F = d->F[SYN_TRAIN], N = d->N, O = own.K, even = (N + LEAST_BLOCKS - 1) / LEAST_BLOCKS;
    const int64_t size = even < SYN_LASSO_BLOCK ? even : SYN_LASSO_BLOCK, blocks = (N + size - 1) / size;
    own.scale = coupling.scale = NULL;
    *r = (regressions){
        .data = d, .model = {.own = own, .coupling = coupling, .D = N * coupling.K + d->B + 1}, .threads = threads};
    SYN_TRY(make_columns(r));
    SYN_TRY(make_groups(r));
    SYN_TRY(syn_alloc(&r->model.w, (size_t)(N * (r->model.D + O)), sizeof(float), what));
    r->blocks = (int64_t)fmin(ceil(receivers_within(d, work) / (double)size), (double)blocks);
    SYN_TRY(syn_alloc(&r->block, (size_t)r->blocks, sizeof *r->block, what));
    SYN_TRY(syn_alloc(&r->work, (size_t)threads, sizeof *r->work, what));
    for (int k = 0; k < threads; k++) SYN_TRY(syn_lasso_work_create(&r->work[k], &r->x));
    for (int64_t k = 0; k < r->blocks; k++) {
        const int64_t first = k * blocks / r->blocks * size;
        SYN_TRY(syn_lasso_create(&r->block[k], &r->x, N - first < size ? N - first : size, first,
                                 r->own + first * O * F, count + first * F, d->session->norm.mean + first));
    }
    return SYN_OK;
}

/* All receivers at one strength; returns the number of filters between neurons. Receivers that are left out keep their
 * mean rate. */
static int64_t solve(regressions *r, const float *towards) {
    const int64_t D = r->x.D + r->x.O;
    const syn_lasso_strength strength = {
        .penalty = r->model.strength, .ridge = r->model.ridge, .own_ridge = r->model.pull, .towards = towards};
    int64_t filters = 0;
#pragma omp parallel for schedule(dynamic) num_threads(r->threads) reduction(+ : filters)
    for (int64_t k = 0; k < r->blocks; k++) {
        const syn_lasso *b = &r->block[k];
        syn_lasso_solve(&r->block[k], &strength, r->work[omp_get_thread_num()]);
        memcpy(r->model.w + b->self * D, b->w, (size_t)(b->n * D) * sizeof *b->w);
        for (int64_t j = 0; j < b->n; j++)
            for (int64_t g = 0; g < r->x.penalised; g++) filters += b->w[j * D + r->first[g]] != 0;
    }
    return filters;
}

/* ---- choice ---- */

enum { RIDGE, OWN, PULL, COUPLING, AXES, FIRST_RIDGE = 2 };
static const int choices[AXES] = {RIDGES, OWNS, RIDGES, BASES};

typedef struct search {
    const syn_rival_data *data;
    const syn_rival_settings *settings;
    double work;                                     /* that one choice is made on */
    float *count;                                    /* [N][F] of the train frames, -1 where not observed */
    float towards[OWNS][RIDGES][SYN_FILTERS_MOST_K]; /* what own filters are pulled to */
    bool tried[OWNS][RIDGES][BASES][RIDGES];
    glm best;
    double least;
    int at[AXES], strength; /* indices of what is best */
} search;

/* Own filter [O] of all receivers together: the mean, each weighted by its spikes. */
static void common_filter(const regressions *r, float *common) {
    const float *mean = r->data->session->norm.mean;
    for (int64_t o = 0; o < r->x.O; o++) {
        double sum = 0, spikes = 0;
        for (int64_t k = 0; k < r->blocks; k++)
            for (int64_t i = r->block[k].self; i < r->block[k].self + r->block[k].n; i++) {
                sum += (double)mean[i] * (double)r->model.w[i * (r->x.D + r->x.O) + r->x.D + o];
                spikes += (double)mean[i];
            }
        common[o] = spikes > 0 ? (float)(sum / spikes) : 0;
    }
}

static syn_status copy_floats(float **to, const float *from, int64_t count) {
    SYN_TRY(syn_alloc(to, (size_t)count, sizeof **to, what));
    if (count) memcpy(*to, from, (size_t)count * sizeof **to);
    return SYN_OK;
}

static syn_status keep(search *s, const glm *m, double loss) {
    const int64_t N = s->data->N;
    syn_status status;
    glm copy = *m;
    copy.own.scale = copy.coupling.scale = copy.scale = copy.w = NULL;
    SYN_CHECK(copy_floats(&copy.own.scale, m->own.scale, N * m->own.K));
    SYN_CHECK(copy_floats(&copy.coupling.scale, m->coupling.scale, N * m->coupling.K));
    SYN_CHECK(copy_floats(&copy.scale, m->scale, s->data->B + 1));
    SYN_CHECK(copy_floats(&copy.w, m->w, N * (m->D + m->own.K)));
    glm_free(&s->best);
    s->best = copy, s->least = loss;
    return SYN_OK;
done:
    glm_free(&copy);
    return status;
}

/* Loss of what is solved; kept if it is the best. */
static syn_status judge(search *s, regressions *r, double *loss) {
    SYN_TRY(validation_loss(&r->model, s->data, s->settings->threads, loss));
    if (*loss < s->least) SYN_TRY(keep(s, &r->model, *loss));
    return syn_rival_go_on(s->settings);
}

/* Own filters alone, pulled ever more to what they have in common. */
static syn_status try_own(search *s, int own) {
    float common[SYN_FILTERS_MOST_K] = {0};
    regressions r;
    syn_status status;
    SYN_CHECK(regressions_create(&r, s->data, syn_filters_create(own_functions[own], own_spans[own]),
                                 syn_filters_create(0, 0), s->count, s->work, s->settings->threads));
    for (int k = 0; k < RIDGES; k++) {
        const double before = s->least;
        double loss;
        r.model.pull = ridges[k], r.model.ridge = ridges[0];
        memcpy(s->towards[own][k], common, sizeof common);
        solve(&r, common);
        SYN_CHECK(judge(s, &r, &loss));
        if (s->least < before) s->at[OWN] = own, s->at[PULL] = k;
        common_filter(&r, common);
    }
done:
    regressions_free(&r);
    return status;
}

static bool fits(const search *s, int K) {
    return K == 1 || (double)s->data->F[SYN_TRAIN] * (double)(s->data->N * K) < most_features;
}

/* Strengths from strong to weak: all of them until two in a row are no better; once one is known that is good, from a
 * little above it until one is no better. *better: whether one is the best of all. */
static syn_status try_coupling(search *s, const int *at, bool *better) {
    const int own = at[OWN], coupling = at[COUPLING];
    bool *tried = &s->tried[own][at[PULL]][coupling][at[RIDGE]];
    const int patience = s->strength ? 1 : 2;
    double least = INFINITY, loss;
    regressions r;
    syn_status status;
    *better = false;
    if (*tried || !fits(s, own_functions[own]) || !fits(s, functions[coupling])) return SYN_OK;
    *tried = true;
    SYN_CHECK(regressions_create(&r, s->data, syn_filters_create(own_functions[own], own_spans[own]),
                                 syn_filters_create(functions[coupling], spans[coupling]), s->count, s->work,
                                 s->settings->threads));
    r.model.pull = ridges[at[PULL]], r.model.ridge = ridges[at[RIDGE]];
    for (int k = s->strength > AROUND ? s->strength - AROUND : 0, worse = 0; k < STRENGTHS && worse < patience; k++) {
        const double before = s->least;
        r.model.strength = strengths[k];
        const int64_t filters = solve(&r, s->towards[own][at[PULL]]);
        SYN_CHECK(judge(s, &r, &loss));
        if (s->least < before) *better = true, s->strength = k;
        worse = filters > 0 && loss >= least ? worse + 1 : 0;
        least = fmin(least, loss);
    }
done:
    regressions_free(&r);
    return status;
}

/* Steps along an axis, up or down, as long as that is better. */
static syn_status climb(search *s, int axis, int by) {
    for (bool better = true; better;) {
        int at[AXES];
        memcpy(at, s->at, sizeof at);
        at[axis] += by;
        if (at[axis] < 0 || at[axis] >= choices[axis]) break;
        SYN_TRY(try_coupling(s, at, &better));
        if (better) memcpy(s->at, at, sizeof at);
    }
    return SYN_OK;
}

/* Own filters without coupling, all coupling filters with the best of them, then one axis after the other. */
static syn_status choose(search *s) {
    bool better;
    for (int k = 0; k < OWNS; k++)
        if (fits(s, own_functions[k])) SYN_TRY(try_own(s, k));
    for (int k = 0; k < BASES; k++) {
        const int at[AXES] = {[COUPLING] = k, [RIDGE] = FIRST_RIDGE, [OWN] = s->at[OWN], [PULL] = s->at[PULL]};
        SYN_TRY(try_coupling(s, at, &better));
        if (better || k == 0) memcpy(s->at, at, sizeof at);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int axis = 0; axis < AXES; axis++) {
            SYN_TRY(climb(s, axis, 1));
            SYN_TRY(climb(s, axis, -1));
        }
    return SYN_OK;
}

/* All receivers with what was chosen on some, down to the strength from a little above it. */
static syn_status solve_for_all(search *s) {
    const glm *best = &s->best;
    const int first = best->coupling.K == 0 ? s->strength : s->strength > AROUND ? s->strength - AROUND : 0;
    const float *towards = s->towards[s->at[OWN]][s->at[PULL]];
    regressions r;
    double loss;
    syn_status status;
    SYN_CHECK(regressions_create(&r, s->data, syn_filters_create(best->own.K, best->own.span),
                                 syn_filters_create(best->coupling.K, best->coupling.span), s->count, INFINITY,
                                 s->settings->threads));
    r.model.pull = best->pull, r.model.ridge = best->ridge;
    for (int k = first; k <= s->strength; k++) {
        r.model.strength = best->coupling.K ? strengths[k] : 0;
        solve(&r, towards);
        SYN_CHECK(syn_rival_go_on(s->settings));
    }
    SYN_CHECK(validation_loss(&r.model, s->data, s->settings->threads, &loss));
    SYN_CHECK(keep(s, &r.model, loss));
done:
    regressions_free(&r);
    return status;
}

/* ---- the rival ---- */

static const char *why_not(const syn_rival_data *d) {
    return d->loss == SYN_LOSS_POISSON ? NULL : "it is a model of spike counts with a Poisson loss";
}

static void release(void *model) {
    if (model) glm_free(model);
    free(model);
}

static syn_status count_spikes(const syn_rival_data *d, float **count) {
    const int64_t F = d->F[SYN_TRAIN];
    const syn_normalisation *norm = &d->session->norm;
    SYN_TRY(syn_alloc(count, (size_t)(d->N * F), sizeof **count, what));
    for (int64_t k = 0; k < F; k++)
        for (int64_t i = 0, t = d->frame[SYN_TRAIN][k]; i < d->N; i++)
            (*count)[i * F + k] =
                syn_rival_observed(d, t, i) ? roundf(d->x[t * d->N + i] * norm->scale[i] + norm->mean[i]) : -1;
    return SYN_OK;
}

static void describe(const glm *m, json_t *chosen) {
    json_object_set_new(chosen, "own_functions", json_integer(m->own.K));
    json_object_set_new(chosen, "own_frames", json_integer(m->own.span));
    json_object_set_new(chosen, "pull_to_common", json_real(m->pull));
    json_object_set_new(chosen, "basis_functions", json_integer(m->coupling.K));
    json_object_set_new(chosen, "filter_frames", json_integer(m->coupling.span));
    json_object_set_new(chosen, "group_lasso", json_real(m->strength));
    json_object_set_new(chosen, "ridge", json_real(m->ridge));
    syn_rival_note_floor(chosen, m->floor);
}

syn_status syn_glm_fit(void **model, const syn_rival_data *d, const syn_rival_settings *settings, double work,
                       json_t *chosen) {
    search s = {.data = d, .settings = settings, .work = work, .least = INFINITY};
    syn_status status;
    syn_blas_begin();
    SYN_CHECK(count_spikes(d, &s.count));
    SYN_CHECK(choose(&s));
    if (receivers_within(d, work) < (double)d->N) SYN_CHECK(solve_for_all(&s));
    SYN_CHECK(syn_alloc(model, 1, sizeof s.best, what));
    memcpy(*model, &s.best, sizeof s.best);
    describe(&s.best, chosen);
    s.best = (glm){0};
done:
    syn_blas_end();
    free(s.count), glm_free(&s.best);
    return status;
}

static syn_status fit(void **model, const syn_rival_data *d, const syn_rival_settings *settings, json_t *chosen) {
    return syn_glm_fit(model, d, settings, most_work, chosen);
}

static syn_status predict(const void *model, const syn_rival_data *d, const syn_rival_settings *settings,
                          syn_split split, float *prediction) {
    const glm *m = model;
    syn_blas_begin();
    const syn_status status = predict_split(m, d, settings->threads, split, prediction);
    syn_blas_end();
    syn_rival_raise(d, m->floor, prediction, d->F[split]);
    return status;
}

const syn_rival syn_rival_glm = {.name = "glm", .why_not = why_not, .fit = fit, .predict = predict, .free = release};
