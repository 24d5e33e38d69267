/* OpenBLAS picks its kernels ("core type") by the model number of the processor. Version 0.3.21 takes processors that
 * it does not know, some recent Xeons among them, for a Prescott of 2004 and runs several times slower than it could.
 */
#ifndef SYN_BLAS_CORE_H
#define SYN_BLAS_CORE_H

#include <stdbool.h>

/* What a processor runs. avx512: the foundation and BW, CD, DQ, VL. */
typedef struct syn_processor {
    bool avx2, avx512;
} syn_processor;

syn_processor syn_processor_here(void);
/* A core type for OPENBLAS_CORETYPE where `chosen`, the name that OpenBLAS gives its choice, is too old for the
 * processor; NULL where it is not, or is not known. */
const char *syn_blas_better_core(const char *chosen, syn_processor processor);

#endif
