/* 128-bit vectors: SSE2 on x86-64, NEON on arm64. */
#define W 4
#define TILE 6
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#define TABLE syn_kernels_simd128
#define TABLE_NAME "simd128"
#include "kernels/simd.h"
