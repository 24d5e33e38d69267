/* The past of every neuron through raised cosines over log time (Pillow et al. 2008), which say what happened lately
 * precisely and what happened long ago roughly.
 *
 *     y_jk[t] = scale_jk sum_{l < span} phi_k[l] x_j[t-1-l];   what is before the segment counts as 0
 *
 * Letters: K functions, N neurons, F frames.
 */
#ifndef SYN_RIVALS_FILTERS_H
#define SYN_RIVALS_FILTERS_H

#include "rivals/rivals.h"

enum { SYN_FILTERS_MOST_K = 8, SYN_FILTERS_MOST_SPAN = 128 };

typedef struct syn_filters {
    int K, span; /* span: frames; K = 0: nothing */
    float phi[SYN_FILTERS_MOST_K][SYN_FILTERS_MOST_SPAN];
    float *scale; /* [N][K], or NULL: 1 */
} syn_filters;

/* No scales yet. */
syn_filters syn_filters_create(int K, int span);
/* row [N][K] of target t */
void syn_filters_apply(const syn_filters *filters, const syn_rival_data *data, int64_t t, float *row);
/* column [N][K][F] of the train frames, and the scales, which give each column a mean square of 1. */
syn_status syn_filters_fit(syn_filters *filters, const syn_rival_data *data, int threads, float *column);
void syn_filters_free(syn_filters *filters);

/* Brings a column [F] to a mean square of 1; returns by what it was multiplied (0 where all is 0). */
float syn_scale_column(float *column, int64_t F);

#endif
