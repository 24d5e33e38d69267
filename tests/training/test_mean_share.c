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

/* Rates rise threefold halfway through the train split, and stay there. */
static void rates_that_move_are_followed(void **state) {
    (void)state;
    raw_data raw = raw_create(1200, NEURONS, 0, "counts", 65);
    for (int64_t k = 400 * NEURONS; k < 1200 * NEURONS; k++) raw.x[k] *= 3;
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 64);
    memset(p->value, 0, p->count * sizeof *p->value);
    const double before = validation_loss(p, set.data);
    assert_ok(syn_choose_mean_share(p, set.data, best_kernels(), 1));
    assert_true(p->mean_share > 0.5f && p->mean_alpha > 0);
    const double after = validation_loss(p, set.data);
    assert_true(after < before);
    p->mean_alpha = 0;
    assert_true(after < validation_loss(p, set.data));
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* Predictions [n][N] of the first n frames, `each` at a time, by `copies` runs that see the same. */
static float *predict(const syn_parameters *p, const syn_dataset *data, int64_t n, int64_t each, int64_t copies) {
    const int64_t N = NEURONS;
    const float *x = data->session[0].x;
    syn_network *network;
    float *s, *out = floats(n * N), *rows = floats(copies * N), *sight = floats(copies * N);
    assert_ok(syn_network_create(&network, p, data, SYN_LOSS_POISSON, best_kernels(), 1, 256 + WINDOW, WINDOW));
    assert_ok(syn_network_state(network, 0, copies, &s));
    for (int64_t t = 0; t < n; t += each) {
        if (copies == 1) {
            assert_ok(syn_network_advance(network, 0, s, x + t * N, NULL, each, false, out + t * N));
            continue;
        }
        for (int64_t k = 0; k < copies; k++) memcpy(sight + k * N, x + t * N, (size_t)N * sizeof *x);
        assert_ok(syn_network_advance(network, 0, s, sight, NULL, copies, true, rows));
        memcpy(out + t * N, rows + (copies - 1) * N, (size_t)N * sizeof *x);
    }
    free(s), free(rows), free(sight), syn_network_free(network);
    return out;
}

/* What is added is the share of an exponential mean of the neuron's own past, in one call or many. */
static void the_moving_mean_is_that_of_the_frames_before(void **state) {
    (void)state;
    enum { SHOWN = 48 };
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 66);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 4, 67);
    p->mean_share = 0.3f;
    float *still = predict(p, set.data, SHOWN, SHOWN, 1);
    p->mean_alpha = 0.1f;
    float *whole = predict(p, set.data, SHOWN, SHOWN, 1), *single = predict(p, set.data, SHOWN, 1, 1);
    float *copied = predict(p, set.data, SHOWN, 1, 3);
    double moved[NEURONS] = {0};
    for (int64_t k = 0; k < SHOWN * NEURONS; k++) {
        double *m = &moved[k % NEURONS];
        *m += 0.1 * ((double)set.data->session[0].x[k] - *m);
        assert_near("moved", (double)still[k] + 0.3 * *m, whole[k], 1e-5);
        assert_near("one by one", whole[k], single[k], 1e-5);
        assert_near("copies", whole[k], copied[k], 1e-5);
        const syn_normalisation *norm = &set.data->session[0].norm;
        assert_true(whole[k] * norm->scale[k % NEURONS] + norm->mean[k % NEURONS] >= 0); /* a rate */
    }
    free(still), free(whole), free(single), free(copied);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_sure_a_model_is_held_back),
        cmocka_unit_test(the_mean_is_left_alone),
        cmocka_unit_test(what_comes_later_does_not_count),
        cmocka_unit_test(rates_that_move_are_followed),
        cmocka_unit_test(the_moving_mean_is_that_of_the_frames_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
