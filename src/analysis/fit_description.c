/* What a fit says about itself: scores, candidates, recordings, and warnings in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/evaluate.h"
#include "analysis/fit_inside.h"
#include "base/memory.h"
#include "base/text.h"
#include "dataset/resampling.h"
#include "dataset/splits.h"
#include "model/correction.h"

json_t *syn_fit_given_options(const syn_options *options) {
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
    char label[SYN_LABEL_SIZE];
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

/* What became of the decoder of another model: of an average it is tuned if it is in one of its members. */
static json_t *adapted_json(const syn_fitting *f, const syn_parameters *p, const syn_stage *winner) {
    const syn_model *source = f->source;
    const syn_search *search = f->search;
    bool tuned = p != search->blend && winner->tuned;
    for (int k = 0; p == search->blend && k < search->n_stages; k++)
        tuned |= search->blend_share[k] > 0 && search->stage[k].tuned;
    json_t *names = json_array();
    for (size_t k = 0; k < source->n; k++) json_array_append_new(names, json_string(source->session[k].name));
    return json_pack("{s:o, s:s, s:s}", "from", names, "decoder", tuned ? "tuned" : "kept", "chosen_by",
                     "validation loss");
}

/* The candidates whose weights were averaged, with their shares. */
static json_t *average_json(const syn_search *search) {
    json_t *list = json_array();
    for (int k = 0; k < search->n_stages; k++) {
        char label[SYN_LABEL_SIZE];
        if (search->blend_share[k] == 0) continue;
        syn_stage_label(&search->stage[k], label, sizeof label);
        json_array_append_new(list, json_pack("{s:s, s:f}", "candidate", label, "share", search->blend_share[k]));
    }
    return list;
}

/* What the cross-neuron information is worth: `none` against the chosen model on the test split, and in words. */
static syn_status connectivity_json(const syn_fitting *f, const syn_stage *stage, const syn_parameters *p,
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
            snprintf(
                line, sizeof line,
                "no connectivity predicted the validation split clearly better than none (by more than one standard "
                "error): at its length the recording holds no cross-neuron information that this model can use");
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

static json_t *recordings_json(const syn_fitting *f, json_t *warnings) {
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
        json_t *one =
            json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:o}", "name", s->recording->name, "frames", (json_int_t)s->T,
                      "neurons", (json_int_t)s->N, "behaviors", (json_int_t)syn_recorded_behaviors(&s->norm), "rate_hz",
                      s->recording->rate_hz, "baseline_alpha", s->norm.alpha, "left_out", left_out);
        json_object_set_new(one, "split_frames",
                            json_pack("[f, f, f]", (double)syn_session_frames(s, SYN_TRAIN),
                                      (double)syn_session_frames(s, SYN_VALIDATION),
                                      (double)syn_session_frames(s, SYN_TEST)));
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

static void warn_of_repeats(const syn_fitting *f, json_t *warnings) {
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

/* Whether the decoder has weights for behaviour; those of a source that was fitted without start at 0. */
static bool weighs_behavior(const syn_parameters *p) {
    const size_t count = 3 * (size_t)p->H * (size_t)p->b;
    for (size_t k = 0; k < count; k++)
        if (p->value[p->wu + k] != 0) return true;
    return false;
}

/* What of the recording and of the model is not used, as the validation split is predicted better without it. */
static void warn_of_unused(const syn_fitting *f, const syn_candidate *chosen, const syn_parameters *winner,
                           json_t *root, json_t *warnings) {
    const bool behavior = f->settings.behavior_inputs > 0 && syn_dataset_behavior(f->data);
    const bool unknown = behavior && !chosen->no_behavior && !weighs_behavior(winner);
    if (behavior) json_object_set_new(root, "behavior_used", json_boolean(!chosen->no_behavior && !unknown));
    if (unknown)
        json_array_append_new(warnings,
                              json_string("the adapted model was fitted without behaviour, and its decoder is "
                                          "kept: the behaviour is not used"));
    if (behavior && chosen->no_behavior)
        json_array_append_new(warnings,
                              json_string("the validation split is predicted no better with the behaviour than "
                                          "without it (by more than one standard error): the model does not use it"));
    if (winner->correction.share == 1 && winner->correction.alpha == 0)
        json_array_append_new(warnings,
                              json_string("the model predicts the validation split no better than the mean rates of "
                                          "the neurons do: the forecast is those rates, and the effective "
                                          "connectivity is 0"));
    if (winner->correction.share == 1 && winner->correction.alpha > 0)
        json_array_append_new(warnings,
                              json_string("the model predicts the validation split no better than a moving mean of "
                                          "each neuron's own counts does: the forecast is that mean, and the "
                                          "effective connectivity is 0"));
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

syn_status syn_fit_describe(const syn_fitting *f, const syn_parameters *winner, int winning_stage, syn_model *model) {
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
        if (search->stage[k].again < 3) epochs += search->stage[k].epochs;
    }
    json_object_set_new(root, "connectivity", connectivity);
    if (f->source) json_object_set_new(root, "adapted", adapted_json(f, winner, &search->stage[winning_stage]));
    json_object_set_new(root, "loss", json_string(syn_loss_name[f->settings.loss]));
    json_object_set_new(root, "correction", syn_correction_json(&winner->correction));
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
