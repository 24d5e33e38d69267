/* Which of two models is ahead on the validation split: only a difference that is larger than its own error counts. */
#include "training/ahead.h"

#include "fixture.h"

enum { WINDOW = 16, NEURONS = 6, FRAMES = 1200 };

/* Copies the last frame, times `a`. */
static syn_parameters *copier(const syn_dataset *data, float a) {
    syn_parameters *p = random_parameters(data, SYN_FORM_NONE, 4, 64);
    memset(p->value, 0, p->count * sizeof *p->value);
    for (int i = 0; i < NEURONS; i++) p->value[p->session[0].a + (size_t)i] = a;
    return p;
}

static bool is_ahead(const syn_dataset *data, float a, float b) {
    syn_parameters *p = copier(data, a), *q = copier(data, b);
    bool ahead;
    assert_ok(syn_ahead(p, q, 2, data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, &ahead));
    syn_parameters_free(p), syn_parameters_free(q);
    return ahead;
}

/* x[t+1] = slope x[t] + noise */
static raw_data autoregressive(float slope, uint32_t seed) {
    raw_data raw = raw_create(FRAMES, NEURONS, 0, "fluorescence", 81);
    for (int64_t k = 0; k < FRAMES * NEURONS; k++)
        raw.x[k] = (float)normal(seed, k) + (k < NEURONS ? 0 : slope * raw.x[k - NEURONS]);
    return raw;
}

static void clear_differences_count(void **state) {
    (void)state;
    raw_data raw = autoregressive(0.6f, 82);
    test_set set = set_create(&raw, 1, WINDOW);
    assert_true(is_ahead(set.data, 0.6f, 0));
    assert_false(is_ahead(set.data, 0, 0.6f));
    assert_false(is_ahead(set.data, 0.6f, 0.6f));
    set_free(&set), raw_free(&raw);
}

/* From the test split on, and in the gap before it, every sign alternates. */
static void what_comes_later_does_not_count(void **state) {
    (void)state;
    raw_data raw = autoregressive(0.6f, 82);
    for (int64_t k = FRAMES * 85 / 100 * NEURONS; k < FRAMES * NEURONS; k++)
        raw.x[k] = (float)(k / NEURONS % 2 ? 1 : -1) * (2 + raw.x[k]);
    test_set set = set_create(&raw, 1, WINDOW);
    assert_true(is_ahead(set.data, 0.6f, 0));
    assert_false(is_ahead(set.data, 0, 0.6f));
    set_free(&set), raw_free(&raw);
}

/* Of two slopes that are as far from the true one on either side, neither can be clearly ahead: the loss is the same on
 * average, and one of the two is lower. */
static void chance_does_not_count(void **state) {
    (void)state;
    int ahead = 0;
    for (uint32_t k = 0; k < 20; k++) {
        raw_data raw = autoregressive(0.5f, 83 + k);
        test_set set = set_create(&raw, 1, WINDOW);
        ahead += is_ahead(set.data, 0.48f, 0.52f);
        set_free(&set), raw_free(&raw);
    }
    assert_in_range(ahead, 0, 3); /* a normal number is above 2 in 2.3 % of all cases */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clear_differences_count),
        cmocka_unit_test(what_comes_later_does_not_count),
        cmocka_unit_test(chance_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
