/* A model that runs along with an experiment, frame by frame. */
#include <math.h>
#include <string.h>

#include "analysis/prepare.h"
#include "base/memory.h"
#include "dataset/baseline.h"
#include "dataset/resampling.h"

/* z-scored activity from which nothing overflows. */
static const float largest = 1e30f;

struct syn_online {
    syn_parameters *p;
    syn_dataset data;     /* with the model's numbering, of one session and without a recording */
    syn_session *session; /* data.session + s */
    size_t s;
    syn_network *network;
    bool begun;       /* a frame of the segment has been taken */
    float *state;     /* of the network, and ... */
    syn_level level;  /* ... [N] the slow baseline, after the last frame */
    float *next;      /* [N] predicted, less the baseline */
    float *x, *u, *z; /* [N] fed in, less the baseline; [B]; [N] z-scored, with the baseline */
    /* the same of a forecast, which goes ahead of them */
    float *state_ahead, *next_ahead;
    syn_level level_ahead;
};

static syn_status take_model(syn_online *o, const syn_model *model, const syn_kernels *kernels, int threads) {
    SYN_TRY(syn_parameters_copy(&o->p, model->p));
    SYN_TRY(syn_alloc(&o->data.session, model->n, sizeof *o->data.session, "recordings"));
    o->data.n = model->n, o->data.window = model->window;
    o->session = o->data.session + o->s;
    SYN_TRY(syn_normalisation_copy(&o->session->norm, &model->session[o->s].norm));
    o->session->N = o->session->norm.N, o->session->B = o->session->norm.B;
    SYN_TRY(syn_network_create(&o->network, o->p, &o->data, model->loss, kernels, threads, 1, 1));
    return syn_network_prepare(o->network, o->s);
}

static syn_status alloc_frames(syn_online *o) {
    float **rows[] = {&o->next, &o->next_ahead, &o->x, &o->z};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        SYN_TRY(syn_alloc(rows[k], (size_t)o->session->N, sizeof(float), "frame"));
    SYN_TRY(syn_alloc(&o->u, (size_t)o->session->B, sizeof(float), "frame"));
    SYN_TRY(syn_level_create(&o->level, o->session));
    SYN_TRY(syn_level_create(&o->level_ahead, o->session));
    SYN_TRY(syn_network_state(o->network, o->s, 1, &o->state));
    return syn_network_state(o->network, o->s, 1, &o->state_ahead);
}

syn_status syn_online_create(syn_online **online, const syn_model *model, size_t session, const syn_options *options) {
    const syn_kernels *kernels;
    int threads;
    syn_options *defaults = NULL;
    syn_status status;
    *online = NULL;
    SYN_TRY(syn_model_check_session(model, session));
    if (!options) {
        SYN_CHECK(syn_options_create(&defaults));
        SYN_CHECK(syn_options_set(defaults, "threads", "1"));
        options = defaults;
    }
    SYN_CHECK(syn_choose_kernels(options, &kernels, &threads));
    SYN_CHECK(syn_alloc(online, 1, sizeof **online, "model"));
    (*online)->s = session;
    SYN_CHECK(take_model(*online, model, kernels, threads));
    SYN_CHECK(alloc_frames(*online));
done:
    syn_options_free(defaults);
    if (status != SYN_OK) syn_online_free(*online), *online = NULL;
    return status;
}

void syn_online_free(syn_online *o) {
    if (!o) return;
    syn_network_free(o->network);
    if (o->session) syn_normalisation_free(&o->session->norm);
    free(o->data.session);
    syn_parameters_free(o->p);
    free(o->state), free(o->state_ahead), free(o->next), free(o->next_ahead), free(o->x), free(o->u), free(o->z);
    syn_level_free(&o->level), syn_level_free(&o->level_ahead);
    free(o);
}

void syn_online_restart(syn_online *o) {
    const size_t N = (size_t)o->session->N;
    o->begun = false;
    memset(o->state, 0, syn_network_state_size(o->network, o->s) * sizeof *o->state);
    memset(o->level.value, 0, N * sizeof *o->level.value);
    memset(o->next, 0, N * sizeof *o->next);
}

/* All before anything is taken. */
static syn_status check(const syn_online *o, const float *activity, const float *behavior) {
    const syn_normalisation *norm = &o->session->norm;
    for (int64_t i = 0; i < norm->N; i++) {
        const float value = activity[norm->kept[i]];
        if (!isnan(value) && !(fabsf(value - norm->mean[i]) < largest * norm->scale[i]))
            return syn_fail(
                SYN_ERR_INPUT,
                "activity: neuron %lld has %g; expected raw units of the recording of the fit, or NaN where "
                "it was not observed",
                (long long)norm->kept[i], (double)value);
    }
    const int64_t B = syn_recorded_behaviors(norm);
    if (B > 0 && !behavior)
        return syn_fail(SYN_ERR_INPUT,
                        "behavior: not given; expected the %lld variable%s that the model was fitted with, NaN where "
                        "unknown",
                        (long long)B, B == 1 ? "" : "s");
    for (int64_t b = 0; b < B; b++)
        if (isinf(behavior[b]))
            return syn_fail(SYN_ERR_INPUT,
                            "behavior: variable %lld is infinite; expected a number, or NaN where it is unknown",
                            (long long)b);
    return SYN_OK;
}

/* The activity of a frame as the network sees it; the baseline moves on. */
static void take_activity(syn_online *o, const float *activity) {
    const syn_normalisation *norm = &o->session->norm;
    const float alpha = (float)norm->alpha, *stand_in = syn_network_stand_in(o->network, o->s, o->state, o->next);
    for (int64_t i = 0; i < norm->N; i++) {
        const float value = activity[norm->kept[i]];
        float *level = &o->level.value[i];
        if (isnan(value)) {
            o->x[i] = stand_in[i];
            continue;
        }
        const float z = (value - norm->mean[i]) / norm->scale[i];
        *level += alpha * (z - *level);
        o->x[i] = z - *level;
    }
}

/* Where a stream begins in the beat of resampled frames is not known: its behaviours stay 0. */
static void take_behavior(syn_online *o, const float *behavior) {
    const syn_normalisation *norm = &o->session->norm;
    for (int64_t b = 0; b < syn_recorded_behaviors(norm); b++)
        o->u[b] =
            !isnan(behavior[b]) && norm->u_scale[b] > 0 ? (behavior[b] - norm->u_mean[b]) / norm->u_scale[b] : 0.0f;
}

static void to_raw(const syn_online *o, float *out) {
    const syn_normalisation *norm = &o->session->norm;
    for (int64_t i = 0; i < norm->N; i++) out[i] = o->z[i] * norm->scale[i] + norm->mean[i];
}

syn_status syn_online_step(syn_online *o, const float *activity, const float *behavior, float *prediction) {
    SYN_TRY(check(o, activity, behavior));
    take_activity(o, activity);
    take_behavior(o, behavior);
    syn_network_step(o->network, o->s, o->state, o->x, o->session->B ? o->u : NULL, o->next);
    syn_level_restore(&o->level, o->next, o->z);
    to_raw(o, prediction);
    o->begun = true;
    return SYN_OK;
}

syn_status syn_online_forecast(syn_online *o, int64_t K, float *prediction) {
    const size_t N = (size_t)o->session->N;
    if (!o->begun)
        return syn_fail(SYN_ERR_INPUT, "forecast: no frame has been taken since the start of the segment; expected one "
                                       "at least: take a step first");
    memcpy(o->state_ahead, o->state, syn_network_state_size(o->network, o->s) * sizeof *o->state);
    syn_network_let_go(o->network, o->s, o->state_ahead, NULL);
    memcpy(o->level_ahead.value, o->level.value, N * sizeof *o->level.value);
    memcpy(o->next_ahead, o->next, N * sizeof *o->next);
    for (int64_t k = 0; k < K; k++) {
        if (k > 0) {
            memcpy(o->x, o->next_ahead, N * sizeof *o->x);
            syn_level_move(&o->level_ahead, -1, o->z);
            syn_network_step(o->network, o->s, o->state_ahead, o->x, o->session->B ? o->u : NULL, o->next_ahead);
        }
        syn_level_restore(&o->level_ahead, o->next_ahead, o->z);
        to_raw(o, prediction + k * o->session->N);
    }
    return SYN_OK;
}
