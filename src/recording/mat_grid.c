/* A MATLAB cell of spike trains with an axis of neurons and one of trials. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "recording/read_mat.h"

bool syn_mat_is_grid(const matvar_t *node) {
    if (!syn_mat_is_cell(node) || node->rank != 2 || syn_mat_axis(node, 0) < 2 || syn_mat_axis(node, 1) < 2)
        return false;
    for (int64_t k = 0; k < syn_mat_count(node); k++) {
        const matvar_t *item = syn_mat_cell(node, k);
        if (item && syn_mat_count(item) > 0 && !syn_mat_is_numeric(item)) return false;
    }
    return true;
}

/* The spikes of a grid [n], trial by trial, with the times in each. */
typedef struct grid {
    int64_t neurons, trials, n;
    double *time_s;
    int32_t *neuron, *trial;
} grid;

static syn_status read_grid(grid *g, const matvar_t *node, bool rows_are_neurons, double seconds, const char *label) {
    const int64_t rows = syn_mat_axis(node, 0), cols = syn_mat_axis(node, 1);
    int64_t n = 0;
    g->neurons = rows_are_neurons ? rows : cols;
    g->trials = rows_are_neurons ? cols : rows;
    for (int64_t k = 0; k < rows * cols; k++) g->n += syn_mat_count(syn_mat_cell(node, k));
    SYN_TRY(syn_alloc(&g->time_s, (size_t)g->n, sizeof *g->time_s, "spike times"));
    SYN_TRY(syn_alloc(&g->neuron, (size_t)g->n, sizeof *g->neuron, "spike neurons"));
    SYN_TRY(syn_alloc(&g->trial, (size_t)g->n, sizeof *g->trial, "spike trials"));
    for (int64_t k = 0; k < rows * cols; k++) {
        const matvar_t *item = syn_mat_cell(node, k);
        const int64_t count = syn_mat_count(item);
        if (count == 0) continue;
        SYN_TRY(syn_mat_numbers(item, label, 0, count, g->time_s + n));
        for (int64_t i = 0; i < count; i++, n++) {
            g->time_s[n] *= seconds;
            g->neuron[n] = (int32_t)(rows_are_neurons ? k % rows : k / rows);
            g->trial[n] = (int32_t)(rows_are_neurons ? k / rows : k % rows);
        }
    }
    return SYN_OK;
}

syn_status syn_mat_open_grid(syn_recording **recording, const syn_input *input, const char *path,
                             const matvar_t *node) {
    const char *option = syn_option_text(input->options, SYN_OPT_ORIENTATION), *label = input->address.given;
    const double bin_s = syn_option_real(input->options, SYN_OPT_BIN);
    syn_status status;
    grid g = {0};
    size_t stem;
    double first = INFINITY, last = -INFINITY;
    if (!strcmp(option, "auto"))
        return syn_fail(SYN_ERR_INPUT,
                        "%s:%s: is a cell (%lld, %lld) of spike trains, of neurons and trials; give --orientation "
                        "neurons-first where its rows are neurons, time-first where they are trials",
                        input->address.file, path, (long long)syn_mat_axis(node, 0), (long long)syn_mat_axis(node, 1));
    SYN_CHECK(read_grid(&g, node, !strcmp(option, "neurons-first"), syn_unit_of_name(path, &stem), label));
    for (int64_t k = 0; k < g.n; k++) {
        first = fmin(first, g.time_s[k]);
        last = fmax(last, g.time_s[k]);
    }
    const double start = floor(first / bin_s + 1e-9), frames = floor(last / bin_s + 1e-9) - start + 1;
    for (int64_t k = 0; k < g.n; k++) g.time_s[k] += (frames * g.trial[k] - start) * bin_s;
    status = syn_bin_spikes(recording, label, g.time_s, g.neuron, g.n, g.neurons, 0, bin_s);
    g.time_s = NULL, g.neuron = NULL; /* taken over */
    if (status != SYN_OK) goto done;
    SYN_CHECK(syn_cut_trials(*recording, g.trials, (int64_t)frames));
    SYN_CHECK(syn_mat_take_neurons(*recording, input, path));
    SYN_CHECK(syn_recording_warn(*recording, "%s: %lld trials, each its own segment, from %g to %g s%s", path,
                                 (long long)(*recording)->S, start * bin_s, (start + frames) * bin_s,
                                 (*recording)->S < g.trials ? "; those after the last spike are left out" : ""));
done:
    free(g.time_s);
    free(g.neuron);
    free(g.trial);
    return status;
}
