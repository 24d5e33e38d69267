/* Loss and gradient of a batch of windows. */
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "model/network_inside.h"

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
                           syn_block_space *space) {
    const syn_session *session = &net->data->session[b->s];
    const int R = net->kernels->lanes;
    const int64_t N = session->N, valid = N - first < R ? N - first : R;
    syn_gather(space->target, session->x + (w->start + 1) * N, w->length, N, first, R);
    for (int64_t t = 0; t < w->length; t++)
        for (int64_t i = 0; i < R; i++) space->weight[t * R + i] = i < valid ? b->target_weight : 0.0f;
    for (int64_t t = 0; t < w->length && session->mask; t++)
        for (int64_t i = 0; i < valid; i++)
            if (!syn_session_observed(session, w->start + 1 + t, first + i)) space->weight[t * R + i] = 0.0f;
}

/* Forward, loss and backward of one block of neurons over one group of windows; sums into chunk's accumulators. */
static double run_task(syn_network *net, const batch *b, int64_t task, int64_t chunk, syn_block_space *space) {
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
        syn_gather(space->x, x, w->length, N, first, R);
        syn_currents(net, b->s, block, sent, w->length, space->current);
        gather_targets(net, b, w, first, space);
        memset(space->h, 0, (size_t)(H * R) * sizeof(float));
        syn_block forward =
            syn_block_at(net, space, b->s, block, b->row[k], B ? session->u + w->start * B : NULL, w->length);
        syn_block_loss loss = syn_loss_at(net, space, block, w->length, b->derivative);
        net->kernels->forward(&forward, decoder, net->transposed, H);
        total += net->loss == SYN_LOSS_POISSON ? net->kernels->poisson(&loss) : net->kernels->gaussian(&loss);
        if (!b->derivative) continue;
        net->kernels->backward(&forward, &gradient, decoder, H);
        if (senders) net->kernels->product((int)N, w->length, (syn_matrix){sent, 1, N}, space->dcurrent, senders, true);
    }
    return total;
}

/* out[count] <- sum over chunks of in[SYN_MAX_CHUNKS][count], in a fixed order. */
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
        for (int64_t block = 0; block < syn_blocks_of(net, at->N); block++) {
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
    for (int64_t block = 0; block < syn_blocks_of(net, N); block++) {
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

syn_status syn_network_gradient(syn_network *net, size_t s, const syn_window *windows, int64_t n_windows,
                                float *gradient, double *loss) {
    const syn_parameters *p = net->p;
    const int64_t NB = syn_blocks_of(net, p->session[s].N);
    const syn_session *session = &net->data->session[s];
    int64_t *row = NULL;
    batch b = {.s = s, .windows = windows, .n_windows = n_windows, .derivative = gradient != NULL};
    syn_status status;
    /* few neurons: split the windows too, so that there is work for several threads */
    b.groups = NB >= SYN_MAX_CHUNKS ? 1 : SYN_MAX_CHUNKS / NB;
    if (b.groups > n_windows) b.groups = n_windows;
    b.per_group = (n_windows + b.groups - 1) / b.groups;
    const int64_t tasks = NB * b.groups, chunks = tasks < SYN_MAX_CHUNKS ? tasks : SYN_MAX_CHUNKS;
    const size_t decoder_count = syn_decoder_layout_of(p->H).count;
    double chunk_loss[SYN_MAX_CHUNKS] = {0};
    SYN_CHECK(syn_alloc(&row, (size_t)n_windows, sizeof *row, "batch"));
    SYN_CHECK(syn_neuron_sums(net, tasks));
    b.row = row;
    int64_t observed = lay_out_batch(net, &b, row);
    b.target_weight = observed ? 1.0f / (float)observed : 0.0f;
    SYN_CHECK(syn_network_prepare(net, s));
#pragma omp parallel for schedule(static) num_threads(net->threads)
    for (int64_t k = 0; k < n_windows; k++) {
        const syn_window *w = &windows[k];
        const int64_t N = session->N, B = session->B;
        if (B) syn_drives(net, s, session->u + w->start * B, w->length, net->drive + row[k] * 3 * p->H);
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
