/* Parts of the report that a page would not show to be wrong: encoding, order, components; and what is written. */
#include <sys/stat.h>
#include <unistd.h>

#include "../analysis/tiny_model.h"
#include "report/axes.h"
#include "report/report.h"

static const char page[] = "test_report.html", data[] = "test_report.json";

static void test_base64(void **state) {
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                 {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        json_t *json = syn_base64_json(cases[k].bytes, strlen(cases[k].bytes));
        assert_string_equal(json_string_value(json), cases[k].text);
        json_decref(json);
    }
}

static bool holds_bytes(const json_t *array, const void *bytes, size_t n) {
    json_t *packed = syn_packed_json(bytes, n);
    const bool same = json_equal(json_object_get(array, "data"), packed);
    json_decref(packed);
    return same;
}

/* Two rows: 1, 3, unknown; 0, 0, 0. */
static void test_rows(void **state) {
    const float x[2][3] = {{1, 3, NAN}, {0, 0, 0}};
    json_t *json = syn_rows_json(x[0], 2, 3, 1, false);
    (void)state;
    assert_string_equal(json_string_value(json_object_get(json, "type")), "i8");
    assert_true(holds_bytes(json, (const int8_t[]){-127, 127, -128, 0, 0, 0}, 6));
    assert_near("offset", 2, json_number_value(json_array_get(json_object_get(json, "offset"), 0)), 1e-12);
    assert_near("scale", 1.0 / 127, json_number_value(json_array_get(json_object_get(json, "scale"), 0)), 1e-12);
    json_decref(json);
    json = syn_rows_json(x[0], 1, 2, 2, true); /* of scale 3 / 32767 */
    assert_null(json_object_get(json, "offset"));
    assert_true(holds_bytes(json, "\xaa\x2a\xff\x7f", 4)); /* 10922, 32767 */
    json_decref(json);
}

static void test_unit_of_activity(void **state) {
    static const struct {
        syn_signal signal;
        const char *unit, *text;
    } units[] = {{SYN_SIGNAL_FLUORESCENCE, NULL, "fluorescence (raw units)"},
                 {SYN_SIGNAL_FLUORESCENCE, "lumens", "fluorescence (lumens)"},
                 {SYN_SIGNAL_DECONVOLVED, "", "events (raw units)"},
                 {SYN_SIGNAL_COUNTS, "lumens", "spikes per bin"}};
    (void)state;
    for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
        char unit[32] = "", text[64];
        if (units[k].unit) strcpy(unit, units[k].unit);
        const syn_recording r = {.signal = units[k].signal, .unit = units[k].unit ? unit : NULL};
        syn_activity_unit(&r, text, sizeof text);
        assert_string_equal(text, units[k].text);
    }
}

/* Items of two groups, shuffled: near within, far between. */
static void test_cluster(void **state) {
    enum { n = 9 };
    float distance[n * n];
    int64_t order[n];
    (void)state;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++) distance[a * n + b] = a % 2 == b % 2 ? 0.1f + 0.01f * (float)abs(a - b) : 1.0f;
    assert_ok(syn_cluster_order(distance, n, order));
    int changes = 0, seen = 0;
    for (int k = 0; k < n; k++) {
        seen |= 1 << order[k];
        if (k) changes += order[k] % 2 != order[k - 1] % 2;
    }
    assert_int_equal(seen, (1 << n) - 1);
    assert_int_equal(changes, 1);
    float one = 0;
    assert_ok(syn_cluster_order(&one, 1, order));
    assert_int_equal(order[0], 0);
}

/* Points along (3, 4): one component, five times as long. */
static void test_components(void **state) {
    float rows[5][2], component[5][2];
    double explained[2];
    (void)state;
    for (int i = 0; i < 5; i++) rows[i][0] = 3 * (float)i + 7, rows[i][1] = 4 * (float)i;
    assert_ok(syn_principal_components(rows[0], 5, 2, 2, component[0], explained));
    assert_near("explained", 1, explained[0], 1e-9);
    for (int i = 0; i < 5; i++) assert_near("component", 5 * (i - 2), (double)component[i][0], 1e-4);
}

/* ---- a whole report ---- */

typedef struct example {
    raw_data raw;
    test_set set;
    syn_model *model;
} example;

static example example_create(bool trials) {
    example e = {.raw = raw_create(TINY_T, TINY_N, 1, "fluorescence", 31)};
    if (trials) raw_cut(&e.raw, 20, 2);
    raw_hide(&e.raw, 5);
    e.set = set_create(&e.raw, 1, TINY_WINDOW);
    e.model = model_of(&e.set, random_parameters(e.set.data, SYN_FORM_DENSE, 5, 33), SYN_LOSS_GAUSSIAN);
    return e;
}

static void example_free(example *e) { syn_model_free(e->model), set_free(&e->set), raw_free(&e->raw); }

static syn_status write_report(const example *e, const char *path, syn_options *options, char **json) {
    syn_recording *recording = recording_of(&e->raw);
    syn_status status = syn_report_write(e->model, &recording, 1, options, path, json);
    syn_recording_free(recording);
    syn_options_free(options);
    return status;
}

/* A file as a text of its own. */
static char *read_text(const char *path) {
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    char *text = calloc((size_t)file.st_size + 1, 1);
    FILE *in = fopen(path, "rb");
    assert_true(text && in);
    assert_int_equal(fread(text, 1, (size_t)file.st_size, in), file.st_size);
    fclose(in);
    return text;
}

static void remove_figures(const char *base) {
    static const char *const names[] = {"models", "traces", "horizon", "connectivity", "graph"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char path[64];
        snprintf(path, sizeof path, "%s-%s.svg", base, names[k]);
        unlink(path);
    }
}

static json_t *session_of(json_t *root) { return json_array_get(json_object_get(root, "sessions"), 0); }

static json_t *read_data(void) {
    json_t *root = json_load_file(data, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

/* The page holds the same data, with no "<" that could end it early, and every mark of the frame is gone. */
static void test_page(void **state) {
    example e = example_create(false);
    char *json = NULL;
    struct stat file;
    (void)state;
    assert_ok(write_report(&e, page, OPTIONS("steps", "4"), &json));
    json_t *summary = json_loads(json, 0, NULL);
    assert_int_equal(stat(page, &file), 0);
    assert_int_equal(json_integer_value(json_object_get(summary, "bytes")), file.st_size);
    assert_true(json_number_value(json_object_get(json_object_get(summary, "test"), "mse")) > 0);
    json_decref(summary);
    syn_free(json);
    assert_ok(write_report(&e, data, OPTIONS("steps", "4"), NULL));

    char *text = read_text(page);
    assert_null(strstr(text, "<!--"));
    const char *start = strstr(text, "id=\"data\">") + strlen("id=\"data\">");
    json_t *inside = json_loadb(start, (size_t)(strstr(start, "</script>") - start), 0, NULL), *beside = read_data();
    assert_true(json_equal(inside, beside));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(session_of(beside), "horizon"), "steps")), 4);
    json_decref(inside), json_decref(beside);
    free(text);
    unlink(page), unlink(data);
    example_free(&e);
}

/* The default number of steps gives way to short trials; one that was asked for does not. */
static void test_short_trials(void **state) {
    example e = example_create(true);
    (void)state;
    assert_ok(write_report(&e, data, OPTIONS("threads", "1"), NULL));
    json_t *root = read_data(), *horizon = json_object_get(session_of(root), "horizon");
    const json_int_t steps = json_integer_value(json_object_get(horizon, "steps"));
    assert_in_range(steps, 1, 19);
    assert_int_equal(json_array_size(json_object_get(horizon, "mse")), steps);
    json_decref(root);
    assert_int_equal(write_report(&e, data, OPTIONS("steps", "21"), NULL), SYN_ERR_OPTION);
    assert_non_null(strstr(syn_last_error(), "steps: found 21"));
    unlink(data);
    example_free(&e);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A rival of the same test frames is a row like any other; a comparison of another model is refused. */
static void test_rivals(void **state) {
    static const char path[] = "comparison.json";
    example e = example_create(false);
    char text[400];
    (void)state;
    assert_ok(write_report(&e, data, OPTIONS("steps", "4"), NULL));
    json_t *root = read_data();
    const double own =
        json_number_value(json_object_get(json_object_get(json_object_get(root, "evaluation"), "test"), "mse"));
    json_decref(root);
    snprintf(text, sizeof text,
             "{\"synapsnet\": {\"mse\": %.9g}, \"rivals\": {\"linear\": {\"mse\": %.9g, \"r2\": 0.25, \"chosen\": {}, "
             "\"mse_diff_ci95\": [-0.5, 1.5], \"recordings\": [{\"mse\": %.9g, \"mse_diff_ci95\": [1, 2]}]}, "
             "\"no-connectivity\": {\"mse\": 2, \"mse_diff_ci95\": null}}}",
             own, own + 0.5, own + 1.5);
    write_text(path, text);
    assert_ok(write_report(&e, data, OPTIONS("steps", "4", "comparison", path), NULL));
    root = read_data();
    json_t *baselines = json_object_get(json_object_get(root, "evaluation"), "baselines");
    json_t *interval =
        json_object_get(json_object_get(json_object_get(root, "evaluation"), "intervals"), "mse linear - synapsnet");
    assert_near("r2", 0.25, json_number_value(json_object_get(json_object_get(baselines, "linear"), "r2")), 0);
    assert_near("mean", 0.5, json_number_value(json_object_get(interval, "mean")), 1e-6);
    assert_near("high", 1.5, json_number_value(json_object_get(interval, "high")), 0);
    assert_non_null(json_object_get(baselines, "no connectivity"));
    json_t *session = json_array_get(json_object_get(json_object_get(root, "evaluation"), "sessions"), 0);
    interval = json_object_get(json_object_get(session, "intervals"), "mse linear - synapsnet");
    assert_near("mean", 1.5, json_number_value(json_object_get(interval, "mean")), 1e-6);
    assert_near("low", 1, json_number_value(json_object_get(interval, "low")), 0);
    assert_non_null(json_object_get(json_object_get(session, "baselines"), "linear"));
    json_decref(root);

    write_text(path, "{\"synapsnet\": {\"mse\": 123}, \"rivals\": {}}");
    assert_int_equal(write_report(&e, data, OPTIONS("comparison", path), NULL), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "has a test mse of 123 there"));
    write_text(path, "mse 0.5");
    assert_int_equal(write_report(&e, data, OPTIONS("comparison", path), NULL), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "comparison.json: "));
    unlink(path), unlink(data);
    example_free(&e);
}

static void test_numbers(void **state) {
    char text[32];
    (void)state;
    syn_number(text, sizeof text, 3, -2.5e-7);
    assert_string_equal(text, "\u22122.5e\u221207");
    syn_number(text, sizeof text, 3, 0.47012);
    assert_string_equal(text, "0.47");
    assert_near("as it is", 2, syn_round_below(2), 1e-12);
    assert_near("below", 0.5, syn_round_below(0.99), 1e-12);
    assert_near("of hundreds", 100, syn_round_below(199), 1e-9);
}

static bool starts_with(const char *path, const char *expected) {
    char start[8] = "";
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    const size_t n = fread(start, 1, sizeof start - 1, file);
    fclose(file);
    return n > strlen(expected) && !memcmp(start, expected, strlen(expected));
}

/* One file a figure, named after the output, and nothing else. */
static void test_figures(void **state) {
    static const struct {
        const char *path, *start;
    } formats[] = {{"figures.png", "\x89PNG"}, {"figures.svg", "<?xml"}, {"figures.pdf", "%PDF-"}};
    static const char *const names[] = {"models", "traces", "horizon", "connectivity", "graph"};
    example e = example_create(false);
    (void)state;
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        char *json = NULL, name[64];
        assert_ok(write_report(&e, formats[k].path, OPTIONS("steps", "4"), &json));
        json_t *summary = json_loads(json, 0, NULL), *files = json_object_get(summary, "files");
        assert_int_equal(json_array_size(files), 5);
        for (size_t f = 0; f < 5; f++) {
            snprintf(name, sizeof name, "figures-%s.%s", names[f], strchr(formats[k].path, '.') + 1);
            assert_string_equal(json_string_value(json_array_get(files, f)), name);
            assert_true(starts_with(name, formats[k].start));
            unlink(name);
        }
        assert_int_not_equal(access(formats[k].path, F_OK), 0);
        json_decref(summary);
        syn_free(json);
    }
    assert_int_equal(write_report(&e, "no/such/figures.svg", OPTIONS("steps", "4"), NULL), SYN_ERR_IO);
    example_free(&e);
}

/* Shaded between the lines, from the first point on, but not across a gap, nor from where the pen was. */
static void test_band(void **state) {
    const double x[] = {0, 1, 2, NAN, 4, 5}, low[] = {1, 1, 1, 1, 2, 2}, high[] = {3, 3, 3, 3, 4, 4};
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 60, 50);
    cairo_t *cr = cairo_create(surface);
    const syn_axes a = {.cr = cr, .width = 60, .height = 50, .x_high = 6, .y_high = 5};
    (void)state;
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_move_to(cr, 30, 48);
    syn_axes_band(&a, x, low, high, 6, SYN_INK_BLUE);
    cairo_surface_flush(surface);
    const unsigned char *bytes = cairo_image_surface_get_data(surface);
    int shaded = 0;
    for (int row = 0; row < 50; row++)
        for (int column = 0; column < 60; column++) {
            const unsigned char *blue = bytes + row * cairo_image_surface_get_stride(surface) + 4 * column;
            const bool first = column < 20 && row >= 20 && row < 40;
            const bool second = column >= 40 && column < 50 && row >= 10 && row < 30;
            assert_int_equal(blue[2] < 255, first || second);
            assert_true(blue[0] > 225 && blue[2] >= 190); /* light */
            shaded += blue[2] < 255;
        }
    assert_int_equal(shaded, 600);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
}

/* Each neuron's band, and the one that says what it is; a figure without intervals has none. */
static void test_band_of_traces(void **state) {
    static const char shade[] = "fill:rgb(95.875%,84.225%,75%)";
    example e = example_create(false);
    (void)state;
    assert_ok(write_report(&e, "band.svg", OPTIONS("steps", "4"), NULL));
    char *text = read_text("band-traces.svg");
    int bands = 0;
    for (const char *at = text; (at = strstr(at, shade)); at++) bands++;
    assert_int_equal(bands, (TINY_N < 5 ? TINY_N : 5) + 1);
    free(text);
    remove_figures("band");
    example_free(&e);
}

/* The ids of a figure are cut between characters, or nothing would draw them. */
static void test_long_ids(void **state) {
    static const char *const names[] = {"models", "traces", "horizon", "connectivity", "graph"};
    example e = example_create(false);
    char id[96] = "x", name[64];
    (void)state;
    for (int k = 0; k < 40; k++) strcat(id, "\xc3\xa9");
    for (int64_t i = 0; i < e.model->session[0].norm.N; i++) {
        free(e.model->session[0].neuron_id[i]);
        e.model->session[0].neuron_id[i] = strdup(id);
    }
    assert_ok(write_report(&e, "ids.svg", OPTIONS("steps", "4"), NULL));
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        snprintf(name, sizeof name, "ids-%s.svg", names[k]);
        assert_int_equal(unlink(name), 0);
    }
    example_free(&e);
}

/* Gives the model tests of its edges, of which only the one to neuron 1 from neuron 0 has this estimate over its error.
 */
static void set_evidence(syn_model *model, float statistic) {
    syn_edge_estimates *edges = calloc(1, sizeof *edges);
    const int64_t N = model->session[0].norm.N;
    edges->estimate = calloc((size_t)(N * N), sizeof *edges->estimate);
    edges->error = calloc((size_t)(N * N), sizeof *edges->error);
    for (int64_t k = 0; k < N * N; k++) edges->error[k] = k / N == k % N ? 0 : 1;
    edges->estimate[N] = statistic;
    edges->freedom = 1000, edges->inflation = 1;
    syn_edge_estimates_free(model->session[0].edges);
    model->session[0].edges = edges;
}

/* The edge that is found is so at every rate, the others (q = 1) at none. */
static void test_evidence(void **state) {
    example e = example_create(false);
    (void)state;
    assert_ok(write_report(&e, data, OPTIONS("steps", "4"), NULL));
    json_t *root = read_data();
    assert_null(json_object_get(session_of(root), "edges")); /* the model holds no tests */
    json_decref(root);

    set_evidence(e.model, 100);
    assert_ok(write_report(&e, data, OPTIONS("steps", "4"), NULL));
    root = read_data();
    json_t *edges = json_object_get(session_of(root), "edges"), *levels = json_object_get(edges, "levels");
    const size_t N = (size_t)e.model->session[0].norm.N;
    uint8_t *level = calloc(N * N, 1);
    level[N] = SYN_REPORT_FDRS;
    assert_true(holds_bytes(json_object_get(edges, "level"), level, N * N));
    assert_int_equal(json_array_size(levels), SYN_REPORT_FDRS);
    for (size_t l = 0; l < SYN_REPORT_FDRS; l++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(levels, l), "found")), 1);
    assert_near("default", json_number_value(json_object_get(edges, "fdr")), syn_report_fdr[SYN_REPORT_BELIEVED - 1],
                0);
    json_decref(root);
    free(level);
    example_free(&e);
}

/* The graph for a paper is of significant edges: without any there is none. */
static void test_graph_of_the_significant(void **state) {
    example e = example_create(false);
    (void)state;
    for (int found = 0; found < 2; found++) {
        char *json = NULL;
        set_evidence(e.model, found ? 100 : 0);
        assert_ok(write_report(&e, "figures.svg", OPTIONS("steps", "4"), &json));
        assert_int_equal(strstr(json, "figures-graph.svg") != NULL, found);
        assert_int_equal(access("figures-graph.svg", F_OK) == 0, found);
        syn_free(json);
    }
    remove_figures("figures");
    example_free(&e);
}

/* Edges are tested of a model without a connectivity too, and drawn by their estimates. */
static void test_graph_without_a_connectivity(void **state) {
    example e = example_create(false);
    char *json = NULL;
    (void)state;
    syn_model_free(e.model);
    e.model = model_of(&e.set, random_parameters(e.set.data, SYN_FORM_NONE, 5, 33), SYN_LOSS_GAUSSIAN);
    set_evidence(e.model, 100);
    assert_ok(write_report(&e, "figures.svg", OPTIONS("steps", "4"), &json));
    assert_non_null(strstr(json, "figures-graph.svg"));
    syn_free(json);
    remove_figures("figures");
    assert_ok(write_report(&e, data, OPTIONS("steps", "4"), NULL));
    json_t *root = read_data();
    assert_non_null(json_object_get(json_object_get(session_of(root), "edges"), "estimate"));
    json_decref(root);
    example_free(&e);
}

static void test_refused(void **state) {
    example e = example_create(false);
    (void)state;
    assert_int_equal(write_report(&e, "report.docx", OPTIONS("steps", "4"), NULL), SYN_ERR_OPTION);
    assert_non_null(strstr(syn_last_error(), "output: found 'report.docx'"));
    assert_int_equal(write_report(&e, "no/such/folder.html", OPTIONS("steps", "4"), NULL), SYN_ERR_IO);
    assert_non_null(strstr(syn_last_error(), "no/such/folder.html"));
    assert_int_equal(syn_report_write(e.model, (syn_recording *[]){NULL, NULL}, 2, NULL, page, NULL), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "found 2 recordings; the model was fitted on 1"));
    example_free(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers),
                                       cmocka_unit_test(test_base64),
                                       cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_unit_of_activity),
                                       cmocka_unit_test(test_cluster),
                                       cmocka_unit_test(test_components),
                                       cmocka_unit_test(test_page),
                                       cmocka_unit_test(test_short_trials),
                                       cmocka_unit_test(test_rivals),
                                       cmocka_unit_test(test_figures),
                                       cmocka_unit_test(test_evidence),
                                       cmocka_unit_test(test_long_ids),
                                       cmocka_unit_test(test_graph_of_the_significant),
                                       cmocka_unit_test(test_graph_without_a_connectivity),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_band),
                                       cmocka_unit_test(test_band_of_traces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
