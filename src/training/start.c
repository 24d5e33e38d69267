/* Where training starts from. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "dataset/resampling.h"
#include "training/start.h"

/* P of behaviours that a source does not know, relative to that of a fresh model. */
static const double unknown_behavior = 0.1;

static void fill_uniform(float *out, size_t count, double limit, syn_random random) {
    for (size_t k = 0; k < count; k++) out[k] = (float)(limit * (2 * syn_random_uniform(random, k) - 1));
}

/* Adds the sums of the lag-1 regression of every neuron on itself over the train split; place: of each in the sums. */
static void add_lag_one(const syn_session *s, const int64_t *place, double *xx, double *xy) {
    for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++)
        for (int64_t t = s->span[SYN_TRAIN][k].start; t + 1 < s->span[SYN_TRAIN][k].stop; t++)
            for (int64_t i = 0; i < s->N; i++) {
                if (!syn_session_observed(s, t, i) || !syn_session_observed(s, t + 1, i)) continue;
                double x = (double)s->x[t * s->N + i], y = (double)s->x[(t + 1) * s->N + i];
                const int64_t to = place ? place[i] : i;
                xx[to] += x * x, xy[to] += x * y;
            }
}

/* The regression coefficients a of the N neurons of `first` alone (p NULL), or of the population that it owns in p. */
static syn_status lag_one(const syn_dataset *data, const syn_parameters *p, size_t first, int64_t N, float *a) {
    double *xx = NULL, *xy = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&xx, (size_t)N, sizeof *xx, "autocorrelation"));
    SYN_CHECK(syn_alloc(&xy, (size_t)N, sizeof *xy, "autocorrelation"));
    for (size_t s = first; s < (p ? data->n : first + 1); s++)
        if (!p || p->session[s].owner == first) add_lag_one(&data->session[s], p ? p->session[s].place : NULL, xx, xy);
    for (int64_t i = 0; i < N; i++) a[i] = (float)(xy[i] / (xx[i] + 1.0));
done:
    free(xx), free(xy);
    return status;
}

syn_status syn_start_filter(const syn_dataset *data, size_t s, double innovation, float *send) {
    const int64_t N = data->session[s].N;
    SYN_TRY(lag_one(data, NULL, s, N, send));
    for (int64_t j = 0; j < N; j++) send[j] = (float)(innovation * fmin(fmax((double)send[j], 0), 1));
    return SYN_OK;
}

/* Copies what all sessions share. */
static void copy_decoder(syn_parameters *to, const syn_parameters *from) {
    for (size_t k = 0; k < from->n_tensors; k++)
        for (size_t j = 0; j < to->n_tensors; j++) {
            const syn_tensor *a = &from->tensor[k], *b = &to->tensor[j];
            if (a->session < 0 && b->session < 0 && a->count == b->count && !strcmp(a->name, b->name))
                memcpy(to->value + b->offset, from->value + a->offset, a->count * sizeof(float));
        }
}

/* Every row of a tensor [M][columns] of every session <- the mean of the rows of all sessions of the source. */
static void fill_mean(syn_parameters *to, const syn_parameters *from, const char *name, float *mean, int64_t columns) {
    for (int64_t c = 0; c < columns; c++) {
        double sum = 0, neurons = 0;
        for (size_t k = 0; k < from->n_tensors; k++) {
            const syn_tensor *t = &from->tensor[k];
            if (t->session < 0 || strcmp(t->name, name) != 0) continue;
            for (int64_t i = 0; i < t->rows; i++) sum += (double)from->value[t->offset + (size_t)(i * columns + c)];
            neurons += (double)t->rows;
        }
        mean[c] = (float)(sum / fmax(neurons, 1));
    }
    for (size_t k = 0; k < to->n_tensors; k++) {
        const syn_tensor *t = &to->tensor[k];
        if (t->session < 0 || strcmp(t->name, name) != 0) continue;
        for (size_t j = 0; j < t->count; j++) to->value[t->offset + j] = mean[j % (size_t)columns];
    }
}

static bool is_beat(const syn_normalisation *norm, int64_t column) { return column >= syn_recorded_behaviors(norm); }

/* Whether behaviour k of a recording of the source is `column` of s, and known there. The phase of a beat means the
 * same only to recordings that were resampled alike: a decoder that knows it exactly is wrong where it drifts. */
static bool is_known(const syn_session *s, int64_t column, const syn_parameters *p, const syn_fitted_session *of,
                     size_t session, int64_t k) {
    const char *name = s->recording->behavior_name[column];
    const bool beat = is_beat(&s->norm, column);
    const float *weight = p->value + p->session[session].p + k;
    bool any = false;
    if (strcmp(of->behavior_name[k], name) != 0 || beat != is_beat(&of->norm, k)) return false;
    if (beat ? s->norm.beat.frequency != of->norm.beat.frequency : !syn_names_behavior(name)) return false;
    for (int row = 0; row < p->b; row++) any |= weight[row * of->norm.B] != 0;
    return any;
}

/* The column of P of a behaviour of session s <- the mean of those of its name in the source, if it is known there. */
static void fill_behavior(const syn_session *s, int64_t column, const syn_model *source, float *P) {
    int n = 0;
    for (size_t j = 0; j < source->n; j++) {
        const syn_fitted_session *of = &source->session[j];
        const float *from = source->p->value + source->p->session[j].p;
        for (int64_t k = 0; of->behavior_name && k < of->norm.B; k++) {
            if (!is_known(s, column, source->p, of, j, k)) continue;
            n++;
            for (int row = 0; row < source->p->b; row++) {
                float *to = &P[row * s->B + column];
                *to = n == 1 ? from[row * of->norm.B + k] : *to + (from[row * of->norm.B + k] - *to) / (float)n;
            }
        }
    }
}

/* The decoder of the source; neurons start as the mean of its neurons. unknown: how large P is, relative to a fresh
 * one, for behaviours that the source does not know. */
static syn_status start_from_source(syn_parameters **parameters, const syn_dataset *data, const syn_settings *settings,
                                    double unknown) {
    const syn_parameters *source = settings->source->p;
    float *mean = NULL;
    int64_t most_behaviours = 0;
    syn_status status;
    for (size_t s = 0; s < data->n; s++)
        if (data->session[s].B > most_behaviours) most_behaviours = data->session[s].B;
    const int fresh = most_behaviours < settings->behavior_inputs ? (int)most_behaviours : settings->behavior_inputs;
    /* a source without behaviour has no weights for it: they start at 0 */
    const int b = most_behaviours == 0 ? 0 : source->b ? source->b : fresh;
    *parameters = NULL;
    SYN_CHECK(syn_parameters_create_for(parameters, source->H, source->d, b, SYN_FORM_NONE, 0, data));
    syn_parameters *p = *parameters;
    SYN_CHECK(syn_alloc(&mean, (size_t)p->d + 1, sizeof *mean, "embedding"));
    copy_decoder(p, source);
    if (p->d) fill_mean(p, source, "e", mean, p->d);
    fill_mean(p, source, "a", mean, 1);
    fill_mean(p, source, "c", mean, 1);
    for (size_t s = 0; s < data->n; s++) {
        const syn_session_layout *of = &p->session[s];
        const syn_random random = {settings->seed, SYN_STREAM_INIT_EMBEDDING, 2 * (uint32_t)s + 1};
        fill_uniform(p->value + of->p, (size_t)(p->b * of->B), unknown * sqrt(3.0 / (double)(of->B ? of->B : 1)),
                     random);
        for (int64_t k = 0; data->session[s].recording->behavior_name && source->b && k < of->B; k++)
            fill_behavior(&data->session[s], k, settings->source, p->value + of->p);
    }
done:
    free(mean);
    if (status != SYN_OK) syn_parameters_free(*parameters), *parameters = NULL;
    return status;
}

syn_status syn_start_none(syn_parameters **parameters, const syn_dataset *data, const syn_settings *settings) {
    if (settings->source) return start_from_source(parameters, data, settings, unknown_behavior);
    int64_t most_behaviours = 0;
    const int H = settings->hidden;
    syn_status status;
    *parameters = NULL;
    for (size_t s = 0; s < data->n; s++)
        if (data->session[s].B > most_behaviours) most_behaviours = data->session[s].B;
    const int b = most_behaviours < settings->behavior_inputs ? (int)most_behaviours : settings->behavior_inputs;
    SYN_CHECK(syn_parameters_create_for(parameters, H, settings->embedding, b, SYN_FORM_NONE, 0, data));
    syn_parameters *p = *parameters;
    const syn_decoder_layout at = syn_decoder_layout_of(H);
    const double limit = 1 / sqrt(H);
    syn_random random = {settings->seed, SYN_STREAM_INIT_DECODER, 0};
    fill_uniform(p->value + p->decoder, at.count, limit, random);
    memset(p->value + p->decoder + at.wi, 0, 3 * (size_t)H * sizeof(float)); /* no current flows yet */
    random.substream = 1;
    fill_uniform(p->value + p->we, 3 * (size_t)H * (size_t)p->d, limit, random);
    random.substream = 2;
    fill_uniform(p->value + p->bias, 3 * (size_t)H, limit, random);
    random.substream = 3;
    fill_uniform(p->value + p->wu, 3 * (size_t)H * (size_t)p->b, limit, random);
    for (size_t s = 0; s < data->n; s++) {
        const syn_session_layout *of = &p->session[s];
        random = (syn_random){settings->seed, SYN_STREAM_INIT_EMBEDDING, 2 * (uint32_t)s};
        for (size_t k = 0; of->owner == s && k < (size_t)(of->M * p->d); k++)
            p->value[of->e + k] = (float)(0.3 * syn_random_normal(random, k));
        random.substream++;
        fill_uniform(p->value + of->p, (size_t)(p->b * of->B), sqrt(3.0 / (double)(of->B ? of->B : 1)), random);
        if (settings->loss == SYN_LOSS_GAUSSIAN && of->owner == s)
            SYN_CHECK(lag_one(data, p, s, of->M, p->value + of->a));
    }
done:
    if (status != SYN_OK) syn_parameters_free(*parameters), *parameters = NULL;
    return status;
}

syn_status syn_start_prior(syn_parameters **p, const syn_dataset *data, const syn_settings *settings) {
    /* a decoder that has no weights for behaviour could not learn them from a P of 0 */
    return start_from_source(p, data, settings, settings->source->p->b ? 0 : unknown_behavior);
}

void syn_start_without_behavior(syn_parameters *p) {
    for (size_t s = 0; s < p->n_sessions; s++)
        memset(p->value + p->session[s].p, 0, (size_t)(p->b * p->session[s].B) * sizeof *p->value);
}

void syn_copy_common_tensors(syn_parameters *to, const syn_parameters *from) {
    for (size_t k = 0; k < from->n_tensors; k++)
        for (size_t j = 0; j < to->n_tensors; j++)
            if (from->tensor[k].session == to->tensor[j].session && !strcmp(from->tensor[k].name, to->tensor[j].name))
                memcpy(to->value + to->tensor[j].offset, from->value + from->tensor[k].offset,
                       from->tensor[k].count * sizeof(float));
}

/* Lets the current in through the candidate gate along the readout, so that a small current raises the prediction. */
static void open_current(syn_parameters *p) {
    const syn_decoder_layout at = syn_decoder_layout_of(p->H);
    float *decoder = p->value + p->decoder;
    double norm = 0;
    for (int k = 0; k < p->H; k++) norm += (double)decoder[at.v + (size_t)k] * (double)decoder[at.v + (size_t)k];
    norm = sqrt(norm) + 1e-6;
    memset(decoder + at.wi, 0, 3 * (size_t)p->H * sizeof(float));
    for (int k = 0; k < p->H; k++)
        decoder[at.wi + (size_t)(2 * p->H + k)] = (float)((double)decoder[at.v + (size_t)k] / norm);
}

static bool lets_current_in(const syn_parameters *p) {
    const syn_decoder_layout at = syn_decoder_layout_of(p->H);
    double sum = 0;
    for (int k = 0; k < 3 * p->H; k++) sum += fabs((double)p->value[p->decoder + at.wi + (size_t)k]);
    return sum > 0;
}

static syn_status mean_gain(const syn_parameters *p, const syn_dataset *data, const syn_settings *settings,
                            const syn_kernels *kernels, double *mean) {
    syn_network *network = NULL;
    double *gain = NULL, sum = 0, count = 0;
    syn_status status;
    SYN_CHECK(syn_network_create(&network, p, data, settings->loss, kernels, settings->threads, 64 + data->window,
                                 data->window));
    for (size_t s = 0; s < data->n; s++) {
        /* what was not observed becomes the prediction of these parameters, whatever was trained before */
        if (data->session[s].mask) SYN_CHECK(syn_network_run(network, s, SYN_TRAIN, NULL, NULL));
        SYN_CHECK(syn_alloc(&gain, (size_t)data->session[s].N, sizeof *gain, "gain"));
        SYN_CHECK(syn_network_gain(network, s, 0, 1024, gain));
        for (int64_t i = 0; i < data->session[s].N; i++) sum += gain[i], count++;
        free(gain), gain = NULL;
    }
    *mean = sum / count;
    if (fabs(*mean) < 1e-3) *mean = 1e-3;
done:
    free(gain);
    syn_network_free(network);
    return status;
}

syn_status syn_attach_support(syn_parameters *p, const syn_settings *settings) {
    for (size_t s = 0; p->form == SYN_FORM_MASKED && s < p->n_sessions; s++) {
        const syn_session_layout *at = &p->session[s];
        uint8_t **support = &p->session[at->owner].support;
        if (!*support) SYN_TRY(syn_alloc(support, (size_t)(at->M * at->M), 1, "mask"));
        for (int64_t i = 0; i < at->N; i++)
            for (int64_t j = 0; j < at->N; j++)
                (*support)[syn_place(at, i) * at->M + syn_place(at, j)] |= settings->support[s][i * at->N + j];
    }
    return SYN_OK;
}

/* Signs of the senders of session s of p, from those of `best` if it has weights, else from p's own; weights of p with
 * the other sign become 0. */
static void give_signs(syn_parameters *p, size_t s, const syn_parameters *best) {
    const syn_session_layout *at = &p->session[s];
    const float *from = best && syn_form_has_weights(best->form) ? best->value + best->session[s].z : p->value + at->z;
    for (int64_t j = 0; j < at->M; j++) {
        double sum = 0;
        for (int64_t i = 0; i < at->M; i++) sum += (double)from[i * at->M + j];
        p->value[at->sign + (size_t)j] = sum < 0 ? -1.0f : 1.0f;
    }
    for (int64_t k = 0; k < at->M * at->M; k++) {
        float *w = &p->value[at->z + (size_t)k];
        if (*w * p->value[at->sign + (size_t)(k % at->M)] < 0) *w = 0.0f;
    }
}

syn_status syn_start_candidate(syn_parameters **parameters, const syn_parameters *none, const syn_parameters *best,
                               const syn_linear *linear, const syn_candidate *candidate, const syn_dataset *data,
                               const syn_settings *settings, const syn_kernels *kernels) {
    double gain;
    syn_status status;
    *parameters = NULL;
    SYN_CHECK(syn_parameters_create_for(parameters, none->H, none->d, none->b, candidate->form, candidate->rank, data));
    syn_parameters *p = *parameters;
    SYN_CHECK(syn_attach_support(p, settings));
    syn_copy_common_tensors(p, none);
    if (!lets_current_in(p)) open_current(p); /* the decoder of a model with a connectivity has learned how */
    SYN_CHECK(mean_gain(p, data, settings, kernels, &gain));
    for (size_t s = 0; s < data->n; s++) {
        const syn_session_layout *at = &p->session[s];
        const int64_t M = at->M;
        SYN_CHECK(syn_start_filter(data, s, candidate->innovation, p->value + at->send));
        if (at->owner != s) continue;
        if (!syn_form_has_factors(candidate->form)) {
            SYN_CHECK(syn_linear_weights(linear, s, candidate->ridge, p->value + at->z));
            for (int64_t k = 0; k < M * M; k++) p->value[at->z + (size_t)k] /= (float)gain;
            for (int64_t i = 0; i < M; i++) p->value[at->z + (size_t)(i * M + i)] = 0;
            for (int64_t k = 0; at->support && k < M * M; k++)
                if (!at->support[k]) p->value[at->z + (size_t)k] = 0;
            if (candidate->form == SYN_FORM_DALE) give_signs(p, s, best);
        } else {
            SYN_CHECK(
                syn_linear_factors(linear, s, candidate->ridge, candidate->rank, p->value + at->s, p->value + at->r));
            for (int64_t k = 0; k < M * candidate->rank; k++) {
                p->value[at->s + (size_t)k] /= (float)sqrt(fabs(gain));
                p->value[at->r + (size_t)k] /= (float)(gain < 0 ? -sqrt(-gain) : sqrt(gain));
            }
        }
    }
done:
    if (status != SYN_OK) syn_parameters_free(*parameters), *parameters = NULL;
    return status;
}

syn_schedule syn_candidate_schedule(const syn_parameters *p, const syn_settings *settings, uint32_t stage) {
    double square = 0, count = 0;
    for (size_t k = 0; k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        for (size_t j = t->offset; t->group == SYN_GROUP_CONNECTIVITY && j < t->offset + t->count; j++)
            square += (double)p->value[j] * (double)p->value[j], count++;
    }
    double size = count > 0 ? fmax(sqrt(square / count), 1e-3) : 0;
    return (syn_schedule){.decoder_rate = settings->decoder_rate,
                          .connectivity_rate = settings->connectivity_rate * size,
                          .batch_frames = settings->batch_frames,
                          .max_epochs = settings->max_epochs,
                          .patience = settings->patience,
                          .frozen_decoder = settings->source != NULL,
                          .warm = p->form != SYN_FORM_NONE,
                          .seed = settings->seed,
                          .stage = stage};
}
