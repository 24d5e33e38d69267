/* Ridge and reduced-rank regression of what a model without connectivity leaves unexplained on what all
 * neurons send: the warm start of W, and a first estimate of how strong and of what rank it should be.
 *
 * Letters: N neurons, K strengths, M ranks.
 */
#ifndef SYN_LINEAR_H
#define SYN_LINEAR_H

#include "model/network.h"

enum { SYN_LINEAR_STRENGTHS = 13, SYN_LINEAR_RANKS = 12 };
extern const int syn_linear_rank[SYN_LINEAR_RANKS];

typedef struct syn_linear {
    size_t n_sessions;
    double strength[SYN_LINEAR_STRENGTHS];    /* ridge, in observations */
    double ridge_error[SYN_LINEAR_STRENGTHS]; /* validation sum of squared errors at each */
    double rank_error[SYN_LINEAR_RANKS];      /* the same of the best reduced-rank regression of each rank */
    double rank_strength[SYN_LINEAR_RANKS];   /* and the ridge below it */
    double no_connectivity_error;             /* with W = 0 */
    struct syn_linear_session *session;       /* [n_sessions] */
} syn_linear;

/* Runs `network` (a model without connectivity) over the train and validation splits and regresses its residuals on
 * what neurons would send: send [sessions][N] as in syn_send. */
syn_status syn_linear_create(syn_linear **linear, syn_network *network, const syn_dataset *data,
                             const float *const *send);
void syn_linear_free(syn_linear *linear);
/* Index of the strength, and of the rank, with the least validation error. */
int syn_linear_best_strength(const syn_linear *linear);
int syn_linear_best_rank(const syn_linear *linear);
/* The error at the best strength. */
double syn_linear_least_error(const syn_linear *linear);
/* W[N][N] of the N neurons of the population that session s is the first of, at a strength (any positive number),
 * diagonal included. */
syn_status syn_linear_weights(const syn_linear *linear, size_t s, double strength, float *W);
/* Its best approximation of rank r: S[N][r], R[N][r] with W = S R^T. */
syn_status syn_linear_factors(const syn_linear *linear, size_t s, double strength, int r, float *S, float *R);

#endif
