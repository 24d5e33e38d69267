/* What the future adds to a prediction. A rollout that feeds back nothing but its own predictions is not the mean of
 * what may come where the network is not linear: fluorescence without a single further event decays, and stays down.
 * The mean over paths that were disturbed as the recording is comes closer.
 *
 * Letters: E frames with known errors, N neurons.
 */
#ifndef SYN_ANALYSIS_ROLLOUT_NOISE_H
#define SYN_ANALYSIS_ROLLOUT_NOISE_H

#include "analysis/forecast.h"

typedef struct syn_rollout_noise {
    const syn_normalisation *norm;
    bool counts;  /* drawn from the predicted rates */
    int64_t E;    /* else one of these frames is added, whole: neurons err together */
    float *error; /* [E][N] z-scored, mean 0 */
} syn_rollout_noise;

/* errors: a forecast whose one-step part is to be disturbed like. */
syn_status syn_rollout_noise_create(syn_rollout_noise *noise, const syn_normalisation *norm, syn_loss loss,
                                    const syn_forecast *errors);
void syn_rollout_noise_free(syn_rollout_noise *noise);

/* Disturbs z[N], the z-scored prediction of a frame on a path. The same path and frame: the same disturbance. */
void syn_rollout_disturb(const syn_rollout_noise *noise, int path, int64_t frame, float *z);

/* Whether rollouts `disturbed` are nearer to the truth than `plain` ones by more than chance: all steps together, or
 * as many as the frames tell of. */
syn_status syn_rollout_noise_helps(const syn_normalisation *norm, const syn_forecast *plain,
                                   const syn_forecast *disturbed, bool *helps);

#endif
