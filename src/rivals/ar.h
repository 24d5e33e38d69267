/* An autoregression of each neuron on its own past and the behaviour:
 *
 *     x_i[t] = base_i[t] + c_i + sum_b k_ib u_b[t-1] + sum_l a_il z_i[t-l],   l = 1..p
 *
 * with base 0 and z the activity, or base and z as seen from the slow baseline; chosen with the order p and a strength
 * that pulls each neuron's coefficients to those of all neurons together.
 */
#ifndef SYN_RIVALS_AR_H
#define SYN_RIVALS_AR_H

#include "rivals/rivals.h"

typedef struct syn_ar {
    int order, floor; /* floor: loss.h */
    bool from_baseline;
    double pull;         /* strength, in frames */
    int64_t D;           /* 1 + B + order */
    double *coefficient; /* [N][D] offset, behaviour, lags */
} syn_ar;

syn_status syn_ar_fit(syn_ar **ar, const syn_rival_data *data, const syn_rival_settings *settings);
void syn_ar_free(syn_ar *ar);
/* prediction [N] of frame t, before any floor. */
void syn_ar_predict(const syn_ar *ar, const syn_rival_data *data, int64_t t, float *prediction);

#endif
