/* 128-bit vectors: SSE2 on x86-64, NEON on arm64. */
#define W 4
#define GEMM_ROWS 4
#define TABLE syn_kernels_simd128
#define TABLE_NAME "simd128"
#include "kernels/simd.h"
