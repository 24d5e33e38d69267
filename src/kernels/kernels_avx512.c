#if defined(__x86_64__)
#include <immintrin.h>

#define W 16
#define GEMM_ROWS 12
#define MIN _mm512_min_ps
#define MAX _mm512_max_ps
#define TABLE syn_kernels_avx512
#define TABLE_NAME "avx512"
#include "kernels/simd.h"
#endif
