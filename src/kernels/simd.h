/* The SIMD variants of the kernels, written once with vector extensions and compiled once per instruction set.
 *
 * The including file defines
 *   W           floats in a vector
 *   TILE        rows of a tile of a product: 2 TILE accumulators, two operands and a weight must fit in the registers
 *   LOW, HIGH   indices that interleave the lower halves of two vectors, and the upper halves
 *   MIN, MAX    the smaller and the larger of two vectors in one instruction, where there is one (compilers do not find
 *               it by themselves)
 *   TABLE       name of the table to define
 *   TABLE_NAME  its name as text
 *
 * A block is R = 2 W neurons: two vectors side by side give every broadcast weight two independent multiply-adds.
 */
#include <string.h>

#include "kernels/kernels.h"

typedef float vf __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(4 * W), aligned(4), may_alias));

enum { R = 2 * W, CHUNK = SYN_CHUNK, GROUP = 4 };

static inline vf splat(float value) { return (vf){0} + value; }
static inline vf load(const float *p) { return *(const vf *)p; }
static inline void store(float *p, vf value) { *(vf *)p = value; }
static inline vf choose(vi condition, vf yes, vf no) { return (vf)(((vi)yes & condition) | ((vi)no & ~condition)); }
#ifdef MIN
static inline vf vmin(vf a, vf b) { return MIN(a, b); }
static inline vf vmax(vf a, vf b) { return MAX(a, b); }
#else
static inline vf vmin(vf a, vf b) { return choose(a < b, a, b); }
static inline vf vmax(vf a, vf b) { return choose(a > b, a, b); }
#endif
static inline vf vabs(vf a) { return (vf)((vi)a & 0x7fffffff); }

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
/* A long chain of dependent instructions on several vectors in lockstep keeps the processor busier than one after the
 * other. */
#define EACH UNROLL for (int i = 0; i < n; i++)

/* p <- polynomial in x by Horner's rule, highest power first, of n vectors */
INLINE void polynomial(const float *coefficient, int terms, const vf *x, vf *p, int n) {
    EACH p[i] = splat(coefficient[0]);
    UNROLL
    for (int k = 1; k < terms; k++) EACH p[i] = p[i] * x[i] + coefficient[k];
}

/* tanh as a ratio of polynomials, x P(x^2) / Q(x^2), minimax on [-7.9, 7.9] (coefficients as in Eigen's packet math);
 * at most a few units in the last place. */
INLINE void vtanh(vf *x, int n) {
    const float limit = 7.90531110763549805f;
    const float above[] = {-2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f, 5.12229709037114e-08f,
                           1.48572235717979e-05f,  6.37261928875436e-04f, 4.89352455891786e-03f};
    const float below[] = {1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f, 4.89352518554385e-03f};
    vf s[GROUP], p[GROUP], q[GROUP];
    EACH x[i] = vmin(vmax(x[i], splat(-limit)), splat(limit));
    EACH s[i] = x[i] * x[i];
    polynomial(above, 7, s, p, n);
    polynomial(below, 4, s, q, n);
    EACH x[i] = x[i] * p[i] / q[i];
}

/* exp by 2^k and a polynomial of degree 5, minimax on |x - k ln 2| <= ln 2 / 2: at most 2e-7 off, relatively. */
INLINE void vexp(vf *x, int n) {
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to the nearest integer, in the lowest bits */
    const float minimax[] = {0.00831252014f, 0.0418901568f, 0.166671147f, 0.499992315f, 1.0f, 1.0f};
    vf rounded[GROUP], k[GROUP], p[GROUP];
    EACH x[i] = vmin(vmax(x[i], splat(-87.0f)), splat(87.0f));
    EACH rounded[i] = x[i] * 1.44269504088896341f + magic;
    EACH k[i] = rounded[i] - magic;
    EACH x[i] -= k[i] * 0.693147180559945f;
    polynomial(minimax, 6, x, p, n);
    EACH x[i] = (vf)((vi)p[i] + ((vi)rounded[i] << 23));
}

INLINE void vsigmoid(vf *x, int n) {
    vexp(x, n);
    EACH x[i] = x[i] / (1.0f + x[i]);
}

/* log of a positive normal number: exponent plus 2 atanh((m - 1) / (m + 1)) of the mantissa m in [sqrt(1/2), sqrt(2)).
 */
static inline vf vlog(vf x) {
    vi bits = (vi)x - 0x3f3504f3;
    vi exponent = bits >> 23;
    vf m = (vf)((bits & 0x007fffff) + 0x3f3504f3);
    vf q = (m - 1.0f) / (m + 1.0f), s = q * q;
    vf p = splat(1.0f / 9);
    p = p * s + 1.0f / 7;
    p = p * s + 1.0f / 5;
    p = p * s + 1.0f / 3;
    p = p * s + 1.0f;
    return __builtin_convertvector(exponent, vf) * 0.693147180559945f + 2.0f * q * p;
}

/* softplus(x) = log(1 + exp x) and its derivative, the sigmoid, with small relative error also far below zero. */
static inline vf vsoftplus(vf x, vf *sigmoid) {
    vf e = -vabs(x);
    vexp(&e, 1);
    *sigmoid = choose(x > 0.0f, splat(1.0f), e) / (1.0f + e);
    vf small = e * (1.0f - e * (0.5f - e * 0.333333333f));
    return vmax(x, splat(0.0f)) + choose(e < 4e-3f, small, vlog(1.0f + e));
}

/* C[rows][V vectors] = (or +=) sum over k of A(i, k) B[k]: element (i, k) of A at i a_row + k a_k, row k of B at k
 * b_row, row i of C at i c_row. */
INLINE void product_tile(int rows, int V, int64_t K, const float *A, int64_t a_row, int64_t a_k, const float *B,
                         int64_t b_row, float *C, int64_t c_row, bool accumulate) {
    vf acc[2 * TILE][2];
    UNROLL
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < V; v++) acc[i][v] = splat(0);
    for (int64_t k = 0; k < K; k++, A += a_k, B += b_row) {
        vf operand[2];
        for (int v = 0; v < V; v++) operand[v] = load(B + v * W);
        UNROLL
        for (int i = 0; i < rows; i++) {
            float weight = A[i * a_row];
            for (int v = 0; v < V; v++) acc[i][v] += weight * operand[v];
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++, C += c_row)
        for (int v = 0; v < V; v++) {
            if (accumulate) acc[i][v] += load(C + v * W);
            store(C + v * W, acc[i][v]);
        }
}

/* As product_tile, for any number of rows, `tile` at a time. The last 8 are twice 4, not 6 and 2: fewer than 4 rows are
 * too few sums to keep both multipliers busy. */
INLINE void product_rows(int tile, int M, int V, int64_t K, const float *A, int64_t a_row, int64_t a_k, const float *B,
                         int64_t b_row, float *C, int64_t c_row, bool accumulate) {
    int i = 0;
    for (; i + tile <= M && M - i != 8; i += tile)
        product_tile(tile, V, K, A + i * a_row, a_row, a_k, B, b_row, C + i * c_row, c_row, accumulate);
    for (; i + 4 <= M; i += 4)
        product_tile(4, V, K, A + i * a_row, a_row, a_k, B, b_row, C + i * c_row, c_row, accumulate);
    for (; i < M; i++) product_tile(1, V, K, A + i * a_row, a_row, a_k, B, b_row, C + i * c_row, c_row, accumulate);
}

/* Six rows at a time where they lie apart: with more, rows a multiple of 4 KB apart would drive each other out of the
 * first-level cache. */
static void product(int M, int64_t K, syn_matrix A, const float *B, float *C, bool accumulate) {
    if (A.row_stride == 1)
        product_rows(TILE, M, 2, K, A.data, 1, A.column_stride, B, R, C, R, accumulate);
    else
        product_rows(6, M, 2, K, A.data, A.row_stride, 1, B, R, C, R, accumulate);
}

/* One frame of the decoder. */
typedef struct frame {
    const float *base, *wx, *wi, *drive; /* drive: [3H] */
    const float *bhn, *v;
    vf x[2], current[2];
    const float *before; /* [H][R] state of the frame before */
    float *tape;
} frame;

/* What gate row `row` gets from everything but the state. */
INLINE vf gate_input(const frame *f, int row, int half) {
    return load(f->base + row * R + half * W) + f->drive[row] + f->wx[row] * f->x[half] + f->wi[row] * f->current[half];
}

/* Hidden units [k, k + n / 2) once their gates r and z are known; adds v . h to y. */
INLINE void states(const frame *f, int H, int k, int n, vf y[2]) {
    const int part = H * R;
    vf s[GROUP], x[GROUP], h[GROUP];
    float *tape = f->tape + k * R;
    EACH s[i] = load(tape + 2 * part + i * W) + f->bhn[k + i / 2];
    EACH x[i] = gate_input(f, 2 * H + k + i / 2, i % 2) + load(tape + i * W) * s[i];
    EACH store(tape + 2 * part + i * W, s[i]);
    vtanh(x, n);
    EACH h[i] = x[i] + load(tape + part + i * W) * (load(f->before + k * R + i * W) - x[i]);
    EACH store(tape + 3 * part + i * W, x[i]);
    EACH store(tape + 4 * part + i * W, h[i]);
    EACH y[i % 2] += f->v[k + i / 2] * h[i];
}

/* From Wh h, which the first 3H rows of the tape hold, to the gates and the state; adds v . h to y. */
static void gates(const frame *f, int H, float *y) {
    for (int row = 0; row < 2 * H; row += 2) {
        enum { n = GROUP };
        vf x[n];
        EACH x[i] = load(f->tape + row * R + i * W) + gate_input(f, row + i / 2, i % 2);
        vsigmoid(x, n);
        EACH store(f->tape + row * R + i * W, x[i]);
    }
    vf sum[2] = {load(y), load(y + W)};
    int k = 0;
    for (; k + 2 <= H; k += 2) states(f, H, k, 4, sum);
    if (k < H) states(f, H, k, 2, sum);
    store(y, sum[0]);
    store(y + W, sum[1]);
}

static void state_product(const float *transposed, const float *before, float *out, int H) {
    product_rows(TILE, 3 * H, 2, H, transposed, 1, 3 * H, before, R, out, R, false);
}

static void forward(const syn_block *block, const float *decoder, const float *transposed, int H) {
    static const float no_drive[3 * SYN_MAX_HIDDEN];
    syn_decoder_layout at = syn_decoder_layout_of(H);
    frame f = {.base = block->base,
               .wx = decoder + at.wx,
               .wi = decoder + at.wi,
               .bhn = decoder + at.bhn,
               .v = decoder + at.v,
               .before = block->h};
    for (int t = 0; t < block->L; t++) {
        f.tape = block->tape + (size_t)(block->keep_tape ? t : t % 2) * syn_tape_stride(H, R);
        f.drive = block->drive ? block->drive + t * 3 * H : no_drive;
        for (int half = 0; half < 2; half++) {
            const int o = t * R + half * W;
            f.x[half] = load(block->x + o);
            f.current[half] = load(block->current + o);
            store(block->y + o, load(block->a + half * W) * f.x[half] + load(block->c + half * W));
        }
        state_product(transposed, f.before, f.tape, H);
        gates(&f, H, block->y + t * R);
        f.before = f.tape + 4 * H * R;
    }
    if (block->L > 0) memcpy(block->h, f.before, (size_t)(H * R) * sizeof(float));
}

/* Vectors in[k] of n whose step is `step` floats, interleaved log2 W times: the transpose of a W x W square. */
INLINE void transpose(const float *in, int64_t in_step, float *out, int64_t out_step) {
    vf a[W], b[W];
    for (int i = 0; i < W; i++) a[i] = load(in + i * in_step);
    for (int step = 1; step < W; step *= 2) {
        for (int i = 0; i < W / 2; i++) {
            b[2 * i] = __builtin_shufflevector(a[i], a[i + W / 2], LOW);
            b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + W / 2], HIGH);
        }
        for (int i = 0; i < W; i++) a[i] = b[i];
    }
    for (int i = 0; i < W; i++) store(out + i * out_step, a[i]);
}

/* Element i: the sum of the elements of rows[i]. The same interleaving, adding up as soon as may be. */
INLINE vf row_sums(vf rows[W]) {
    for (int n = W / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++)
            rows[i] = __builtin_shufflevector(rows[i], rows[i + n], LOW) +
                      __builtin_shufflevector(rows[i], rows[i + n], HIGH);
    return rows[0];
}

/* Work space of backward. P: H rounded up to whole vectors. */
typedef struct work {
    int H, P;
    float *dh;    /* [H][R] */
    float *d;     /* [4H][CHUNK][R] derivatives of r, z, s, n before their non-linearity, of the frames of a chunk */
    float *state; /* [CHUNK][R][P] state before each of these frames, transposed */
    float *wh;    /* [3H][P] */
    float *sum;   /* [8H][W] lane by lane: wx [3H], wi [3H], bhn, v */
    float *drive; /* [B][4H] */
} work;

static work work_at(float *space, int H, int B) {
    work w = {.H = H, .P = (H + W - 1) / W * W};
    size_t h = (size_t)H, p = (size_t)w.P;
    w.dh = space;
    w.d = w.dh + h * R;
    w.state = w.d + 4 * h * CHUNK * R;
    w.wh = w.state + CHUNK * R * p;
    w.sum = w.wh + 3 * h * p;
    w.drive = w.sum + 8 * p * W;
    memset(space, 0, (size_t)(w.drive - space + 4 * w.P * B) * sizeof(float));
    return w;
}

/* Frame t, slot f of its chunk: derivatives of the gates into w->d, of the state before into w->dh. */
static void backward_frame(const syn_block *block, const syn_block_gradient *gradient, const float *decoder, int t,
                           int f, work *w) {
    const int H = w->H, part = H * R, row = CHUNK * R;
    syn_decoder_layout at = syn_decoder_layout_of(H);
    const float *v = decoder + at.v, *wi = decoder + at.wi;
    const float *tape = block->tape + (size_t)t * syn_tape_stride(H, R);
    const float *before = t ? syn_tape_state(block->tape, t - 1, H, R) : gradient->h0;
    float *d = w->d + f * R;
    vf dy[2], dcurrent[2];
    for (int half = 0; half < 2; half++) dy[half] = load(gradient->dy + t * R + half * W), dcurrent[half] = splat(0);
    for (int k = 0; k < H; k++) {
        float *sum = w->sum + (7 * H + k) * W;
        vf dv = load(sum);
        for (int half = 0; half < 2; half++) {
            const float *at_k = tape + k * R + half * W;
            float *dh = w->dh + k * R + half * W, *dk = d + k * row + half * W;
            vf r = load(at_k), z = load(at_k + part), s = load(at_k + 2 * part), n = load(at_k + 3 * part);
            vf h = load(at_k + 4 * part), total = load(dh) + v[k] * dy[half], rest = total - total * z;
            vf dn = rest - rest * n * n, dz = rest * (h - n); /* h - n = z (before - n) */
            vf ds = dn * r, dr = ds * s * (1.0f - r);
            store(dh, total * z);
            store(dk, dr);
            store(dk + H * row, dz);
            store(dk + 2 * H * row, ds);
            store(dk + 3 * H * row, dn);
            dcurrent[half] += wi[k] * dr + wi[H + k] * dz + wi[2 * H + k] * dn;
            dv += dy[half] * h;
        }
        store(sum, dv);
    }
    for (int half = 0; half < 2; half++) store(gradient->dcurrent + t * R + half * W, dcurrent[half]);
    product_rows(TILE, H, 2, 3 * H, decoder + at.wh, 1, H, d, row, w->dh, R, true);
    float *state = w->state + f * R * w->P;
    if (!before) {
        memset(state, 0, (size_t)(R * w->P) * sizeof(float));
        return;
    }
    int k = 0;
    for (; k + W <= H; k += W)
        for (int half = 0; half < 2; half++) transpose(before + k * R + half * W, R, state + half * W * w->P + k, w->P);
    for (; k < H; k++)
        for (int lane = 0; lane < R; lane++) state[lane * w->P + k] = before[k * R + lane];
}

/* Adds to the gradient what the frames [start, start + frames) give, whose derivatives are in w. Only the first chunk
 * that is worked on may be short; the derivatives of the frames that it lacks are still zero. */
static void add_chunk(const syn_block *block, const syn_block_gradient *gradient, int start, int frames, work *w) {
    const int H = w->H, P = w->P, row = CHUNK * R;
    int column = 0;
    for (; column + R <= P; column += R)
        product_rows(TILE, 3 * H, 2, CHUNK * R, w->d, row, 1, w->state + column, P, w->wh + column, P, true);
    if (column < P)
        product_rows(2 * TILE, 3 * H, 1, CHUNK * R, w->d, row, 1, w->state + column, P, w->wh + column, P, true);
    vf x[CHUNK][2] = {0}, current[CHUNK][2] = {0};
    for (int o = 0; o < 2 * frames; o++) {
        x[o / 2][o % 2] = load(block->x + start * R + o * W);
        current[o / 2][o % 2] = load(block->current + start * R + o * W);
    }
    for (int k = 0; k < 3 * H; k++) {
        const float *d = w->d + (k < 2 * H ? k : H + k) * row;
        float *wx = w->sum + k * W, *wi = wx + 3 * H * W;
        vf dwx = load(wx), dwi = load(wi);
        for (int half = 0; half < 2; half++) {
            float *base = gradient->dbase + k * R + half * W;
            vf sum = load(base);
            for (int f = 0; f < CHUNK; f++) {
                vf df = load(d + f * R + half * W);
                sum += df;
                dwx += df * x[f][half];
                dwi += df * current[f][half];
            }
            store(base, sum);
        }
        store(wx, dwx);
        store(wi, dwi);
    }
    for (int k = 0; k < H; k++) {
        const float *ds = w->d + (2 * H + k) * row;
        vf sum = load(w->sum + (6 * H + k) * W);
        for (int o = 0; o < CHUNK * R; o += W) sum += load(ds + o);
        store(w->sum + (6 * H + k) * W, sum);
    }
    for (int f = 0; f < frames && gradient->drive; f++)
        for (int k = 0; k < 4 * H; k += W) {
            vf rows[W];
            for (int i = 0; i < W; i++) {
                const float *d = w->d + (k + i) * row + f * R;
                rows[i] = load(d) + load(d + W);
            }
            vf sums = row_sums(rows);
            for (int b = 0; b < block->B; b++) {
                vf *drive = (vf *)(w->drive + b * 4 * P + k);
                *drive += sums * block->u[(start + f) * block->B + b];
            }
        }
}

/* What was summed in the work space, to the gradient. */
static void add_work(const syn_block *block, const syn_block_gradient *gradient, const work *w) {
    const int H = w->H;
    syn_decoder_layout at = syn_decoder_layout_of(H);
    float *out = gradient->decoder;
    for (int row = 0; row < 3 * H; row++)
        for (int k = 0; k < H; k++) out[at.wh + (size_t)(row * H + k)] += w->wh[row * w->P + k];
    for (int k = 0; k < 8 * H; k += W) {
        vf rows[W];
        for (int i = 0; i < W; i++) rows[i] = load(w->sum + (k + i) * W);
        vf sums = row_sums(rows);
        for (int i = 0; i < W && k + i < 8 * H; i++) {
            size_t to = (size_t)k + (size_t)i; /* wx, wi; then bhn, v, which in the gradient come after wh */
            out[to < 6 * (size_t)H ? at.wx + to : at.bhn + to - 6 * (size_t)H] += sums[i];
        }
    }
    for (int row = 0; gradient->drive && row < 3 * H; row++)
        for (int b = 0; b < block->B; b++)
            gradient->drive[row * block->B + b] += w->drive[b * 4 * w->P + (row < 2 * H ? row : row + H)];
}

static void backward(const syn_block *block, const syn_block_gradient *gradient, const float *decoder, int H) {
    work w = work_at(gradient->work, H, gradient->drive ? block->B : 0);
    for (int end = block->L, start; end > 0; end = start) {
        start = (end - 1) / CHUNK * CHUNK;
        for (int t = end - 1; t >= start; t--) backward_frame(block, gradient, decoder, t, t - start, &w);
        add_chunk(block, gradient, start, end - start, &w);
    }
    add_work(block, gradient, &w);
    for (int half = 0; half < R; half += W) {
        vf da = load(gradient->da + half), dc = load(gradient->dc + half);
        for (int o = half; o < block->L * R; o += R) {
            vf dy = load(gradient->dy + o);
            da += dy * load(block->x + o);
            dc += dy;
        }
        store(gradient->da + half, da);
        store(gradient->dc + half, dc);
    }
}

static double sum_lanes(vf value) {
    double sum = 0;
    for (int i = 0; i < W; i++) sum += (double)value[i];
    return sum;
}

static double gaussian(const syn_block_loss *loss) {
    vf sum = splat(0);
    for (int o = 0; o < loss->L * R; o += W) {
        vf error = load(loss->y + o) - load(loss->target + o), weighted = load(loss->weight + o) * error;
        sum += weighted * error;
        if (loss->dy) store(loss->dy + o, weighted);
    }
    return 0.5 * sum_lanes(sum);
}

static double poisson(const syn_block_loss *loss) {
    vf sum = splat(0);
    for (int o = 0; o < loss->L * R; o += W) {
        int lane = o % R;
        vf drive = load(loss->y + o) + 0.541324854612918f, mean = load(loss->mean + lane);
        vf counts = load(loss->target + o) * load(loss->scale + lane) + load(loss->offset + lane);
        vf slope, softplus = vmax(vsoftplus(drive, &slope), splat(1e-6f));
        vf rate = mean * softplus, weight = load(loss->weight + o);
        /* a padding lane has mean 0: keep its logarithm finite */
        sum += weight * (rate - counts * vlog(vmax(rate, splat(1e-30f))));
        if (loss->rate) store(loss->rate + o, rate);
        if (loss->dy) store(loss->dy + o, weight * (mean - counts / softplus) * slope);
    }
    return sum_lanes(sum);
}

static void gemm_tile(int64_t K, const float *A, const float *B, float *C, int64_t ldc, bool accumulate) {
    product_tile(TILE, 2, K, A, 1, TILE, B, R, C, ldc, accumulate);
}

static void tanh_all(const float *in, float *out, int64_t n) {
    vf x;
    for (int64_t k = 0; k < n; k += W) {
        const size_t bytes = (size_t)(n - k < W ? n - k : W) * sizeof *in;
        memcpy(&x, in + k, bytes);
        vtanh(&x, 1);
        memcpy(out + k, &x, bytes);
    }
}

const syn_kernels TABLE = {
    .name = TABLE_NAME,
    .lanes = R,
    .gemm_rows = TILE,
    .gemm_columns = R,
    .forward = forward,
    .backward = backward,
    .gaussian = gaussian,
    .poisson = poisson,
    .gemm_tile = gemm_tile,
    .product = product,
    .tanh = tanh_all,
};
