/* Kernels: the inner loops of the shared decoder, and matrix products.
 *
 * A table of function pointers per instruction set. The portable C in reference.c is the specification; the SIMD
 * variants (simd.h, compiled once per instruction set) only override the table. tests/kernels compares each with the
 * reference.
 *
 * One block is R neurons side by side, one per SIMD lane, over L consecutive frames. Letters:
 *   R  lanes (table->lanes)      H  hidden units      L  frames of the block      B  behaviour variables
 *
 * The decoder is the GRU of Cho et al. (2014) in PyTorch's form (gates r, z, n in this order):
 *   r = sigmoid(base_r + wx_r x + wi_r I + drive_r + Wh_r h)
 *   z = sigmoid(base_z + wx_z x + wi_z I + drive_z + Wh_z h)
 *   s = Wh_n h + bhn
 *   n = tanh(base_n + wx_n x + wi_n I + drive_n + r s)
 *   h <- n + z (h - n)
 *   y = a x + v . h + c
 * base holds what is constant over time (bias and embedding), drive what is common to all neurons (behaviour).
 */
#ifndef SYN_KERNELS_H
#define SYN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Where each part of the shared decoder, or of its gradient, starts in one float array. */
typedef struct syn_decoder_layout {
    int H;
    size_t wx;    /* [3H] own activity -> gates */
    size_t wi;    /* [3H] input current -> gates */
    size_t wh;    /* [3H][H] state -> gates */
    size_t bhn;   /* [H] */
    size_t v;     /* [H] readout */
    size_t count; /* floats in all */
} syn_decoder_layout;

syn_decoder_layout syn_decoder_layout_of(int H);

enum { SYN_MAX_HIDDEN = 256 };

/* Floats of one frame on the tape: 5 H R and a cache line. Without that line, frames lie a power of two apart for some
 * H, and what the backward pass reads of several frames falls on the same few sets of the first-level cache. */
static inline size_t syn_tape_stride(int H, int lanes) { return 5 * (size_t)H * (size_t)lanes + 16; }
/* The state [H][R] after frame t. */
static inline const float *syn_tape_state(const float *tape, int64_t t, int H, int lanes) {
    return tape + (size_t)t * syn_tape_stride(H, lanes) + 4 * (size_t)H * (size_t)lanes;
}

/* Frames whose derivatives backward keeps before it sums them into the gradient of the weights. */
enum { SYN_CHUNK = 4 };

/* Floats of work space of backward; simd.h says what lies there. */
static inline size_t syn_work_size(int H, int B, int lanes) {
    size_t h = (size_t)H, r = (size_t)lanes, padded = h + r;
    return h * r + (4 * h + padded) * SYN_CHUNK * r + 3 * h * padded + 8 * padded * r + 4 * padded * (size_t)B;
}

typedef struct syn_block {
    int L, B;
    const float *x;       /* [L][R] own activity, z-scored */
    const float *current; /* [L][R] input current */
    const float *base;    /* [3H][R] */
    const float *drive;   /* [L][3H], or NULL: no behaviour */
    const float *u;       /* [L][B] behaviour behind drive; backward only */
    const float *a, *c;   /* [R] */
    float *h;             /* [H][R] state before the first frame; forward replaces it by the state after the last */
    float *tape;          /* [L][syn_tape_stride]: r, z, s, n, h [5H][R] of every frame; forward fills it, backward
                             consumes it. Inference without a tape passes two frames of it and keep_tape = false. */
    bool keep_tape;
    float *y; /* [L][R] out: prediction before the link function */
} syn_block;

typedef struct syn_block_gradient {
    const float *h0; /* [H][R] state before the first frame, or NULL: zeros */
    const float *dy; /* [L][R] */
    float *dcurrent; /* [L][R] written */
    float *dbase;    /* [3H][R] added to */
    float *da, *dc;  /* [R] added to */
    float *decoder;  /* [layout.count] added to */
    float *drive;    /* [3H][B] added to: gradient of the drive weights; NULL without behaviour */
    float *work;     /* [syn_work_size] */
} syn_block_gradient;

/* Loss of one block and its derivative. All [L][R] unless said. */
typedef struct syn_block_loss {
    int L;
    const float *y;      /* prediction */
    const float *target; /* z-scored x of the next frame */
    const float *weight; /* 0 where the target is not observed */
    const float *scale;  /* [R] counts = target * scale + offset (poisson only) */
    const float *offset; /* [R] */
    const float *mean;   /* [R] mean count of the train split (poisson only) */
    float *dy;           /* out, or NULL */
    float *rate;         /* out or NULL: predicted counts (poisson only) */
} syn_block_loss;

/* A matrix as a product sees it: element (i, j) at data[i * row_stride + j * column_stride]. */
typedef struct syn_matrix {
    const float *data;
    int64_t row_stride, column_stride;
} syn_matrix;

typedef struct syn_kernels {
    const char *name;
    int lanes;
    int gemm_rows, gemm_columns; /* tile of the matrix product */
    /* transposed: [H][3H] transpose of wh */
    void (*forward)(const syn_block *block, const float *decoder, const float *transposed, int H);
    void (*backward)(const syn_block *block, const syn_block_gradient *gradient, const float *decoder, int H);
    /* Sum over entries of weight * (y - target)^2 / 2. */
    double (*gaussian)(const syn_block_loss *loss);
    /* Sum over entries of weight * (rate - counts log rate), rate = mean softplus(y + log(e - 1)). */
    double (*poisson)(const syn_block_loss *loss);
    /* C[rows][columns] (row stride ldc) = (or +=) sum over k of A[k][rows] B[k][columns], packed; rows, columns as
     * above */
    void (*gemm_tile)(int64_t K, const float *A, const float *B, float *C, int64_t ldc, bool accumulate);
    /* C[M][R] = (or +=) sum over k of A(m, k) B[k][R]; one of the strides of A is 1 */
    void (*product)(int M, int64_t K, syn_matrix A, const float *B, float *C, bool accumulate);
    /* tanh of n numbers; the decoder's own, exposed for tests */
    void (*tanh)(const float *in, float *out, int64_t n);
} syn_kernels;

extern const syn_kernels syn_kernels_reference;
extern const syn_kernels syn_kernels_simd128;
#if defined(__x86_64__)
extern const syn_kernels syn_kernels_avx2;
extern const syn_kernels syn_kernels_avx512;
#endif

/* The table named isa ("auto": the fastest this processor runs). Error: unknown here, or not run by this processor. */
syn_status syn_kernels_select(const syn_kernels **kernels, const char *isa);

/* C[M][N] (row stride ldc) = A[M][K] B[K][N], or += if accumulate. Threads over fixed tiles: the same bits for any
 * number of threads. */
syn_status syn_gemm(const syn_kernels *kernels, int threads, int64_t M, int64_t N, int64_t K, syn_matrix A,
                    syn_matrix B, float *C, int64_t ldc, bool accumulate);

#endif
