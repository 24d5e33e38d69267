#if defined(__x86_64__)
#include <immintrin.h>

#define W 8
#define GEMM_ROWS 6
#define MIN _mm256_min_ps
#define MAX _mm256_max_ps
#define TABLE syn_kernels_avx2
#define TABLE_NAME "avx2"
#include "kernels/simd.h"
#endif
