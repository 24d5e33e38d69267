/* The model file: what is written is what is read, the same model is the same bytes, and whatever is wrong with a file
 * is said in one line. */
#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tiny_model.h"

static const char path[] = "test_model_file.h5";

static syn_model *example(syn_form form, test_set *set) {
    raw_data raw[2] = {raw_create(TINY_T, TINY_N, 2, "fluorescence", 1),
                       raw_create(TINY_T, TINY_N - 1, 2, "fluorescence", 2)};
    *set = set_create(raw, 2, TINY_WINDOW);
    syn_recording *r = set->recording[0];
    r->region = zeros(TINY_N, sizeof(char *));
    for (int i = 0; i < TINY_N; i++) assert_ok(syn_copy_text(&r->region[i], i % 2 ? "V1" : ""));
    r->position = floats(3 * TINY_N);
    r->position[4] = NAN;
    assert_ok(syn_copy_text(&r->path, "a recording.h5:x"));
    raw_free(&raw[0]), raw_free(&raw[1]);
    syn_model *model = model_of(set, random_parameters(set->data, form, 5, 7), SYN_LOSS_GAUSSIAN);
    syn_edge_estimates *e = model->session[0].edges =
        zeros(1, sizeof *e); /* the other as an earlier version wrote it */
    *e = (syn_edge_estimates){.of_events = true,
                              .bin_s = 0.005,
                              .window = 3,
                              .freedom = 300,
                              .inflation = 1.2,
                              .coactivity = 0.7,
                              .lags = 24,
                              .correlation_of_halves = 0.5,
                              .residual_correlation = 0.1,
                              .residual_correlation_by_chance = 0.05,
                              .decay = 0.9,
                              .crosstalk = 0.2,
                              .overlapping = 6};
    e->estimate = floats(TINY_N * TINY_N), e->error = floats(TINY_N * TINY_N);
    for (int half = 0; half < 2; half++) {
        e->half[half] = floats(TINY_N * TINY_N);
        for (int k = 0; k < TINY_N * TINY_N; k++) e->half[half][k] = (float)normal(56 + (uint32_t)half, k);
    }
    for (int k = 0; k < TINY_N * TINY_N; k++) e->estimate[k] = (float)normal(55, k), e->error[k] = (float)(k % 5);
    assert_ok(syn_seed_estimates_create(&model->session[0].seeds, 3, TINY_N));
    syn_seed_estimates *seeds = model->session[0].seeds;
    for (int f = 0; f < 3; f++) seeds->seed[f] = 1000 * f + 3;
    for (int k = 0; k < TINY_N * TINY_N; k++) {
        seeds->mean[k] = (float)normal(58, k), seeds->sd[k] = (float)(k % 3), seeds->same_sign[k] = (float)(k % 2);
    }
    seeds->median_correlation = 0.75;
    return model;
}

static void free_example(syn_model *model, test_set *set) { syn_model_free(model), set_free(set); }

static char *bytes_of(const char *name, size_t *n) {
    struct stat st;
    FILE *file = fopen(name, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    *n = (size_t)st.st_size;
    char *bytes = zeros((int64_t)*n, 1);
    assert_int_equal(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

static void assert_same_session(const syn_fitted_session *a, const syn_fitted_session *b) {
    const int64_t N = a->norm.N;
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->signal, b->signal);
    assert_true(a->rate_hz == b->rate_hz && a->norm.alpha == b->norm.alpha);
    assert_true(!a->path == !b->path && (!a->path || !strcmp(a->path, b->path)));
    assert_true(!a->folder == !b->folder && (!a->folder || !strcmp(a->folder, b->folder)));
    for (int64_t k = 0; k < a->norm.B; k++) assert_string_equal(a->behavior_name[k], b->behavior_name[k]);
    assert_true(a->norm.N == b->norm.N && a->norm.B == b->norm.B && a->norm.N_recorded == b->norm.N_recorded);
    assert_memory_equal(a->norm.kept, b->norm.kept, (size_t)N * sizeof(int64_t));
    assert_same("mean", a->norm.mean, b->norm.mean, N);
    assert_same("scale", a->norm.scale, b->norm.scale, N);
    assert_same("u_mean", a->norm.u_mean, b->norm.u_mean, a->norm.B);
    assert_same("u_scale", a->norm.u_scale, b->norm.u_scale, a->norm.B);
    assert_true(!a->edges == !b->edges);
    if (a->edges) {
        assert_same("estimate", a->edges->estimate, b->edges->estimate, N * N);
        for (int half = 0; half < 2; half++) assert_same("half", a->edges->half[half], b->edges->half[half], N * N);
        assert_same("error", a->edges->error, b->edges->error, N * N);
        assert_int_equal(a->edges->of_events, b->edges->of_events);
        assert_memory_equal(&a->edges->bin_s, &b->edges->bin_s, sizeof *a->edges - offsetof(syn_edge_estimates, bin_s));
    }
    assert_true(!a->seeds == !b->seeds);
    if (a->seeds) {
        assert_int_equal(a->seeds->fits, b->seeds->fits);
        assert_memory_equal(a->seeds->seed, b->seeds->seed, (size_t)a->seeds->fits * sizeof(int64_t));
        assert_same("seed mean", a->seeds->mean, b->seeds->mean, N * N);
        assert_same("seed sd", a->seeds->sd, b->seeds->sd, N * N);
        assert_same("same sign", a->seeds->same_sign, b->seeds->same_sign, N * N);
        assert_true(a->seeds->median_correlation == b->seeds->median_correlation);
    }
    assert_int_equal(a->lags, b->lags);
    assert_memory_equal(a->gain, b->gain, (size_t)(a->lags + 1) * (size_t)N * sizeof(double));
    assert_true(!a->region == !b->region && !a->position == !b->position && !a->cell_type && !b->cell_type);
    for (int64_t i = 0; i < N; i++) {
        assert_string_equal(a->neuron_id[i], b->neuron_id[i]);
        if (a->region) assert_string_equal(a->region[i], b->region[i]);
    }
}

static void check_round_trip(syn_form form) {
    test_set set;
    syn_model *model = example(form, &set), *again;
    if (form == SYN_FORM_DENSE) model->p->correction = (syn_correction){0.05f, 0.01f, 0.3f};
    if (form == SYN_FORM_LOWRANK) model->p->correction.share = 1;
    assert_ok(syn_model_write(model, path));
    assert_ok(syn_model_read(&again, path));
    assert_int_equal(again->p->form, form);
    assert_memory_equal(&again->p->correction, &model->p->correction, sizeof model->p->correction);
    assert_int_equal(again->loss, model->loss);
    assert_int_equal(again->window, model->window);
    assert_true(again->train == model->train && again->validation == model->validation && again->seconds < 0);
    assert_int_equal(again->p->count, model->p->count);
    assert_same("parameters", model->p->value, again->p->value, (int64_t)model->p->count);
    assert_string_equal(again->options, model->options);
    assert_string_equal(again->description, model->description);
    for (size_t s = 0; s < model->n; s++) {
        const uint8_t *support = model->p->session[s].support, *read = again->p->session[s].support;
        assert_same_session(&model->session[s], &again->session[s]);
        assert_true(!support == !read);
        if (support) assert_memory_equal(support, read, (size_t)(model->p->session[s].N * model->p->session[s].N));
    }
    assert_int_equal(syn_model_sessions(again), 2);
    assert_int_equal(syn_model_neurons(again, 1), TINY_N - 1);
    assert_string_equal(syn_neuron_id(again, 0, 3), "3");
    assert_null(syn_neuron_id(again, 0, TINY_N));
    syn_model_free(again);
    free_example(model, &set);
    unlink(path);
}

static void every_form_round_trips(void **state) {
    (void)state;
    for (int form = SYN_FORM_NONE; form < SYN_FORMS; form++) check_round_trip((syn_form)form);
}

/* Also a second later, and after the model was read from a file. */
static void same_model_same_bytes(void **state) {
    (void)state;
    test_set set;
    size_t n, m;
    syn_model *model = example(SYN_FORM_LOWRANK_SPARSE, &set), *again;
    assert_ok(syn_model_write(model, path));
    char *first = bytes_of(path, &n), *second;
    sleep(1);
    assert_ok(syn_model_read(&again, path));
    again->seconds = 12;
    assert_ok(syn_model_write(again, path));
    second = bytes_of(path, &m);
    assert_int_equal(n, m);
    assert_memory_equal(first, second, n);
    free(first), free(second);
    syn_model_free(again);
    free_example(model, &set);
    unlink(path);
}

static void description_has_the_seconds_if_known(void **state) {
    (void)state;
    test_set set;
    char *json;
    syn_model *model = example(SYN_FORM_NONE, &set);
    assert_ok(syn_model_describe(model, &json));
    assert_null(strstr(json, "seconds"));
    syn_free(json);
    model->seconds = 2.5;
    assert_ok(syn_model_describe(model, &json));
    assert_non_null(strstr(json, "\"seconds\": 2.5"));
    syn_free(json);
    free_example(model, &set);
}

/* Events may leave nothing in the next frame; files of earlier versions tell them by what they leave. */
static void edges_say_whether_they_are_of_events(void **state) {
    (void)state;
    test_set set;
    for (int k = 0; k < 4; k++) {
        syn_model *model = example(SYN_FORM_DENSE, &set), *again;
        const bool earlier = k >= 2;
        model->session[0].edges->of_events = k == 0;
        model->session[0].edges->decay = k == 3 ? 0.9 : 0;
        assert_ok(syn_model_write(model, path));
        if (earlier) {
            hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
            assert_true(H5Adelete_by_name(file, "/session_0/edges", "of_events", H5P_DEFAULT) >= 0);
            H5Fclose(file);
        }
        assert_ok(syn_model_read(&again, path));
        assert_int_equal(again->session[0].edges->of_events, earlier ? k == 3 : k == 0);
        syn_model_free(again), free_example(model, &set);
    }
    unlink(path);
}

/* ---- bad files ---- */

static void set_text(hid_t file, const char *object, const char *name, const char *text) {
    H5Adelete_by_name(file, object, name, H5P_DEFAULT);
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(text) + 1);
    hid_t attribute = H5Acreate_by_name(file, object, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, text) >= 0);
    H5Aclose(attribute), H5Sclose(space), H5Tclose(type);
}

static void set_number(hid_t file, const char *object, const char *name, double value) {
    H5Adelete_by_name(file, object, name, H5P_DEFAULT);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute =
        H5Acreate_by_name(file, object, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value) >= 0);
    H5Aclose(attribute), H5Sclose(space);
}

/* Replaces a dataset by one of another shape, of which nothing is stored unless `fill` is written everywhere. */
static void replace(hid_t file, const char *name, hid_t type, hsize_t rows, hsize_t columns, const float *fill) {
    H5Ldelete(file, name, H5P_DEFAULT);
    hid_t space = H5Screate_simple(columns ? 2 : 1, (hsize_t[]){rows, columns}, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(dataset >= 0);
    if (fill) {
        float *values = floats((int64_t)(rows * (columns ? columns : 1)));
        for (hsize_t k = 0; k < rows * (columns ? columns : 1); k++) values[k] = *fill;
        assert_true(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
        free(values);
    }
    H5Dclose(dataset), H5Sclose(space);
}

static const float zero = 0, one = 1, not_a_number = NAN;

static void no_format(hid_t f) { H5Adelete(f, "synapsnet_format"); }
static void a_recording(hid_t f) { set_text(f, "/", "synapsnet_format", "recording"); }
static void newer(hid_t f) { set_number(f, "/", "format_version", 99); }
static void no_session(hid_t f) { H5Ldelete(f, "/session_1", H5P_DEFAULT); }
static void many_sessions(hid_t f) { set_number(f, "/", "sessions", 1e7); }
static void odd_form(hid_t f) { set_text(f, "/", "form", "round"); }
static void other_form(hid_t f) { set_text(f, "/", "form", "lowrank"); }
static void odd_loss(hid_t f) { set_text(f, "/", "loss", "squared"); }
static void odd_hidden(hid_t f) { set_number(f, "/", "hidden", 5.5); }
static void huge_hidden(hid_t f) { set_number(f, "/", "hidden", 1e9); }
static void other_hidden(hid_t f) { set_number(f, "/", "hidden", 6); }
static void huge_embedding(hid_t f) { set_number(f, "/", "embedding", 200); }
static void odd_share(hid_t f) { set_number(f, "/", "mean_share", 1.5); }
static void odd_mean_alpha(hid_t f) { set_number(f, "/", "mean_alpha", -0.1); }
static void odd_split(hid_t f) { set_number(f, "/", "train", 0.9); }
static void no_window(hid_t f) { H5Adelete(f, "window"); }
static void no_weights(hid_t f) { H5Ldelete(f, "/session_0/z", H5P_DEFAULT); }
static void small_weights(hid_t f) { replace(f, "/session_0/z", H5T_IEEE_F32LE, TINY_N, TINY_N - 1, &one); }
static void flat_weights(hid_t f) { replace(f, "/session_0/z", H5T_IEEE_F32LE, TINY_N * TINY_N, 0, &one); }
static void whole_weights(hid_t f) { replace(f, "/session_0/z", H5T_STD_I32LE, TINY_N, TINY_N, &one); }
static void nan_weights(hid_t f) { replace(f, "/session_0/z", H5T_IEEE_F32LE, TINY_N, TINY_N, &not_a_number); }
static void many_neurons(hid_t f) {
    replace(f, "/session_0/normalisation/kept", H5T_STD_I64LE, (hsize_t)1 << 40, 0, NULL);
}
static void kept_twice(hid_t f) { replace(f, "/session_0/normalisation/kept", H5T_STD_I64LE, TINY_N, 0, &one); }
static void no_scale(hid_t f) { replace(f, "/session_1/normalisation/scale", H5T_IEEE_F32LE, TINY_N - 1, 0, &zero); }
static void few_recorded(hid_t f) { set_number(f, "/session_0", "recorded_neurons", 3); }
static void odd_alpha(hid_t f) { set_number(f, "/session_0", "alpha", 1.5); }
static void no_rate(hid_t f) { H5Adelete_by_name(f, "/session_0", "rate_hz", H5P_DEFAULT); }
static void odd_signal(hid_t f) { set_text(f, "/session_0", "signal", "light"); }
static void no_ids(hid_t f) { H5Ldelete(f, "/session_0/neurons/id", H5P_DEFAULT); }
static void number_ids(hid_t f) { replace(f, "/session_0/neurons/id", H5T_IEEE_F32LE, TINY_N, 0, &one); }
static void few_names(hid_t f) { replace(f, "/session_0/behavior_names", H5T_C_S1, 1, 0, NULL); }
static void no_gain(hid_t f) { H5Ldelete(f, "/session_0/gain", H5P_DEFAULT); }
static void narrow_gain(hid_t f) { replace(f, "/session_0/gain", H5T_IEEE_F64LE, 2, 3, &one); }
static void nan_gain(hid_t f) { replace(f, "/session_0/gain", H5T_IEEE_F64LE, 2, TINY_N, &not_a_number); }
static void one_seed(hid_t f) { replace(f, "/session_0/seeds/seed", H5T_STD_I64LE, 1, 0, &one); }
static void few_means(hid_t f) { replace(f, "/session_0/seeds/mean", H5T_IEEE_F32LE, TINY_N, 3, &one); }
static void nan_sd(hid_t f) { replace(f, "/session_0/seeds/sd", H5T_IEEE_F32LE, TINY_N, TINY_N, &not_a_number); }
static void no_signs(hid_t f) { H5Ldelete(f, "/session_0/seeds/same_sign", H5P_DEFAULT); }
static void no_correlation(hid_t f) { H5Adelete_by_name(f, "/session_0/seeds", "median_correlation", H5P_DEFAULT); }
static void a_group(hid_t f) {
    H5Ldelete(f, "/shared/bias", H5P_DEFAULT);
    H5Gclose(H5Gcreate2(f, "/shared/bias", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
static void not_json(hid_t f) {
    H5Ldelete(f, "/options", H5P_DEFAULT);
    const char *text = "{";
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, (hsize_t[]){1}, NULL);
    H5Tset_size(type, H5T_VARIABLE);
    hid_t dataset = H5Dcreate2(f, "/options", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text);
    H5Dclose(dataset), H5Sclose(space), H5Tclose(type);
}

static const struct {
    void (*spoil)(hid_t file);
    const char *message; /* must occur in the error */
} bad_files[] = {
    {no_format, "not a model"},
    {a_recording, "is a synapsnet recording; expected a model"},
    {newer, "format version 99"},
    {no_session, "/session_1 is missing"},
    {many_sessions, "sessions is 1e+07"},
    {odd_form, "form is 'round'"},
    {other_form, "rank is 0"},
    {odd_share, "mean_share is 1.5"},
    {odd_mean_alpha, "mean_alpha is -0.1"},
    {odd_loss, "loss is 'squared'"},
    {odd_hidden, "hidden is 5.5"},
    {huge_hidden, "hidden is 1e+09"},
    {other_hidden, "/shared/decoder is (1, "},
    {huge_embedding, "/session_0/e is (8, 3); expected (8, 200)"},
    {odd_split, "the split is 0.9 + 0.15"},
    {no_window, "window is nan"},
    {no_weights, "/session_0/z is missing"},
    {small_weights, "/session_0/z is (8, 7); expected (8, 8)"},
    {flat_weights, "another rank or type"},
    {whole_weights, "another rank or type"},
    {nan_weights, "not finite"},
    {many_neurons, "incomplete"},
    {kept_twice, "not a list of neurons"},
    {no_scale, "not positive"},
    {few_recorded, "recorded_neurons"},
    {odd_alpha, "alpha"},
    {no_rate, "frame rate"},
    {odd_signal, "signal is 'light'"},
    {no_ids, "neurons/id is missing"},
    {number_ids, "another rank or type"},
    {few_names, "/session_0/behavior_names is "},
    {no_gain, "gain is missing"},
    {narrow_gain, "another shape"},
    {nan_gain, "not finite"},
    {one_seed, "another length"},
    {few_means, "/session_0/seeds/mean is (8, 3); expected (8, 8)"},
    {nan_sd, "/session_0/seeds/sd is not finite"},
    {no_signs, "/session_0/seeds/same_sign is missing"},
    {no_correlation, "without its correlation"},
    {a_group, "/shared/bias is damaged"},
    {not_json, "not a JSON object"},
};

static void assert_refused(const char *message) {
    syn_model *model;
    syn_status status = syn_model_read(&model, path);
    if (status != SYN_ERR_INPUT && status != SYN_ERR_IO) fail_msg("accepted a file that should say: %s", message);
    assert_null(model);
    if (!strstr(syn_last_error(), message) || !strstr(syn_last_error(), path))
        fail_msg("found the message: %s; expected: %s", syn_last_error(), message);
}

static void bad_content_is_refused(void **state) {
    (void)state;
    test_set set;
    syn_model *model = example(SYN_FORM_DENSE, &set);
    for (size_t k = 0; k < sizeof bad_files / sizeof *bad_files; k++) {
        assert_ok(syn_model_write(model, path));
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        assert_true(file >= 0);
        bad_files[k].spoil(file);
        H5Fclose(file);
        assert_refused(bad_files[k].message);
    }
    free_example(model, &set);
    unlink(path);
}

static void put_bytes(const char *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static void foreign_and_cut_files_are_refused(void **state) {
    (void)state;
    test_set set;
    size_t n;
    syn_model *model = example(SYN_FORM_DENSE, &set);
    unlink(path);
    assert_refused("could not be opened: No such file");
    put_bytes("", 0);
    assert_refused("not an HDF5 file");
    put_bytes("model", 5);
    assert_refused("not an HDF5 file");
    assert_ok(syn_model_write(model, path));
    char *bytes = bytes_of(path, &n);
    for (size_t sevenths = 1; sevenths < 7; sevenths++) {
        put_bytes(bytes, sevenths * n / 7);
        assert_refused("cut off or damaged");
    }
    assert_ok(syn_recording_write(set.recording[1], path));
    assert_refused("is a synapsnet recording; expected a model");
    free(bytes);
    free_example(model, &set);
    unlink(path);
}

static void a_folder_that_is_not_there(void **state) {
    (void)state;
    test_set set;
    syn_model *model = example(SYN_FORM_NONE, &set);
    assert_int_equal(syn_model_write(model, "no such folder/model.h5"), SYN_ERR_IO);
    assert_non_null(strstr(syn_last_error(), "no such folder/model.h5"));
    free_example(model, &set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_round_trips),
        cmocka_unit_test(same_model_same_bytes),
        cmocka_unit_test(edges_say_whether_they_are_of_events),
        cmocka_unit_test(description_has_the_seconds_if_known),
        cmocka_unit_test(bad_content_is_refused),
        cmocka_unit_test(foreign_and_cut_files_are_refused),
        cmocka_unit_test(a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
