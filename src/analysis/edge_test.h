/* Whether an edge is there: an estimate of every C_ij(0) that no penalty has shrunk, with its standard error, from one
 * pass over the recording with the fitted decoder frozen.
 *
 *     estimate_ij = C_ij + sum_t r_i[t] x~_j[t] / D_ij,       D_ij = sum_t x~_j[t] x_j[t]
 *     error_ij^2  = V_ij / D_ij^2
 *
 * r_i is the residual of the model's prediction of the target, x~_j the sender less what the other senders, behaviour
 * and the mean say about it (edge_design.h): with many frames the estimate does not depend on C any more.
 *
 * Under the null that r_i and x~_j are unrelated, each with the autocorrelation that it has, the sum over all shifts of
 * one against the other has the variance (Bartlett; the mean over all shifts, in closed form)
 *
 *     V_ij = sum over lags s of  w(s) gamma_ri(s) gamma_xj(s) / T,      gamma(s) = sum_t a[t] a[t + s]
 *
 * with lags up to a multiple of the autocorrelation time, never across a segment's border. Shifting also parts moments
 * in which both vary strongly, as in bursts; so for lag 0 it takes sum_t r_i^2 x~_j^2 where that is the larger.
 *
 * A model that leaves something out (unobserved neurons, effects faster than a frame) makes small effects everywhere,
 * of which enough frames make every one significant. So the errors of all edges are multiplied by the spread of the
 * bulk of the statistics (fdr.h), where that is more than 1.
 *
 * Letters: T targets of the train and validation splits, N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_TEST_H
#define SYN_ANALYSIS_EDGE_TEST_H

#include "model/fitted.h"
#include "model/network.h"

/* Estimates of session s of a Gaussian model with these parameters. data holds the recording of the fit. gain: [N] of
 * lag 0. */
syn_status syn_test_edges(const syn_parameters *p, const syn_dataset *data, size_t s, const double *gain,
                          const syn_kernels *kernels, int threads, syn_edge_estimates **out);

/* The same from residuals [T][N] (0 where the target was not observed; overwritten) and C [N][N], both z-scored. T:
 * the targets of the train and then the validation split, span by span. */
syn_status syn_test_residuals(const syn_session *session, float *residual, const float *C, const syn_kernels *kernels,
                              int threads, syn_edge_estimates **out);
/* The same from the events behind slow fluorescence (edge_events.h), of senders and receivers alike, without a model.
 */
syn_status syn_test_events(const syn_session *session, const syn_kernels *kernels, int threads,
                           syn_edge_estimates **out);
/* The same from spike counts less what a neuron's own last frames say of them, without a model: over rare spikes the
 * mean derivative of a Poisson model is not the slope that the test is of. */
syn_status syn_test_counts(const syn_session *session, const syn_kernels *kernels, int threads,
                           syn_edge_estimates **out);
/* Targets of the train and validation splits. */
int64_t syn_edge_targets(const syn_session *session);

#endif
