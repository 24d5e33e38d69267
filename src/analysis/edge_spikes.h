/* Spike trains for the test of the edges: a spike moves another neuron within some milliseconds, of which a frame that
 * is long enough for a forecast shows little.
 *
 *     x_j[t K + k] = (c_j[t K + k] - mean_j / K) / scale_j
 *
 * c are counts in K bins of a frame, mean and scale those of a frame in the train split. A sender is the mean of its
 * last W bins, which make 20 ms: a coefficient is the spikes of the receiver that follow one of the sender's in that
 * time.
 *
 * All of it is a session of its own, with the splits, mask and behaviour of the other one.
 */
#ifndef SYN_ANALYSIS_EDGE_SPIKES_H
#define SYN_ANALYSIS_EDGE_SPIKES_H

#include "dataset/dataset.h"

typedef struct syn_edge_spikes {
    syn_session session; /* T K bins; without level */
    int bins, window;    /* K, W */
    double bin_s;
    bool borrowed;           /* K is 1: x and all else are the other session's */
    syn_recording recording; /* its segments */
} syn_edge_spikes;

/* Before a fit, while x is that of the data set: forgets spike times that do not belong to the counts, and says so and
 * whatever else keeps bins of bin_s from being tested. asked: the user has given bin_s. */
syn_status syn_edge_spikes_check(syn_session *session, double bin_s, bool asked);
/* bin_s: wanted. The bins are the nearest that make up a frame. They are the frames where these are shorter, where the
 * recording has no spike times behind its counts, and where they would need too much memory. */
syn_status syn_edge_spikes_create(syn_edge_spikes *spikes, syn_session *session, double bin_s);
/* x becomes that of senders, in place, also where it is the other session's. */
void syn_edge_spikes_average(syn_edge_spikes *spikes);
void syn_edge_spikes_free(syn_edge_spikes *spikes);

#endif
