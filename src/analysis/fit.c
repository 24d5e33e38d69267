/* syn_fit: from recordings to a fitted model with its test figures. The search itself is training/search.h. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analysis/connectivity.h"
#include "analysis/edge_events.h"
#include "analysis/edge_spikes.h"
#include "analysis/edge_targets.h"
#include "analysis/fit_inside.h"
#include "analysis/seed_stability.h"
#include "base/hdf5.h"
#include "base/memory.h"
#include "dataset/outliers.h"
#include "dataset/splits.h"
#include "training/checkpoint.h"

/* Lags of the gain that a model keeps. */
enum { KEPT_LAGS = 20 };
/* Stages that a search of any form, of one form and without connectivity, and a repeat, usually take. */
enum { USUAL_OF_ANY_FORM = 17, USUAL_OF_ONE_FORM = 12, USUAL_OF_NONE = 5, USUAL_OF_A_REPEAT = 4 };
/* Epochs of a later stage in terms of the mean one before it: what is behind is given up early. */
static const double later_epochs = 0.7;
/* Seconds between two calls of the progress function within an epoch. */
static const double progress_interval_s = 0.2;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- running the search ---- */

/* Stages that are finished, of the search and its repeats together, and how many there may be in all. */
static void count_stages(const syn_fitting *f, int *finished, int *expected) {
    const syn_search *search = f->search, *repeat = f->repeats->running;
    const int n = search->n_stages, usual = search->limits.any_form                ? USUAL_OF_ANY_FORM
                                            : search->limits.form == SYN_FORM_NONE ? USUAL_OF_NONE
                                                                                   : USUAL_OF_ONE_FORM;
    if (repeat) {
        *finished = n + f->repeats->done * repeat->n_planned + repeat->n_stages;
        *expected = n + f->repeats->asked * repeat->n_planned;
    } else {
        *finished = n;
        *expected = (search->finished ? n : n + 1 > usual ? n + 1 : usual) + f->repeats->asked * USUAL_OF_A_REPEAT;
    }
}

/* The search that is under way: the fit's own or a repeat. */
static const syn_search *running_search(const syn_fitting *f) {
    return f->repeats->running ? f->repeats->running : f->search;
}

/* "dense ridge 300, 16 hidden" or "repeat 1 of 3: dense ridge 300, 16 hidden" */
static void stage_label(const syn_fitting *f, char *label, size_t size) {
    size_t n = 0;
    if (f->repeats->running)
        n = (size_t)snprintf(label, size, "repeat %d of %d: ", f->repeats->done + 1, f->repeats->asked);
    if (running_search(f)->trainer)
        syn_stage_label(&running_search(f)->running, label + n, size - n);
    else
        snprintf(label + n, size - n, f->repeats->running ? "starting" : "choosing");
}

/* From what an epoch took of late, and from how many of them a stage has had so far; NAN: not known yet. */
static double seconds_left(const syn_fitting *f, int finished, int expected) {
    const syn_search *search = f->search;
    const syn_trainer *t = running_search(f)->trainer;
    double epochs = 0;
    for (int k = 0; k < search->n_stages; k++) epochs += search->stage[k].epochs;
    const double mean = search->n_stages ? epochs / search->n_stages : 0.5 * f->settings.max_epochs;
    const double rest = t ? fmax(mean - t->epoch, syn_trainer_least_left(t)) : finished < expected ? mean : 0;
    const double later = later_epochs * mean * fmax(expected - finished - 1, 0);
    const double left_s = f->epoch_s * (rest + later) - (now_s() - f->epoch_start_s);
    return left_s < 0 ? 0 : left_s;
}

static int report(syn_fitting *f) {
    if (!f->progress) return 0;
    const syn_trainer *t = running_search(f)->trainer;
    char label[32 + SYN_LABEL_SIZE];
    int finished, expected;
    stage_label(f, label, sizeof label);
    count_stages(f, &finished, &expected);
    f->last_progress_s = now_s();
    f->stages = expected;
    syn_progress p = {.stage = label,
                      .candidate = finished < expected ? finished + 1 : expected,
                      .candidates = expected,
                      .elapsed_s = f->last_progress_s - f->start_s,
                      .eta_s = seconds_left(f, finished, expected)};
    if (t) {
        p.epoch = t->epoch, p.max_epochs = t->schedule.max_epochs;
        p.best_loss = t->best_loss;
        if (t->epoch > 0)
            p.train_loss = t->curve[t->epoch - 1].train, p.validation_loss = t->curve[t->epoch - 1].validation;
    }
    return f->asked = f->progress(&p, f->user);
}

static bool keep_going(void *user) {
    syn_fitting *f = user;
    return now_s() - f->last_progress_s < progress_interval_s || report(f) == 0;
}

/* After every epoch, unless that would take more than a tenth of the time: a disk may need longer to make a file last
 * than a small recording needs for an epoch. */
static syn_status keep_checkpoint(syn_fitting *f) {
    const double start_s = now_s();
    if (!f->checkpoint || start_s < f->next_checkpoint_s) return SYN_OK;
    SYN_TRY(syn_checkpoint_write(f->search, f->repeats, f->checkpoint));
    f->next_checkpoint_s = now_s() + 9 * (now_s() - start_s);
    return SYN_OK;
}

/* Takes the epoch that is over into epoch_s. `began`: a stage began with it, which takes time of its own. */
static void time_epoch(syn_fitting *f, bool began) {
    const double took_s = now_s() - f->epoch_start_s;
    if (isnan(f->epoch_s)) f->epoch_s = took_s;
    if (!began) f->epoch_s += 0.2 * (took_s - f->epoch_s);
}

/* All epochs of the search or a repeat. */
static syn_status run_epochs(syn_fitting *f, syn_search *search) {
    bool done = false;
    while (!done) {
        const bool begins = !search->trainer;
        f->epoch_start_s = now_s();
        SYN_TRY(syn_search_epoch(search, &done, keep_going, f));
        time_epoch(f, begins);
        f->epoch_start_s = now_s();
        if (!done) SYN_TRY(keep_checkpoint(f));
        if (report(f) != 0) return syn_fail(SYN_ERR_INTERRUPTED, "stopped on request");
    }
    return SYN_OK;
}

static syn_status run_search(syn_fitting *f) {
    if (f->checkpoint && syn_option_flag(f->options, SYN_OPT_RESUME) && access(f->checkpoint, F_OK) == 0)
        SYN_TRY(syn_checkpoint_read(f->search, f->repeats, f->checkpoint));
    else
        SYN_TRY(keep_checkpoint(f)); /* so that an early stop can be resumed */
    if (f->search->finished) return SYN_OK;
    const syn_status status = run_epochs(f, f->search);
    if (status != SYN_ERR_INTERRUPTED || f->asked != SYN_FINISH) return status;
    f->search_cut = true;
    return syn_search_finish(f->search);
}

/* Stopped on request, the model is there, and those that are finished. */
static syn_status run_repeats(syn_fitting *f) {
    while (!f->search_cut && syn_repeats_left(f->repeats)) {
        if (!f->repeats->running) SYN_TRY(syn_repeats_begin(f->repeats));
        SYN_TRY(keep_checkpoint(f));
        const syn_status status = run_epochs(f, f->repeats->running);
        if (status == SYN_ERR_INTERRUPTED) return f->repeats_cut = true, SYN_OK;
        if (status == SYN_ERR_NUMERIC) return f->repeat_diverged = true, SYN_OK;
        SYN_TRY(status);
        SYN_TRY(syn_repeat_keep(f->repeats));
    }
    return SYN_OK;
}

/* ---- what is kept ---- */

static syn_status keep_gain(syn_fitting *f, const syn_parameters *p, syn_model *model) {
    for (size_t s = 0; s < model->n; s++) {
        syn_fitted_session *session = &model->session[s];
        session->lags = KEPT_LAGS;
        /* a lag must fit into the shortest stretch of the train split */
        for (int64_t k = 0; k < f->data->session[s].n_spans[SYN_TRAIN]; k++) {
            int64_t frames = f->data->session[s].span[SYN_TRAIN][k].stop - f->data->session[s].span[SYN_TRAIN][k].start;
            if (frames - 2 < session->lags) session->lags = frames > 2 ? (int)frames - 2 : 0;
        }
        SYN_TRY(syn_measure_gain(p, f->settings.loss, f->data, s, session->lags, f->kernels, f->settings.threads,
                                 &session->gain));
    }
    return SYN_OK;
}

/* While the edges are tested, which ends a fit that is to stop; one that is to finish has its weights. */
static bool keep_testing(void *user) {
    syn_fitting *f = user;
    if (!f->progress) return true;
    const syn_progress p = {.stage = "testing edges",
                            .candidate = f->stages,
                            .candidates = f->stages,
                            .elapsed_s = now_s() - f->start_s,
                            .eta_s = NAN};
    return (f->asked = f->progress(&p, f->user)) != SYN_STOP;
}

/* The last that is done with the recordings: the test may overwrite their activity. */
static syn_status test_edges(syn_fitting *f, syn_model *model) {
    const char *asked = syn_option_text(f->options, SYN_OPT_EVENTS);
    const double bin_s = syn_option_real(f->options, SYN_OPT_EDGE_BIN);
    const syn_edge_watch asking = {keep_testing, f},
                         *watch = f->repeats_cut && f->asked == SYN_STOP ? NULL : &asking; /* it was heeded */
    for (size_t s = 0; s < model->n; s++) {
        syn_session *session = &f->data->session[s];
        bool events = !strcmp(asked, "yes");
        if (!strcmp(asked, "auto")) SYN_TRY(syn_edge_events_suit(session, &events));
        syn_edge_estimates **edges = &model->session[s].edges;
        const int threads = f->settings.threads;
        if (events)
            SYN_TRY(syn_test_events(session, f->kernels, threads, watch, edges));
        else if (f->settings.loss == SYN_LOSS_POISSON || session->recording->signal == SYN_SIGNAL_COUNTS)
            SYN_TRY(syn_test_counts(session, bin_s, f->kernels, threads, watch, edges));
        else
            SYN_TRY(syn_test_edges(model->p, f->data, s, model->session[s].gain, f->kernels, threads, watch, edges));
    }
    return SYN_OK;
}

/* Ends the search. */
static syn_status make_model(syn_fitting *f, syn_model **model) {
    int stage;
    const syn_parameters *winner = syn_search_winner(f->search, &stage);
    json_t *options = NULL;
    syn_status status;
    SYN_CHECK(syn_model_alloc(model, f->data->n));
    syn_model *m = *model;
    m->loss = f->settings.loss;
    m->train = syn_option_real(f->options, SYN_OPT_TRAIN);
    m->validation = syn_option_real(f->options, SYN_OPT_VALIDATION);
    m->window = f->data->window;
    SYN_CHECK(syn_parameters_copy(&m->p, winner));
    SYN_CHECK(syn_model_finish(m));
    for (size_t s = 0; s < m->n; s++) {
        SYN_CHECK(syn_fitted_session_fill(&m->session[s], &f->data->session[s]));
        m->session[s].fingerprint = f->fingerprint[s];
    }
    SYN_CHECK(keep_gain(f, winner, m));
    SYN_CHECK(syn_seed_stability(f->repeats, m));
    SYN_CHECK(syn_fit_describe(f, winner, stage, m));
    syn_repeats_free(f->repeats), f->repeats = NULL;
    syn_search_free(f->search), f->search = NULL; /* the test needs the memory */
    SYN_CHECK(test_edges(f, m));
    options = syn_fit_given_options(f->options);
    m->options = json_dumps(options, JSON_COMPACT);
    if (!m->options) status = syn_fail(SYN_ERR_MEMORY, "not enough memory for the options of the fit");
    m->seconds = now_s() - f->start_s;
done:
    json_decref(options);
    if (status != SYN_OK) syn_model_free(*model), *model = NULL;
    return status;
}

static syn_status choose_checkpoint(syn_fitting *f) {
    const char *output = syn_option_text(f->options, SYN_OPT_OUTPUT);
    struct stat found;
    if (!*output) return SYN_OK;
    if (!stat(output, &found) && S_ISDIR(found.st_mode))
        return syn_fail(SYN_ERR_IO, "%s: is a folder; expected the name of a file", output);
    SYN_TRY(syn_hdf5_check_name(output));
    size_t size = strlen(output) + sizeof ".ckpt";
    SYN_TRY(syn_alloc(&f->checkpoint, size, 1, "path"));
    snprintf(f->checkpoint, size, "%s.ckpt", output);
    if (access(f->checkpoint, F_OK) == 0 && !syn_option_flag(f->options, SYN_OPT_RESUME))
        return syn_fail(SYN_ERR_INPUT,
                        "%s: is the checkpoint of an interrupted fit; go on from it with --resume, or delete it to "
                        "fit from the start",
                        f->checkpoint);
    return SYN_OK;
}

static syn_status create_repeats(syn_fitting *f) {
    const int asked = (int)syn_option_int(f->options, SYN_OPT_REPEATS);
    return syn_repeats_create(&f->repeats, f->search, asked, syn_repeat_length(f->data));
}

static syn_status take_fingerprints(syn_fitting *f, syn_recording *const *recordings, size_t n) {
    SYN_TRY(syn_alloc(&f->fingerprint, n, sizeof *f->fingerprint, "recordings"));
    for (size_t k = 0; k < n; k++) SYN_TRY(syn_recording_fingerprint(recordings[k], &f->fingerprint[k]));
    return SYN_OK;
}

/* The recordings of an adaptation may have been resampled as those of the source were. */
static syn_status create_dataset(syn_fitting *f, syn_recording *const *recordings, size_t n) {
    double *frequency;
    if (!f->source) return syn_dataset_create(&f->data, recordings, n, f->options);
    SYN_TRY(syn_alloc(&frequency, f->source->n, sizeof *frequency, "recordings"));
    for (size_t k = 0; k < f->source->n; k++) frequency[k] = f->source->session[k].norm.beat.frequency;
    const syn_beats beats = {frequency, f->source->n};
    const syn_status status = syn_dataset_create_like(&f->data, recordings, n, f->options, beats);
    free(frequency);
    return status;
}

/* f: options, source, progress and user. without: the best parameters without connectivity, or NULL. */
static syn_status run_fit(syn_fitting *given, syn_model **model, syn_parameters **without,
                          syn_recording *const *recordings, size_t n_recordings) {
    syn_fitting f = *given;
    f.start_s = now_s(), f.epoch_s = NAN;
    syn_search_limits limits;
    syn_status status;
    *model = NULL;
    SYN_CHECK(take_fingerprints(&f, recordings, n_recordings));
    SYN_CHECK(choose_checkpoint(&f));
    for (size_t k = 0; k < n_recordings; k++) {
        SYN_CHECK(syn_warn_of_outliers(recordings[k]));
        SYN_CHECK(syn_warn_of_copies(recordings[k]));
    }
    SYN_CHECK(create_dataset(&f, recordings, n_recordings));
    SYN_CHECK(syn_require_observed(f.data, SYN_VALIDATION));
    for (size_t k = 0; k < f.data->n; k++)
        SYN_CHECK(syn_edge_spikes_check(&f.data->session[k], syn_option_real(f.options, SYN_OPT_EDGE_BIN),
                                        syn_option_given(f.options, SYN_OPT_EDGE_BIN)));
    SYN_CHECK(syn_fit_choose_limits(&f, &limits));
    SYN_CHECK(syn_fit_read_support(&f));
    SYN_CHECK(syn_fit_choose_settings(&f));
    SYN_CHECK(syn_search_create(&f.search, f.data, f.kernels, &f.settings, &limits));
    SYN_CHECK(create_repeats(&f));
    SYN_CHECK(run_search(&f));
    SYN_CHECK(run_repeats(&f));
    if (without) SYN_CHECK(syn_parameters_copy(without, f.search->ablation));
    SYN_CHECK(make_model(&f, model));
    if (!f.search_cut && !f.repeats_cut) (*model)->checkpoint = f.checkpoint, f.checkpoint = NULL;
done:
    syn_repeats_free(f.repeats);
    syn_search_free(f.search);
    for (size_t s = 0; f.support && s < f.data->n; s++) free(f.support[s]);
    free(f.support), free(f.fingerprint);
    syn_dataset_free(f.data);
    free(f.checkpoint);
    return status;
}

syn_status syn_fit_with_ablation(syn_model **model, syn_parameters **without, syn_recording *const *recordings,
                                 size_t n_recordings, const syn_options *options, syn_progress_fn progress,
                                 void *user) {
    syn_fitting f = {.options = options, .progress = progress, .user = user};
    return run_fit(&f, model, without, recordings, n_recordings);
}

syn_status syn_fit(syn_model **model, syn_recording *const *recordings, size_t n_recordings, const syn_options *options,
                   syn_progress_fn progress, void *user) {
    return syn_fit_with_ablation(model, NULL, recordings, n_recordings, options, progress, user);
}

/* Where a recording is unlike what the decoder learned. */
static syn_status warn_of_source(syn_recording *r, const syn_fitted_session *source) {
    if (fabs(r->rate_hz - source->rate_hz) > 0.1 * source->rate_hz)
        SYN_TRY(syn_recording_warn(r,
                                   "has %g frames per second, the model that is adapted %g: its decoder knows "
                                   "frames, not seconds",
                                   r->rate_hz, source->rate_hz));
    if (r->signal == SYN_SIGNAL_COUNTS && source->signal != SYN_SIGNAL_COUNTS)
        SYN_TRY(syn_recording_warn(r,
                                   "holds counts, the model that is adapted knows %s and is fitted by squared "
                                   "error: adapt a model of counts, or fit the recording",
                                   syn_signal_name(source->signal)));
    return SYN_OK;
}

syn_status syn_adapt(syn_model **model, const syn_model *source, syn_recording *const *recordings, size_t n_recordings,
                     const syn_options *options, syn_progress_fn progress, void *user) {
    syn_fitting f = {.options = options, .source = source, .progress = progress, .user = user};
    *model = NULL;
    for (size_t k = 0; k < n_recordings; k++) SYN_TRY(warn_of_source(recordings[k], &source->session[0]));
    return run_fit(&f, model, NULL, recordings, n_recordings);
}
