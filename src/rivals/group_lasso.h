/* Poisson regressions of many neurons on the same columns and a few of their own, with a group lasso (Yuan & Lin 2006):
 *
 *     minimise over w   sum_t ( rate[t] - count[t] drive[t] ) + penalty sum_g |w_g| + ridge / 2 sum_p w_p^2
 *                       + own_ridge / 2 sum_q ( w_q - towards_q )^2
 *     rate[t] = mean exp(drive[t]),   drive[t] = sum_p w_p column_p[t] + sum_q w_q own_q[t]
 *
 * |w_g|: Euclidean norm of a group of columns. Above SYN_LASSO_MOST_DRIVE the rate goes on as a parabola with the same
 * slope and curvature, so that one frame of a neuron that bursts cannot make a step explode; the problem stays convex.
 *
 * Solved along a path of falling penalties, each from the solution before, with active sets: see group_lasso.c.
 *
 * Letters: F frames, D columns, O own columns, G groups of the former, n regressions of a block.
 */
#ifndef SYN_RIVALS_GROUP_LASSO_H
#define SYN_RIVALS_GROUP_LASSO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { SYN_LASSO_BLOCK = 32, SYN_LASSO_WIDTH = 8 }; /* most regressions of a block, most columns of a group */
#define SYN_LASSO_MOST_DRIVE 5.0f

/* What all regressions share; column by column, so that a group lies in one piece. */
typedef struct syn_lasso_features {
    int64_t F, D, O, G;
    const float *column;  /* [D][F] */
    const int64_t *first; /* [G + 2] first column of each group, then D and D + O; the own columns are the last group */
    int64_t penalised;    /* groups before this one carry the penalty, the last of the G not even the ridge */
} syn_lasso_features;

typedef struct syn_lasso_strength {
    double penalty; /* in units of the noise: times sqrt(F mean columns of the group), which is about the size of the
                       gradient of a group that says nothing */
    double ridge, own_ridge;
    const float *towards; /* [O] */
} syn_lasso_strength;

/* A block of regressions. */
typedef struct syn_lasso {
    const syn_lasso_features *x;
    int64_t n;
    int64_t self;       /* group that the first regression must not use, self + 1 for the second, ... */
    const float *own;   /* [n][O][F] */
    const float *count; /* [n][F]; below 0: not observed */
    const float *mean;  /* [n] rate where the drive is 0 */
    double penalty;     /* of the last solution */
    float *w;           /* [n][D + O] */
    float *gradient;    /* [n][D + O] of the likelihood, at w; of the own columns 0 */
    float *left;        /* [n][F] derivative of the likelihood by the drive, at w; 0 where not observed */
    bool *active;       /* [n][G + 1] whether the group is looked at */
} syn_lasso;

/* What one thread needs to solve. */
typedef struct syn_lasso_work syn_lasso_work;

/* own, count, mean: of the first regression, and borrowed. */
syn_status syn_lasso_create(syn_lasso *lasso, const syn_lasso_features *x, int64_t n, int64_t self, const float *own,
                            const float *count, const float *mean);
void syn_lasso_free(syn_lasso *lasso);
syn_status syn_lasso_work_create(syn_lasso_work **work, const syn_lasso_features *x);
void syn_lasso_work_free(syn_lasso_work *work);

/* Solves the block, from the solution before. */
void syn_lasso_solve(syn_lasso *lasso, const syn_lasso_strength *strength, syn_lasso_work *work);
/* What the w of regression j minimises. */
double syn_lasso_value(const syn_lasso *lasso, int64_t j, const syn_lasso_strength *strength, syn_lasso_work *work);
/* The penalty of a group of regression j at a strength. */
double syn_lasso_penalty(const syn_lasso *lasso, int64_t j, int64_t group, double penalty);

#endif
