/* Which correction of its predictions (model/correction.h) a model is given: the best on the validation split. */
#ifndef SYN_TRAINING_CORRECTION_H
#define SYN_TRAINING_CORRECTION_H

#include "model/network.h"

/* Sets p->correction. */
syn_status syn_choose_correction(syn_parameters *p, syn_loss loss, const syn_dataset *data, const syn_kernels *kernels,
                                 int threads);

#endif
