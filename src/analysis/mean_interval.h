/* 95 % intervals of many means over the same states, all at once.
 *
 * A state lies near those beside it in time, so states are drawn in moving blocks, as in bootstrap.h. The mean is
 * linear in what is drawn, so the variance that the bootstrap would give is known without drawing.
 *
 * Letters: S states, E entries (means).
 */
#ifndef SYN_ANALYSIS_MEAN_INTERVAL_H
#define SYN_ANALYSIS_MEAN_INTERVAL_H

#include <stdint.h>

#include "recording/recording.h"

/* values: [S][E]. segment: [n_segments] states that belong together, in time order; no block crosses their borders.
 * mean, low, high: [E]; low and high are NaN with fewer than two blocks. block: states of a block, from the
 * autocorrelation time of a sample of the entries. */
syn_status syn_mean_intervals(const float *values, int64_t S, int64_t E, const syn_segment *segment, int64_t n_segments,
                              float *mean, float *low, float *high, int64_t *block);

#endif
