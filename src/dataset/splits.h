/* A prepared recording as other programs need it: z-scored activity, and the frames of each split that are predicted.
 *
 * Letters: T frames, N neurons kept, F target frames of a split.
 */
#ifndef SYN_SPLITS_H
#define SYN_SPLITS_H

#include "dataset/dataset.h"

/* Frames that are predicted in a split, in order: frame[F], to be freed. */
syn_status syn_targets(const syn_session *session, syn_split split, int64_t **frame, int64_t *F);

/* Whether any entry that is predicted in a split was observed: without one there is nothing to score. */
bool syn_split_observed(const syn_session *session, syn_split split);
/* Error: no recording has an observed entry that is predicted in the validation or the test split. */
syn_status syn_require_observed(const syn_dataset *data, syn_split split);

#endif
