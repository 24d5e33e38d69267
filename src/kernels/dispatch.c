/* Which kernels run: the best of this processor, or the level the user forces. */
#include <string.h>

#include "kernels/kernels.h"

syn_decoder_layout syn_decoder_layout_of(int H) {
    size_t h = (size_t)H;
    syn_decoder_layout at = {.H = H, .wx = 0};
    at.wi = at.wx + 3 * h;
    at.wh = at.wi + 3 * h;
    at.bhn = at.wh + 3 * h * h;
    at.v = at.bhn + h;
    at.count = at.v + h;
    return at;
}

#if defined(__x86_64__)
static bool runs_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static bool runs_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif
static bool runs_always(void) { return true; }

static const struct {
    const syn_kernels *kernels;
    bool (*runs)(void);
} levels[] = {
/* fastest first; the reference is a specification and never chosen by itself */
#if defined(__x86_64__)
    {&syn_kernels_avx512, runs_avx512},
    {&syn_kernels_avx2, runs_avx2},
#endif
    {&syn_kernels_simd128, runs_always},
    {&syn_kernels_reference, runs_always},
};

syn_status syn_kernels_select(const syn_kernels **kernels, const char *isa) {
    for (size_t k = 0; k < sizeof levels / sizeof *levels; k++) {
        bool any = !strcmp(isa, "auto"), runs = levels[k].runs();
        if (any ? !runs : strcmp(isa, levels[k].kernels->name) != 0) continue;
        if (!runs)
            return syn_fail(SYN_ERR_OPTION, "isa: this processor does not run %s; use auto", levels[k].kernels->name);
        *kernels = levels[k].kernels;
        return SYN_OK;
    }
    return syn_fail(SYN_ERR_OPTION, "isa: '%s' is not built for this kind of processor; use auto", isa);
}
