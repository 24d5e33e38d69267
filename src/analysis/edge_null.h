/* How wide the statistics of pairs without an edge spread, and which pairs stand out from that.
 *
 * Letters: N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_NULL_H
#define SYN_ANALYSIS_EDGE_NULL_H

#include "model/fitted.h"

/* Edges at a false discovery rate that has to be passed by what stands out from the bulk: found[N][N]. bulk: its
 * spread. */
syn_status syn_edge_null_find(const syn_edge_estimates *edges, int64_t N, bool *found, double *bulk);
/* Where statistics spread wider than their standard errors say, small effects of what the model leaves out are
 * everywhere, and an edge has to stand out from these: multiplies the errors by that, and fills `inflation`. */
syn_status syn_edge_null_inflate(syn_edge_estimates *edges, int64_t N);

#endif
