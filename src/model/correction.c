#include "model/correction.h"

#include <math.h>

/* Of the mean rate, added to spikes that came and to those that were predicted: few of either say little. */
static const float spare = 0.1f;
/* Time constants of a moving mean after which what was before is forgotten. */
static const double forgotten = 3;

/* A state: 1 once there was a prediction; the prediction; moving means of the errors (Gaussian) or of the counts, and
 * of the predictions. */
typedef struct parts {
    float *begun, *last, *level, *expected;
} parts;

static parts parts_of(float *state, int64_t N) { return (parts){state, state + 1, state + 1 + N, state + 1 + 2 * N}; }

bool syn_correction_is_none(const syn_correction *c) { return c->share == 0.0f && c->weight == 0.0f; }

json_t *syn_correction_json(const syn_correction *c) {
    return json_pack("{s:f, s:f, s:f}", "share", (double)c->share, "alpha", (double)c->alpha, "weight",
                     (double)c->weight);
}

int64_t syn_correction_memory(const syn_correction *c) {
    return c->alpha > 0 ? (int64_t)ceil(forgotten / (double)c->alpha) : 0;
}

int64_t syn_correction_states(int64_t N) { return 1 + 3 * N; }

void syn_correction_see(const syn_correction *c, syn_loss loss, int64_t N, float *state, const float *x) {
    const parts s = parts_of(state, N);
    if (*s.begun == 0.0f || c->alpha == 0.0f) return;
    for (int64_t i = 0; i < N && loss == SYN_LOSS_GAUSSIAN; i++)
        s.level[i] += c->alpha * (x[i] - s.last[i] - s.level[i]);
    for (int64_t i = 0; i < N && loss == SYN_LOSS_POISSON; i++) {
        s.level[i] += c->alpha * (x[i] - s.level[i]);
        s.expected[i] += c->alpha * (s.last[i] - s.expected[i]);
    }
}

static float correct_rate(const syn_correction *c, float mean, float scale, float level, float expected,
                          float prediction) {
    if (c->weight > 0) {
        const float more = spare * mean, came = level * scale + mean + more, due = expected * scale + mean + more;
        prediction = ((prediction * scale + mean) * (came / due) - mean) / scale;
    }
    return (1 - c->share) * prediction + c->share * level;
}

void syn_correction_apply(const syn_correction *c, syn_loss loss, const syn_normalisation *norm, float *state,
                          float *prediction) {
    const parts s = parts_of(state, norm->N);
    for (int64_t i = 0; i < norm->N; i++) {
        s.last[i] = prediction[i];
        prediction[i] = loss == SYN_LOSS_GAUSSIAN
                            ? prediction[i] + c->weight * s.level[i]
                            : correct_rate(c, norm->mean[i], norm->scale[i], s.level[i], s.expected[i], prediction[i]);
    }
    *s.begun = 1;
}
