/* Whether an edge is there: an estimate of every C_ij(0) that no penalty has shrunk, with its standard error, from one
 * pass over the targets (edge_targets.h).
 *
 *     estimate_ij = C_ij + sum_t r_i[t] x~_j[t] / D_ij,       D_ij = sum_t x~_j[t] x_j[t]
 *     error_ij^2  = V_ij / D_ij^2
 *
 * r_i is the residual of the model's prediction of the target, weighted where that helps (edge_targets.h), x~_j the
 * sender less what the other senders, behaviour and the mean say about it (edge_design.h): with many frames the
 * estimate hardly depends on C.
 *
 * Under the null that r_i and x~_j are unrelated, each with the autocorrelation that it has, the sum over all shifts of
 * one against the other has the variance (Bartlett; the mean over all shifts, in closed form)
 *
 *     V_ij = sum over lags s of  w(s) gamma_ri(s) gamma_xj(s) / T,      gamma(s) = sum_t a[t] a[t + s]
 *
 * with lags up to a multiple of the autocorrelation time, never across a segment's border. Shifting also parts moments
 * in which both vary strongly, as in bursts; so for lag 0 it takes sum_t r_i^2 x~_j^2 where that is the larger.
 *
 * What neurons pass on within a frame, and traces of paths over a third neuron, are no edges and are taken off
 * (docs/connectivity.md).
 *
 * A model that leaves something out (unobserved neurons, effects faster than a frame) makes small effects everywhere,
 * of which enough frames make every one significant. So errors are multiplied by how wide the statistics of pairs
 * without an edge spread (edge_mixture.h), where that is more than 1.
 *
 * Letters: T targets of the train and validation splits, N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_TEST_H
#define SYN_ANALYSIS_EDGE_TEST_H

#include "analysis/edge_design.h"
#include "analysis/edge_events.h"
#include "model/fitted.h"

/* Asks now and then, in the calling thread, whether to go on; if not, a test ends with SYN_ERR_INTERRUPTED. NULL:
 * nobody is asked. */
typedef struct syn_edge_watch {
    bool (*keep_going)(void *user);
    void *user;
} syn_edge_watch;

/* The senders are session->x. residual: [T][N], 0 where the target was not observed; overwritten. C: [N][N]. Both
 * z-scored. events: those that have taken the place of the session's activity, or NULL: it is activity. T: the targets
 * of the train and then the validation split, span by span. */
syn_status syn_test_residuals(const syn_session *session, syn_edge_bins bins, const syn_edge_events *events,
                              float *residual, const float *C, const syn_kernels *kernels, int threads,
                              const syn_edge_watch *watch, syn_edge_estimates **out);
/* How the residuals of two neurons correlate within a frame, root mean square, less what senders, behaviour and the
 * mean say of them, and what chance would give; 0 where there is no room to say. residual: [T][N]; overwritten. */
syn_status syn_correlate_residuals(const syn_session *session, syn_edge_bins bins, float *residual,
                                   const syn_kernels *kernels, int threads, double *correlation, double *by_chance);

#endif
