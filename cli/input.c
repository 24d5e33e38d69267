/* Recordings named on the command line. */
#include <stdlib.h>

#include "command.h"

static void warn_about(const syn_recording *recording) {
    char *json;
    if (syn_recording_describe(recording, 1, &json) != SYN_OK) return;
    print_warnings(json);
    syn_free(json);
}

syn_status open_recordings(const arguments *a, int first, const syn_model *model, syn_recording ***recordings,
                           size_t *n) {
    size_t wanted = (size_t)(a->n_operands - first);
    *n = 0;
    *recordings = calloc(wanted + 1, sizeof **recordings);
    if (!*recordings) return SYN_ERR_MEMORY;
    while (*n < wanted) {
        const char *path = a->operand[first + (int)*n];
        syn_status status = model ? syn_recording_open_like(&(*recordings)[*n], model, path, a->options)
                                  : syn_recording_open(&(*recordings)[*n], path, a->options);
        if (status != SYN_OK) return status;
        if (!a->quiet) warn_about((*recordings)[*n]);
        ++*n;
    }
    return SYN_OK;
}

void close_recordings(syn_recording **recordings, size_t n) {
    for (size_t k = 0; k < n; k++) syn_recording_free(recordings[k]);
    free(recordings);
}
