/* The loss that rivals are tuned by on the validation frames: the sum of squared errors, or, where SynapsNet is fitted
 * to spike counts with a Poisson loss, the negative log likelihood of the counts.
 *
 * For the latter, a prediction of z-scored counts becomes a rate. A linear one may be negative: rates are kept above a
 * share of the neuron's mean rate, and which share is chosen with all else.
 */
#ifndef SYN_RIVALS_LOSS_H
#define SYN_RIVALS_LOSS_H

#include "rivals/rivals.h"

enum { SYN_FLOORS = 8 };
extern const double syn_floor_share[SYN_FLOORS];

typedef struct syn_rival_loss {
    double sum[SYN_FLOORS]; /* for each floor; of squared errors there is only the first */
} syn_rival_loss;

/* Adds one target frame; prediction: [N]. */
void syn_rival_loss_add(syn_rival_loss *loss, const syn_rival_data *data, int64_t frame, const float *prediction);
/* The least sum, and its floor (-1: none is used). */
double syn_rival_loss_least(const syn_rival_loss *loss, const syn_rival_data *data, int *floor);
/* Raises n predictions [n][N] to a floor; -1: leaves them. */
void syn_rival_raise(const syn_rival_data *data, int floor, float *prediction, int64_t n);
/* Adds "rate_floor" to what was chosen, where there is one. */
void syn_rival_note_floor(json_t *chosen, int floor);

#endif
