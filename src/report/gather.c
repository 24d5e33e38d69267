/* What a report holds, gathered from one run of the model over the test split. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/connectivity.h"
#include "analysis/evaluate.h"
#include "base/memory.h"
#include "report/report.h"

/* Neurons on a page: what a heat map of a thousand pixels can show. Several recordings share the room. */
enum { MOST_SHOWN = 1000 };

/* ---- forecast ---- */

static syn_status set_number(syn_options *options, const char *name, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return syn_options_set(options, name, text);
}

static syn_status forecast(syn_report_session *r, const syn_report *report, const syn_prepared *prepared,
                           const syn_kernels *kernels, int threads) {
    syn_options *options = NULL;
    syn_status status;
    SYN_CHECK(syn_options_create(&options));
    SYN_CHECK(syn_options_overlay(options, report->options));
    SYN_CHECK(set_number(options, "session", (int64_t)r->s));
    SYN_CHECK(syn_forecast_run(&r->forecast, report->model, &prepared->data, options, kernels, threads));
    free(r->forecast->rollout), free(r->forecast->rollout_truth);
    r->forecast->rollout = r->forecast->rollout_truth = NULL;
done:
    syn_options_free(options);
    return status;
}

/* ---- connectivity ---- */

typedef struct strength {
    double value;
    int64_t neuron;
} strength;

static int stronger_first(const void *a, const void *b) {
    const strength *p = a, *q = b;
    if (p->value != q->value) return p->value < q->value ? 1 : -1;
    return p->neuron < q->neuron ? -1 : 1;
}

static int ascending(const void *a, const void *b) {
    const int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return p < q ? -1 : p > q;
}

/* All neurons, or the `most` whose connections are strongest. c: [N][N] */
static syn_status choose_shown(syn_report_session *r, const float *c, int64_t most) {
    const int64_t N = r->N;
    strength *strengths;
    r->n = N < most ? N : most;
    SYN_TRY(syn_alloc(&r->shown, (size_t)r->n, sizeof *r->shown, "neurons shown"));
    SYN_TRY(syn_alloc(&strengths, (size_t)N, sizeof *strengths, "neurons shown"));
    for (int64_t i = 0; i < N; i++) strengths[i].neuron = i;
    for (int64_t k = 0; k < N * N; k++) {
        strengths[k / N].value += fabs((double)c[k]);
        strengths[k % N].value += fabs((double)c[k]);
    }
    qsort(strengths, (size_t)N, sizeof *strengths, stronger_first);
    for (int64_t k = 0; k < r->n; k++) r->shown[k] = strengths[k].neuron;
    qsort(r->shown, (size_t)r->n, sizeof *r->shown, ascending);
    free(strengths);
    return SYN_OK;
}

/* Neurons are alike whose rows and columns of C correlate. */
static syn_status cluster(syn_report_session *r, const syn_kernels *kernels, int threads) {
    const int64_t n = r->n;
    float *profile = NULL, *distance = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&r->cluster, (size_t)n, sizeof *r->cluster, "order of the neurons"));
    SYN_CHECK(syn_alloc(&profile, (size_t)(2 * n * n), sizeof *profile, "order of the neurons"));
    SYN_CHECK(syn_alloc(&distance, (size_t)(n * n), sizeof *distance, "order of the neurons"));
    for (int64_t i = 0; i < n; i++) {
        float *p = profile + i * 2 * n;
        double mean = 0, square = 0;
        for (int64_t j = 0; j < n; j++) p[j] = r->c[i * n + j], p[n + j] = r->c[j * n + i];
        for (int64_t j = 0; j < 2 * n; j++) mean += (double)p[j] / (double)(2 * n);
        for (int64_t j = 0; j < 2 * n; j++) square += ((double)p[j] - mean) * ((double)p[j] - mean);
        for (int64_t j = 0; j < 2 * n; j++) p[j] = square > 0 ? (float)(((double)p[j] - mean) / sqrt(square)) : 0.0f;
    }
    const syn_matrix rows = {profile, 2 * n, 1}, columns = {profile, 1, 2 * n};
    SYN_CHECK(syn_gemm(kernels, threads, n, n, 2 * n, rows, columns, distance, n, false));
    for (int64_t k = 0; k < n * n; k++) distance[k] = 1 - distance[k];
    status = syn_cluster_order(distance, n, r->cluster);
done:
    free(profile), free(distance);
    return status;
}

/* C(tau) of the neurons shown: rows of C(0) times gains. Where a neuron does not respond at lag 0, its row is that of
 * the lag at which it responds most. */
static void keep_rows(syn_report_session *r, const float *W, const double *response) {
    const int64_t N = r->N, n = r->n;
    for (int64_t a = 0; a < n; a++) {
        const int64_t i = r->shown[a];
        double most = 0, unit = response[i];
        for (int tau = 0; tau <= r->L; tau++)
            if (fabs(response[tau * N + i]) > fabs(most)) most = response[tau * N + i];
        if (fabs(unit) < 1e-6 * fabs(most)) unit = 0;
        for (int64_t b = 0; b < n; b++)
            r->c[a * n + b] = a == b ? 0.0f : (float)((double)W[i * N + r->shown[b]] * (unit != 0 ? unit : most));
        for (int tau = 0; tau <= r->L; tau++) {
            const double by = unit != 0 ? unit : most;
            r->row_gain[tau * n + a] = by != 0 ? response[tau * N + i] / by : 0;
        }
    }
}

static syn_status connectivity(syn_report_session *r, const syn_report *report, const syn_kernels *kernels,
                               int threads) {
    const size_t N = (size_t)r->N;
    const syn_parameters *p = report->model->p;
    const float *send = p->value + p->session[r->s].send;
    float *W = NULL, *c = NULL;
    double *response = NULL;
    syn_status status;
    r->L = r->fitted->lags;
    SYN_CHECK(syn_alloc(&W, N * N, sizeof *W, "connectivity"));
    SYN_CHECK(syn_alloc(&c, N * N, sizeof *c, "connectivity"));
    SYN_CHECK(syn_alloc(&response, ((size_t)r->L + 1) * N, sizeof *response, "connectivity"));
    SYN_CHECK(syn_weights(report->model, r->s, W));
    SYN_CHECK(syn_connectivity(report->model, r->s, 0, 0, c));
    SYN_CHECK(choose_shown(r, c, (int64_t)(MOST_SHOWN / sqrt((double)report->n))));
    SYN_CHECK(syn_connectivity_response(report->model, r->s, r->L, response));
    SYN_CHECK(syn_alloc(&r->c, (size_t)(r->n * r->n), sizeof *r->c, "connectivity"));
    SYN_CHECK(syn_alloc(&r->row_gain, ((size_t)r->L + 1) * (size_t)r->n, sizeof *r->row_gain, "connectivity"));
    SYN_CHECK(syn_alloc(&r->send, (size_t)r->n, sizeof *r->send, "connectivity"));
    keep_rows(r, W, response);
    if (p->form != SYN_FORM_NONE)
        for (int64_t a = 0; a < r->n; a++) r->send[a] = (double)send[r->shown[a]];
    SYN_CHECK(cluster(r, kernels, threads));
done:
    free(W), free(c), free(response);
    return status;
}

/* ---- embedding ---- */

static syn_status embedding(syn_report_session *r, const syn_parameters *p) {
    const syn_session_layout *at = &p->session[r->s];
    float *rows = NULL;
    syn_status status;
    r->components = p->d < 3 ? p->d : 3;
    if (r->components == 0) return SYN_OK;
    SYN_CHECK(syn_alloc(&rows, (size_t)r->n * (size_t)p->d, sizeof *rows, "embedding"));
    SYN_CHECK(syn_alloc(&r->component, (size_t)r->n * (size_t)r->components, sizeof *r->component, "embedding"));
    for (int64_t a = 0; a < r->n; a++)
        memcpy(rows + a * p->d, p->value + at->e + (size_t)(syn_place(at, r->shown[a]) * p->d),
               (size_t)p->d * sizeof *rows);
    status = syn_principal_components(rows, r->n, p->d, r->components, r->component, r->explained);
done:
    free(rows);
    return status;
}

/* ---- virtual stimulation ---- */

/* Neurons to stimulate, states to do it from, and neuron-steps that may be spent on it. */
enum { MOST_STIMULATED = 24, STATES = 100 };
static const double stimulation_budget = 2e8;

/* How many: each costs a run over the test split, and two of K steps from every state. */
static int64_t affordable(const syn_report_session *r) {
    const double N = (double)r->N, steps = (double)r->forecast->F + 2.0 * STATES * (double)r->forecast->K;
    const double most = fmin(stimulation_budget / (N * steps), MOST_STIMULATED);
    return most < 1 ? 1 : most < (double)r->n ? (int64_t)most : r->n;
}

/* The neurons that send most, those that send nothing left out. */
static syn_status choose_senders(syn_report_session *r) {
    const int64_t n = r->n;
    strength *strengths;
    SYN_TRY(syn_alloc(&strengths, (size_t)n, sizeof *strengths, "stimulation"));
    for (int64_t a = 0; a < n; a++) strengths[a].neuron = a;
    for (int64_t k = 0; k < n * n; k++) strengths[k % n].value += fabs((double)r->c[k]);
    qsort(strengths, (size_t)n, sizeof *strengths, stronger_first);
    syn_status status = syn_alloc(&r->sender, (size_t)n, sizeof *r->sender, "stimulation");
    for (int64_t most = affordable(r); status == SYN_OK && r->M < most && strengths[r->M].value > 0; r->M++)
        r->sender[r->M] = strengths[r->M].neuron;
    free(strengths);
    return status;
}

static syn_status stimulate(syn_report_session *r, const syn_report *report, const syn_prepared *prepared,
                            const syn_kernels *kernels, int threads) {
    syn_options *options = NULL;
    syn_status status;
    char neuron[40];
    SYN_CHECK(choose_senders(r));
    SYN_CHECK(syn_alloc(&r->response, (size_t)r->M, sizeof *r->response, "stimulation"));
    SYN_CHECK(syn_options_create(&options));
    SYN_CHECK(set_number(options, "session", (int64_t)r->s));
    SYN_CHECK(set_number(options, "steps", r->forecast->K));
    SYN_CHECK(set_number(options, "states", STATES));
    for (int64_t m = 0; m < r->M; m++) {
        snprintf(neuron, sizeof neuron, "index:%lld", (long long)r->shown[r->sender[m]]);
        SYN_CHECK(syn_options_set(options, "neuron", neuron));
        status = syn_perturb_run(&r->response[m], report->model, &prepared->data, options, kernels, threads);
        if (status == SYN_ERR_NUMERIC) r->M = m; /* responses that diverge: nothing to be seen */
        if (status != SYN_OK && status != SYN_ERR_NUMERIC) goto done;
    }
    status = SYN_OK;
done:
    syn_options_free(options);
    return status;
}

static syn_status gather_session(syn_report_session *r, const syn_report *report, const syn_prepared *prepared,
                                 const syn_kernels *kernels, int threads) {
    r->fitted = &report->model->session[r->s];
    r->session = &prepared->data.session[r->s];
    r->N = r->session->N;
    SYN_TRY(forecast(r, report, prepared, kernels, threads));
    SYN_TRY(connectivity(r, report, kernels, threads));
    SYN_TRY(syn_report_evidence(r, report->model));
    SYN_TRY(embedding(r, report->model->p));
    return stimulate(r, report, prepared, kernels, threads);
}

syn_status syn_report_gather(syn_report *report, const syn_model *model, const syn_prepared *prepared,
                             const syn_options *options) {
    const char *comparison = syn_option_text(options, SYN_OPT_COMPARISON);
    const syn_kernels *kernels;
    syn_evaluation evaluation = {0};
    int threads;
    syn_status status;
    *report = (syn_report){.model = model, .options = options, .n = model->n};
    SYN_CHECK(syn_choose_kernels(options, &kernels, &threads));
    report->fit = json_loads(model->description ? model->description : "{}", 0, NULL);
    report->fit_options = json_loads(model->options ? model->options : "{}", 0, NULL);
    SYN_CHECK(syn_evaluate_parameters(model->p, model->loss, &prepared->data, kernels, threads, &evaluation));
    SYN_CHECK(syn_evaluation_json(&evaluation, &report->evaluation));
    if (*comparison) SYN_CHECK(syn_add_rivals(report->evaluation, comparison));
    SYN_CHECK(syn_alloc(&report->session, report->n, sizeof *report->session, "report"));
    for (size_t s = 0; s < report->n; s++) {
        report->session[s].s = s;
        report->session[s].neuron_r = evaluation.session[s].neuron_r; /* now the report's */
        evaluation.session[s].neuron_r = NULL;
        SYN_CHECK(gather_session(&report->session[s], report, prepared, kernels, threads));
    }
done:
    syn_evaluation_free(&evaluation);
    if (status != SYN_OK) syn_report_free(report);
    return status;
}

double syn_report_start(const syn_report_session *r) {
    const double *time_s = r->session->recording->time_s;
    return time_s ? time_s[0] : 0;
}

void syn_report_free(syn_report *report) {
    for (size_t s = 0; report->session && s < report->n; s++) {
        syn_report_session *r = &report->session[s];
        syn_forecast_free(r->forecast);
        for (int64_t m = 0; r->response && m < r->M; m++) syn_perturbation_free(r->response[m]);
        free(r->response), free(r->sender);
        free(r->shown), free(r->neuron_r), free(r->c), free(r->row_gain), free(r->send), free(r->cluster),
            free(r->component), free(r->level), free(r->estimate);
        json_decref(r->evidence);
    }
    free(report->session);
    json_decref(report->fit), json_decref(report->fit_options), json_decref(report->evaluation);
    *report = (syn_report){0};
}
