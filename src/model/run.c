/* Forward through time: single steps, and whole splits. */
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "base/watch.h"
#include "dataset/splits.h"
#include "model/correction.h"
#include "model/network_inside.h"

/* Decoder states of a run, [NB][H][R]; behind them 1 after the first frame, the last frame [N], and the state of the
 * correction. */
static int64_t decoder_states(const syn_network *net, size_t s) {
    return syn_blocks_of(net, net->p->session[s].N) * net->p->H * net->kernels->lanes;
}

size_t syn_network_state_size(const syn_network *net, size_t s) {
    return (size_t)(decoder_states(net, s) +
                    (1 + net->p->session[s].N + syn_correction_states(net->p->session[s].N) + 15) / 16 * 16);
}

syn_status syn_network_state(const syn_network *net, size_t s, int64_t copies, float **state) {
    return syn_alloc(state, (size_t)copies * syn_network_state_size(net, s), sizeof **state, "decoder state");
}

/* Predictions y[L][R] of a block to z-scored units, in place. */
static void link_function(const syn_network *net, syn_block_space *space, int64_t block, int64_t L) {
    if (net->loss == SYN_LOSS_GAUSSIAN) return;
    const int R = net->kernels->lanes;
    syn_block_loss loss = syn_loss_at(net, space, block, L, false);
    loss.rate = space->dy;
    memset(space->target, 0, (size_t)(L * R) * sizeof(float));
    memset(space->weight, 0, (size_t)(L * R) * sizeof(float));
    net->kernels->poisson(&loss);
    for (int64_t k = 0; k < L * R; k++) {
        float scale = loss.scale[k % R];
        space->y[k] = scale > 0 ? (space->dy[k] - loss.mean[k % R]) / scale : 0.0f;
    }
}

/* d y / d current of every frame of a block that forward has run, into space->dcurrent[L][R]. */
static void slopes(const syn_network *net, const syn_block_space *space, int64_t L) {
    const int R = net->kernels->lanes, H = net->p->H, part = H * R;
    const syn_decoder_layout at = syn_decoder_layout_of(H);
    const float *decoder = net->p->value + net->p->decoder, *wi = decoder + at.wi, *v = decoder + at.v;
    memset(space->dcurrent, 0, (size_t)(L * R) * sizeof *space->dcurrent);
    for (int64_t t = 0; t < L; t++) {
        float *restrict sum = space->dcurrent + t * R;
        for (int k = 0; k < H; k++) {
            const float *restrict of = space->tape + (size_t)t * syn_tape_stride(H, R) + k * R;
            for (int l = 0; l < R; l++) {
                const float r = of[l], z = of[part + l], s = of[2 * part + l], n = of[3 * part + l],
                            h = of[4 * part + l];
                const float dn = (1 - z) * (1 - n * n), dz = (1 - z) * (h - n), dr = dn * s * r * (1 - r);
                sum[l] += v[k] * (dr * wi[k] + dz * wi[H + k] + dn * wi[2 * H + k]);
            }
        }
    }
}

/* What is sent at one step of the runs, which remember their last frame. */
static const float *send_next(syn_network *net, size_t s, float *state, const float *x, int64_t n, bool copies) {
    const int64_t N = net->p->session[s].N, runs = copies ? n : 1, L = copies ? 1 : n;
    if (!net->send) return x;
    for (int64_t k = 0; k < runs; k++) {
        float *begun = state + (size_t)k * syn_network_state_size(net, s) + decoder_states(net, s), *last = begun + 1;
        syn_send(net->send, x + k * L * N, *begun != 0.0f ? last : NULL, N, L, net->sent + k * L * N);
        *begun = 1.0f;
        memcpy(last, x + (k * L + L - 1) * N, (size_t)N * sizeof *last);
    }
    return net->sent;
}

/* What came is seen, and then the predictions are corrected, frame after frame of the runs. */
static void correct(const syn_network *net, size_t s, float *state, const float *x, int64_t n, bool copies,
                    float *out) {
    const int64_t N = net->p->session[s].N;
    const syn_correction *c = &net->p->correction;
    if (syn_correction_is_none(c)) return;
    for (int64_t t = 0; t < n; t++) {
        float *of = state + (copies ? (size_t)t * syn_network_state_size(net, s) : 0) + decoder_states(net, s) + 1 + N;
        syn_correction_see(c, net->loss, N, of, x + t * N);
        syn_correction_apply(c, net->loss, &net->data->session[s].norm, of, out + t * N);
    }
}

const float *syn_network_stand_in(const syn_network *net, size_t s, const float *state, const float *out) {
    if (syn_correction_is_none(&net->p->correction)) return out;
    return syn_correction_last(state + decoder_states(net, s) + 1 + net->p->session[s].N);
}

void syn_network_let_go(const syn_network *net, size_t s, float *state, const float *x) {
    float *of = state + decoder_states(net, s) + 1 + net->p->session[s].N;
    if (syn_correction_is_none(&net->p->correction)) return;
    if (x) syn_correction_see(&net->p->correction, net->loss, net->p->session[s].N, of, x);
    syn_correction_let_go(of);
}

/* As syn_network_advance, for at most max_window frames or max_frames copies. slope: [n][N], or NULL. */
static void advance_chunk(syn_network *net, size_t s, float *state, const float *x, const float *u, int64_t n,
                          bool copies, float *out, float *slope) {
    enum { COPIES = 16 }; /* of a task */
    const int R = net->kernels->lanes, H = net->p->H;
    const int64_t N = net->p->session[s].N, B = net->p->session[s].B, NB = syn_blocks_of(net, N);
    const int64_t each = !copies ? n : net->max_window < COPIES ? net->max_window : COPIES;
    const size_t run = syn_network_state_size(net, s);
    const float *sent = send_next(net, s, state, x, n, copies);
    syn_drives(net, s, u, n, net->drive);
#pragma omp parallel for schedule(static) num_threads(net->threads) if (NB * n > 64)
    for (int64_t task = 0; task < (n + each - 1) / each * NB; task++) {
        syn_block_space *space = &net->space[omp_get_thread_num()];
        const int64_t block = task % NB, row = task / NB * each, L = n - row < each ? n - row : each;
        syn_gather(space->x, x + row * N, L, N, block * R, R);
        syn_currents(net, s, block, sent + row * N, L, space->current);
        for (int64_t k = 0; k < (copies ? L : 1); k++) {
            syn_block forward =
                syn_block_at(net, space, s, block, row + k, B ? u + (row + k) * B : NULL, copies ? 1 : L);
            forward.x += k * R, forward.current += k * R, forward.y += k * R;
            forward.h = state + (copies ? (size_t)(row + k) * run : 0) + block * H * R;
            forward.keep_tape = slope != NULL;
            net->kernels->forward(&forward, net->p->value + net->p->decoder, net->transposed, H);
        }
        if (slope) {
            slopes(net, space, L);
            syn_scatter(slope + row * N, space->dcurrent, L, N, block * R, R);
        }
        link_function(net, space, block, L);
        syn_scatter(out + row * N, space->y, L, N, block * R, R);
    }
    correct(net, s, state, x, n, copies, out);
}

/* As syn_network_advance, once syn_network_prepare() has been called. slope: [n][N], or NULL; not of copies. */
static void advance(syn_network *net, size_t s, float *state, const float *x, const float *u, int64_t n, bool copies,
                    float *out, float *slope) {
    const int64_t N = net->p->session[s].N, B = net->p->session[s].B;
    const int64_t most = copies                              ? net->max_frames
                         : net->max_window < net->max_frames ? net->max_window
                                                             : net->max_frames;
    for (int64_t done = 0, step; done < n; done += step) {
        step = n - done < most ? n - done : most;
        advance_chunk(net, s, state + (copies ? (size_t)done * syn_network_state_size(net, s) : 0), x + done * N,
                      B ? u + done * B : NULL, step, copies, out + done * N, slope ? slope + done * N : NULL);
    }
}

syn_status syn_network_advance(syn_network *net, size_t s, float *state, const float *x, const float *u, int64_t n,
                               bool copies, float *out) {
    SYN_TRY(syn_watched());
    SYN_TRY(syn_network_prepare(net, s));
    advance(net, s, state, x, u, n, copies, out, NULL);
    return SYN_OK;
}

void syn_network_step(syn_network *net, size_t s, float *state, const float *x, const float *u, float *out) {
    advance(net, s, state, x, u, 1, false, out, NULL);
}

static bool frame_complete(const syn_session *session, int64_t t) {
    for (int64_t i = 0; session->mask && i < session->N; i++)
        if (!syn_session_observed(session, t, i)) return false;
    return true;
}

/* Replaces what was not observed at frame t by prediction[N] (NULL: the mean, 0). */
static void fill(const syn_session *session, int64_t t, const float *prediction) {
    for (int64_t i = 0; session->mask && i < session->N; i++)
        if (!syn_session_observed(session, t, i)) session->x[t * session->N + i] = prediction ? prediction[i] : 0.0f;
}

static syn_status run_span(syn_network *net, size_t s, const syn_span *span, float *state, syn_frame_fn on_frame,
                           void *user) {
    const syn_session *session = &net->data->session[s];
    const int64_t N = session->N, B = session->B, first_target = syn_span_first_target(span);
    int64_t t = syn_span_from(session, span, syn_correction_memory(&net->p->correction));
    fill(session, t, NULL);
    while (t + 1 < span->stop) {
        int64_t n = 1, most = net->max_window < net->max_frames ? net->max_window : net->max_frames;
        while (n < most && t + n + 1 < span->stop && frame_complete(session, t + n)) n++;
        SYN_TRY(syn_watched());
        advance(net, s, state, session->x + t * N, B ? session->u + t * B : NULL, n, false, net->out, net->slope);
        for (int64_t k = 0; k < n; k++)
            if (on_frame && t + k + 1 >= first_target)
                SYN_TRY(on_frame(user, t + k + 1, net->out + k * N, session->x + (t + k + 1) * N,
                                 net->slope ? net->slope + k * N : NULL));
        fill(session, t + n, syn_network_stand_in(net, s, state, net->out + (n - 1) * N));
        t += n;
    }
    return SYN_OK;
}

syn_status syn_network_want_slopes(syn_network *net) {
    if (net->slope) return SYN_OK;
    int64_t N = 1;
    for (size_t s = 0; s < net->p->n_sessions; s++)
        if (net->p->session[s].N > N) N = net->p->session[s].N;
    return syn_alloc(&net->slope, (size_t)(net->max_window * N), sizeof *net->slope, "slopes");
}

syn_status syn_network_run(syn_network *net, size_t s, syn_split split, syn_frame_fn on_frame, void *user) {
    const syn_session *session = &net->data->session[s];
    const size_t state_size = syn_network_state_size(net, s);
    float *state = NULL;
    syn_status status;
    SYN_CHECK(syn_network_state(net, s, 1, &state));
    SYN_CHECK(syn_network_prepare(net, s));
    for (int64_t k = 0; k < session->n_spans[split]; k++) {
        memset(state, 0, state_size * sizeof *state);
        SYN_CHECK(run_span(net, s, &session->span[split][k], state, on_frame, user));
    }
done:
    free(state);
    return status;
}
