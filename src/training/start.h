/* Where training starts from: fresh parameters without connectivity, and candidates warm-started from them. */
#ifndef SYN_START_H
#define SYN_START_H

#include "model/fitted.h"
#include "training/linear.h"
#include "training/trainer.h"

/* How fast the decoder learns: at the rate of the settings, at three times or at a fifth of it. */
typedef enum syn_pace { SYN_PACE_USUAL, SYN_PACE_FAST, SYN_PACE_SLOW } syn_pace;

typedef struct syn_candidate {
    syn_form form;
    int rank;
    double ridge, l1;  /* in observations */
    double embedding;  /* the ridge on embeddings, likewise */
    double innovation; /* share of the lag-1 prediction from its own past that is taken off what a neuron sends */
    bool no_behavior;  /* P stays 0: the behaviour says nothing */
    syn_pace pace;     /* of the decoder */
} syn_candidate;

typedef struct syn_settings {
    const syn_model *source; /* whose decoder is kept at first (adaptation), or NULL */
    uint8_t *const *support; /* [sessions] [N][N] where `masked` may have an edge, or NULL */
    int hidden, embedding, behavior_inputs, threads;
    syn_loss loss;
    uint64_t seed;
    double decoder_rate, connectivity_rate; /* the latter relative to the size of the weights at the start */
    int64_t batch_frames;
    int max_epochs, patience;
} syn_settings;

/* The filter of what the neurons of a session send: send[N] = innovation times the lag-1 regression coefficient of
 * each. */
syn_status syn_start_filter(const syn_dataset *data, size_t s, double innovation, float *send);
/* Fresh parameters without connectivity; with a source its decoder, neurons like the mean of its neurons, and
 * behaviours that it knows by name as they are on average in its recordings. */
syn_status syn_start_none(syn_parameters **p, const syn_dataset *data, const syn_settings *settings);
/* Of a source: what embeddings and P are shrunk to: the same, but 0 for behaviours that it does not know, unless its
 * decoder has no inputs for any. */
syn_status syn_start_prior(syn_parameters **p, const syn_dataset *data, const syn_settings *settings);
/* P of every session becomes 0. */
void syn_start_without_behavior(syn_parameters *p);
/* Parameters of a candidate from those of `none` and the linear model. best: with connectivity, or NULL; with `dale`
 * the sign of a sender is that of the sum of its weights there, else in the linear model. */
syn_status syn_start_candidate(syn_parameters **p, const syn_parameters *none, const syn_parameters *best,
                               const syn_linear *linear, const syn_candidate *candidate, const syn_dataset *data,
                               const syn_settings *settings, const syn_kernels *kernels);
/* Copies the tensors that both have, session by session. */
void syn_copy_common_tensors(syn_parameters *to, const syn_parameters *from);
/* Gives masked parameters their support. */
syn_status syn_attach_support(syn_parameters *p, const syn_settings *settings);
/* The schedule that the settings ask for, with connectivity_rate made absolute. */
syn_schedule syn_candidate_schedule(const syn_parameters *p, const syn_settings *settings, uint32_t stage);

#endif
