#include "analysis/perturb.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "analysis/mean_interval.h"
#include "analysis/prepare.h"
#include "analysis/rollout.h"
#include "base/memory.h"
#include "base/nearest.h"

/* Rows: runs of the network side by side; enough to pay for preparing a product, few enough for the cache. */
enum { ROWS = 128, CHUNK_FRAMES = 256, MOST_STATES = 500, FEWEST_STATES = 20 };
/* What `--states auto` may spend: multiplications, and bytes for the responses to be averaged. */
static const double most_work = 3e11, most_bytes = 2.5e8;

/* What all parts work with. */
typedef struct runner {
    syn_perturbation *to;
    const syn_session *session;
    syn_network *network;
    size_t s; /* of the model */
    int threads;
    bool hold_behavior;
    float *state, *x;     /* [S] states, [S][N] the frame of the pulse */
    int64_t E;            /* entries of one state's response: (K + 1) N, or N N */
    float *values;        /* [S][E] */
    syn_segment *segment; /* states of one span of the test split */
    int64_t n_segments;
} runner;

/* ---- what was asked for ---- */

static const char *nearest_id(const syn_fitted_session *session, const char *text) {
    return syn_nearest(text, (const char *const *)session->neuron_id, (size_t)session->norm.N);
}

static syn_status find_index(const syn_fitted_session *session, const char *text, int64_t *j) {
    char *end;
    const long long index = strtoll(text, &end, 10);
    if (!*text || *end || index < 0 || index >= session->norm.N)
        return syn_fail(SYN_ERR_OPTION, "neuron: found 'index:%s'; expected index:0 to index:%lld", text,
                        (long long)session->norm.N - 1);
    *j = index;
    return SYN_OK;
}

/* An id; index:K, the K-th neuron of the model; or all (-1). An id that reads like one of the others comes first. */
static syn_status find_neuron(const syn_fitted_session *session, const char *text, int64_t *j) {
    static const char index[] = "index:";
    int64_t found = 0;
    if (!*text) return syn_fail(SYN_ERR_OPTION, "neuron: not given; expected a neuron's id, index:K, or all");
    for (int64_t i = session->norm.N - 1; i >= 0; i--)
        if (!strcmp(session->neuron_id[i], text)) *j = i, found++;
    if (found == 1) return SYN_OK;
    if (found > 1)
        return syn_fail(SYN_ERR_OPTION, "neuron: %lld neurons of %s are called '%s'; expected one, such as index:%lld",
                        (long long)found, session->name, text, (long long)*j);
    if (!strcmp(text, "all")) return *j = -1, SYN_OK;
    if (!strncmp(text, index, sizeof index - 1)) return find_index(session, text + sizeof index - 1, j);
    const char *near = nearest_id(session, text);
    if (near)
        return syn_fail(SYN_ERR_OPTION, "neuron: %s has no neuron '%s' that the model kept; did you mean '%s'?",
                        session->name, text, near);
    return syn_fail(SYN_ERR_OPTION,
                    "neuron: %s has no neuron '%s' that the model kept; expected an id ('%s', ...), index:0 to "
                    "index:%lld, or all",
                    session->name, text, session->neuron_id[0], (long long)session->norm.N - 1);
}

static syn_status choose_pulses(syn_perturbation *to, const syn_fitted_session *session, const syn_options *options) {
    SYN_TRY(find_neuron(session, syn_option_text(options, SYN_OPT_NEURON), &to->stimulated));
    to->M = to->stimulated < 0 ? to->N : 1;
    to->amplitude = syn_option_real(options, SYN_OPT_AMPLITUDE);
    to->raw = !strcmp(syn_option_text(options, SYN_OPT_PULSE_UNITS), "raw");
    to->residuals = !strcmp(syn_option_text(options, SYN_OPT_NOISE), "residuals");
    if (to->amplitude == 0)
        return syn_fail(SYN_ERR_OPTION, "amplitude: found 0; expected a pulse that is not 0 (negative: silencing)");
    SYN_TRY(syn_alloc(&to->pulse, (size_t)to->M, sizeof *to->pulse, "pulses"));
    SYN_TRY(syn_alloc(&to->pulse_raw, (size_t)to->M, sizeof *to->pulse_raw, "pulses"));
    for (int64_t m = 0; m < to->M; m++) {
        const double scale = (double)session->norm.scale[to->stimulated < 0 ? m : to->stimulated];
        to->pulse[m] = (float)(to->raw ? to->amplitude / scale : to->amplitude);
        to->pulse_raw[m] = (float)(to->raw ? to->amplitude : to->amplitude * scale);
    }
    return SYN_OK;
}

/* As many states as the work allows: the same on every machine. */
static int64_t most_states(const syn_perturbation *to, const syn_parameters *p, int64_t entries,
                           const syn_options *options) {
    if (!syn_option_auto(options, SYN_OPT_STATES)) return syn_option_int(options, SYN_OPT_STATES);
    const double N = (double)to->N, H = (double)p->H, decoder = 3 * H * H + 60 * H;
    const double work = (double)(to->M + 1) * (double)to->K * (N * N + N * decoder);
    const double most = fmin(most_work / work, most_bytes / (sizeof(float) * (double)entries));
    return (int64_t)fmax(FEWEST_STATES, fmin(most, MOST_STATES));
}

/* The states of one span are neighbours in time. */
static syn_status find_segments(runner *run) {
    const syn_perturbation *to = run->to;
    int64_t before = -1;
    SYN_TRY(syn_alloc(&run->segment, (size_t)to->S, sizeof *run->segment, "states"));
    for (int64_t n = 0; n < to->S; n++) {
        const int64_t span = syn_history_of(run->session, to->start[n]).span;
        if (span != before) run->segment[run->n_segments++].start = n;
        run->segment[run->n_segments - 1].stop = n + 1;
        before = span;
    }
    return SYN_OK;
}

/* ---- the runs ---- */

/* Groups of rows: one without a pulse, then one for each of `pulses` stimulated neurons from `first` on. Group g starts
 * from state `from` + g. */
typedef struct batch {
    int64_t from, groups, first, pulses;
    float *state;       /* [rows] states */
    float *x, *u, *out; /* [rows][N] fed in; [rows][B]; [rows][N] predicted */
    float *lift, *sum;  /* [rows][N] change of the slow baseline; response summed over steps */
} batch;

static int64_t rows_of(const batch *b) { return b->groups * (b->pulses + 1); }
static int64_t state_of(const batch *b, int64_t row) { return b->from + row / (b->pulses + 1); }

static syn_status batch_create(batch *b, const runner *run, int64_t rows) {
    const size_t R = (size_t)rows, N = (size_t)run->session->N;
    float **arrays[] = {&b->x, &b->out, &b->lift, &b->sum};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        SYN_TRY(syn_alloc(arrays[k], R * N, sizeof(float), "stimulated runs"));
    SYN_TRY(syn_alloc(&b->u, R * (size_t)run->session->B, sizeof(float), "stimulated runs"));
    return syn_network_state(run->network, run->s, rows, &b->state);
}

static void batch_free(batch *b) { free(b->state), free(b->x), free(b->u), free(b->out), free(b->lift), free(b->sum); }

static void start_rows(const runner *run, batch *b) {
    const syn_perturbation *to = run->to;
    const double alpha = run->session->norm.alpha;
    const int64_t N = to->N;
    const size_t size = syn_network_state_size(run->network, run->s), row_bytes = (size_t)N * sizeof(float);
    memset(b->lift, 0, (size_t)rows_of(b) * row_bytes);
    memset(b->sum, 0, (size_t)rows_of(b) * row_bytes);
    for (int64_t row = 0; row < rows_of(b); row++) {
        const int64_t n = state_of(b, row), m = b->first + row % (b->pulses + 1) - 1;
        memcpy(b->state + (size_t)row * size, run->state + (size_t)n * size, size * sizeof(float));
        memcpy(b->x + row * N, run->x + n * N, row_bytes);
        if (row % (b->pulses + 1) == 0) continue;
        const int64_t j = to->stimulated < 0 ? m : to->stimulated;
        b->x[row * N + j] += (float)((1 - alpha) * (double)to->pulse[m]);
        b->lift[row * N + j] = (float)(alpha * (double)to->pulse[m]);
    }
}

/* Behaviour that goes with step k's input. */
static void set_behavior(const runner *run, batch *b, int64_t k) {
    const syn_session *s = run->session;
    for (int64_t row = 0; row < rows_of(b) && s->B > 0; row++) {
        const int64_t frame = run->to->start[state_of(b, row)] - 1 + (run->hold_behavior ? 0 : k);
        memcpy(b->u + row * s->B, s->u + frame * s->B, (size_t)s->B * sizeof(float));
    }
}

/* Response [N] of a row with a pulse to step k, and what the row and the one without a pulse see next. before: the row
 * without a pulse as it was predicted, next: as it goes on. */
static void respond(const runner *run, batch *b, int64_t row, int64_t k, const float *before, const float *next) {
    const syn_session *s = run->session;
    const syn_perturbation *to = run->to;
    const double alpha = s->norm.alpha;
    const int64_t N = to->N, n = state_of(b, row), frame = to->start[n] + k;
    float *x = b->x + row * N, *lift = b->lift + row * N, *sum = b->sum + row * N;
    const float *out = b->out + row * N;
    for (int64_t i = 0; i < N; i++) {
        const float change = out[i] - before[i];
        const float response = lift[i] + (float)((double)change / (1 - alpha));
        /* the baseline stays where nothing was observed */
        if (!to->residuals || syn_session_observed(s, frame, i)) lift[i] += (float)alpha * (response - lift[i]);
        x[i] = next[i] + change;
        sum[i] += response;
        if (to->stimulated >= 0) run->values[n * run->E + k * N + i] = to->raw ? response * s->norm.scale[i] : response;
    }
}

/* One step of all rows. */
static syn_status step(const runner *run, batch *b, int64_t k) {
    const syn_session *s = run->session;
    const int64_t N = s->N, group = b->pulses + 1;
    set_behavior(run, b, k);
    SYN_TRY(syn_network_advance(run->network, run->s, b->state, b->x, s->B ? b->u : NULL, rows_of(b), true, b->out));
    for (int64_t g = 0; g < b->groups; g++) {
        const float *out = b->out + g * group * N;
        float *x = b->x + g * group * N;
        const int64_t frame = run->to->start[b->from + g] + k;
        for (int64_t i = 0; i < N; i++)
            x[i] = run->to->residuals && syn_session_observed(s, frame, i) ? s->x[frame * N + i] : out[i];
#pragma omp parallel for schedule(static) num_threads(run->threads) if (b->pulses > 16)
        for (int64_t m = 1; m <= b->pulses; m++) respond(run, b, g * group + m, k, out, x);
    }
    return SYN_OK;
}

/* Means over steps into run->values. */
static void keep_means(const runner *run, const batch *b) {
    const syn_perturbation *to = run->to;
    const int64_t N = to->N;
    for (int64_t row = 0; row < rows_of(b); row++) {
        const int64_t m = b->first + row % (b->pulses + 1) - 1;
        float *values = run->values + state_of(b, row) * run->E;
        if (row % (b->pulses + 1) == 0) continue;
        for (int64_t i = 0; i < N; i++) {
            const float units = to->raw ? run->session->norm.scale[i] : 1.0f;
            const float mean = b->sum[row * N + i] / (float)to->K * units;
            values[to->stimulated < 0 ? i * N + m : to->K * N + i] = mean;
        }
    }
}

static syn_status run_all(const runner *run) {
    const syn_perturbation *to = run->to;
    batch b = {0};
    syn_status status;
    const int64_t pulses = to->M < ROWS - 1 ? to->M : ROWS - 1, groups = ROWS / (pulses + 1);
    SYN_CHECK(batch_create(&b, run, ROWS));
    for (b.from = 0; b.from < to->S; b.from += b.groups) {
        b.groups = to->S - b.from < groups ? to->S - b.from : groups;
        for (b.first = 0; b.first < to->M; b.first += b.pulses) {
            b.pulses = to->M - b.first < pulses ? to->M - b.first : pulses;
            start_rows(run, &b);
            for (int64_t k = 0; k < to->K; k++) SYN_CHECK(step(run, &b, k));
            keep_means(run, &b);
        }
    }
done:
    batch_free(&b);
    return status;
}

/* ---- means and intervals ---- */

static syn_status means_create(syn_means *means, int64_t entries) {
    SYN_TRY(syn_alloc(&means->mean, (size_t)entries, sizeof(float), "response"));
    SYN_TRY(syn_alloc(&means->low, (size_t)entries, sizeof(float), "response"));
    return syn_alloc(&means->high, (size_t)entries, sizeof(float), "response");
}

static void means_free(syn_means *means) { free(means->mean), free(means->low), free(means->high); }

/* With one stimulated neuron the mean over steps comes after those of every step. */
static void take_over_steps(syn_perturbation *to) {
    const size_t at = (size_t)(to->K * to->N), bytes = (size_t)to->N * sizeof(float);
    memcpy(to->over_steps.mean, to->by_step.mean + at, bytes);
    memcpy(to->over_steps.low, to->by_step.low + at, bytes);
    memcpy(to->over_steps.high, to->by_step.high + at, bytes);
}

static syn_status average(const runner *run) {
    syn_perturbation *to = run->to;
    syn_means *means = to->stimulated < 0 ? &to->over_steps : &to->by_step;
    SYN_TRY(means_create(means, run->E));
    SYN_TRY(syn_mean_intervals(run->values, to->S, run->E, run->segment, run->n_segments, means->mean, means->low,
                               means->high, &to->block));
    for (int64_t e = 0; e < run->E; e++)
        if (!isfinite(means->mean[e]))
            return syn_fail(SYN_ERR_NUMERIC,
                            "%s: the response to an amplitude of %g grows beyond all bounds within %lld steps; use a "
                            "smaller --amplitude or fewer --steps",
                            to->name, to->amplitude, (long long)to->K);
    if (to->stimulated < 0) return SYN_OK;
    SYN_TRY(means_create(&to->over_steps, to->N));
    take_over_steps(to);
    return SYN_OK;
}

/* ---- the public functions ---- */

static syn_status describe_source(syn_perturbation *to, const syn_fitted_session *session) {
    to->N = session->norm.N;
    to->rate_hz = session->rate_hz;
    to->counts = session->signal == SYN_SIGNAL_COUNTS;
    SYN_TRY(syn_copy_text(&to->name, session->name));
    SYN_TRY(syn_alloc(&to->id, (size_t)to->N, sizeof *to->id, "neurons"));
    for (int64_t i = 0; i < to->N; i++) SYN_TRY(syn_copy_text(&to->id[i], session->neuron_id[i]));
    return SYN_OK;
}

syn_status syn_perturb_run(syn_perturbation **perturbation, const syn_model *model, const syn_dataset *data,
                           const syn_options *options, const syn_kernels *kernels, int threads) {
    const size_t s = (size_t)syn_option_int(options, SYN_OPT_SESSION);
    runner run = {.s = s,
                  .session = &data->session[s],
                  .threads = threads,
                  .hold_behavior = syn_option_flag(options, SYN_OPT_HOLD_BEHAVIOR)};
    syn_status status;
    *perturbation = NULL;
    SYN_CHECK(syn_alloc(perturbation, 1, sizeof **perturbation, "perturbation"));
    syn_perturbation *to = run.to = *perturbation;
    to->K = syn_forecast_usual_steps(run.session, options);
    SYN_CHECK(describe_source(to, &model->session[s]));
    SYN_CHECK(choose_pulses(to, &model->session[s], options));
    run.E = to->stimulated < 0 ? to->N * to->N : (to->K + 1) * to->N;
    SYN_CHECK(syn_spread_starts(run.session, to->K, most_states(to, model->p, run.E, options), &to->start, &to->S));
    SYN_CHECK(find_segments(&run));
    SYN_CHECK(
        syn_network_create(&run.network, model->p, data, model->loss, kernels, threads, CHUNK_FRAMES, CHUNK_FRAMES));
    SYN_CHECK(syn_network_state(run.network, s, to->S, &run.state));
    SYN_CHECK(syn_alloc(&run.x, (size_t)(to->S * to->N), sizeof(float), "states"));
    SYN_CHECK(syn_alloc(&run.values, (size_t)to->S * (size_t)run.E, sizeof(float), "responses"));
    SYN_CHECK(syn_warm_up(run.network, s, run.session, to->start, to->S, run.state, run.x));
    SYN_CHECK(run_all(&run));
    SYN_CHECK(average(&run));
done:
    free(run.state), free(run.x), free(run.values), free(run.segment);
    syn_network_free(run.network);
    if (status != SYN_OK) syn_perturbation_free(*perturbation), *perturbation = NULL;
    return status;
}

syn_status syn_perturb(syn_perturbation **perturbation, const syn_model *model, syn_recording *recording,
                       const syn_options *options) {
    const size_t s = (size_t)syn_option_int(options, SYN_OPT_SESSION);
    syn_prepared prepared = {0};
    const syn_kernels *kernels;
    int threads;
    int64_t neuron;
    syn_status status;
    *perturbation = NULL;
    SYN_TRY(syn_model_check_session(model, s));
    /* before the recording is read */
    SYN_CHECK(find_neuron(&model->session[s], syn_option_text(options, SYN_OPT_NEURON), &neuron));
    SYN_CHECK(syn_choose_kernels(options, &kernels, &threads));
    SYN_CHECK(syn_prepare(&prepared, model, s, 1, recording ? &recording : NULL, options));
    SYN_CHECK(syn_perturb_run(perturbation, model, &prepared.data, options, kernels, threads));
done:
    syn_prepared_free(&prepared);
    return status;
}

void syn_perturbation_free(syn_perturbation *p) {
    if (!p) return;
    syn_free_texts(p->id, p->N);
    free(p->name), free(p->start), free(p->pulse), free(p->pulse_raw);
    means_free(&p->by_step), means_free(&p->over_steps);
    free(p);
}
