/* Forecast of a session: one step ahead over the test split, and free-running rollouts.
 *
 * A rollout from frame f knows activity up to frame f - 1. Every step feeds back the prediction, or is the mean over
 * paths on which the prediction was disturbed first (rollout_noise.h); behaviour is the recorded one, or held at its
 * last value, as it is beyond the end of the segment.
 *
 * Letters: F target frames of the test split, S rollouts of K steps, N neurons.
 */
#ifndef SYN_ANALYSIS_FORECAST_H
#define SYN_ANALYSIS_FORECAST_H

#include "analysis/rollout.h"
#include "base/options.h"
#include "model/fitted.h"

struct syn_forecast {
    int64_t N, F, S, K;
    double rate_hz;
    syn_signal signal;
    char *name;       /* of the recording */
    char **neuron_id; /* [N] */
    /* one step ahead; raw units, NaN where truth was not observed */
    float *prediction, *truth; /* [F][N] */
    int64_t *frame;            /* [F] */
    double *time_s;            /* [F] */
    /* rollouts; raw units, NaN where truth was not observed or lies beyond the segment */
    float *rollout, *rollout_truth;                 /* [S][K][N] */
    int64_t *start;                                 /* [S] first predicted frame */
    int paths;                                      /* of a rollout; 1: nothing is disturbed */
    double *mse, *mse_copy_last, *mse_mean, *skill; /* [K] z-scored; NaN without truth */
    /* intervals (forecast_interval.h), to be added to a prediction; raw units, NaN where nothing says how wide */
    float *lower, *upper;                 /* [N] */
    float *rollout_lower, *rollout_upper; /* [K][N] */
    double coverage, *rollout_coverage;   /* of the test split, and by step [K]; NaN without truth or interval */
};

/* As syn_forecast_create(), over recordings that are prepared already (prepare.h): of session `session`. */
syn_status syn_forecast_run(syn_forecast **forecast, const syn_model *model, const syn_dataset *data,
                            const syn_options *options, const syn_kernels *kernels, int threads);

#endif
