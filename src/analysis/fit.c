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
#include "analysis/evaluate.h"
#include "analysis/fit.h"
#include "analysis/prepare.h"
#include "analysis/seed_stability.h"
#include "base/memory.h"
#include "base/text.h"
#include "dataset/outliers.h"
#include "dataset/splits.h"
#include "recording/array.h"
#include "training/checkpoint.h"

/* Lags of the gain that a model keeps. */
enum { KEPT_LAGS = 20 };
/* Stages that a search, and a repeat, usually take. */
enum { USUAL_STAGES = 6, USUAL_STAGES_OF_ANY_FORM = 11, USUAL_STAGES_OF_A_REPEAT = 2 };
/* Seconds between two calls of the progress function within an epoch. */
static const double progress_interval_s = 0.2;

typedef struct fit {
    const syn_options *options;
    const syn_model *source; /* whose decoder is adapted, or NULL */
    syn_dataset *data;
    const syn_kernels *kernels;
    syn_settings settings;
    syn_search *search;
    syn_repeats *repeats;
    uint64_t *fingerprint; /* [sessions] of the recordings, before their activity is normalised */
    uint8_t **support;     /* [sessions] of --connectivity masked */
    char *checkpoint;      /* path, or NULL: not kept */
    syn_progress_fn progress;
    void *user;
    double start_s, last_progress_s, next_checkpoint_s;
    int stages;                   /* that were expected when progress was last reported */
    int asked;                    /* what the progress function returned last: SYN_GO_ON, SYN_STOP or SYN_FINISH */
    bool search_cut, repeats_cut; /* ended on request before they were done */
    bool repeat_diverged;         /* no further one is tried: it would again */
} fit;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- settings ---- */

static double frames_of_split(const syn_session *s, syn_split split) {
    double frames = 0;
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        frames += (double)(s->span[split][k].stop - s->span[split][k].start);
    return frames;
}

static double clamp(double value, double low, double high) { return fmin(fmax(value, low), high); }

static syn_status choose_loss(const fit *f, syn_loss *loss) {
    const char *asked = f->source ? syn_loss_name[f->source->loss] : syn_option_text(f->options, SYN_OPT_LOSS);
    size_t counts = 0;
    for (size_t s = 0; s < f->data->n; s++) counts += f->data->session[s].recording->signal == SYN_SIGNAL_COUNTS;
    *loss = SYN_LOSS_GAUSSIAN;
    if (!strcmp(asked, "gaussian") || (!strcmp(asked, "auto") && counts < f->data->n)) return SYN_OK;
    if (counts < f->data->n && f->source)
        return syn_fail(SYN_ERR_INPUT,
                        "the model predicts spike counts; expected them in every new recording; %zu of %zu hold them",
                        counts, f->data->n);
    if (counts < f->data->n)
        return syn_fail(SYN_ERR_OPTION,
                        "loss: poisson needs spike counts in every recording; %zu of %zu hold them; use "
                        "--loss gaussian",
                        counts, f->data->n);
    *loss = SYN_LOSS_POISSON;
    return SYN_OK;
}

static syn_status check_events(const fit *f) {
    for (size_t s = 0; s < f->data->n; s++)
        if (!strcmp(syn_option_text(f->options, SYN_OPT_EVENTS), "yes") &&
            f->data->session[s].recording->signal == SYN_SIGNAL_COUNTS)
            return syn_fail(SYN_ERR_OPTION,
                            "events: yes needs fluorescence in every recording; %s holds spike counts; use "
                            "--events auto",
                            f->data->session[s].recording->name);
    return SYN_OK;
}

/* What is left to us is scaled to the amount of data: about 3,000 steps a candidate, on batches of an eighth of the
 * train split (docs/decisions/connectivity.md). */
static syn_status choose_settings(fit *f) {
    const syn_options *o = f->options;
    double frames = 0;
    for (size_t s = 0; s < f->data->n; s++) frames += frames_of_split(&f->data->session[s], SYN_TRAIN);
    syn_settings *t = &f->settings;
    *t = (syn_settings){.support = f->support,
                        .hidden = syn_option_auto(o, SYN_OPT_HIDDEN) ? 16 : (int)syn_option_int(o, SYN_OPT_HIDDEN),
                        .embedding = (int)syn_option_int(o, SYN_OPT_EMBEDDING),
                        .behavior_inputs = (int)syn_option_int(o, SYN_OPT_BEHAVIOR_INPUTS),
                        .seed = (uint64_t)syn_option_int(o, SYN_OPT_SEED),
                        .decoder_rate = 0.01,
                        .connectivity_rate = 0.01};
    if (f->source) t->source = f->source->p, t->hidden = f->source->p->H, t->embedding = f->source->p->d;
    SYN_TRY(syn_choose_kernels(o, &f->kernels, &t->threads));
    SYN_TRY(choose_loss(f, &t->loss));
    SYN_TRY(check_events(f));
    if (!syn_option_auto(o, SYN_OPT_LEARNING_RATE)) t->decoder_rate = syn_option_real(o, SYN_OPT_LEARNING_RATE);
    t->batch_frames =
        syn_option_auto(o, SYN_OPT_BATCH) ? (int64_t)clamp(frames / 8, 256, 512) : syn_option_int(o, SYN_OPT_BATCH);
    const double steps = (double)syn_trainer_steps(f->data, t->batch_frames);
    t->max_epochs =
        syn_option_auto(o, SYN_OPT_EPOCHS) ? (int)clamp(3000 / steps, 20, 300) : (int)syn_option_int(o, SYN_OPT_EPOCHS);
    t->patience = syn_option_auto(o, SYN_OPT_PATIENCE) ? (int)clamp(0.15 * t->max_epochs, 5, 300)
                                                       : (int)syn_option_int(o, SYN_OPT_PATIENCE);
    return SYN_OK;
}

/* An option that the form of the connectivity would ignore is refused. low_rank, free_weights: it belongs to S R^T, to
 * weights of their own. */
static syn_status check_applies(const syn_search_limits *limits, const char *option, bool given, bool low_rank,
                                bool free_weights, bool automatic) {
    const syn_form form = limits->form;
    bool used = limits->any_form
                    ? automatic
                    : (low_rank && syn_form_has_factors(form)) || (free_weights && syn_form_has_weights(form));
    if (!given || used) return SYN_OK;
    return syn_fail(SYN_ERR_OPTION, "%s: is not used by --connectivity %s; name a form that has it%s", option,
                    limits->any_form ? "auto" : syn_form_name[form], low_rank ? " (lowrank)" : " (dense)");
}

static syn_status choose_limits(const fit *f, syn_search_limits *limits) {
    const syn_options *o = f->options;
    const char *form = syn_option_text(o, SYN_OPT_CONNECTIVITY);
    *limits = (syn_search_limits){.any_form = !strcmp(form, "auto"),
                                  .any_hidden = !f->source && syn_option_auto(o, SYN_OPT_HIDDEN)};
    for (int k = SYN_FORM_NONE; k < SYN_FORMS; k++)
        if (!strcmp(form, syn_form_name[k])) limits->form = (syn_form)k;
    limits->rank = syn_option_auto(o, SYN_OPT_RANK) ? 0 : (int)syn_option_int(o, SYN_OPT_RANK);
    limits->ridge = syn_option_auto(o, SYN_OPT_STRENGTH) ? -1 : syn_option_real(o, SYN_OPT_STRENGTH);
    limits->l1 = syn_option_auto(o, SYN_OPT_L1) ? -1 : syn_option_real(o, SYN_OPT_L1);
    limits->innovation = syn_option_auto(o, SYN_OPT_INNOVATION) ? -1 : syn_option_real(o, SYN_OPT_INNOVATION);
    if (limits->innovation >= 0 && !limits->any_form && limits->form == SYN_FORM_NONE)
        return syn_fail(SYN_ERR_OPTION,
                        "innovation: is not used by --connectivity none; name a form that has it (dense)");
    if (syn_option_int(o, SYN_OPT_REPEATS) > 0 && !limits->any_form && limits->form == SYN_FORM_NONE)
        return syn_fail(SYN_ERR_OPTION, "repeats: is not used by --connectivity none, which has no edge to repeat");
    SYN_TRY(check_applies(limits, "rank", limits->rank > 0, true, false, limits->any_form));
    SYN_TRY(check_applies(limits, "strength", limits->ridge >= 0, false, true, false));
    SYN_TRY(check_applies(limits, "l1", limits->l1 >= 0, false, true, false));
    if (limits->form == SYN_FORM_MASKED && !syn_option_given(o, SYN_OPT_MASK))
        return syn_fail(SYN_ERR_OPTION, "connectivity: masked needs --mask FILE:NAME, an (N, N) array, row = receiver");
    if (limits->form != SYN_FORM_MASKED && syn_option_given(o, SYN_OPT_MASK))
        return syn_fail(SYN_ERR_OPTION, "mask: is used by --connectivity masked only");
    return SYN_OK;
}

/* The mask among the kept neurons of every recording. */
static syn_status read_support(fit *f) {
    const char *path = syn_option_text(f->options, SYN_OPT_MASK);
    double *mask = NULL;
    int64_t rows, columns;
    syn_status status = SYN_OK;
    if (!syn_option_given(f->options, SYN_OPT_MASK)) return SYN_OK;
    SYN_CHECK(syn_matrix_read(path, &mask, &rows, &columns));
    SYN_CHECK(syn_alloc(&f->support, f->data->n, sizeof *f->support, "mask"));
    for (size_t s = 0; s < f->data->n; s++) {
        const syn_normalisation *norm = &f->data->session[s].norm;
        if (rows != norm->N_recorded || columns != rows) {
            status = syn_fail(SYN_ERR_INPUT, "%s: is (%lld, %lld); expected (%lld, %lld), the neurons of %s", path,
                              (long long)rows, (long long)columns, (long long)norm->N_recorded,
                              (long long)norm->N_recorded, f->data->session[s].recording->name);
            goto done;
        }
        SYN_CHECK(syn_alloc(&f->support[s], (size_t)(norm->N * norm->N), 1, "mask"));
        for (int64_t i = 0; i < norm->N; i++)
            for (int64_t j = 0; j < norm->N; j++)
                f->support[s][i * norm->N + j] = i != j && mask[norm->kept[i] * columns + norm->kept[j]] != 0;
    }
done:
    free(mask);
    return status;
}

/* ---- running the search ---- */

/* Stages that are finished, of the search and its repeats together, and how many there may be in all. */
static void count_stages(const fit *f, int *finished, int *expected) {
    const syn_search *search = f->search, *repeat = f->repeats->running;
    const int usual = search->limits.any_form ? USUAL_STAGES_OF_ANY_FORM : USUAL_STAGES, n = search->n_stages;
    if (repeat) {
        *finished = n + f->repeats->done * repeat->n_planned + repeat->n_stages;
        *expected = n + f->repeats->asked * repeat->n_planned;
    } else {
        *finished = n;
        *expected = (n + 1 > usual ? n + 1 : usual) + f->repeats->asked * USUAL_STAGES_OF_A_REPEAT;
    }
}

/* The search that is under way: the fit's own or a repeat. */
static const syn_search *running_search(const fit *f) { return f->repeats->running ? f->repeats->running : f->search; }

/* "dense ridge 300, 16 hidden" or "repeat 1 of 3: dense ridge 300, 16 hidden" */
static void stage_label(const fit *f, char *label, size_t size) {
    size_t n = 0;
    if (f->repeats->running)
        n = (size_t)snprintf(label, size, "repeat %d of %d: ", f->repeats->done + 1, f->repeats->asked);
    if (running_search(f)->trainer)
        syn_stage_label(&running_search(f)->running, label + n, size - n);
    else
        snprintf(label + n, size - n, f->repeats->running ? "starting" : "choosing");
}

static int report(fit *f) {
    if (!f->progress) return 0;
    const syn_trainer *t = running_search(f)->trainer;
    char label[160];
    int finished, expected;
    stage_label(f, label, sizeof label);
    count_stages(f, &finished, &expected);
    f->last_progress_s = now_s();
    f->stages = expected;
    syn_progress p = {.stage = label,
                      .candidate = finished < expected ? finished + 1 : expected,
                      .candidates = expected,
                      .elapsed_s = f->last_progress_s - f->start_s};
    double done = finished;
    if (t) {
        done += (double)t->epoch / (double)t->schedule.max_epochs;
        p.epoch = t->epoch, p.max_epochs = t->schedule.max_epochs;
        p.best_loss = t->best_loss;
        if (t->epoch > 0)
            p.train_loss = t->curve[t->epoch - 1].train, p.validation_loss = t->curve[t->epoch - 1].validation;
    }
    p.eta_s = done > 0 ? p.elapsed_s * (expected - done) / done : 0; /* stages like the mean one */
    return f->asked = f->progress(&p, f->user);
}

static bool keep_going(void *user) {
    fit *f = user;
    return now_s() - f->last_progress_s < progress_interval_s || report(f) == 0;
}

/* After every epoch, unless that would take more than a tenth of the time: a disk may need longer to make a file last
 * than a small recording needs for an epoch. */
static syn_status keep_checkpoint(fit *f) {
    const double start_s = now_s();
    if (!f->checkpoint || start_s < f->next_checkpoint_s) return SYN_OK;
    SYN_TRY(syn_checkpoint_write(f->search, f->repeats, f->checkpoint));
    f->next_checkpoint_s = now_s() + 9 * (now_s() - start_s);
    return SYN_OK;
}

/* All epochs of the search or a repeat. */
static syn_status run_epochs(fit *f, syn_search *search) {
    bool done = false;
    while (!done) {
        SYN_TRY(syn_search_epoch(search, &done, keep_going, f));
        if (!done) SYN_TRY(keep_checkpoint(f));
        if (report(f) != 0) return syn_fail(SYN_ERR_INTERRUPTED, "stopped on request");
    }
    return SYN_OK;
}

static syn_status run_search(fit *f) {
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
static syn_status run_repeats(fit *f) {
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

static syn_status keep_gain(fit *f, const syn_parameters *p, syn_model *model) {
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
    fit *f = user;
    if (!f->progress) return true;
    const syn_progress p = {
        .stage = "testing edges", .candidate = f->stages, .candidates = f->stages, .elapsed_s = now_s() - f->start_s};
    return (f->asked = f->progress(&p, f->user)) != SYN_STOP;
}

/* The last that is done with the recordings: the test may overwrite their activity. */
static syn_status test_edges(fit *f, syn_model *model) {
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

/* The options that were given, as JSON; lists as arrays. */
static json_t *given_options(const syn_options *options) {
    json_t *object = json_object();
    for (int k = 0; k < SYN_OPTION_COUNT; k++) {
        const syn_option_info *info = syn_option_at((size_t)k);
        /* where and how it ran does not belong to the model: the file is the same */
        static const syn_option_id outside[] = {SYN_OPT_OUTPUT, SYN_OPT_THREADS, SYN_OPT_ISA,   SYN_OPT_RESUME,
                                                SYN_OPT_JSON,   SYN_OPT_QUIET,   SYN_OPT_CONFIG};
        bool skip = !syn_option_given(options, (syn_option_id)k);
        for (size_t j = 0; j < sizeof outside / sizeof *outside; j++) skip |= outside[j] == (syn_option_id)k;
        if (skip) continue;
        if (strcmp(info->type, "list") != 0) {
            json_object_set_new(object, info->name, syn_text_json(syn_option_text(options, (syn_option_id)k)));
            continue;
        }
        json_t *list = json_array();
        for (size_t j = 0; j < syn_option_list_length(options, (syn_option_id)k); j++)
            json_array_append_new(list, syn_text_json(syn_option_list_item(options, (syn_option_id)k, j)));
        json_object_set_new(object, info->name, list);
    }
    return object;
}

static json_t *stage_json(const syn_stage *stage) {
    char label[128];
    syn_stage_label(stage, label, sizeof label);
    return json_pack("{s:s, s:f, s:i, s:i, s:b}", "candidate", label, "validation_loss", stage->loss, "epochs",
                     stage->epochs, "best_epoch", stage->best_epoch, "passed_over", (int)stage->passed_over);
}

static double share_of_zeros(const syn_parameters *p) {
    double zeros = 0, pairs = 0;
    if (!syn_form_has_weights(p->form) || syn_form_has_factors(p->form)) return 0;
    for (size_t s = 0; s < p->n_sessions; s++)
        for (int64_t k = 0, M = p->session[s].M; p->session[s].owner == s && k < M * M; k++)
            if (k / M != k % M) pairs++, zeros += p->value[p->session[s].z + (size_t)k] == 0.0f;
    return pairs > 0 ? zeros / pairs : 0;
}

/* What became of the decoder of another model. */
static json_t *adapted_json(const fit *f, const syn_stage *winner) {
    const syn_model *source = f->source;
    json_t *names = json_array();
    for (size_t k = 0; k < source->n; k++) json_array_append_new(names, json_string(source->session[k].name));
    return json_pack("{s:o, s:s, s:s}", "from", names, "decoder", winner->tuned ? "tuned" : "kept", "chosen_by",
                     "validation loss");
}

/* The candidates whose weights were averaged, with their shares. */
static json_t *average_json(const syn_search *search) {
    json_t *list = json_array();
    for (int k = 0; k < search->n_stages; k++) {
        char label[128];
        if (search->blend_share[k] == 0) continue;
        syn_stage_label(&search->stage[k], label, sizeof label);
        json_array_append_new(list, json_pack("{s:s, s:f}", "candidate", label, "share", search->blend_share[k]));
    }
    return list;
}

/* What the cross-neuron information is worth: `none` against the chosen model on the test split, and in words. */
static syn_status connectivity_json(const fit *f, const syn_stage *stage, const syn_parameters *p,
                                    const syn_evaluation *with, const syn_evaluation *without, json_t **out,
                                    json_t *warnings) {
    syn_interval gain = {.mean = NAN, .low = NAN, .high = NAN};
    if (without) SYN_TRY(syn_evaluation_difference(without, SYN_MODEL, with, SYN_MODEL, &gain));
    json_t *c = json_object();
    json_object_set_new(c, "form", json_string(syn_form_name[p->form]));
    if (p->form != SYN_FORM_NONE) {
        json_object_set_new(c, "strength", json_real(p->form == SYN_FORM_LOWRANK ? 0 : stage->candidate.ridge));
        json_object_set_new(c, "l1", json_real(stage->candidate.l1));
        json_object_set_new(c, "innovation", json_real(stage->candidate.innovation));
        if (syn_form_has_factors(p->form)) json_object_set_new(c, "rank", json_integer(stage->candidate.rank));
        json_object_set_new(c, "share_of_zeros", json_real(share_of_zeros(p)));
    }
    if (p == f->search->blend) json_object_set_new(c, "average_of", average_json(f->search));
    json_object_set_new(c, "chosen_by", json_string(f->search->limits.any_form ? "validation loss" : "the user"));
    if (without) {
        json_object_set_new(c, "mse_without_minus_with", syn_interval_json(&gain));
        const bool scored = isfinite(with->metrics[SYN_MEAN].mse);
        char line[400] = "", difference[100] = "a prediction is not finite";
        if (isfinite(gain.low))
            snprintf(difference, sizeof difference, "difference of mse %.3g, 95 %% interval %.3g to %.3g", gain.mean,
                     gain.low, gain.high);
        else if (isfinite(gain.mean))
            snprintf(difference, sizeof difference, "difference of mse %.3g, of too few frames for an interval",
                     gain.mean);
        if (p->form == SYN_FORM_NONE && f->search_cut && f->search->limits.any_form)
            snprintf(
                line, sizeof line,
                "the fit was stopped before every connectivity had been tried: whether one predicts the validation "
                "split better than none is not known");
        else if (p->form == SYN_FORM_NONE && f->search->limits.any_form) /* else nothing else was tried */
            snprintf(line, sizeof line,
                     "no connectivity predicted the validation split better than none: at its length the "
                     "recording holds no cross-neuron information that this model can use");
        else if (p->form != SYN_FORM_NONE && scored && gain.high < 0)
            snprintf(line, sizeof line,
                     "the connectivity predicts the test split reliably worse than none (%s): do not rely on it; at "
                     "its length the recording may hold no cross-neuron information",
                     difference);
        else if (p->form != SYN_FORM_NONE && scored && !(gain.low > 0))
            snprintf(
                line, sizeof line,
                "the connectivity does not predict the test split reliably better than none (%s): at its length the "
                "recording may hold no cross-neuron information",
                difference);
        if (*line) {
            json_object_set_new(c, "statement", json_string(line));
            json_array_append_new(warnings, json_string(line));
        }
    }
    *out = c;
    return SYN_OK;
}

/* How many bytes of a recording's name a warning shows. */
enum { LONGEST_NAME = 200 };

/* "x.npy: 2 of 20 neurons are silent or constant in the train split and left out: 3, 7" */
static void warn_left_out(const syn_session *s, json_t *warnings, json_t *left_out) {
    const syn_normalisation *norm = &s->norm;
    char line[LONGEST_NAME + 1024];
    int64_t missing = norm->N_recorded - norm->N, listed = 0;
    const char *name = s->recording->name;
    size_t n = (size_t)syn_print_text(
        line, sizeof line, "%.*s: %lld of %lld neurons are silent or constant in the train split and left out:",
        syn_cut(name, LONGEST_NAME), name, (long long)missing, (long long)norm->N_recorded);
    for (int64_t j = 0, i = 0; j < norm->N_recorded; j++) {
        if (i < norm->N && norm->kept[i] == j) {
            i++;
            continue;
        }
        const char *id = s->recording->neuron_id ? s->recording->neuron_id[j] : "?";
        json_array_append_new(left_out, json_string(id));
        if (listed++ < 20) n += (size_t)syn_print_text(line + n, sizeof line - n, " %.*s", syn_cut(id, 40), id);
    }
    if (listed > 20) syn_print_text(line + n, sizeof line - n, " ...");
    if (missing) json_array_append_new(warnings, json_string(line));
}

/* Behaviour that is the same in the whole train split. */
static void warn_constant(const syn_session *s, json_t *warnings) {
    char line[LONGEST_NAME + 512];
    const char *name = s->recording->name;
    for (int64_t b = 0; b < s->B; b++) {
        if (s->norm.u_scale[b] > 0) continue;
        const char *of = s->recording->behavior_name ? s->recording->behavior_name[b] : "?";
        syn_print_text(line, sizeof line, "%.*s: behaviour %.*s does not vary in the train split: it is not used",
                       syn_cut(name, LONGEST_NAME), name, syn_cut(of, 100), of);
        json_array_append_new(warnings, json_string(line));
    }
}

static void warn_unscored(const syn_session *s, json_t *warnings) {
    char line[LONGEST_NAME + 256];
    const char *name = s->recording->name;
    syn_print_text(line, sizeof line,
                   "%.*s: nothing was observed in the test split: how well the model predicts cannot be said",
                   syn_cut(name, LONGEST_NAME), name);
    json_array_append_new(warnings, json_string(line));
}

static json_t *recordings_json(const fit *f, json_t *warnings) {
    json_t *list = json_array();
    for (size_t k = 0; k < f->data->n; k++) {
        const syn_session *s = &f->data->session[k];
        json_t *left_out = json_array();
        for (size_t w = 0; w < s->recording->n_warnings; w++) {
            char line[LONGEST_NAME + 2048]; /* in UTF-8, 1023 bytes can have become 2046 */
            const char *name = s->recording->name;
            syn_print_text(line, sizeof line, "%.*s: %s", syn_cut(name, LONGEST_NAME), name, s->recording->warning[w]);
            json_array_append_new(warnings, json_string(line));
        }
        warn_left_out(s, warnings, left_out);
        warn_constant(s, warnings);
        if (!syn_split_observed(s, SYN_TEST)) warn_unscored(s, warnings);
        json_t *one = json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:o}", "name", s->recording->name, "frames",
                                (json_int_t)s->T, "neurons", (json_int_t)s->N, "behaviors", (json_int_t)s->B, "rate_hz",
                                s->recording->rate_hz, "baseline_alpha", s->norm.alpha, "left_out", left_out);
        json_object_set_new(one, "split_frames",
                            json_pack("[f, f, f]", frames_of_split(s, SYN_TRAIN), frames_of_split(s, SYN_VALIDATION),
                                      frames_of_split(s, SYN_TEST)));
        json_array_append_new(list, one);
    }
    return list;
}

/* Neurons that differ, of all recordings together. */
static int64_t distinct_neurons(const syn_parameters *p) {
    int64_t n = 0;
    for (size_t s = 0; s < p->n_sessions; s++)
        if (p->session[s].owner == s) n += p->session[s].M;
    return n;
}

static json_t *curve_json(const syn_search *search, int stage) {
    json_t *curve = json_array();
    for (int k = 0; k < search->stage[stage].epochs; k++)
        json_array_append_new(curve,
                              json_pack("[f, f]", search->curve[stage][k].train, search->curve[stage][k].validation));
    return curve;
}

static void warn_of_repeats(const fit *f, json_t *warnings) {
    char line[120];
    const bool cut = f->search_cut || f->repeats_cut;
    if (f->repeat_diverged)
        snprintf(line, sizeof line, "repeat %d of %d diverged, and no further one was tried", f->repeats->done + 1,
                 f->repeats->asked);
    else if (!cut && f->repeats->done == 0 && f->repeats->asked > 0)
        snprintf(line, sizeof line, "nothing was repeated: no connectivity was chosen");
    else
        return;
    json_array_append_new(warnings, json_string(line));
}

/* Of repeats that were stopped. */
static json_t *repeats_json(const syn_repeats *repeats, json_t *warnings) {
    char line[120];
    snprintf(line, sizeof line,
             "the fit was stopped on request: the model is whole, but only %d of its %d repeats are done",
             repeats->done, repeats->asked);
    json_array_append_new(warnings, json_string(line));
    return json_pack("{s:i, s:i}", "done", repeats->done, "asked", repeats->asked);
}

/* What of the recording and of the model is not used, as the validation split is predicted better without it. */
static void warn_of_unused(const fit *f, const syn_candidate *chosen, const syn_parameters *winner, json_t *root,
                           json_t *warnings) {
    const bool behavior = f->settings.behavior_inputs > 0 && syn_dataset_behavior(f->data);
    if (behavior) json_object_set_new(root, "behavior_used", json_boolean(!chosen->no_behavior));
    if (behavior && chosen->no_behavior)
        json_array_append_new(warnings,
                              json_string("the validation split is predicted no better with the behaviour than "
                                          "without it: the model does not use it"));
    if (winner->mean_share == 1)
        json_array_append_new(warnings,
                              json_string("the model predicts the validation split no better than the mean rates of "
                                          "the neurons do: the forecast is those rates, and the effective "
                                          "connectivity is 0"));
}

/* A row "no connectivity" for scores over all recordings or of one. */
static syn_status add_without_row(json_t *scores, const syn_metric_values *metrics, const syn_evaluation *with,
                                  const syn_evaluation *without) {
    syn_interval less;
    json_object_set_new(json_object_get(scores, "baselines"), "no connectivity", syn_metrics_json(metrics));
    if (!json_object_get(scores, "intervals")) return SYN_OK;
    SYN_TRY(syn_evaluation_difference(without, SYN_MODEL, with, SYN_MODEL, &less));
    json_object_set_new(json_object_get(scores, "intervals"), "mse no connectivity - synapsnet",
                        syn_interval_json(&less));
    return SYN_OK;
}

static syn_status add_without(json_t *root, const syn_evaluation *with, const syn_evaluation *without) {
    SYN_TRY(add_without_row(root, &without->metrics[SYN_MODEL], with, without));
    for (size_t s = 0; s < with->n; s++) {
        const syn_evaluation own = {.n = 1, .session = &with->session[s]},
                             bare = {.n = 1, .session = &without->session[s]};
        SYN_TRY(add_without_row(json_array_get(json_object_get(root, "sessions"), s),
                                &without->session[s].metrics[SYN_MODEL], &own, &bare));
    }
    return SYN_OK;
}

static syn_status describe(const fit *f, const syn_parameters *winner, int winning_stage, syn_model *model) {
    const syn_search *search = f->search;
    syn_evaluation with = {0}, without = {0};
    json_t *root = NULL, *connectivity = NULL, *warnings = json_array();
    const bool has_without = search->ablation != NULL;
    int epochs = 0;
    syn_status status;
    SYN_CHECK(syn_evaluate_parameters(winner, f->settings.loss, f->data, f->kernels, f->settings.threads, &with));
    if (has_without)
        SYN_CHECK(syn_evaluate_parameters(search->ablation, f->settings.loss, f->data, f->kernels, f->settings.threads,
                                          &without));
    SYN_CHECK(syn_evaluation_json(&with, &root));
    json_t *recordings = recordings_json(f, warnings);
    if (f->search_cut)
        json_array_append_new(warnings, json_string("the fit was stopped on request: these are the best weights until "
                                                    "then, and not what a whole fit gives"));
    if (f->repeats_cut) json_object_set_new(root, "repeats", repeats_json(f->repeats, warnings));
    warn_of_repeats(f, warnings);
    SYN_CHECK(syn_evaluation_warn(&with, warnings));
    SYN_CHECK(connectivity_json(f, &search->stage[winning_stage], winner, &with, has_without ? &without : NULL,
                                &connectivity, warnings));
    warn_of_unused(f, &search->stage[winning_stage].candidate, winner, root, warnings);
    if (has_without && winner->form != SYN_FORM_NONE) SYN_CHECK(add_without(root, &with, &without));
    json_t *stages = json_array();
    for (int k = 0; k < search->n_stages; k++) {
        json_array_append_new(stages, stage_json(&search->stage[k]));
        epochs += search->stage[k].epochs;
    }
    json_object_set_new(root, "connectivity", connectivity);
    if (f->source) json_object_set_new(root, "adapted", adapted_json(f, &search->stage[winning_stage]));
    json_object_set_new(root, "loss", json_string(syn_loss_name[f->settings.loss]));
    if (f->settings.loss == SYN_LOSS_POISSON)
        json_object_set_new(root, "mean_share", json_real((double)winner->mean_share));
    json_object_set_new(root, "hidden", json_integer(winner->H));
    json_object_set_new(root, "embedding", json_integer(winner->d));
    json_object_set_new(root, "distinct_neurons", json_integer(distinct_neurons(winner)));
    json_object_set_new(root, "window", json_integer(f->data->window));
    json_object_set_new(root, "epochs", json_integer(epochs));
    json_object_set_new(root, "seed", json_integer((json_int_t)f->settings.seed));
    json_object_set_new(root, "candidates", stages);
    json_object_set_new(root, "chosen_candidate", json_integer(winning_stage));
    json_object_set_new(root, "training_curve", curve_json(search, winning_stage));
    json_object_set_new(root, "recordings", recordings);
    json_object_set_new(root, "warnings", warnings);
    warnings = NULL;
    model->description = json_dumps(root, JSON_COMPACT);
    if (!model->description) status = syn_fail(SYN_ERR_MEMORY, "not enough memory for the description of the fit");
done:
    json_decref(root);
    json_decref(warnings);
    syn_evaluation_free(&with);
    syn_evaluation_free(&without);
    return status;
}

/* Ends the search. */
static syn_status make_model(fit *f, syn_model **model) {
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
    SYN_CHECK(describe(f, winner, stage, m));
    syn_repeats_free(f->repeats), f->repeats = NULL;
    syn_search_free(f->search), f->search = NULL; /* the test needs the memory */
    SYN_CHECK(test_edges(f, m));
    options = given_options(f->options);
    m->options = json_dumps(options, JSON_COMPACT);
    if (!m->options) status = syn_fail(SYN_ERR_MEMORY, "not enough memory for the options of the fit");
    m->seconds = now_s() - f->start_s;
done:
    json_decref(options);
    if (status != SYN_OK) syn_model_free(*model), *model = NULL;
    return status;
}

static syn_status choose_checkpoint(fit *f) {
    const char *output = syn_option_text(f->options, SYN_OPT_OUTPUT);
    struct stat found;
    if (!*output) return SYN_OK;
    if (!stat(output, &found) && S_ISDIR(found.st_mode))
        return syn_fail(SYN_ERR_IO, "%s: is a folder; expected the name of a file", output);
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

static syn_status create_repeats(fit *f) {
    const int asked = (int)syn_option_int(f->options, SYN_OPT_REPEATS);
    return syn_repeats_create(&f->repeats, f->search, asked, syn_repeat_length(f->data));
}

static syn_status take_fingerprints(fit *f, syn_recording *const *recordings, size_t n) {
    SYN_TRY(syn_alloc(&f->fingerprint, n, sizeof *f->fingerprint, "recordings"));
    for (size_t k = 0; k < n; k++) SYN_TRY(syn_recording_fingerprint(recordings[k], &f->fingerprint[k]));
    return SYN_OK;
}

/* f: options, source, progress and user. without: the best parameters without connectivity, or NULL. */
static syn_status run_fit(fit *given, syn_model **model, syn_parameters **without, syn_recording *const *recordings,
                          size_t n_recordings) {
    fit f = *given;
    f.start_s = now_s();
    syn_search_limits limits;
    syn_status status;
    *model = NULL;
    SYN_CHECK(take_fingerprints(&f, recordings, n_recordings));
    SYN_CHECK(choose_checkpoint(&f));
    for (size_t k = 0; k < n_recordings; k++) SYN_CHECK(syn_warn_of_outliers(recordings[k]));
    SYN_CHECK(syn_dataset_create(&f.data, recordings, n_recordings, f.options));
    for (size_t k = 0; k < f.data->n; k++)
        SYN_CHECK(syn_edge_spikes_check(&f.data->session[k], syn_option_real(f.options, SYN_OPT_EDGE_BIN),
                                        syn_option_given(f.options, SYN_OPT_EDGE_BIN)));
    SYN_CHECK(choose_limits(&f, &limits));
    SYN_CHECK(read_support(&f));
    SYN_CHECK(choose_settings(&f));
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
    fit f = {.options = options, .progress = progress, .user = user};
    return run_fit(&f, model, without, recordings, n_recordings);
}

syn_status syn_fit(syn_model **model, syn_recording *const *recordings, size_t n_recordings, const syn_options *options,
                   syn_progress_fn progress, void *user) {
    return syn_fit_with_ablation(model, NULL, recordings, n_recordings, options, progress, user);
}

syn_status syn_adapt(syn_model **model, const syn_model *source, syn_recording *const *recordings, size_t n_recordings,
                     const syn_options *options, syn_progress_fn progress, void *user) {
    fit f = {.options = options, .source = source, .progress = progress, .user = user};
    const double rate_hz = source->session[0].rate_hz;
    *model = NULL;
    for (size_t k = 0; k < n_recordings; k++)
        if (fabs(recordings[k]->rate_hz - rate_hz) > 0.1 * rate_hz)
            SYN_TRY(syn_recording_warn(recordings[k],
                                       "has %g frames per second, the model that is adapted %g: its decoder knows "
                                       "frames, not seconds",
                                       recordings[k]->rate_hz, rate_hz));
    return run_fit(&f, model, NULL, recordings, n_recordings);
}
