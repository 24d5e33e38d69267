#include "training/ahead.h"

#include "base/memory.h"
#include "base/standard_error.h"
#include "training/trainer.h"

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

syn_status syn_ahead(const syn_parameters *a, const syn_parameters *b, double standard_errors, const syn_dataset *data,
                     syn_loss loss, const syn_kernels *kernels, int threads, bool *ahead) {
    double *of_a = NULL, *of_b = NULL;
    int64_t frames = 0;
    syn_status status;
    for (size_t s = 0; s < data->n; s++) frames += syn_session_targets(&data->session[s], SYN_VALIDATION);
    SYN_CHECK(syn_alloc(&of_a, (size_t)frames, sizeof *of_a, "validation losses"));
    SYN_CHECK(syn_alloc(&of_b, (size_t)frames, sizeof *of_b, "validation losses"));
    SYN_CHECK(validate(a, data, loss, kernels, threads, of_a));
    SYN_CHECK(validate(b, data, loss, kernels, threads, of_b));
    for (int64_t t = 0; t < frames; t++) of_b[t] -= of_a[t];
    *ahead = syn_above_error(of_b, frames, standard_errors);
done:
    free(of_a), free(of_b);
    return status;
}
