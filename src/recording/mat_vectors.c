/* Vectors in cells and structs of MATLAB files, each a neuron: spike trains, or traces of one length. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/read_mat.h"

static syn_status add_vector(syn_mat_vectors *list, const matvar_t *node, double seconds, const char *id) {
    if ((list->n & (list->n - 1)) == 0) {
        syn_mat_vector *grown = realloc(list->item, (size_t)(list->n ? 2 * list->n : 1) * sizeof *grown);
        if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate spike trains");
        list->item = grown;
    }
    list->item[list->n].node = node;
    list->item[list->n].seconds = seconds;
    snprintf(list->item[list->n++].id, sizeof list->item->id, "%s", id);
    return SYN_OK;
}

/* All vectors below a node; false if it holds anything else. Elements are numbered from 1, as in MATLAB. seconds: of
 * the unit of times, where no field of them names its own. */
static bool gather_vectors(const matvar_t *node, double seconds, const char *id, int depth, syn_mat_vectors *list) {
    enum { MOST_DEPTH = 8 };
    char inner[64];
    if (!node || syn_mat_count(node) == 0) return list->empty++, true;
    if (syn_mat_is_numeric(node))
        return syn_mat_is_vector(node) && depth > 0 && add_vector(list, node, seconds, *id ? id : "1") == SYN_OK;
    const bool cell = syn_mat_is_cell(node);
    const char *field = syn_mat_is_struct(node) ? syn_mat_time_field(node) : NULL;
    if (depth >= MOST_DEPTH || (!cell && !field)) return false;
    size_t stem;
    if (field && syn_unit_of_name(field, &stem) != 1) seconds = syn_unit_of_name(field, &stem);
    const int64_t n = syn_mat_count(node);
    for (int64_t k = 0; k < n; k++) {
        /* One element in its own cell or struct adds nothing to the name. */
        if (n == 1)
            snprintf(inner, sizeof inner, "%s", id);
        else
            snprintf(inner, sizeof inner, "%.*s%s%lld", syn_cut(id, 40), id, *id ? "/" : "", (long long)k + 1);
        const matvar_t *item = cell ? syn_mat_cell(node, k) : syn_mat_field(node, k, field);
        if (!gather_vectors(item, seconds, inner, depth + 1, list)) return false;
    }
    return true;
}

static bool rises(const matvar_t *node) {
    const int64_t n = syn_mat_count(node);
    double *v;
    if (syn_alloc(&v, (size_t)n, sizeof *v, "spike times") != SYN_OK) return false;
    bool rising = syn_mat_numbers(node, "spike times", 0, n, v) == SYN_OK;
    for (int64_t k = 0; k < n && rising; k++) rising = isfinite(v[k]) && (k == 0 || v[k] >= v[k - 1]);
    free(v);
    return rising;
}

bool syn_mat_find_vectors(const matvar_t *node, const char *path, syn_mat_vectors *list) {
    size_t stem;
    *list = (syn_mat_vectors){.alike = true, .rising = true};
    if (!gather_vectors(node, syn_unit_of_name(path, &stem), "", 0, list) || list->n < 2) return false;
    for (int64_t k = 0; k < list->n; k++) {
        list->alike = list->alike && syn_mat_count(list->item[k].node) == syn_mat_count(list->item[0].node);
        list->rising = list->rising && rises(list->item[k].node);
    }
    return list->rising || (list->alike && list->empty == 0 && syn_mat_count(list->item[0].node) >= 2);
}

syn_status syn_mat_take_neurons(syn_recording *r, const syn_input *input, const char *path) {
    char group[SYN_MAT_PATH_SIZE];
    snprintf(group, sizeof group, "%.*s", (int)(syn_last_part(SYN_CONTENT_MATLAB, path) - path), path);
    return syn_take_neurons_beside(r, input, group);
}

static syn_status name_vectors(syn_recording *r, const syn_mat_vectors *list) {
    for (int64_t j = 0; j < list->n; j++) SYN_TRY(syn_recording_name_neuron(r, j, list->item[j].id));
    return SYN_OK;
}

/* Whether "1/1" to "12/10" are all there: 12 groups of 10 trains each, of which one may be trials. */
static bool are_even_groups(const syn_mat_vectors *list, int *groups, int *each) {
    *groups = *each = 0;
    for (int64_t k = 0; k < list->n; k++) {
        int i, j, length = 0;
        if (sscanf(list->item[k].id, "%d/%d%n", &i, &j, &length) != 2 || list->item[k].id[length]) return false;
        if (i > *groups) *groups = i;
        if (j > *each) *each = j;
    }
    return *groups > 1 && *each > 1 && (int64_t)*groups * *each == list->n + list->empty;
}

static syn_status remark_groups(syn_recording *r, const syn_mat_vectors *list, const char *path) {
    int groups, each;
    if (!are_even_groups(list, &groups, &each)) return SYN_OK;
    return syn_recording_warn(r,
                              "%s: its %d groups of %d spike trains each are taken as %lld neurons; if neurons or "
                              "groups are trials, make it a cell (neurons, trials), as vertcat(C{:}) of cells does",
                              path, groups, each, (long long)list->n);
}

syn_status syn_mat_open_spike_trains(syn_recording **recording, const syn_input *input, const char *path,
                                     const syn_mat_vectors *list) {
    double *time;
    int32_t *neuron;
    int64_t n = 0, at = 0;
    const char *label = input->address.given;
    for (int64_t k = 0; k < list->n; k++) n += syn_mat_count(list->item[k].node);
    SYN_TRY(syn_alloc(&time, (size_t)n, sizeof *time, "spike times"));
    syn_status status = syn_alloc(&neuron, (size_t)n, sizeof *neuron, "spike neurons");
    for (int64_t k = 0; k < list->n && status == SYN_OK; k++) {
        const int64_t count = syn_mat_count(list->item[k].node);
        status = syn_mat_numbers(list->item[k].node, label, 0, count, time + at);
        for (int64_t i = 0; i < count && neuron; i++, at++) {
            neuron[at] = (int32_t)k;
            if (list->item[k].seconds != 1) time[at] *= list->item[k].seconds;
        }
    }
    if (status != SYN_OK) {
        free(time);
        free(neuron);
        return status;
    }
    SYN_TRY(
        syn_bin_spikes(recording, label, time, neuron, n, list->n, NAN, syn_option_real(input->options, SYN_OPT_BIN)));
    if (list->empty)
        SYN_TRY(syn_recording_warn(*recording, "%lld empty spike trains are left out", (long long)list->empty));
    SYN_TRY(name_vectors(*recording, list));
    SYN_TRY(remark_groups(*recording, list, path));
    return syn_mat_take_neurons(*recording, input, path);
}

syn_status syn_mat_open_traces(syn_recording **recording, const syn_input *input, const char *path,
                               const syn_mat_vectors *list) {
    const int64_t T = syn_mat_count(list->item[0].node);
    SYN_TRY(syn_recording_alloc(recording, T, list->n));
    for (int64_t j = 0; j < list->n; j++)
        SYN_TRY(
            syn_mat_put_element(list->item[j].node, input->address.given, true, false, (*recording)->x + j, list->n));
    SYN_TRY(name_vectors(*recording, list));
    SYN_TRY(syn_mat_take_neurons(*recording, input, path));
    SYN_TRY(syn_take_rate(*recording, input, path));
    if ((*recording)->rate_hz == 0) SYN_TRY(syn_mat_rate_from_times(*recording, input));
    SYN_TRY(syn_recording_warn(*recording, "%s: its %lld vectors of one length are taken for neurons", path,
                               (long long)list->n));
    return syn_option_auto(input->options, SYN_OPT_SIGNAL) ? syn_guess_signal(*recording, input->address.given)
                                                           : SYN_OK;
}
