/* Values that cannot be of what was recorded: one of them decides a mean, a scale and an error, and frames that were
 * copied make the next one look easy. */
#ifndef SYN_DATASET_OUTLIERS_H
#define SYN_DATASET_OUTLIERS_H

#include "recording/recording.h"

/* Warns of values that lie a million times as far from their neuron's median as half of its values do: how many there
 * are, and neuron and frame of the first. Spike counts are left alone. Says so once however often it is called. */
syn_status syn_warn_of_outliers(syn_recording *recording);
/* Warns if more than one frame in fifty has exactly the values of the frame before it, of all neurons, and these are
 * not what the neurons mostly have (the zeros of deconvolved activity). Spike counts and few neurons are left alone.
 * Once, as above. */
syn_status syn_warn_of_copies(syn_recording *recording);

#endif
