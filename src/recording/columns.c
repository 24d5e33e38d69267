/* Columns of an array that are not what a neuron did in every frame: clocks and counters, which never fall, and spike
 * times, a neuron a column, each as long as the neuron has spikes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/reader.h"

/* Neurons whose values never fall from one frame to the next, and rise more often than not; *n: how many. */
static syn_status find_rising(const syn_recording *r, int64_t **neuron, int64_t *n) {
    int64_t *rises, kept = 0;
    SYN_TRY(syn_alloc(neuron, (size_t)r->N, sizeof **neuron, "neurons"));
    SYN_TRY(syn_alloc(&rises, (size_t)r->N, sizeof *rises, "neurons"));
    for (*n = 0; *n < r->N; ++*n) (*neuron)[*n] = *n;
    for (int64_t t = 1; t < r->T && (*n) > 0; t++) {
        kept = 0;
        for (int64_t k = 0; k < *n; k++) {
            const int64_t j = (*neuron)[k];
            const float before = r->x[(t - 1) * r->N + j], now = r->x[t * r->N + j];
            rises[j] += now > before;
            if (!(now < before)) (*neuron)[kept++] = j;
        }
        *n = kept;
    }
    kept = 0;
    for (int64_t k = 0; k < *n; k++)
        if (2 * rises[(*neuron)[k]] > r->T - 1) (*neuron)[kept++] = (*neuron)[k];
    *n = kept;
    free(rises);
    return SYN_OK;
}

syn_status syn_remark_clocks(syn_recording *r, const char *advice) {
    enum { LEAST_FRAMES = 20, SHOWN = 6 };
    char text[512] = "";
    size_t length = 0;
    int64_t *neuron = NULL, n = 0;
    if (r->T < LEAST_FRAMES) return SYN_OK;
    syn_status status = find_rising(r, &neuron, &n);
    for (int64_t k = 0; status == SYN_OK && k < n && k < SHOWN; k++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", k ? ", " : "",
                                   syn_cut(r->neuron_id[neuron[k]], 60), r->neuron_id[neuron[k]]);
    if (status == SYN_OK && n > 0 && n < r->N)
        status = syn_recording_warn(r, "taken as %s, but never %s, like times and counters: %s%s; if so, %s",
                                    n == 1 ? "a neuron" : "neurons", n == 1 ? "falls" : "fall", text,
                                    n > SHOWN ? ", ..." : "", advice);
    free(neuron);
    return status;
}

bool syn_are_spike_times(const syn_recording *r) {
    enum { LEAST_SPIKES = 10 };
    int64_t spikes = 0, rises = 0, longest = 0, shortest = r->T;
    for (int64_t j = 0; j < r->N; j++) {
        int64_t n = 0;
        while (n < r->T && isfinite(r->x[n * r->N + j])) {
            if (n > 0 && r->x[n * r->N + j] < r->x[(n - 1) * r->N + j]) return false;
            rises += n > 0 && r->x[n * r->N + j] > r->x[(n - 1) * r->N + j];
            n++;
        }
        for (int64_t t = n; t < r->T; t++)
            if (isfinite(r->x[t * r->N + j])) return false;
        spikes += n;
        if (n > longest) longest = n;
        if (n < shortest) shortest = n;
    }
    return r->N >= 2 && spikes >= LEAST_SPIKES && 2 * rises > spikes && longest == r->T && shortest < longest;
}

syn_status syn_spike_columns_open(syn_recording **recording, syn_array *a, const syn_options *options) {
    double *time_s;
    int32_t *neuron;
    int64_t n = 0;
    SYN_TRY(syn_array_values(a, &time_s));
    syn_status status = syn_alloc(&neuron, (size_t)(a->rows * a->cols), sizeof *neuron, "spike neurons");
    for (int64_t k = 0; status == SYN_OK && k < a->rows * a->cols; k++) {
        if (!isfinite(time_s[k])) continue;
        time_s[n] = time_s[k];
        neuron[n++] = (int32_t)(k % a->cols);
    }
    if (status != SYN_OK) {
        free(time_s);
        return status;
    }
    SYN_TRY(
        syn_bin_spikes(recording, a->label, time_s, neuron, n, a->cols, NAN, syn_option_real(options, SYN_OPT_BIN)));
    return syn_recording_warn(
        *recording, "its columns rise and end one before another: taken as spike times in seconds, a neuron a "
                    "column");
}
