/* Edges as a user sees them: intervals, p and q of a model, the summary, and what an old model says. */
#include <jansson.h>

#include "analysis/edges.h"
#include "tiny_model.h"

/* estimate / error is 10, 9, ... for the first entries and small for the rest. */
static syn_model *example(test_set *set) {
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 1);
    *set = set_create(&raw, 1, TINY_WINDOW);
    for (int64_t i = 0; i < TINY_N; i++) set->data->session[0].norm.scale[i] = (float)(1 + i);
    syn_recording *r = set->recording[0];
    r->region = zeros(TINY_N, sizeof(char *));
    for (int i = 0; i < TINY_N; i++) assert_ok(syn_copy_text(&r->region[i], i < 3 ? "V1" : "LM"));
    syn_model *model = model_of(set, random_parameters(set->data, SYN_FORM_DENSE, 5, 7), SYN_LOSS_GAUSSIAN);
    syn_edge_estimates *e = model->session[0].edges = zeros(1, sizeof *e);
    e->estimate = floats(TINY_N * TINY_N), e->error = floats(TINY_N * TINY_N);
    e->freedom = 1e6, e->inflation = 1.5, e->coactivity = 0.4, e->residual_correlation = 0.3,
    e->residual_correlation_by_chance = 0.01;
    for (int k = 0; k < TINY_N * TINY_N; k++) {
        e->estimate[k] = (float)(k < 10 ? 10 - k : 0.1 * normal(5, k));
        e->error[k] = k / TINY_N == k % TINY_N ? 0.0f : 1.0f;
    }
    raw_free(&raw);
    return model;
}

static void intervals_and_q_follow_the_options(void **state) {
    (void)state;
    enum { PAIRS = TINY_N * TINY_N };
    test_set set;
    syn_model *model = example(&set);
    syn_options *zscored = OPTIONS("scale", "zscored"), *by = OPTIONS("fdr-method", "by");
    float estimate[PAIRS], low[PAIRS], high[PAIRS], raw[PAIRS], raw_low[PAIRS];
    double p[PAIRS], q[PAIRS], q_by[PAIRS];
    assert_ok(syn_edge_evidence(model, 0, zscored, estimate, low, high, p, q));
    assert_ok(syn_edge_evidence(model, 0, by, raw, raw_low, NULL, NULL, q_by));
    for (int k = 0; k < PAIRS; k++) {
        const int i = k / TINY_N, j = k % TINY_N;
        const double unit = (1.0 + i) / (1.0 + j);
        assert_near("raw", unit * (double)estimate[k], (double)raw[k], 1e-5);
        assert_near("raw", unit * (double)low[k], (double)raw_low[k], 1e-4);
        assert_near("high", (double)estimate[k] + (i == j ? 0 : 1.959966), (double)high[k], 1e-4);
        assert_near("p", i == j ? 1 : erfc(fabs((double)estimate[k]) / sqrt(2)), p[k], 1e-4);
        assert_true(q[k] >= p[k] && q_by[k] >= q[k] && q_by[k] <= 1);
    }
    assert_true(q[1] < 1e-10 && q[20] > 0.1);
    /* at any rate a neuron with itself is no edge */
    syn_options *all = OPTIONS("fdr", "1");
    char *text;
    assert_ok(syn_edges_describe(model, 0, all, &text));
    json_t *root = json_loads(text, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(root, "n_significant")), TINY_N * (TINY_N - 1));
    json_decref(root), free(text), syn_options_free(all);
    /* the halves are in the units of the estimates */
    float half[2][PAIRS], raw_half[2][PAIRS];
    for (int h = 0; h < 2; h++) {
        model->session[0].edges->half[h] = floats(PAIRS);
        for (int k = 0; k < PAIRS; k++) model->session[0].edges->half[h][k] = (float)normal(20 + (uint32_t)h, k);
    }
    assert_ok(syn_edge_halves(model, 0, zscored, half[0], half[1]));
    assert_ok(syn_edge_halves(model, 0, by, raw_half[0], raw_half[1]));
    for (int k = 0; k < 2 * PAIRS; k++) {
        const double unit = (1.0 + k % PAIRS / TINY_N) / (1.0 + k % TINY_N);
        assert_near("raw half", unit * (double)half[k / PAIRS][k % PAIRS], (double)raw_half[k / PAIRS][k % PAIRS],
                    1e-5);
    }
    syn_options_free(zscored), syn_options_free(by), syn_model_free(model), set_free(&set);
}

static void summary_holds_what_was_found(void **state) {
    (void)state;
    test_set set;
    syn_model *model = example(&set);
    syn_options *options = OPTIONS("top", "3", "scale", "zscored", "fdr", "0.001");
    char *text;
    assert_ok(syn_edges_describe(model, 0, options, &text));
    json_t *root = json_loads(text, 0, NULL), *top = json_object_get(root, "top"), *first = json_array_get(top, 0);
    assert_int_equal(json_integer_value(json_object_get(root, "n_tested")), TINY_N * (TINY_N - 1));
    /* 9 to 4 standard errors; entry 0 is on the diagonal, entry 9 too */
    assert_int_equal(json_integer_value(json_object_get(root, "n_significant")), 6);
    assert_int_equal(json_array_size(top), 3);
    assert_string_equal(json_string_value(json_object_get(first, "presynaptic")), "1");
    assert_string_equal(json_string_value(json_object_get(first, "postsynaptic")), "0");
    assert_near("estimate", 9, json_number_value(json_object_get(first, "estimate")), 1e-6);
    assert_int_equal(json_array_size(json_object_get(root, "notes")), 4);
    const json_t *cell = json_array_get(json_object_get(root, "regions"), 0); /* V1 to V1: 6 pairs */
    assert_int_equal(json_integer_value(json_object_get(cell, "pairs")), 6);
    double mean = 0;
    for (int k = 0; k < 9; k++)
        if (k / 3 != k % 3) mean += (double)model->session[0].edges->estimate[k / 3 * TINY_N + k % 3] / 6;
    assert_near("mean of a region", mean, json_number_value(json_object_get(cell, "mean")), 1e-6);
    assert_true(json_number_value(json_object_get(cell, "low")) < mean);
    assert_true(json_number_value(json_object_get(cell, "high")) > mean);
    json_decref(root), free(text);
    /* more than there are: those that were found, and no others */
    assert_ok(syn_options_set(options, "top", "40"));
    assert_ok(syn_edges_describe(model, 0, options, &text));
    root = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(root, "top")), 6);
    json_decref(root), free(text), syn_options_free(options), syn_model_free(model), set_free(&set);
}

/* Over the edges found and over all pairs; of too few edges no correlation, of none nothing at all. */
static void halves_are_compared_over_found_edges(void **state) {
    (void)state;
    enum { PAIRS = TINY_N * TINY_N };
    test_set set;
    syn_model *model = example(&set);
    syn_edge_estimates *e = model->session[0].edges;
    e->correlation_of_halves = 0.125;
    for (int half = 0; half < 2; half++) {
        e->half[half] = floats(PAIRS);
        for (int k = 0; k < PAIRS; k++) e->half[half][k] = half ? -1.0f : 1.0f;
    }
    /* one edge stands out from five more, and these from six more */
    static const float first[] = {5, 4, 3, 2, 1, -1, 3, 6, 2, 7, 1, 4}, second[] = {6, 3, 4, 1, 2, 1, 2, 5, 4, 6, 2, 3};
    for (int k = 0, m = 0; m < 12; k++) {
        if (k / TINY_N == k % TINY_N) continue;
        e->estimate[k] = m == 0 ? 30.0f : m < 6 ? 20.0f : 8.0f;
        e->half[0][k] = first[m], e->half[1][k] = second[m++];
    }
    const struct {
        const char *fdr;
        double same_sign, correlation;
        const char *words;
    } cases[] = {{"0.001", 11.0 / 12, 0.832353, "11 of 12 found edges have the same sign in both, and their estimates"},
                 {"1e-40", 5.0 / 6, NAN, "5 of 6 found edges have the same sign in both; over all"},
                 {"1e-100", 1, NAN, "1 of 1 found edge has the same sign in both; over all"},
                 {"0", NAN, NAN, "Halves of the recording: over all"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        syn_options *options = OPTIONS("fdr", cases[c].fdr);
        char *text;
        assert_ok(syn_edges_describe(model, 0, options, &text));
        json_t *root = json_loads(text, 0, NULL), *stability = json_object_get(root, "stability");
        const json_t *same = json_object_get(stability, "same_sign_of_found_edges");
        const json_t *correlation = json_object_get(stability, "correlation_of_found_edges");
        assert_int_equal(json_is_null(same), isnan(cases[c].same_sign));
        assert_int_equal(json_is_null(correlation), isnan(cases[c].correlation));
        if (json_is_real(same)) assert_near("same sign", cases[c].same_sign, json_number_value(same), 1e-9);
        if (json_is_real(correlation)) assert_near("found", cases[c].correlation, json_number_value(correlation), 1e-4);
        assert_near("all", 0.125, json_number_value(json_object_get(stability, "correlation_of_all_pairs")), 1e-9);
        assert_non_null(strstr(json_string_value(json_object_get(stability, "statement")), cases[c].words));
        json_decref(root), free(text), syn_options_free(options);
    }
    syn_model_free(model), set_free(&set);
}

/* The unit is that of what was tested, and where C has the other sign a note says which to believe. */
static void estimates_have_their_own_unit(void **state) {
    (void)state;
    test_set set;
    syn_model *model = example(&set);
    syn_edge_estimates *e = model->session[0].edges;
    static const struct {
        const char *of, *raw, *zscored;
    } cases[] = {{"activity", "raw units of the receiver per raw unit of the sender",
                  "standard deviations of the receiver per standard deviation of the sender"},
                 {"events", "raw units of the receiver per raw unit of the sender, of events",
                  "standard deviations of the receiver per standard deviation of the sender, of events"},
                 {"counts", "spikes of the receiver within 20 ms per spike of the sender",
                  "standard deviations of the receiver per standard deviation of the sender, of spikes within 20 ms"}};
    syn_edge_list list;
    for (int k = 0; k < 6; k++) {
        syn_options *options = OPTIONS("scale", k % 2 ? "zscored" : "raw");
        char unit[160];
        e->of_events = k / 2 == 1, e->window = k / 2 == 2 ? 4 : 0, e->bin_s = k / 2 == 2 ? 0.005 : 0;
        assert_ok(syn_edge_list_create(&list, model, 0, options));
        syn_edge_list_unit(&list, unit, sizeof unit);
        assert_string_equal(syn_edge_list_of(&list), cases[k / 2].of);
        assert_string_equal(unit, k % 2 ? cases[k / 2].zscored : cases[k / 2].raw);
        syn_edge_list_free(&list), syn_options_free(options);
    }
    int other = 0, found = 0;
    assert_ok(syn_edge_list_create(&list, model, 0, NULL));
    for (int k = 0; k < TINY_N * TINY_N; k++) {
        found += syn_edge_found(&list, k);
        other += syn_edge_found(&list, k) && list.c[k] * list.estimate[k] < 0;
    }
    char *text, note[100];
    assert_true(other > 0);
    snprintf(note, sizeof note, "at %d of the %d edges found the connectivity C of the model has the other sign", other,
             found);
    assert_ok(syn_edges_describe(model, 0, NULL, &text));
    assert_non_null(strstr(text, note));
    free(text), syn_edge_list_free(&list), syn_model_free(model), set_free(&set);
}

/* Also where events leave nothing in the next frame. */
static void summary_says_what_edges_are_of(void **state) {
    (void)state;
    test_set set;
    syn_model *model = example(&set);
    for (int k = 0; k < 2; k++) {
        char *text;
        model->session[0].edges->of_events = k;
        assert_ok(syn_edges_describe(model, 0, NULL, &text));
        json_t *root = json_loads(text, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(root, "of")), k ? "events" : "activity");
        assert_int_equal(!json_object_get(root, "events"), !k);
        json_decref(root), free(text);
    }
    syn_edge_estimates *e = model->session[0].edges;
    char *text;
    e->of_events = false, e->window = 2, e->bin_s = 0.2 / model->session[0].rate_hz;
    assert_ok(syn_edges_describe(model, 0, NULL, &text));
    json_t *counts = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(counts, "of")), "counts");
    assert_near("window", 2 * e->bin_s,
                json_number_value(json_object_get(json_object_get(counts, "counts"), "window_s")), 1e-9);
    assert_non_null(strstr(text, "spikes were tested in bins of"));
    assert_null(strstr(text, "silence"));
    json_decref(counts), free(text);
    e->estimate[3 * TINY_N + 4] = 20, e->estimate[4 * TINY_N + 3] = -20;
    e->error[3 * TINY_N + 4] = e->error[4 * TINY_N + 3] = 1;
    assert_ok(syn_edges_describe(model, 0, NULL, &text));
    assert_null(strstr(text, "silence")); /* one of them alone does not */
    free(text);
    e->estimate[3 * TINY_N + 4] = -20;
    assert_ok(syn_edges_describe(model, 0, NULL, &text));
    assert_non_null(strstr(text, "1 pair of units silences each other"));
    free(text);
    e->of_events = true, e->window = 0, e->bin_s = 0;
    e->overlapping = 6;
    assert_ok(syn_edges_describe(model, 0, NULL, &text));
    assert_non_null(strstr(text, "6 edges are between cells that share more than 0.25 of their light"));
    free(text), syn_model_free(model), set_free(&set);
}

/* A found edge agrees where all repeats have its sign. */
static void agreeing_signs_are_those_of_all_repeats(void **state) {
    (void)state;
    test_set set;
    syn_model *model = example(&set);
    assert_ok(syn_seed_estimates_create(&model->session[0].seeds, 3, TINY_N));
    for (int k = 0; k < TINY_N * TINY_N; k++) model->session[0].seeds->same_sign[k] = k < 3 ? 0.5f : 1.0f;
    syn_options *options = OPTIONS("fdr", "0.001", "scale", "zscored");
    char *text;
    assert_ok(syn_edges_describe(model, 0, options, &text));
    json_t *root = json_loads(text, 0, NULL);
    const json_t *seeds = json_object_get(json_object_get(root, "stability"), "seeds");
    assert_int_equal(json_integer_value(json_object_get(seeds, "fits")), 3);
    assert_int_equal(json_integer_value(json_object_get(seeds, "agreeing_signs")), 6 - 2); /* 0 is on the diagonal */
    json_decref(root), free(text), syn_options_free(options), syn_model_free(model), set_free(&set);
}

/* ---- degrees and groups, of lists made by hand ---- */

enum { MANY = 30 };

typedef struct listing {
    test_set set;
    syn_edge_list list;
} listing;

/* MANY neurons and no edge. */
static listing empty_list(void) {
    raw_data raw = raw_create(200, MANY, 0, "fluorescence", 1);
    listing l = {.set = set_create(&raw, 1, TINY_WINDOW)};
    l.list = (syn_edge_list){
        .model = model_of(&l.set, random_parameters(l.set.data, SYN_FORM_DENSE, 5, 7), SYN_LOSS_GAUSSIAN),
        .N = MANY,
        .fdr = 0.1,
        .estimate = floats(MANY * MANY),
        .low = floats(MANY * MANY),
        .high = floats(MANY * MANY),
        .q = zeros(MANY * MANY, sizeof(double)),
        .n_tested = MANY * (MANY - 1)};
    for (int k = 0; k < MANY * MANY; k++) l.list.q[k] = 1, l.list.high[k] = 1;
    raw_free(&raw);
    return l;
}

static void add_edge(listing *l, int to, int from) {
    l->list.q[to * MANY + from] = 0;
    l->list.n_significant++;
}

static void listing_free(listing *l) {
    syn_edge_list *list = &l->list;
    syn_model_free((syn_model *)list->model);
    free(list->estimate), free(list->low), free(list->high), free(list->q), set_free(&l->set);
}

static double figure(const json_t *hubs, const char *statistic, const char *name) {
    return json_number_value(json_object_get(json_object_get(hubs, statistic), name));
}

/* Neuron 0 receives from all: no hub sends, one receives, and nothing is answered. */
static void a_star_has_one_hub(void **state) {
    (void)state;
    listing l = empty_list();
    for (int j = 1; j < MANY; j++) add_edge(&l, 0, j);
    for (int i = 1; i + 1 < MANY; i++) add_edge(&l, i, i + 1); /* and a chain */
    json_t *hubs;
    assert_ok(syn_hubs_json(&l.list, &hubs));
    const json_t *receivers = json_object_get(hubs, "receivers");
    assert_int_equal(json_array_size(json_object_get(hubs, "senders")), 0);
    assert_int_equal(json_array_size(receivers), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(receivers, 0), "degree")), MANY - 1);
    assert_true(figure(hubs, "reciprocity", "value") == 0);
    assert_true(figure(hubs, "reciprocity", "p") <= 1);
    json_decref(hubs), listing_free(&l);
}

/* A hub is one by the binomial tail, times the neurons and the two directions that were looked at. */
static void a_hub_is_beyond_chance(void **state) {
    (void)state;
    for (int degree = 5; degree < 9; degree++) {
        listing l = empty_list();
        for (int i = 1; i <= degree; i++) add_edge(&l, i, 0);
        for (int j = 1; j < MANY; j++) add_edge(&l, 1 + (j + 9) % (MANY - 1), j);
        const double share = (double)l.list.n_significant / (MANY * (MANY - 1.0));
        double p = 0;
        for (int k = degree; k < MANY; k++)
            p += 2 * MANY * exp(lgamma(MANY) - lgamma(k + 1) - lgamma(MANY - k)) * pow(share, k) *
                 pow(1 - share, MANY - 1 - k);
        json_t *hubs;
        assert_ok(syn_hubs_json(&l.list, &hubs));
        const json_t *senders = json_object_get(hubs, "senders"), *hub = json_array_get(senders, 0);
        assert_int_equal(json_array_size(senders), p <= 0.05);
        if (hub) assert_string_equal(json_string_value(json_object_get(hub, "neuron")), "0");
        if (hub) assert_near("p", 1, json_number_value(json_object_get(hub, "p")) / p, 1e-6);
        json_decref(hubs), listing_free(&l);
    }
}

/* A ring in which all edges are answered. Rewired, two neurons in that both send two edges, every neuron keeps these,
 * and an edge is answered by chance. */
static void rewired_graphs_keep_degrees(void **state) {
    (void)state;
    listing l = empty_list();
    for (int i = 0; i < MANY; i++) add_edge(&l, i, (i + 1) % MANY), add_edge(&l, (i + 1) % MANY, i);
    json_t *hubs;
    assert_ok(syn_hubs_json(&l.list, &hubs));
    assert_near("answered", 1, figure(hubs, "reciprocity", "value"), 1e-12);
    assert_near("by chance", 2.0 / (MANY - 1), figure(hubs, "reciprocity", "rewired_mean"), 0.015);
    assert_near("p", 1.0 / 201, figure(hubs, "reciprocity", "p"), 1e-9);
    /* with one degree for all there is nothing to correlate, whatever the edges are */
    assert_true(figure(hubs, "degree_correlation", "rewired_sd") == 0);
    json_decref(hubs), listing_free(&l);
}

/* A sender of many edges to receivers of one, and senders of one to a receiver of many: by hand. */
static void degrees_correlate_over_edges(void **state) {
    (void)state;
    listing l = empty_list();
    for (int i = 1; i <= 6; i++) add_edge(&l, i, 0);
    for (int j = 10; j < 14; j++) add_edge(&l, 20, j);
    add_edge(&l, 1, 2);
    double out[11], in[11], a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (int e = 0; e < 11; e++) out[e] = e < 6 ? 6 : 1, in[e] = e == 0 || e == 10 ? 2 : e < 6 ? 1 : 4;
    for (int e = 0; e < 11; e++) a += out[e] / 11, b += in[e] / 11;
    for (int e = 0; e < 11; e++) aa += pow(out[e] - a, 2), bb += pow(in[e] - b, 2), ab += (out[e] - a) * (in[e] - b);
    json_t *hubs;
    assert_ok(syn_hubs_json(&l.list, &hubs));
    assert_near("correlation", ab / sqrt(aa * bb), figure(hubs, "degree_correlation", "value"), 1e-9);
    json_decref(hubs), listing_free(&l);
}

/* The estimate is a number of the sender, so that the mean from one group to another varies as a mean of its neurons.
 */
static void groups_have_directions_and_intervals(void **state) {
    (void)state;
    listing l = empty_list();
    char *group[MANY];
    double mean[2] = {0}, square = 0, to_mean;
    for (int j = 0; j < MANY; j++) {
        group[j] = j < 10 ? "few" : "many";
        const double value = normal(31, j) + (j < 10 ? 5 : 0);
        for (int i = 0; i < MANY; i++) l.list.estimate[i * MANY + j] = (float)value;
        mean[j >= 10] += value / (j < 10 ? 10 : 20);
    }
    for (int j = 10; j < MANY; j++) square += pow((double)l.list.estimate[j] - mean[1], 2) / 20;
    for (int k = 0; k < 3; k++) add_edge(&l, k, 20);
    const double of_1 = (double)l.list.estimate[1];
    l.list.high[1] = l.list.low[1], l.list.estimate[1] = 1e3f; /* 1 to 0 was not tested */
    json_t *cells;
    assert_ok(syn_groups_json(&l.list, group, &cells));
    assert_int_equal(json_array_size(cells), 4);
    for (size_t k = 0; k < 4; k++) {
        const json_t *cell = json_array_get(cells, k);
        const bool from = !strcmp(json_string_value(json_object_get(cell, "presynaptic")), "many");
        const bool to = !strcmp(json_string_value(json_object_get(cell, "postsynaptic")), "many");
        assert_int_equal(json_integer_value(json_object_get(cell, "pairs")), from && to     ? 20 * 19
                                                                             : !from && !to ? 10 * 9 - 1
                                                                                            : 200);
        assert_int_equal(json_integer_value(json_object_get(cell, "significant")), from && !to ? 3 : 0);
        to_mean = json_number_value(json_object_get(cell, "mean"));
        assert_near("mean", from || to ? mean[from] : (90 * mean[0] - of_1) / 89, to_mean, 1e-5);
        if (!from || to) continue;
        const double half = 1.96 * sqrt(square / 20);
        assert_near("low", 1, (to_mean - json_number_value(json_object_get(cell, "low"))) / half, 0.2);
        assert_near("high", 1, (json_number_value(json_object_get(cell, "high")) - to_mean) / half, 0.2);
    }
    json_decref(cells), listing_free(&l);
}

/* Counts that correlate within a bin, and edges, or none. */
static void bins_that_are_too_long_are_pointed_out(void **state) {
    (void)state;
    for (int edges = 0; edges < 2; edges++) {
        test_set set;
        syn_model *model = example(&set);
        char *text;
        model->session[0].signal = SYN_SIGNAL_COUNTS;
        for (int k = 0; k < 10 && !edges; k++) model->session[0].edges->estimate[k] = 0;
        assert_ok(syn_edges_describe(model, 0, NULL, &text));
        assert_int_equal(!!strstr(text, "hardly any neuron follows another"), !edges);
        syn_free(text), syn_model_free(model), set_free(&set);
    }
}

static void a_model_without_tests_says_so(void **state) {
    (void)state;
    test_set set;
    syn_model *model = example(&set);
    char *text;
    assert_int_equal(syn_edges_describe(model, 1, NULL, &text), SYN_ERR_OPTION);
    syn_edge_estimates_free(model->session[0].edges), model->session[0].edges = NULL;
    assert_int_equal(syn_edges_describe(model, 0, NULL, &text), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "fit the recording again"));
    syn_model_free(model), set_free(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_and_q_follow_the_options),
        cmocka_unit_test(summary_holds_what_was_found),
        cmocka_unit_test(halves_are_compared_over_found_edges),
        cmocka_unit_test(estimates_have_their_own_unit),
        cmocka_unit_test(summary_says_what_edges_are_of),
        cmocka_unit_test(agreeing_signs_are_those_of_all_repeats),
        cmocka_unit_test(a_star_has_one_hub),
        cmocka_unit_test(a_hub_is_beyond_chance),
        cmocka_unit_test(rewired_graphs_keep_degrees),
        cmocka_unit_test(degrees_correlate_over_edges),
        cmocka_unit_test(groups_have_directions_and_intervals),
        cmocka_unit_test(bins_that_are_too_long_are_pointed_out),
        cmocka_unit_test(a_model_without_tests_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
