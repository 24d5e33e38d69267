#include "analysis/prepare.h"

#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/threads.h"
#include "dataset/resampling.h"
#include "recording/array.h"

syn_status syn_choose_kernels(const syn_options *options, const syn_kernels **kernels, int *threads) {
    *threads =
        syn_usable_threads(syn_option_auto(options, SYN_OPT_THREADS) ? omp_get_max_threads()
                                                                     : (int)syn_option_int(options, SYN_OPT_THREADS));
    return syn_kernels_select(kernels, syn_option_text(options, SYN_OPT_ISA));
}

/* A path that is relative as it is from the folder of the fit; NULL for others. */
static syn_status in_folder(const syn_fitted_session *session, const char *given, char **there) {
    *there = NULL;
    if (!session->folder || *given == '/') return SYN_OK;
    const size_t size = strlen(session->folder) + strlen(given) + 2;
    SYN_TRY(syn_alloc(there, size, 1, "path"));
    snprintf(*there, size, "%s/%s", session->folder, given);
    return SYN_OK;
}

/* Whether both name the same file or folder. */
static bool same_file(const char *a, const char *b) {
    syn_address first = {0}, second = {0};
    struct stat sa, sb;
    const bool same = syn_address_parse(&first, a) == SYN_OK && syn_address_parse(&second, b) == SYN_OK &&
                      !stat(first.file, &sa) && !stat(second.file, &sb) && sa.st_dev == sb.st_dev &&
                      sa.st_ino == sb.st_ino;
    syn_address_free(&first);
    syn_address_free(&second);
    return same;
}

/* FILE or FILE:NAME as it is found from the folder of the fit, or else from here, where another file may have its name.
 */
static syn_status locate(const syn_fitted_session *session, const char *given, char **found) {
    syn_address address = {0};
    SYN_TRY(in_folder(session, given, found));
    const bool there = *found && syn_address_parse(&address, *found) == SYN_OK;
    syn_address_free(&address);
    if (there && !same_file(*found, given)) return SYN_OK;
    free(*found);
    return syn_copy_text(found, given);
}

/* The @ of FILE:NAME@TIMES, NULL without TIMES, as the file is found from the folder of the fit or from here. */
static syn_status find_at(const syn_fitted_session *session, const char *given, const char **at) {
    syn_address address = {0};
    char *there;
    const char *found = NULL;
    SYN_TRY(in_folder(session, given, &there));
    if (there && syn_values_parse(&address, there, &found) == SYN_OK)
        *at = found ? given + (found - there) - (strlen(there) - strlen(given)) : NULL;
    else if (syn_values_parse(&address, given, at) != SYN_OK)
        *at = NULL;
    free(there);
    syn_address_free(&address);
    return SYN_OK;
}

/* FILE:NAME@TIMES, of which TIMES is FILE:NAME too, or a name in the same file, which is not found and so stays. */
static syn_status locate_both(const syn_fitted_session *session, const char *given, char **found) {
    syn_status status;
    const char *at;
    char *values = NULL, *file = NULL, *times = NULL;
    *found = NULL;
    SYN_TRY(find_at(session, given, &at));
    if (!at) return locate(session, given, found);
    SYN_CHECK(syn_copy_text(&values, given));
    values[at - given] = 0;
    SYN_CHECK(locate(session, values, &file));
    SYN_CHECK(locate(session, at + 1, &times));
    SYN_CHECK(syn_alloc(found, strlen(file) + strlen(times) + 2, 1, "path"));
    snprintf(*found, strlen(file) + strlen(times) + 2, "%s@%s", file, times);
done:
    free(values), free(file), free(times);
    return status;
}

/* Sets one option from the model: a text, or a list of texts. */
static syn_status set_option(syn_options *options, const char *name, const json_t *value,
                             const syn_fitted_session *session) {
    const size_t n = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t k = 0; k < n; k++) {
        const char *text = json_string_value(json_is_array(value) ? json_array_get(value, k) : value);
        char *found = NULL;
        if (!text) continue;
        if (session) SYN_TRY(locate_both(session, text, &found));
        syn_status status = syn_options_set(options, name, found ? found : text);
        free(found);
        SYN_TRY(status);
    }
    return SYN_OK;
}

/* The options of the fit that say how to read a recording; those that name arrays only for a session of the fit. */
static syn_status reading_options(const syn_model *model, const syn_fitted_session *session, syn_options **options) {
    static const char *const kinds[] = {"rate", "bin", "signal", "orientation", "units"}, *const arrays[] = {
                                                                                              "timestamps", "behavior",
                                                                                              "segments",
                                                                                              "neuron-table"};
    syn_status status;
    json_t *root = NULL;
    SYN_CHECK(syn_options_create(options));
    root = model->options ? json_loads(model->options, 0, NULL) : NULL;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        SYN_CHECK(set_option(*options, kinds[k], json_object_get(root, kinds[k]), NULL));
    for (size_t k = 0; session && k < sizeof arrays / sizeof *arrays; k++)
        SYN_CHECK(set_option(*options, arrays[k], json_object_get(root, arrays[k]), session));
done:
    json_decref(root);
    if (status != SYN_OK) syn_options_free(*options), *options = NULL;
    return status;
}

/* The session whose recording lies at the path, or NULL. */
static syn_status find_session(const syn_model *model, const char *path, const syn_fitted_session **session) {
    *session = NULL;
    for (size_t k = 0; k < model->n && !*session; k++) {
        char *found;
        if (!model->session[k].path) continue;
        SYN_TRY(locate(&model->session[k], model->session[k].path, &found));
        if (same_file(path, found)) *session = &model->session[k];
        free(found);
    }
    return SYN_OK;
}

/* " --rate 10 --bin 20ms": what is taken from the fit, and not given. */
static void list_taken(const syn_options *from_fit, const syn_options *given, char *text, size_t size) {
    size_t n = 0;
    *text = 0;
    for (int k = 0; k < SYN_OPTION_COUNT && n < size; k++)
        if (syn_option_given(from_fit, (syn_option_id)k) && !syn_option_given(given, (syn_option_id)k))
            n += (size_t)snprintf(text + n, size - n, " --%s %s", syn_option_at((size_t)k)->name,
                                  syn_option_text(from_fit, (syn_option_id)k));
}

/* Another recording may be of another kind: what the fit had to be told may not hold for it, and what it says of itself
 * goes before. Whether it then is like the recording of the fit, is for those to check who use it. */
static syn_status open_other(syn_recording **recording, const char *path, const syn_options *given, const char *taken) {
    char reason[800];
    snprintf(reason, sizeof reason, "%s", syn_last_error());
    if (syn_recording_open(recording, path, given) == SYN_OK)
        return syn_recording_warn(*recording, "is read by itself, without%s of the fit", taken);
    if (!strcmp(reason, syn_last_error())) return syn_fail(SYN_ERR_INPUT, "%s", reason);
    return syn_fail(SYN_ERR_INPUT, "%s (read as the recording of the fit, with%s; say what else holds for this one)",
                    reason, taken);
}

syn_status syn_recording_open_like(syn_recording **recording, const syn_model *model, const char *path,
                                   const syn_options *options) {
    const syn_fitted_session *session;
    char taken[400];
    syn_options *all = NULL;
    syn_status status;
    *recording = NULL;
    SYN_CHECK(find_session(model, path, &session));
    SYN_CHECK(reading_options(model, session, &all));
    list_taken(all, options, taken, sizeof taken);
    SYN_CHECK(syn_options_overlay(all, options));
    status = syn_recording_open(recording, path, all);
    if ((status == SYN_ERR_INPUT || status == SYN_ERR_OPTION) && !session && *taken)
        status = open_other(recording, path, options, taken);
done:
    syn_options_free(all);
    return status;
}

/* Opens what lies at a path as the recording of session s, and says whether it is that one, where this can be told. */
static syn_status open_as(const syn_model *model, size_t s, const char *path, const syn_options *options,
                          syn_recording **recording, bool *own) {
    SYN_TRY(syn_recording_open(recording, path, options));
    *own = syn_model_recognises(model, s, *recording) != 0;
    if (!*own) syn_recording_free(*recording), *recording = NULL;
    return SYN_OK;
}

static syn_status reopen(const syn_model *model, size_t s, syn_recording **recording) {
    char reason[800], *path = NULL;
    const syn_fitted_session *session = &model->session[s];
    syn_options *options = NULL;
    bool own;
    syn_status status;
    if (!session->path)
        return syn_fail(SYN_ERR_INPUT, "%s: the model was fitted on a recording from memory; give the recording",
                        session->name);
    SYN_CHECK(reading_options(model, session, &options));
    SYN_CHECK(locate(session, session->path, &path));
    status = open_as(model, s, path, options, recording, &own);
    if (status == SYN_OK && own) goto done;
    if (status == SYN_OK) {
        if (open_as(model, s, session->path, options, recording, &own) == SYN_OK && own) goto done;
        status = syn_fail(SYN_ERR_INPUT,
                          "%s: is not the recording that the model was fitted on, but another one; name the recording, "
                          "wherever it is now",
                          path);
        goto done;
    }
    snprintf(reason, sizeof reason, "%s", syn_last_error());
    status = syn_fail(
        status, "%s (the recording that the model was fitted on; name it if it has moved, or put it back)", reason);
done:
    syn_options_free(options);
    free(path);
    return status;
}

/* Whether the model's neurons have no names but their places in the recording. */
static bool are_numbered(const syn_fitted_session *fitted) {
    for (int64_t i = 0; i < fitted->norm.N; i++) {
        char place[32];
        snprintf(place, sizeof place, "%lld", (long long)fitted->norm.kept[i]);
        if (strcmp(place, fitted->neuron_id[i]) != 0) return false;
    }
    return true;
}

static syn_status check_neurons(const syn_fitted_session *fitted, const syn_recording *r) {
    if (!r->named_neurons || are_numbered(fitted)) return SYN_OK;
    for (int64_t i = 0; i < fitted->norm.N; i++) {
        const int64_t j = fitted->norm.kept[i];
        const char *found = r->neuron_id[j];
        if (r->nameless && r->nameless[j]) continue;
        if (strcmp(found, fitted->neuron_id[i]) != 0)
            return syn_fail(SYN_ERR_INPUT,
                            "%s: neuron %lld is '%s', but '%s' in the recording of the fit; expected the same neurons "
                            "in the same order",
                            syn_recording_label(r), (long long)j, found, fitted->neuron_id[i]);
    }
    return SYN_OK;
}

static syn_status check_behaviors(const syn_fitted_session *fitted, const syn_recording *r) {
    if (!fitted->behavior_name || !r->behavior_name) return SYN_OK;
    for (int64_t b = 0; b < r->B; b++) {
        const char *found = r->behavior_name[b], *expected = fitted->behavior_name[b];
        if (syn_names_behavior(found) && syn_names_behavior(expected) && strcmp(found, expected) != 0)
            return syn_fail(SYN_ERR_INPUT,
                            "%s: behaviour %lld is '%s', but '%s' in the recording of the fit; expected the same "
                            "behaviours in the same order",
                            syn_recording_label(r), (long long)b, found, expected);
    }
    return SYN_OK;
}

static syn_status check_numbers(const syn_fitted_session *fitted, const syn_recording *r) {
    const syn_normalisation *norm = &fitted->norm;
    const int64_t B = syn_recorded_behaviors(norm);
    if (r->N != norm->N_recorded)
        return syn_fail(
            SYN_ERR_INPUT,
            "%s: has %lld neurons; the model was fitted on the %lld of %s; expected the same neurons (a model "
            "is taken to other ones by adapt)",
            syn_recording_label(r), (long long)r->N, (long long)norm->N_recorded, fitted->name);
    if (r->B < B)
        return syn_fail(
            SYN_ERR_INPUT,
            "%s: has %lld behaviour variables; the model was fitted with %lld; give those of this recording "
            "with --behavior",
            syn_recording_label(r), (long long)r->B, (long long)B);
    if (r->B > B)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: has %lld behaviour variables; the model was fitted with %lld; expected the same",
                        syn_recording_label(r), (long long)r->B, (long long)B);
    return SYN_OK;
}

static syn_status check_like(const syn_fitted_session *fitted, const syn_recording *r) {
    if (r->signal != fitted->signal)
        return syn_fail(SYN_ERR_INPUT, "%s: holds %s; the model was fitted on %s", syn_recording_label(r),
                        syn_signal_name(r->signal), syn_signal_name(fitted->signal));
    if (fabs(r->rate_hz - fitted->rate_hz) > 0.01 * fitted->rate_hz)
        return syn_fail(
            SYN_ERR_INPUT,
            "%s: has %g frames per second; the model was fitted on %g; expected the same, as it predicts the "
            "next frame",
            syn_recording_label(r), r->rate_hz, fitted->rate_hz);
    SYN_TRY(check_numbers(fitted, r));
    SYN_TRY(check_neurons(fitted, r));
    return check_behaviors(fitted, r);
}

/* Other segments are split at other frames, of which some were trained on. */
static syn_status check_segments(const syn_model *model, size_t s, const syn_recording *r) {
    const syn_fitted_session *fitted = &model->session[s];
    if (!fitted->segment) return SYN_OK;
    if (fitted->S == r->S && !memcmp(fitted->segment, r->segment, (size_t)r->S * sizeof *r->segment)) return SYN_OK;
    if (syn_model_recognises(model, s, r) != 1) return SYN_OK;
    return syn_fail(
        SYN_ERR_INPUT,
        "%s: is the recording of the fit, in %lld segments where it had %lld others, so its test frames are "
        "not those of the fit; expected the same segments, or --split all",
        syn_recording_label(r), (long long)r->S, (long long)fitted->S);
}

static syn_status open_all(syn_prepared *p, const syn_model *model) {
    SYN_TRY(syn_alloc(&p->recording, p->count, sizeof *p->recording, "recordings"));
    for (size_t k = 0; k < p->count; k++) SYN_TRY(reopen(model, p->first + k, &p->recording[k]));
    return SYN_OK;
}

syn_status syn_prepare(syn_prepared *p, const syn_model *model, size_t first, size_t count,
                       syn_recording *const *recordings, const syn_options *options) {
    const bool all = !strcmp(syn_option_text(options, SYN_OPT_SPLIT), "all");
    syn_normalisation *norm = NULL;
    syn_status status;
    *p = (syn_prepared){.first = first, .count = count};
    if (!recordings) {
        SYN_CHECK(open_all(p, model));
        recordings = p->recording;
    }
    SYN_CHECK(syn_alloc(&norm, count, sizeof *norm, "data set"));
    SYN_CHECK(syn_alloc(&p->data.session, model->n, sizeof *p->data.session, "data set"));
    for (size_t k = 0; k < count; k++) {
        SYN_CHECK(check_like(&model->session[first + k], recordings[k]));
        if (!all) SYN_CHECK(check_segments(model, first + k, recordings[k]));
        norm[k] = model->session[first + k].norm;
        if (syn_model_recognises(model, first + k, recordings[k]) == 0) norm[k].beat.phase = NAN;
    }
    SYN_CHECK(syn_dataset_create_as(&p->prepared, recordings, count, norm, all ? 0 : model->train,
                                    all ? 0 : model->validation, model->window));
    p->data.n = model->n;
    p->data.window = model->window;
    memcpy(p->data.session + first, p->prepared->session, count * sizeof *p->data.session);
done:
    free(norm);
    if (status != SYN_OK) syn_prepared_free(p);
    return status;
}

void syn_prepared_free(syn_prepared *p) {
    syn_dataset_free(p->prepared);
    free(p->data.session);
    for (size_t k = 0; p->recording && k < p->count; k++) syn_recording_free(p->recording[k]);
    free(p->recording);
    *p = (syn_prepared){0};
}
