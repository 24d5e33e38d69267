/* What neurons that are active at the same times have in common without an edge, and how much wider the estimates of
 * such pairs spread.
 *
 * Where two neurons follow one behaviour or stimulus closely, what a regression on it leaves out is in both of them,
 * and deconvolution spreads it over frames: at every lag they seem to answer each other. How much the sizes of their
 * residuals rise and fall together tells such pairs from others. It is measured at lags at which no edge acts:
 *
 *     P_ij = mean correlation of |r_i[t]| and |r_j[t + k]|, 5 <= |k| <= 20
 *
 * Letters: N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_COACTIVITY_H
#define SYN_ANALYSIS_EDGE_COACTIVITY_H

#include "analysis/edge_design.h"
#include "model/fitted.h"

/* Takes off all estimates what their statistics have of P_ij, fills `coactivity` with the root mean square of that, and
 * widens the errors of pairs whose statistics spread wider with P_ij. Nothing where the statistics do not depend on it.
 * residual: [T][N], 0 where the target was not observed. */
syn_status syn_edge_remove_coactivity(const syn_edge_design *design, const float *residual, syn_edge_estimates *edges);

#endif
