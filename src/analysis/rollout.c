#include "analysis/rollout.h"

#include <string.h>

#include "base/memory.h"
#include "dataset/splits.h"
#include "model/correction.h"

/* Frames of teacher forcing in one call of the network. */
enum { CHUNK_FRAMES = 256 };

syn_history syn_history_of(const syn_session *s, int64_t start) {
    syn_history h = {.span = -1};
    for (int64_t k = 0; k < s->recording->S; k++) {
        const syn_segment *segment = &s->recording->segment[k];
        if (start <= segment->start || start > segment->stop) continue;
        h.state_from = h.level_from = segment->start;
        h.stop = segment->stop;
    }
    for (int64_t k = 0; k < s->n_spans[SYN_TEST]; k++) {
        const syn_span *span = &s->span[SYN_TEST][k];
        if (start < syn_span_first_target(span) || start >= span->stop) continue;
        h.state_from = span->start - span->context;
        h.level_from = syn_span_first_target(span);
        h.span = k;
    }
    return h;
}

static int64_t starts_in(const syn_span *span, int64_t K) {
    int64_t n = span->stop - K - syn_span_first_target(span) + 1;
    return n > 0 ? n : 0;
}

int64_t syn_forecast_longest(const syn_session *s) {
    int64_t longest = 0;
    for (int64_t k = 0; k < s->n_spans[SYN_TEST]; k++) {
        const syn_span *span = &s->span[SYN_TEST][k];
        if (span->stop - syn_span_first_target(span) > longest) longest = span->stop - syn_span_first_target(span);
    }
    return longest;
}

int64_t syn_forecast_usual_steps(const syn_session *s, const syn_options *options) {
    const int64_t K = syn_option_int(options, SYN_OPT_STEPS), longest = syn_forecast_longest(s);
    return syn_option_given(options, SYN_OPT_STEPS) || longest == 0 || K < longest ? K : longest;
}

syn_status syn_spread_starts(const syn_session *s, int64_t K, int64_t most, int64_t **start, int64_t *S) {
    int64_t possible = 0;
    for (int64_t k = 0; k < s->n_spans[SYN_TEST]; k++) possible += starts_in(&s->span[SYN_TEST][k], K);
    if (possible == 0)
        return syn_fail(SYN_ERR_OPTION,
                        "steps: found %lld; expected at most %lld, the longest stretch of the test split", (long long)K,
                        (long long)syn_forecast_longest(s));
    *S = possible < most ? possible : most;
    SYN_TRY(syn_alloc(start, (size_t)*S, sizeof **start, "rollouts"));
    for (int64_t n = 0; n < *S; n++) {
        int64_t place = *S > 1 ? n * (possible - 1) / (*S - 1) : 0, k = 0;
        for (; place >= starts_in(&s->span[SYN_TEST][k], K); k++) place -= starts_in(&s->span[SYN_TEST][k], K);
        (*start)[n] = syn_span_first_target(&s->span[SYN_TEST][k]) + place;
    }
    return SYN_OK;
}

static bool complete(const syn_session *s, int64_t t) {
    for (int64_t i = 0; s->mask && i < s->N; i++)
        if (!syn_session_observed(s, t, i)) return false;
    return true;
}

/* Moves `state` over frames [from, to) of recorded activity. What was not observed in them, and in frame `to`, is
 * replaced by the prediction of it; frame `from` must be filled. out: [CHUNK_FRAMES][N] work space. */
static syn_status force(syn_network *network, size_t session, const syn_session *s, float *state, int64_t from,
                        int64_t to, float *out) {
    for (int64_t t = from, n; t < to; t += n) {
        for (n = 1; n < CHUNK_FRAMES && t + n < to && complete(s, t + n);) n++;
        SYN_TRY(syn_network_advance(network, session, state, s->x + t * s->N, s->B ? s->u + t * s->B : NULL, n, false,
                                    out));
        const float *stand_in = syn_network_stand_in(network, session, state, out + (n - 1) * s->N);
        for (int64_t i = 0; i < s->N && t + n < s->T; i++)
            if (!syn_session_observed(s, t + n, i)) s->x[(t + n) * s->N + i] = stand_in[i];
    }
    return SYN_OK;
}

/* The starts of one span share the way there. */
syn_status syn_warm_up(syn_network *network, size_t session, const syn_session *s, const int64_t *start, int64_t S,
                       float *to_state, float *to_x) {
    const size_t size = syn_network_state_size(network, session);
    const int64_t memory = syn_correction_memory(syn_network_correction(network));
    float *state = NULL, *out = NULL;
    syn_status status;
    int64_t at = -1, from = -1;
    SYN_CHECK(syn_network_state(network, session, 1, &state));
    SYN_CHECK(syn_alloc(&out, (size_t)(CHUNK_FRAMES * s->N), sizeof *out, "rollouts"));
    for (int64_t n = 0; n < S; n++) {
        const syn_history h = syn_history_of(s, start[n]);
        const int64_t begin = h.span < 0 ? h.state_from : syn_span_from(s, &s->span[SYN_TEST][h.span], memory);
        if (begin != from) {
            at = from = begin;
            memset(state, 0, size * sizeof *state);
            for (int64_t i = 0; i < s->N; i++)
                if (!syn_session_observed(s, at, i)) s->x[at * s->N + i] = 0.0f;
        }
        SYN_CHECK(force(network, session, s, state, at, start[n] - 1, out));
        at = start[n] - 1;
        memcpy(to_state + (size_t)n * size, state, size * sizeof *state);
        memcpy(to_x + n * s->N, s->x + at * s->N, (size_t)s->N * sizeof(float));
        syn_network_let_go(network, session, to_state + (size_t)n * size, to_x + n * s->N);
    }
done:
    free(state), free(out);
    return status;
}
