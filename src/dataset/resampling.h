/* Frames that were brought to another rate by interpolation.
 *
 * Interpolation smooths a frame by how far it lies from the recorded ones, and frames of one rate drift past those of
 * the other: with R recorded and R' written frames a second the smoothing comes back |R - R'| times a second. So does
 * the variance of second differences, in all neurons at once (Gallagher 2005, Detection of linear and cubic
 * interpolation in JPEG compressed images). What a frame says about the next one depends on the phase of that beat,
 * which no neuron shows clearly by itself: it is given to the models as two behaviours, its cosine and sine. A stimulus
 * that comes back at a fixed number of frames makes such a beat too.
 */
#ifndef SYN_RESAMPLING_H
#define SYN_RESAMPLING_H

#include "dataset/dataset.h"

enum { SYN_BEAT_BEHAVIORS = 2 };

/* Finds norm.beat in the train split, and keeps it if a periodic autoregression of all neurons predicts the validation
 * split better than one that is not; norm then has two behaviours more, and the recording a warning. A
 * frequency that is known takes the place of one that is found near it where both can hardly be told apart or it
 * predicts better. Spike counts have
 * no beat. x must be z-scored and not yet filtered. */
syn_status syn_beat_find(syn_session *session, syn_beats known);
/* Appends the behaviours of norm.beat, if there is one, to the recording's. A phase that is not known (NAN: norm is of
 * another recording) is found first, and the frequency near the one that is known, in the train split or else in all
 * frames; a warning says where the beat does not stand out. */
syn_status syn_beat_attach(syn_session *session);
/* Behaviours of a recording that norm describes, without those of its beat. */
int64_t syn_recorded_behaviors(const syn_normalisation *norm);

#endif
