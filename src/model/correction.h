/* The last step of a prediction: how far off the model was about a neuron lately.
 *
 * Drift, another stimulus or another state of the animal leave errors that last, and a decoder that has learned without
 * them does not see them. So the prediction follows the neuron's own past errors: of traces a share of their moving
 * mean is added to it; a rate of spike counts is multiplied by how many spikes there were lately for those that were
 * predicted, and a share of their moving mean is mixed in, which also bounds what a spike costs where the model is too
 * sure of silence. Nothing of another neuron enters.
 */
#ifndef SYN_CORRECTION_H
#define SYN_CORRECTION_H

#include <jansson.h>

#include "model/model.h"

/* Whether it leaves predictions as they are. */
bool syn_correction_is_none(const syn_correction *correction);
/* {"share", "alpha", "weight"} */
json_t *syn_correction_json(const syn_correction *correction);
/* Frames before the first prediction that the moving means need. */
int64_t syn_correction_memory(const syn_correction *correction);
/* Floats of the state of N neurons; all 0 at the start of a segment. */
int64_t syn_correction_states(int64_t N);
/* What came, x[N], after the last prediction, once for each; where nothing was observed, that prediction itself (see
 * syn_correction_last). All z-scored. */
void syn_correction_see(const syn_correction *correction, syn_loss loss, int64_t N, float *state, const float *x);
/* The last prediction [N] as the network made it. */
const float *syn_correction_last(const float *state);
/* From now on nothing is known of what comes, as in a forecast of several steps: whatever is seen, means go on as if it
 * was what the network predicted, so that errors are forgotten as fast as they were followed. */
void syn_correction_let_go(float *state);
/* The network's next prediction[N] is corrected. */
void syn_correction_apply(const syn_correction *correction, syn_loss loss, const syn_normalisation *norm, float *state,
                          float *prediction);

#endif
