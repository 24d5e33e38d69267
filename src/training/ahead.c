#include "training/ahead.h"

#include <math.h>

#include "base/memory.h"
#include "training/trainer.h"

enum { STRETCHES = 16 };

/* Loss of every validation frame of all sessions into losses[frames]. */
static syn_status validate(const syn_parameters *p, const syn_dataset *data, syn_loss loss, const syn_kernels *kernels,
                           int threads, double *losses) {
    syn_network *network;
    double mean;
    SYN_TRY(syn_network_create(&network, p, data, loss, kernels, threads, 256 + data->window, data->window));
    const syn_status status = syn_split_loss(network, data, loss, SYN_VALIDATION, losses, &mean);
    syn_network_free(network);
    return status;
}

/* Mean and standard error of n differences. */
static void summarise(const double *difference, int64_t n, double *mean, double *error) {
    const int64_t stretches = n < STRETCHES ? n : STRETCHES;
    double of[STRETCHES] = {0}, square = 0;
    *mean = 0;
    for (int64_t k = 0; k < stretches; k++) {
        const int64_t from = k * n / stretches, to = (k + 1) * n / stretches;
        for (int64_t t = from; t < to; t++) of[k] += difference[t] / (double)(to - from);
        *mean += of[k] / (double)stretches;
    }
    for (int64_t k = 0; k < stretches; k++) square += (of[k] - *mean) * (of[k] - *mean);
    *error = stretches > 1 ? sqrt(square / (double)(stretches * (stretches - 1))) : INFINITY;
}

syn_status syn_ahead(const syn_parameters *a, const syn_parameters *b, double standard_errors, const syn_dataset *data,
                     syn_loss loss, const syn_kernels *kernels, int threads, bool *ahead) {
    double *of_a = NULL, *of_b = NULL, mean, error;
    int64_t frames = 0;
    syn_status status;
    for (size_t s = 0; s < data->n; s++) frames += syn_session_targets(&data->session[s], SYN_VALIDATION);
    SYN_CHECK(syn_alloc(&of_a, (size_t)frames, sizeof *of_a, "validation losses"));
    SYN_CHECK(syn_alloc(&of_b, (size_t)frames, sizeof *of_b, "validation losses"));
    SYN_CHECK(validate(a, data, loss, kernels, threads, of_a));
    SYN_CHECK(validate(b, data, loss, kernels, threads, of_b));
    for (int64_t t = 0; t < frames; t++) of_b[t] -= of_a[t];
    summarise(of_b, frames, &mean, &error);
    *ahead = mean > standard_errors * error;
done:
    free(of_a), free(of_b);
    return status;
}
