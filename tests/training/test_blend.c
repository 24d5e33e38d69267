/* The average of candidates: it is what it says, better than the best of them, and not made where it would be worse. */
#include "training/blend.h"

#include "fixture.h"

enum { WINDOW = 16, NEURONS = 8 };

static const syn_settings settings = {.hidden = 4,
                                      .embedding = 2,
                                      .threads = 1,
                                      .seed = 5,
                                      .decoder_rate = 0.01,
                                      .connectivity_rate = 0.1,
                                      .batch_frames = 64,
                                      .max_epochs = 10,
                                      .patience = 5};

static double validation_loss(const syn_search *search, const syn_parameters *p) {
    syn_network *network;
    double loss;
    assert_ok(syn_network_create(&network, p, search->data, settings.loss, search->kernels, 1, 256 + WINDOW, WINDOW));
    assert_ok(syn_split_loss(network, search->data, settings.loss, SYN_VALIDATION, NULL, &loss));
    syn_network_free(network);
    return loss;
}

/* A search with one finished stage: random parameters of a form that learned nothing. */
static syn_search *search_of(const test_set *set, syn_form form) {
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = 0};
    syn_search *search;
    assert_ok(syn_search_create(&search, set->data, best_kernels(), &settings, &limits));
    search->member[0] = random_parameters(set->data, form, settings.hidden, 51);
    search->stage[0] = (syn_stage){.candidate.form = form, .hidden = settings.hidden};
    search->stage[0].loss = validation_loss(search, search->member[0]);
    search->n_stages = 1;
    return search;
}

/* The first stage again, its weights moved by `size` times noise of the given sign. */
static void add_moved(syn_search *search, double size) {
    const int k = search->n_stages++;
    syn_parameters *p;
    assert_ok(syn_parameters_copy(&p, search->member[0]));
    for (size_t j = 0; j < p->count; j++) p->value[j] += (float)(size * normal(52, (int64_t)j));
    search->member[k] = p;
    search->stage[k] = search->stage[0];
    search->stage[k].loss = validation_loss(search, p);
}

static double sum_of_shares(const syn_search *search) {
    double sum = 0;
    for (int k = 0; k < SYN_MAX_STAGES; k++) sum += search->blend_share[k];
    return sum;
}

/* Two candidates that err in opposite directions: what they have in common is better than either. */
static void opposite_errors_cancel(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "fluorescence", 53);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_search *search = search_of(&set, SYN_FORM_DENSE);
    const double middle = search->stage[0].loss;
    /* teach nothing: the middle is made the best there is by moving away from it far enough */
    add_moved(search, 1.5), add_moved(search, -1.5);
    if (!(search->stage[1].loss > middle && search->stage[2].loss > middle)) fail_msg("the noise helped");
    syn_parameters_free(search->member[0]), search->member[0] = NULL;
    assert_ok(syn_blend_candidates(search));
    assert_non_null(search->blend);
    const double best = fmin(search->stage[1].loss, search->stage[2].loss);
    assert_true(search->blend_loss < best);
    assert_near("loss", search->blend_loss, validation_loss(search, search->blend), 1e-6 * best);
    assert_near("shares", 1, sum_of_shares(search), 1e-12);
    assert_true(search->blend_share[1] > 0 && search->blend_share[2] > 0);
    syn_search_free(search), set_free(&set), raw_free(&raw);
}

/* A candidate far away on a poor side is left out. */
static void what_does_not_help_stays_out(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "fluorescence", 54);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_search *search = search_of(&set, SYN_FORM_DENSE);
    add_moved(search, 6);
    if (!(search->stage[1].loss > 2 * search->stage[0].loss)) fail_msg("not so poor");
    assert_ok(syn_blend_candidates(search));
    assert_null(search->blend);
    syn_search_free(search), set_free(&set), raw_free(&raw);
}

/* Factors are multiplied out: the average of a low-rank candidate with itself predicts as it does. */
static void factors_become_weights(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "fluorescence", 55);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_search *search = search_of(&set, SYN_FORM_LOWRANK);
    assert_ok(syn_parameters_copy(&search->member[1], search->member[0]));
    search->stage[1] = search->stage[0];
    search->n_stages = 2;
    const double loss = search->stage[0].loss;
    search->stage[0].loss = 2 * loss; /* as if the first were poor: any average is taken then */
    search->stage[1].loss = 1.5 * loss;
    assert_ok(syn_blend_candidates(search));
    assert_non_null(search->blend);
    assert_int_equal(search->blend->form, SYN_FORM_DENSE);
    assert_near("loss", loss, search->blend_loss, 1e-5 * loss);
    syn_search_free(search), set_free(&set), raw_free(&raw);
}

/* The search ends with an average where there is one, and says whose. */
static void search_takes_the_average(void **state) {
    (void)state;
    raw_data raw = raw_create(400, NEURONS, 0, "fluorescence", 56);
    for (int64_t k = NEURONS; k < raw.T * raw.N; k++)
        raw.x[k] = (float)normal(57, k) + 0.5f * raw.x[k - NEURONS - (k % NEURONS ? 1 : 1 - NEURONS)];
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = 0};
    syn_search *search;
    bool done = false;
    int stage;
    assert_ok(syn_search_create(&search, set.data, best_kernels(), &settings, &limits));
    while (!done) assert_ok(syn_search_epoch(search, &done, NULL, NULL));
    const syn_parameters *winner = syn_search_winner(search, &stage);
    assert_ptr_equal(winner, search->blend ? search->blend : search->best);
    assert_true(search->stage[stage].loss == search->best_loss);
    if (search->blend) {
        assert_true(search->blend_loss < search->best_loss);
        assert_near("shares", 1, sum_of_shares(search), 1e-12);
    }
    syn_search_free(search), set_free(&set), raw_free(&raw);
}

/* A fast decoder that diverges is given up, and the search goes on. */
static void diverging_fast_decoder_is_given_up(void **state) {
    (void)state;
    raw_data raw = raw_create(400, NEURONS, 0, "fluorescence", 56);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = 0, .any_rate = true};
    syn_search *search;
    bool done = false;
    int broken = -1;
    assert_ok(syn_search_create(&search, set.data, best_kernels(), &settings, &limits));
    while (!done) {
        if (broken < 0 && search->trainer && search->running.candidate.pace == SYN_PACE_FAST) {
            broken = search->n_stages;
            search->trainer->p->value[search->trainer->p->decoder] = NAN;
        }
        assert_ok(syn_search_epoch(search, &done, NULL, NULL));
    }
    assert_true(broken > 0 && broken < search->n_stages - 1);
    assert_true(isfinite(search->stage[broken].loss));
    assert_true(isfinite(search->best_loss));
    syn_search_free(search), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opposite_errors_cancel),
        cmocka_unit_test(what_does_not_help_stays_out),
        cmocka_unit_test(factors_become_weights),
        cmocka_unit_test(search_takes_the_average),
        cmocka_unit_test(diverging_fast_decoder_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
