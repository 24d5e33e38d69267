/* Intervals of forecasts from errors that are known: normal ones, of a size for each neuron and step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/forecast_interval.h"
#include "base/random.h"

enum { N = 12, K = 4 };

/* Standard deviation of neuron i's errors at step k from 1. */
static double spread(int64_t i, int64_t k) { return (0.5 + (double)i) * sqrt((double)k); }

static syn_forecast *forecast_of(int64_t F, int64_t S, int64_t steps, uint64_t seed) {
    syn_forecast *f = calloc(1, sizeof *f);
    const int64_t size = F > S * steps ? F : S * steps;
    f->N = N, f->F = F, f->S = S, f->K = steps;
    float **arrays[] = {&f->prediction, &f->truth, &f->rollout, &f->rollout_truth};
    for (int k = 0; k < 4; k++) assert_non_null(*arrays[k] = calloc((size_t)(size * N), sizeof(float)));
    const syn_random random = {.seed = seed};
    for (int64_t at = 0; at < F * N; at++) {
        f->prediction[at] = (float)(at % 7);
        f->truth[at] =
            f->prediction[at] + (float)(spread(at % N, 1) * syn_random_normal(random, (uint64_t)(F * N + at)));
    }
    for (int64_t at = 0; at < S * steps * N; at++)
        f->rollout_truth[at] =
            (float)(spread(at % N, at / N % steps + 1) * syn_random_normal(random, (uint64_t)(F * N + at)));
    return f;
}

static void assert_close(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance)) fail_msg("found %g; expected %g", found, expected);
}

static void bounds_are_the_quantiles(void **state) {
    (void)state;
    syn_forecast *validation = forecast_of(16000, 1000, K, 1), *test = forecast_of(16000, 1000, K, 2);
    assert_int_equal(syn_forecast_intervals(test, validation), SYN_OK);
    for (int64_t i = 0; i < N; i++) {
        assert_close((double)test->lower[i] / spread(i, 1), -1.96, 0.12);
        assert_close((double)test->upper[i] / spread(i, 1), 1.96, 0.12);
        for (int64_t k = 0; k < K; k++)
            assert_close((double)test->rollout_upper[k * N + i] / spread(i, k + 1), 1.96, 0.25);
    }
    assert_close(test->coverage, 0.95, 0.01);
    for (int64_t k = 0; k < K; k++) assert_close(test->rollout_coverage[k], 0.95, 0.015);
    syn_forecast_free(validation), syn_forecast_free(test);
}

/* Eight rollouts say little about each neuron: the error one step ahead and the other neurons help. */
static void few_rollouts_do_not_make_them_narrow(void **state) {
    (void)state;
    syn_forecast *validation = forecast_of(400, 8, K, 3), *test = forecast_of(400, 2000, K, 4);
    assert_int_equal(syn_forecast_intervals(test, validation), SYN_OK);
    for (int64_t k = 0; k < K; k++) assert_close(test->rollout_coverage[k], 0.95, 0.04);
    syn_forecast_free(validation), syn_forecast_free(test);
}

static void missing_truth_counts_for_nothing(void **state) {
    (void)state;
    syn_forecast *validation = forecast_of(600, 60, K, 5), *test = forecast_of(600, 60, K, 6);
    for (int64_t at = 0; at < 600 * N; at++)
        if (at % N == 3 || at % 5 == 0) validation->truth[at] = test->truth[at] = NAN;
    for (int64_t at = 0; at < 60 * K * N; at++)
        if (at % N == 3) validation->rollout_truth[at] = NAN;
    assert_int_equal(syn_forecast_intervals(test, validation), SYN_OK);
    assert_true(isnan(test->lower[3]) && isnan(test->upper[3]));
    assert_close((double)test->upper[4] / spread(4, 1), 1.96, 0.3);
    assert_close(test->coverage, 0.95, 0.03);
    syn_forecast_free(validation), syn_forecast_free(test);
}

static void nothing_is_said_without_validation(void **state) {
    (void)state;
    syn_forecast *validation = forecast_of(600, 60, 2, 7), *test = forecast_of(600, 60, K, 8),
                 *alone = forecast_of(600, 60, K, 9);
    assert_int_equal(syn_forecast_intervals(test, validation), SYN_OK);
    assert_true(isfinite(test->rollout_coverage[1]) && isnan(test->rollout_coverage[2])); /* two steps were validated */
    assert_true(isnan(test->rollout_lower[2 * N]) && isfinite(test->rollout_lower[2 * N - 1]));
    assert_int_equal(syn_forecast_intervals(alone, NULL), SYN_OK);
    assert_true(isnan(alone->lower[0]) && isnan(alone->coverage) && isnan(alone->rollout_coverage[0]));
    syn_forecast_free(validation), syn_forecast_free(test), syn_forecast_free(alone);
}

/* Poisson counts of small rates, all predicted right: no neuron's commonest count may lie outside. */
static void counts_of_every_neuron_are_inside(void **state) {
    (void)state;
    enum { F = 2000 };
    syn_forecast *made[2];
    for (int k = 0; k < 2; k++) {
        made[k] = forecast_of(F, 100, 1, 10);
        made[k]->signal = SYN_SIGNAL_COUNTS;
        const syn_random random = {.seed = 11 + (uint64_t)k};
        for (int64_t at = 0; at < F * N; at++) {
            const double rate = 0.05 * (double)(1 + at % N), u = syn_random_uniform(random, (uint64_t)at);
            made[k]->prediction[at] = (float)(rate * (1 + 1e-5 * (double)k));
            made[k]->truth[at] = (float)((u > exp(-rate)) + (u > exp(-rate) * (1 + rate)));
        }
    }
    assert_int_equal(syn_forecast_intervals(made[1], made[0]), SYN_OK);
    for (int64_t i = 0; i < N; i++) {
        double inside = 0;
        for (int64_t t = 0; t < F; t++) {
            const float e = made[1]->truth[t * N + i] - made[1]->prediction[t * N + i];
            inside += e >= made[1]->lower[i] && e <= made[1]->upper[i];
        }
        if (inside < 0.93 * F) fail_msg("neuron %d: %g inside", (int)i, inside / F);
    }
    syn_forecast_free(made[0]), syn_forecast_free(made[1]);
}

/* A quantile of 2.5 % needs 39 errors, and a neuron's error a few frames. */
static void too_few_errors_say_nothing(void **state) {
    (void)state;
    syn_forecast *validation = forecast_of(600, 3, K, 12), *test = forecast_of(600, 60, K, 13);
    for (int64_t at = 0; at < 600 * N; at++)
        if (at % N == 5 && at / N > 3) validation->truth[at] = NAN;
    assert_int_equal(syn_forecast_intervals(test, validation), SYN_OK);
    assert_true(isnan(test->lower[5]) && isnan(test->upper[5]) && isfinite(test->lower[6]));
    for (int64_t k = 0; k < K * N; k++) assert_true(isnan(test->rollout_lower[k])); /* 33 errors a step */
    syn_forecast_free(validation), syn_forecast_free(test);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_the_quantiles),          cmocka_unit_test(few_rollouts_do_not_make_them_narrow),
        cmocka_unit_test(missing_truth_counts_for_nothing),  cmocka_unit_test(nothing_is_said_without_validation),
        cmocka_unit_test(counts_of_every_neuron_are_inside), cmocka_unit_test(too_few_errors_say_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
