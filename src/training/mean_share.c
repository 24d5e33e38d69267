#include "training/mean_share.h"

#include <math.h>

#include "training/ahead.h"
#include "training/trainer.h"

/* By how many standard errors of the difference a moving mean has to be ahead. */
static const double alpha_errors = 1;

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const float alphas[] = {0, 0.1f, 0.03f, 0.01f, 0.003f, 0.001f};
static const float shares[] = {0, 0.01f, 0.02f, 0.05f, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1};

/* The share with the least loss at p->mean_alpha, from 0 up for as long as it falls. */
static syn_status choose_share(syn_parameters *p, syn_network *network, const syn_dataset *data, double *least,
                               float *best) {
    *least = INFINITY, *best = 0;
    for (size_t k = 0; k < COUNT(shares); k++) {
        double loss;
        p->mean_share = shares[k];
        SYN_TRY(syn_split_loss(network, data, SYN_LOSS_POISSON, SYN_VALIDATION, NULL, &loss));
        if (!(loss < *least)) break;
        *least = loss, *best = shares[k];
    }
    return SYN_OK;
}

/* A moving mean is kept where it is clearly ahead of the mean of the train split with its best share. */
static syn_status settle_alpha(syn_parameters *p, float share_of_train_mean, const syn_dataset *data,
                               const syn_kernels *kernels, int threads) {
    syn_parameters still = *p;
    bool ahead = false;
    still.mean_share = share_of_train_mean, still.mean_alpha = 0;
    if (p->mean_alpha > 0)
        SYN_TRY(syn_ahead(p, &still, alpha_errors, data, SYN_LOSS_POISSON, kernels, threads, &ahead));
    if (!ahead) p->mean_share = share_of_train_mean, p->mean_alpha = 0;
    return SYN_OK;
}

syn_status syn_choose_mean_share(syn_parameters *p, const syn_dataset *data, const syn_kernels *kernels, int threads) {
    syn_network *network;
    double least = INFINITY;
    float best[COUNT(alphas)] = {0};
    size_t best_alpha = 0;
    syn_status status;
    SYN_TRY(
        syn_network_create(&network, p, data, SYN_LOSS_POISSON, kernels, threads, 256 + data->window, data->window));
    for (size_t k = 0; k < COUNT(alphas); k++) {
        double loss;
        p->mean_alpha = alphas[k];
        SYN_CHECK(choose_share(p, network, data, &loss, &best[k]));
        if (loss < least) least = loss, best_alpha = k;
    }
    p->mean_share = best[best_alpha], p->mean_alpha = alphas[best_alpha];
    SYN_CHECK(settle_alpha(p, best[0], data, kernels, threads));
done:
    syn_network_free(network);
    return status;
}
