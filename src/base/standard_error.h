/* Whether differences of frames in time are more than chance would have them. */
#ifndef SYN_STANDARD_ERROR_H
#define SYN_STANDARD_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the mean of n differences of frames in order of time is above 0 by more than so many standard errors, from
 * the means of up to 16 stretches of consecutive frames, as the losses of frames that are close in time are alike. */
bool syn_above_error(const double *difference, int64_t n, double standard_errors);

#endif
