/* linear, linear-change, linear-residual: ridge vector autoregressions of the level, of the change, and of what each
 * neuron's own autoregression leaves. reduced-rank: of whichever of these is best, with the rank chosen. */
#include "rivals/loss.h"
#include "rivals/var.h"

static syn_status fit_bases(void **model, const syn_rival_data *d, const syn_rival_settings *settings, json_t *chosen,
                            unsigned bases, bool reduced_rank) {
    syn_var *v;
    SYN_TRY(syn_var_fit(&v, d, settings, bases, reduced_rank));
    *model = v;
    json_object_set_new(chosen, "p", json_integer(v->order));
    json_object_set_new(chosen, "strength", json_real(v->strength));
    if (v->rank) json_object_set_new(chosen, "rank", json_integer(v->rank));
    json_object_set_new(chosen, "of", json_string(syn_var_base_name[v->base]));
    json_object_set_new(chosen, "slow_baseline", json_boolean(v->slow));
    syn_rival_note_floor(chosen, v->floor);
    return SYN_OK;
}

static syn_status fit_level(void **model, const syn_rival_data *d, const syn_rival_settings *settings, json_t *chosen) {
    return fit_bases(model, d, settings, chosen, 1u << SYN_VAR_LEVEL, false);
}

static syn_status fit_change(void **model, const syn_rival_data *d, const syn_rival_settings *settings,
                             json_t *chosen) {
    return fit_bases(model, d, settings, chosen, 1u << SYN_VAR_CHANGE, false);
}

static syn_status fit_residual(void **model, const syn_rival_data *d, const syn_rival_settings *settings,
                               json_t *chosen) {
    return fit_bases(model, d, settings, chosen, 1u << SYN_VAR_OWN, false);
}

static syn_status fit_reduced(void **model, const syn_rival_data *d, const syn_rival_settings *settings,
                              json_t *chosen) {
    const unsigned all = 1u << SYN_VAR_LEVEL | 1u << SYN_VAR_CHANGE | 1u << SYN_VAR_OWN;
    return fit_bases(model, d, settings, chosen, all, true);
}

static syn_status predict(const void *model, const syn_rival_data *d, const syn_rival_settings *settings,
                          syn_split split, float *prediction) {
    return syn_var_predict(model, d, settings->threads, split, prediction);
}

static void release(void *model) { syn_var_free(model); }

const syn_rival syn_rival_linear = {.name = "linear", .fit = fit_level, .predict = predict, .free = release};
const syn_rival syn_rival_linear_change = {
    .name = "linear-change", .fit = fit_change, .predict = predict, .free = release};
const syn_rival syn_rival_linear_residual = {
    .name = "linear-residual", .fit = fit_residual, .predict = predict, .free = release};
const syn_rival syn_rival_reduced_rank = {
    .name = "reduced-rank", .fit = fit_reduced, .predict = predict, .free = release};
