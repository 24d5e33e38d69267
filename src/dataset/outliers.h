/* Values that cannot be of what was recorded: one of them decides a mean, a scale and an error. */
#ifndef SYN_DATASET_OUTLIERS_H
#define SYN_DATASET_OUTLIERS_H

#include "recording/recording.h"

/* Warns of values that lie a million times as far from their neuron's median as half of its values do: how many there
 * are, and neuron and frame of the first. Spike counts are left alone. Says so once however often it is called. */
syn_status syn_warn_of_outliers(syn_recording *recording);

#endif
