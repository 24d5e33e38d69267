/* Fits of several recordings of the same neurons: one W and one embedding, whatever the order, through the model file
 * and with neurons that only some recordings have. */
#include <jansson.h>
#include <unistd.h>

#include "tiny_model.h"

enum { N = 6, T = 600, HALF = T / 2 };

static const char *const names[N] = {"AVAL", "AVAR", "RIML", "RIMR", "AIBL", "AIBR"};

/* Each neuron follows the one before it. */
static raw_data chain(void) {
    raw_data raw = raw_create(T, N, 0, "fluorescence", 301);
    for (int64_t k = N; k < T * N; k++)
        raw.x[k] = (float)(0.5 * normal(301, k)) + 0.8f * raw.x[k - N - (k % N ? 1 : 1 - N)];
    return raw;
}

/* Frames [from, from + HALF) of the neurons order[n]. */
static syn_recording *part(const raw_data *whole, int64_t from, const int *order, int64_t n, bool named) {
    const char *id[N];
    raw_data raw = raw_create(HALF, n, 0, "fluorescence", 1);
    for (int64_t k = 0; k < HALF * n; k++) raw.x[k] = whole->x[(from + k / n) * N + order[k % n]];
    for (int64_t i = 0; i < n; i++) id[i] = names[order[i]];
    syn_recording *r = recording_of(&raw);
    if (named) name_neurons(r, id);
    raw_free(&raw);
    return r;
}

static const int in_order[N] = {0, 1, 2, 3, 4, 5}, shuffled[N] = {4, 0, 5, 2, 1, 3};

static syn_model *fit_halves(const int *order, int64_t n, bool named, const char *same_neurons, const char *form,
                             const char *threads) {
    raw_data raw = chain();
    syn_recording *r[2] = {part(&raw, 0, in_order, N, named), part(&raw, HALF, order, n, named)};
    syn_options *options = OPTIONS("hidden", "4", "embedding", "2", "window", "8", "epochs", "4", "same-neurons",
                                   same_neurons, "connectivity", form, "threads", threads);
    syn_model *model;
    if (!strcmp(form, "lowrank")) {
        assert_ok(syn_options_set(options, "rank", "2"));
    } else { /* one candidate */
        assert_ok(syn_options_set(options, "strength", "10"));
        assert_ok(syn_options_set(options, "l1", "1"));
    }
    assert_ok(syn_fit(&model, r, 2, options, NULL, NULL));
    syn_options_free(options);
    syn_recording_free(r[0]), syn_recording_free(r[1]), raw_free(&raw);
    return model;
}

static int64_t distinct(const syn_model *model) {
    char *text;
    assert_ok(syn_model_describe(model, &text));
    json_t *root = json_loads(text, 0, NULL);
    syn_free(text);
    const int64_t n = json_integer_value(json_object_get(root, "distinct_neurons"));
    json_decref(root);
    return n;
}

/* W and embedding of session 1 are those of session 0, neuron by neuron. */
static void assert_shared(const syn_model *model, const int *order, int64_t n) {
    float W[2][N * N];
    syn_session_view view[2];
    double size = 0;
    for (size_t s = 0; s < 2; s++) {
        assert_ok(syn_weights(model, s, W[s]));
        assert_ok(syn_model_session(model, s, &view[s]));
    }
    assert_int_equal(view[1].neurons, n);
    for (int64_t i = 0; i < n; i++) {
        assert_string_equal(view[1].neuron_id[i], names[order[i]]);
        for (int64_t j = 0; j < n; j++) {
            assert_true(W[1][i * n + j] == W[0][order[i] * N + order[j]]);
            size += fabs((double)W[1][i * n + j]);
        }
        for (int64_t k = 0; k < view[1].embedding_length; k++)
            assert_true(view[1].embedding[i * view[1].embedding_length + k] ==
                        view[0].embedding[order[i] * view[0].embedding_length + k]);
    }
    assert_true(size > 0);
}

static size_t count_of(const syn_model *model, char name) {
    size_t count = 0;
    for (size_t k = 0; k < model->p->n_tensors; k++)
        if (model->p->tensor[k].name[0] == name) count += model->p->tensor[k].count;
    return count;
}

static void two_halves_share_everything(void **state) {
    (void)state;
    syn_model *model = fit_halves(in_order, N, true, "auto", "dense", "2");
    assert_shared(model, in_order, N);
    assert_int_equal(count_of(model, 'z'), N * N); /* as many as one recording */
    assert_int_equal(count_of(model, 'a'), N);
    assert_int_equal(distinct(model), N);
    syn_model_free(model);
}

static void order_does_not_matter(void **state) {
    (void)state;
    const char *const forms[] = {"dense", "lowrank", "dale"};
    for (int k = 0; k < 3; k++) {
        syn_model *model = fit_halves(shuffled, N, true, "auto", forms[k], "2");
        assert_shared(model, shuffled, N);
        assert_int_equal(distinct(model), N);
        syn_model_free(model);
    }
}

static void numbered_neurons_stay_private(void **state) {
    (void)state;
    syn_model *model = fit_halves(in_order, N, false, "auto", "dense", "2");
    assert_int_equal(distinct(model), 2 * N);
    assert_int_equal(count_of(model, 'z'), 2 * N * N);
    syn_model_free(model);
    model = fit_halves(in_order, N, true, "no", "dense", "2");
    assert_int_equal(distinct(model), 2 * N);
    syn_model_free(model);
    model = fit_halves(in_order, N, false, "yes", "dense", "2");
    assert_int_equal(distinct(model), N);
    syn_model_free(model);
}

static void some_neurons_in_common(void **state) {
    (void)state;
    const int some[4] = {5, 1, 0, 3};
    const char *const forms[] = {"dense", "lowrank"};
    for (int k = 0; k < 2; k++) {
        syn_model *model = fit_halves(some, 4, true, "auto", forms[k], "2");
        assert_shared(model, some, 4);
        assert_int_equal(distinct(model), N);
        syn_model_free(model);
    }
}

static void file_keeps_what_is_shared(void **state) {
    (void)state;
    char path[] = "/tmp/same_neurons_XXXXXX";
    close(mkstemp(path));
    const int some[4] = {5, 1, 0, 3};
    syn_model *model = fit_halves(some, 4, true, "auto", "dense", "1"), *read, *two;
    assert_ok(syn_model_write(model, path));
    assert_ok(syn_model_read(&read, path));
    assert_shared(read, some, 4);
    assert_int_equal(read->p->count, model->p->count);
    assert_memory_equal(read->p->value, model->p->value, model->p->count * sizeof(float));
    two = fit_halves(some, 4, true, "auto", "dense", "2"); /* and the threads change nothing */
    assert_memory_equal(two->p->value, model->p->value, model->p->count * sizeof(float));
    raw_data raw = chain();
    syn_recording *r[2] = {part(&raw, 0, in_order, N, true), part(&raw, HALF, some, 4, true)};
    char *json;
    assert_ok(syn_evaluate(read, r, 2, NULL, &json));
    syn_free(json);
    syn_model_free(model), syn_model_free(read), syn_model_free(two);
    syn_recording_free(r[0]), syn_recording_free(r[1]), raw_free(&raw);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_halves_share_everything),   cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(numbered_neurons_stay_private), cmocka_unit_test(some_neurons_in_common),
        cmocka_unit_test(file_keeps_what_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
