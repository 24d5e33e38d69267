/* Recordings that name some of their neurons alike: which neurons are found to be the same, and that a recording of a
 * larger population computes what it would compute alone. */
#include "dataset/sharing.h"

#include "fixture.h"

static const char *const first[] = {"AVAL", "AVAR", "RIML", "RIMR", "AIBL"};
static const char *const second[] = {"RIMR", "AVAR", "SMDV", "AVAL"};
static const char *const numbers[] = {"cell1", "cell2", "cell3", "cell4", "cell5"};

static void assert_places(const syn_sharing *found, size_t owner, int64_t M, const int64_t *place, int64_t n) {
    assert_int_equal(found->owner, owner);
    assert_int_equal(found->M, M);
    assert_non_null(found->place);
    for (int64_t i = 0; i < n; i++) assert_int_equal(found->place[i], place[i]);
}

static void partial_overlap_is_found(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(220, 5, 0, "fluorescence", 1), raw_create(200, 4, 0, "fluorescence", 2)};
    test_set set = set_create_named(raw, 2, 8, (const char *const *const[]){first, second});
    assert_non_null(set.data->sharing);
    assert_places(&set.data->sharing[0], 0, 6, (const int64_t[]){0, 1, 2, 3, 4}, 5);
    assert_places(&set.data->sharing[1], 0, 6, (const int64_t[]){3, 1, 5, 0}, 4);
    set_free(&set), raw_free(&raw[0]), raw_free(&raw[1]);
}

static void same_neurons_in_order_need_no_places(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(220, 4, 0, "fluorescence", 1), raw_create(200, 4, 0, "fluorescence", 2)};
    test_set set = set_create_named(raw, 2, 8, (const char *const *const[]){second, second});
    assert_non_null(set.data->sharing);
    for (int s = 0; s < 2; s++) {
        assert_int_equal(set.data->sharing[s].owner, 0);
        assert_int_equal(set.data->sharing[s].M, 4);
        assert_null(set.data->sharing[s].place);
    }
    set_free(&set), raw_free(&raw[0]), raw_free(&raw[1]);
}

static void numbers_are_not_names(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(220, 5, 0, "fluorescence", 1), raw_create(200, 5, 0, "fluorescence", 2)};
    test_set set = set_create_named(raw, 2, 8, (const char *const *const[]){numbers, numbers});
    assert_null(set.data->sharing);
    assert_ok(syn_sharing_find(set.data, "no"));
    assert_null(set.data->sharing);
    assert_ok(syn_sharing_find(set.data, "yes"));
    assert_non_null(set.data->sharing);
    assert_int_equal(set.data->sharing[1].owner, 0);
    set_free(&set);
    set = set_create(raw, 2, 8); /* numbered from 0 by us */
    assert_null(set.data->sharing);
    set_free(&set), raw_free(&raw[0]), raw_free(&raw[1]);
}

static void repeated_names_say_nothing(void **state) {
    (void)state;
    const char *const twice[] = {"AVAL", "AVAL", "RIML", "SMDV"};
    raw_data raw[2] = {raw_create(220, 4, 0, "fluorescence", 1), raw_create(200, 4, 0, "fluorescence", 2)};
    test_set set = set_create_named(raw, 2, 8, (const char *const *const[]){twice, second});
    assert_places(&set.data->sharing[0], 0, 7, (const int64_t[]){0, 1, 2, 3}, 4);
    assert_places(&set.data->sharing[1], 0, 7, (const int64_t[]){4, 5, 3, 6}, 4);
    syn_sharing_free(set.data->sharing, 2), set.data->sharing = NULL;
    assert_int_equal(syn_sharing_find(set.data, "yes"), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "two neurons have the id 'AVAL'"));
    assert_null(set.data->sharing);
    set_free(&set), raw_free(&raw[0]), raw_free(&raw[1]);
}

static void neurons_without_a_name_are_no_others(void **state) {
    (void)state;
    const char *const partly[] = {"AVAL", "1", "RIML", "3"}, *const other[] = {"AVAL", "1", "2", "3"};
    raw_data raw[2] = {raw_create(220, 4, 0, "fluorescence", 1), raw_create(200, 4, 0, "fluorescence", 2)};
    test_set set = set_create_named(raw, 2, 8, (const char *const *const[]){partly, other});
    uint8_t nameless[2][4] = {{0, 1, 0, 1}, {0, 1, 1, 1}};
    syn_sharing_free(set.data->sharing, 2), set.data->sharing = NULL;
    for (int k = 0; k < 2; k++) set.recording[k]->nameless = nameless[k];
    for (int k = 0; k < 2; k++) {
        assert_ok(syn_sharing_find(set.data, k ? "yes" : "auto"));
        assert_places(&set.data->sharing[0], 0, 7, (const int64_t[]){0, 1, 2, 3}, 4);
        assert_places(&set.data->sharing[1], 0, 7, (const int64_t[]){0, 4, 5, 6}, 4);
        syn_sharing_free(set.data->sharing, 2), set.data->sharing = NULL;
    }
    for (int k = 0; k < 2; k++) set.recording[k]->nameless = NULL;
    set_free(&set), raw_free(&raw[0]), raw_free(&raw[1]);
}

/* What a session has for itself, whatever neurons it shares. */
static bool of_session(const syn_tensor *t) { return t->name[0] == 'p' || !strcmp(t->name, "send"); }

/* Row r (column c) of a tensor of the population is that of row `of` of the session's own. */
static int64_t population_index(const syn_session_layout *at, const syn_tensor *own, size_t k) {
    const int64_t row = (int64_t)k / own->columns, column = (int64_t)k % own->columns;
    if (own->name[0] == 'z') return at->place[row] * at->M + at->place[column];
    if (!strcmp(own->name, "sign")) return at->place[column];
    if (of_session(own)) return (int64_t)k;
    return at->place[row] * own->columns + column;
}

static const syn_tensor *tensor_of(const syn_parameters *p, const char *name, int session) {
    for (size_t k = 0; k < p->n_tensors; k++)
        if (p->tensor[k].session == session && !strcmp(p->tensor[k].name, name)) return &p->tensor[k];
    fail_msg("no tensor %s of session %d", name, session);
    return NULL;
}

/* Session 1 of a population against the same numbers as a private session: loss, weights and every gradient, to the
 * bit. */
static void check_form(const test_set *shared, const test_set *alone, syn_form form) {
    const syn_kernels *kernels = best_kernels();
    syn_parameters *p = random_parameters(shared->data, form, 5, 70);
    syn_parameters *q = random_parameters(alone->data, form, 5, 71);
    const syn_session_layout *at = &p->session[1];
    for (size_t k = 0; k < q->n_tensors; k++) {
        const syn_tensor *own = &q->tensor[k];
        const bool of_all = own->session < 0, private = of_session(own);
        const syn_tensor *of = tensor_of(p, own->name, of_all ? -1 : private ? 1 : 0);
        for (size_t j = 0; j < own->count; j++)
            q->value[own->offset + j] = p->value[of->offset + (of_all ? j : (size_t)population_index(at, own, j))];
    }
    for (int64_t k = 0; q->session[0].support && k < at->N * at->N; k++)
        q->session[0].support[k] = p->session[0].support[at->place[k / at->N] * at->M + at->place[k % at->N]];
    float *a = floats((int64_t)p->count), *b = floats((int64_t)q->count), W[2][4 * 4];
    double loss[2];
    syn_network *net = network_of(p, shared->data, SYN_LOSS_GAUSSIAN, kernels, 2);
    syn_network *single = network_of(q, alone->data, SYN_LOSS_GAUSSIAN, kernels, 2);
    assert_ok(syn_network_gradient(net, 1, windows, N_WINDOWS, a, &loss[0]));
    assert_ok(syn_network_gradient(single, 0, windows, N_WINDOWS, b, &loss[1]));
    assert_true(loss[0] == loss[1]);
    assert_ok(syn_parameters_weights(p, 1, kernels, 1, W[0]));
    assert_ok(syn_parameters_weights(q, 0, kernels, 1, W[1]));
    assert_memory_equal(W[0], W[1], sizeof W[0]);
    double inside = 0, all = 0;
    for (size_t k = 0; k < q->n_tensors; k++) {
        const syn_tensor *own = &q->tensor[k];
        const bool of_all = own->session < 0, private = of_session(own);
        const syn_tensor *of = tensor_of(p, own->name, of_all ? -1 : private ? 1 : 0);
        for (size_t j = 0; j < own->count; j++) {
            const float found = a[of->offset + (of_all ? j : (size_t)population_index(at, own, j))];
            if (found != b[own->offset + j])
                fail_msg("%s %s[%zu]: %g, alone %g", syn_form_name[form], own->name, j, (double)found,
                         (double)b[own->offset + j]);
            inside += fabs((double)found);
        }
    }
    for (size_t k = 0; k < p->count; k++) all += fabs((double)a[k]);
    assert_near("gradient of the neurons that the recording lacks", inside, all, 1e-9 * all);
    free(a), free(b);
    syn_network_free(net), syn_network_free(single);
    syn_parameters_free(p), syn_parameters_free(q);
}

static void population_computes_what_the_recording_does(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(220, 5, 1, "fluorescence", 1), raw_create(200, 4, 2, "fluorescence", 2)};
    test_set shared = set_create_named(raw, 2, 8, (const char *const *const[]){first, second});
    test_set alone = set_create_named(&raw[1], 1, 8, NULL);
    for (syn_form form = SYN_FORM_NONE; form < SYN_FORMS; form++) check_form(&shared, &alone, form);
    set_free(&shared), set_free(&alone), raw_free(&raw[0]), raw_free(&raw[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partial_overlap_is_found),
        cmocka_unit_test(same_neurons_in_order_need_no_places),
        cmocka_unit_test(numbers_are_not_names),
        cmocka_unit_test(repeated_names_say_nothing),
        cmocka_unit_test(neurons_without_a_name_are_no_others),
        cmocka_unit_test(population_computes_what_the_recording_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
