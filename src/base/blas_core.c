#include "base/blas_core.h"

#include <cblas.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include "synapsnet/synapsnet.h"

/* The names in OpenBLAS of x86 processors without AVX2. */
static const char *const before_avx2[] = {
    "Katmai",       "Coppermine", "Northwood", "Banias",      "Prescott", "Core2",      "Atom",
    "Penryn",       "Dunnington", "Nehalem",   "Sandybridge", "Athlon",   "Nano",       "Opteron",
    "Opteron_SSE3", "Barcelona",  "Bobcat",    "Bulldozer",   "Generic",  "Piledriver", "Steamroller"};

syn_processor syn_processor_here(void) {
    syn_processor p = {0};
#if defined(__x86_64__)
    __builtin_cpu_init();
    p.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    p.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return p;
}

const char *syn_blas_better_core(const char *chosen, syn_processor processor) {
    if (!chosen || !processor.avx2) return NULL;
    for (size_t k = 0; k < sizeof before_avx2 / sizeof *before_avx2; k++)
        if (!strcasecmp(chosen, before_avx2[k])) return processor.avx512 ? "SkylakeX" : "Haswell";
    return NULL;
}

const char *syn_blas_core_type(void) {
    if (getenv("OPENBLAS_CORETYPE")) return NULL; /* who set it knows better */
    return syn_blas_better_core(openblas_get_corename(), syn_processor_here());
}
