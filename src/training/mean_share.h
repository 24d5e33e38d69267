/* How far predicted rates are to be trusted.
 *
 * A model of few spikes is too sure of its quiet frames, and the likelihood of a spike there is lost. A share of every
 * neuron's mean rate in its predicted rate bounds that loss; validation data say how much.
 *
 * A decoder that has learned at low rates does not follow a neuron whose rate rises beyond them for long, as under
 * another stimulus. So the mean may follow the neuron's own counts, by alpha of their difference each frame, where that
 * is ahead of the mean of the train split by more than one standard error.
 */
#ifndef SYN_MEAN_SHARE_H
#define SYN_MEAN_SHARE_H

#include "model/network.h"

/* Sets p->mean_share and p->mean_alpha to those that have the least Poisson loss on the validation split. */
syn_status syn_choose_mean_share(syn_parameters *p, const syn_dataset *data, const syn_kernels *kernels, int threads);

#endif
