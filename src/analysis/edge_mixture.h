/* How wide the statistics of pairs without an edge spread, where edges may be as many as pairs without one.
 *
 * The middle of all statistics (syn_empirical_null) is made of edges there. So all of them are described at once, by a
 * mixture of normal distributions that is fitted by expectation and maximisation: what is no edge, edges that raise and
 * edges that lower. One statistic cannot tell a small edge from a wide spread of what is none; a column can, as most
 * neurons send one sign. A sender is of one of three kinds, and which one is found with the rest:
 *
 *     it raises:    none N(m_1, s^2) + (1 - none) N(m_up, s_up^2)
 *     it lowers:    none N(m_2, s^2) + (1 - none) N(m_down, s_down^2)
 *     it does both: none N(m_3, s^2) + (1 - none) (N(m_up, s_up^2) + N(m_down, s_down^2)) / 2
 *
 * In the columns of senders whose edges stand out, the share of pairs without an edge and their spread are seen; they
 * hold for the others too. What a model leaves out need not be 0 on average (neurons that were not recorded excite most
 * pairs alike; edges leave traces in the columns of their kind), so the spread of a sender is the root mean square
 * about 0, sqrt(s^2 + mean of m^2 over the kinds it may be).
 *
 * Letters: N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_MIXTURE_H
#define SYN_ANALYSIS_EDGE_MIXTURE_H

#include <stdint.h>

#include "base/status.h"

/* z: [N][N] statistics, row = receiver, column = sender; NaN: not tested. spread: [N] of each sender's pairs without an
 * edge, 1 for all where fewer than 200 were tested. receiver: NULL or [N] spread s of the pairs without an edge of each
 * receiver as a share of that of all, 1 for all where receivers are no more unlike than by chance. */
syn_status syn_edge_mixture_spread(const double *z, int64_t N, double *spread, double *receiver);

#endif
