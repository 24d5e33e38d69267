/* syn_compare: SynapsNet, its ablations, its rivals and predictions from elsewhere, in one table.
 *
 * Letters: n recordings, F test frames, N neurons.
 */
#include <jansson.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analysis/evaluate.h"
#include "analysis/fit.h"
#include "analysis/prepare.h"
#include "analysis/score.h"
#include "base/memory.h"
#include "dataset/resampling.h"
#include "dataset/splits.h"
#include "model/correction.h"
#include "recording/array.h"
#include "rivals/correct.h"
#include "rivals/rivals.h"

enum { CHUNK_FRAMES = 256, NAME_LENGTH = 64 };

typedef struct compare {
    const syn_options *options;
    const syn_kernels *kernels;
    int threads;
    size_t n;
    syn_recording *const *recording; /* [n] as they were given, until they become the data set */
    syn_dataset *data;
    syn_test_frames *test; /* [n] */
    syn_score *reference;  /* [n] of SynapsNet */
    syn_loss loss;
    bool fitted, behavior_used;       /* SynapsNet is, and uses the behaviour, and ... */
    bool behavior_there;              /* ... there is some, which is known once it is fitted */
    json_t *root, *rivals, *left_out; /* left_out: why, of models that were asked for by name */
    syn_progress_fn progress;
    void *user;
    int done, models;                  /* for the progress */
    const char *running;               /* name of the model that is fitted */
    double start_s, none_s, started_s; /* none_s: until the decoder without connectivity was trained */
} compare;

/* ---- time and memory ---- */

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Forgets the highest memory so far. Where the system does not allow that, what is reported is the highest of the
 * process until then. */
static void forget_peak(void) {
    malloc_trim(0);
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file) return;
    fputs("5", file);
    fclose(file);
}

/* MB, the recording included; NaN where the system does not say. */
static double peak_mb(void) {
    char line[256];
    double kb = NAN;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lf kB", &kb) == 1) break;
    if (file) fclose(file);
    return kb / 1000;
}

static void begin_model(compare *c, const char *name) {
    c->running = name;
    forget_peak();
    c->started_s = now_s();
}

static double end_model(compare *c) {
    c->done++;
    return now_s() - c->started_s;
}

/* ---- progress ---- */

static int report(compare *c, const syn_progress *inner) {
    char stage[128];
    syn_progress p = inner ? *inner : (syn_progress){0};
    if (!c->progress) return SYN_GO_ON;
    snprintf(stage, sizeof stage, inner ? "%s: %s" : "%s", c->running, inner ? inner->stage : "");
    p.stage = stage;
    p.candidate = c->done + 1, p.candidates = c->models;
    p.elapsed_s = now_s() - c->start_s;
    p.eta_s = NAN;
    return c->progress(&p, c->user);
}

static int on_fit_progress(const syn_progress *p, void *user) {
    compare *c = user;
    if (!strncmp(p->stage, "none", 4)) c->none_s = p->elapsed_s;
    return report(c, p);
}

static bool keep_going(void *user) { return report(user, NULL) == SYN_GO_ON; }

/* ---- rows of the table ---- */

static void set_interval(json_t *row, const char *name, const syn_interval *interval) {
    if (isfinite(interval->low) && isfinite(interval->high))
        json_object_set_new(row, name, json_pack("[f, f]", interval->low, interval->high));
    else
        json_object_set_new(row, name, json_null()); /* too few frames, or a model that exploded */
}

static void set_cost(json_t *row, double seconds, double mb) {
    if (isfinite(seconds)) json_object_set_new(row, "seconds", json_real(seconds));
    if (isfinite(mb)) json_object_set_new(row, "peak_mb", json_real(mb));
}

/* What a model's row says of the n recordings from s on: all, or one of them. */
static syn_status set_differences(const compare *c, json_t *row, const syn_score *score, size_t s, size_t n) {
    syn_interval interval;
    if (score == c->reference) return SYN_OK;
    SYN_TRY(syn_score_mse_difference(score + s, c->reference + s, c->test + s, n, &interval));
    set_interval(row, "mse_diff_ci95", &interval);
    if (c->loss != SYN_LOSS_POISSON) return SYN_OK;
    SYN_TRY(syn_score_bits_difference(score + s, c->reference + s, c->test + s, n, &interval));
    set_interval(row, "bits_per_spike_diff_ci95", &interval);
    return SYN_OK;
}

/* score: [n]. seconds, mb: NaN where they are not known. */
static syn_status add_row(compare *c, const char *name, const syn_score *score, double seconds, double mb,
                          json_t *chosen) {
    const syn_metric_values average = syn_score_average(score, c->n);
    json_t *row = syn_metrics_json(&average), *recordings = json_array();
    set_cost(row, seconds, mb);
    json_object_set_new(row, "chosen", chosen);
    json_object_set_new(score == c->reference ? c->root : c->rivals, name, row);
    if (c->n > 1) json_object_set(row, "recordings", recordings);
    json_decref(recordings);
    SYN_TRY(set_differences(c, row, score, 0, c->n));
    for (size_t s = 0; s < c->n && c->n > 1; s++) {
        const syn_metric_values metrics = syn_score_average(score + s, 1);
        json_array_append_new(recordings, syn_metrics_json(&metrics));
        SYN_TRY(set_differences(c, json_array_get(recordings, s), score, s, 1));
    }
    return SYN_OK;
}

static void free_scores(const compare *c, syn_score *score) {
    for (size_t s = 0; score && s < c->n; s++) syn_score_free(&score[s]);
    free(score);
}

/* ---- SynapsNet and its ablations ---- */

/* One fit of copies of the recordings. */
static syn_status fit_copies(compare *c, const syn_options *options, syn_model **model, syn_parameters **without) {
    syn_recording **copy;
    syn_status status;
    SYN_TRY(syn_alloc(&copy, c->n, sizeof *copy, "recordings"));
    for (size_t s = 0; s < c->n; s++) SYN_CHECK(syn_recording_copy(&copy[s], c->recording[s]));
    SYN_CHECK(syn_fit_with_ablation(model, without, copy, c->n, options, on_fit_progress, c));
done:
    for (size_t s = 0; s < c->n; s++) syn_recording_free(copy[s]);
    free(copy);
    return status;
}

static syn_status score_parameters(const compare *c, const syn_parameters *p, syn_score **score) {
    syn_network *network = NULL;
    float *prediction = NULL;
    syn_status status;
    *score = NULL;
    SYN_CHECK(syn_alloc(score, c->n, sizeof **score, "scores"));
    SYN_CHECK(syn_network_create(&network, p, c->data, c->loss, c->kernels, c->threads, CHUNK_FRAMES, CHUNK_FRAMES));
    for (size_t s = 0; s < c->n; s++) {
        SYN_CHECK(syn_alloc(&prediction, (size_t)(c->test[s].F * c->data->session[s].N), sizeof(float), "scores"));
        SYN_CHECK(syn_predict_test(network, c->data, s, prediction));
        SYN_CHECK(syn_score_create(&(*score)[s], &c->test[s], prediction));
        free(prediction), prediction = NULL;
    }
done:
    syn_network_free(network);
    free(prediction);
    if (status != SYN_OK) free_scores(c, *score), *score = NULL;
    return status;
}

/* {"hidden", "form", "strength", "l1", "rank"}: what there is of it. */
static json_t *chosen_by(const syn_model *model) {
    json_t *description = json_loads(model->description, 0, NULL), *chosen = json_object();
    static const char *const names[] = {"form", "strength", "l1", "rank"};
    json_object_set(chosen, "hidden", json_object_get(description, "hidden"));
    json_object_set(chosen, "correction", json_object_get(description, "correction"));
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        json_t *value = json_object_get(json_object_get(description, "connectivity"), names[k]);
        if (value) json_object_set(chosen, names[k], value);
    }
    json_decref(description);
    return chosen;
}

/* Options of an ablation: one part is taken away. It is as large as the whole model, and searched for in the same way.
 */
static syn_status ablation_options(const compare *c, const json_t *chosen, const char *without, syn_options **options) {
    char hidden[32];
    syn_options *o = NULL;
    syn_status status;
    snprintf(hidden, sizeof hidden, "%lld", (long long)json_integer_value(json_object_get(chosen, "hidden")));
    SYN_CHECK(syn_options_create(&o));
    SYN_CHECK(syn_options_overlay(o, c->options));
    SYN_CHECK(syn_options_set(o, without, "0"));
    SYN_CHECK(syn_options_set(o, "hidden", hidden));
done:
    if (status != SYN_OK) syn_options_free(o), o = NULL;
    *options = o;
    return status;
}

/* A model that was fitted, waiting for the data set that it is scored on. */
typedef struct fitted {
    const char *name;
    syn_model *model;
    syn_parameters *own; /* where there is no model */
    double seconds, mb;
    json_t *chosen;
} fitted;

enum { WHOLE, NO_CONNECTIVITY, NO_EMBEDDING, NO_BEHAVIOR, VARIANTS };
static const char *const variant_name[VARIANTS] = {"synapsnet", "no-connectivity", "no-embedding", "no-behavior"};
static const char *const taken_away[VARIANTS] = {NULL, NULL, "embedding", "behavior-inputs"};

static bool is_wanted(const compare *c, const char *name) {
    const size_t n = strlen(name), items = syn_option_list_length(c->options, SYN_OPT_RIVALS);
    for (size_t k = 0; k < items; k++)
        for (const char *p = syn_option_list_item(c->options, SYN_OPT_RIVALS, k); *p; p += strspn(p, ",")) {
            const size_t length = strcspn(p, ",");
            if (length == n && !strncmp(p, name, n)) return true;
            p += length;
        }
    return items == 0;
}

/* In the recordings; the data set may find more (resampling.h), which is known once SynapsNet is fitted. */
static bool has_behavior(const compare *c) {
    for (size_t s = 0; s < c->n; s++)
        if (c->recording[s]->B > 0 && syn_option_int(c->options, SYN_OPT_BEHAVIOR_INPUTS) > 0) return true;
    return false;
}

/* Why a variant of SynapsNet would be the whole one again, or NULL. */
static const char *why_no_variant(const compare *c, int variant) {
    if (variant == NO_EMBEDDING && syn_option_int(c->options, SYN_OPT_EMBEDDING) == 0)
        return "with --embedding 0 SynapsNet has none either";
    if (variant != NO_BEHAVIOR || c->behavior_used) return NULL;
    if (!c->behavior_there && !has_behavior(c)) return "there is no behaviour that SynapsNet could use";
    return c->fitted ? "SynapsNet does not use the behaviour" : NULL;
}

static bool variant_applies(const compare *c, int variant) {
    return variant == WHOLE || (is_wanted(c, variant_name[variant]) && !why_no_variant(c, variant));
}

/* Says so of a model that was asked for by name. */
static void leave_out(compare *c, const char *name, const char *why) {
    char line[200];
    if (syn_option_list_length(c->options, SYN_OPT_RIVALS) == 0 || !is_wanted(c, name)) return;
    snprintf(line, sizeof line, "rivals: %s is left out: %s", name, why);
    json_array_append_new(c->left_out, json_string(line));
}

static int count_models(const compare *c) {
    int n = 0;
    for (int k = 0; k < VARIANTS; k++) n += k != NO_CONNECTIVITY && variant_applies(c, k);
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++) n += is_wanted(c, (*rival)->name);
    return n;
}

/* It is not used where none varies in the train split, or where the validation split is predicted no better with it. */
static void take_fitted(compare *c, const syn_model *model) {
    json_t *description = json_loads(model->description, 0, NULL),
           *used = json_object_get(description, "behavior_used");
    c->loss = model->loss;
    c->fitted = true, c->behavior_there = used != NULL, c->behavior_used = json_is_true(used);
    json_decref(description);
}

static syn_status fit_variants(compare *c, fitted *variant) {
    fitted *whole = &variant[WHOLE], *without = &variant[NO_CONNECTIVITY];
    begin_model(c, variant_name[WHOLE]);
    SYN_TRY(fit_copies(c, c->options, &whole->model, &without->own));
    *whole = (fitted){variant_name[WHOLE], whole->model, NULL, end_model(c), peak_mb(), chosen_by(whole->model)};
    take_fitted(c, whole->model);
    c->models = count_models(c);
    /* the search begins with it */
    *without = (fitted){variant_name[NO_CONNECTIVITY],
                        NULL,
                        without->own,
                        c->none_s,
                        whole->mb,
                        json_pack("{s:i, s:o}", "hidden", without->own->H, "correction",
                                  syn_correction_json(&without->own->correction))};
    for (int k = NO_EMBEDDING; k < VARIANTS; k++) {
        syn_options *options;
        if (why_no_variant(c, k)) leave_out(c, variant_name[k], why_no_variant(c, k));
        if (!variant_applies(c, k)) continue;
        begin_model(c, variant_name[k]);
        SYN_TRY(ablation_options(c, whole->chosen, taken_away[k], &options));
        syn_status status = fit_copies(c, options, &variant[k].model, NULL);
        syn_options_free(options);
        SYN_TRY(status);
        variant[k] =
            (fitted){variant_name[k], variant[k].model, NULL, end_model(c), peak_mb(), chosen_by(variant[k].model)};
    }
    return SYN_OK;
}

static syn_status score_variants(compare *c, fitted *variant) {
    for (int k = 0; k < VARIANTS; k++) {
        const syn_parameters *p = variant[k].model ? variant[k].model->p : variant[k].own;
        syn_score *score;
        if (!p || !variant_applies(c, k)) continue;
        SYN_TRY(score_parameters(c, p, &score));
        if (k == WHOLE) c->reference = score;
        syn_status status = add_row(c, variant[k].name, score, variant[k].seconds, variant[k].mb, variant[k].chosen);
        variant[k].chosen = NULL;
        if (k != WHOLE) free_scores(c, score);
        SYN_TRY(status);
    }
    return SYN_OK;
}

static void free_variants(fitted *variant) {
    for (int k = 0; k < VARIANTS; k++) {
        syn_model_free(variant[k].model);
        syn_parameters_free(variant[k].own);
        json_decref(variant[k].chosen);
    }
}

/* ---- rivals ---- */

/* Fits and scores a rival on one recording. */
static syn_status run_rival(compare *c, const syn_rival *rival, const syn_rival_data *data, size_t s, syn_score *score,
                            json_t *chosen) {
    const syn_rival_settings settings = {.kernels = c->kernels,
                                         .threads = c->threads,
                                         .seed = (uint64_t)syn_option_int(c->options, SYN_OPT_SEED),
                                         .keep_going = keep_going,
                                         .user = c};
    float *prediction = NULL;
    void *model = NULL;
    syn_status status;
    SYN_CHECK(rival->fit(&model, data, &settings, chosen));
    SYN_CHECK(syn_alloc(&prediction, (size_t)(data->F[SYN_TEST] * data->N), sizeof *prediction, "predictions"));
    SYN_CHECK(syn_rival_predict_test(rival, model, data, &settings, chosen, prediction));
    SYN_CHECK(syn_score_create(score, &c->test[s], prediction));
done:
    rival->free(model);
    free(prediction);
    return status;
}

/* Why a rival is no model of one of the recordings, or NULL. */
static const char *why_no_rival(const compare *c, const syn_rival *rival, const syn_rival_data *data) {
    const char *why = NULL;
    for (size_t s = 0; rival->why_not && !why && s < c->n; s++) why = rival->why_not(&data[s]);
    return why;
}

static syn_status compare_rival(compare *c, const syn_rival *rival, const syn_rival_data *data) {
    syn_score *score = NULL;
    json_t *chosen = json_array();
    syn_status status;
    begin_model(c, rival->name);
    SYN_CHECK(syn_alloc(&score, c->n, sizeof *score, "scores"));
    for (size_t s = 0; s < c->n; s++) {
        json_array_append_new(chosen, json_object());
        SYN_CHECK(run_rival(c, rival, &data[s], s, &score[s], json_array_get(chosen, s)));
    }
    const double seconds = end_model(c);
    json_t *what = c->n == 1 ? json_array_get(chosen, 0) : chosen; /* one for each recording */
    SYN_CHECK(add_row(c, rival->name, score, seconds, peak_mb(), json_incref(what)));
done:
    json_decref(chosen);
    free_scores(c, score);
    return status;
}

static syn_status compare_rivals(compare *c) {
    syn_rival_data *data = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&data, c->n, sizeof *data, "rivals"));
    for (size_t s = 0; s < c->n; s++) SYN_CHECK(syn_rival_data_create(&data[s], &c->data->session[s], c->loss));
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++) {
        const char *why = why_no_rival(c, *rival, data);
        if (!is_wanted(c, (*rival)->name)) continue;
        if (why)
            c->models--, leave_out(c, (*rival)->name, why);
        else
            SYN_CHECK(compare_rival(c, *rival, data));
    }
done:
    for (size_t s = 0; data && s < c->n; s++) syn_rival_data_free(&data[s]);
    free(data);
    return status;
}

/* ---- predictions of other programs ---- */

/* "NAME=FILE" into its parts; name [NAME_LENGTH]. */
static syn_status split_item(const char *item, char *name, const char **path) {
    const char *equals = strchr(item, '=');
    if (!equals || equals == item || equals - item >= NAME_LENGTH || !equals[1])
        return syn_fail(SYN_ERR_OPTION, "predictions: found '%s'; expected NAME=FILE or NAME=FILE:ARRAY", item);
    snprintf(name, NAME_LENGTH, "%.*s", (int)(equals - item), item);
    *path = equals + 1;
    return SYN_OK;
}

static syn_status score_file(const compare *c, const char *path, size_t s, syn_score *score) {
    const syn_test_frames *test = &c->test[s];
    const int64_t F = test->F, N = test->session->N;
    double *values = NULL;
    float *prediction = NULL;
    int64_t rows, columns;
    syn_status status;
    SYN_CHECK(syn_matrix_read(path, &values, &rows, &columns));
    if (rows != F || columns != N) {
        status = syn_fail(SYN_ERR_INPUT,
                          "%s: is (%lld, %lld); expected (%lld, %lld): the test frames and neurons of %s, as convert "
                          "--splits writes them",
                          path, (long long)rows, (long long)columns, (long long)F, (long long)N,
                          test->session->recording->name);
        goto done;
    }
    SYN_CHECK(syn_alloc(&prediction, (size_t)(F * N), sizeof *prediction, "predictions"));
    for (int64_t k = 0; k < F * N; k++) {
        prediction[k] = (float)values[k];
        if (!isfinite(prediction[k])) {
            status = syn_fail(SYN_ERR_INPUT, "%s: row %lld, column %lld is not a number; expected a prediction", path,
                              (long long)(k / N), (long long)(k % N));
            goto done;
        }
    }
    SYN_CHECK(syn_score_create(score, test, prediction));
done:
    free(values), free(prediction);
    return status;
}

/* The predictions called `name`: one file for every recording, in their order. */
static syn_status compare_files(compare *c, const char *name) {
    const size_t items = syn_option_list_length(c->options, SYN_OPT_PREDICTIONS);
    syn_score *score;
    syn_status status;
    size_t s = 0;
    SYN_TRY(syn_alloc(&score, c->n, sizeof *score, "scores"));
    for (size_t k = 0; k < items; k++) {
        char other[NAME_LENGTH];
        const char *path = NULL;
        SYN_CHECK(split_item(syn_option_list_item(c->options, SYN_OPT_PREDICTIONS, k), other, &path));
        if (strcmp(other, name) != 0) continue;
        SYN_CHECK(score_file(c, path, s, &score[s]));
        s++;
    }
    SYN_CHECK(add_row(c, name, score, NAN, NAN, json_object()));
done:
    free_scores(c, score);
    return status;
}

static syn_status compare_predictions(compare *c) {
    for (size_t k = 0; k < syn_option_list_length(c->options, SYN_OPT_PREDICTIONS); k++) {
        char name[NAME_LENGTH];
        const char *path = NULL;
        SYN_TRY(split_item(syn_option_list_item(c->options, SYN_OPT_PREDICTIONS, k), name, &path));
        if (!json_object_get(c->rivals, name)) SYN_TRY(compare_files(c, name));
    }
    return SYN_OK;
}

/* ---- options ---- */

static bool is_rival(const char *name, size_t length) {
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++)
        if (strlen((*rival)->name) == length && !strncmp((*rival)->name, name, length)) return true;
    for (int k = WHOLE; k < VARIANTS; k++)
        if (strlen(variant_name[k]) == length && !strncmp(variant_name[k], name, length)) return true;
    return false;
}

static syn_status unknown_rival(const char *name, size_t length) {
    char known[512] = "";
    size_t n = 0;
    for (const syn_rival *const *rival = syn_rivals; *rival && n < sizeof known; rival++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s, ", (*rival)->name);
    for (int k = NO_CONNECTIVITY; k < VARIANTS && n < sizeof known; k++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", variant_name[k], k + 1 < VARIANTS ? ", " : "");
    return syn_fail(SYN_ERR_OPTION, "rivals: found '%.*s'; expected some of: %s", (int)length, name, known);
}

/* Whether there is a file called `name` for each recording. */
static syn_status check_files(const compare *c, const char *name) {
    size_t files = 0;
    for (size_t k = 0; k < syn_option_list_length(c->options, SYN_OPT_PREDICTIONS); k++) {
        char other[NAME_LENGTH];
        const char *ignored = NULL;
        SYN_TRY(split_item(syn_option_list_item(c->options, SYN_OPT_PREDICTIONS, k), other, &ignored));
        files += !strcmp(other, name);
    }
    if (files == c->n) return SYN_OK;
    return syn_fail(SYN_ERR_OPTION, "predictions: found %zu files called %s; expected one for each of %zu recordings",
                    files, name, c->n);
}

/* Whether predictions k can be read. An item is there until the next one is asked for. */
static syn_status check_prediction(const compare *c, size_t k) {
    char name[NAME_LENGTH];
    const char *path = NULL;
    double *values = NULL;
    int64_t rows, columns;
    SYN_TRY(split_item(syn_option_list_item(c->options, SYN_OPT_PREDICTIONS, k), name, &path));
    if (is_rival(name, strlen(name)))
        return syn_fail(SYN_ERR_OPTION, "predictions: '%s' is the name of a model of this program; choose another",
                        name);
    SYN_TRY(check_files(c, name));
    SYN_TRY(split_item(syn_option_list_item(c->options, SYN_OPT_PREDICTIONS, k), name, &path));
    SYN_TRY(syn_matrix_read(path, &values, &rows, &columns));
    free(values);
    return SYN_OK;
}

/* Everything that can be wrong with the options is found before the work. */
static syn_status check_options(const compare *c) {
    for (size_t k = 0; k < syn_option_list_length(c->options, SYN_OPT_RIVALS); k++)
        for (const char *p = syn_option_list_item(c->options, SYN_OPT_RIVALS, k); *p; p += strspn(p, ",")) {
            const size_t length = strcspn(p, ",");
            if (length && !is_rival(p, length)) return unknown_rival(p, length);
            p += length;
        }
    for (size_t k = 0; k < syn_option_list_length(c->options, SYN_OPT_PREDICTIONS); k++)
        SYN_TRY(check_prediction(c, k));
    return SYN_OK;
}

/* ---- in words ---- */

static void append_name(char *list, size_t size, const char *name) {
    const size_t n = strlen(list);
    snprintf(list + n, size - n, "%s%s", n ? ", " : "", name);
}

static double number_or(const json_t *value, double otherwise) {
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* Who is first, and which differences are larger than chance. Losses: mse, or minus bits per spike. */
static void set_statement(compare *c) {
    const bool bits = c->loss == SYN_LOSS_POISSON;
    const double sign = bits ? -1 : 1;
    const char *metric = bits ? "bits_per_spike" : "mse", *ci = bits ? "bits_per_spike_diff_ci95" : "mse_diff_ci95";
    const double own =
        sign * number_or(json_object_get(json_object_get(c->root, "synapsnet"), metric), sign * INFINITY);
    char ahead[700] = "", behind[700] = "", unclear[700] = "", place[64] = "", text[2600];
    const char *name, *first = "SynapsNet";
    json_t *row;
    double least = own;
    int better = 0;
    json_object_foreach(c->rivals, name, row) {
        const json_t *value = json_object_get(row, metric), *interval = json_object_get(row, ci);
        const double loss = sign * number_or(value, sign * INFINITY);
        const double low = sign * json_number_value(json_array_get(interval, bits ? 1 : 0));
        const double high = sign * json_number_value(json_array_get(interval, bits ? 0 : 1));
        better += loss < own;
        if (loss < least) least = loss, first = name;
        const bool won = low > 0 || (isinf(loss) && !isinf(own)), lost = high < 0 || (isinf(own) && !isinf(loss));
        append_name(won ? ahead : lost ? behind : unclear, sizeof ahead, name);
    }
    if (better)
        snprintf(place, sizeof place, ", SynapsNet number %d of %zu", better + 1, json_object_size(c->rivals) + 1);
    snprintf(text, sizeof text,
             "By %s %s is first%s. SynapsNet is significantly ahead of: %s. Behind: %s. No clear difference: %s.",
             metric, first, place, *ahead ? ahead : "none", *behind ? behind : "none", *unclear ? unclear : "none");
    json_object_set_new(c->root, "ranked_by", json_string(metric));
    json_object_set_new(c->root, "statement", json_string(text));
}

static void describe(compare *c, const fitted *whole) {
    json_t *description = json_loads(whole->model->description, 0, NULL), *names = json_array();
    for (size_t s = 0; s < c->n; s++)
        json_array_append_new(names, json_pack("{s:s, s:I, s:I, s:I, s:I}", "name", c->data->session[s].recording->name,
                                               "frames", (json_int_t)c->data->session[s].T, "neurons",
                                               (json_int_t)c->data->session[s].N, "behaviors",
                                               (json_int_t)syn_recorded_behaviors(&c->data->session[s].norm),
                                               "test_frames", (json_int_t)c->test[s].F));
    json_object_set_new(c->root, "recordings", names);
    json_object_set_new(c->root, "loss", json_string(syn_loss_name[c->loss]));
    json_object_set_new(c->root, "seed", json_integer(syn_option_int(c->options, SYN_OPT_SEED)));
    json_object_set_new(c->root, "threads", json_integer(c->threads));
    json_object_set_new(c->root, "seconds", json_real(now_s() - c->start_s));
    json_t *warnings = json_object_get(description, "warnings");
    json_array_extend(warnings, c->left_out);
    json_object_set(c->root, "warnings", warnings);
    json_decref(description);
}

/* ---- the whole ---- */

static syn_status run(compare *c, fitted *variant) {
    SYN_TRY(fit_variants(c, variant));
    SYN_TRY(syn_dataset_create(&c->data, c->recording, c->n, c->options));
    SYN_TRY(syn_require_observed(c->data, SYN_TEST));
    for (size_t s = 0; s < c->n; s++) SYN_TRY(syn_test_frames_create(&c->test[s], &c->data->session[s]));
    SYN_TRY(score_variants(c, variant));
    SYN_TRY(compare_rivals(c));
    SYN_TRY(compare_predictions(c));
    set_statement(c);
    describe(c, &variant[WHOLE]);
    return SYN_OK;
}

syn_status syn_compare(syn_recording *const *recordings, size_t n, const syn_options *options, syn_progress_fn progress,
                       void *user, char **json) {
    compare c = {.options = options,
                 .n = n,
                 .recording = recordings,
                 .progress = progress,
                 .user = user,
                 .start_s = now_s(),
                 .root = json_object(),
                 .rivals = json_object(),
                 .left_out = json_array()};
    fitted variant[VARIANTS] = {0};
    syn_status status;
    *json = NULL;
    if (n == 0) {
        status = syn_fail(SYN_ERR_INPUT, "no recording was given; expected at least one");
        goto done;
    }
    SYN_CHECK(check_options(&c));
    SYN_CHECK(syn_choose_kernels(options, &c.kernels, &c.threads));
    SYN_CHECK(syn_alloc(&c.test, n, sizeof *c.test, "test splits"));
    c.models = count_models(&c);
    SYN_CHECK(run(&c, variant));
    json_object_set(c.root, "rivals", c.rivals);
    *json = json_dumps(c.root, JSON_REAL_PRECISION(9));
    if (!*json) status = syn_fail(SYN_ERR_MEMORY, "not enough memory for the comparison");
done:
    free_variants(variant);
    free_scores(&c, c.reference);
    for (size_t s = 0; c.test && s < n; s++) syn_test_frames_free(&c.test[s]);
    free(c.test);
    syn_dataset_free(c.data);
    json_decref(c.root), json_decref(c.rivals), json_decref(c.left_out);
    return status;
}
