#include "analysis/edges.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/edge_events.h"
#include "analysis/fdr.h"
#include "base/memory.h"

/* Residuals that correlate by this much, and by this multiple of chance, are worth a note. */
static const double notable_correlation = 0.05, notable_multiple = 2, notable_inflation = 1.1, notable_coactivity = 0.1;
/* Of spike counts: fewer edges than one in this many, and residuals that correlate by this multiple of chance. */
static const double few_edges = 50, clear_multiple = 3;

const char syn_raw_unit[] = "raw units of the receiver per raw unit of the sender";
const char syn_zscored_unit[] = "standard deviations of the receiver per standard deviation of the sender";

static syn_status check_edges(const syn_model *model, size_t session) {
    SYN_TRY(syn_model_check_session(model, session));
    if (model->session[session].edges) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT,
                    "model: session %zu holds no tests of its edges, which an earlier version did not make; expected "
                    "some: fit the recording again",
                    session);
}

static syn_status allocate(syn_edge_list *l) {
    const size_t pairs = (size_t)(l->N * l->N);
    SYN_TRY(syn_alloc(&l->c, pairs, sizeof *l->c, "edges"));
    SYN_TRY(syn_alloc(&l->estimate, pairs, sizeof *l->estimate, "edges"));
    SYN_TRY(syn_alloc(&l->low, pairs, sizeof *l->low, "edges"));
    SYN_TRY(syn_alloc(&l->high, pairs, sizeof *l->high, "edges"));
    for (int half = 0; half < 2 && l->model->session[l->session].edges->half[0]; half++)
        SYN_TRY(syn_alloc(&l->half[half], pairs, sizeof *l->half[half], "edges"));
    if (l->seeds) {
        SYN_TRY(syn_alloc(&l->seed_mean, pairs, sizeof *l->seed_mean, "edges"));
        SYN_TRY(syn_alloc(&l->seed_sd, pairs, sizeof *l->seed_sd, "edges"));
    }
    SYN_TRY(syn_alloc(&l->statistic, pairs, sizeof *l->statistic, "edges"));
    SYN_TRY(syn_alloc(&l->p, pairs, sizeof *l->p, "edges"));
    return syn_alloc(&l->q, pairs, sizeof *l->q, "edges");
}

static void fill_edge(syn_edge_list *l, const syn_fitted_session *s, int64_t i, int64_t j, double quantile) {
    const int64_t k = i * l->N + j;
    const double unit = l->raw ? (double)s->norm.scale[i] / (double)s->norm.scale[j] : 1;
    const double estimate = (double)s->edges->estimate[k] * unit, error = (double)s->edges->error[k] * unit;
    l->estimate[k] = (float)estimate;
    for (int half = 0; half < 2 && l->half[0]; half++)
        l->half[half][k] = (float)((double)s->edges->half[half][k] * unit);
    if (l->seeds) {
        l->seed_mean[k] = (float)((double)l->seeds->mean[k] * unit);
        l->seed_sd[k] = (float)((double)l->seeds->sd[k] * unit);
    }
    l->low[k] = (float)(estimate - quantile * error), l->high[k] = (float)(estimate + quantile * error);
    l->p[k] = NAN;
    if (i == j || !(error > 0)) return;
    l->statistic[k] = estimate / error;
    l->p[k] = fmax(syn_two_sided_p(l->statistic[k], s->edges->freedom), DBL_MIN);
    l->n_tested++;
}

syn_status syn_edge_list_create(syn_edge_list *l, const syn_model *model, size_t session, const syn_options *options) {
    syn_status status;
    *l = (syn_edge_list){.model = model,
                         .session = session,
                         .fdr = syn_option_real(options, SYN_OPT_FDR),
                         .any_dependence = !strcmp(syn_option_text(options, SYN_OPT_FDR_METHOD), "by"),
                         .raw = !strcmp(syn_option_text(options, SYN_OPT_SCALE), "raw")};
    SYN_CHECK(check_edges(model, session));
    const syn_fitted_session *s = &model->session[session];
    l->N = s->norm.N;
    l->seeds = s->seeds;
    SYN_CHECK(allocate(l));
    SYN_CHECK(syn_connectivity(model, session, 0, l->raw, l->c));
    const double quantile = syn_two_sided_quantile(0.05, s->edges->freedom);
    for (int64_t i = 0; i < l->N; i++)
        for (int64_t j = 0; j < l->N; j++) fill_edge(l, s, i, j, quantile);
    SYN_CHECK(syn_false_discovery(l->p, l->N * l->N, l->any_dependence, l->q));
    for (int64_t k = 0; k < l->N * l->N; k++) {
        if (isnan(l->p[k])) l->p[k] = l->q[k] = 1;
        l->n_significant += syn_edge_found(l, k);
    }
done:
    if (status != SYN_OK) syn_edge_list_free(l);
    return status;
}

void syn_edge_list_free(syn_edge_list *l) {
    free(l->c), free(l->estimate), free(l->low), free(l->high), free(l->statistic), free(l->p), free(l->q);
    free(l->half[0]), free(l->half[1]), free(l->seed_mean), free(l->seed_sd);
    *l = (syn_edge_list){0};
}

static double bin_s(const syn_edge_list *l) {
    const syn_fitted_session *s = &l->model->session[l->session];
    return s->edges->bin_s > 0 ? s->edges->bin_s : 1 / s->rate_hz;
}

const char *syn_edge_list_of(const syn_edge_list *l) {
    const syn_edge_estimates *e = l->model->session[l->session].edges;
    return e->of_events ? "events" : e->window > 0 ? "counts" : "activity";
}

const char *syn_edge_list_method(const syn_edge_list *l) { return l->any_dependence ? "by" : "bh"; }

void syn_edge_list_unit(const syn_edge_list *l, char *unit, size_t size) {
    const syn_edge_estimates *e = l->model->session[l->session].edges;
    const char *plain = l->raw ? syn_raw_unit : syn_zscored_unit;
    if (e->of_events)
        snprintf(unit, size, "%s, of events", plain);
    else if (e->window > 0 && l->raw)
        snprintf(unit, size, "spikes of the receiver within %g ms per spike of the sender",
                 1000 * bin_s(l) * e->window);
    else if (e->window > 0)
        snprintf(unit, size, "%s, of spikes within %g ms", plain, 1000 * bin_s(l) * e->window);
    else
        snprintf(unit, size, "%s", plain);
}

typedef struct ranked {
    double size;
    int64_t place;
} ranked;

static int by_size(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

syn_status syn_edge_list_order(const syn_edge_list *l, int64_t **order) {
    ranked *list = NULL;
    syn_status status;
    *order = NULL;
    SYN_CHECK(syn_alloc(&list, (size_t)(l->N * l->N), sizeof *list, "edges"));
    SYN_CHECK(syn_alloc(order, (size_t)(l->N * l->N), sizeof **order, "edges"));
    for (int64_t k = 0; k < l->N * l->N; k++) list[k] = (ranked){fabs(l->statistic[k]), k};
    qsort(list, (size_t)(l->N * l->N), sizeof *list, by_size);
    for (int64_t k = 0; k < l->N * l->N; k++) (*order)[k] = list[k].place;
done:
    free(list);
    return status;
}

static syn_status top_json(const syn_edge_list *l, int64_t top, json_t **json) {
    int64_t *order;
    SYN_TRY(syn_edge_list_order(l, &order));
    *json = json_array();
    for (int64_t n = 0; n < top && n < l->n_significant; n++) {
        const int64_t k = order[n];
        json_t *edge = json_pack(
            "{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "presynaptic", syn_neuron_id(l->model, l->session, k % l->N),
            "postsynaptic", syn_neuron_id(l->model, l->session, k / l->N), "estimate", (double)l->estimate[k], "low",
            (double)l->low[k], "high", (double)l->high[k], "p", l->p[k], "q", l->q[k], "c", (double)l->c[k]);
        if (l->half[0])
            json_object_set_new(edge, "halves", json_pack("[f, f]", (double)l->half[0][k], (double)l->half[1][k]));
        if (l->seeds)
            json_object_set_new(edge, "seeds",
                                json_pack("{s:f, s:f, s:f}", "mean", (double)l->seed_mean[k], "sd",
                                          (double)l->seed_sd[k], "same_sign", (double)l->seeds->same_sign[k]));
        json_array_append_new(*json, edge);
    }
    free(order);
    return SYN_OK;
}

/* Whether spikes of two neurons in one bin say more than those in the next: hardly any edge is found, and residuals of
 * a bin correlate. */
static bool within_a_bin(const syn_edge_list *l) {
    const syn_fitted_session *s = &l->model->session[l->session];
    const syn_edge_estimates *e = s->edges;
    return s->signal == SYN_SIGNAL_COUNTS && few_edges * (double)l->n_significant < (double)l->n_tested &&
           e->residual_correlation > clear_multiple * e->residual_correlation_by_chance;
}

/* Whether bins shorter than frames were tested. */
static bool in_bins(const syn_edge_list *l) { return 1.5 * bin_s(l) * l->model->session[l->session].rate_hz < 1; }

/* Pairs of which each one is significantly less active after the other. */
static int64_t count_exclusive_pairs(const syn_edge_list *l) {
    int64_t n = 0;
    for (int64_t i = 0; i < l->N; i++)
        for (int64_t j = 0; j < i; j++) {
            const int64_t there = i * l->N + j, back = j * l->N + i;
            n += syn_edge_found(l, there) && syn_edge_found(l, back) && l->estimate[there] < 0 && l->estimate[back] < 0;
        }
    return n;
}

/* Edges found at which the connectivity of the model has the other sign. */
static int64_t count_other_signs(const syn_edge_list *l) {
    int64_t n = 0;
    for (int64_t k = 0; k < l->N * l->N; k++) n += syn_edge_found(l, k) && l->c[k] * l->estimate[k] < 0;
    return n;
}

static void note_many_groups(json_t *notes, const char *what, bool many) {
    char line[120];
    if (!many) return;
    snprintf(line, sizeof line, "more than %d %s: no means between them are given", SYN_MOST_GROUPS, what);
    json_array_append_new(notes, json_string(line));
}

static json_t *notes(const syn_edge_list *l) {
    const syn_edge_estimates *e = l->model->session[l->session].edges;
    json_t *list = json_array();
    char line[400], span[40] = "frame";
    if (in_bins(l)) snprintf(span, sizeof span, "bin of %g ms", 1000 * bin_s(l));
    if (e->of_events) {
        snprintf(
            line, sizeof line,
            "transients outlast a frame (%.2g of one is left in the next): edges are of the events behind them%s. Rank "
            "edges by estimate and q: the effective connectivity describes fluorescence, crosstalk included",
            e->decay, e->crosstalk > 0 ? ", less the light of neighbours" : "");
        json_array_append_new(list, json_string(line));
    }
    if (l->N == 1) json_array_append_new(list, json_string("one neuron alone has no edges"));
    if (l->n_tested == 0 && l->N > 1 && e->overlapping == 0)
        json_array_append_new(list, json_string("no edge was tested: there are too few frames for as many neurons and "
                                                "behaviour variables"));
    if (e->overlapping > 0) {
        snprintf(
            line, sizeof line,
            "%.0f edges are between cells that share more than %.2g of their light, of which it cannot be told who "
            "drives whom: not tested",
            e->overlapping, syn_edge_most_shared);
        json_array_append_new(list, json_string(line));
    }
    if (in_bins(l)) {
        snprintf(line, sizeof line,
                 "spikes were tested in bins of %g ms: an estimate in raw units is the spikes that follow one of the "
                 "sender's within "
                 "%g ms. Rank edges by q: the effective connectivity is of frames of %g ms",
                 1000 * bin_s(l), 1000 * bin_s(l) * e->window, 1000 / l->model->session[l->session].rate_hz);
        json_array_append_new(list, json_string(line));
    }
    const int64_t other = count_other_signs(l);
    if (other > 0) {
        snprintf(line, sizeof line,
                 "at %lld of the %lld edges found the connectivity C of the model has the other sign than the "
                 "estimate: believe the estimate, which is what was tested",
                 (long long)other, (long long)l->n_significant);
        json_array_append_new(list, json_string(line));
    }
    const int64_t exclusive = count_exclusive_pairs(l);
    if (in_bins(l) && exclusive > 0) {
        snprintf(line, sizeof line,
                 "%lld pair%s of units silence%s each other: so do two halves of one cell that were sorted apart, of "
                 "which neither fires while the other is refractory",
                 (long long)exclusive, exclusive == 1 ? "" : "s", exclusive == 1 ? "s" : "");
        json_array_append_new(list, json_string(line));
    }
    if (within_a_bin(l)) {
        snprintf(line, sizeof line,
                 "hardly any neuron follows another, but spikes of two correlate within one bin of %g ms (root mean "
                 "square %.2g; chance gives %.2g): common input, or effects faster than a bin, which have an order in "
                 "shorter ones (%s)",
                 1000 * bin_s(l), e->residual_correlation, e->residual_correlation_by_chance,
                 in_bins(l) ? "--edge-bin" : "from spike times, or counts in shorter frames");
        json_array_append_new(list, json_string(line));
    } else if (e->residual_correlation > notable_correlation &&
               e->residual_correlation > notable_multiple * e->residual_correlation_by_chance) {
        snprintf(line, sizeof line,
                 "after the fit two neurons still correlate within one %s (root mean square %.2g; chance gives %.2g): "
                 "common input, or effects faster than that, which edges do not account for and may mistake",
                 span, e->residual_correlation, e->residual_correlation_by_chance);
        json_array_append_new(list, json_string(line));
    }
    if (e->coactivity > notable_coactivity) {
        snprintf(line, sizeof line,
                 "neurons that are active at the same times would look connected, as what drives them in common makes "
                 "them: that was taken off (%.2g standard errors, root mean square over pairs). Edges between such "
                 "neurons are the least certain",
                 e->coactivity);
        json_array_append_new(list, json_string(line));
    }
    if (e->inflation > notable_inflation) {
        snprintf(line, sizeof line,
                 "the statistics of pairs without an edge spread %.3g times as wide as by chance: unobserved neurons, "
                 "common input or a misfit of the model reach most pairs; intervals are widened by as much, but some "
                 "of the edges may still stand for them",
                 e->inflation);
        json_array_append_new(list, json_string(line));
    }
    return list;
}

/* Over fits from other seeds. */
static json_t *seeds_json(const syn_edge_list *l) {
    json_t *seeds = json_array();
    json_int_t agreeing = 0;
    for (int f = 0; f < l->seeds->fits; f++) json_array_append_new(seeds, json_integer((json_int_t)l->seeds->seed[f]));
    for (int64_t k = 0; k < l->N * l->N; k++) agreeing += syn_edge_found(l, k) && l->seeds->same_sign[k] == 1;
    return json_pack("{s:i, s:o, s:f, s:I}", "fits", l->seeds->fits, "seeds", seeds, "median_correlation",
                     l->seeds->median_correlation, "agreeing_signs", agreeing);
}

syn_status syn_edge_list_json(const syn_edge_list *l, int64_t top, json_t **json) {
    const syn_fitted_session *s = &l->model->session[l->session];
    const syn_edge_estimates *e = s->edges;
    json_t *list = NULL, *regions = NULL, *types = NULL, *hubs = NULL;
    syn_status status;
    char unit[160];
    syn_edge_list_unit(l, unit, sizeof unit);
    SYN_CHECK(top_json(l, top, &list));
    SYN_CHECK(syn_groups_json(l, s->region, &regions));
    SYN_CHECK(syn_groups_json(l, s->cell_type, &types));
    SYN_CHECK(syn_hubs_json(l, &hubs));
    *json = json_pack("{s:I, s:I, s:f, s:s, s:O}", "n_tested", (json_int_t)l->n_tested, "n_significant",
                      (json_int_t)l->n_significant, "fdr", l->fdr, "method", syn_edge_list_method(l), "top", list);
    json_object_set_new(*json, "stability", syn_edge_halves_json(l));
    if (l->seeds) json_object_set_new(json_object_get(*json, "stability"), "seeds", seeds_json(l));
    json_object_set_new(
        *json, "residual_correlation",
        json_pack("{s:f, s:f}", "rms", e->residual_correlation, "by_chance", e->residual_correlation_by_chance));
    json_object_set_new(*json, "inflation", json_real(e->inflation));
    json_object_set_new(*json, "coactivity", json_real(e->coactivity));
    json_object_set_new(*json, "of", json_string(syn_edge_list_of(l)));
    json_object_set_new(*json, "unit", json_string(unit));
    if (e->window > 0)
        json_object_set_new(*json, "counts",
                            json_pack("{s:f, s:f}", "bin_s", bin_s(l), "window_s", bin_s(l) * e->window));
    if (e->of_events)
        json_object_set_new(*json, "events", json_pack("{s:f, s:f}", "decay", e->decay, "crosstalk", e->crosstalk));
    json_object_set(*json, "hubs", hubs);
    if (regions) json_object_set(*json, "regions", regions);
    if (types) json_object_set(*json, "cell_types", types);
    json_t *said = notes(l);
    note_many_groups(said, "regions", s->region && !regions);
    note_many_groups(said, "cell types", s->cell_type && !types);
    json_object_set_new(*json, "notes", said);
done:
    json_decref(list), json_decref(regions), json_decref(types), json_decref(hubs);
    return status;
}

/* ---- the public functions ---- */

static void copy(void *to, const void *from, int64_t n, size_t size) {
    if (to) memcpy(to, from, (size_t)n * size);
}

syn_status syn_edge_evidence(const syn_model *model, size_t session, const syn_options *options, float *estimate,
                             float *low, float *high, double *p, double *q) {
    syn_edge_list list;
    SYN_TRY(syn_edge_list_create(&list, model, session, options));
    const int64_t pairs = list.N * list.N;
    copy(estimate, list.estimate, pairs, sizeof *estimate);
    copy(low, list.low, pairs, sizeof *low);
    copy(high, list.high, pairs, sizeof *high);
    copy(p, list.p, pairs, sizeof *p);
    copy(q, list.q, pairs, sizeof *q);
    syn_edge_list_free(&list);
    return SYN_OK;
}

syn_status syn_edge_halves(const syn_model *model, size_t session, const syn_options *options, float *first,
                           float *second) {
    syn_edge_list list;
    SYN_TRY(syn_edge_list_create(&list, model, session, options));
    syn_status status = SYN_OK;
    if (list.half[0]) {
        copy(first, list.half[0], list.N * list.N, sizeof *first);
        copy(second, list.half[1], list.N * list.N, sizeof *second);
    } else {
        status = syn_fail(SYN_ERR_INPUT,
                          "model: session %zu holds no estimates of each half, which an earlier version did not keep; "
                          "expected some: fit the recording again",
                          session);
    }
    syn_edge_list_free(&list);
    return status;
}

syn_status syn_edge_seeds(const syn_model *model, size_t session, const syn_options *options, float *mean, float *sd,
                          float *same_sign) {
    syn_edge_list list;
    SYN_TRY(syn_edge_list_create(&list, model, session, options));
    syn_status status = SYN_OK;
    if (list.seeds) {
        copy(mean, list.seed_mean, list.N * list.N, sizeof *mean);
        copy(sd, list.seed_sd, list.N * list.N, sizeof *sd);
        copy(same_sign, list.seeds->same_sign, list.N * list.N, sizeof *same_sign);
    } else {
        status =
            syn_fail(SYN_ERR_INPUT,
                     "model: session %zu was fitted from one seed; expected repeats: fit it with --repeats", session);
    }
    syn_edge_list_free(&list);
    return status;
}

syn_status syn_edges_describe(const syn_model *model, size_t session, const syn_options *options, char **json) {
    syn_edge_list list;
    json_t *root = NULL;
    syn_status status;
    *json = NULL;
    SYN_TRY(syn_edge_list_create(&list, model, session, options));
    SYN_CHECK(syn_edge_list_json(&list, syn_option_int(options, SYN_OPT_TOP), &root));
    if (!(*json = json_dumps(root, JSON_REAL_PRECISION(9))))
        status = syn_fail(SYN_ERR_MEMORY, "could not allocate the summary of the edges");
done:
    json_decref(root);
    syn_edge_list_free(&list);
    return status;
}
