/* Adam (Kingma & Ba 2015) with a learning rate per group, gradient clipping, an exponential average of the weights
 * (Polyak & Juditsky 1992), and the penalties on the connectivity: ridge in the gradient, L1 by a proximal step, so
 * that zeros are exact. */
#ifndef SYN_OPTIMISER_H
#define SYN_OPTIMISER_H

#include "model/model.h"

typedef struct syn_penalty {
    double ridge;     /* adds ridge / 2 sum (g W)^2 to the loss, g = mean gain |d xhat / d I| */
    double l1;        /* adds l1 sum |g W| for the free weights */
    double embedding; /* adds embedding / 2 sum (e - prior e)^2: neurons are alike unless the data say otherwise */
    double behavior;  /* adds behavior / 2 sum (P - prior P)^2; INFINITY: P does not learn */
    const syn_parameters *prior; /* of the same sessions, without connectivity; NULL: 0 */
} syn_penalty;

typedef struct syn_optimiser {
    syn_parameters *p;      /* borrowed: the weights that are trained */
    float *average;         /* [count] */
    float *moment, *square; /* [count] */
    int64_t step;
    bool frozen; /* what all sessions share (the decoder) does not learn */
} syn_optimiser;

syn_status syn_optimiser_create(syn_optimiser *optimiser, syn_parameters *p);
void syn_optimiser_free(syn_optimiser *optimiser);
/* One step. gradient: [count], of the mean loss per target, consumed. rate: learning rate of each group.
 * gain: the g of syn_penalty. With it the penalty is on the effective connectivity, so that the decoder cannot escape
 * it by a larger gain and smaller weights.
 * Errors: a gradient that is not finite. */
syn_status syn_optimiser_step(syn_optimiser *optimiser, float *gradient, const double rate[3], syn_penalty penalty,
                              double gain);

#endif
