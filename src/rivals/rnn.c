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
                          uint64_t seed) {
    const size_t units = (size_t)H, rows = (size_t)cell->gates * units, N = (size_t)d->N, D = N + (size_t)d->B;
    syn_rnn_layout at = {.wx = 0};
    at.bx = at.wx + rows * D;
    at.wh = at.bx + rows;
    at.bh = at.wh + rows * units;
    at.v = at.bh + rows;
    at.a = at.v + N * units;
    at.c = at.a + N;
    at.count = at.c + N;
    *net = (syn_rnn){.cell = cell, .H = H, .slow = slow, .at = at, .loss = INFINITY};
    SYN_TRY(syn_alloc(&net->value, at.count, sizeof *net->value, "recurrent network"));
    const double limit = 1 / sqrt(H);
    syn_random random = {seed, SYN_STREAM_RIVALS, 0};
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

typedef struct pass {
    const syn_rnn *net;
    const syn_rival_data *data;
    int64_t n, L, D;
    float *z;                 /* [L][n][N] for the own-activity term */
    float *in;                /* [L][n][D] z and u, with dropout */
    float *input, *recurrent; /* [L][n][G][H] */
    float *state;             /* [L + 1][n][states][H] */
    float *kept;              /* [L][n][kept][H] */
    float *h;                 /* [L][n][H] as the readout sees it */
    float *y;                 /* [L][n][N] */
    float *mask_in, *mask_h;  /* of the dropout, 0 or 1 / (1 - dropout); NULL: none */
} pass;

static void pass_free(pass *p) {
    free(p->z), free(p->in), free(p->input), free(p->recurrent), free(p->state), free(p->kept), free(p->h), free(p->y);
    free(p->mask_in), free(p->mask_h);
}

static syn_status pass_create(pass *p, const syn_rnn *net, const syn_rival_data *d, int64_t n, int64_t L,
                              uint64_t key) {
    const syn_cell *cell = net->cell;
    const size_t rows = (size_t)(L * n), H = (size_t)net->H;
    syn_status status;
    *p = (pass){.net = net, .data = d, .n = n, .L = L, .D = d->N + d->B};
    SYN_CHECK(syn_alloc(&p->z, rows * (size_t)d->N, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->in, rows * (size_t)p->D, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->input, rows * (size_t)cell->gates * H, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->recurrent, rows * (size_t)cell->gates * H, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->state, (rows + (size_t)n) * (size_t)cell->states * H, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->kept, rows * (size_t)cell->kept * H, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->h, rows * H, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->y, rows * (size_t)d->N, sizeof(float), "recurrent network"));
    if (key == 0 || net->dropout == 0) return SYN_OK;
    SYN_CHECK(syn_alloc(&p->mask_in, rows * (size_t)d->N, sizeof(float), "recurrent network"));
    SYN_CHECK(syn_alloc(&p->mask_h, rows * H, sizeof(float), "recurrent network"));
    const float scale = (float)(1 / (1 - net->dropout));
    const uint32_t below = (uint32_t)(net->dropout * 4294967295.0);
    uint32_t words[4];
    for (size_t k = 0; k < rows * (size_t)d->N + rows * H; k++) {
        if (k % 4 == 0) syn_random_words((syn_random){key, SYN_STREAM_RIVALS, 9}, k / 4, words);
        float *mask = k < rows * (size_t)d->N ? &p->mask_in[k] : &p->mask_h[k - rows * (size_t)d->N];
        *mask = words[k % 4] < below ? 0 : scale;
    }
done:
    if (status != SYN_OK) pass_free(p);
    return status;
}

/* Inputs of sequence k at frame l from frame t of the recording. */
static void fill_input(pass *p, int64_t l, int64_t k, int64_t t) {
    const syn_rival_data *d = p->data;
    const int64_t row = l * p->n + k;
    float *in = p->in + row * p->D, *z = p->z + row * d->N;
    const float *mask = p->mask_in ? p->mask_in + row * d->N : NULL;
    for (int64_t i = 0; i < d->N; i++) {
        const int64_t at = t * d->N + i;
        z[i] = p->net->slow ? d->x[at] - d->baseline[at] : d->x[at];
        in[i] = z[i] * (mask ? mask[i] : 1);
    }
    for (int64_t b = 0; b < d->B; b++) in[d->N + b] = d->session->u[t * d->B + b];
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
        cell->forward(n, net->H, p->input + l * n * G, recurrent, before, before + n * S,
                      p->kept + l * n * cell->kept * H);
    }
    for (int64_t k = 0; k < rows; k++)
        for (int64_t j = 0; j < H; j++)
            p->h[k * H + j] = p->state[(k + n) * S + j] * (p->mask_h ? p->mask_h[k * H + j] : 1);
    set_rows(p->y, rows, w + net->at.c, N);
    multiply(false, true, rows, N, H, p->h, H, w + net->at.v, H, 1, p->y, N);
    for (int64_t k = 0; k < rows; k++)
        for (int64_t i = 0; i < N; i++) p->y[k * N + i] += w[net->at.a + (size_t)i] * p->z[k * N + i];
}

/* From dy [rows][N] to the gradient. p->input and p->recurrent become their own derivatives. */
static syn_status backward(pass *p, const float *dy, float *gradient) {
    const syn_rnn *net = p->net;
    const syn_cell *cell = net->cell;
    const int64_t n = p->n, H = net->H, G = cell->gates * H, S = cell->states * H, N = p->data->N, rows = p->L * n;
    float *dh = NULL, *d_state = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&dh, (size_t)(rows * H), sizeof *dh, "recurrent network"));
    SYN_CHECK(syn_alloc(&d_state, (size_t)(n * S), sizeof *d_state, "recurrent network"));
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
                d_state[k * S + j] += dh[at] * (p->mask_h ? p->mask_h[at] : 1);
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
done:
    free(dh), free(d_state);
    return status;
}

/* ---- loss ---- */

static float softplus(float x) { return x > 20 ? x : log1pf(expf(x)); }

/* Loss of one entry with target x at frame t, and its derivative. */
static double entry_loss(const pass *p, float y, int64_t t, int64_t i, float *dy) {
    const syn_rival_data *d = p->data;
    const float x = d->x[t * d->N + i];
    if (d->loss == SYN_LOSS_POISSON) {
        const syn_normalisation *norm = &d->session->norm;
        const float mean = norm->mean[i], counts = roundf(x * norm->scale[i] + mean), drive = y + softplus_shift;
        const float relative = fmaxf(softplus(drive), least_relative);
        *dy = (mean - counts / relative) * syn_logistic(drive);
        return (double)(mean * relative) - (double)counts * log((double)(mean * relative));
    }
    const float error = y + (p->net->slow ? d->baseline[(t - 1) * d->N + i] : 0) - x;
    *dy = error;
    return 0.5 * (double)error * (double)error;
}

syn_status syn_rnn_gradient(const syn_rnn *net, const syn_rival_data *d, const syn_rnn_window *window, int64_t n,
                            uint64_t key, float *gradient, double *loss) {
    pass p;
    int64_t L = 0, entries = 0;
    float *dy = NULL;
    syn_status status;
    for (int64_t k = 0; k < n; k++) L = window[k].length > L ? window[k].length : L;
    SYN_TRY(pass_create(&p, net, d, n, L, key));
    SYN_CHECK(syn_alloc(&dy, (size_t)(L * n * d->N), sizeof *dy, "recurrent network"));
    for (int64_t k = 0; k < n; k++)
        for (int64_t l = 0; l < window[k].length; l++) fill_input(&p, l, k, window[k].start + l);
    forward(&p);
    *loss = 0;
    for (int64_t k = 0; k < n; k++)
        for (int64_t l = 0; l < window[k].length; l++)
            for (int64_t i = 0; i < d->N; i++) {
                const int64_t at = (l * n + k) * d->N + i, t = window[k].start + l + 1;
                if (!syn_rival_observed(d, t, i)) continue;
                *loss += entry_loss(&p, p.y[at], t, i, &dy[at]);
                entries++;
            }
    const float share = 1.0f / (float)(entries ? entries : 1);
    for (int64_t k = 0; k < L * n * d->N; k++) dy[k] *= share;
    *loss *= (double)share;
    SYN_CHECK(backward(&p, dy, gradient));
done:
    free(dy);
    pass_free(&p);
    return status;
}

/* ---- prediction ---- */

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

static syn_status predict_pieces(const syn_rnn *net, const syn_rival_data *d, syn_split split, const piece *pieces,
                                 int64_t n, float *prediction) {
    pass p;
    int64_t L = 0;
    for (int64_t k = 0; k < n; k++)
        if (pieces[k].warm_up + pieces[k].count > L) L = pieces[k].warm_up + pieces[k].count;
    SYN_TRY(pass_create(&p, net, d, n, L, 0));
    for (int64_t k = 0; k < n; k++) {
        const int64_t from = d->frame[split][pieces[k].first] - 1 - pieces[k].warm_up;
        for (int64_t l = 0; l < pieces[k].warm_up + pieces[k].count; l++) fill_input(&p, l, k, from + l);
    }
    forward(&p);
    for (int64_t k = 0; k < n; k++)
        for (int64_t j = 0; j < pieces[k].count; j++)
            for (int64_t i = 0; i < d->N; i++) {
                const int64_t at = ((pieces[k].warm_up + j) * n + k) * d->N + i, target = pieces[k].first + j;
                prediction[target * d->N + i] = prediction_of(&p, p.y[at], d->frame[split][target], i);
            }
    pass_free(&p);
    return SYN_OK;
}

syn_status syn_rnn_predict(const syn_rnn *net, const syn_rival_data *d, syn_split split, float *prediction) {
    piece pieces[PIECES];
    int64_t n = 0;
    for (int64_t first = 0; first < d->F[split];) {
        first = next_piece(d, split, first, &pieces[n++]);
        if (n < PIECES && first < d->F[split]) continue;
        SYN_TRY(predict_pieces(net, d, split, pieces, n, prediction));
        n = 0;
    }
    return SYN_OK;
}
