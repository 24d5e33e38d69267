/* Training of one candidate: epochs over the train split, early stopping on the validation split. */
#ifndef SYN_TRAINER_H
#define SYN_TRAINER_H

#include "model/network.h"
#include "training/optimiser.h"

typedef struct syn_schedule {
    double decoder_rate, connectivity_rate; /* peak learning rates; neurons' own parameters learn as the decoder */
    int64_t batch_frames;
    int max_epochs, patience;
    /* with a best loss above this, patience ends after patience_behind epochs, and training after epochs_behind in all;
     * 0: as otherwise */
    double rival_loss;
    int patience_behind, epochs_behind;
    bool frozen_decoder;
    bool warm; /* the weights that training starts from may be the best */
    uint64_t seed;
    uint32_t stage; /* distinguishes the candidates' random numbers */
} syn_schedule;

typedef struct syn_epoch_losses {
    double train, validation;
} syn_epoch_losses;

/* A candidate in training: all that a checkpoint has to keep between two epochs. */
typedef struct syn_trainer {
    const syn_dataset *data;
    syn_network *network;
    syn_loss loss;
    syn_schedule schedule;
    syn_penalty penalty; /* in observations, see syn_trainer_create */
    syn_parameters *p;
    syn_optimiser optimiser;
    float *best; /* [p->count] averaged weights with the least validation loss */
    double best_loss;
    int best_epoch, epoch;   /* best_epoch -1: the weights that training started from */
    double gain;             /* mean |d xhat / d I| at the start of the epoch */
    syn_epoch_losses *curve; /* [max_epochs] */
    /* work space of an epoch */
    float *gradient;
    syn_window *window;
    int64_t *order;
} syn_trainer;

/* Takes p over. penalty: each against the sum of squared errors over the train frames: a ridge on a row of W against
 * those of one neuron, as in ridge regression of z-scored activity; the others likewise. */
syn_status syn_trainer_create(syn_trainer **trainer, syn_parameters *p, const syn_dataset *data, syn_loss loss,
                              const syn_kernels *kernels, int threads, const syn_schedule *schedule,
                              syn_penalty penalty);
void syn_trainer_free(syn_trainer *trainer);
/* One epoch; *done is set when the candidate is finished. keep_going is asked after every step and may be NULL; if it
 * says no the epoch is given up with SYN_ERR_INTERRUPTED and must be started again from its beginning. */
syn_status syn_trainer_epoch(syn_trainer *trainer, bool *done, bool (*keep_going)(void *), void *user);
/* Epochs that it has to have yet, if none of them is better than the best so far. */
int syn_trainer_least_left(const syn_trainer *trainer);
/* Steps that an epoch takes. */
int64_t syn_trainer_steps(const syn_dataset *data, int64_t batch_frames);

/* Mean loss per observed target of a split, over all sessions. each: [targets' frames] the sum over the neurons of
 * every frame, session by session, or NULL. */
syn_status syn_split_loss(syn_network *network, const syn_dataset *data, syn_loss loss, syn_split split, double *each,
                          double *mean);

#endif
