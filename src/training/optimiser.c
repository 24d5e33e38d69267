#include "training/optimiser.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static const double beta1 = 0.9, beta2 = 0.99, epsilon = 1e-8, longest_average = 0.99, clip_norm = 1.0;

syn_status syn_optimiser_create(syn_optimiser *o, syn_parameters *p) {
    *o = (syn_optimiser){.p = p};
    SYN_TRY(syn_alloc(&o->average, p->count, sizeof(float), "optimiser"));
    SYN_TRY(syn_alloc(&o->moment, p->count, sizeof(float), "optimiser"));
    SYN_TRY(syn_alloc(&o->square, p->count, sizeof(float), "optimiser"));
    memcpy(o->average, p->value, p->count * sizeof(float));
    return SYN_OK;
}

void syn_optimiser_free(syn_optimiser *o) {
    free(o->average), free(o->moment), free(o->square);
    *o = (syn_optimiser){0};
}

static bool all_finite(const float *numbers, size_t count) {
    float zero = 0;
#pragma omp simd reduction(+ : zero)
    for (size_t k = 0; k < count; k++) zero += 0.0f * numbers[k];
    return zero == 0.0f;
}

/* The tensor of the prior that is that of a model, or NULL. */
static const float *prior_of(const syn_parameters *prior, const syn_tensor *t) {
    for (size_t k = 0; prior && k < prior->n_tensors; k++) {
        const syn_tensor *other = &prior->tensor[k];
        if (other->session == t->session && other->count == t->count && !strcmp(other->name, t->name))
            return prior->value + other->offset;
    }
    return NULL;
}

static bool is_free_weight(const syn_tensor *t) { return t->name[0] == 'z'; }
static bool is_embedding(const syn_tensor *t) { return !strcmp(t->name, "e"); }
static bool is_behavior(const syn_tensor *t) { return !strcmp(t->name, "p"); }

static bool learns(const syn_optimiser *o, const syn_tensor *t, const syn_penalty *penalty) {
    return t->group != SYN_GROUP_FIXED && !(o->frozen && t->session < 0) &&
           !(is_behavior(t) && isinf(penalty->behavior));
}

/* Scales the shared part of the gradient to at most clip_norm: one odd window must not throw the decoder. */
static void clip(const syn_optimiser *o, const syn_penalty *penalty, float *gradient) {
    const syn_parameters *p = o->p;
    double square = 0;
    for (size_t k = 0; k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        for (size_t j = t->offset; learns(o, t, penalty) && t->group == SYN_GROUP_DECODER && j < t->offset + t->count;
             j++)
            square += (double)gradient[j] * (double)gradient[j];
    }
    double norm = sqrt(square);
    for (size_t k = 0; norm > clip_norm && k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        for (size_t j = t->offset; learns(o, t, penalty) && t->group == SYN_GROUP_DECODER && j < t->offset + t->count;
             j++)
            gradient[j] *= (float)(clip_norm / norm);
    }
}

/* The weight of the sum of squares of a tensor in the loss. */
static double ridge_of(const syn_tensor *t, syn_penalty penalty, double gain) {
    if (t->group == SYN_GROUP_CONNECTIVITY) return penalty.ridge * gain * gain;
    if (is_embedding(t)) return penalty.embedding;
    if (is_behavior(t)) return penalty.behavior;
    return 0;
}

static void step_tensor(syn_optimiser *o, const syn_tensor *t, const float *gradient, double rate, syn_penalty penalty,
                        double gain) {
    float *value = o->p->value;
    const double correct1 = 1 - pow(beta1, (double)o->step), correct2 = 1 - pow(beta2, (double)o->step);
    const float ridge = (float)ridge_of(t, penalty, gain);
    const float l1 = is_free_weight(t) ? (float)(penalty.l1 * gain) : 0.0f;
    const float b1 = (float)beta1, b2 = (float)beta2;
    const float scale = (float)(rate / correct1), root = (float)(1 / sqrt(correct2)), eps = (float)epsilon;
    for (size_t j = t->offset; j < t->offset + t->count; j++) {
        float g = gradient[j] + ridge * value[j];
        o->moment[j] = b1 * o->moment[j] + (1 - b1) * g;
        o->square[j] = b2 * o->square[j] + (1 - b2) * g * g;
        float size = 1.0f / (sqrtf(o->square[j]) * root + eps);
        float next = value[j] - scale * o->moment[j] * size;
        if (l1 > 0) {
            float threshold = (float)rate * size * l1;
            next = next > threshold ? next - threshold : next < -threshold ? next + threshold : 0.0f;
        }
        value[j] = next;
    }
}

/* Adds to the gradient what makes the ridge on embeddings or behaviour, which no gain scales, pull to the prior instead
 * of 0. */
static void pull_to_prior(const syn_tensor *t, float *gradient, syn_penalty penalty) {
    const float *prior = prior_of(penalty.prior, t);
    const double ridge = ridge_of(t, penalty, 0);
    for (size_t j = 0; prior && j < t->count; j++) gradient[t->offset + j] -= (float)(ridge * (double)prior[j]);
}

/* A sender keeps its sign: what crossed zero stays there. */
static void keep_signs(const syn_parameters *p, const syn_tensor *t) {
    const float *sign = p->value + p->session[t->session].sign;
    for (int64_t i = 0; i < t->rows; i++)
        for (int64_t j = 0; j < t->columns; j++) {
            float *w = &p->value[t->offset + (size_t)(i * t->columns + j)];
            *w = *w * sign[j] > 0 ? *w : 0.0f;
        }
}

static void average_tensor(syn_optimiser *o, const syn_tensor *t, bool sparse) {
    const double decay = fmin(longest_average, (double)o->step / (double)(o->step + 9));
    for (size_t j = t->offset; j < t->offset + t->count; j++) {
        double mean = decay * (double)o->average[j] + (1 - decay) * (double)o->p->value[j];
        o->average[j] = sparse && o->p->value[j] == 0.0f ? 0.0f : (float)mean;
    }
}

syn_status syn_optimiser_step(syn_optimiser *o, float *gradient, const double rate[3], syn_penalty penalty,
                              double gain) {
    const syn_parameters *p = o->p;
    if (!all_finite(gradient, p->count))
        return syn_fail(SYN_ERR_NUMERIC, "training diverged: the gradient is not finite; lower --learning-rate");
    clip(o, &penalty, gradient);
    o->step++;
    for (size_t k = 0; k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        if (!learns(o, t, &penalty)) continue;
        if (is_embedding(t) || is_behavior(t)) pull_to_prior(t, gradient, penalty);
        step_tensor(o, t, gradient, rate[t->group], penalty, gain);
        if (p->form == SYN_FORM_DALE && is_free_weight(t)) keep_signs(p, t);
        average_tensor(o, t, penalty.l1 > 0 && is_free_weight(t));
    }
    return SYN_OK;
}
