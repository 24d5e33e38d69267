/* Moving-block bootstrap over time (Kunsch, Ann Stat 17, 1217, 1989) of the difference of two losses. */
#ifndef SYN_ANALYSIS_BOOTSTRAP_H
#define SYN_ANALYSIS_BOOTSTRAP_H

#include <stdint.h>

#include "recording/recording.h"

typedef struct syn_interval {
    double mean;                   /* sum of (loss_a - loss_b) / sum of weights; NaN: no data */
    double low, high;              /* 95 % interval; NaN: fewer than two blocks */
    double autocorrelation_frames; /* integrated autocorrelation time of the difference */
    int64_t block_frames;          /* block length; segments that are not longer were resampled whole */
    double blocks;                 /* blocks in a resample: a few mean an interval that is not to be trusted */
} syn_interval;

/* loss_a, loss_b: [n] losses of frames 0..n-1, summed over the entries of each frame. weight: [n] number of these
 * entries (or spikes, for bits per spike), or NULL for 1. segment: [S] frames that belong together, in time order; no
 * block crosses their borders; NULL: one segment. The same seed gives the same interval. */
syn_status syn_bootstrap_difference(syn_interval *interval, const double *loss_a, const double *loss_b,
                                    const double *weight, int64_t n, const syn_segment *segment, int64_t S,
                                    uint64_t seed);

#endif
