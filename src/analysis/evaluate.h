/* The metrics of docs/model.md on the test split, beside the baselines copy-last and mean.
 *
 * The network works on activity less a slow baseline; truth and predictions are put back to z-scored activity first.
 * copy-last predicts the last observed value of the same span, or the train mean where there is none yet.
 */
#ifndef SYN_ANALYSIS_EVALUATE_H
#define SYN_ANALYSIS_EVALUATE_H

#include <jansson.h>

#include "analysis/bootstrap.h"
#include "analysis/metrics.h"
#include "model/fitted.h"
#include "model/network.h"

typedef enum syn_predictor { SYN_MODEL, SYN_COPY_LAST, SYN_MEAN, SYN_PREDICTORS } syn_predictor;

extern const char *const syn_predictor_name[]; /* "synapsnet", "copy-last", "mean" */

/* frames: targets of the test split of one session, in order. */
typedef struct syn_session_evaluation {
    const syn_session *of;
    const char *name; /* of the recording, borrowed */
    int64_t N, frames, n_spans;
    syn_metric_values metrics[SYN_PREDICTORS];
    double *neuron_r;     /* [N] of SynapsNet */
    double *neuron_mse;   /* [N] of SynapsNet */
    syn_frame_loss *loss; /* [frames] */
    syn_segment *span;    /* [n_spans] frames that belong together */
} syn_session_evaluation;

typedef struct syn_evaluation {
    size_t n;
    syn_session_evaluation *session;           /* [n] */
    syn_metric_values metrics[SYN_PREDICTORS]; /* each averaged over the sessions that have it */
} syn_evaluation;

syn_status syn_evaluate_parameters(const syn_parameters *p, syn_loss loss, const syn_dataset *data,
                                   const syn_kernels *kernels, int threads, syn_evaluation *evaluation);
void syn_evaluation_free(syn_evaluation *evaluation);
/* Interval of mse(worse) - mse(better), averaged over sessions, for two evaluations of the same data set. */
syn_status syn_evaluation_difference(const syn_evaluation *worse, syn_predictor worse_by, const syn_evaluation *better,
                                     syn_predictor better_by, syn_interval *interval);

/* Adds a line to `warnings` for every baseline that predicts the test split reliably better, and for every recording of
 * whose squared error one neuron has more than all others together, or that leaves hardly any error. */
syn_status syn_evaluation_warn(const syn_evaluation *evaluation, json_t *warnings);

/* Metrics for a session: with its mean rates where it holds counts. */
syn_status syn_metrics_of(syn_metrics **metrics, const syn_session *session);
/* z-scored x[N] to counts[N], and a prediction[N] to rates[N], which are above 0. */
void syn_counts_of(const syn_session *session, const float *x, float *counts);
void syn_rates_of(const syn_session *session, const float *prediction, float *rate);

/* {"mse": ..., "skill": ..., ...}: what is present. */
json_t *syn_metrics_json(const syn_metric_values *metrics);
/* {"mean", "low", "high"}: what is present. */
json_t *syn_interval_json(const syn_interval *interval);
/* {"test", "baselines", "sessions", "intervals"}; of several sessions each has intervals of its own. */
syn_status syn_evaluation_json(const syn_evaluation *evaluation, json_t **json);

#endif
