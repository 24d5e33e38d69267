/* Recordings named on the command line. */
#include <stdlib.h>

#include "command.h"

static void warn_about(const syn_recording *recording) {
    char *json;
    if (syn_recording_describe(recording, 1, &json) != SYN_OK) return;
    print_warnings(json);
    syn_free(json);
}

static syn_status open_like(syn_recording **recording, const char *path, const arguments *a, const syn_model *model) {
    syn_options *options = NULL;
    if (!model) return syn_recording_open(recording, path, a->options);
    syn_status status = syn_model_reading_options(model, path, &options);
    if (status == SYN_OK) status = syn_options_overlay(options, a->options);
    if (status == SYN_OK) status = syn_recording_open(recording, path, options);
    syn_options_free(options);
    return status;
}

syn_status open_recordings(const arguments *a, int first, const syn_model *model, syn_recording ***recordings,
                           size_t *n) {
    size_t wanted = (size_t)(a->n_operands - first);
    *n = 0;
    *recordings = calloc(wanted + 1, sizeof **recordings);
    if (!*recordings) return SYN_ERR_MEMORY;
    while (*n < wanted) {
        const char *path = a->operand[first + (int)*n];
        syn_status status = open_like(&(*recordings)[*n], path, a, model);
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
