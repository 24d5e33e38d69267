#include "analysis/prepare.h"

#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

syn_status syn_choose_kernels(const syn_options *options, const syn_kernels **kernels, int *threads) {
    *threads =
        syn_option_auto(options, SYN_OPT_THREADS) ? omp_get_num_procs() : (int)syn_option_int(options, SYN_OPT_THREADS);
    return syn_kernels_select(kernels, syn_option_text(options, SYN_OPT_ISA));
}

/* Sets one option from the model: a text, or a list of texts. */
static syn_status set_option(syn_options *options, const char *name, const json_t *value) {
    size_t k;
    json_t *item;
    if (json_is_string(value)) return syn_options_set(options, name, json_string_value(value));
    json_array_foreach(value, k, item) {
        const char *text = json_string_value(item);
        if (text) SYN_TRY(syn_options_set(options, name, text));
    }
    return SYN_OK;
}

/* The options of the fit that say how to read a recording. */
static syn_status reading_options(const syn_model *model, syn_options **options) {
    static const char *const reading[] = {"rate",   "timestamps",  "behavior", "bin",
                                          "signal", "orientation", "segments", "units"};
    syn_status status;
    json_t *root = NULL;
    SYN_CHECK(syn_options_create(options));
    root = model->options ? json_loads(model->options, 0, NULL) : NULL;
    for (size_t k = 0; k < sizeof reading / sizeof *reading; k++) {
        const json_t *value = json_object_get(root, reading[k]);
        if (value) SYN_CHECK(set_option(*options, reading[k], value));
    }
done:
    json_decref(root);
    return status;
}

static syn_status reopen(const syn_model *model, size_t s, const syn_options *options, syn_recording **recording) {
    char reason[800];
    const syn_fitted_session *session = &model->session[s];
    if (!session->path)
        return syn_fail(SYN_ERR_INPUT, "%s: the model was fitted on a recording from memory; give the recording",
                        session->name);
    syn_status status = syn_recording_open(recording, session->path, options);
    if (status == SYN_OK) return SYN_OK;
    snprintf(reason, sizeof reason, "%s", syn_last_error());
    return syn_fail(status, "%s (the recording that the model was fitted on; name it if it has moved)", reason);
}

/* Neurons and behaviours are checked by the data set. */
static syn_status check_like(const syn_fitted_session *fitted, const syn_recording *r) {
    if (r->signal != fitted->signal)
        return syn_fail(SYN_ERR_INPUT, "%s: holds %s; the model was fitted on %s", r->name, syn_signal_name(r->signal),
                        syn_signal_name(fitted->signal));
    if (fabs(r->rate_hz - fitted->rate_hz) > 0.01 * fitted->rate_hz)
        return syn_fail(SYN_ERR_INPUT, "%s: has %g frames per second; the model was fitted on %g", r->name, r->rate_hz,
                        fitted->rate_hz);
    return SYN_OK;
}

static syn_status open_all(syn_prepared *p, const syn_model *model) {
    syn_options *options = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&p->recording, p->count, sizeof *p->recording, "recordings"));
    SYN_CHECK(reading_options(model, &options));
    for (size_t k = 0; k < p->count; k++) SYN_CHECK(reopen(model, p->first + k, options, &p->recording[k]));
done:
    syn_options_free(options);
    return status;
}

syn_status syn_prepare(syn_prepared *p, const syn_model *model, size_t first, size_t count,
                       syn_recording *const *recordings) {
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
        norm[k] = model->session[first + k].norm;
    }
    SYN_CHECK(
        syn_dataset_create_as(&p->prepared, recordings, count, norm, model->train, model->validation, model->window));
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
