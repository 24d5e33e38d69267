#if defined(__x86_64__)
#include <immintrin.h>

#define W 8
#define TILE 6
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define MIN _mm256_min_ps
#define MAX _mm256_max_ps
#define TABLE syn_kernels_avx2
#define TABLE_NAME "avx2"
#include "kernels/simd.h"
#endif
