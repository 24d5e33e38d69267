#include "rivals/rnn.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* Frames of a split that are predicted in one go, and those before them that set the state. */
enum { PIECE = 256, WARM_UP = 64, PIECES = 16 };
/* softplus(softplus_shift) = 1: y = 0 is the mean rate. */
static const float softplus_shift = 0.541324854612918f;
static const float least_relative = 1e-6f;

static void fill_uniform(float *out, size_t count, double limit, syn_random random) {
    for (size_t k = 0; k < count; k++) out[k] = (float)(limit * (2 * syn_random_uniform(random, k) - 1));
}

/* What a neuron's input says of it one frame later. */
static double own_past(const syn_rnn *net, const syn_rival_data *d, int64_t i) {
    double xx = 1, xy = 0;
    for (int64_t k = 0; k < d->F[SYN_TRAIN]; k++) {
        const int64_t t = d->frame[SYN_TRAIN][k], at = t * d->N + i, before = at - d->N;
        if (!syn_rival_observed(d, t, i)) continue;
        const double base = net->slow ? (double)d->baseline[before] : 0, z = (double)d->x[before] - base;
        xx += z * z, xy += z * ((double)d->x[at] - base);
    }
    return xy / xx;
}

syn_status syn_rnn_create(syn_rnn *net, const syn_cell *cell, int H, bool slow, const syn_rival_data *d,
                          const syn_rival_settings *settings) {
    const size_t units = (size_t)H, rows = (size_t)cell->gates * units, N = (size_t)d->N, D = N + (size_t)d->B;
    syn_rnn_layout at = {.wx = 0};
    at.bx = at.wx + rows * D;
    at.wh = at.bx + rows;
    at.bh = at.wh + rows * units;
    at.v = at.bh + rows;
    at.a = at.v + N * units;
    at.c = at.a + N;
    at.count = at.c + N;
    *net = (syn_rnn){
        .kernels = settings->kernels, .cell = cell, .H = H, .slow = slow, .at = at, .loss = INFINITY, .floor = -1};
    SYN_TRY(syn_alloc(&net->value, at.count, sizeof *net->value, "recurrent network"));
    const double limit = 1 / sqrt(H);
    syn_random random = {settings->seed, SYN_STREAM_RIVALS, 0};
    fill_uniform(net->value + at.wx, rows * D, limit, random);
    random.substream++;
    fill_uniform(net->value + at.wh, rows * units, limit, random);
    random.substream++;
    fill_uniform(net->value + at.v, N * units, 0.1 * limit, random);
    for (int j = 0; cell->forget >= 0 && j < H; j++) net->value[at.bx + (size_t)(cell->forget * H + j)] = 1;
    for (int64_t i = 0; d->loss == SYN_LOSS_GAUSSIAN && i < d->N; i++)
        net->value[at.a + (size_t)i] = (float)own_past(net, d, i);
    return SYN_OK;
}

void syn_rnn_free(syn_rnn *net) {
    if (net) free(net->value), net->value = NULL;
}

/* ---- one pass over n windows of at most L frames, rows = L n of them time by time ---- */

typedef struct syn_rnn_pass {
    const syn_rnn *net;
    const syn_rival_data *data;
    int64_t n, L, D;
    float *z;                 /* [L][n][N] for the own-activity term */
    float *in;                /* [L][n][D] z and u, with dropout */
    float *input, *recurrent; /* [L][n][G][H] */
    float *state;             /* [L + 1][n][states][H] */
    float *kept;              /* [L][n][kept][H] */
    float *h;                 /* [L][n][H] as the readout sees it */
    float *y, *dy;            /* [L][n][N] */
    float *dh, *d_state;      /* [L][n][H], [n][states][H] */
    float *lanes;             /* y, target, weight, dy [L n][R], scale, mean [R] of a block of neurons */
    bool dropout;
    float *mask_in, *mask_h; /* [L][n][N], [L][n][H] of the dropout, 0 or 1 / (1 - dropout) */
} pass;

syn_status syn_rnn_pass_create(pass **out, const syn_rnn *net, const syn_rival_data *d, int64_t n, int64_t L) {
    const syn_cell *cell = net->cell;
    const size_t rows = (size_t)(L * n), H = (size_t)net->H, G = (size_t)cell->gates * H, S = (size_t)cell->states * H,
                 N = (size_t)d->N, D = N + (size_t)d->B;
    pass *p;
    syn_status status;
    SYN_TRY(syn_alloc(out, 1, sizeof **out, "recurrent network"));
    p = *out;
    *p = (pass){.net = net, .data = d, .D = (int64_t)D};
    const struct {
        float **array;
        size_t count;
    } parts[] = {{&p->z, rows * N},
                 {&p->in, rows * D},
                 {&p->input, rows * G},
                 {&p->recurrent, rows * G},
                 {&p->state, (rows + (size_t)n) * S},
                 {&p->kept, rows * (size_t)cell->kept * H},
                 {&p->h, rows * H},
                 {&p->y, rows * N},
                 {&p->dy, rows * N},
                 {&p->lanes, d->loss == SYN_LOSS_POISSON ? (4 * rows + 2) * (size_t)net->kernels->lanes : 0},
                 {&p->dh, rows * H},
                 {&p->d_state, (size_t)n * S},
                 {&p->mask_in, rows * N},
                 {&p->mask_h, rows * H}};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        SYN_CHECK(syn_alloc(parts[k].array, parts[k].count, sizeof(float), "recurrent network"));
done:
    if (status != SYN_OK) syn_rnn_pass_free(p), *out = NULL;
    return status;
}

void syn_rnn_pass_free(pass *p) {
    if (!p) return;
    float *arrays[] = {p->z, p->in, p->input, p->recurrent, p->state,   p->kept,    p->h,
                       p->y, p->dy, p->lanes, p->dh,        p->d_state, p->mask_in, p->mask_h};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) free(arrays[k]);
    free(p);
}

/* A number is dropped where its byte of the random ones is below 256 times the share. */
static void draw_mask(float *mask, size_t count, double dropout, uint64_t key, uint32_t substream) {
    const float scale = (float)(1 / (1 - dropout));
    const uint8_t below = (uint8_t)(256 * dropout + 0.5);
    uint32_t words[4];
    uint8_t bytes[sizeof words];
    for (size_t k = 0; k < count; k += sizeof bytes) {
        const size_t n = count - k < sizeof bytes ? count - k : sizeof bytes;
        syn_random_words((syn_random){key, SYN_STREAM_RIVALS, substream}, k / sizeof bytes, words);
        memcpy(bytes, words, sizeof bytes);
        for (size_t j = 0; j < n; j++) mask[k + j] = bytes[j] < below ? 0 : scale;
    }
}

/* A pass over n sequences of at most L frames begins. key: of the dropout; 0: none. */
static void begin(pass *p, int64_t n, int64_t L, uint64_t key) {
    const size_t rows = (size_t)(L * n), N = (size_t)p->data->N, H = (size_t)p->net->H;
    p->n = n, p->L = L;
    p->dropout = key != 0 && p->net->dropout > 0;
    memset(p->state, 0, (size_t)(n * p->net->cell->states) * H * sizeof *p->state);
    if (!p->dropout) return;
    draw_mask(p->mask_in, rows * N, p->net->dropout, key, 9);
    draw_mask(p->mask_h, rows * H, p->net->dropout, key, 10);
}

/* Inputs of sequence k at frame l from frame t of the recording. */
static void fill_input(pass *p, int64_t l, int64_t k, int64_t t) {
    const syn_rival_data *d = p->data;
    const int64_t row = l * p->n + k;
    float *in = p->in + row * p->D, *z = p->z + row * d->N;
    const float *mask = p->dropout ? p->mask_in + row * d->N : NULL;
    for (int64_t i = 0; i < d->N; i++) {
        const int64_t at = t * d->N + i;
        z[i] = p->net->slow ? d->x[at] - d->baseline[at] : d->x[at];
        in[i] = z[i] * (mask ? mask[i] : 1);
    }
    for (int64_t b = 0; b < d->B; b++) in[d->N + b] = d->session->u[t * d->B + b];
}

/* Sequence k from frame `start` of the recording on; what is left of the pass behind its end counts nowhere. */
static void fill_inputs(pass *p, int64_t k, int64_t start, int64_t length) {
    for (int64_t l = 0; l < length; l++) fill_input(p, l, k, start + l);
    for (int64_t l = length; l < p->L; l++) {
        memset(p->in + (l * p->n + k) * p->D, 0, (size_t)p->D * sizeof *p->in);
        memset(p->z + (l * p->n + k) * p->data->N, 0, (size_t)p->data->N * sizeof *p->z);
    }
}

/* C[M][n] = A[M][K] op(B) + beta C */
static void multiply(bool transpose_a, bool transpose_b, int64_t M, int64_t n, int64_t K, const float *A, int64_t lda,
                     const float *B, int64_t ldb, float beta, float *C, int64_t ldc) {
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, (int)M,
                (int)n, (int)K, 1, A, (int)lda, B, (int)ldb, beta, C, (int)ldc);
}

static void set_rows(float *rows, int64_t n, const float *row, int64_t width) {
    for (int64_t k = 0; k < n; k++) memcpy(rows + k * width, row, (size_t)width * sizeof *rows);
}

static void forward(pass *p) {
    const syn_rnn *net = p->net;
    const syn_cell *cell = net->cell;
    const int64_t n = p->n, H = net->H, G = cell->gates * H, S = cell->states * H, N = p->data->N, rows = p->L * n;
    const float *w = net->value;
    set_rows(p->input, rows, w + net->at.bx, G);
    multiply(false, true, rows, G, p->D, p->in, p->D, w + net->at.wx, p->D, 1, p->input, G);
    set_rows(p->recurrent, rows, w + net->at.bh, G);
    for (int64_t l = 0; l < p->L; l++) {
        float *recurrent = p->recurrent + l * n * G, *before = p->state + l * n * S;
        multiply(false, true, n, G, H, before, S, w + net->at.wh, H, 1, recurrent, G);
        cell->forward(net->kernels, n, net->H, p->input + l * n * G, recurrent, before, before + n * S,
                      p->kept + l * n * cell->kept * H);
    }
    for (int64_t k = 0; k < rows; k++)
        for (int64_t j = 0; j < H; j++)
            p->h[k * H + j] = p->state[(k + n) * S + j] * (p->dropout ? p->mask_h[k * H + j] : 1);
    set_rows(p->y, rows, w + net->at.c, N);
    multiply(false, true, rows, N, H, p->h, H, w + net->at.v, H, 1, p->y, N);
    for (int64_t k = 0; k < rows; k++)
        for (int64_t i = 0; i < N; i++) p->y[k * N + i] += w[net->at.a + (size_t)i] * p->z[k * N + i];
}

/* From dy to the gradient. p->input and p->recurrent become their own derivatives. */
static void backward(pass *p, float *gradient) {
    const syn_rnn *net = p->net;
    const syn_cell *cell = net->cell;
    const int64_t n = p->n, H = net->H, G = cell->gates * H, S = cell->states * H, N = p->data->N, rows = p->L * n;
    const float *dy = p->dy;
    float *dh = p->dh, *d_state = p->d_state;
    memset(d_state, 0, (size_t)(n * S) * sizeof *d_state);
    memset(gradient, 0, net->at.count * sizeof *gradient);
    for (int64_t k = 0; k < rows; k++)
        for (int64_t i = 0; i < N; i++) {
            gradient[net->at.a + (size_t)i] += dy[k * N + i] * p->z[k * N + i];
            gradient[net->at.c + (size_t)i] += dy[k * N + i];
        }
    multiply(true, false, N, H, rows, dy, N, p->h, H, 0, gradient + net->at.v, H);
    multiply(false, false, rows, H, N, dy, N, net->value + net->at.v, H, 0, dh, H);
    for (int64_t l = p->L - 1; l >= 0; l--) {
        float *d_input = p->input + l * n * G, *d_recurrent = p->recurrent + l * n * G;
        for (int64_t k = 0; k < n; k++)
            for (int64_t j = 0; j < H; j++) {
                const int64_t at = (l * n + k) * H + j;
                d_state[k * S + j] += dh[at] * (p->dropout ? p->mask_h[at] : 1);
            }
        cell->backward(n, net->H, p->state + l * n * S, p->kept + l * n * cell->kept * H, d_state, d_input,
                       d_recurrent);
        multiply(false, false, n, H, G, d_recurrent, G, net->value + net->at.wh, H, 1, d_state, S);
    }
    multiply(true, false, G, p->D, rows, p->input, G, p->in, p->D, 0, gradient + net->at.wx, p->D);
    multiply(true, false, G, H, rows, p->recurrent, G, p->state, S, 0, gradient + net->at.wh, H);
    for (int64_t k = 0; k < rows; k++)
        for (int64_t g = 0; g < G; g++) {
            gradient[net->at.bx + (size_t)g] += p->input[k * G + g];
            gradient[net->at.bh + (size_t)g] += p->recurrent[k * G + g];
        }
}

/* ---- loss ---- */

/* The target of sequence k at frame l of a batch of windows, or 0: there is none. */
static int64_t target_frame(const syn_rnn_window *window, int64_t k, int64_t l) {
    return l < window[k].length ? window[k].start + l + 1 : 0;
}

/* Sum of the losses of all observed targets, and their derivatives into p->dy. */
static double gaussian_losses(pass *p, const syn_rnn_window *window) {
    const syn_rival_data *d = p->data;
    double sum = 0;
    for (int64_t row = 0; row < p->L * p->n; row++) {
        const int64_t t = target_frame(window, row % p->n, row / p->n);
        for (int64_t i = 0; i < d->N; i++) {
            const bool counts = t > 0 && syn_rival_observed(d, t, i);
            const float base = counts && p->net->slow ? d->baseline[(t - 1) * d->N + i] : 0;
            const float error = counts ? p->y[row * d->N + i] + base - d->x[t * d->N + i] : 0;
            p->dy[row * d->N + i] = error;
            sum += 0.5 * (double)error * (double)error;
        }
    }
    return sum;
}

/* Frame t of n neurons from `first` on, side by side in the lanes of one row of the block. */
static void fill_lanes(const syn_rival_data *d, const float *y, int64_t t, int64_t first, int64_t n, float *to_y,
                       float *target, float *weight) {
    for (int64_t i = 0; i < n; i++) {
        const bool counts = t > 0 && syn_rival_observed(d, t, first + i);
        to_y[i] = y[i];
        weight[i] = counts;
        target[i] = counts ? d->x[t * d->N + first + i] : 0;
    }
}

/* The same for spike counts, by the kernel, which has `lanes` neurons side by side. */
static double poisson_losses(pass *p, const syn_rnn_window *window) {
    const syn_rival_data *d = p->data;
    const syn_normalisation *norm = &d->session->norm;
    const int64_t R = p->net->kernels->lanes, N = d->N, rows = p->L * p->n;
    float *y = p->lanes, *target = y + rows * R, *weight = target + rows * R, *dy = weight + rows * R;
    float *scale = dy + rows * R, *mean = scale + R;
    double sum = 0;
    for (int64_t first = 0; first < N; first += R) {
        const int64_t n = N - first < R ? N - first : R;
        if (n < R) memset(p->lanes, 0, (size_t)((4 * rows + 2) * R) * sizeof *p->lanes);
        memcpy(scale, norm->scale + first, (size_t)n * sizeof *scale);
        memcpy(mean, norm->mean + first, (size_t)n * sizeof *mean);
        for (int64_t row = 0; row < rows; row++)
            fill_lanes(d, p->y + row * N + first, target_frame(window, row % p->n, row / p->n), first, n, y + row * R,
                       target + row * R, weight + row * R);
        sum += p->net->kernels->poisson(&(syn_block_loss){.L = (int)rows,
                                                          .y = y,
                                                          .target = target,
                                                          .weight = weight,
                                                          .scale = scale,
                                                          .offset = mean,
                                                          .mean = mean,
                                                          .dy = dy});
        for (int64_t row = 0; row < rows; row++) memcpy(p->dy + row * N + first, dy + row * R, (size_t)n * sizeof *dy);
    }
    return sum;
}

static int64_t count_targets(const syn_rival_data *d, const syn_rnn_window *window, int64_t n) {
    int64_t count = 0;
    for (int64_t k = 0; k < n; k++) {
        if (!d->session->mask) count += window[k].length * d->N;
        for (int64_t at = 0; d->session->mask && at < window[k].length * d->N; at++)
            count += syn_rival_observed(d, window[k].start + 1 + at / d->N, at % d->N);
    }
    return count;
}

void syn_rnn_gradient(pass *p, const syn_rnn_window *window, int64_t n, uint64_t key, float *gradient, double *loss) {
    const int64_t targets = count_targets(p->data, window, n);
    const float share = 1.0f / (float)(targets ? targets : 1);
    int64_t L = 0;
    for (int64_t k = 0; k < n; k++) L = window[k].length > L ? window[k].length : L;
    begin(p, n, L, key);
    for (int64_t k = 0; k < n; k++) fill_inputs(p, k, window[k].start, window[k].length);
    forward(p);
    *loss =
        (double)share * (p->data->loss == SYN_LOSS_POISSON ? poisson_losses(p, window) : gaussian_losses(p, window));
    for (int64_t k = 0; k < L * n * p->data->N; k++) p->dy[k] *= share;
    backward(p, gradient);
}

/* ---- prediction ---- */

static float softplus(float x) { return x > 20 ? x : log1pf(expf(x)); }

static float prediction_of(const pass *p, float y, int64_t t, int64_t i) {
    const syn_rival_data *d = p->data;
    if (d->loss == SYN_LOSS_POISSON) {
        const float mean = d->session->norm.mean[i];
        return (mean * fmaxf(softplus(y + softplus_shift), least_relative) - mean) / d->session->norm.scale[i];
    }
    return y + (p->net->slow ? d->baseline[(t - 1) * d->N + i] : 0);
}

/* Targets [first, first + count) of a split, which follow each other in one segment. */
typedef struct piece {
    int64_t first, count, warm_up;
} piece;

static int64_t next_piece(const syn_rival_data *d, syn_split split, int64_t first, piece *out) {
    const int64_t *frame = d->frame[split];
    const int64_t past = frame[first] - 1 - d->start[frame[first]];
    *out = (piece){first, 1, past < WARM_UP ? past : WARM_UP};
    while (first + out->count < d->F[split] && out->count < PIECE &&
           frame[first + out->count] == frame[first] + out->count &&
           d->start[frame[first + out->count]] == d->start[frame[first]])
        out->count++;
    return first + out->count;
}

static void predict_pieces(pass *p, syn_split split, const piece *pieces, int64_t n, float *prediction) {
    const syn_rival_data *d = p->data;
    int64_t L = 0;
    for (int64_t k = 0; k < n; k++)
        if (pieces[k].warm_up + pieces[k].count > L) L = pieces[k].warm_up + pieces[k].count;
    begin(p, n, L, 0);
    for (int64_t k = 0; k < n; k++)
        fill_inputs(p, k, d->frame[split][pieces[k].first] - 1 - pieces[k].warm_up,
                    pieces[k].warm_up + pieces[k].count);
    forward(p);
    for (int64_t k = 0; k < n; k++)
        for (int64_t j = 0; j < pieces[k].count; j++)
            for (int64_t i = 0; i < d->N; i++) {
                const int64_t at = ((pieces[k].warm_up + j) * n + k) * d->N + i, target = pieces[k].first + j;
                prediction[target * d->N + i] = prediction_of(p, p->y[at], d->frame[split][target], i);
            }
}

syn_status syn_rnn_predict(const syn_rnn *net, const syn_rival_data *d, syn_split split, float *prediction) {
    piece pieces[PIECES];
    int64_t n = 0, all = 0;
    pass *p;
    for (int64_t first = 0; first < d->F[split]; all++) first = next_piece(d, split, first, pieces);
    SYN_TRY(syn_rnn_pass_create(&p, net, d, all < PIECES ? all : PIECES, PIECE + WARM_UP));
    for (int64_t first = 0; first < d->F[split];) {
        first = next_piece(d, split, first, &pieces[n++]);
        if (n < PIECES && first < d->F[split]) continue;
        predict_pieces(p, split, pieces, n, prediction);
        n = 0;
    }
    syn_rnn_pass_free(p);
    return SYN_OK;
}
