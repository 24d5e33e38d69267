/* The specification of the kernels: one neuron at a time, no vectors, readable. One lane: R = 1. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

static float sigmoid(float value) { return 1.0f / (1.0f + expf(-value)); }

static float softplus(float value) { return fmaxf(value, 0.0f) + log1pf(expf(-fabsf(value))); }

static void forward(const syn_block *block, const float *decoder, const float *transposed, int H) {
    syn_decoder_layout at = syn_decoder_layout_of(H);
    for (int t = 0; t < block->L; t++) {
        float *slot = block->tape + (size_t)(block->keep_tape ? t : t % 2) * syn_tape_stride(H, 1);
        float *r = slot, *z = r + H, *s = z + H, *n = s + H, *h = n + H;
        float x = block->x[t], current = block->current[t], y = block->a[0] * x + block->c[0];
        float gate[3];
        for (int k = 0; k < H; k++) {
            for (int g = 0; g < 3; g++) {
                int row = g * H + k;
                gate[g] = block->base[row] + decoder[at.wx + (size_t)row] * x + decoder[at.wi + (size_t)row] * current;
                if (block->drive) gate[g] += block->drive[t * 3 * H + row];
            }
            float sum[3] = {0, 0, 0};
            for (int g = 0; g < 3; g++)
                for (int j = 0; j < H; j++) sum[g] += transposed[j * 3 * H + g * H + k] * block->h[j];
            r[k] = sigmoid(gate[0] + sum[0]);
            z[k] = sigmoid(gate[1] + sum[1]);
            s[k] = sum[2] + decoder[at.bhn + (size_t)k];
            n[k] = tanhf(gate[2] + r[k] * s[k]);
        }
        for (int k = 0; k < H; k++) {
            h[k] = n[k] + z[k] * (block->h[k] - n[k]);
            y += decoder[at.v + (size_t)k] * h[k];
        }
        memcpy(block->h, h, (size_t)H * sizeof *h);
        block->y[t] = y;
    }
}

static void backward(const syn_block *block, const syn_block_gradient *gradient, const float *decoder, int H) {
    syn_decoder_layout at = syn_decoder_layout_of(H);
    const size_t stride = syn_tape_stride(H, 1);
    float *dh = gradient->work, *out = gradient->decoder;
    memset(dh, 0, (size_t)H * sizeof *dh);
    for (int t = block->L - 1; t >= 0; t--) {
        float *r = block->tape + (size_t)t * stride, *z = r + H, *s = z + H, *n = s + H, *h = n + H;
        const float *previous = t ? h - stride : gradient->h0;
        float x = block->x[t], current = block->current[t], dy = gradient->dy[t], dcurrent = 0;
        gradient->da[0] += dy * x;
        gradient->dc[0] += dy;
        for (int k = 0; k < H; k++) {
            float before = t || gradient->h0 ? previous[k] : 0.0f;
            out[at.v + (size_t)k] += dy * h[k];
            float total = dh[k] + dy * decoder[at.v + (size_t)k];
            float dn = total * (1 - z[k]) * (1 - n[k] * n[k]);
            float dz = total * (before - n[k]) * z[k] * (1 - z[k]);
            float dr = dn * s[k] * r[k] * (1 - r[k]);
            dh[k] = total * z[k];
            s[k] = dn * r[k]; /* from here on the slot holds the derivatives of r, z, n, s before their non-linearity */
            r[k] = dr;
            z[k] = dz;
            n[k] = dn;
        }
        for (int row = 0; row < 3 * H; row++) {
            float state = r[row], input = row < 2 * H ? r[row] : n[row - 2 * H]; /* r, z, s are adjacent */
            out[at.wx + (size_t)row] += input * x;
            out[at.wi + (size_t)row] += input * current;
            dcurrent += input * decoder[at.wi + (size_t)row];
            gradient->dbase[row] += input;
            for (int b = 0; gradient->drive && b < block->B; b++)
                gradient->drive[row * block->B + b] += input * block->u[t * block->B + b];
            for (int j = 0; j < H; j++) {
                out[at.wh + (size_t)(row * H + j)] += state * (previous ? previous[j] : 0.0f);
                dh[j] += decoder[at.wh + (size_t)(row * H + j)] * state;
            }
        }
        for (int k = 0; k < H; k++) out[at.bhn + (size_t)k] += s[k];
        gradient->dcurrent[t] = dcurrent;
    }
}

static double gaussian(const syn_block_loss *loss) {
    double sum = 0;
    for (int t = 0; t < loss->L; t++) {
        float error = loss->y[t] - loss->target[t];
        sum += 0.5 * (double)(loss->weight[t] * error * error);
        if (loss->dy) loss->dy[t] = loss->weight[t] * error;
    }
    return sum;
}

static double poisson(const syn_block_loss *loss) {
    const float shift = 0.541324854612918f; /* log(e - 1): y = 0 gives the mean rate */
    double sum = 0;
    for (int t = 0; t < loss->L; t++) {
        float drive = loss->y[t] + shift, counts = loss->target[t] * loss->scale[0] + loss->offset[0];
        float relative = fmaxf(softplus(drive), 1e-6f), rate = loss->mean[0] * relative;
        sum += (double)(loss->weight[t] * (rate - counts * logf(rate)));
        if (loss->rate) loss->rate[t] = rate;
        if (loss->dy) loss->dy[t] = loss->weight[t] * (loss->mean[0] - counts / relative) * sigmoid(drive);
    }
    return sum;
}

static void gemm_tile(int64_t K, const float *A, const float *B, float *C, int64_t ldc, bool accumulate) {
    (void)ldc;
    float sum = accumulate ? C[0] : 0.0f;
    for (int64_t k = 0; k < K; k++) sum += A[k] * B[k];
    C[0] = sum;
}

static void product(int M, int64_t K, syn_matrix A, const float *B, float *C, bool accumulate) {
    for (int64_t m = 0; m < M; m++) {
        float sum = accumulate ? C[m] : 0.0f;
        for (int64_t k = 0; k < K; k++) sum += A.data[m * A.row_stride + k * A.column_stride] * B[k];
        C[m] = sum;
    }
}

static void tanh_all(const float *in, float *out, int64_t n) {
    for (int64_t k = 0; k < n; k++) out[k] = tanhf(in[k]);
}

const syn_kernels syn_kernels_reference = {
    .name = "reference",
    .lanes = 1,
    .gemm_rows = 1,
    .gemm_columns = 1,
    .forward = forward,
    .backward = backward,
    .gaussian = gaussian,
    .poisson = poisson,
    .gemm_tile = gemm_tile,
    .product = product,
    .tanh = tanh_all,
};
