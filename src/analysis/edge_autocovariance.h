/* sum over t of a[t] a[t + s] of many columns at once, for the variance of a test (edge_test.h).
 *
 * Letters: N neurons, LANES columns worked on at a time.
 */
#ifndef SYN_ANALYSIS_EDGE_AUTOCOVARIANCE_H
#define SYN_ANALYSIS_EDGE_AUTOCOVARIANCE_H

#include "analysis/edge_design.h"

enum { SYN_EDGE_LANES = 64 };

/* Writes the rows of a chunk into to[n][LANES]. */
typedef syn_status (*syn_edge_fill)(void *user, const syn_edge_chunk *chunk, float *to);

/* Lags that are worth a sum: three times the doubling lag at which the senders' mean autocorrelation has faded. */
int syn_edge_choose_lags(const syn_edge_design *design);
/* gamma[lags + 1][LANES] over rows of one run, which fill() gives in order. */
syn_status syn_edge_autocovariance(const syn_edge_design *design, int lags, syn_edge_fill fill, void *user,
                                   double *gamma);

#endif
