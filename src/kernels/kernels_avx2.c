#if defined(__x86_64__)
#define W 8
#define GEMM_ROWS 6
#define TABLE syn_kernels_avx2
#define TABLE_NAME "avx2"
#include "kernels/simd.h"
#endif
