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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(better_decoder_is_no_connectivity)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
