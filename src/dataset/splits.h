/* A prepared recording as other programs need it: z-scored activity, and the frames of each split that are predicted.
 *
 * Letters: T frames, N neurons kept, F target frames of a split.
 */
#ifndef SYN_SPLITS_H
#define SYN_SPLITS_H

#include "dataset/dataset.h"

/* Frames that are predicted in a split, in order: frame[F], to be freed. */
syn_status syn_targets(const syn_session *session, syn_split split, int64_t **frame, int64_t *F);

/* So many frames before one, or the first of its segment. */
int64_t syn_frames_before(const syn_session *session, int64_t frame, int64_t frames);
/* First frame of a run to a span: of its context, or so many frames before the span, in the same segment. */
int64_t syn_span_from(const syn_session *session, const syn_span *span, int64_t frames);

/* Whether any entry that is predicted in a split was observed: without one there is nothing to score. */
bool syn_split_observed(const syn_session *session, syn_split split);
/* Error: no recording has an observed entry that is predicted in the validation or the test split. */
syn_status syn_require_observed(const syn_dataset *data, syn_split split);

#endif
