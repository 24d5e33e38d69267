/* Making a network, and what every use of it needs. */
#include <string.h>

#include "base/memory.h"
#include "model/network_inside.h"

static int64_t most_behaviour(const syn_network *net) {
    int64_t B = 0;
    for (size_t s = 0; s < net->p->n_sessions; s++)
        if (net->p->session[s].B > B) B = net->p->session[s].B;
    return B;
}

syn_status syn_block_space_create(const syn_network *net, int64_t frames, syn_block_space *space) {
    size_t R = (size_t)net->kernels->lanes, L = (size_t)frames, H = (size_t)net->p->H;
    float **arrays[] = {&space->x, &space->current, &space->target,  &space->weight,
                        &space->y, &space->dy,      &space->dcurrent};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        SYN_TRY(syn_alloc(arrays[k], L * R, sizeof(float), "decoder block"));
    SYN_TRY(syn_alloc(&space->tape, (L < 2 ? 2 : L) * syn_tape_stride(net->p->H, net->kernels->lanes), sizeof(float),
                      "decoder tape"));
    SYN_TRY(syn_alloc(&space->h, H * R, sizeof(float), "decoder state"));
    return syn_alloc(&space->work, syn_work_size(net->p->H, (int)most_behaviour(net), net->kernels->lanes),
                     sizeof(float), "decoder state");
}

void syn_block_space_free(syn_block_space *s) {
    free(s->x), free(s->current), free(s->target), free(s->weight), free(s->y), free(s->dy), free(s->dcurrent);
    free(s->tape), free(s->h), free(s->work);
}

syn_status syn_network_create(syn_network **network, const syn_parameters *p, const syn_dataset *data, syn_loss loss,
                              const syn_kernels *kernels, int threads, int64_t max_frames, int64_t max_window) {
    syn_status status;
    SYN_TRY(syn_alloc(network, 1, sizeof **network, "network"));
    syn_network *net = *network;
    *net = (syn_network){.p = p,
                         .data = data,
                         .kernels = kernels,
                         .loss = loss,
                         .threads = threads,
                         .max_frames = max_frames,
                         .max_window = max_window};
    size_t N = 1, B = 1, R = (size_t)kernels->lanes, H = (size_t)p->H;
    for (size_t s = 0; s < p->n_sessions; s++) {
        if ((size_t)p->session[s].N > N) N = (size_t)p->session[s].N;
        if ((size_t)p->session[s].B > B) B = (size_t)p->session[s].B;
    }
    size_t F = (size_t)max_frames, NB = (size_t)syn_blocks_of(net, (int64_t)N);
    SYN_CHECK(syn_alloc(&net->W, N * N, sizeof(float), "connectivity"));
    SYN_CHECK(syn_alloc(&net->dW, N * N, sizeof(float), "connectivity"));
    SYN_CHECK(syn_alloc(&net->base, NB * 3 * H * R, sizeof(float), "decoder"));
    float **lanes[] = {&net->a, &net->c, &net->scale, &net->offset, &net->mean};
    for (size_t k = 0; k < sizeof lanes / sizeof *lanes; k++)
        SYN_CHECK(syn_alloc(lanes[k], NB * R, sizeof(float), "decoder"));
    SYN_CHECK(syn_alloc(&net->transposed, 3 * H * H, sizeof(float), "decoder"));
    SYN_CHECK(syn_alloc(&net->wu, 3 * H * B, sizeof(float), "decoder"));
    SYN_CHECK(syn_alloc(&net->senders, NB * N * R, sizeof(float), "connectivity"));
    if (p->form != SYN_FORM_NONE)
        SYN_CHECK(syn_alloc(&net->senders_sum, (NB > SYN_MAX_CHUNKS ? NB : SYN_MAX_CHUNKS) * N * R, sizeof(float),
                            "connectivity"));
    SYN_CHECK(syn_alloc(&net->sent, p->form == SYN_FORM_NONE ? 0 : F * N, sizeof(float), "currents"));
    SYN_CHECK(syn_alloc(&net->out, (size_t)max_window * N, sizeof(float), "predictions"));
    SYN_CHECK(syn_alloc(&net->drive, F * 3 * H, sizeof(float), "batch"));
    SYN_CHECK(
        syn_alloc(&net->decoder_sum, SYN_MAX_CHUNKS * syn_decoder_layout_of(p->H).count, sizeof(float), "gradient"));
    SYN_CHECK(syn_alloc(&net->drive_sum, SYN_MAX_CHUNKS * 3 * H * B, sizeof(float), "gradient"));
    SYN_CHECK(syn_alloc(&net->space, (size_t)threads, sizeof *net->space, "threads"));
    for (int k = 0; k < threads; k++) SYN_CHECK(syn_block_space_create(net, max_window, &net->space[k]));
done:
    if (status != SYN_OK) syn_network_free(net), *network = NULL;
    return status;
}

void syn_network_free(syn_network *net) {
    if (!net) return;
    float *arrays[] = {net->W,         net->dW,         net->senders,     net->base,  net->a,
                       net->c,         net->scale,      net->offset,      net->mean,  net->transposed,
                       net->wu,        net->sent,       net->out,         net->drive, net->decoder_sum,
                       net->drive_sum, net->neuron_sum, net->senders_sum, net->slope};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) free(arrays[k]);
    for (int k = 0; net->space && k < net->threads; k++) syn_block_space_free(&net->space[k]);
    free(net->space);
    free(net);
}

const syn_kernels *syn_network_kernels(const syn_network *net) { return net->kernels; }

const syn_correction *syn_network_correction(const syn_network *net) { return &net->p->correction; }

void syn_network_use(syn_network *net, const syn_parameters *parameters) { net->p = parameters; }

/* W, one row for each receiver, into net->senders, one row of a block's receivers for each sender. */
static void pack_senders(syn_network *net, int64_t N) {
    const int R = net->kernels->lanes;
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t block = 0; block < syn_blocks_of(net, N); block++) {
        const int64_t first = block * R, valid = N - first < R ? N - first : R;
        float *out = net->senders + block * N * R;
        for (int64_t j = 0; j < N; j++)
            for (int64_t i = 0; i < R; i++) out[j * R + i] = i < valid ? net->W[(first + i) * N + j] : 0.0f;
    }
}

/* The session's filter of what is sent, or NULL where it takes nothing off. */
static const float *filter_of(const syn_parameters *p, size_t s) {
    if (p->form == SYN_FORM_NONE) return NULL;
    const float *send = p->value + p->session[s].send;
    for (int64_t j = 0; j < p->session[s].N; j++)
        if (send[j] != 0.0f) return send;
    return NULL;
}

void syn_send(const float *send, const float *x, const float *previous, int64_t N, int64_t F, float *sent) {
    for (int64_t f = 0; f < F; f++) {
        const float *before = f > 0 ? x + (f - 1) * N : previous ? previous : x;
        for (int64_t j = 0; j < N; j++) sent[f * N + j] = x[f * N + j] - send[j] * before[j];
    }
}

/* Everything that depends on the parameters but not on time. */
syn_status syn_network_prepare(syn_network *net, size_t s) {
    const syn_parameters *p = net->p;
    const syn_session_layout *at = &p->session[s];
    const syn_normalisation *norm = &net->data->session[s].norm;
    const int R = net->kernels->lanes, rows = 3 * p->H, d = p->d;
    const float *we = p->value + p->we, *bias = p->value + p->bias;
    net->send = filter_of(p, s);
    SYN_TRY(syn_parameters_weights(p, s, net->kernels, net->threads, net->W));
    if (p->form != SYN_FORM_NONE) pack_senders(net, at->N);
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t i = 0; i < syn_blocks_of(net, at->N) * R; i++) {
        const bool real = i < at->N; /* the lanes beyond the last neuron compute on zeros */
        float *base = net->base + i / R * rows * R + i % R;
        const size_t place = real ? (size_t)syn_place(at, i) : 0;
        for (int row = 0; row < rows; row++) {
            float sum = bias[row];
            for (int k = 0; k < d && real; k++)
                sum += we[row * d + k] * p->value[at->e + place * (size_t)d + (size_t)k];
            base[row * R] = sum;
        }
        net->a[i] = real ? p->value[at->a + place] : 0.0f;
        net->c[i] = real ? p->value[at->c + place] : 0.0f;
        net->scale[i] = real ? norm->scale[i] : 0.0f;
        net->offset[i] = net->mean[i] = real ? norm->mean[i] : 0.0f;
    }
    const float *wh = p->value + p->decoder + syn_decoder_layout_of(p->H).wh;
    for (int row = 0; row < rows; row++)
        for (int k = 0; k < p->H; k++) net->transposed[k * rows + row] = wh[row * p->H + k];
    for (int row = 0; row < rows; row++)
        for (int64_t v = 0; v < at->B; v++) {
            float sum = 0;
            for (int k = 0; k < p->b; k++)
                sum += p->value[p->wu + (size_t)(row * p->b + k)] * p->value[at->p + (size_t)(k * at->B + v)];
            net->wu[v * rows + row] = sum;
        }
    return SYN_OK;
}

void syn_drives(const syn_network *net, size_t s, const float *u, int64_t F, float *drive) {
    const int64_t B = net->p->session[s].B;
    const int rows = 3 * net->p->H;
    for (int64_t f = 0; f < F && u; f++) {
        float *restrict out = drive + f * rows;
        memset(out, 0, (size_t)rows * sizeof *out);
        for (int64_t v = 0; v < B; v++) {
            const float *restrict w = net->wu + v * rows, value = u[f * B + v];
            for (int row = 0; row < rows; row++) out[row] += w[row] * value;
        }
    }
}

void syn_currents(const syn_network *net, size_t s, int64_t block, const float *sent, int64_t L, float *out) {
    const int64_t N = net->p->session[s].N, R = net->kernels->lanes;
    if (net->p->form == SYN_FORM_NONE)
        memset(out, 0, (size_t)(L * R) * sizeof *out);
    else
        net->kernels->product((int)L, N, (syn_matrix){sent, N, 1}, net->senders + block * N * R, out, false);
}

syn_block syn_block_at(const syn_network *net, const syn_block_space *space, size_t s, int64_t block, int64_t frame,
                       const float *u, int64_t L) {
    const int R = net->kernels->lanes, rows = 3 * net->p->H;
    const int64_t B = net->p->session[s].B;
    return (syn_block){.L = (int)L,
                       .B = (int)B,
                       .x = space->x,
                       .current = space->current,
                       .base = net->base + block * rows * R,
                       .drive = B ? net->drive + frame * rows : NULL,
                       .u = u,
                       .a = net->a + block * R,
                       .c = net->c + block * R,
                       .h = space->h,
                       .tape = space->tape,
                       .keep_tape = true,
                       .y = space->y};
}

syn_block_loss syn_loss_at(const syn_network *net, const syn_block_space *space, int64_t block, int64_t L,
                           bool derivative) {
    const int R = net->kernels->lanes;
    return (syn_block_loss){.L = (int)L,
                            .y = space->y,
                            .target = space->target,
                            .weight = space->weight,
                            .scale = net->scale + block * R,
                            .offset = net->offset + block * R,
                            .mean = net->mean + block * R,
                            .dy = derivative ? space->dy : NULL};
}

syn_status syn_neuron_sums(syn_network *net, int64_t tasks) {
    size_t size = (size_t)(tasks * (3 * net->p->H + 2) * net->kernels->lanes);
    if (net->neuron_sum_size >= size) return SYN_OK;
    free(net->neuron_sum), net->neuron_sum_size = 0;
    SYN_TRY(syn_alloc(&net->neuron_sum, size, sizeof(float), "gradient"));
    net->neuron_sum_size = size;
    return SYN_OK;
}

syn_status syn_network_weights(syn_network *net, size_t s, const float **W) {
    *W = net->W;
    return syn_parameters_weights(net->p, s, net->kernels, net->threads, net->W);
}
