/* What a model has predicted, and which correction (correction.h) of it has the least loss.
 *
 * Of spike counts a share of the train mean is mixed into the rates wherever that lowers the loss: a model of few
 * spikes is too sure of its quiet frames. What moves has to be ahead of that, and of no correction of traces, by more
 * than one standard error of the difference.
 *
 * Letters: T frames, N neurons, F frames that were predicted.
 */
#ifndef SYN_PREDICTED_H
#define SYN_PREDICTED_H

#include "model/correction.h"

/* Loss of a predicted frame, prediction and truth [N] z-scored, summed over the neurons that were observed; their
 * number is added to *count. */
double syn_observed_loss(const syn_session *session, syn_loss loss, int64_t frame, const float *prediction,
                         const float *truth, int64_t *count);
/* Frames of one recording in order of time, as a model predicted them. */
typedef struct syn_predicted {
    const syn_session *session;
    const float *x; /* [T][N] z-scored, in the units of the predictions */
    int64_t F;
    int64_t *frame;    /* [F] */
    bool *begins;      /* [F] nothing before it is known */
    bool *scored;      /* [F] */
    float *prediction; /* [F][N] */
} syn_predicted;

syn_status syn_predicted_create(syn_predicted *predicted, const syn_session *session, const float *x, int64_t F);
void syn_predicted_free(syn_predicted *predicted);

/* Of one model's predictions of n recordings. */
syn_status syn_best_correction(syn_correction *best, const syn_predicted *predicted, size_t n, syn_loss loss,
                               int threads);
/* The corrected predictions of the frames that are scored, in order: out [scored][N]. */
syn_status syn_correct_predicted(const syn_correction *correction, const syn_predicted *predicted, syn_loss loss,
                                 float *out);
/* The one that remembers for longest. */
extern const syn_correction syn_slowest_correction;

#endif
