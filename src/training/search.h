/* The search for the decoder's size and the form and strength of the connectivity, on train and validation data alone.
 *
 * 1. `none`: the decoder without connectivity; with embeddings that are shrunk much or little; without the behaviour;
 * with more hidden units while that still helps.
 * 2. Its residuals are regressed on what all neurons send (linear.h), their activity or more or less only what is new
 * in it: the warm start of W, a first strength, a rank.
 * 3. Candidates with a W: dense under a ridge, and again with embeddings that are shrunk more and a faster decoder
 * where that helps; low rank, dense under L1; strengths and ranks go on in the direction that helps (plan.h). `none` is
 * trained once more as the best of them was, and that one again from it if it gained. An average of candidates
 * (blend.h) wins, or the one with the least validation loss; `none` does when no connectivity predicts better.
 * docs/decisions/connectivity.md says what else was tried.
 * 4. Adaptation (settings.source): until here the decoder of the source is kept as it is, and embeddings and behaviour
 * are shrunk to what the source knows of them (start.h), not to 0. Then `none` and the best candidate are trained on
 * with all parameters at a lower rate, which is kept where it lowers the validation loss.
 * 5. How the winner's predictions follow its recent errors (correction.h).
 *
 * A repeat (repeats.h) is a search as well, whose stages are those that made another search's winner.
 *
 * A search is a list of stages. What the next one is depends on the finished ones alone, so that a checkpoint between
 * two epochs holds all that is needed to go on.
 */
#ifndef SYN_SEARCH_H
#define SYN_SEARCH_H

#include "training/start.h"

enum { SYN_MAX_STAGES = 33, SYN_LABEL_SIZE = 192 };

typedef struct syn_stage {
    syn_candidate candidate;
    int hidden;
    int again;        /* `none` trained on from its best weights, or (2) once more: the candidates' fair comparison; a
                       * candidate that starts from the decoder of that one; or (3) the best model less its W */
    bool tuned;       /* adaptation: trained on from its best weights, the decoder too */
    bool passed_over; /* `none`, unlike the best one before it and not clearly ahead of it (ahead.h); or with a
                       * behaviour that does not put it clearly ahead */
    double loss;      /* least validation loss */
    int epochs, best_epoch;
} syn_stage;

/* What the user fixed. */
typedef struct syn_search_limits {
    bool any_form;     /* --connectivity auto */
    syn_form form;     /* else this */
    int rank;          /* 0: choose */
    double ridge, l1;  /* < 0: choose */
    double innovation; /* < 0: choose */
    bool any_hidden;
    bool any_rate; /* the decoder may learn faster or slower */
} syn_search_limits;

typedef struct syn_search {
    const syn_dataset *data;
    const syn_kernels *kernels;
    syn_settings settings;
    syn_search_limits limits;
    uint64_t fingerprint; /* of data, kernels, settings and limits: a checkpoint of another fit is refused */
    int n_stages;         /* finished */
    syn_stage stage[SYN_MAX_STAGES];
    syn_epoch_losses *curve[SYN_MAX_STAGES]; /* [stage[k].epochs] */
    syn_parameters *prior;    /* what an adaptation shrinks embeddings and behaviour to (start.h), or NULL: 0 */
    syn_parameters *none;     /* the best without connectivity and not trained again: where candidates start */
    syn_parameters *ablation; /* the best without connectivity at all */
    double none_loss, ablation_loss;
    syn_parameters *best; /* of the candidates with connectivity */
    double best_loss;
    syn_parameters *member[SYN_MAX_STAGES]; /* best weights of the stages that may be averaged, or NULL */
    syn_parameters *blend;                  /* their average, or NULL: the best one is better */
    double blend_loss, blend_share[SYN_MAX_STAGES];
    bool connectivity_ahead; /* of the search that ended: the blend, or else the best, is clearly ahead of `ablation` */
    int n_linear; /* what is sent: as it is (or as the user said), then filtered as the regression likes best */
    syn_linear *linear[2];
    double innovation[2];
    syn_stage running; /* the stage in training */
    syn_trainer *trainer;
    bool finished;
    const struct syn_search *origin; /* of a repeat: the search whose winner is trained again; else NULL */
    int n_planned;                   /* of a repeat: stages of the origin to train ... */
    int planned[SYN_MAX_STAGES];     /* ... which ones, in order ... */
    double share[SYN_MAX_STAGES];    /* ... and the share of each in the winner */
} syn_search;

syn_status syn_search_create(syn_search **search, const syn_dataset *data, const syn_kernels *kernels,
                             const syn_settings *settings, const syn_search_limits *limits);
/* For repeats.h: prior from the settings. */
syn_status syn_search_take_prior(syn_search *search);
void syn_search_free(syn_search *search);
/* The next epoch, starting a stage when none is running; *done when the search is over.
 * keep_going: as in syn_trainer_epoch. */
syn_status syn_search_epoch(syn_search *search, bool *done, bool (*keep_going)(void *), void *user);
/* Ends the search now with the best weights so far. Error: no epoch was complete. */
syn_status syn_search_finish(syn_search *search);
/* The winner (borrowed) and its stage; of an average, the stage with the least loss. */
const syn_parameters *syn_search_winner(const syn_search *search, int *stage);
/* "dense ridge 300 l1 60" */
void syn_stage_label(const syn_stage *stage, char *text, size_t size);

/* For checkpoint.c: starts training `stage` from p, which is taken over. */
syn_status syn_search_train(syn_search *search, const syn_stage *stage, syn_parameters *p,
                            const syn_schedule *schedule);

#endif
