#if defined(__x86_64__)
#include <immintrin.h>

#define W 16
#define TILE 12
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define MIN _mm512_min_ps
#define MAX _mm512_max_ps
#define TABLE syn_kernels_avx512
#define TABLE_NAME "avx512"
#include "kernels/simd.h"
#endif
