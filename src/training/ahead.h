/* Whether one model predicts better than another by more than chance would have it.
 *
 * The losses of two models on one frame are compared, not their means over the split: most of what makes a loss vary is
 * the same for both.
 */
#ifndef SYN_AHEAD_H
#define SYN_AHEAD_H

#include "model/network.h"

/* *ahead: on the validation split the mean loss of `a` is below that of `b` by more than so many standard errors. */
syn_status syn_ahead(const syn_parameters *a, const syn_parameters *b, double standard_errors, const syn_dataset *data,
                     syn_loss loss, const syn_kernels *kernels, int threads, bool *ahead);

#endif
