#include "analysis/score.h"

#include <math.h>
#include <string.h>

#include "analysis/evaluate.h"
#include "base/memory.h"
#include "dataset/baseline.h"
#include "dataset/splits.h"

/* ---- what is scored against ---- */

/* x [T][N]: z-scored. Last observed values are those of the same span, its context included. */
static void fill_span(syn_test_frames *test, const float *x, const syn_span *span, int64_t first) {
    const syn_session *s = test->session;
    for (int64_t t = syn_span_first_target(span), k = first; t < span->stop; t++, k++)
        for (int64_t i = 0; i < s->N; i++) {
            int64_t last = t - 1;
            while (last >= span->start - span->context && !syn_session_observed(s, last, i)) last--;
            test->truth[k * s->N + i] = x[t * s->N + i];
            test->observed[k * s->N + i] = syn_session_observed(s, t, i);
            test->last[k * s->N + i] = last >= span->start - span->context ? x[last * s->N + i] : 0;
        }
}

syn_status syn_test_frames_create(syn_test_frames *test, const syn_session *s) {
    int64_t *frame = NULL, first = 0;
    float *x = NULL;
    syn_status status;
    *test = (syn_test_frames){.session = s, .n_spans = s->n_spans[SYN_TEST]};
    SYN_CHECK(syn_targets(s, SYN_TEST, &frame, &test->F));
    const size_t entries = (size_t)(test->F * s->N);
    SYN_CHECK(syn_alloc(&test->truth, entries, sizeof(float), "test split"));
    SYN_CHECK(syn_alloc(&test->last, entries, sizeof(float), "test split"));
    SYN_CHECK(syn_alloc(&test->observed, entries, 1, "test split"));
    SYN_CHECK(syn_alloc(&test->span, (size_t)test->n_spans, sizeof *test->span, "test split"));
    SYN_CHECK(syn_alloc(&x, (size_t)(s->T * s->N), sizeof *x, "activity"));
    SYN_CHECK(syn_baseline_restore(s, s->T, x));
    for (int64_t k = 0; k < test->n_spans; k++) {
        const syn_span *span = &s->span[SYN_TEST][k];
        fill_span(test, x, span, first);
        test->span[k].start = first;
        test->span[k].stop = first += span->stop - syn_span_first_target(span);
    }
done:
    free(frame), free(x);
    if (status != SYN_OK) syn_test_frames_free(test);
    return status;
}

void syn_test_frames_free(syn_test_frames *test) {
    free(test->truth), free(test->last), free(test->observed), free(test->span);
    *test = (syn_test_frames){0};
}

/* ---- scores ---- */

static syn_status add_counts(syn_score *score, const syn_test_frames *test, const float *prediction,
                             syn_metrics *metrics) {
    const syn_session *s = test->session;
    const size_t N = (size_t)s->N;
    float *counts = NULL, *rate = NULL;
    double mean_rate;
    syn_status status;
    SYN_CHECK(syn_alloc(&score->nll, (size_t)test->F, sizeof(double), "scores"));
    SYN_CHECK(syn_alloc(&score->spikes, (size_t)test->F, sizeof(double), "scores"));
    SYN_CHECK(syn_alloc(&counts, N, sizeof *counts, "scores"));
    SYN_CHECK(syn_alloc(&rate, N, sizeof *rate, "scores"));
    for (int64_t k = 0; k < test->F; k++) {
        const uint8_t *observed = test->observed + k * s->N;
        syn_counts_of(s, test->truth + k * s->N, counts);
        syn_rates_of(s, prediction + k * s->N, rate);
        syn_metrics_add_counts(metrics, 1, counts, rate, observed, &score->nll[k], &mean_rate);
        score->nll[k] /= log(2);
        for (int64_t i = 0; i < s->N; i++) score->spikes[k] += observed[i] ? (double)counts[i] : 0;
    }
done:
    free(counts), free(rate);
    return status;
}

syn_status syn_score_create(syn_score *score, const syn_test_frames *test, const float *prediction) {
    const syn_session *s = test->session;
    const size_t F = (size_t)test->F;
    syn_metrics *metrics = NULL;
    syn_frame_loss *loss = NULL;
    syn_status status;
    *score = (syn_score){0};
    SYN_CHECK(syn_metrics_of(&metrics, s));
    SYN_CHECK(syn_alloc(&loss, F, sizeof *loss, "scores"));
    SYN_CHECK(syn_alloc(&score->error, F, sizeof(double), "scores"));
    SYN_CHECK(syn_alloc(&score->entries, F, sizeof(double), "scores"));
    const syn_metric_block block = {test->F, test->truth, prediction, test->last, test->observed};
    syn_metrics_add(metrics, &block, loss);
    for (size_t k = 0; k < F; k++) score->error[k] = loss[k].model, score->entries[k] = loss[k].entries;
    if (s->recording->signal == SYN_SIGNAL_COUNTS) SYN_CHECK(add_counts(score, test, prediction, metrics));
    score->metrics = syn_metrics_values(metrics);
done:
    syn_metrics_free(metrics);
    free(loss);
    if (status != SYN_OK) syn_score_free(score);
    return status;
}

void syn_score_free(syn_score *score) {
    free(score->error), free(score->entries), free(score->nll), free(score->spikes);
    *score = (syn_score){0};
}

syn_metric_values syn_score_average(const syn_score *score, size_t n) {
    syn_metric_values average;
#define X(name)                                                                                                        \
    {                                                                                                                  \
        double sum = 0, present = 0;                                                                                   \
        for (size_t s = 0; s < n; s++)                                                                                 \
            if (isfinite(score[s].metrics.name)) sum += score[s].metrics.name, present++;                              \
        average.name = present > 0 ? sum / present : NAN;                                                              \
    }
    SYN_METRIC_LIST(X)
#undef X
    return average;
}

/* ---- differences ---- */

/* Of two losses of each frame per weight, as shares of the session's weight: the mean over sessions. */
static syn_status difference(const syn_score *a, const syn_score *b, const syn_test_frames *test, size_t n, bool bits,
                             syn_interval *interval) {
    double *series = NULL; /* [3][F]: two losses and a weight */
    syn_segment *segment = NULL;
    int64_t F = 0, spans = 0, first = 0, m = 0;
    syn_status status;
    for (size_t s = 0; s < n; s++) F += test[s].F, spans += test[s].n_spans;
    SYN_CHECK(syn_alloc(&series, 3 * (size_t)F, sizeof *series, "intervals"));
    SYN_CHECK(syn_alloc(&segment, (size_t)spans, sizeof *segment, "intervals"));
    for (size_t s = 0; s < n; s++) {
        const double *loss_a = bits ? a[s].nll : a[s].error, *loss_b = bits ? b[s].nll : b[s].error;
        const double *weight = bits ? a[s].spikes : a[s].entries;
        double total = 0;
        for (int64_t t = 0; t < test[s].F; t++) total += weight[t];
        for (int64_t t = 0; t < test[s].F && total > 0; t++) {
            series[first + t] = loss_a[t] / total;
            series[F + first + t] = loss_b[t] / total;
            series[2 * F + first + t] = weight[t] / total;
        }
        for (int64_t k = 0; k < test[s].n_spans; k++)
            segment[m++] = (syn_segment){first + test[s].span[k].start, first + test[s].span[k].stop};
        first += test[s].F;
    }
    SYN_CHECK(syn_bootstrap_difference(interval, series, series + F, series + 2 * F, F, segment, spans, 0));
done:
    free(series), free(segment);
    return status;
}

syn_status syn_score_mse_difference(const syn_score *other, const syn_score *reference, const syn_test_frames *test,
                                    size_t n, syn_interval *interval) {
    return difference(other, reference, test, n, false, interval);
}

syn_status syn_score_bits_difference(const syn_score *other, const syn_score *reference, const syn_test_frames *test,
                                     size_t n, syn_interval *interval) {
    return difference(reference, other, test, n, true, interval); /* fewer bits of loss are more per spike */
}

/* ---- predictions of a network ---- */

typedef struct collector {
    const syn_session *session;
    syn_level level;
    int64_t span;
    float *prediction, *x;
} collector;

static syn_status on_frame(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    (void)slope;
    collector *c = user;
    const syn_session *s = c->session;
    if (c->span < s->n_spans[SYN_TEST] && frame == syn_span_first_target(&s->span[SYN_TEST][c->span]))
        syn_level_start(&c->level, SYN_TEST, c->span++);
    syn_level_restore(&c->level, prediction, c->prediction);
    syn_level_restore(&c->level, truth, c->x);
    syn_level_move(&c->level, frame, c->x);
    c->prediction += s->N;
    return SYN_OK;
}

syn_status syn_predict_test(syn_network *network, const syn_dataset *data, size_t s, float *prediction) {
    collector c = {.session = &data->session[s], .prediction = prediction};
    syn_status status;
    SYN_CHECK(syn_alloc(&c.x, (size_t)c.session->N, sizeof *c.x, "predictions"));
    SYN_CHECK(syn_level_create(&c.level, c.session));
    SYN_CHECK(syn_network_run(network, s, SYN_TEST, on_frame, &c));
done:
    syn_level_free(&c.level);
    free(c.x);
    return status;
}
