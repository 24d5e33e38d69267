/* What this build is, and what of it will run on this machine. */
#include <cblas.h>
#include <hdf5.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "kernels/kernels.h"

const char *syn_version(void) { return SYN_VERSION; }

const char *syn_build_info(void) {
    static _Thread_local char text[512];
    const syn_kernels *kernels;
    const char *name = syn_kernels_select(&kernels, "auto") == SYN_OK ? kernels->name : "none";
    snprintf(text, sizeof text,
             "kernels: %s (%d neurons side by side)\nprocessors: %d\nBLAS: %s, core type %s\nHDF5: %s\ncompiler: %s",
             name, kernels->lanes, omp_get_num_procs(), openblas_get_config(), openblas_get_corename(), H5_VERS_INFO,
             __VERSION__);
    return text;
}
