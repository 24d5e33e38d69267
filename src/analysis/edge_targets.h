/* What the edges of a recording are tested on (edge_test.h): what a model leaves unexplained of activity; events behind
 * slow fluorescence; spike counts.
 *
 * All fill *out, freed with syn_edge_estimates_free(), and leave it NULL on error.
 */
#ifndef SYN_ANALYSIS_EDGE_TARGETS_H
#define SYN_ANALYSIS_EDGE_TARGETS_H

#include "analysis/edge_test.h"

/* Residuals of session s of a Gaussian model with these parameters, weighted by how much a receiver answers its current
 * in that frame wherever an effect stands out more that way (docs/connectivity.md). data holds the recording of the
 * fit. gain: [N] of lag 0. */
syn_status syn_test_edges(const syn_parameters *p, const syn_dataset *data, size_t s, const double *gain,
                          const syn_kernels *kernels, int threads, const syn_edge_watch *watch,
                          syn_edge_estimates **out);
/* Events (edge_events.h), of senders and receivers alike, without a model. They take the place of the session's
 * activity, which is lost. */
syn_status syn_test_events(syn_session *session, const syn_kernels *kernels, int threads, const syn_edge_watch *watch,
                           syn_edge_estimates **out);
/* Counts, in bins of about bin_s where there are spike times (edge_spikes.h), less what a neuron's own last bins say of
 * them, without a model: over rare spikes the mean derivative of a Poisson model is not the slope that the test is of.
 * The session's activity may be lost. */
syn_status syn_test_counts(syn_session *session, double bin_s, const syn_kernels *kernels, int threads,
                           const syn_edge_watch *watch, syn_edge_estimates **out);
/* Targets of the train and validation splits. */
int64_t syn_edge_targets(const syn_session *session);

#endif
