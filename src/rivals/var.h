/* Ridge vector autoregressions of a base that predicts each neuron for itself:
 *
 *     x[t] = base[t] + c + sum_l ( A_l z[t-l] + K_l u[t-l] ),   l = 1..p; 0 before the segment
 *
 * base: 0 (the level), x[t-1] (the change), or the neuron's own autoregression (ar.h: what that leaves). z: the
 * activity, or the activity less its slow baseline, which then is the base of the level. p, the strength of the ridge,
 * z and, if asked for, the rank of [A K] are chosen on the validation frames.
 *
 * Letters: D = (N + B) p + 1 inputs.
 */
#ifndef SYN_RIVALS_VAR_H
#define SYN_RIVALS_VAR_H

#include "rivals/ar.h"

typedef enum syn_var_base { SYN_VAR_LEVEL, SYN_VAR_CHANGE, SYN_VAR_OWN, SYN_VAR_BASES } syn_var_base;
extern const char *const syn_var_base_name[];

typedef struct syn_var {
    syn_var_base base;
    bool slow;              /* z is less its slow baseline */
    int order, rank, floor; /* rank 0: full; floor: loss.h */
    double strength;        /* ridge, in frames */
    int64_t D;
    double *coefficient; /* [N][D] lag by lag (neurons, behaviour), then the offset */
    float *own;          /* [T][N] predictions of the autoregression, or NULL */
} syn_var;

/* bases: those to choose from, one bit each (1 << base). */
syn_status syn_var_fit(syn_var **var, const syn_rival_data *data, const syn_rival_settings *settings, unsigned bases,
                       bool reduced_rank);
void syn_var_free(syn_var *var);
/* prediction [F][N] of the targets of a split, no less than the floor. */
syn_status syn_var_predict(const syn_var *var, const syn_rival_data *data, int threads, syn_split split,
                           float *prediction);

#endif
