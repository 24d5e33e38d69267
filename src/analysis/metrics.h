/* The metrics of docs/model.md, section "Metrics", from frames that are fed one block at a time.
 *
 * Shapes: n frames in a block, N neurons. A metric without data is absent: NaN here, and left out of what is written
 * for the user. Nothing else is ever NaN: a figure that overflowed is absent too.
 */
#ifndef SYN_ANALYSIS_METRICS_H
#define SYN_ANALYSIS_METRICS_H

#include <stdint.h>

#include "base/status.h"

/* X(name). One session; the average of `skill` over sessions is the caller's. */
#define SYN_METRIC_LIST(X)                                                                                             \
    X(mse)                                                                                                             \
    X(mae)                                                                                                             \
    X(mse_copy_last)                                                                                                   \
    X(mse_mean)                                                                                                        \
    X(skill)                                                                                                           \
    X(r2)                                                                                                              \
    X(neuron_r)                                                                                                        \
    X(delta_r)                                                                                                         \
    X(population_r)                                                                                                    \
    X(spatial_r)                                                                                                       \
    X(bits_per_spike)                                                                                                  \
    X(bits_per_spike_neuron_mean)

typedef struct syn_metric_values {
#define X(name) double name;
    SYN_METRIC_LIST(X)
#undef X
} syn_metric_values;

/* A block of frames [n][N]. x, prediction: z-scored with the statistics of the train split, so that the mean model
 * predicts 0. */
typedef struct syn_metric_block {
    int64_t n;
    const float *x;          /* [n][N] truth */
    const float *prediction; /* [n][N] of the same frames */
    const float *previous;   /* [n][N] truth one frame earlier; NaN where unknown or in another segment; or NULL */
    const uint8_t *observed; /* [n][N] bytes, 0: x is not known; NULL: all known */
} syn_metric_block;

/* Losses of one frame, summed over its entries, for intervals (bootstrap.h). */
typedef struct syn_frame_loss {
    double entries, model, mean;            /* observed entries; squared errors over them */
    double paired, model_paired, copy_last; /* the same over the entries whose previous value is known too */
} syn_frame_loss;

/* The sum of squares about the mean, or of changes, that n z-scored values have which do not vary but for rounding.
 * squares: sum of the squares of the values themselves. */
double syn_rounding(double n, double squares);

typedef struct syn_metrics syn_metrics;

/* train_rate: [N] mean count per frame over the train split (copied), or NULL if there are no counts to score. */
syn_status syn_metrics_create(syn_metrics **metrics, int64_t N, const double *train_rate);
void syn_metrics_free(syn_metrics *metrics);
/* Adds a block. frame_loss: [n], filled; may be NULL. */
void syn_metrics_add(syn_metrics *metrics, const syn_metric_block *block, syn_frame_loss *frame_loss);
/* Adds n frames of spike counts and predicted rates per frame (floored at 1e-9) for bits per spike; needs train_rate.
 * observed: as above. nll_model, nll_mean_rate: [n] filled with the negative log likelihood of each frame, up to a term
 * in the counts that both share, in nats; may be NULL. */
void syn_metrics_add_counts(syn_metrics *metrics, int64_t n, const float *counts, const float *rate,
                            const uint8_t *observed, double *nll_model, double *nll_mean_rate);
/* The metrics of all that was added so far.
 *
 * Where a prediction does not vary, its correlation counts as 0: it explains nothing. Where the truth does not vary
 * but for rounding, that neuron or frame is left out, and so is skill where copy-last has no error. skill and
 * mse_copy_last use the entries whose previous value is known; skill compares them with the model on the same entries.
 */
syn_metric_values syn_metrics_values(const syn_metrics *metrics);
/* r: [N], of which `neuron_r` is the average. */
void syn_metrics_neuron_r(const syn_metrics *metrics, double *r);
/* mse: [N], NaN where a neuron was not observed. */
void syn_metrics_neuron_mse(const syn_metrics *metrics, double *mse);

/* C: [N][N] effective connectivity, truth: [N][N] weights, rows = receivers, diagonals ignored; an edge is a truth
 * other than 0. Ranks of ties are averaged. auprc is the average precision, auprc_chance the share of edges. */
typedef struct syn_edge_metrics {
    double auroc, auprc, auprc_chance, pearson_w, spearman_w;
} syn_edge_metrics;
syn_status syn_edge_metrics_compute(syn_edge_metrics *metrics, const float *C, const double *truth, int64_t N);

#endif
