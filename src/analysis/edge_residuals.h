/* Residuals of all neurons in the same frame: what a regression leaves of them, how they correlate, and what one
 * neuron passes on to another before the frame is over.
 *
 * residual: [T][N], 0 where the target was not observed; overwritten. Letters: T targets, N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_RESIDUALS_H
#define SYN_ANALYSIS_EDGE_RESIDUALS_H

#include "analysis/edge_design.h"

/* Takes the regression on senders and nuisance columns off. */
syn_status syn_edge_residuals_clean(const syn_edge_design *design, float *residual);
/* Root mean square correlation of two neurons in a frame, and what chance alone would give. */
syn_status syn_edge_residuals_correlate(const syn_edge_design *design, const float *residual, double *correlation,
                                        double *by_chance);
/* Clears every residual of what the senders of its edges, found[N][N], did in the same frame. rest: [N][N] zeros,
 * filled with what turns residuals into these, 1 less the regression. */
syn_status syn_edge_residuals_explain(const syn_edge_design *design, const bool *found, float *residual, float *rest);

#endif
