#include "analysis/forecast.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "analysis/forecast_interval.h"
#include "analysis/metrics.h"
#include "analysis/prepare.h"
#include "analysis/rollout.h"
#include "analysis/rollout_noise.h"
#include "base/hdf5.h"
#include "base/memory.h"
#include "dataset/baseline.h"

enum { FORMAT_VERSION = 1, CHUNK_FRAMES = 256, MOST_STARTS = 200, SPREAD = -1, MOST_PATHS = 64, FEWEST_PATHS = 8 };
/* Predictions and truth of all rollouts together, unless a single one is larger. */
static const double most_rollout_bytes = 5e8;
/* Predictions of one neuron on all paths of all rollouts, which take half a minute or a few on one core. */
static const double most_path_steps = 1e9;

/* What both parts work with. */
typedef struct runner {
    syn_forecast *to;
    const syn_session *session;
    syn_network *network;
    size_t s; /* of the model */
    bool hold_behavior;
    const syn_rollout_noise *noise; /* NULL: none */
} runner;

static float raw(const syn_session *s, int64_t i, float z) { return z * s->norm.scale[i] + s->norm.mean[i]; }

/* z-scored truth x[N] of a frame to raw units; NaN where not observed. */
static void store_truth(const syn_session *s, int64_t frame, const float *x, float *out) {
    for (int64_t i = 0; i < s->N; i++) out[i] = syn_session_observed(s, frame, i) ? raw(s, i, x[i]) : NAN;
}

static void store_prediction(const syn_session *s, const float *x, float *out) {
    for (int64_t i = 0; i < s->N; i++) out[i] = raw(s, i, x[i]);
}

/* ---- one step ahead ---- */

typedef struct one_step {
    const runner *run;
    syn_level level;
    int64_t span; /* the next to begin */
    float *x;     /* [N] */
} one_step;

static syn_status on_frame(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    (void)slope;
    one_step *o = user;
    const syn_session *s = o->run->session;
    syn_forecast *to = o->run->to;
    if (o->span < s->n_spans[SYN_TEST] && frame == syn_span_first_target(&s->span[SYN_TEST][o->span]))
        syn_level_start(&o->level, SYN_TEST, o->span++);
    syn_level_restore(&o->level, prediction, o->x);
    store_prediction(s, o->x, to->prediction + to->F * s->N);
    syn_level_restore(&o->level, truth, o->x);
    store_truth(s, frame, o->x, to->truth + to->F * s->N);
    to->frame[to->F] = frame;
    to->time_s[to->F++] = s->recording->time_s ? s->recording->time_s[frame] : (double)frame / to->rate_hz;
    syn_level_move(&o->level, frame, o->x);
    return SYN_OK;
}

static syn_status run_one_step(const runner *run) {
    const syn_session *s = run->session;
    one_step o = {.run = run};
    syn_status status;
    const size_t F = (size_t)syn_session_targets(s, SYN_TEST), N = (size_t)s->N;
    SYN_CHECK(syn_alloc(&run->to->prediction, F * N, sizeof(float), "forecast"));
    SYN_CHECK(syn_alloc(&run->to->truth, F * N, sizeof(float), "forecast"));
    SYN_CHECK(syn_alloc(&run->to->frame, F, sizeof(int64_t), "forecast"));
    SYN_CHECK(syn_alloc(&run->to->time_s, F, sizeof(double), "forecast"));
    SYN_CHECK(syn_alloc(&o.x, N, sizeof(float), "forecast"));
    SYN_CHECK(syn_level_create(&o.level, s));
    SYN_CHECK(syn_network_run(run->network, run->s, SYN_TEST, on_frame, &o));
done:
    syn_level_free(&o.level);
    free(o.x);
    return status;
}

/* ---- where rollouts start ---- */

/* As many as fit the memory that rollouts may take. */
static syn_status spread_starts(const syn_session *s, syn_forecast *to) {
    const double fit = most_rollout_bytes / (2 * sizeof(float) * (double)to->K * (double)to->N);
    const int64_t most = fit >= MOST_STARTS ? MOST_STARTS : fit > 1 ? (int64_t)fit : 1;
    return syn_spread_starts(s, to->K, most, &to->start, &to->S);
}

/* start: the only one, or SPREAD. */
static syn_status choose_starts(const syn_session *s, int64_t start, syn_forecast *to) {
    if (start == SPREAD) return spread_starts(s, to);
    if (syn_history_of(s, start).stop == 0)
        return syn_fail(SYN_ERR_OPTION,
                        "start: found frame %lld; expected one of 1 to %lld with a frame of its segment before it",
                        (long long)start, (long long)s->T);
    to->S = 1;
    SYN_TRY(syn_alloc(&to->start, 1, sizeof *to->start, "rollouts"));
    to->start[0] = start;
    return SYN_OK;
}

/* Fails as choose_starts() will, before anything takes time. */
static syn_status check_starts(const syn_session *s, int64_t K, int64_t start) {
    syn_forecast only = {.K = K, .N = s->N};
    const syn_status status = choose_starts(s, start, &only);
    free(only.start);
    return status;
}

/* ---- rollouts ---- */

/* All rollouts side by side. */
typedef struct rollouts {
    float *state;        /* [S] states */
    float *x, *u, *out;  /* [S][N] fed in, less the baseline; [S][B]; [S][N] predicted */
    float *level, *last; /* [S][N] baseline before the next frame; last observed z-scored value, or 0 */
    float *z;            /* [N] */
    syn_level truth;     /* [N] baseline of the recorded activity */
    double *error, *copy_last, *mean, *entries; /* [K] sums over observed entries */
} rollouts;

static syn_status rollouts_create(rollouts *r, const runner *run) {
    const size_t S = (size_t)run->to->S, K = (size_t)run->to->K, N = (size_t)run->session->N;
    float **rows[] = {&r->x, &r->out, &r->level, &r->last};
    double **sums[] = {&r->error, &r->copy_last, &r->mean, &r->entries};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        SYN_TRY(syn_alloc(rows[k], S * N, sizeof(float), "rollouts"));
    for (size_t k = 0; k < sizeof sums / sizeof *sums; k++) SYN_TRY(syn_alloc(sums[k], K, sizeof(double), "rollouts"));
    SYN_TRY(syn_alloc(&r->u, S * (size_t)run->session->B, sizeof(float), "rollouts"));
    SYN_TRY(syn_alloc(&r->z, N, sizeof(float), "rollouts"));
    SYN_TRY(syn_level_create(&r->truth, run->session));
    return syn_network_state(run->network, run->s, run->to->S, &r->state);
}

static void rollouts_free(rollouts *r) {
    free(r->state), free(r->x), free(r->u), free(r->out), free(r->level), free(r->last), free(r->z);
    free(r->error), free(r->copy_last), free(r->mean), free(r->entries);
    syn_level_free(&r->truth);
}

/* Baseline before the first step of rollout n, and the last observed values. */
static void find_level(const runner *run, rollouts *r, int64_t n) {
    const syn_session *s = run->session;
    const int64_t start = run->to->start[n], N = s->N;
    const syn_history h = syn_history_of(s, start);
    if (h.span >= 0)
        syn_level_start(&r->truth, SYN_TEST, h.span);
    else
        memset(r->truth.value, 0, (size_t)N * sizeof(float));
    for (int64_t t = h.level_from; t < start; t++) {
        syn_level_restore(&r->truth, s->x + t * N, r->z);
        syn_level_move(&r->truth, t, r->z);
    }
    memcpy(r->level + n * N, r->truth.value, (size_t)N * sizeof(float));
    for (int64_t i = 0; i < N; i++) {
        int64_t t = start - 1;
        while (t >= h.state_from && !syn_session_observed(s, t, i)) t--;
        /* the baseline has not moved since */
        r->last[n * N + i] = t >= h.state_from ? r->truth.value[i] + s->x[t * N + i] : 0.0f;
    }
}

/* Truth of rollout n in raw units, and the errors against it. r->truth stands before its first step. */
static void score(const runner *run, rollouts *r, int64_t n) {
    const syn_session *s = run->session;
    syn_forecast *to = run->to;
    const int64_t N = s->N, stop = syn_history_of(s, to->start[n]).stop;
    for (int64_t k = 0; k < to->K; k++) {
        const int64_t frame = to->start[n] + k, row = (n * to->K + k) * N;
        if (frame >= stop) {
            for (int64_t i = 0; i < N; i++) to->rollout_truth[row + i] = NAN;
            continue;
        }
        syn_level_restore(&r->truth, s->x + frame * N, r->z);
        store_truth(s, frame, r->z, to->rollout_truth + row);
        for (int64_t i = 0; i < N; i++) {
            if (!syn_session_observed(s, frame, i)) continue;
            const double x = (double)r->z[i], last = (double)r->last[n * N + i];
            const double error = x - (double)to->rollout[row + i];
            r->entries[k]++;
            r->error[k] += error * error;
            r->copy_last[k] += (x - last) * (x - last);
            r->mean[k] += x * x;
        }
        syn_level_move(&r->truth, frame, r->z);
    }
}

/* Behaviour that goes with step k's input. */
static void set_behavior(const runner *run, rollouts *r, int64_t k) {
    const syn_session *s = run->session;
    for (int64_t n = 0; n < run->to->S && s->B > 0; n++) {
        int64_t start = run->to->start[n], stop = syn_history_of(s, start).stop;
        int64_t frame = start - 1 + (run->hold_behavior ? 0 : k);
        if (frame >= stop) frame = stop - 1;
        memcpy(r->u + n * s->B, s->u + frame * s->B, (size_t)s->B * sizeof(float));
    }
}

/* Steps all rollouts K times along a path; adds z-scored predictions to to->rollout. */
static syn_status roll(const runner *run, rollouts *r, int path) {
    const syn_session *s = run->session;
    syn_forecast *to = run->to;
    const int64_t N = s->N;
    for (int64_t k = 0; k < to->K; k++) {
        set_behavior(run, r, k);
        SYN_TRY(syn_network_advance(run->network, run->s, r->state, r->x, s->B ? r->u : NULL, to->S, true, r->out));
        /* a prediction less the baseline that it moved is what the network predicted */
        if (!run->noise) memcpy(r->x, r->out, (size_t)(to->S * N) * sizeof(float));
        for (int64_t n = 0; n < to->S; n++) {
            syn_level level = {s, r->level + n * N};
            float *sum = to->rollout + (n * to->K + k) * N;
            syn_level_restore(&level, r->out + n * N, r->z);
            for (int64_t i = 0; i < N; i++) sum[i] += r->z[i];
            if (run->noise) syn_rollout_disturb(run->noise, path, to->start[n] + k, r->z);
            syn_level_move(&level, -1, r->z);
            for (int64_t i = 0; run->noise && i < N; i++) r->x[n * N + i] = r->z[i] - level.value[i];
        }
    }
    return SYN_OK;
}

static int paths_for(const syn_forecast *to) {
    const double fit = most_path_steps / ((double)to->S * (double)to->K * (double)to->N);
    return fit >= MOST_PATHS ? MOST_PATHS : fit > FEWEST_PATHS ? (int)fit : FEWEST_PATHS;
}

/* All paths from where r stands: their mean, z-scored, into to->rollout. */
static syn_status roll_paths(const runner *run, rollouts *r) {
    syn_forecast *to = run->to;
    const size_t states = (size_t)to->S * syn_network_state_size(run->network, run->s);
    const size_t entries = (size_t)(to->S * to->N);
    float *state = NULL, *x = NULL, *level = NULL;
    syn_status status;
    to->paths = run->noise ? paths_for(to) : 1;
    SYN_CHECK(syn_alloc(&state, states, sizeof *state, "rollouts"));
    SYN_CHECK(syn_alloc(&x, entries, sizeof *x, "rollouts"));
    SYN_CHECK(syn_alloc(&level, entries, sizeof *level, "rollouts"));
    memcpy(state, r->state, states * sizeof *state);
    memcpy(x, r->x, entries * sizeof *x);
    memcpy(level, r->level, entries * sizeof *level);
    for (int path = 0; path < to->paths; path++) {
        memcpy(r->state, state, states * sizeof *state);
        memcpy(r->x, x, entries * sizeof *x);
        memcpy(r->level, level, entries * sizeof *level);
        SYN_CHECK(roll(run, r, path));
    }
    for (size_t k = 0; k < entries * (size_t)to->K; k++) to->rollout[k] /= (float)to->paths;
done:
    free(state), free(x), free(level);
    return status;
}

static double share(double sum, double entries) { return entries > 0 ? sum / entries : NAN; }

static syn_status summarise(syn_forecast *to, const rollouts *r) {
    double **rows[] = {&to->mse, &to->mse_copy_last, &to->mse_mean, &to->skill};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        SYN_TRY(syn_alloc(rows[k], (size_t)to->K, sizeof(double), "forecast"));
    for (int64_t k = 0; k < to->K; k++) {
        to->mse[k] = share(r->error[k], r->entries[k]);
        to->mse_copy_last[k] = share(r->copy_last[k], r->entries[k]);
        to->mse_mean[k] = share(r->mean[k], r->entries[k]);
        const bool moves = r->copy_last[k] > syn_rounding(r->entries[k], r->mean[k]);
        to->skill[k] = moves ? 1 - share(r->error[k], r->copy_last[k]) : NAN;
    }
    return SYN_OK;
}

static syn_status run_rollouts(const runner *run) {
    rollouts r = {0};
    syn_status status;
    syn_forecast *to = run->to;
    const int64_t N = to->N;
    SYN_CHECK(syn_alloc(&to->rollout, (size_t)to->S * (size_t)(to->K * N), sizeof(float), "rollouts"));
    SYN_CHECK(syn_alloc(&to->rollout_truth, (size_t)to->S * (size_t)(to->K * N), sizeof(float), "rollouts"));
    SYN_CHECK(rollouts_create(&r, run));
    SYN_CHECK(syn_warm_up(run->network, run->s, run->session, to->start, to->S, r.state, r.x));
    for (int64_t n = 0; n < to->S; n++) find_level(run, &r, n);
    SYN_CHECK(roll_paths(run, &r));
    for (int64_t n = 0; n < to->S; n++) {
        find_level(run, &r, n);
        score(run, &r, n);
    }
    for (int64_t row = 0; row < to->S * to->K; row++)
        store_prediction(run->session, to->rollout + row * N, to->rollout + row * N);
    SYN_CHECK(summarise(to, &r));
done:
    rollouts_free(&r);
    return status;
}

/* ---- the public functions ---- */

static syn_status describe_source(syn_forecast *to, const syn_model *model, size_t s) {
    const syn_fitted_session *session = &model->session[s];
    to->N = session->norm.N;
    to->rate_hz = session->rate_hz;
    to->signal = session->signal;
    SYN_TRY(syn_copy_text(&to->name, session->name));
    SYN_TRY(syn_alloc(&to->neuron_id, (size_t)to->N, sizeof *to->neuron_id, "neurons"));
    for (int64_t i = 0; i < to->N; i++) SYN_TRY(syn_copy_text(&to->neuron_id[i], session->neuron_id[i]));
    return SYN_OK;
}

/* What a forecast is made of. */
typedef struct source {
    const syn_model *model;
    const syn_dataset *data;
    size_t s; /* of both */
    bool hold_behavior;
    const syn_kernels *kernels;
    int threads;
} source;

/* Both parts, over the test split, of K steps. start: as choose_starts(). noise: of the rollouts, or NULL. */
static syn_status run_both(syn_forecast **forecast, const source *from, int64_t K, int64_t start,
                           const syn_rollout_noise *noise) {
    const syn_model *model = from->model;
    const size_t s = from->s;
    SYN_TRY(syn_alloc(forecast, 1, sizeof **forecast, "forecast"));
    syn_forecast *to = *forecast;
    runner run = {
        .to = to, .s = s, .session = &from->data->session[s], .hold_behavior = from->hold_behavior, .noise = noise};
    syn_status status;
    to->K = K;
    SYN_CHECK(describe_source(to, model, s));
    SYN_CHECK(choose_starts(run.session, start, to));
    SYN_CHECK(syn_network_create(&run.network, model->p, from->data, model->loss, from->kernels, from->threads,
                                 CHUNK_FRAMES, CHUNK_FRAMES));
    SYN_CHECK(run_one_step(&run));
    SYN_CHECK(run_rollouts(&run));
done:
    syn_network_free(run.network);
    return status;
}

/* Forecasts of the validation split, which here stands where the test split does, for its errors. Whether rollouts are
 * to be disturbed is chosen by them: *noise is the one made, *disturb it or NULL. No stretch of the split is long
 * enough: none of all that. */
static syn_status run_validation(syn_forecast **errors, const source *from, int64_t K, syn_rollout_noise *noise,
                                 const syn_rollout_noise **disturb) {
    const syn_normalisation *norm = &from->data->session[from->s].norm;
    syn_dataset other = *from->data;
    source validation = *from;
    syn_forecast *disturbed = NULL;
    syn_status status;
    bool helps;
    validation.data = &other;
    SYN_CHECK(syn_alloc(&other.session, other.n, sizeof *other.session, "forecast"));
    memcpy(other.session, from->data->session, other.n * sizeof *other.session);
    syn_session *session = &other.session[from->s];
    session->n_spans[SYN_TEST] = session->n_spans[SYN_VALIDATION];
    session->span[SYN_TEST] = session->span[SYN_VALIDATION];
    session->level[SYN_TEST] = session->level[SYN_VALIDATION];
    const int64_t longest = syn_forecast_longest(session);
    if (longest == 0) goto done;
    if (K > longest) K = longest;
    SYN_CHECK(run_both(errors, &validation, K, SPREAD, NULL));
    if (K == 1) goto done;
    SYN_CHECK(syn_rollout_noise_create(noise, norm, from->model->loss, *errors));
    SYN_CHECK(run_both(&disturbed, &validation, K, SPREAD, noise));
    SYN_CHECK(syn_rollout_noise_helps(norm, *errors, disturbed, &helps));
    if (helps) {
        syn_forecast *const plain = *errors;
        *errors = disturbed, disturbed = plain;
        *disturb = noise;
    }
done:
    syn_forecast_free(disturbed);
    free(other.session);
    return status;
}

syn_status syn_forecast_run(syn_forecast **forecast, const syn_model *model, const syn_dataset *data,
                            const syn_options *options, const syn_kernels *kernels, int threads) {
    const int64_t start = syn_option_auto(options, SYN_OPT_START) ? SPREAD : syn_option_int(options, SYN_OPT_START);
    const syn_session *session = &data->session[syn_option_int(options, SYN_OPT_SESSION)];
    const int64_t K =
        start == SPREAD ? syn_forecast_usual_steps(session, options) : syn_option_int(options, SYN_OPT_STEPS);
    const source from = {.model = model,
                         .data = data,
                         .s = (size_t)syn_option_int(options, SYN_OPT_SESSION),
                         .hold_behavior = syn_option_flag(options, SYN_OPT_HOLD_BEHAVIOR),
                         .kernels = kernels,
                         .threads = threads};
    syn_rollout_noise noise = {0};
    const syn_rollout_noise *disturb = NULL;
    syn_forecast *errors = NULL;
    syn_status status;
    *forecast = NULL;
    SYN_CHECK(check_starts(session, K, start));
    SYN_CHECK(run_validation(&errors, &from, K, &noise, &disturb));
    SYN_CHECK(run_both(forecast, &from, K, start, disturb));
    SYN_CHECK(syn_forecast_intervals(*forecast, errors));
done:
    syn_rollout_noise_free(&noise);
    syn_forecast_free(errors);
    if (status != SYN_OK) syn_forecast_free(*forecast), *forecast = NULL;
    return status;
}

syn_status syn_forecast_create(syn_forecast **forecast, const syn_model *model, syn_recording *recording,
                               const syn_options *options) {
    const size_t s = (size_t)syn_option_int(options, SYN_OPT_SESSION);
    syn_prepared prepared = {0};
    const syn_kernels *kernels;
    int threads;
    syn_status status;
    *forecast = NULL;
    SYN_TRY(syn_model_check_session(model, s));
    SYN_CHECK(syn_choose_kernels(options, &kernels, &threads));
    SYN_CHECK(syn_prepare(&prepared, model, s, 1, recording ? &recording : NULL, options));
    SYN_CHECK(syn_forecast_run(forecast, model, &prepared.data, options, kernels, threads));
done:
    syn_prepared_free(&prepared);
    return status;
}

void syn_forecast_free(syn_forecast *f) {
    if (!f) return;
    syn_free_texts(f->neuron_id, f->N);
    free(f->name), free(f->prediction), free(f->truth), free(f->frame), free(f->time_s);
    free(f->rollout), free(f->rollout_truth), free(f->start);
    free(f->mse), free(f->mse_copy_last), free(f->mse_mean), free(f->skill);
    free(f->lower), free(f->upper), free(f->rollout_lower), free(f->rollout_upper), free(f->rollout_coverage);
    free(f);
}

int64_t syn_forecast_steps(const syn_forecast *forecast) { return forecast->K; }

void syn_forecast_arrays(const syn_forecast *f, syn_forecast_view *view) {
    *view = (syn_forecast_view){.frames = f->F,
                                .rollouts = f->S,
                                .steps = f->K,
                                .neurons = f->N,
                                .prediction = f->prediction,
                                .truth = f->truth,
                                .frame = f->frame,
                                .time_s = f->time_s,
                                .rollout = f->rollout,
                                .rollout_truth = f->rollout_truth,
                                .start = f->start,
                                .lower = f->lower,
                                .upper = f->upper,
                                .rollout_lower = f->rollout_lower,
                                .rollout_upper = f->rollout_upper};
}

syn_status syn_forecast_mse(const syn_forecast *forecast, float *mse) {
    for (int64_t k = 0; k < forecast->K; k++) mse[k] = (float)forecast->mse[k];
    return SYN_OK;
}

static json_t *list_of(const double *values, int64_t n) {
    json_t *list = json_array();
    for (int64_t k = 0; k < n; k++)
        json_array_append_new(list, isfinite(values[k]) ? json_real(values[k]) : json_null());
    return list;
}

syn_status syn_forecast_describe(const syn_forecast *f, char **json) {
    json_t *root = json_pack("{s:s, s:I, s:I, s:I, s:i, s:I, s:o, s:o, s:o, s:o, s:f, s:o, s:o}", "name", f->name,
                             "neurons", (json_int_t)f->N, "steps", (json_int_t)f->K, "starts", (json_int_t)f->S,
                             "paths", f->paths, "one_step_frames", (json_int_t)f->F, "mse", list_of(f->mse, f->K),
                             "mse_copy_last", list_of(f->mse_copy_last, f->K), "mse_mean", list_of(f->mse_mean, f->K),
                             "skill", list_of(f->skill, f->K), "interval", syn_interval_level, "one_step_coverage",
                             isfinite(f->coverage) ? json_real(f->coverage) : json_null(), "coverage",
                             list_of(f->rollout_coverage, f->K));
    *json = root ? json_dumps(root, JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return *json ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "could not allocate the summary of the forecast");
}

static syn_status fill_file(syn_hdf5_writer *w, const void *content) {
    static const char zscored[] = "squared standard deviations of the train split";
    const syn_forecast *f = content;
    const char *unit = f->signal == SYN_SIGNAL_COUNTS ? "spikes per frame" : "raw units of the recording";
    const int64_t flat[2] = {f->F, f->N}, deep[3] = {f->S, f->K, f->N}, steps[2] = {f->K, f->N};
    const struct {
        const char *name;
        const double *values;
    } by_horizon[] = {{"/rollout/mse", f->mse},
                      {"/rollout/mse_copy_last", f->mse_copy_last},
                      {"/rollout/mse_mean", f->mse_mean},
                      {"/rollout/skill", f->skill},
                      {"/rollout/coverage", f->rollout_coverage}};
    syn_hdf5_put_text_attribute(w, "/", "synapsnet_format", "forecast");
    syn_hdf5_put_integer_attribute(w, "/", "format_version", FORMAT_VERSION);
    syn_hdf5_put_text_attribute(w, "/", "library_version", SYN_VERSION);
    syn_hdf5_put_text_attribute(w, "/", "recording", f->name);
    syn_hdf5_put_number_attribute(w, "/", "rate_hz", f->rate_hz);
    syn_hdf5_put_texts(w, "/neurons/id", f->neuron_id, f->N);
    syn_hdf5_put(w, "/one_step/prediction", SYN_HDF5_F32, f->prediction, 2, flat);
    syn_hdf5_put(w, "/one_step/truth", SYN_HDF5_F32, f->truth, 2, flat);
    syn_hdf5_put(w, "/one_step/frame", SYN_HDF5_I64, f->frame, 1, &f->F);
    syn_hdf5_put(w, "/one_step/time_s", SYN_HDF5_F64, f->time_s, 1, &f->F);
    syn_hdf5_put(w, "/one_step/lower", SYN_HDF5_F32, f->lower, 1, &f->N);
    syn_hdf5_put(w, "/one_step/upper", SYN_HDF5_F32, f->upper, 1, &f->N);
    syn_hdf5_put_number_attribute(w, "/one_step/lower", "coverage", f->coverage);
    syn_hdf5_put(w, "/rollout/prediction", SYN_HDF5_F32, f->rollout, 3, deep);
    syn_hdf5_put_integer_attribute(w, "/rollout/prediction", "paths", f->paths);
    syn_hdf5_put(w, "/rollout/truth", SYN_HDF5_F32, f->rollout_truth, 3, deep);
    syn_hdf5_put(w, "/rollout/start_frame", SYN_HDF5_I64, f->start, 1, &f->S);
    syn_hdf5_put(w, "/rollout/lower", SYN_HDF5_F32, f->rollout_lower, 2, steps);
    syn_hdf5_put(w, "/rollout/upper", SYN_HDF5_F32, f->rollout_upper, 2, steps);
    for (size_t k = 0; k < sizeof by_horizon / sizeof *by_horizon; k++)
        syn_hdf5_put(w, by_horizon[k].name, SYN_HDF5_F64, by_horizon[k].values, 1, &f->K);
    for (int k = 0; k < 3; k++) syn_hdf5_put_text_attribute(w, by_horizon[k].name, "unit", zscored);
    static const char *const in_units[] = {"/one_step/prediction", "/one_step/truth",     "/one_step/lower",
                                           "/one_step/upper",      "/rollout/prediction", "/rollout/truth",
                                           "/rollout/lower",       "/rollout/upper"};
    for (size_t k = 0; k < sizeof in_units / sizeof *in_units; k++)
        syn_hdf5_put_text_attribute(w, in_units[k], "unit", unit);
    syn_hdf5_put_text_attribute(w, "/one_step/time_s", "unit", "s");
    syn_hdf5_put_number_attribute(w, "/", "interval", syn_interval_level);
    return SYN_OK;
}

syn_status syn_forecast_write(const syn_forecast *forecast, const char *path) {
    return syn_hdf5_write_file(path, fill_file, forecast);
}
