/* The share of the mean in predicted rates: models that are too sure are held back, others are left alone. */
#include "training/mean_share.h"

#include "fixture.h"
#include "training/trainer.h"

enum { WINDOW = 16, NEURONS = 6 };

static double validation_loss(const syn_parameters *p, const syn_dataset *data) {
    syn_network *network;
    double loss;
    assert_ok(syn_network_create(&network, p, data, SYN_LOSS_POISSON, best_kernels(), 1, 256 + WINDOW, WINDOW));
    assert_ok(syn_split_loss(network, data, SYN_LOSS_POISSON, SYN_VALIDATION, NULL, &loss));
    syn_network_free(network);
    return loss;
}

/* Counts without a past, and a model that sees one: every spike doubles or ends the rate of the next frame. */
static void too_sure_a_model_is_held_back(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 61);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 62);
    for (int i = 0; i < NEURONS; i++) p->value[p->session[0].a + (size_t)i] = 6;
    const double before = validation_loss(p, set.data);
    assert_ok(syn_choose_mean_share(p, set.data, best_kernels(), 1));
    assert_true(p->mean_share > 0.5f && p->mean_share <= 1); /* there is nothing to see */
    assert_true(validation_loss(p, set.data) < before);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* The test split, and the gap before it, have no say, though the model is right there. */
static void what_comes_later_does_not_count(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 61), other = raw_copy(&raw);
    for (int64_t k = 510 * NEURONS; k < 600 * NEURONS; k++) other.x[k] = (float)(k / NEURONS / 20 % 2 * 5);
    float share[2];
    for (int later = 0; later <= 1; later++) {
        test_set set = set_create(later ? &other : &raw, 1, WINDOW);
        syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 62);
        for (int i = 0; i < NEURONS; i++) p->value[p->session[0].a + (size_t)i] = 6;
        assert_ok(syn_choose_mean_share(p, set.data, best_kernels(), 1));
        share[later] = p->mean_share;
        syn_parameters_free(p), set_free(&set);
    }
    assert_true(share[0] == share[1]);
    raw_free(&raw), raw_free(&other);
}

/* A model that predicts the mean has nothing to hold back. */
static void the_mean_is_left_alone(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 63);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 64);
    memset(p->value, 0, p->count * sizeof *p->value);
    const double before = validation_loss(p, set.data);
    p->mean_share = 0.3f;
    assert_near("any share", before, validation_loss(p, set.data), 1e-6 * (1 + fabs(before)));
    assert_ok(syn_choose_mean_share(p, set.data, best_kernels(), 1));
    assert_true(validation_loss(p, set.data) <= before);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_sure_a_model_is_held_back),
        cmocka_unit_test(the_mean_is_left_alone),
        cmocka_unit_test(what_comes_later_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
