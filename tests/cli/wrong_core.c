/* An OpenBLAS that takes the processor for a Prescott unless it is told otherwise: preloaded by cases/blas_core.sh. */
#include <dlfcn.h>
#include <stdlib.h>

char *openblas_get_corename(void);

char *openblas_get_corename(void) {
    static char wrong[] = "Prescott";
    char *(*right)(void);
    if (!getenv("OPENBLAS_CORETYPE")) return wrong;
    *(void **)&right = dlsym(RTLD_NEXT, "openblas_get_corename");
    return right ? right() : wrong;
}
