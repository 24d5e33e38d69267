/* Intervals of many means at once, against the bootstrap that draws, and against what is known of white noise. */
#include "../model/fixture.h"
#include "analysis/bootstrap.h"
#include "analysis/mean_interval.h"

enum { S = 400, E = 70 };

/* E autoregressive series of S states in segments, of a common memory. */
static float *series(double memory, const syn_segment *segment, int64_t n_segments) {
    float *values = floats(S * E);
    for (int64_t k = 0; k < n_segments; k++)
        for (int64_t t = segment[k].start; t < segment[k].stop; t++)
            for (int64_t e = 0; e < E; e++) {
                const double before = t > segment[k].start ? (double)values[(t - 1) * E + e] - 1 : 0;
                values[t * E + e] = (float)(1 + memory * before + normal(5, t * E + e));
            }
    return values;
}

static double drawn_half(const float *values, int64_t e, const syn_segment *segment, int64_t n_segments) {
    double a[S], zero[S] = {0};
    syn_interval interval;
    for (int64_t t = 0; t < S; t++) a[t] = (double)values[t * E + e];
    assert_ok(syn_bootstrap_difference(&interval, a, zero, NULL, S, segment, n_segments, 1));
    return (interval.high - interval.low) / 2;
}

static void agrees_with_drawing(void **state) {
    (void)state;
    const syn_segment whole[] = {{0, S}}, trials[] = {{0, 90}, {90, 300}, {300, 310}, {310, S}};
    for (int c = 0; c < 4; c++) {
        const syn_segment *segment = c % 2 ? trials : whole;
        const int64_t n = c % 2 ? 4 : 1;
        float *values = series(c < 2 ? 0 : 0.7, segment, n), mean[E], low[E], high[E];
        int64_t block;
        double ratio = 0;
        assert_ok(syn_mean_intervals(values, S, E, segment, n, mean, low, high, &block));
        for (int64_t e = 0; e < E; e++) {
            double sum = 0;
            for (int64_t t = 0; t < S; t++) sum += (double)values[t * E + e] / S;
            assert_near("mean", sum, (double)mean[e], 1e-5);
            assert_near("middle", (double)mean[e], (double)(low[e] + high[e]) / 2, 1e-5);
            if (e % 7 == 0) ratio += (double)(high[e] - low[e]) / 2 / drawn_half(values, e, segment, n) / (E / 7);
        }
        assert_near("half width over that of the drawn bootstrap", 1, ratio, 0.12);
        free(values);
    }
}

/* 95 of 100 intervals of white noise hold the mean. */
static void covers(void **state) {
    (void)state;
    const syn_segment whole[] = {{0, S}};
    float *values = series(0, whole, 1), mean[E], low[E], high[E];
    int64_t block, inside = 0;
    assert_ok(syn_mean_intervals(values, S, E, whole, 1, mean, low, high, &block));
    for (int64_t e = 0; e < E; e++) inside += low[e] <= 1 && 1 <= high[e];
    assert_true((double)inside >= 0.87 * E && inside < E);
    free(values);
}

static void too_few_states(void **state) {
    (void)state;
    const syn_segment one[] = {{0, 1}};
    const float values[3] = {1, 2, 3};
    float mean[3], low[3], high[3];
    int64_t block;
    assert_ok(syn_mean_intervals(values, 1, 3, one, 1, mean, low, high, &block));
    assert_true(mean[2] == 3 && isnan(low[2]) && isnan(high[0]));
}

/* A series that never varies has an interval of no width, whatever the others do. */
static void constant_series(void **state) {
    (void)state;
    const syn_segment whole[] = {{0, S}};
    float *values = series(0.5, whole, 1), mean[E], low[E], high[E];
    int64_t block;
    for (int64_t t = 0; t < S; t++) values[t * E + 7] = 0;
    assert_ok(syn_mean_intervals(values, S, E, whole, 1, mean, low, high, &block));
    assert_true(mean[7] == 0 && low[7] == 0 && high[7] == 0);
    free(values);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_drawing), cmocka_unit_test(covers),
                                       cmocka_unit_test(too_few_states), cmocka_unit_test(constant_series)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
