/* Predictions of the test frames, from wherever they come, scored by the metrics of docs/model.md: the figures of
 * evaluate.h for the predictions of a model, and the same figures for those of anything else.
 *
 * Letters: F target frames of the test split, N neurons.
 */
#ifndef SYN_ANALYSIS_SCORE_H
#define SYN_ANALYSIS_SCORE_H

#include <jansson.h>

#include "analysis/bootstrap.h"
#include "analysis/metrics.h"
#include "model/network.h"

/* What predictions of a session are scored against. */
typedef struct syn_test_frames {
    const syn_session *session;
    int64_t F, n_spans;
    float *truth, *last; /* [F][N] z-scored; the last observed value before, 0 where there is none yet */
    uint8_t *observed;   /* [F][N] */
    syn_segment *span;   /* [n_spans] of frames that belong together */
} syn_test_frames;

syn_status syn_test_frames_create(syn_test_frames *test, const syn_session *session);
void syn_test_frames_free(syn_test_frames *test);

/* Losses of every frame, summed over its entries. */
typedef struct syn_score {
    syn_metric_values metrics;
    double *error, *entries; /* [F] squared errors, observed entries */
    double *nll, *spikes;    /* [F] in bits; NULL unless the recording holds counts */
} syn_score;

/* prediction [F][N]: z-scored. */
syn_status syn_score_create(syn_score *score, const syn_test_frames *test, const float *prediction);
void syn_score_free(syn_score *score);
/* Interval of mse(other) - mse(reference), averaged over n sessions. */
syn_status syn_score_mse_difference(const syn_score *other, const syn_score *reference, const syn_test_frames *test,
                                    size_t n, syn_interval *interval);
/* Of bits_per_spike(other) - bits_per_spike(reference); all sessions hold counts. */
syn_status syn_score_bits_difference(const syn_score *other, const syn_score *reference, const syn_test_frames *test,
                                     size_t n, syn_interval *interval);
/* Each metric averaged over the sessions that have it. */
syn_metric_values syn_score_average(const syn_score *score, size_t n);

/* prediction [F][N] of the test frames of session s by a network, z-scored. */
syn_status syn_predict_test(syn_network *network, const syn_dataset *data, size_t s, float *prediction);

#endif
