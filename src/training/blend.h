/* One model from all finished candidates: their weights are averaged, greedily, wherever that lowers the validation
 * loss ("model soups", Wortsman et al. 2022, arXiv 2203.05482). The candidates start from one decoder and most do not
 * go far, so that the mean of their weights predicts like the mean of their predictions, with less of what each learned
 * by chance; where they have gone too far, the validation loss says so and nothing is averaged. Averages are grown from
 * each of the few best candidates, and the best of them is kept.
 */
#ifndef SYN_BLEND_H
#define SYN_BLEND_H

#include "training/search.h"

/* Sets search->blend, or leaves it NULL where no average beats the best candidate. All candidates that send alike take
 * part, the best model without connectivity too. */
syn_status syn_blend_candidates(syn_search *search);
/* Of a repeat (repeats.h): its finished stages, in the shares that they have in the winner of the origin. */
syn_status syn_blend_planned(syn_search *repeat);

#endif
