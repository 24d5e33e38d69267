/* Where free-running rollouts start, and the state of the network there.
 *
 * Letters: S starts, K steps, N neurons. A start is the first predicted frame; activity is known up to the one before.
 */
#ifndef SYN_ANALYSIS_ROLLOUT_H
#define SYN_ANALYSIS_ROLLOUT_H

#include "base/options.h"
#include "model/network.h"

/* What is known before a start: frames of one segment from state_from on; the slow baseline is `level` one frame
 * before level_from. */
typedef struct syn_history {
    int64_t state_from, level_from;
    int64_t span; /* of the test split; -1: level_from starts a segment, where the baseline is 0 */
    int64_t stop; /* end of the segment; 0: no frame of the segment lies before the start */
} syn_history;

syn_history syn_history_of(const syn_session *session, int64_t start);

/* Target frames of the longest stretch of the test split: the most steps of a rollout whose end is known. */
int64_t syn_forecast_longest(const syn_session *session);
/* Steps of rollouts that start anywhere in the test split: as many as asked for, or the usual number where no stretch
 * is shorter. */
int64_t syn_forecast_usual_steps(const syn_session *session, const syn_options *options);
/* At most `most` starts, evenly spread over the test split, each with K frames of one span from it on: start[S], to be
 * freed. Error: no span is that long. */
syn_status syn_spread_starts(const syn_session *session, int64_t K, int64_t most, int64_t **start, int64_t *S);

/* Teacher forcing up to the last known frame of each start, in ascending order: states before that frame into state
 * (syn_network_state of S copies), that frame into x[S][N], as the network sees it. What was not observed is replaced
 * by the prediction of it. The states know of that frame for their correction, and of none after it. */
syn_status syn_warm_up(syn_network *network, size_t s, const syn_session *session, const int64_t *start, int64_t S,
                       float *state, float *x);

#endif
