/* The winner of a finished search trained again from other seeds.
 *
 * A repeat is a search of its own (search.h) that trains what the winner was made of: its decoder without connectivity
 * from fresh weights, then its candidate, or those that were averaged, each with the form, strength and schedule that
 * it had. Nothing is chosen again. Where a repeat stands depends on its finished stages alone, as in any search.
 */
#ifndef SYN_REPEATS_H
#define SYN_REPEATS_H

#include "training/search.h"

typedef struct syn_repeats {
    const syn_search *search; /* whose winner is trained again */
    int asked, done;
    size_t length;       /* numbers that are kept of each repeat */
    float **kept;        /* [asked][length]; NULL from `done` on */
    syn_search *running; /* the next repeat, or NULL */
} syn_repeats;

/* search may still be running: it must be finished before a repeat begins. */
syn_status syn_repeats_create(syn_repeats **repeats, const syn_search *search, int asked, size_t length);
void syn_repeats_free(syn_repeats *repeats);
/* The seed of repeat k, below 2^31: a fit from it is another fit like this one. */
uint64_t syn_repeat_seed(uint64_t seed, int k);
/* Whether there is a connectivity to train again, and repeats of it are left. */
bool syn_repeats_left(const syn_repeats *repeats);
/* Sets repeats->running to the next one. */
syn_status syn_repeats_begin(syn_repeats *repeats);
/* Once it is finished: its model, of which kept[done] is to be taken before syn_repeats_end(). */
const syn_parameters *syn_repeats_model(const syn_repeats *repeats);
/* Takes what is kept of it over, [length], and frees it. */
void syn_repeats_end(syn_repeats *repeats, float *kept);

#endif
