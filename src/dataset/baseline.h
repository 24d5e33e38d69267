/* A slow baseline that follows drift: b[t] = b[t-1] + alpha (x[t] - b[t-1]), from 0 (the train mean) at a segment's
 * start.
 *
 * The model sees x~[t] = x[t] - b[t] and predicts x~[t+1]; the prediction of x[t+1] is b[t] + x~[t+1] / (1 - alpha).
 * The filter is causal and never crosses a segment's border. alpha = 0 changes nothing. Where x is not observed b
 * stays.
 */
#ifndef SYN_BASELINE_H
#define SYN_BASELINE_H

#include "dataset/dataset.h"

/* alpha with the least validation error of a per-neuron autoregression of x~, from a fixed list that starts with 0.
 * Spike counts get 0: their loss needs them as they are. x must be z-scored and not yet filtered. */
syn_status syn_baseline_choose(const syn_session *session, double *alpha);
/* x <- x~ in place, with session->norm.alpha; keeps b at the last frame before the first target of every span. */
syn_status syn_baseline_remove(syn_session *session);
/* The z-scored activity before the baseline was removed, x[T][N] of the first T frames: what is predicted and scored.
 * 0 where not observed and outside of segments. */
syn_status syn_baseline_restore(const syn_session *session, int64_t T, float *x);

/* b while running forward over the targets of a span. */
typedef struct syn_level {
    const syn_session *session;
    float *value; /* [N] b of the frame before the next target */
} syn_level;

syn_status syn_level_create(syn_level *level, const syn_session *session);
void syn_level_free(syn_level *level);
/* Before the first target of span k of a split. */
void syn_level_start(syn_level *level, syn_split split, int64_t k);
/* x~[N] of the next target (truth or prediction) to z-scored x. */
void syn_level_restore(const syn_level *level, const float *filtered, float *x);
/* Moves past a target with z-scored values x[N]. observed_frame: its frame, or -1 if all of x counts as observed. */
void syn_level_move(syn_level *level, int64_t observed_frame, const float *x);

#endif
