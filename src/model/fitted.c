#include "model/fitted.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "dataset/resampling.h"

syn_status syn_model_alloc(syn_model **model, size_t n) {
    SYN_TRY(syn_alloc(model, 1, sizeof **model, "model"));
    (*model)->seconds = -1;
    (*model)->n = n;
    syn_status status = syn_alloc(&(*model)->session, n, sizeof *(*model)->session, "model");
    if (status != SYN_OK) syn_model_free(*model), *model = NULL;
    return status;
}

void syn_edge_estimates_free(syn_edge_estimates *edges) {
    if (!edges) return;
    free(edges->estimate), free(edges->error), free(edges->half[0]), free(edges->half[1]);
    free(edges);
}

syn_status syn_seed_estimates_create(syn_seed_estimates **seeds, int fits, int64_t N) {
    const size_t pairs = (size_t)(N * N);
    syn_status status;
    SYN_TRY(syn_alloc(seeds, 1, sizeof **seeds, "repeats"));
    syn_seed_estimates *to = *seeds;
    to->fits = fits;
    SYN_CHECK(syn_alloc(&to->seed, (size_t)fits, sizeof *to->seed, "repeats"));
    SYN_CHECK(syn_alloc(&to->mean, pairs, sizeof *to->mean, "repeats"));
    SYN_CHECK(syn_alloc(&to->sd, pairs, sizeof *to->sd, "repeats"));
    SYN_CHECK(syn_alloc(&to->same_sign, pairs, sizeof *to->same_sign, "repeats"));
done:
    if (status != SYN_OK) syn_seed_estimates_free(to), *seeds = NULL;
    return status;
}

void syn_seed_estimates_free(syn_seed_estimates *seeds) {
    if (!seeds) return;
    free(seeds->seed), free(seeds->mean), free(seeds->sd), free(seeds->same_sign);
    free(seeds);
}

void syn_model_free(syn_model *model) {
    if (!model) return;
    for (size_t k = 0; model->session && k < model->n; k++) {
        syn_fitted_session *s = &model->session[k];
        free(s->name), free(s->path), free(s->folder), free(s->segment);
        syn_free_texts(s->neuron_id, s->norm.N);
        syn_free_texts(s->region, s->norm.N);
        syn_free_texts(s->cell_type, s->norm.N);
        syn_free_texts(s->behavior_name, s->norm.B);
        free(s->embedding);
        free(s->position);
        free(s->gain);
        syn_edge_estimates_free(s->edges);
        syn_seed_estimates_free(s->seeds);
        syn_normalisation_free(&s->norm);
    }
    free(model->session);
    syn_parameters_free(model->p);
    free(model->options);
    free(model->description);
    free(model->checkpoint);
    free(model);
}

/* The texts of the kept neurons; NULL stays NULL. */
static syn_status copy_kept(char ***to, char *const *from, const syn_normalisation *norm) {
    *to = NULL;
    if (!from) return SYN_OK;
    SYN_TRY(syn_alloc(to, (size_t)norm->N, sizeof **to, "neurons"));
    for (int64_t i = 0; i < norm->N; i++) SYN_TRY(syn_copy_text(&(*to)[i], from[norm->kept[i]]));
    return SYN_OK;
}

static syn_status copy_behavior_names(char ***to, const syn_recording *r) {
    if (r->B == 0 || !r->behavior_name) return SYN_OK;
    SYN_TRY(syn_alloc(to, (size_t)r->B, sizeof **to, "behaviour names"));
    for (int64_t b = 0; b < r->B; b++) SYN_TRY(syn_copy_text(&(*to)[b], r->behavior_name[b]));
    return SYN_OK;
}

syn_status syn_fitted_session_fill(syn_fitted_session *to, const syn_session *from) {
    const syn_recording *r = from->recording;
    const syn_normalisation *norm = &from->norm;
    to->signal = r->signal;
    to->rate_hz = r->rate_hz;
    SYN_TRY(syn_normalisation_copy(&to->norm, norm));
    SYN_TRY(syn_copy_text(&to->name, r->name ? r->name : "recording"));
    char folder[PATH_MAX];
    SYN_TRY(syn_copy_text(&to->path, r->path));
    if (r->path && getcwd(folder, sizeof folder)) SYN_TRY(syn_copy_text(&to->folder, folder));
    SYN_TRY(syn_alloc(&to->segment, (size_t)r->S, sizeof *to->segment, "segments"));
    memcpy(to->segment, r->segment, (size_t)r->S * sizeof *to->segment);
    to->S = r->S;
    SYN_TRY(copy_behavior_names(&to->behavior_name, r));
    SYN_TRY(copy_kept(&to->neuron_id, r->neuron_id, norm));
    SYN_TRY(copy_kept(&to->region, r->region, norm));
    SYN_TRY(copy_kept(&to->cell_type, r->cell_type, norm));
    if (!r->position) return SYN_OK;
    SYN_TRY(syn_alloc(&to->position, (size_t)norm->N * 3, sizeof *to->position, "neurons"));
    for (int64_t i = 0; i < norm->N; i++)
        memcpy(to->position + 3 * i, r->position + 3 * norm->kept[i], 3 * sizeof *to->position);
    return SYN_OK;
}

syn_status syn_model_finish(syn_model *model) {
    const syn_parameters *p = model->p;
    for (size_t k = 0; k < model->n; k++) {
        const syn_session_layout *at = &p->session[k];
        if (!at->place) continue;
        SYN_TRY(syn_alloc(&model->session[k].embedding, (size_t)(at->N * p->d), sizeof(float), "embedding"));
        syn_gather_rows(at, p->value + at->e, p->d, model->session[k].embedding);
    }
    return SYN_OK;
}

size_t syn_model_sessions(const syn_model *model) { return model->n; }

int64_t syn_model_neurons(const syn_model *model, size_t s) { return s < model->n ? model->session[s].norm.N : 0; }

int syn_model_recognises(const syn_model *model, size_t s, const syn_recording *recording) {
    uint64_t fingerprint;
    if (s >= model->n || recording->N != model->session[s].norm.N_recorded) return 0;
    if (!model->session[s].fingerprint || syn_recording_fingerprint(recording, &fingerprint) != SYN_OK) return -1;
    return fingerprint == model->session[s].fingerprint;
}

const char *syn_neuron_id(const syn_model *model, size_t s, int64_t i) {
    if (s >= model->n || i < 0 || i >= model->session[s].norm.N) return NULL;
    return model->session[s].neuron_id[i];
}

syn_status syn_model_check_session(const syn_model *model, size_t s) {
    if (s < model->n) return SYN_OK;
    return syn_fail(SYN_ERR_OPTION, "session: found %zu; expected 0 to %zu: the model has %zu recording%s", s,
                    model->n - 1, model->n, model->n == 1 ? "" : "s");
}

syn_status syn_model_session(const syn_model *model, size_t s, syn_session_view *view) {
    SYN_TRY(syn_model_check_session(model, s));
    const syn_fitted_session *from = &model->session[s];
    const syn_normalisation *norm = &from->norm;
    *view =
        (syn_session_view){.neurons = norm->N,
                           .recorded = norm->N_recorded,
                           .embedding_length = model->p->d,
                           .behaviors = syn_recorded_behaviors(norm),
                           .kept = norm->kept,
                           .embedding = from->embedding ? from->embedding : model->p->value + model->p->session[s].e,
                           .mean = norm->mean,
                           .scale = norm->scale,
                           .rate_hz = from->rate_hz,
                           .signal = syn_signal_name(from->signal),
                           .name = from->name,
                           .path = from->path,
                           .neuron_id = (const char *const *)from->neuron_id,
                           .region = (const char *const *)from->region,
                           .cell_type = (const char *const *)from->cell_type,
                           .behavior_name = (const char *const *)from->behavior_name,
                           .position = from->position};
    return SYN_OK;
}

syn_status syn_model_describe(const syn_model *model, char **json) {
    json_t *root = json_loads(model->description ? model->description : "{}", 0, NULL);
    if (!root) return syn_fail(SYN_ERR_INPUT, "model: its description is not a JSON object");
    json_t *options = json_loads(model->options ? model->options : "{}", 0, NULL);
    if (options) json_object_set_new(root, "options", options);
    if (model->seconds >= 0) json_object_set_new(root, "seconds", json_real(model->seconds));
    *json = json_dumps(root, JSON_REAL_PRECISION(9));
    json_decref(root);
    return *json ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "could not allocate the description of the model");
}
