#include "model/network.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/memory.h"

/* Gradients are summed over at most this many chunks in a fixed order, whatever the number of threads. */
enum { MAX_CHUNKS = 32 };

/* One thread's block of neurons: all [L][R] unless said. */
typedef struct block_space {
    float *x, *current, *target, *weight, *y, *dy, *dcurrent;
    float *tape; /* [L][syn_tape_stride] */
    float *h;    /* [H][R] */
    float *work; /* [syn_work_size] */
} block_space;

struct syn_network {
    const syn_parameters *p;
    const syn_dataset *data;
    const syn_kernels *kernels;
    syn_loss loss;
    int threads;
    int64_t max_frames, max_window;
    /* of the session in use: NB blocks of R neurons */
    const float *send;                    /* [N], or NULL: x itself is sent */
    float *W, *dW;                        /* [N][N] */
    float *senders;                       /* [NB][N][R] W of a block's neurons, lane by lane */
    float *base;                          /* [NB][3H][R] */
    float *a, *c, *scale, *offset, *mean; /* [NB][R] */
    float *transposed;                    /* [H][3H] */
    float *wu;                            /* [B][3H] drive weights, wu p */
    float *drive;                         /* [F][3H] of the batch or chunk of frames */
    float *sent;                          /* [F][N] what the neurons send, where that is not x itself */
    float *out;                           /* [max_window][N] predictions */
    /* gradient sums */
    float *decoder_sum; /* [MAX_CHUNKS][layout.count] */
    float *drive_sum;   /* [MAX_CHUNKS][3H][B] */
    float *neuron_sum;  /* [NB][groups][3H + 2][R] */
    size_t neuron_sum_size;
    float *senders_sum; /* [tasks][N][R], laid out as senders */
    block_space *space; /* [threads] */
};

static int64_t blocks_of(const syn_network *net, int64_t N) {
    return (N + net->kernels->lanes - 1) / net->kernels->lanes;
}

static int64_t most_behaviour(const syn_network *net) {
    int64_t B = 0;
    for (size_t s = 0; s < net->p->n_sessions; s++)
        if (net->p->session[s].B > B) B = net->p->session[s].B;
    return B;
}

static syn_status block_space_create(const syn_network *net, int64_t frames, block_space *space) {
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

static void block_space_free(block_space *s) {
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
    size_t F = (size_t)max_frames, NB = (size_t)blocks_of(net, (int64_t)N);
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
        SYN_CHECK(
            syn_alloc(&net->senders_sum, (NB > MAX_CHUNKS ? NB : MAX_CHUNKS) * N * R, sizeof(float), "connectivity"));
    SYN_CHECK(syn_alloc(&net->sent, p->form == SYN_FORM_NONE ? 0 : F * N, sizeof(float), "currents"));
    SYN_CHECK(syn_alloc(&net->out, (size_t)max_window * N, sizeof(float), "predictions"));
    SYN_CHECK(syn_alloc(&net->drive, F * 3 * H, sizeof(float), "batch"));
    SYN_CHECK(syn_alloc(&net->decoder_sum, MAX_CHUNKS * syn_decoder_layout_of(p->H).count, sizeof(float), "gradient"));
    SYN_CHECK(syn_alloc(&net->drive_sum, MAX_CHUNKS * 3 * H * B, sizeof(float), "gradient"));
    SYN_CHECK(syn_alloc(&net->space, (size_t)threads, sizeof *net->space, "threads"));
    for (int k = 0; k < threads; k++) SYN_CHECK(block_space_create(net, max_window, &net->space[k]));
done:
    if (status != SYN_OK) syn_network_free(net), *network = NULL;
    return status;
}

void syn_network_free(syn_network *net) {
    if (!net) return;
    float *arrays[] = {net->W,     net->dW,     net->senders,     net->base,       net->a,          net->c,
                       net->scale, net->offset, net->mean,        net->transposed, net->wu,         net->sent,
                       net->out,   net->drive,  net->decoder_sum, net->drive_sum,  net->neuron_sum, net->senders_sum};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) free(arrays[k]);
    for (int k = 0; net->space && k < net->threads; k++) block_space_free(&net->space[k]);
    free(net->space);
    free(net);
}

const syn_kernels *syn_network_kernels(const syn_network *net) { return net->kernels; }

void syn_network_use(syn_network *net, const syn_parameters *parameters) { net->p = parameters; }

/* W, one row for each receiver, into net->senders, one row of a block's receivers for each sender. */
static void pack_senders(syn_network *net, int64_t N) {
    const int R = net->kernels->lanes;
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t block = 0; block < blocks_of(net, N); block++) {
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
static syn_status prepare(syn_network *net, size_t s) {
    const syn_parameters *p = net->p;
    const syn_session_layout *at = &p->session[s];
    const syn_normalisation *norm = &net->data->session[s].norm;
    const int R = net->kernels->lanes, rows = 3 * p->H, d = p->d;
    const float *we = p->value + p->we, *bias = p->value + p->bias;
    net->send = filter_of(p, s);
    SYN_TRY(syn_parameters_weights(p, s, net->kernels, net->threads, net->W));
    if (p->form != SYN_FORM_NONE) pack_senders(net, at->N);
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t i = 0; i < blocks_of(net, at->N) * R; i++) {
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

/* Drive of F frames with behaviour u[F][B] (NULL without) into drive[F][3H]. */
static void drives(const syn_network *net, size_t s, const float *u, int64_t F, float *drive) {
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

/* Currents [L][R] into a block of neurons in L frames of what all have sent[L][N]. */
static void currents(const syn_network *net, size_t s, int64_t block, const float *sent, int64_t L, float *out) {
    const int64_t N = net->p->session[s].N, R = net->kernels->lanes;
    if (net->p->form == SYN_FORM_NONE)
        memset(out, 0, (size_t)(L * R) * sizeof *out);
    else
        net->kernels->product((int)L, N, (syn_matrix){sent, N, 1}, net->senders + block * N * R, out, false);
}

/* A few floats: a call of memcpy would take longer than the copy. */
static inline void copy_lanes(float *restrict to, const float *restrict from, int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) memcpy(to + i, from + i, 8 * sizeof *to);
    for (; i < n; i++) to[i] = from[i];
}

/* Columns [first, first + R) of L rows into [L][R]; lanes beyond N are zero. */
static void gather(float *to, const float *from, int64_t L, int64_t N, int64_t first, int R) {
    int64_t valid = N - first < R ? N - first : R;
    for (int64_t t = 0; t < L; t++) {
        copy_lanes(to + t * R, from + t * N + first, valid);
        for (int64_t i = valid; i < R; i++) to[t * R + i] = 0.0f;
    }
}

static void scatter(float *to, const float *from, int64_t L, int64_t N, int64_t first, int R) {
    int64_t valid = N - first < R ? N - first : R;
    for (int64_t t = 0; t < L; t++) copy_lanes(to + t * N + first, from + t * R, valid);
}

/* Block of L frames with behaviour u[L][B], whose drive starts at row `frame` of net->drive. */
static syn_block block_at(const syn_network *net, const block_space *space, size_t s, int64_t block, int64_t frame,
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

static syn_block_loss loss_at(const syn_network *net, const block_space *space, int64_t block, int64_t L,
                              bool derivative) {
    const int R = net->kernels->lanes;
    return (syn_block_loss){.L = (int)L,
                            .y = space->y,
                            .target = space->target,
                            .weight = space->weight,
                            .scale = net->scale + block * R,
                            .offset = net->offset + block * R,
                            .mean = net->mean + block * R,
                            .mean_share = net->p->mean_share,
                            .dy = derivative ? space->dy : NULL};
}

/* The batch that one gradient is taken over. */
typedef struct batch {
    size_t s;
    const syn_window *windows;
    const int64_t *row; /* [n_windows] first row of each window in the batch's arrays */
    int64_t n_windows, groups, per_group;
    float target_weight; /* 1 / observed targets */
    bool derivative;
} batch;

static void gather_targets(const syn_network *net, const batch *b, const syn_window *w, int64_t first,
                           block_space *space) {
    const syn_session *session = &net->data->session[b->s];
    const int R = net->kernels->lanes;
    const int64_t N = session->N, valid = N - first < R ? N - first : R;
    gather(space->target, session->x + (w->start + 1) * N, w->length, N, first, R);
    for (int64_t t = 0; t < w->length; t++)
        for (int64_t i = 0; i < R; i++) space->weight[t * R + i] = i < valid ? b->target_weight : 0.0f;
    for (int64_t t = 0; t < w->length && session->mask; t++)
        for (int64_t i = 0; i < valid; i++)
            if (!syn_session_observed(session, w->start + 1 + t, first + i)) space->weight[t * R + i] = 0.0f;
}

/* Forward, loss and backward of one block of neurons over one group of windows; sums into chunk's accumulators. */
static double run_task(syn_network *net, const batch *b, int64_t task, int64_t chunk, block_space *space) {
    const syn_parameters *p = net->p;
    const syn_session *session = &net->data->session[b->s];
    const int R = net->kernels->lanes, H = p->H;
    const int64_t N = p->session[b->s].N, B = p->session[b->s].B, block = task / b->groups, group = task % b->groups;
    const int64_t first = block * R;
    const float *decoder = p->value + p->decoder;
    float *neuron = net->neuron_sum + task * (3 * H + 2) * R;
    syn_block_gradient gradient = {.dy = space->dy,
                                   .dcurrent = space->dcurrent,
                                   .dbase = neuron,
                                   .da = neuron + 3 * H * R,
                                   .dc = neuron + (3 * H + 1) * R,
                                   .decoder = net->decoder_sum + (size_t)chunk * syn_decoder_layout_of(H).count,
                                   .drive = B ? net->drive_sum + chunk * 3 * H * B : NULL,
                                   .work = space->work};
    double total = 0;
    float *senders = p->form == SYN_FORM_NONE ? NULL : net->senders_sum + task * N * R;
    memset(neuron, 0, (size_t)((3 * H + 2) * R) * sizeof *neuron);
    if (senders) memset(senders, 0, (size_t)(N * R) * sizeof *senders);
    for (int64_t k = group * b->per_group; k < (group + 1) * b->per_group && k < b->n_windows; k++) {
        const syn_window *w = &b->windows[k];
        const float *x = session->x + w->start * N, *sent = net->send ? net->sent + b->row[k] * N : x;
        gather(space->x, x, w->length, N, first, R);
        currents(net, b->s, block, sent, w->length, space->current);
        gather_targets(net, b, w, first, space);
        memset(space->h, 0, (size_t)(H * R) * sizeof(float));
        syn_block forward =
            block_at(net, space, b->s, block, b->row[k], B ? session->u + w->start * B : NULL, w->length);
        syn_block_loss loss = loss_at(net, space, block, w->length, b->derivative);
        net->kernels->forward(&forward, decoder, net->transposed, H);
        total += net->loss == SYN_LOSS_POISSON ? net->kernels->poisson(&loss) : net->kernels->gaussian(&loss);
        if (!b->derivative) continue;
        net->kernels->backward(&forward, &gradient, decoder, H);
        if (senders) net->kernels->product((int)N, w->length, (syn_matrix){sent, 1, N}, space->dcurrent, senders, true);
    }
    return total;
}

/* out[count] <- sum over chunks of in[MAX_CHUNKS][count], in a fixed order. */
static void reduce(float *out, const float *in, size_t count, int64_t chunks) {
    for (size_t k = 0; k < count; k++) {
        double sum = 0;
        for (int64_t c = 0; c < chunks; c++) sum += (double)in[(size_t)c * count + k];
        out[k] = (float)sum;
    }
}

/* Gradients of what is constant over time, from the sums over the blocks. */
static void neuron_gradient(const syn_network *net, const batch *b, float *gradient) {
    const syn_parameters *p = net->p;
    const syn_session_layout *at = &p->session[b->s];
    const int R = net->kernels->lanes, rows = 3 * p->H, d = p->d;
    const int64_t size = (rows + 2) * R; /* of one task's sums */
    const float *we = p->value + p->we;
#pragma omp parallel num_threads(net->threads)
    {
#pragma omp for schedule(static)
        for (int64_t block = 0; block < blocks_of(net, at->N); block++) {
            float *sum = net->neuron_sum + block * b->groups * size;
            for (int64_t g = 1; g < b->groups; g++)
                for (int64_t k = 0; k < size; k++) sum[k] += sum[g * size + k];
        }
#pragma omp for schedule(static)
        for (int64_t i = 0; i < at->N; i++) {
            const float *sum = net->neuron_sum + i / R * b->groups * size + i % R;
            const size_t place = (size_t)syn_place(at, i), e = at->e + place * (size_t)d;
            for (int row = 0; row < rows; row++)
                for (int k = 0; k < d; k++) gradient[e + (size_t)k] += sum[row * R] * we[row * d + k];
            gradient[at->a + place] = sum[rows * R];
            gradient[at->c + place] = sum[(rows + 1) * R];
        }
#pragma omp for schedule(static)
        for (int row = 0; row < rows; row++)
            for (int64_t i = 0; i < at->N; i++) {
                const float sum = net->neuron_sum[i / R * b->groups * size + row * R + i % R];
                const float *e = p->value + at->e + (size_t)(syn_place(at, i) * d);
                gradient[p->bias + (size_t)row] += sum;
                for (int k = 0; k < d; k++) gradient[p->we + (size_t)(row * d + k)] += sum * e[k];
            }
    }
}

/* From the gradient of the drive weights wu p, [3H][B] in net->drive_sum, to those of wu and p. */
static void drive_gradient(const syn_network *net, size_t s, int64_t chunks, float *gradient) {
    const syn_parameters *p = net->p;
    const syn_session_layout *at = &p->session[s];
    const int rows = 3 * p->H;
    for (int row = 0; row < rows; row++)
        for (int64_t v = 0; v < at->B; v++) {
            double total = 0;
            for (int64_t c = 0; c < chunks; c++) total += (double)net->drive_sum[(c * rows + row) * at->B + v];
            for (int k = 0; k < p->b; k++) {
                size_t wu = p->wu + (size_t)(row * p->b + k), pk = at->p + (size_t)(k * at->B + v);
                gradient[wu] += (float)total * p->value[pk];
                gradient[pk] += (float)total * p->value[wu];
            }
        }
}

/* dW[N][N] <- the sums over the groups of windows. */
static void unpack_senders(const syn_network *net, const batch *b, int64_t N, float *dW) {
    const int R = net->kernels->lanes;
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t block = 0; block < blocks_of(net, N); block++) {
        const int64_t first = block * R, valid = N - first < R ? N - first : R;
        float *sum = net->senders_sum + block * b->groups * N * R;
        for (int64_t g = 1; g < b->groups; g++)
            for (int64_t k = 0; k < N * R; k++) sum[k] += sum[g * N * R + k];
        for (int64_t j = 0; j < N; j++)
            for (int64_t i = 0; i < valid; i++) dW[(first + i) * N + j] = sum[j * R + i];
    }
}

/* From dW[N][N] to the factors of the neurons in `place`. */
static syn_status factor_gradient(syn_network *net, const syn_session_layout *at, const float *dW, float *gradient) {
    const syn_parameters *p = net->p;
    const int64_t N = at->N, rank = p->rank;
    const float *s = p->value + at->s, *r = p->value + at->r;
    float *ds = gradient + at->s, *dr = gradient + at->r, *rows = NULL;
    syn_status status = SYN_OK;
    if (at->place) {
        SYN_CHECK(syn_alloc(&rows, (size_t)(4 * N * rank), sizeof *rows, "gradient"));
        syn_gather_rows(at, s, rank, rows);
        syn_gather_rows(at, r, rank, rows + N * rank);
        s = rows, r = rows + N * rank, ds = rows + 2 * N * rank, dr = rows + 3 * N * rank;
    }
    SYN_CHECK(syn_gemm(net->kernels, net->threads, N, rank, N, (syn_matrix){dW, N, 1}, (syn_matrix){r, rank, 1}, ds,
                       rank, false));
    SYN_CHECK(syn_gemm(net->kernels, net->threads, N, rank, N, (syn_matrix){dW, 1, N}, (syn_matrix){s, rank, 1}, dr,
                       rank, false));
    for (int64_t k = 0; at->place && k < N * rank; k++) {
        const size_t to = (size_t)(at->place[k / rank] * rank + k % rank);
        gradient[at->s + to] = ds[k], gradient[at->r + to] = dr[k];
    }
done:
    free(rows);
    return status;
}

static syn_status connectivity_gradient(syn_network *net, const batch *b, float *gradient) {
    const syn_parameters *p = net->p;
    const syn_session_layout *at = &p->session[b->s];
    const uint8_t *support = p->session[at->owner].support;
    const int64_t N = at->N;
    if (p->form == SYN_FORM_NONE) return SYN_OK;
    const bool weights = syn_form_has_weights(p->form);
    float *dW = weights && !at->place ? gradient + at->z : net->dW;
    unpack_senders(net, b, N, dW);
    for (int64_t i = 0; i < N; i++) dW[i * N + i] = 0.0f;
    for (int64_t k = 0; support && k < N * N; k++)
        if (!support[syn_place(at, k / N) * at->M + syn_place(at, k % N)]) dW[k] = 0.0f;
    for (int64_t k = 0; weights && at->place && k < N * N; k++)
        gradient[at->z + (size_t)(at->place[k / N] * at->M + at->place[k % N])] = dW[k];
    return syn_form_has_factors(p->form) ? factor_gradient(net, at, dW, gradient) : SYN_OK;
}

/* Lays the windows out one after the other (row[n_windows]) and counts the observed targets. */
static int64_t lay_out_batch(const syn_network *net, const batch *b, int64_t *row) {
    const syn_session *session = &net->data->session[b->s];
    const int64_t N = session->N;
    int64_t observed = 0, F = 0;
    for (int64_t k = 0; k < b->n_windows; k++) {
        const syn_window *w = &b->windows[k];
        row[k] = F;
        F += w->length;
        if (!session->mask) observed += w->length * N;
        for (int64_t t = 1; session->mask && t <= w->length; t++)
            for (int64_t i = 0; i < N; i++) observed += syn_session_observed(session, w->start + t, i);
    }
    return observed;
}

/* Space for the per-neuron sums of `tasks` tasks. */
static syn_status neuron_sums(syn_network *net, int64_t tasks) {
    size_t size = (size_t)(tasks * (3 * net->p->H + 2) * net->kernels->lanes);
    if (net->neuron_sum_size >= size) return SYN_OK;
    free(net->neuron_sum), net->neuron_sum_size = 0;
    SYN_TRY(syn_alloc(&net->neuron_sum, size, sizeof(float), "gradient"));
    net->neuron_sum_size = size;
    return SYN_OK;
}

syn_status syn_network_gradient(syn_network *net, size_t s, const syn_window *windows, int64_t n_windows,
                                float *gradient, double *loss) {
    const syn_parameters *p = net->p;
    const int64_t NB = blocks_of(net, p->session[s].N);
    const syn_session *session = &net->data->session[s];
    int64_t *row = NULL;
    batch b = {.s = s, .windows = windows, .n_windows = n_windows, .derivative = gradient != NULL};
    syn_status status;
    /* few neurons: split the windows too, so that there is work for several threads */
    b.groups = NB >= MAX_CHUNKS ? 1 : MAX_CHUNKS / NB;
    if (b.groups > n_windows) b.groups = n_windows;
    b.per_group = (n_windows + b.groups - 1) / b.groups;
    const int64_t tasks = NB * b.groups, chunks = tasks < MAX_CHUNKS ? tasks : MAX_CHUNKS;
    const size_t decoder_count = syn_decoder_layout_of(p->H).count;
    double chunk_loss[MAX_CHUNKS] = {0};
    SYN_CHECK(syn_alloc(&row, (size_t)n_windows, sizeof *row, "batch"));
    SYN_CHECK(neuron_sums(net, tasks));
    b.row = row;
    int64_t observed = lay_out_batch(net, &b, row);
    b.target_weight = observed ? 1.0f / (float)observed : 0.0f;
    SYN_CHECK(prepare(net, s));
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t k = 0; k < n_windows; k++) {
        const syn_window *w = &windows[k];
        const int64_t N = session->N, B = session->B;
        if (B) drives(net, s, session->u + w->start * B, w->length, net->drive + row[k] * 3 * p->H);
        if (net->send) syn_send(net->send, session->x + w->start * N, NULL, N, w->length, net->sent + row[k] * N);
    }
    memset(net->decoder_sum, 0, (size_t)chunks * decoder_count * sizeof(float));
    memset(net->drive_sum, 0, (size_t)(chunks * 3 * p->H * p->session[s].B) * sizeof(float));
#pragma omp parallel for schedule(dynamic, 1) num_threads(net->threads)
    for (int64_t c = 0; c < chunks; c++)
        for (int64_t task = c * tasks / chunks; task < (c + 1) * tasks / chunks; task++)
            chunk_loss[c] += run_task(net, &b, task, c, &net->space[omp_get_thread_num()]);
    *loss = 0;
    for (int64_t c = 0; c < chunks; c++) *loss += chunk_loss[c];
    if (gradient) {
        memset(gradient, 0, p->count * sizeof *gradient);
        reduce(gradient + p->decoder, net->decoder_sum, decoder_count, chunks);
        neuron_gradient(net, &b, gradient);
        drive_gradient(net, s, chunks, gradient);
        SYN_CHECK(connectivity_gradient(net, &b, gradient));
    }
done:
    free(row);
    return status;
}

syn_status syn_network_weights(syn_network *net, size_t s, const float **W) {
    *W = net->W;
    return syn_parameters_weights(net->p, s, net->kernels, net->threads, net->W);
}

/* Decoder states of a run, [NB][H][R]; behind them 1 after the first frame, and the last frame [N]. */
static int64_t decoder_states(const syn_network *net, size_t s) {
    return blocks_of(net, net->p->session[s].N) * net->p->H * net->kernels->lanes;
}

size_t syn_network_state_size(const syn_network *net, size_t s) {
    return (size_t)(decoder_states(net, s) + (net->p->session[s].N + 1 + 15) / 16 * 16);
}

syn_status syn_network_state(const syn_network *net, size_t s, int64_t copies, float **state) {
    return syn_alloc(state, (size_t)copies * syn_network_state_size(net, s), sizeof **state, "decoder state");
}

/* Predictions y[L][R] of a block to z-scored units, in place. */
static void link_function(const syn_network *net, block_space *space, int64_t block, int64_t L) {
    if (net->loss == SYN_LOSS_GAUSSIAN) return;
    const int R = net->kernels->lanes;
    syn_block_loss loss = loss_at(net, space, block, L, false);
    loss.rate = space->dy;
    memset(space->target, 0, (size_t)(L * R) * sizeof(float));
    memset(space->weight, 0, (size_t)(L * R) * sizeof(float));
    net->kernels->poisson(&loss);
    for (int64_t k = 0; k < L * R; k++) {
        float scale = loss.scale[k % R];
        space->y[k] = scale > 0 ? (space->dy[k] - loss.mean[k % R]) / scale : 0.0f;
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

/* As syn_network_advance, for at most max_window frames or max_frames copies. */
static void advance_chunk(syn_network *net, size_t s, float *state, const float *x, const float *u, int64_t n,
                          bool copies, float *out) {
    enum { COPIES = 16 }; /* of a task */
    const int R = net->kernels->lanes, H = net->p->H;
    const int64_t N = net->p->session[s].N, B = net->p->session[s].B, NB = blocks_of(net, N);
    const int64_t each = !copies ? n : net->max_window < COPIES ? net->max_window : COPIES;
    const size_t run = syn_network_state_size(net, s);
    const float *sent = send_next(net, s, state, x, n, copies);
    drives(net, s, u, n, net->drive);
#pragma omp parallel for schedule(static) num_threads(net->threads) if (NB * n > 64)
    for (int64_t task = 0; task < (n + each - 1) / each * NB; task++) {
        block_space *space = &net->space[omp_get_thread_num()];
        const int64_t block = task % NB, row = task / NB * each, L = n - row < each ? n - row : each;
        gather(space->x, x + row * N, L, N, block * R, R);
        currents(net, s, block, sent + row * N, L, space->current);
        for (int64_t k = 0; k < (copies ? L : 1); k++) {
            syn_block forward = block_at(net, space, s, block, row + k, B ? u + (row + k) * B : NULL, copies ? 1 : L);
            forward.x += k * R, forward.current += k * R, forward.y += k * R;
            forward.h = state + (copies ? (size_t)(row + k) * run : 0) + block * H * R;
            forward.keep_tape = false;
            net->kernels->forward(&forward, net->p->value + net->p->decoder, net->transposed, H);
        }
        link_function(net, space, block, L);
        scatter(out + row * N, space->y, L, N, block * R, R);
    }
}

/* As syn_network_advance, once prepare() has been called. */
static void advance(syn_network *net, size_t s, float *state, const float *x, const float *u, int64_t n, bool copies,
                    float *out) {
    const int64_t N = net->p->session[s].N, B = net->p->session[s].B;
    const int64_t most = copies                              ? net->max_frames
                         : net->max_window < net->max_frames ? net->max_window
                                                             : net->max_frames;
    for (int64_t done = 0, step; done < n; done += step) {
        step = n - done < most ? n - done : most;
        advance_chunk(net, s, state + (copies ? (size_t)done * syn_network_state_size(net, s) : 0), x + done * N,
                      B ? u + done * B : NULL, step, copies, out + done * N);
    }
}

syn_status syn_network_advance(syn_network *net, size_t s, float *state, const float *x, const float *u, int64_t n,
                               bool copies, float *out) {
    SYN_TRY(prepare(net, s));
    advance(net, s, state, x, u, n, copies, out);
    return SYN_OK;
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

static syn_status run_span(syn_network *net, size_t s, const syn_span *span, float *state, float *last,
                           syn_frame_fn on_frame, void *user) {
    const syn_session *session = &net->data->session[s];
    const int64_t N = session->N, B = session->B, first_target = syn_span_first_target(span);
    int64_t t = span->start - span->context;
    memset(last, 0, (size_t)N * sizeof *last);
    fill(session, t, NULL);
    while (t + 1 < span->stop) {
        int64_t n = 1, most = net->max_window < net->max_frames ? net->max_window : net->max_frames;
        while (n < most && t + n + 1 < span->stop && frame_complete(session, t + n)) n++;
        advance(net, s, state, session->x + t * N, B ? session->u + t * B : NULL, n, false, net->out);
        for (int64_t k = 0; k < n; k++) {
            for (int64_t i = 0; i < N; i++)
                if (syn_session_observed(session, t + k, i)) last[i] = session->x[(t + k) * N + i];
            if (on_frame && t + k + 1 >= first_target)
                SYN_TRY(on_frame(user, t + k + 1, net->out + k * N, session->x + (t + k + 1) * N, last));
        }
        fill(session, t + n, net->out + (n - 1) * N);
        t += n;
    }
    return SYN_OK;
}

syn_status syn_network_run(syn_network *net, size_t s, syn_split split, syn_frame_fn on_frame, void *user) {
    const syn_session *session = &net->data->session[s];
    const size_t state_size = syn_network_state_size(net, s);
    float *state = NULL, *last = NULL;
    syn_status status;
    SYN_CHECK(syn_network_state(net, s, 1, &state));
    SYN_CHECK(syn_alloc(&last, (size_t)session->N, sizeof *last, "last frame"));
    SYN_CHECK(prepare(net, s));
    for (int64_t k = 0; k < session->n_spans[split]; k++) {
        memset(state, 0, state_size * sizeof *state);
        SYN_CHECK(run_span(net, s, &session->span[split][k], state, last, on_frame, user));
    }
done:
    free(state), free(last);
    return status;
}

/* One block over n frames from frame `start` of session s: adds to sum[lags + 1][R] the derivative of every prediction
 * from frame `lags` on with respect to the currents of the lags frames before it. */
static void block_gain(syn_network *net, size_t s, int64_t block, int64_t start, int64_t n, int lags,
                       const float *state, block_space *space, block_space *seed, double *sum) {
    const int R = net->kernels->lanes, H = net->p->H, thread = omp_get_thread_num();
    const int64_t N = net->p->session[s].N;
    const float *decoder = net->p->value + net->p->decoder;
    const size_t decoder_sums = syn_decoder_layout_of(H).count;
    const size_t state_bytes = (size_t)(H * R) * sizeof(float), inputs_bytes = (size_t)((lags + 1) * R) * sizeof(float);
    float *neuron = net->neuron_sum + thread * (3 * H + 2) * R;
    const syn_session *session = &net->data->session[s];
    gather(space->x, session->x + start * N, n, N, block * R, R);
    currents(net, s, block, net->send ? net->sent : session->x + start * N, n, space->current);
    memcpy(space->h, state, state_bytes);
    syn_block whole = block_at(net, space, s, block, 0, NULL, n);
    net->kernels->forward(&whole, decoder, net->transposed, H);
    for (int64_t t = lags; t < n; t++) {
        const int64_t from = t - lags;
        const float *before = from ? syn_tape_state(space->tape, from - 1, H, R) : state;
        memcpy(seed->h, before, state_bytes);
        memcpy(seed->x, space->x + from * R, inputs_bytes);
        memcpy(seed->current, space->current + from * R, inputs_bytes);
        syn_block part = block_at(net, seed, s, block, from, NULL, lags + 1);
        net->kernels->forward(&part, decoder, net->transposed, H);
        memset(seed->dy, 0, inputs_bytes);
        for (int i = 0; i < R; i++) {
            float slope = 1.0f;
            if (net->loss == SYN_LOSS_POISSON) { /* d rate / d y, in z-scored units */
                float scale = net->scale[block * R + i], y = seed->y[lags * R + i] + 0.541324854612918f;
                slope = scale > 0 ? net->mean[block * R + i] / scale / (1.0f + expf(-y)) : 0.0f;
                slope *= 1 - net->p->mean_share;
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
    block_space *space, *seed; /* [threads] */
    double *sum;               /* [NB][lags + 1][R] */
    float *state, *next;       /* [NB][H][R] */
} gain_space;

/* Sums over one chunk of n frames from frame t of session s; returns the seeds. The first frames of a chunk are the
 * last `lags` frames of the one before. */
static void chunk_gain(syn_network *net, size_t s, int64_t t, int64_t n, int lags, bool first, gain_space *g) {
    const syn_session *session = &net->data->session[s];
    const int64_t N = session->N, B = session->B, NB = blocks_of(net, N);
    const int R = net->kernels->lanes, H = net->p->H;
    const float *x = session->x + t * N;
    drives(net, s, B ? session->u + t * B : NULL, n, net->drive);
    if (net->send) syn_send(net->send, x, first ? NULL : x - N, N, n, net->sent);
#pragma omp parallel for schedule(static) num_threads(net->threads < MAX_CHUNKS ? net->threads : MAX_CHUNKS)
    for (int64_t block = 0; block < NB; block++) {
        block_space *space = &g->space[omp_get_thread_num()];
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
    const int64_t N = session->N, NB = blocks_of(net, N),
                  chunk = 64 + lags < net->max_frames ? 64 + lags : net->max_frames;
    gain_space g = {0};
    syn_status status;
    if (chunk <= lags)
        return syn_fail(SYN_ERR_OPTION, "lags: found %d; expected fewer than the %lld frames of a batch", lags,
                        (long long)net->max_frames);
    int64_t total = 0, seeds = 0;
    for (int64_t k = 0; k < session->n_spans[SYN_TRAIN]; k++)
        total += session->span[SYN_TRAIN][k].stop - session->span[SYN_TRAIN][k].start;
    const int64_t every = total > max_seeds ? (total + max_seeds - 1) / max_seeds : 1;
    SYN_CHECK(syn_alloc(&g.space, (size_t)net->threads, sizeof *g.space, "gain"));
    SYN_CHECK(syn_alloc(&g.seed, (size_t)net->threads, sizeof *g.seed, "gain"));
    for (int k = 0; k < net->threads; k++) {
        SYN_CHECK(block_space_create(net, chunk, &g.space[k]));
        SYN_CHECK(block_space_create(net, lags + 1, &g.seed[k]));
    }
    SYN_CHECK(syn_alloc(&g.sum, (size_t)(NB * (lags + 1) * R), sizeof *g.sum, "gain"));
    SYN_CHECK(syn_alloc(&g.state, (size_t)(NB * H * R), sizeof *g.state, "gain"));
    SYN_CHECK(syn_alloc(&g.next, (size_t)(NB * H * R), sizeof *g.next, "gain"));
    SYN_CHECK(neuron_sums(net, net->threads));
    SYN_CHECK(prepare(net, s));
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
        block_space_free(&g.space[k]), block_space_free(&g.seed[k]);
    free(g.space), free(g.seed), free(g.sum), free(g.state), free(g.next);
    return status;
}
