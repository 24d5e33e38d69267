#if defined(__x86_64__)
#define W 16
#define GEMM_ROWS 12
#define TABLE syn_kernels_avx512
#define TABLE_NAME "avx512"
#include "kernels/simd.h"
#endif
