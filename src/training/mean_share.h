/* How far predicted rates are to be trusted.
 *
 * A model of few spikes is too sure of its quiet frames, and the likelihood of a spike there is lost. A share of every
 * neuron's mean rate in its predicted rate bounds that loss; validation data say how much.
 */
#ifndef SYN_MEAN_SHARE_H
#define SYN_MEAN_SHARE_H

#include "model/network.h"

/* Sets p->mean_share to the share that has the least Poisson loss on the validation split. */
syn_status syn_choose_mean_share(syn_parameters *p, const syn_dataset *data, const syn_kernels *kernels, int threads);

#endif
