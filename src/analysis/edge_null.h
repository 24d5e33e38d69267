/* How wide the statistics of pairs without an edge spread, and which pairs stand out from that.
 *
 * Letters: N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_NULL_H
#define SYN_ANALYSIS_EDGE_NULL_H

#include "model/fitted.h"

/* Edges at a false discovery rate of 0.1, found[N][N], that stand out from what each sender's pairs without an edge
 * show (edge_mixture.h). */
syn_status syn_edge_null_find(const syn_edge_estimates *edges, int64_t N, bool *found);
/* Those that stand out from the bulk of all statistics as well: few and sure where edges are many. */
syn_status syn_edge_null_find_surest(const syn_edge_estimates *edges, int64_t N, bool *found);
/* Spread of the bulk of all statistics. */
syn_status syn_edge_null_bulk(const syn_edge_estimates *edges, int64_t N, double *bulk);
/* Where statistics of no edges spread wider than their standard errors say, small effects of what the model leaves out
 * are everywhere, and an edge has to stand out from these: multiplies the errors of each sender by that. Those of pairs
 * that have an input in common spread wider still, and so do their errors. Fills `inflation`, the root mean square over
 * pairs. */
syn_status syn_edge_null_inflate(syn_edge_estimates *edges, int64_t N);

#endif
