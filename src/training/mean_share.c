#include "training/mean_share.h"

#include <math.h>

#include "training/trainer.h"

static const float shares[] = {0, 0.01f, 0.02f, 0.05f, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1};

syn_status syn_choose_mean_share(syn_parameters *p, const syn_dataset *data, const syn_kernels *kernels, int threads) {
    syn_network *network;
    double least = INFINITY, loss;
    float best = 0;
    syn_status status;
    SYN_TRY(
        syn_network_create(&network, p, data, SYN_LOSS_POISSON, kernels, threads, 256 + data->window, data->window));
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
        p->mean_share = shares[k];
        SYN_CHECK(syn_split_loss(network, data, SYN_LOSS_POISSON, SYN_VALIDATION, NULL, &loss));
        if (!(loss < least)) break;
        least = loss, best = shares[k];
    }
done:
    p->mean_share = best;
    syn_network_free(network);
    return status;
}
