/* What true edges and the measurement leave in the estimates of other pairs, measured on these and taken off:
 * edges of events that appear the other way round, light that was taken off and comes back, and small effects along
 * paths over a third neuron.
 *
 * Letters: N neurons.
 */
#ifndef SYN_ANALYSIS_EDGE_TRACES_H
#define SYN_ANALYSIS_EDGE_TRACES_H

#include "analysis/edge_design.h"
#include "analysis/edge_events.h"
#include "model/fitted.h"

/* events: those that edges are of, or NULL: edges are of activity or counts. */
syn_status syn_edge_remove_traces(const syn_edge_design *design, const syn_edge_events *events,
                                  syn_edge_estimates *edges);

#endif
