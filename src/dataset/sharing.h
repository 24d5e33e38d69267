/* Which neurons of several recordings are the same, by their ids: the same preparation again, identified neurons.
 *
 * Recordings that share a neuron, also by way of others, form a population: the distinct neurons of all of them. The
 * first of these recordings is its owner, whose neurons come first; M is the number of its neurons.
 */
#ifndef SYN_SHARING_H
#define SYN_SHARING_H

#include "dataset/dataset.h"

/* Fills dataset->sharing. same_neurons: "yes" (all ids count), "no", or "auto": ids that a file gives as names, which
 * do not all end in a number. Errors: with "yes", a recording in which an id occurs twice. */
syn_status syn_sharing_find(syn_dataset *dataset, const char *same_neurons);
void syn_sharing_free(syn_sharing *sharing, size_t n);

#endif
