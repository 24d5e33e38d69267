/* What the end of a search makes of its best models with and without connectivity. */
#include "training/search.h"

#include "fixture.h"

enum { WINDOW = 16, NEURONS = 6, FRAMES = 1200, HIDDEN = 4 };

static const syn_settings settings = {.hidden = HIDDEN,
                                      .embedding = 2,
                                      .threads = 1,
                                      .decoder_rate = 0.01,
                                      .connectivity_rate = 0.01,
                                      .batch_frames = 64,
                                      .max_epochs = 10,
                                      .patience = 5};

/* Copies the last frame, times `a`; nothing passes between neurons. */
static syn_parameters *copier(const syn_dataset *data, syn_form form, float a) {
    syn_parameters *p = random_parameters(data, form, HIDDEN, 64);
    memset(p->value, 0, p->count * sizeof *p->value);
    for (int i = 0; i < NEURONS; i++) p->value[p->session[0].a + (size_t)i] = a;
    return p;
}

/* The better decoder was trained beside a connectivity that does nothing: it goes on without. */
static void better_decoder_is_no_connectivity(void **state) {
    (void)state;
    raw_data raw = raw_create(FRAMES, NEURONS, 0, "fluorescence", 82);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = 0};
    syn_search *search;
    int stage;
    char label[SYN_LABEL_SIZE];
    assert_ok(syn_search_create(&search, set.data, best_kernels(), &settings, &limits));
    search->ablation = copier(set.data, SYN_FORM_NONE, 0), search->ablation_loss = 0.6;
    search->best = copier(set.data, SYN_FORM_DENSE, 0.6f), search->best_loss = 0.4;
    search->stage[0] = (syn_stage){.hidden = HIDDEN, .loss = 0.6};
    search->stage[1] = (syn_stage){.hidden = HIDDEN, .loss = 0.4, .candidate.form = SYN_FORM_DENSE};
    search->n_stages = 2;
    assert_ok(syn_search_finish(search));
    const syn_parameters *winner = syn_search_winner(search, &stage);
    assert_int_equal(winner->form, SYN_FORM_NONE);
    assert_float_equal(winner->value[winner->session[0].a], 0.6, 1e-6);
    assert_int_equal(stage, 2);
    assert_true(search->stage[stage].loss < 0.5);
    syn_stage_label(&search->stage[stage], label, sizeof label);
    assert_non_null(strstr(label, "none, 4 hidden, of the best with connectivity"));
    /* a form that was asked for is kept */
    search->limits.any_form = false;
    assert_ptr_equal(syn_search_winner(search, &stage), search->best);
    syn_search_free(search), set_free(&set), raw_free(&raw);
}

/* Runs the next stage to its end; false: the search is over. */
static bool run_stage(syn_search *search) {
    const int before = search->n_stages;
    bool done = false;
    while (!done && search->n_stages == before) {
        assert_ok(syn_search_epoch(search, &done, NULL, NULL));
        if (search->trainer) assert_ptr_equal(search->trainer->penalty.prior, search->prior);
    }
    return !done;
}

/* An adaptation is held to the source, tries ridges on embeddings as a fit does, and may average its candidates. */
static void adaptations_are_held_to_their_source(void **state) {
    (void)state;
    raw_data raw = raw_create(FRAMES, NEURONS, 1, "fluorescence", 83);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = 0};
    syn_model *source;
    assert_ok(syn_model_alloc(&source, 1));
    assert_ok(syn_fitted_session_fill(&source->session[0], &set.data->session[0]));
    source->p = random_parameters(set.data, SYN_FORM_NONE, HIDDEN, 84);
    syn_settings with = settings;
    with.source = source, with.behavior_inputs = 2, with.embedding = source->p->d, with.max_epochs = 3;
    syn_search *search, *other;
    assert_ok(syn_search_create(&search, set.data, best_kernels(), &with, &limits));
    assert_non_null(search->prior);
    source->p->value[source->p->decoder] += 0.1f;
    assert_ok(syn_search_create(&other, set.data, best_kernels(), &with, &limits));
    assert_true(search->fingerprint != other->fingerprint);
    syn_search_free(other);
    while (run_stage(search)) {
        const syn_stage *last = &search->stage[search->n_stages - 1];
        assert_int_equal(search->member[search->n_stages - 1] != NULL,
                         last->candidate.form != SYN_FORM_NONE || last->again > 0);
    }
    assert_true(search->stage[0].candidate.embedding == 100 && search->stage[1].candidate.embedding == 3);
    assert_true(search->stage[search->n_stages - 2].tuned);
    syn_search_free(search), syn_model_free(source), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(better_decoder_is_no_connectivity),
                                       cmocka_unit_test(adaptations_are_held_to_their_source)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
