/* Derivatives of predictions with respect to currents, averaged over time. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "model/network_inside.h"

/* One block over n frames from frame `start` of session s: adds to sum[lags + 1][R] the derivative of every prediction
 * from frame `lags` on with respect to the currents of the lags frames before it. */
static void block_gain(syn_network *net, size_t s, int64_t block, int64_t start, int64_t n, int lags,
                       const float *state, syn_block_space *space, syn_block_space *seed, double *sum) {
    const int R = net->kernels->lanes, H = net->p->H, thread = omp_get_thread_num();
    const int64_t N = net->p->session[s].N;
    const float *decoder = net->p->value + net->p->decoder;
    const size_t decoder_sums = syn_decoder_layout_of(H).count;
    const size_t state_bytes = (size_t)(H * R) * sizeof(float), inputs_bytes = (size_t)((lags + 1) * R) * sizeof(float);
    float *neuron = net->neuron_sum + thread * (3 * H + 2) * R;
    const syn_session *session = &net->data->session[s];
    syn_gather(space->x, session->x + start * N, n, N, block * R, R);
    syn_currents(net, s, block, net->send ? net->sent : session->x + start * N, n, space->current);
    memcpy(space->h, state, state_bytes);
    syn_block whole = syn_block_at(net, space, s, block, 0, NULL, n);
    net->kernels->forward(&whole, decoder, net->transposed, H);
    for (int64_t t = lags; t < n; t++) {
        const int64_t from = t - lags;
        const float *before = from ? syn_tape_state(space->tape, from - 1, H, R) : state;
        memcpy(seed->h, before, state_bytes);
        memcpy(seed->x, space->x + from * R, inputs_bytes);
        memcpy(seed->current, space->current + from * R, inputs_bytes);
        syn_block part = syn_block_at(net, seed, s, block, from, NULL, lags + 1);
        net->kernels->forward(&part, decoder, net->transposed, H);
        memset(seed->dy, 0, inputs_bytes);
        for (int i = 0; i < R; i++) {
            float slope = 1.0f;
            if (net->loss == SYN_LOSS_POISSON) { /* d rate / d y, in z-scored units */
                float scale = net->scale[block * R + i], y = seed->y[lags * R + i] + 0.541324854612918f;
                slope = scale > 0 ? net->mean[block * R + i] / scale / (1.0f + expf(-y)) : 0.0f;
                slope *= 1 - net->p->correction.share;
            }
            seed->dy[lags * R + i] = slope;
        }
        syn_block_gradient gradient = {.h0 = before,
                                       .dy = seed->dy,
                                       .dcurrent = seed->dcurrent,
                                       .dbase = neuron,
                                       .da = neuron + 3 * H * R,
                                       .dc = neuron + (3 * H + 1) * R,
                                       .decoder = net->decoder_sum + (size_t)thread * decoder_sums,
                                       .work = seed->work};
        net->kernels->backward(&part, &gradient, decoder, H);
        for (int lag = 0; lag <= lags; lag++)
            for (int i = 0; i < R; i++) sum[lag * R + i] += (double)seed->dcurrent[(lags - lag) * R + i];
    }
}

typedef struct gain_space {
    syn_block_space *space, *seed; /* [threads] */
    double *sum;                   /* [NB][lags + 1][R] */
    float *state, *next;           /* [NB][H][R] */
} gain_space;

/* Sums over one chunk of n frames from frame t of session s; returns the seeds. The first frames of a chunk are the
 * last `lags` frames of the one before. */
static void chunk_gain(syn_network *net, size_t s, int64_t t, int64_t n, int lags, bool first, gain_space *g) {
    const syn_session *session = &net->data->session[s];
    const int64_t N = session->N, B = session->B, NB = syn_blocks_of(net, N);
    const int R = net->kernels->lanes, H = net->p->H;
    const float *x = session->x + t * N;
    syn_drives(net, s, B ? session->u + t * B : NULL, n, net->drive);
    if (net->send) syn_send(net->send, x, first ? NULL : x - N, N, n, net->sent);
#pragma omp parallel for schedule(static) num_threads(net->threads < SYN_MAX_CHUNKS ? net->threads : SYN_MAX_CHUNKS)
    for (int64_t block = 0; block < NB; block++) {
        syn_block_space *space = &g->space[omp_get_thread_num()];
        block_gain(net, s, block, t, n, lags, g->state + block * H * R, space, &g->seed[omp_get_thread_num()],
                   g->sum + block * (lags + 1) * R);
        /* the next chunk starts `lags` frames before this one ends */
        memcpy(g->next + block * H * R, syn_tape_state(space->tape, n - lags - 1, H, R),
               (size_t)(H * R) * sizeof(float));
    }
    memcpy(g->state, g->next, (size_t)(NB * H * R) * sizeof(float));
}

syn_status syn_network_gain(syn_network *net, size_t s, int lags, int64_t max_seeds, double *gain) {
    const syn_session *session = &net->data->session[s];
    const int R = net->kernels->lanes, H = net->p->H;
    const int64_t N = session->N, NB = syn_blocks_of(net, N),
                  chunk = 64 + lags < net->max_frames ? 64 + lags : net->max_frames;
    gain_space g = {0};
    syn_status status;
    if (chunk <= lags)
        return syn_fail(SYN_ERR_OPTION, "lags: found %d; expected fewer than the %lld frames of a batch", lags,
                        (long long)net->max_frames);
    const int64_t total = syn_session_frames(session, SYN_TRAIN);
    int64_t seeds = 0;
    const int64_t every = total > max_seeds ? (total + max_seeds - 1) / max_seeds : 1;
    SYN_CHECK(syn_alloc(&g.space, (size_t)net->threads, sizeof *g.space, "gain"));
    SYN_CHECK(syn_alloc(&g.seed, (size_t)net->threads, sizeof *g.seed, "gain"));
    for (int k = 0; k < net->threads; k++) {
        SYN_CHECK(syn_block_space_create(net, chunk, &g.space[k]));
        SYN_CHECK(syn_block_space_create(net, lags + 1, &g.seed[k]));
    }
    SYN_CHECK(syn_alloc(&g.sum, (size_t)(NB * (lags + 1) * R), sizeof *g.sum, "gain"));
    SYN_CHECK(syn_alloc(&g.state, (size_t)(NB * H * R), sizeof *g.state, "gain"));
    SYN_CHECK(syn_alloc(&g.next, (size_t)(NB * H * R), sizeof *g.next, "gain"));
    SYN_CHECK(syn_neuron_sums(net, net->threads));
    SYN_CHECK(syn_network_prepare(net, s));
    int64_t number = 0;
    for (int64_t k = 0; k < session->n_spans[SYN_TRAIN]; k++) {
        const syn_span *span = &session->span[SYN_TRAIN][k];
        memset(g.state, 0, (size_t)(NB * H * R) * sizeof(float));
        for (int64_t t = span->start, n; t + lags + 1 < span->stop; t += n - lags, number++) {
            n = span->stop - 1 - t < chunk ? span->stop - 1 - t : chunk;
            if (number % every) { /* skipped: the next one starts afresh, as a training window does */
                memset(g.state, 0, (size_t)(NB * H * R) * sizeof(float));
                continue;
            }
            chunk_gain(net, s, t, n, lags, t == span->start, &g);
            seeds += n - lags;
        }
    }
    for (int lag = 0; lag <= lags; lag++)
        for (int64_t i = 0; i < N; i++)
            gain[lag * N + i] = g.sum[(i / R * (lags + 1) + lag) * R + i % R] / (double)(seeds ? seeds : 1);
done:
    for (int k = 0; g.space && g.seed && k < net->threads; k++)
        syn_block_space_free(&g.space[k]), syn_block_space_free(&g.seed[k]);
    free(g.space), free(g.seed), free(g.sum), free(g.state), free(g.next);
    return status;
}
