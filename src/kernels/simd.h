/* The SIMD variants of the kernels, written once with vector extensions and compiled once per instruction set.
 *
 * The including file defines
 *   W           floats in a vector
 *   GEMM_ROWS   rows of the matrix-product tile (GEMM_ROWS * 2 accumulators must fit in the registers)
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

enum { R = 2 * W, TILE = 4, CHUNK = 16 };

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

/* tanh as a ratio of polynomials, x P(x^2) / Q(x^2), minimax on [-7.9, 7.9] (coefficients as in Eigen's packet math);
 * at most a few units in the last place. */
static inline vf vtanh(vf x) {
    const float limit = 7.90531110763549805f;
    x = vmin(vmax(x, splat(-limit)), splat(limit));
    vf s = x * x;
    vf p = splat(-2.76076847742355e-16f);
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    vf q = splat(1.19825839466702e-06f);
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

static inline vf vsigmoid(vf x) { return 0.5f * vtanh(0.5f * x) + 0.5f; }

/* exp by 2^k and a degree-6 polynomial (Taylor in Horner form on |f| <= ln 2 / 2, error below 2e-7 relative). */
static inline vf vexp(vf x) {
    x = vmin(vmax(x, splat(-87.0f)), splat(88.0f));
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to the nearest integer */
    vf rounded = x * 1.44269504088896341f + magic;
    vi k = (vi)rounded - (vi)splat(magic);
    vf kf = rounded - magic;
    vf f = x - kf * 0.693359375f;
    f = f - kf * -2.12194440e-4f;
    vf p = splat(1.0f / 720);
    p = p * f + 1.0f / 120;
    p = p * f + 1.0f / 24;
    p = p * f + 1.0f / 6;
    p = p * f + 0.5f;
    p = p * f + 1.0f;
    p = p * f + 1.0f;
    return (vf)((vi)p + (k << 23));
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
    vf e = vexp(-vabs(x));
    *sigmoid = choose(x > 0.0f, splat(1.0f), e) / (1.0f + e);
    vf small = e * (1.0f - e * (0.5f - e * 0.333333333f));
    return vmax(x, splat(0.0f)) + choose(e < 4e-3f, small, vlog(1.0f + e));
}

/* One frame of the decoder. */
typedef struct frame {
    const float *base, *wx, *wi, *drive; /* drive: [3H] or NULL */
    vf x[2], current[2];
} frame;

/* What gate row `row` gets from everything but the state. */
static inline __attribute__((always_inline)) vf gate_input(const frame *f, int row, int half) {
    vf input = load(f->base + row * R + half * W) + f->wx[row] * f->x[half] + f->wi[row] * f->current[half];
    if (f->drive) input += f->drive[row];
    return input;
}

/* out[row][R] = w[row][H] . state[H][R] + the gate's input (bias NULL) or bias[row], for rows [row, row + rows). */
static inline __attribute__((always_inline)) void product_tile(const frame *f, const float *w, const float *bias,
                                                               const float *state, float *out, int H, int row,
                                                               int rows) {
    vf acc[TILE][2];
    for (int i = 0; i < rows; i++)
        for (int half = 0; half < 2; half++) acc[i][half] = bias ? splat(bias[row + i]) : gate_input(f, row + i, half);
    const float *p = w + (size_t)row * (size_t)H;
    for (int k = 0; k < H; k++) {
        vf low = load(state + k * R), high = load(state + k * R + W);
        for (int i = 0; i < rows; i++) {
            float weight = p[i * H + k];
            acc[i][0] += weight * low;
            acc[i][1] += weight * high;
        }
    }
    for (int i = 0; i < rows; i++)
        for (int half = 0; half < 2; half++) store(out + (row + i) * R + half * W, acc[i][half]);
}

static inline __attribute__((always_inline)) void product_rows(const frame *f, const float *w, const float *bias,
                                                               const float *state, float *out, int H, int rows) {
    int row = 0;
    for (; row + TILE <= rows; row += TILE) product_tile(f, w, bias, state, out, H, row, TILE);
    for (; row < rows; row++) product_tile(f, w, bias, state, out, H, row, 1);
}

static void forward(const syn_block *block, const float *decoder, int H) {
    syn_decoder_layout at = syn_decoder_layout_of(H);
    const float *wh = decoder + at.wh, *v = decoder + at.v;
    const size_t part = (size_t)H * R, slot = syn_tape_stride(H, R);
    const float *previous = block->h;
    for (int t = 0; t < block->L; t++) {
        float *r = block->tape + (block->keep_tape ? (size_t)t * slot : 0);
        float *z = r + part, *n = z + part, *s = n + part, *h = s + part;
        const frame f = {.base = block->base,
                         .wx = decoder + at.wx,
                         .wi = decoder + at.wi,
                         .drive = block->drive ? block->drive + (size_t)t * 3 * (size_t)H : NULL,
                         .x = {load(block->x + t * R), load(block->x + t * R + W)},
                         .current = {load(block->current + t * R), load(block->current + t * R + W)}};
        product_rows(&f, wh, NULL, previous, r, H, 2 * H);
        product_rows(&f, wh + 2 * (size_t)H * (size_t)H, decoder + at.bhn, previous, s, H, H);
        vf y[2];
        for (int half = 0; half < 2; half++)
            y[half] = load(block->a + half * W) * f.x[half] + load(block->c + half * W);
        /* a loop of its own: more of these long chains of dependent instructions are then under way at a time */
        for (int o = 0; o < 2 * H * R; o += W) store(r + o, vsigmoid(load(r + o)));
        for (int k = 0; k < H; k++) {
            for (int half = 0; half < 2; half++) {
                int o = k * R + half * W;
                vf nk = vtanh(gate_input(&f, 2 * H + k, half) + load(r + o) * load(s + o));
                vf hk = nk + load(z + o) * (load(previous + o) - nk);
                store(n + o, nk);
                store(h + o, hk);
                y[half] += v[k] * hk;
            }
        }
        store(block->y + t * R, y[0]);
        store(block->y + t * R + W, y[1]);
        previous = h;
    }
    if (block->L > 0) memcpy(block->h, previous, part * sizeof(float));
}

/* Adds to the lane-wide gradient of wh rows [row, row + rows): sum over frames of d[row] * previous state. */
static inline __attribute__((always_inline)) void outer_tile(const float *d, size_t d_stride, const float *const *state,
                                                             int frames, float *out, int H, int rows, int column,
                                                             int columns) {
    vf acc[4][3];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) acc[i][j] = load(out + (i * H + column + j) * W);
    for (int t = 0; t < frames; t++) {
        const float *dt = d + (size_t)t * d_stride, *st = state[t] + column * R;
        for (int half = 0; half < R; half += W) {
            vf s[3];
            for (int j = 0; j < columns; j++) s[j] = load(st + j * R + half);
            for (int i = 0; i < rows; i++) {
                vf di = load(dt + i * R + half);
                for (int j = 0; j < columns; j++) acc[i][j] += di * s[j];
            }
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) store(out + (i * H + column + j) * W, acc[i][j]);
}

static void outer_rows(const float *d, size_t d_stride, const float *const *state, int frames, float *out, int H,
                       int rows) {
    int row = 0;
    for (; row + 4 <= rows; row += 4) {
        const float *dr = d + row * R;
        float *o = out + (size_t)row * (size_t)H * W;
        int column = 0;
        for (; H - column >= 3 && H - column != 4; column += 3)
            outer_tile(dr, d_stride, state, frames, o, H, 4, column, 3);
        for (; column + 2 <= H; column += 2) outer_tile(dr, d_stride, state, frames, o, H, 4, column, 2);
        for (; column < H; column++) outer_tile(dr, d_stride, state, frames, o, H, 4, column, 1);
    }
    for (; row < rows; row++)
        for (int column = 0; column < H; column++)
            outer_tile(d + row * R, d_stride, state, frames, out + (size_t)row * (size_t)H * W, H, 1, column, 1);
}

/* Sums of one chunk of frames [start, start + frames) whose slots hold derivatives. state[t]: h before frame t. */
static void gradient_chunk(const syn_block *block, const syn_block_gradient *gradient, int H, int start, int frames,
                           const float *const *state) {
    syn_decoder_layout at = syn_decoder_layout_of(H);
    const size_t part = (size_t)H * R, slot = syn_tape_stride(H, R);
    const float *d = block->tape + (size_t)start * slot;
    float *out = gradient->decoder;
    outer_rows(d, slot, state, frames, out + at.wh * W, H, 2 * H);
    outer_rows(d + 3 * part, slot, state, frames, out + (at.wh + 2 * (size_t)H * (size_t)H) * W, H, H);
    const int B = gradient->drive ? block->B : 0;
    for (int row = 0; row < 3 * H; row++) {
        vf low = load(gradient->dbase + row * R), high = load(gradient->dbase + row * R + W);
        vf dwx = load(out + (at.wx + (size_t)row) * W), dwi = load(out + (at.wi + (size_t)row) * W);
        for (int t = 0; t < frames; t++) {
            const float *dt = d + (size_t)t * slot + row * R;
            const float *x = block->x + (start + t) * R, *current = block->current + (start + t) * R;
            vf d0 = load(dt), d1 = load(dt + W);
            low += d0;
            high += d1;
            dwx += d0 * load(x) + d1 * load(x + W);
            dwi += d0 * load(current) + d1 * load(current + W);
            for (int b = 0; b < B; b++) {
                float *o = gradient->drive + (row * B + b) * W;
                store(o, load(o) + (d0 + d1) * block->u[(start + t) * B + b]);
            }
        }
        store(gradient->dbase + row * R, low);
        store(gradient->dbase + row * R + W, high);
        store(out + (at.wx + (size_t)row) * W, dwx);
        store(out + (at.wi + (size_t)row) * W, dwi);
    }
    for (int k = 0; k < H; k++) {
        vf dbhn = load(out + (at.bhn + (size_t)k) * W), dv = load(out + (at.v + (size_t)k) * W);
        for (int t = 0; t < frames; t++) {
            const float *ds = d + (size_t)t * slot + 3 * part + k * R, *h = ds + part,
                        *dy = gradient->dy + (start + t) * R;
            dbhn += load(ds) + load(ds + W);
            dv += load(dy) * load(h) + load(dy + W) * load(h + W);
        }
        store(out + (at.bhn + (size_t)k) * W, dbhn);
        store(out + (at.v + (size_t)k) * W, dv);
    }
}

static void backward(const syn_block *block, const syn_block_gradient *gradient, const float *decoder,
                     const float *transposed, int H) {
    syn_decoder_layout at = syn_decoder_layout_of(H);
    const float *v = decoder + at.v, *wi = decoder + at.wi;
    const size_t part = (size_t)H * R, slot = syn_tape_stride(H, R);
    float *dh = gradient->dh;
    const float *state[CHUNK];
    memset(dh, 0, part * sizeof(float));
    vf da[2] = {load(gradient->da), load(gradient->da + W)}, dc[2] = {load(gradient->dc), load(gradient->dc + W)};
    static const float zeros[256 * R];
    int end = block->L;
    while (end > 0) {
        int start = (end - 1) / CHUNK * CHUNK;
        for (int t = end - 1; t >= start; t--) {
            float *r = block->tape + (size_t)t * slot, *z = r + part, *n = z + part, *s = n + part;
            const float *previous = t ? r - slot + 4 * part : gradient->h0 ? gradient->h0 : zeros;
            state[t - start] = previous;
            vf dy[2] = {load(gradient->dy + t * R), load(gradient->dy + t * R + W)};
            vf dcurrent[2] = {splat(0), splat(0)};
            for (int half = 0; half < 2; half++) {
                da[half] += dy[half] * load(block->x + t * R + half * W);
                dc[half] += dy[half];
            }
            for (int k = 0; k < H; k++) {
                for (int half = 0; half < 2; half++) {
                    int o = k * R + half * W;
                    vf rk = load(r + o), zk = load(z + o), nk = load(n + o), sk = load(s + o);
                    vf total = load(dh + o) + dy[half] * v[k];
                    vf dn = total * (1.0f - zk) * (1.0f - nk * nk);
                    vf dz = total * (load(previous + o) - nk) * zk * (1.0f - zk);
                    vf dr = dn * sk * rk * (1.0f - rk);
                    store(dh + o, total * zk);
                    store(r + o, dr);
                    store(z + o, dz);
                    store(n + o, dn);
                    store(s + o, dn * rk);
                    dcurrent[half] += dr * wi[k] + dz * wi[H + k] + dn * wi[2 * H + k];
                }
            }
            /* derivatives of r, z and s: rows 0..2H of the slot, then its fourth part */
            const int rows = 3 * H;
            int k = 0;
            for (; k + TILE <= H; k += TILE) {
                vf acc[TILE][2];
                for (int i = 0; i < TILE; i++) {
                    acc[i][0] = load(dh + (k + i) * R);
                    acc[i][1] = load(dh + (k + i) * R + W);
                }
                const float *p = transposed + (size_t)k * (size_t)rows;
                for (int row = 0; row < 2 * H; row++) {
                    vf low = load(r + row * R), high = load(r + row * R + W);
                    for (int i = 0; i < TILE; i++) {
                        float weight = p[i * rows + row];
                        acc[i][0] += weight * low;
                        acc[i][1] += weight * high;
                    }
                }
                for (int row = 0; row < H; row++) {
                    vf low = load(s + row * R), high = load(s + row * R + W);
                    for (int i = 0; i < TILE; i++) {
                        float weight = p[i * rows + 2 * H + row];
                        acc[i][0] += weight * low;
                        acc[i][1] += weight * high;
                    }
                }
                for (int i = 0; i < TILE; i++) {
                    store(dh + (k + i) * R, acc[i][0]);
                    store(dh + (k + i) * R + W, acc[i][1]);
                }
            }
            for (; k < H; k++) {
                vf low = load(dh + k * R), high = load(dh + k * R + W);
                for (int row = 0; row < rows; row++) {
                    const float *d = row < 2 * H ? r + row * R : s + (row - 2 * H) * R;
                    float weight = transposed[(size_t)k * (size_t)rows + (size_t)row];
                    low += weight * load(d);
                    high += weight * load(d + W);
                }
                store(dh + k * R, low);
                store(dh + k * R + W, high);
            }
            store(gradient->dcurrent + t * R, dcurrent[0]);
            store(gradient->dcurrent + t * R + W, dcurrent[1]);
        }
        gradient_chunk(block, gradient, H, start, end - start, state);
        end = start;
    }
    for (int half = 0; half < 2; half++) {
        store(gradient->da + half * W, da[half]);
        store(gradient->dc + half * W, dc[half]);
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
        vf slope, relative = vmax(vsoftplus(drive, &slope), splat(1e-6f));
        vf rate = mean * relative, weight = load(loss->weight + o);
        /* a padding lane has mean 0: keep its logarithm finite */
        sum += weight * (rate - counts * vlog(vmax(rate, splat(1e-30f))));
        if (loss->rate) store(loss->rate + o, rate);
        if (loss->dy) store(loss->dy + o, weight * (mean - counts / relative) * slope);
    }
    return sum_lanes(sum);
}

static void gemm_tile(int64_t K, const float *A, const float *B, float *C, int64_t ldc, bool accumulate) {
    vf acc[GEMM_ROWS][2];
    for (int i = 0; i < GEMM_ROWS; i++) acc[i][0] = acc[i][1] = splat(0);
    for (int64_t k = 0; k < K; k++) {
        vf low = load(B + k * R), high = load(B + k * R + W);
        for (int i = 0; i < GEMM_ROWS; i++) {
            float a = A[k * GEMM_ROWS + i];
            acc[i][0] += a * low;
            acc[i][1] += a * high;
        }
    }
    for (int i = 0; i < GEMM_ROWS; i++) {
        float *row = C + i * ldc;
        if (accumulate) {
            acc[i][0] += load(row);
            acc[i][1] += load(row + W);
        }
        store(row, acc[i][0]);
        store(row + W, acc[i][1]);
    }
}

static void tanh_all(const float *in, float *out, int64_t n) {
    int64_t k = 0;
    for (; k + W <= n; k += W) store(out + k, vtanh(load(in + k)));
    for (; k < n; k++) out[k] = vtanh(splat(in[k]))[0];
}

const syn_kernels TABLE = {
    .name = TABLE_NAME,
    .lanes = R,
    .gradient_lanes = W,
    .gemm_rows = GEMM_ROWS,
    .gemm_columns = R,
    .forward = forward,
    .backward = backward,
    .gaussian = gaussian,
    .poisson = poisson,
    .gemm_tile = gemm_tile,
    .tanh = tanh_all,
};
