/* Slow fluorescence as the events behind it, for the test of the edges: what a neuron did in a frame, without the
 * transients that outlast the frame and without the light of its neighbours.
 *
 *     y = (1 + S)^-1 x           S_ij: share of j's light that reaches i
 *     y_j[t] = g_j y_j[t-1] + s_j[t] + noise,   s_j[t] >= 0      (OASIS, without penalty)
 *
 * (Friedrich, Zhou, Paninski, PLoS Comput Biol 13, e1005423, 2017),
 * and s is left what its own last frames do not predict of it.
 *
 * g comes from autocovariances at lags of which shot noise is no part. S_ij is the slope of i's innovation on j's in
 * the same frame, in frames in which i does nothing of its own: a cell that is driven answers with whole transients,
 * which are left out, a cell that is lit up by its neighbour shows a small copy of every one of them. j's level before
 * and after stands in for its innovation (an instrument), whose noise would shrink the slope. Where positions are known
 * S is a decreasing function of distance (isotonic regression); otherwise what both directions of a pair agree on.
 *
 * Letters: T frames until the end of the train and validation splits, N neurons. Frames are those of the two splits.
 */
#ifndef SYN_ANALYSIS_EDGE_EVENTS_H
#define SYN_ANALYSIS_EDGE_EVENTS_H

#include "dataset/dataset.h"
#include "kernels/kernels.h"

/* Cells of which one shines into the other by more than this are not told apart well enough to test their edges. */
static const double syn_edge_most_shared = 0.25;

typedef struct syn_edge_events {
    int64_t T;
    float *x;      /* [T][N], of mean 0 and variance 1, 0 where not observed; activity between the two splits */
    float *unit;   /* [N] the size of 1 in z-scored activity; 0: a neuron without events */
    double *share; /* [N][N] S in raw units */
    /* [N][N] of all rounds: of cells that are hardly told apart the last may find nothing left */
    double *largest_share;
    double decay;     /* g, median over neurons */
    double crosstalk; /* light of others in a neuron as a share of theirs, mean over neurons of the sum over others */
} syn_edge_events;

/* Whether activity is made of transients that rise and outlast a frame: fluorescence of which half of a transient is
 * left in the next frame, in which what is new is skewed to the right. */
syn_status syn_edge_events_suit(const syn_session *session, bool *suit);
syn_status syn_edge_events_create(syn_edge_events *events, const syn_session *session, const syn_kernels *kernels,
                                  int threads);
void syn_edge_events_free(syn_edge_events *events);

#endif
