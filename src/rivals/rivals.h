/* Models that SynapsNet is compared with. Each is fitted to one recording: on its train frames, with every choice made
 * on its validation frames, by the loss that SynapsNet is fitted with; then it predicts the test frames.
 *
 * All see the same: z-scored activity and behaviour up to the frame before the one that is predicted, within its
 * segment. To add one: a file, and a row in the table in rivals.c.
 *
 * Letters: T frames, N neurons, B behaviours, F target frames of a split.
 */
#ifndef SYN_RIVALS_H
#define SYN_RIVALS_H

#include <jansson.h>

#include "dataset/dataset.h"
#include "kernels/kernels.h"
#include "model/model.h"

/* A recording as rivals see it. */
typedef struct syn_rival_data {
    const syn_session *session;
    int64_t T, N, B;
    float *x;        /* [T][N] z-scored; where not observed, decayed from the last value that was
                        (an autoregression of one frame) */
    float *baseline; /* [T][N] the slow baseline after each frame, or NULL: there is none */
    int64_t *start;  /* [T] first frame of the segment; T outside of segments */
    int64_t *frame[SYN_SPLITS], F[SYN_SPLITS]; /* [F] targets */
    syn_loss loss;
} syn_rival_data;

/* session: as syn_dataset_create() left it. */
syn_status syn_rival_data_create(syn_rival_data *data, const syn_session *session, syn_loss loss);
void syn_rival_data_free(syn_rival_data *data);

static inline bool syn_rival_observed(const syn_rival_data *d, int64_t t, int64_t i) {
    return syn_session_observed(d->session, t, i);
}

typedef struct syn_rival_settings {
    const syn_kernels *kernels;
    int threads; /* the result does not depend on them */
    uint64_t seed;
    /* asked now and then; a rival that is told no returns SYN_ERR_INTERRUPTED. May be NULL. */
    bool (*keep_going)(void *user);
    void *user;
} syn_rival_settings;

typedef struct syn_rival {
    const char *name;
    /* Why it is no model of such a recording, or NULL: it is one. The function NULL: it is a model of every one. */
    const char *(*why_not)(const syn_rival_data *data);
    /* *model: freed by `free`. chosen: an object, to which what was chosen is added. */
    syn_status (*fit)(void **model, const syn_rival_data *data, const syn_rival_settings *settings, json_t *chosen);
    /* prediction [F][N] of the targets of a split, z-scored. */
    syn_status (*predict)(const void *model, const syn_rival_data *data, const syn_rival_settings *settings,
                          syn_split split, float *prediction);
    void (*free)(void *model);
    bool fixed; /* nothing of it is chosen */
} syn_rival;

/* Ended by NULL. */
extern const syn_rival *const syn_rivals[];

syn_status syn_rival_go_on(const syn_rival_settings *settings);

#endif
