#include "analysis/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/prepare.h"
#include "base/memory.h"
#include "base/text.h"
#include "dataset/baseline.h"
#include "dataset/splits.h"

/* One neuron of few always has much of their error. */
enum { CHUNK_FRAMES = 256, FEWEST_OTHERS = 4 };
/* Skill of a model that has little left to explain. */
static const double filtered = 0.99;
/* A Gaussian model may predict less than no spike; the likelihood of counts needs a rate. */
static const float least_rate = 1e-6f;

const char *const syn_predictor_name[] = {"synapsnet", "copy-last", "mean"};

/* What a run over the test split of one session adds up. Arrays are [N]. */
typedef struct collector {
    const syn_session *session;
    syn_session_evaluation *to;
    syn_metrics *metrics[SYN_PREDICTORS];
    syn_level level;
    int64_t span; /* the next to begin */
    float *x, *last, *counts, *rate;
    float *prediction[SYN_PREDICTORS];
    uint8_t *observed;
} collector;

syn_status syn_metrics_of(syn_metrics **metrics, const syn_session *s) {
    double *train_rate = NULL;
    if (s->recording->signal == SYN_SIGNAL_COUNTS) {
        SYN_TRY(syn_alloc(&train_rate, (size_t)s->N, sizeof *train_rate, "rates"));
        for (int64_t i = 0; i < s->N; i++) train_rate[i] = (double)s->norm.mean[i];
    }
    syn_status status = syn_metrics_create(metrics, s->N, train_rate);
    free(train_rate);
    return status;
}

void syn_counts_of(const syn_session *s, const float *x, float *counts) {
    for (int64_t i = 0; i < s->N; i++) counts[i] = x[i] * s->norm.scale[i] + s->norm.mean[i];
}

void syn_rates_of(const syn_session *s, const float *prediction, float *rate) {
    syn_counts_of(s, prediction, rate);
    for (int64_t i = 0; i < s->N; i++)
        if (isfinite(rate[i])) rate[i] = fmaxf(rate[i], least_rate);
}

static syn_status collector_create(collector *c, const syn_session *s, syn_session_evaluation *to) {
    const size_t N = (size_t)s->N;
    syn_status status;
    *c = (collector){.session = s, .to = to};
    for (int k = 0; k < SYN_PREDICTORS; k++) {
        SYN_CHECK(syn_metrics_of(&c->metrics[k], s));
        SYN_CHECK(syn_alloc(&c->prediction[k], N, sizeof(float), "prediction"));
    }
    float **rows[] = {&c->x, &c->last, &c->counts, &c->rate};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) SYN_CHECK(syn_alloc(rows[k], N, sizeof(float), "frame"));
    SYN_CHECK(syn_alloc(&c->observed, N, 1, "frame"));
    SYN_CHECK(syn_level_create(&c->level, s));
done:
    return status;
}

static void collector_free(collector *c) {
    for (int k = 0; k < SYN_PREDICTORS; k++) syn_metrics_free(c->metrics[k]), free(c->prediction[k]);
    free(c->x), free(c->last), free(c->counts), free(c->rate), free(c->observed);
    syn_level_free(&c->level);
}

/* Last observed values before the first target of a span, and the baseline there, which has not moved since. */
static void begin_span(collector *c) {
    const syn_session *s = c->session;
    const syn_span *span = &s->span[SYN_TEST][c->span];
    syn_level_start(&c->level, SYN_TEST, c->span);
    for (int64_t i = 0; i < s->N; i++) {
        int64_t t = syn_span_first_target(span) - 1;
        while (t >= span->start - span->context && !syn_session_observed(s, t, i)) t--;
        c->last[i] = t >= span->start - span->context ? c->level.value[i] + s->x[t * s->N + i] : 0.0f;
    }
    c->to->span[c->span++].start = c->to->frames;
}

static void add_counts(collector *c) {
    syn_counts_of(c->session, c->x, c->counts);
    for (int k = 0; k < SYN_PREDICTORS; k++) {
        syn_rates_of(c->session, c->prediction[k], c->rate);
        syn_metrics_add_counts(c->metrics[k], 1, c->counts, c->rate, c->observed, NULL, NULL);
    }
}

static syn_status on_frame(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    (void)slope;
    collector *c = user;
    const syn_session *s = c->session;
    if (c->span < s->n_spans[SYN_TEST] && frame == syn_span_first_target(&s->span[SYN_TEST][c->span])) begin_span(c);
    syn_level_restore(&c->level, truth, c->x);
    syn_level_restore(&c->level, prediction, c->prediction[SYN_MODEL]);
    memcpy(c->prediction[SYN_COPY_LAST], c->last, (size_t)s->N * sizeof(float));
    for (int64_t i = 0; i < s->N; i++) c->observed[i] = syn_session_observed(s, frame, i);
    for (int k = 0; k < SYN_PREDICTORS; k++) {
        const syn_metric_block block = {1, c->x, c->prediction[k], c->last, c->observed};
        syn_metrics_add(c->metrics[k], &block, k == SYN_MODEL ? &c->to->loss[c->to->frames] : NULL);
    }
    if (s->recording->signal == SYN_SIGNAL_COUNTS) add_counts(c);
    for (int64_t i = 0; i < s->N; i++)
        if (c->observed[i]) c->last[i] = c->x[i];
    syn_level_move(&c->level, frame, c->x);
    c->to->span[c->span - 1].stop = ++c->to->frames;
    return SYN_OK;
}

static syn_status evaluate_session(syn_network *network, const syn_dataset *data, size_t s,
                                   syn_session_evaluation *to) {
    const syn_session *session = &data->session[s];
    collector c;
    syn_status status;
    const int64_t frames = syn_session_targets(session, SYN_TEST);
    to->of = session;
    to->name = session->recording->name;
    to->N = session->N;
    to->n_spans = session->n_spans[SYN_TEST];
    SYN_CHECK(collector_create(&c, session, to));
    SYN_CHECK(syn_alloc(&to->span, (size_t)to->n_spans, sizeof *to->span, "test split"));
    SYN_CHECK(syn_alloc(&to->loss, (size_t)frames, sizeof *to->loss, "test split"));
    SYN_CHECK(syn_alloc(&to->neuron_r, (size_t)to->N, sizeof *to->neuron_r, "test split"));
    SYN_CHECK(syn_alloc(&to->neuron_mse, (size_t)to->N, sizeof *to->neuron_mse, "test split"));
    SYN_CHECK(syn_network_run(network, s, SYN_TEST, on_frame, &c));
    for (int k = 0; k < SYN_PREDICTORS; k++) to->metrics[k] = syn_metrics_values(c.metrics[k]);
    syn_metrics_neuron_r(c.metrics[SYN_MODEL], to->neuron_r);
    syn_metrics_neuron_mse(c.metrics[SYN_MODEL], to->neuron_mse);
done:
    collector_free(&c);
    return status;
}

static double average_of(const syn_evaluation *e, int predictor, size_t metric) {
    double sum = 0, n = 0;
    for (size_t s = 0; s < e->n; s++) {
        double value;
        memcpy(&value, (const char *)&e->session[s].metrics[predictor] + metric, sizeof value);
        if (isfinite(value)) sum += value, n++;
    }
    return n > 0 ? sum / n : NAN;
}

syn_status syn_evaluate_parameters(const syn_parameters *p, syn_loss loss, const syn_dataset *data,
                                   const syn_kernels *kernels, int threads, syn_evaluation *e) {
    syn_network *network = NULL;
    syn_status status;
    *e = (syn_evaluation){.n = data->n};
    SYN_CHECK(syn_alloc(&e->session, e->n, sizeof *e->session, "evaluation"));
    SYN_CHECK(syn_network_create(&network, p, data, loss, kernels, threads, CHUNK_FRAMES, CHUNK_FRAMES));
    for (size_t s = 0; s < e->n; s++) SYN_CHECK(evaluate_session(network, data, s, &e->session[s]));
    for (int k = 0; k < SYN_PREDICTORS; k++) {
#define X(name) e->metrics[k].name = average_of(e, k, offsetof(syn_metric_values, name));
        SYN_METRIC_LIST(X)
#undef X
    }
done:
    syn_network_free(network);
    if (status != SYN_OK) syn_evaluation_free(e);
    return status;
}

void syn_evaluation_free(syn_evaluation *e) {
    for (size_t s = 0; e->session && s < e->n; s++)
        free(e->session[s].neuron_r), free(e->session[s].neuron_mse), free(e->session[s].loss),
            free(e->session[s].span);
    free(e->session);
    *e = (syn_evaluation){0};
}

static double loss_by(const syn_frame_loss *loss, syn_predictor by) {
    return by == SYN_MODEL ? loss->model : by == SYN_COPY_LAST ? loss->copy_last : loss->mean;
}

syn_status syn_evaluation_difference(const syn_evaluation *worse, syn_predictor worse_by, const syn_evaluation *better,
                                     syn_predictor better_by, syn_interval *interval) {
    syn_status status;
    int64_t frames = 0, spans = 0, frame = 0, n = 0;
    double *series = NULL; /* [3][frames]: two losses and a weight */
    syn_segment *segment = NULL;
    for (size_t s = 0; s < worse->n; s++) frames += worse->session[s].frames, spans += worse->session[s].n_spans;
    SYN_CHECK(syn_alloc(&series, 3 * (size_t)frames, sizeof *series, "intervals"));
    SYN_CHECK(syn_alloc(&segment, (size_t)spans, sizeof *segment, "intervals"));
    for (size_t s = 0; s < worse->n; s++) {
        const syn_session_evaluation *a = &worse->session[s], *b = &better->session[s];
        double entries = 0;
        for (int64_t t = 0; t < a->frames; t++) entries += a->loss[t].entries;
        for (int64_t k = 0; k < a->n_spans; k++)
            segment[n++] = (syn_segment){frame + a->span[k].start, frame + a->span[k].stop};
        /* shares of the session's entries: the sum over frames is its mse, whatever its length */
        for (int64_t t = 0; t < a->frames && entries > 0; t++) {
            series[frame + t] = loss_by(&a->loss[t], worse_by) / entries;
            series[frames + frame + t] = loss_by(&b->loss[t], better_by) / entries;
            series[2 * frames + frame + t] = a->loss[t].entries / entries;
        }
        frame += a->frames;
    }
    SYN_CHECK(
        syn_bootstrap_difference(interval, series, series + frames, series + 2 * frames, frames, segment, spans, 0));
done:
    free(series), free(segment);
    return status;
}

/* A neuron that the error is of says nothing of the others: the table would be read as if it did. */
static void warn_of_one_neuron(const syn_session_evaluation *e, json_t *warnings) {
    double sum = 0, n = 0;
    int64_t worst = -1;
    for (int64_t i = 0; i < e->N; i++) {
        if (isnan(e->neuron_mse[i])) continue;
        sum += e->neuron_mse[i], n++;
        if (worst < 0 || e->neuron_mse[i] > e->neuron_mse[worst]) worst = i;
    }
    if (n < FEWEST_OTHERS + 1 || !(e->neuron_mse[worst] > sum - e->neuron_mse[worst]) || !isfinite(sum)) return;
    char *const *ids = e->of->recording->neuron_id;
    const char *name = e->name, *id = ids ? ids[e->of->norm.kept[worst]] : "?";
    char line[512];
    syn_print_text(line, sizeof line,
                   "%.*s: neuron %.*s has %.0f %% of the squared error in the test split (its mse is %.3g, that of the "
                   "others %.3g), where it is unlike what it was in the train split: look at it; values that are wrong "
                   "are to be NaN",
                   syn_cut(name, 200), name, syn_cut(id, 60), id, 100 * e->neuron_mse[worst] / sum,
                   e->neuron_mse[worst], (sum - e->neuron_mse[worst]) / (n - 1));
    json_array_append_new(warnings, json_string(line));
}

/* Instruments have noise that nothing predicts, and filters take it away. */
static void warn_of_smoothness(const syn_session_evaluation *e, json_t *warnings) {
    const double skill = e->metrics[SYN_MODEL].skill;
    char line[512];
    if (!(skill > filtered)) return;
    syn_print_text(
        line, sizeof line,
        "%.*s: hardly anything in a frame is new (the model's error is %.2g of copy-last's): if the activity "
        "was smoothed or interpolated, the model has learned the filter, which shows it the future: give "
        "it as it was taken",
        syn_cut(e->name, 200), e->name, 1 - skill);
    json_array_append_new(warnings, json_string(line));
}

syn_status syn_evaluation_warn(const syn_evaluation *e, json_t *warnings) {
    static const char *const baseline[] = {"", "copying the last frame", "the mean of the train split"};
    for (int k = SYN_COPY_LAST; k < SYN_PREDICTORS; k++) {
        syn_interval less;
        char line[300];
        SYN_TRY(syn_evaluation_difference(e, (syn_predictor)k, e, SYN_MODEL, &less));
        if (!(less.high < 0)) continue; /* no interval says nothing */
        snprintf(line, sizeof line,
                 "the model predicts the test split reliably worse than %s (mse %.3g, that of the latter %.3g): do not "
                 "rely on its forecasts or its connectivity",
                 baseline[k], e->metrics[SYN_MODEL].mse, e->metrics[k].mse);
        json_array_append_new(warnings, json_string(line));
    }
    for (size_t s = 0; s < e->n; s++) {
        warn_of_one_neuron(&e->session[s], warnings);
        warn_of_smoothness(&e->session[s], warnings);
    }
    return SYN_OK;
}

/* What was found when recordings became a data set. */
static void repeat_warnings(const syn_dataset *data, json_t *warnings) {
    for (size_t s = 0; s < data->n; s++) {
        const syn_recording *r = data->session[s].recording;
        for (size_t k = data->session[s].said; k < r->n_warnings; k++)
            json_array_append_new(warnings, json_sprintf("%s: %s", r->name, r->warning[k]));
    }
}

/* ---- JSON ---- */

static void set_number(json_t *object, const char *name, double value) {
    if (isfinite(value)) json_object_set_new(object, name, json_real(value));
}

json_t *syn_metrics_json(const syn_metric_values *m) {
    json_t *object = json_object();
#define X(name) set_number(object, #name, m->name);
    SYN_METRIC_LIST(X)
#undef X
    return object;
}

json_t *syn_interval_json(const syn_interval *interval) {
    json_t *object = json_object();
    set_number(object, "mean", interval->mean);
    set_number(object, "low", interval->low);
    set_number(object, "high", interval->high);
    return object;
}

/* {"test": {...}, "baselines": {...}} */
static void set_metrics(json_t *object, const syn_metric_values *metrics) {
    json_t *baselines = json_object();
    json_object_set_new(object, "test", syn_metrics_json(&metrics[SYN_MODEL]));
    for (int k = SYN_COPY_LAST; k < SYN_PREDICTORS; k++)
        json_object_set_new(baselines, syn_predictor_name[k], syn_metrics_json(&metrics[k]));
    json_object_set_new(object, "baselines", baselines);
}

/* "intervals": {...} */
static syn_status set_intervals(json_t *object, const syn_evaluation *e) {
    static const char *const title[] = {"", "mse copy-last - synapsnet", "mse mean - synapsnet"};
    json_t *intervals = json_object();
    json_object_set_new(object, "intervals", intervals);
    for (int k = SYN_COPY_LAST; k < SYN_PREDICTORS; k++) {
        syn_interval interval;
        SYN_TRY(syn_evaluation_difference(e, (syn_predictor)k, e, SYN_MODEL, &interval));
        json_object_set_new(intervals, title[k], syn_interval_json(&interval));
    }
    return SYN_OK;
}

syn_status syn_evaluation_json(const syn_evaluation *e, json_t **json) {
    json_t *sessions = json_array();
    *json = json_object();
    set_metrics(*json, e->metrics);
    json_object_set_new(*json, "sessions", sessions);
    SYN_TRY(set_intervals(*json, e));
    for (size_t s = 0; s < e->n; s++) {
        const syn_session_evaluation *session = &e->session[s];
        json_t *one = json_pack("{s:s, s:I, s:I}", "name", session->name, "neurons", (json_int_t)session->N, "frames",
                                (json_int_t)session->frames);
        set_metrics(one, session->metrics);
        json_array_append_new(sessions, one);
        if (e->n > 1) SYN_TRY(set_intervals(one, &(syn_evaluation){.n = 1, .session = &e->session[s]}));
    }
    return SYN_OK;
}

syn_status syn_evaluate(const syn_model *model, syn_recording *const *recordings, size_t n, const syn_options *options,
                        char **json) {
    syn_prepared prepared = {0};
    syn_evaluation evaluation = {0};
    const syn_kernels *kernels;
    json_t *root = NULL, *warnings = NULL;
    int threads;
    syn_status status;
    *json = NULL;
    if (recordings && n != model->n)
        return syn_fail(
            SYN_ERR_INPUT,
            "evaluate: found %zu recording%s; the model was fitted on %zu; give all, in that order, or none", n,
            n == 1 ? "" : "s", model->n);
    warnings = json_array();
    SYN_CHECK(syn_choose_kernels(options, &kernels, &threads));
    SYN_CHECK(syn_prepare(&prepared, model, 0, model->n, recordings, options));
    SYN_CHECK(syn_require_observed(&prepared.data, SYN_TEST));
    SYN_CHECK(syn_evaluate_parameters(model->p, model->loss, &prepared.data, kernels, threads, &evaluation));
    SYN_CHECK(syn_evaluation_json(&evaluation, &root));
    SYN_CHECK(syn_evaluation_warn(&evaluation, warnings));
    repeat_warnings(&prepared.data, warnings);
    if (json_array_size(warnings)) json_object_set(root, "warnings", warnings);
    *json = json_dumps(root, JSON_REAL_PRECISION(9));
    if (!*json) status = syn_fail(SYN_ERR_MEMORY, "could not allocate the metrics");
done:
    json_decref(root), json_decref(warnings);
    syn_evaluation_free(&evaluation);
    syn_prepared_free(&prepared);
    return status;
}
