/* syn_compare: the figures of SynapsNet are those of a fit, predictions from files are scored as those of the program's
 * own models, and what is wrong is found before the work. */
#include <jansson.h>
#include <unistd.h>

#include "analysis/evaluate.h"
#include "analysis/score.h"
#include "dataset/baseline.h"
#include "tiny_model.h"

static syn_options *small_options(void) {
    return OPTIONS("hidden", "4", "embedding", "2", "window", "8", "epochs", "3", "connectivity", "dense", "l1", "1");
}

static json_t *compared(const raw_data *raw, size_t n, syn_options *options) {
    syn_recording *recording[2] = {0};
    char *text;
    for (size_t k = 0; k < n; k++) recording[k] = recording_of(&raw[k]);
    assert_ok(syn_compare(recording, n, options, NULL, NULL, &text));
    for (size_t k = 0; k < n; k++) syn_recording_free(recording[k]);
    syn_options_free(options);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    syn_free(text);
    return root;
}

static double number(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    if (!json_is_number(value)) fail_msg("%s is missing", name);
    return json_number_value(value);
}

static const json_t *rival(const json_t *root, const char *name) {
    const json_t *row = json_object_get(json_object_get(root, "rivals"), name);
    if (!row) fail_msg("no row %s", name);
    return row;
}

static void same_figures(const json_t *a, const json_t *b) {
    size_t found = 0;
#define X(name)                                                                                                        \
    const json_t *name = json_object_get(a, #name), *other_##name = json_object_get(b, #name);                         \
    found += name != NULL;                                                                                             \
    assert_true(name ? json_equal(name, other_##name) : !other_##name);
    SYN_METRIC_LIST(X)
#undef X
    assert_true(found > 8);
}

/* The same of each recording. */
static void check_recordings(const json_t *fit, const json_t *root) {
    static const char *const names[][2] = {
        {"no connectivity", "no-connectivity"}, {"copy-last", "copy-last"}, {"mean", "mean"}};
    for (size_t s = 0; s < 2; s++) {
        const json_t *session = json_array_get(json_object_get(fit, "sessions"), s);
        const json_t *own = json_object_get(json_object_get(root, "synapsnet"), "recordings");
        same_figures(json_object_get(session, "test"), json_array_get(own, s));
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            const json_t *row = json_array_get(json_object_get(rival(root, names[k][1]), "recordings"), s);
            const json_t *interval = json_object_get(row, "mse_diff_ci95");
            char title[64];
            snprintf(title, sizeof title, "mse %s - synapsnet", names[k][0]);
            const json_t *known = json_object_get(json_object_get(session, "intervals"), title);
            same_figures(json_object_get(json_object_get(session, "baselines"), names[k][0]), row);
            assert_near("low", number(known, "low"), json_number_value(json_array_get(interval, 0)), 1e-8);
            assert_near("high", number(known, "high"), json_number_value(json_array_get(interval, 1)), 1e-8);
        }
    }
}

/* Every interval is about the difference of the row to SynapsNet, and the statement says what they say: of bits per
 * spike more is better. */
static void check_statement(const json_t *root) {
    const char *metric = json_string_value(json_object_get(root, "ranked_by"));
    const char *statement = json_string_value(json_object_get(root, "statement"));
    const bool bits = !strcmp(metric, "bits_per_spike");
    const json_t *own = json_object_get(root, "synapsnet");
    const char *behind = strstr(statement, " Behind: "), *unclear = strstr(statement, " No clear difference: "), *name;
    json_t *row;
    int better = 0;
    assert_non_null(strstr(statement, bits ? "By bits_per_spike " : "By mse "));
    assert_true(behind && unclear && behind < unclear);
    json_object_foreach(json_object_get(root, "rivals"), name, row) {
        char key[64], item[64];
        snprintf(key, sizeof key, "%s_diff_ci95", metric);
        const json_t *interval = json_object_get(row, key);
        const double low = json_number_value(json_array_get(interval, 0)),
                     high = json_number_value(json_array_get(interval, 1)),
                     difference = number(row, metric) - number(own, metric);
        if (!(low < difference && difference < high)) fail_msg("%s: %g is not in its interval", name, difference);
        better += bits ? difference > 0 : difference < 0;
        snprintf(item, sizeof item, " %s", name);
        const char *at = strstr(strstr(statement, "significantly ahead of:"), item);
        while (at && at[strlen(item)] != ',' && at[strlen(item)] != '.') at = strstr(at + 1, item);
        assert_non_null(at);
        const bool won = bits ? high < 0 : low > 0, lost = bits ? low > 0 : high < 0;
        if (won != (at < behind) || lost != (at > behind && at < unclear)) fail_msg("%s in: %s", name, statement);
    }
    char place[64];
    snprintf(place, sizeof place, better ? "SynapsNet number %d of %zu." : "SynapsNet is first.", better + 1,
             json_object_size(json_object_get(root, "rivals")) + 1);
    if (!strstr(statement, place)) fail_msg("no '%s' in: %s", place, statement);
}

/* Neurons that follow each other and themselves: some rivals are ahead of three epochs, some behind. */
static void the_statement_says_what_the_table_does(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(TINY_T, TINY_N, 0, "fluorescence", 5), raw_create(TINY_T, TINY_N, 0, "counts", 6)};
    for (int64_t k = TINY_N; k < TINY_T * TINY_N; k++) {
        raw[0].x[k] += 0.6f * raw[0].x[k - TINY_N] + 0.4f * raw[0].x[k - TINY_N + (k % TINY_N ? -1 : 0)];
        const int64_t sender = k - TINY_N + (k % TINY_N ? -1 : 0);
        raw[1].x[k] = normal(40, k) > (raw[1].x[sender] > 0 ? -0.5 : 1.5) ? 1 : 0;
    }
    for (int k = 0; k < 2; k++) {
        syn_options *options = small_options();
        assert_ok(syn_options_set(options, "rivals", "copy-last,mean,ar,linear,linear-change,no-connectivity"));
        json_t *root = compared(&raw[k], 1, options);
        check_statement(root);
        const char *statement = json_string_value(json_object_get(root, "statement"));
        assert_null(strstr(statement, "ahead of: none")); /* both sides are there to be told apart */
        assert_null(strstr(statement, "Behind: none"));
        json_decref(root), raw_free(&raw[k]);
    }
}

/* An ablation is a fit without the part. */
static void check_ablation(syn_recording *const *recording, const json_t *root, const char *name, const char *part) {
    syn_options *options = small_options();
    syn_model *model;
    char *text;
    assert_ok(syn_options_set(options, part, "0"));
    assert_ok(syn_fit(&model, recording, 2, options, NULL, NULL));
    assert_ok(syn_model_describe(model, &text));
    json_t *fit = json_loads(text, 0, NULL);
    same_figures(json_object_get(fit, "test"), rival(root, name));
    json_decref(fit), syn_free(text), syn_model_free(model), syn_options_free(options);
}

/* With gaps, trials and behaviour: the whole model and the one without connectivity as the fit reports them. */
static void figures_are_those_of_a_fit(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(TINY_T, TINY_N, 2, "fluorescence", 1), raw_create(TINY_T, 5, 0, "fluorescence", 2)};
    for (int64_t k = TINY_N; k < TINY_T * TINY_N; k++) raw[0].x[k] += 2 * raw[0].u[2 * (k / TINY_N - 1)];
    raw_hide(&raw[0], 13), raw_cut(&raw[1], 20, 3);
    syn_recording *recording[2] = {recording_of(&raw[0]), recording_of(&raw[1])};
    syn_options *options = small_options();
    syn_model *model;
    char *text;
    assert_ok(syn_fit(&model, recording, 2, options, NULL, NULL));
    assert_ok(syn_model_describe(model, &text));
    json_t *fit = json_loads(text, 0, NULL), *root = compared(raw, 2, options);
    json_t *baselines = json_object_get(fit, "baselines");
    same_figures(json_object_get(fit, "test"), json_object_get(root, "synapsnet"));
    same_figures(json_object_get(baselines, "no connectivity"), rival(root, "no-connectivity"));
    same_figures(json_object_get(baselines, "copy-last"), rival(root, "copy-last"));
    same_figures(json_object_get(baselines, "mean"), rival(root, "mean"));
    check_recordings(fit, root);
    const json_t *known = json_object_get(json_object_get(fit, "intervals"), "mse copy-last - synapsnet");
    const json_t *interval = json_object_get(rival(root, "copy-last"), "mse_diff_ci95");
    assert_near("low", number(known, "low"), json_number_value(json_array_get(interval, 0)), 1e-8);
    assert_near("high", number(known, "high"), json_number_value(json_array_get(interval, 1)), 1e-8);
    assert_true(json_is_true(json_object_get(fit, "behavior_used")));
    for (int k = 0; k < 2; k++) syn_recording_free(recording[k]), recording[k] = recording_of(&raw[k]);
    check_ablation(recording, root, "no-embedding", "embedding");
    for (int k = 0; k < 2; k++) syn_recording_free(recording[k]), recording[k] = recording_of(&raw[k]);
    check_ablation(recording, root, "no-behavior", "behavior-inputs");
    json_decref(fit), json_decref(root), syn_free(text), syn_model_free(model);
    for (int k = 0; k < 2; k++) syn_recording_free(recording[k]), raw_free(&raw[k]);
}

static void counts_are_ranked_by_bits(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "counts", 3);
    syn_options *options = small_options();
    assert_ok(syn_options_set(options, "rivals", "mean,ar"));
    json_t *root = compared(&raw, 1, options);
    assert_string_equal(json_string_value(json_object_get(root, "ranked_by")), "bits_per_spike");
    assert_int_equal(json_object_size(json_object_get(root, "rivals")), 2);
    const json_t *interval = json_object_get(rival(root, "ar"), "bits_per_spike_diff_ci95");
    const double low = json_number_value(json_array_get(interval, 0)),
                 high = json_number_value(json_array_get(interval, 1));
    const double difference =
        number(rival(root, "ar"), "bits_per_spike") - number(json_object_get(root, "synapsnet"), "bits_per_spike");
    assert_true(low < difference && difference < high);
    json_decref(root), raw_free(&raw);
}

/* [F][N] zeros, which is what the mean predicts. */
static void an_unobserved_test_split(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 7);
    for (int64_t k = TINY_T * 4 / 5 * TINY_N; k < TINY_T * TINY_N; k++) raw.x[k] = NAN;
    syn_recording *recording = recording_of(&raw);
    syn_options *options = small_options();
    char *text;
    assert_int_equal(syn_compare(&recording, 1, options, NULL, NULL, &text), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "nothing was observed in the test split"));
    assert_null(text);
    syn_options_free(options), syn_recording_free(recording), raw_free(&raw);
}

static void write_zeros(const char *path, int64_t F, int64_t N) {
    char header[128] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (";
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    int n = 10 + (int)strlen(header + 10);
    n += snprintf(header + n, sizeof header - (size_t)n, "%lld, %lld), }", (long long)F, (long long)N);
    memset(header + n, ' ', sizeof header - (size_t)n);
    header[127] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    fwrite(header, 1, sizeof header, file);
    for (int64_t k = 0; k < F * N; k++) fwrite(&(float){0}, sizeof(float), 1, file);
    fclose(file);
}

static void predictions_from_files(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 4);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    const syn_span *span = &set.data->session[0].span[SYN_TEST][0];
    const int64_t F = span->stop - syn_span_first_target(span);
    write_zeros("zeros.npy", F, TINY_N), write_zeros("short.npy", F - 1, TINY_N);
    syn_options *options = small_options();
    assert_ok(syn_options_set(options, "rivals", "mean"));
    assert_ok(syn_options_set(options, "predictions", "zeros=zeros.npy"));
    json_t *root = compared(&raw, 1, options);
    same_figures(rival(root, "mean"), rival(root, "zeros"));
    /* by hand */
    const syn_session *s = &set.data->session[0];
    double copied = 0, zeros = 0;
    float *x = floats(s->T * TINY_N);
    assert_ok(syn_baseline_restore(s, s->T, x));
    for (int64_t k = syn_span_first_target(span) * TINY_N; k < span->stop * TINY_N; k++)
        copied += pow((double)x[k] - (double)x[k - TINY_N], 2), zeros += pow((double)x[k], 2);
    assert_near("skill", 1 - zeros / copied, number(rival(root, "zeros"), "skill"), 1e-5);
    json_decref(root), free(x);

    static const char *const wrong[][3] = {{"predictions", "zeros.npy", "expected NAME=FILE"},
                                           {"predictions", "ar=zeros.npy", "is the name of a model"},
                                           {"predictions", "x=missing.npy", "missing.npy"},
                                           {"predictions", "x=short.npy", "the test frames and neurons of"},
                                           {"rivals", "linear,gruu", "found 'gruu'; expected some"}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        syn_recording *recording = recording_of(&raw);
        char *text;
        options = small_options();
        assert_ok(syn_options_set(options, "rivals", "mean"));
        assert_ok(syn_options_set(options, wrong[k][0], wrong[k][1]));
        assert_int_not_equal(syn_compare(&recording, 1, options, NULL, NULL, &text), SYN_OK);
        assert_null(text);
        if (!strstr(syn_last_error(), wrong[k][2])) fail_msg("%s: no '%s'", syn_last_error(), wrong[k][2]);
        syn_options_free(options), syn_recording_free(recording);
    }
    unlink("zeros.npy"), unlink("short.npy");
    set_free(&set), raw_free(&raw);
}

/* One file for each recording, in their order. */
static void predictions_of_several_recordings(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(TINY_T, TINY_N, 0, "fluorescence", 1), raw_create(TINY_T, 5, 0, "fluorescence", 2)};
    syn_options *options = small_options();
    assert_ok(syn_options_set(options, "rivals", "mean"));
    for (int k = 0; k < 2; k++) {
        test_set set = set_create(&raw[k], 1, TINY_WINDOW);
        const syn_span *span = &set.data->session[0].span[SYN_TEST][0];
        const char *path = k == 0 ? "first.npy" : "second.npy";
        char item[32];
        write_zeros(path, span->stop - syn_span_first_target(span), raw[k].N);
        snprintf(item, sizeof item, "zeros=%s", path);
        assert_ok(syn_options_set(options, "predictions", item));
        set_free(&set);
    }
    json_t *root = compared(raw, 2, options);
    same_figures(rival(root, "mean"), rival(root, "zeros"));
    json_decref(root), unlink("first.npy"), unlink("second.npy");
    raw_free(&raw[0]), raw_free(&raw[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_a_fit),
        cmocka_unit_test(counts_are_ranked_by_bits),
        cmocka_unit_test(the_statement_says_what_the_table_does),
        cmocka_unit_test(an_unobserved_test_split),
        cmocka_unit_test(predictions_from_files),
        cmocka_unit_test(predictions_of_several_recordings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
