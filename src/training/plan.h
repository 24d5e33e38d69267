/* What a search tries next, decided from its finished stages alone. Each returns false when there is no more of its
 * kind.
 */
#ifndef SYN_PLAN_H
#define SYN_PLAN_H

#include "training/search.h"

/* A connectivity is chosen if the validation loss falls by at least this share. */
#define SYN_WORTH_AN_EDGE 2e-4

/* The decoder without connectivity: with other embeddings, with more hidden units, or trained again. */
bool syn_plan_none(const syn_search *search, syn_stage *next);
/* The first with the least loss among the stages before k with a connectivity, or without (fresh: those that started
 * from fresh weights); -1: none. */
int syn_plan_least_before(const syn_search *search, int k, bool connectivity, bool fresh);
/* Whether a decoder without connectivity has to be clearly ahead of the best one of the finished stages: it has more
 * hidden units, or its embeddings are shrunk more or less. */
bool syn_plan_needs_evidence(const syn_search *search, const syn_stage *stage);
/* Whether it is the decoder without the behaviour, of which the best one, which has it, has to be clearly ahead. */
bool syn_plan_knows_less(const syn_search *search, const syn_stage *stage);
/* A candidate of the form that the user asked for, or of those that are tried by default; once search->linear is there.
 */
bool syn_plan_candidate(const syn_search *search, syn_stage *next);
/* After the last candidate: the decoder trained on as the best candidate's was (ridge on embeddings, rate), if that was
 * otherwise, so that W does not win by it; and once more after syn_plan_again(). */
bool syn_plan_none_alike(const syn_search *search, syn_stage *next);
/* After that: the best candidate from that decoder, if the decoder gained enough by being trained so. */
bool syn_plan_again(const syn_search *search, syn_stage *next);
/* After the last candidate of an adaptation: the best one, then `none`, with all parameters. */
bool syn_plan_tuned(const syn_search *search, syn_stage *next);

#endif
