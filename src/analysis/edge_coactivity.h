/* What neurons have in common that are active at the same times, and that is no edge.
 *
 * What drives two neurons and is not in the regression is in both residuals: they seem to answer each other, both ways
 * and at every lag. How much of that a pair has follows from how much the sizes of their residuals rise and fall
 * together,
 *
 *     P_ij = mean correlation of |r_i[t]| and |r_j[t + k]|, 5 <= |k| <= 20 windows of the senders
 *
 * but edges, too, make neurons active together. What is no edge is seen where none acts, before the sender:
 *
 *     S_ij = sum over t and 2 <= k <= 10 windows of r_i[t] r_j[t + k], in standard errors
 *
 * and shows both ways. So a curve of P is fitted to what both directions of S show, and scaled to what both directions
 * of the statistics (estimate / error) show. An entry that was not observed counts as a mean one. Letters: N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_COACTIVITY_H
#define SYN_ANALYSIS_EDGE_COACTIVITY_H

#include "analysis/edge_design.h"
#include "model/fitted.h"

/* Takes the curve off all estimates, widens their errors as though what was taken off were as uncertain as it is large,
 * and fills `coactivity` with its root mean square in standard errors. Nothing where S does not depend on P. residual:
 * [T][N], 0 where the target was not observed. */
syn_status syn_edge_remove_coactivity(const syn_edge_design *design, const float *residual, syn_edge_estimates *edges);

#endif
