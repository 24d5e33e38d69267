#include "analysis/edge_targets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/edge_spikes.h"
#include "base/lapack.h"
#include "base/memory.h"
#include "model/network.h"

/* Own frames that spike counts are cleared of. */
enum { OWN_FRAMES = 8 };
/* The mean of a receiver's slopes is at least this share of their size, or they are no weights. */
static const double least_mean_gain = 0.1;
/* Of its frames, by their weights, at least this share is left for errors. */
static const double least_freedom = 0.1;

int64_t syn_edge_targets(const syn_session *session) {
    return syn_session_targets(session, SYN_TRAIN) + syn_session_targets(session, SYN_VALIDATION);
}

/* ---- events ---- */

/* target[T][N] = x where it was observed, 0 elsewhere. */
static void gather_targets(const syn_session *session, const float *x, float *target) {
    const int64_t N = session->N;
    for (int split = SYN_TRAIN; split <= SYN_VALIDATION; split++)
        for (int64_t k = 0; k < session->n_spans[split]; k++)
            for (int64_t t = syn_span_first_target(&session->span[split][k]); t < session->span[split][k].stop; t++)
                for (int64_t i = 0; i < N; i++) *target++ = syn_session_observed(session, t, i) ? x[t * N + i] : 0.0f;
}

/* Of activity and events only one has to be in memory beside the targets. */
static void replace_activity(syn_session *session, syn_edge_events *events) {
    memcpy(session->x, events->x, (size_t)(events->T * session->N) * sizeof *events->x);
    free(events->x), events->x = NULL;
}

syn_status syn_test_events(syn_session *session, const syn_kernels *kernels, int threads, const syn_edge_watch *watch,
                           syn_edge_estimates **out) {
    const size_t N = (size_t)session->N;
    syn_edge_events events = {0};
    float *target = NULL, *none = NULL;
    syn_status status;
    *out = NULL;
    SYN_CHECK(syn_edge_events_create(&events, session, kernels, threads));
    replace_activity(session, &events);
    SYN_CHECK(syn_alloc(&target, (size_t)syn_edge_targets(session) * N, sizeof *target, "events"));
    SYN_CHECK(syn_alloc(&none, N * N, sizeof *none, "effective connectivity"));
    gather_targets(session, session->x, target);
    SYN_CHECK(syn_test_residuals(session, syn_edge_whole_frames, &events, target, none, kernels, threads, watch, out));
done:
    syn_edge_events_free(&events);
    free(target), free(none);
    return status;
}

/* ---- spike counts ---- */

static double count(const syn_session *s, int64_t t, int64_t i) {
    return syn_session_observed(s, t, i) ? (double)s->x[t * s->N + i] : 0;
}

/* by[N][OWN_FRAMES]: regression of every neuron's counts on its own last frames (Yule-Walker). */
static syn_status regress_on_own_past(const syn_session *s, double *by) {
    const int64_t N = s->N;
    double *gamma, A[OWN_FRAMES * OWN_FRAMES];
    SYN_TRY(syn_alloc(&gamma, (size_t)((OWN_FRAMES + 1) * N), sizeof *gamma, "own past"));
    for (int split = SYN_TRAIN; split <= SYN_VALIDATION; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++) {
            const int64_t first = s->span[split][k].start - s->span[split][k].context;
            for (int64_t t = first; t < s->span[split][k].stop; t++)
                for (int lag = 0; lag <= OWN_FRAMES && t - lag >= first; lag++)
                    for (int64_t i = 0; i < N; i++) gamma[lag * N + i] += count(s, t, i) * count(s, t - lag, i);
        }
    for (int64_t i = 0; i < N; i++) {
        double *b = by + i * OWN_FRAMES;
        for (int p = 0; p < OWN_FRAMES; p++) {
            b[p] = gamma[(p + 1) * N + i];
            for (int q = 0; q < OWN_FRAMES; q++) A[p * OWN_FRAMES + q] = gamma[abs(p - q) * N + i];
            A[p * OWN_FRAMES + p] *= 1 + 1e-9;
        }
        if (!syn_solve_positive(A, OWN_FRAMES, b, 1)) memset(b, 0, OWN_FRAMES * sizeof *b);
    }
    free(gamma);
    return SYN_OK;
}

/* Counts less what a neuron's own last frames say of them: a neuron that drives j and fires in bursts would else be
 * seen to follow j. */
static syn_status clear_of_own_past(const syn_session *s, float *target) {
    double *by;
    SYN_TRY(syn_alloc(&by, (size_t)(s->N * OWN_FRAMES), sizeof *by, "own past"));
    const syn_status status = regress_on_own_past(s, by);
    for (int split = SYN_TRAIN; split <= SYN_VALIDATION && status == SYN_OK; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++) {
            const syn_span *span = &s->span[split][k];
            const int64_t first = span->start - span->context;
            for (int64_t t = syn_span_first_target(span); t < span->stop; t++)
                for (int64_t i = 0; i < s->N; i++, target++)
                    for (int p = 0; p < OWN_FRAMES && t - 1 - p >= first && syn_session_observed(s, t, i); p++)
                        *target -= (float)(by[i * OWN_FRAMES + p] * count(s, t - 1 - p, i));
        }
    free(by);
    return status;
}

syn_status syn_test_counts(syn_session *session, double bin_s, const syn_kernels *kernels, int threads,
                           const syn_edge_watch *watch, syn_edge_estimates **out) {
    const size_t N = (size_t)session->N;
    syn_edge_spikes spikes;
    float *target = NULL, *none = NULL;
    syn_status status;
    *out = NULL;
    SYN_TRY(syn_edge_spikes_create(&spikes, session, bin_s));
    const syn_session *in_bins = &spikes.session;
    SYN_CHECK(syn_alloc(&target, (size_t)syn_edge_targets(in_bins) * N, sizeof *target, "counts"));
    SYN_CHECK(syn_alloc(&none, N * N, sizeof *none, "effective connectivity"));
    gather_targets(in_bins, in_bins->x, target);
    SYN_CHECK(clear_of_own_past(in_bins, target));
    syn_edge_spikes_average(&spikes);
    SYN_CHECK(syn_test_residuals(in_bins, (syn_edge_bins){spikes.bins, spikes.window}, NULL, target, none, kernels,
                                 threads, watch, out));
    (*out)->bin_s = spikes.bin_s, (*out)->window = spikes.window;
done:
    syn_edge_spikes_free(&spikes);
    free(target), free(none);
    return status;
}

/* ---- residuals of a model ---- */

/* Of every receiver, over its observed targets: g is d prediction / d current, r the residual. */
typedef struct receiver {
    double sum_gg, sum_gggg, sum_rr, sum_ggrr;
    int64_t n;
    float weight; /* of g r in the weighted residual; 0: r is not weighted */
} receiver;

typedef struct collector {
    const syn_session *session;
    float *next; /* [N] of the next target */
    receiver *receiver;
} collector;

static syn_status collect(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    collector *c = user;
    for (int64_t i = 0; i < c->session->N; i++, c->next++) {
        if (!syn_session_observed(c->session, frame, i)) continue;
        receiver *of = &c->receiver[i];
        const double r = (double)(truth[i] - prediction[i]), g = slope ? (double)slope[i] : 0;
        *c->next = (float)r;
        of->sum_gg += g * g, of->sum_gggg += g * g * g * g;
        of->sum_rr += r * r, of->sum_ggrr += g * g * r * r, of->n++;
    }
    return SYN_OK;
}

static syn_status weigh(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    collector *c = user;
    for (int64_t i = 0; i < c->session->N; i++, c->next++) {
        const float weight = c->receiver[i].weight != 0 ? c->receiver[i].weight * slope[i] : 1;
        *c->next = syn_session_observed(c->session, frame, i) ? weight * (truth[i] - prediction[i]) : 0.0f;
    }
    return SYN_OK;
}

static syn_status run_both_splits(syn_network *network, size_t s, syn_frame_fn on_frame, collector *c,
                                  float *residual) {
    c->next = residual;
    SYN_TRY(syn_network_run(network, s, SYN_TRAIN, on_frame, c));
    return syn_network_run(network, s, SYN_VALIDATION, on_frame, c);
}

/* Weights the residual by g where that says more about a current than the residual itself, such that an effect on it is
 * one on the mean prediction; gain: the mean of g. Not where g all but cancels: what its mean is an effect of is then
 * another question. */
static bool choose_weight(receiver *of, double gain) {
    const double n = (double)of->n, gg = of->sum_gg / n;
    of->weight = 0;
    if (!(fabs(gain) > least_mean_gain * sqrt(gg)) || !(gg * gg * of->sum_rr > gain * gain * of->sum_ggrr))
        return false;
    of->weight = (float)(gain / gg);
    return true;
}

/* As many parameters weigh more where a few frames have most of the weight. */
static void widen_errors(const receiver *of, int64_t N, int64_t T, syn_edge_estimates *edges) {
    const double parameters = (double)T - edges->freedom;
    for (int64_t i = 0; i < N; i++) {
        if (of[i].weight == 0) continue;
        const double frames = (double)T / (double)of[i].n * of[i].sum_gg * of[i].sum_gg / of[i].sum_gggg;
        const double factor = (1 - parameters / (double)T) / fmax(1 - parameters / frames, least_freedom);
        for (int64_t j = 0; j < N; j++) edges->error[i * N + j] *= (float)sqrt(fmax(factor, 1));
    }
}

syn_status syn_test_edges(const syn_parameters *p, const syn_dataset *data, size_t s, const double *gain,
                          const syn_kernels *kernels, int threads, const syn_edge_watch *watch,
                          syn_edge_estimates **out) {
    const syn_session *session = &data->session[s];
    const int64_t N = session->N, T = syn_edge_targets(session);
    syn_parameters plain = *p; /* edges are of the network: a correction is a neuron's own */
    syn_network *network = NULL;
    float *residual = NULL, *C = NULL;
    collector c = {.session = session};
    double correlation = 0, by_chance = 0;
    int64_t weighted = 0;
    syn_status status;
    *out = NULL;
    plain.correction = (syn_correction){0};
    SYN_CHECK(syn_alloc(&residual, (size_t)(T * N), sizeof *residual, "residuals"));
    SYN_CHECK(syn_alloc(&c.receiver, (size_t)N, sizeof *c.receiver, "residuals"));
    SYN_CHECK(syn_network_create(&network, &plain, data, SYN_LOSS_GAUSSIAN, kernels, threads, 256, 256));
    if (p->form != SYN_FORM_NONE) SYN_CHECK(syn_network_want_slopes(network));
    SYN_CHECK(run_both_splits(network, s, collect, &c, residual));
    for (int64_t i = 0; i < N; i++) weighted += choose_weight(&c.receiver[i], gain[i]);
    if (weighted) {
        SYN_CHECK(syn_correlate_residuals(session, syn_edge_whole_frames, residual, kernels, threads, &correlation,
                                          &by_chance));
        SYN_CHECK(run_both_splits(network, s, weigh, &c, residual));
    }
    syn_network_free(network), network = NULL;
    SYN_CHECK(syn_alloc(&C, (size_t)(N * N), sizeof *C, "effective connectivity"));
    SYN_CHECK(syn_parameters_weights(p, s, kernels, threads, C));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) C[i * N + j] *= (float)gain[i];
    SYN_CHECK(syn_test_residuals(session, syn_edge_whole_frames, NULL, residual, C, kernels, threads, watch, out));
    if (weighted) {
        (*out)->residual_correlation = correlation, (*out)->residual_correlation_by_chance = by_chance;
        widen_errors(c.receiver, N, T, *out);
    }
done:
    syn_network_free(network);
    free(residual), free(C), free(c.receiver);
    return status;
}
