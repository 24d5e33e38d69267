/* Which stages of a search its repeats train again: those that its winner was made of, and no other. The search is made
 * up; nothing is trained. */
#include "training/repeats.h"

#include "fixture.h"

enum { WINDOW = 16, NEURONS = 8, FRAMES = 400 };

static const syn_settings settings = {.hidden = 4, .embedding = 2, .threads = 1, .max_epochs = 10, .patience = 5};

/* The decoder that won is neither the first, nor the one with the least loss, which was passed over. */
static const syn_stage stages[] = {
    {.candidate.embedding = 100, .loss = 1.0},
    {.candidate.embedding = 100, .candidate.no_behavior = true, .loss = 0.95},
    {.candidate.embedding = 3000, .candidate.no_behavior = true, .loss = 0.9, .passed_over = true},
    {.candidate.embedding = 100, .candidate.no_behavior = true, .loss = 0.94, .again = 1},
    {.candidate = {.form = SYN_FORM_DENSE, .ridge = 100}, .loss = 0.8},
    {.candidate = {.form = SYN_FORM_DENSE, .ridge = 316}, .loss = 0.7},
    {.candidate = {.form = SYN_FORM_DENSE, .ridge = 10, .l1 = 20}, .loss = 0.6},
    {.candidate = {.form = SYN_FORM_DALE, .ridge = 10, .l1 = 20}, .loss = 0.5},
    {.candidate = {.embedding = 100, .pace = SYN_PACE_FAST}, .loss = 0.92, .again = 1},
    {.candidate = {.form = SYN_FORM_DENSE, .ridge = 316, .pace = SYN_PACE_FAST}, .loss = 0.4, .again = 1},
};
enum { STAGES = sizeof stages / sizeof *stages, DALE = 8 };

/* shares: of each stage in the average, or NULL: there is none. planned: ended by -1. */
static void check_plan(int n_stages, const double *shares, const int *planned) {
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = -1};
    raw_data raw = raw_create(FRAMES, NEURONS, 2, "fluorescence", 75);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_search *search;
    syn_repeats *repeats;
    assert_ok(syn_search_create(&search, set.data, best_kernels(), &settings, &limits));
    memcpy(search->stage, stages, (size_t)n_stages * sizeof *stages);
    search->n_stages = n_stages, search->finished = true;
    search->ablation_loss = 0.94, search->best_loss = stages[n_stages - 1].loss;
    search->connectivity_ahead = true;
    search->best = random_parameters(set.data, SYN_FORM_DENSE, settings.hidden, 76);
    if (shares) search->blend = random_parameters(set.data, SYN_FORM_DENSE, settings.hidden, 77);
    for (int k = 0; shares && k < n_stages; k++) search->blend_share[k] = shares[k];
    assert_ok(syn_repeats_create(&repeats, search, 1, 1));
    assert_true(syn_repeats_left(repeats));
    assert_ok(syn_repeats_begin(repeats));
    int n_planned = 0;
    while (planned[n_planned] >= 0) n_planned++;
    assert_int_equal(repeats->running->n_planned, n_planned);
    for (int k = 0; k < n_planned; k++) {
        assert_int_equal(repeats->running->planned[k], planned[k]);
        assert_near("share", shares ? shares[planned[k]] : planned[k] == n_stages - 1, repeats->running->share[k], 0);
    }
    syn_repeats_free(repeats), syn_search_free(search), set_free(&set), raw_free(&raw);
}

static void only_what_the_winner_was_made_of_is_trained(void **state) {
    (void)state;
    check_plan(5, NULL, (int[]){1, 4, -1});
    check_plan(6, (double[]){0, 0, 0, 0, 0.25, 0.75}, (int[]){1, 4, 5, -1});
    check_plan(6, (double[]){0, 0, 0, 0.25, 0, 0.75}, (int[]){1, 3, 5, -1});
    check_plan(DALE, NULL, (int[]){1, 6, 7, -1});      /* signs are those of the best one before it */
    check_plan(STAGES, NULL, (int[]){1, 3, 8, 9, -1}); /* from a decoder that was trained on, and on again */
}

/* Of an adaptation: the average holds a candidate that was not the best, and the best one with a tuned decoder, which
 * starts from the best, whatever the losses of the repeat. */
static void stages_of_a_repeat_start_from_those_of_the_origin(void **state) {
    (void)state;
    static const syn_stage adapted[] = {
        {.hidden = 4, .candidate.embedding = 100, .loss = 1.0},
        {.hidden = 4, .candidate = {.form = SYN_FORM_DENSE, .ridge = 100, .embedding = 100}, .loss = 0.8},
        {.hidden = 4, .candidate = {.form = SYN_FORM_LOWRANK, .rank = 2, .ridge = 100, .embedding = 100}, .loss = 0.7},
        {.hidden = 4, .candidate = {.form = SYN_FORM_DENSE, .ridge = 1, .l1 = 30, .embedding = 100}, .loss = 0.75},
        {.hidden = 4,
         .candidate = {.form = SYN_FORM_LOWRANK, .rank = 2, .ridge = 100, .embedding = 100},
         .tuned = true,
         .loss = 0.6},
    };
    enum { ADAPTED = sizeof adapted / sizeof *adapted };
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = 0};
    raw_data raw = raw_create(FRAMES, NEURONS, 2, "fluorescence", 75);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_model *source;
    syn_search *search;
    syn_repeats *repeats;
    assert_ok(syn_model_alloc(&source, 1));
    assert_ok(syn_fitted_session_fill(&source->session[0], &set.data->session[0]));
    source->p = random_parameters(set.data, SYN_FORM_NONE, settings.hidden, 78);
    syn_settings with = settings;
    with.source = source, with.behavior_inputs = 2, with.embedding = source->p->d, with.max_epochs = 2;
    with.decoder_rate = with.connectivity_rate = 0.01, with.batch_frames = 64;
    assert_ok(syn_search_create(&search, set.data, best_kernels(), &with, &limits));
    memcpy(search->stage, adapted, sizeof adapted);
    search->n_stages = ADAPTED, search->finished = true, search->connectivity_ahead = true;
    search->ablation_loss = 1, search->best_loss = 0.6;
    search->best = random_parameters(set.data, SYN_FORM_DENSE, settings.hidden, 76);
    search->blend = random_parameters(set.data, SYN_FORM_DENSE, settings.hidden, 77);
    search->blend_share[1] = search->blend_share[3] = 0.25, search->blend_share[4] = 0.5;
    assert_ok(syn_repeats_create(&repeats, search, 1, 1));
    assert_ok(syn_repeats_begin(repeats));
    syn_search *repeat = repeats->running;
    assert_non_null(repeat->prior);
    assert_int_equal(repeat->n_planned, ADAPTED);
    for (bool done = false; !done;) {
        assert_ok(syn_search_epoch(repeat, &done, NULL, NULL));
        if (!repeat->trainer || repeat->trainer->epoch > 1) continue;
        assert_int_equal(repeat->trainer->p->form, repeat->running.candidate.form);
        if (repeat->running.tuned) /* after one epoch at a low rate */
            for (size_t k = 0; k < repeat->trainer->p->count; k++)
                assert_near("start", (double)repeat->member[2]->value[k], (double)repeat->trainer->p->value[k], 0.01);
    }
    assert_int_equal(repeat->n_stages, ADAPTED);
    assert_non_null(syn_repeats_model(repeats));
    syn_repeats_free(repeats), syn_search_free(search), syn_model_free(source), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_winner_was_made_of_is_trained),
        cmocka_unit_test(stages_of_a_repeat_start_from_those_of_the_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
