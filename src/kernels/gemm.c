/* Matrix product over fixed tiles (the layers of Goto and van de Geijn, ACM TOMS 2008, with one cache block a tile). */
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/kernels.h"

/* A tile of C is TILE_M x TILE_N, summed over TILE_K at a time: 96 KB of A and 128 KB of B, which a second-level cache
 * holds. TILE_M is a multiple of every kernel's rows, TILE_N of its columns. */
enum { TILE_M = 96, TILE_N = 128, TILE_K = 256, MAX_EDGE = 12 * 32 };

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static inline __attribute__((always_inline)) void pack_panel(float *restrict out, const float *restrict p,
                                                             int64_t k_stride, int64_t i_stride, int64_t K, int width) {
    if (i_stride == 1)
        for (int64_t k = 0; k < K; k++)
            for (int i = 0; i < width; i++) out[k * width + i] = p[k * k_stride + i];
    else
        for (int64_t k = 0; k < K; k++)
            for (int i = 0; i < width; i++) out[k * width + i] = p[k * k_stride + i * i_stride];
}

/* out[panel][K][width] <- element (k, i) at data[k * k_stride + i * i_stride], zero beyond n */
static void pack(float *out, const float *data, int64_t k_stride, int64_t i_stride, int64_t K, int64_t n, int width) {
    for (int64_t first = 0; first < n; first += width, out += K * width) {
        int64_t valid = smaller(width, n - first);
        const float *p = data + first * i_stride;
        /* a width that the compiler knows is copied several times faster */
        switch (valid == width ? width : 0) {
        case 6:
            pack_panel(out, p, k_stride, i_stride, K, 6);
            break;
        case 12:
            pack_panel(out, p, k_stride, i_stride, K, 12);
            break;
        case 16:
            pack_panel(out, p, k_stride, i_stride, K, 16);
            break;
        case 32:
            pack_panel(out, p, k_stride, i_stride, K, 32);
            break;
        default:
            for (int64_t k = 0; k < K; k++)
                for (int64_t i = 0; i < width; i++)
                    out[k * width + i] = i < valid ? p[k * k_stride + i * i_stride] : 0.0f;
        }
    }
}

/* One tile of C at (i0, j0); a, b: packing space. */
static void tile(const syn_kernels *kernels, int64_t M, int64_t N, int64_t K, syn_matrix A, syn_matrix B, float *C,
                 int64_t ldc, bool accumulate, int64_t i0, int64_t j0, float *a, float *b) {
    const int rows = kernels->gemm_rows, columns = kernels->gemm_columns;
    int64_t m = smaller(TILE_M, M - i0), n = smaller(TILE_N, N - j0);
    float edge[MAX_EDGE];
    for (int64_t k0 = 0; k0 < K; k0 += TILE_K) {
        int64_t depth = smaller(TILE_K, K - k0);
        bool add = accumulate || k0 > 0;
        pack(a, A.data + i0 * A.row_stride + k0 * A.column_stride, A.column_stride, A.row_stride, depth, m, rows);
        pack(b, B.data + k0 * B.row_stride + j0 * B.column_stride, B.row_stride, B.column_stride, depth, n, columns);
        for (int64_t j = 0; j < n; j += columns) {
            for (int64_t i = 0; i < m; i += rows) {
                float *c = C + (i0 + i) * ldc + j0 + j;
                const float *pa = a + i * depth, *pb = b + j * depth;
                if (i + rows <= m && j + columns <= n) {
                    kernels->gemm_tile(depth, pa, pb, c, ldc, add);
                    continue;
                }
                kernels->gemm_tile(depth, pa, pb, edge, columns, false);
                for (int64_t ii = 0; ii < smaller(rows, m - i); ii++)
                    for (int64_t jj = 0; jj < smaller(columns, n - j); jj++)
                        c[ii * ldc + jj] = edge[ii * columns + jj] + (add ? c[ii * ldc + jj] : 0.0f);
            }
        }
    }
}

syn_status syn_gemm(const syn_kernels *kernels, int threads, int64_t M, int64_t N, int64_t K, syn_matrix A,
                    syn_matrix B, float *C, int64_t ldc, bool accumulate) {
    int64_t across = (N + TILE_N - 1) / TILE_N, tiles = (M + TILE_M - 1) / TILE_M * across;
    if (K == 0 && !accumulate)
        for (int64_t i = 0; i < M; i++) memset(C + i * ldc, 0, (size_t)N * sizeof *C);
    if (tiles < threads) threads = (int)tiles;
    if (threads < 1) threads = 1;
    float *space;
    const size_t each = (size_t)TILE_K * (TILE_M + TILE_N);
    SYN_TRY(syn_alloc(&space, (size_t)threads * each, sizeof *space, "matrix product"));
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t t = 0; t < tiles; t++) {
        float *a = space + (size_t)omp_get_thread_num() * each;
        tile(kernels, M, N, K, A, B, C, ldc, accumulate, t / across * TILE_M, t % across * TILE_N, a,
             a + (size_t)TILE_K * TILE_M);
    }
    free(space);
    return SYN_OK;
}
