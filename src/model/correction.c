#include "model/correction.h"

#include <math.h>

/* Of the mean rate, added to spikes that came and to those that were predicted: few of either say little. */
static const float spare = 0.1f;
/* Time constants of a moving mean after which what was before is forgotten. */
static const double forgotten = 3, longest_memory = 1e6;
/* A rate is multiplied by this at the most, and by no less than one in so many. */
static const float most_gain = 10;

/* A state: a `stage`; the last prediction; moving means of the errors (Gaussian) or of the counts, and of the
 * predictions. */
typedef struct parts {
    float *stage, *last, *level, *expected;
} parts;

/* Whether there is a prediction that nothing was seen after. */
enum { NOTHING_DUE = 0, DUE = 1, LET_GO_NOTHING_DUE = -1, LET_GO_DUE = 2 };

static parts parts_of(float *state, int64_t N) { return (parts){state, state + 1, state + 1 + N, state + 1 + 2 * N}; }

bool syn_correction_is_none(const syn_correction *c) { return c->share == 0.0f && c->weight == 0.0f; }

json_t *syn_correction_json(const syn_correction *c) {
    return json_pack("{s:f, s:f, s:f}", "share", (double)c->share, "alpha", (double)c->alpha, "weight",
                     (double)c->weight);
}

int64_t syn_correction_memory(const syn_correction *c) {
    return c->alpha > 0 ? (int64_t)fmin(ceil(forgotten / (double)c->alpha), longest_memory) : 0;
}

int64_t syn_correction_states(int64_t N) { return 1 + 3 * N; }

void syn_correction_see(const syn_correction *c, syn_loss loss, int64_t N, float *state, const float *x) {
    const parts s = parts_of(state, N);
    if (*s.stage != DUE && *s.stage != LET_GO_DUE) return;
    const float *came = *s.stage == DUE ? x : s.last;
    for (int64_t i = 0; i < N && loss == SYN_LOSS_GAUSSIAN; i++)
        s.level[i] += c->alpha * (came[i] - s.last[i] - s.level[i]);
    for (int64_t i = 0; i < N && loss == SYN_LOSS_POISSON; i++) {
        s.level[i] += c->alpha * (came[i] - s.level[i]);
        s.expected[i] += c->alpha * (s.last[i] - s.expected[i]);
    }
    *s.stage = *s.stage == DUE ? NOTHING_DUE : LET_GO_NOTHING_DUE;
}

const float *syn_correction_last(const float *state) { return state + 1; }

void syn_correction_let_go(float *state) { *state = *state == DUE ? LET_GO_DUE : LET_GO_NOTHING_DUE; }

/* level, expected, prediction: z-scored. */
static float correct_rate(const syn_correction *c, float mean, float scale, float level, float expected,
                          float prediction) {
    const float came = fmaxf(level * scale + mean, 0), due = fmaxf(expected * scale + mean, 0), more = spare * mean;
    const float quotient = fmaxf(1 / most_gain, fminf((came + more) / (due + more), most_gain));
    const float rate = (prediction * scale + mean) * (c->weight > 0 ? quotient : 1);
    return ((1 - c->share) * rate + c->share * came - mean) / scale;
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
    *s.stage = *s.stage == NOTHING_DUE || *s.stage == DUE ? DUE : LET_GO_DUE;
}
