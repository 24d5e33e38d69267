/* The bootstrap interval: coverage on noise with memory, segments, weights, determinism. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/bootstrap.h"
#include "base/random.h"

enum { MAX_N = 2000, REPETITIONS = 150 };
static const double ZERO[MAX_N];

/* x[t] = phi x[t-1] + n around `mean`, from its stationary distribution; restarted every `restart` frames. */
static void autoregressive(double *x, int n, double phi, double mean, int restart, uint32_t repetition) {
    syn_random random = {1, SYN_STREAM_TEST, repetition};
    double state = 0;
    for (int t = 0; t < n; t++) {
        double noise = syn_random_normal(random, (uint64_t)t);
        state = t % restart ? phi * state + noise : noise / sqrt(1 - phi * phi);
        x[t] = mean + state;
    }
}

static syn_interval interval_of(const double *a, const double *weight, int n, const syn_segment *segment, int S) {
    syn_interval interval;
    assert_int_equal(syn_bootstrap_difference(&interval, a, ZERO, weight, n, segment, S, 0), SYN_OK);
    return interval;
}

/* Share of the intervals that hold the true mean; its standard error at 95 % is 1.8 %. */
static double coverage(int n, double phi, const syn_segment *segment, int S, int restart) {
    static double x[MAX_N];
    const double mean = 0.7;
    int held = 0;
    for (uint32_t repetition = 0; repetition < REPETITIONS; repetition++) {
        autoregressive(x, n, phi, mean, restart, repetition);
        syn_interval interval = interval_of(x, NULL, n, segment, S);
        held += interval.low < mean && mean < interval.high;
    }
    return held / (double)REPETITIONS;
}

static void covers_the_true_mean(void **state) {
    (void)state;
    double white = coverage(600, 0, NULL, 0, MAX_N), correlated = coverage(600, 0.8, NULL, 0, MAX_N);
    print_message("coverage: white %.3f, correlated %.3f\n", white, correlated);
    assert_true(white > 0.90 && white < 0.99);
    assert_true(correlated > 0.88 && correlated < 0.99); /* independent frames would give 0.49 */
}

static void covers_with_many_short_segments(void **state) {
    (void)state;
    enum { LENGTH = 10, S = 60 };
    syn_segment segment[S];
    for (int k = 0; k < S; k++) segment[k] = (syn_segment){k * LENGTH, (k + 1) * LENGTH};
    double share = coverage(LENGTH * S, 0.9, segment, S, LENGTH);
    assert_true(share > 0.89 && share < 0.99);
}

static void block_follows_autocorrelation(void **state) {
    (void)state;
    static double x[MAX_N];
    autoregressive(x, MAX_N, 0, 0, MAX_N, 1);
    syn_interval white = interval_of(x, NULL, MAX_N, NULL, 0);
    autoregressive(x, MAX_N, 0.8, 0, MAX_N, 1);
    syn_interval correlated = interval_of(x, NULL, MAX_N, NULL, 0);
    assert_true(white.autocorrelation_frames < 2);
    assert_true(correlated.autocorrelation_frames > 6 && correlated.autocorrelation_frames < 13); /* exactly 9 */
    assert_true((double)correlated.block_frames >= correlated.autocorrelation_frames);
    assert_true(correlated.high - correlated.low > 2 * (white.high - white.low));
}

static void same_seed_same_interval(void **state) {
    (void)state;
    static double x[MAX_N];
    syn_interval first, second, other;
    autoregressive(x, MAX_N, 0.5, 0, MAX_N, 2);
    assert_int_equal(syn_bootstrap_difference(&first, x, ZERO, NULL, MAX_N, NULL, 0, 5), SYN_OK);
    assert_int_equal(syn_bootstrap_difference(&second, x, ZERO, NULL, MAX_N, NULL, 0, 5), SYN_OK);
    assert_int_equal(syn_bootstrap_difference(&other, x, ZERO, NULL, MAX_N, NULL, 0, 6), SYN_OK);
    assert_true(first.low == second.low && first.high == second.high);
    assert_true(first.low != other.low && first.mean == other.mean);
}

/* Frames outside the segments must not matter, whatever they hold. */
static void frames_outside_segments_are_ignored(void **state) {
    (void)state;
    static double x[MAX_N], y[MAX_N];
    static const syn_segment segment[] = {{0, 400}, {500, 900}, {1500, 2000}};
    autoregressive(x, MAX_N, 0.5, 1, MAX_N, 3);
    memcpy(y, x, sizeof y);
    for (int t = 400; t < 500; t++) y[t] = 100;
    for (int t = 900; t < 1500; t++) y[t] = -64;
    syn_interval a = interval_of(x, NULL, MAX_N, segment, 3), b = interval_of(y, NULL, MAX_N, segment, 3);
    assert_true(fabs(a.mean - b.mean) < 1e-10 && fabs(a.low - b.low) < 1e-10 && fabs(a.high - b.high) < 1e-10);
    assert_true(fabs(a.mean - 1) < 0.3);
}

/* Losses that are sums over entries: a frame with more entries counts for more, one without entries for nothing. */
static void weights_count_entries(void **state) {
    (void)state;
    static double loss[MAX_N], weight[MAX_N];
    autoregressive(loss, MAX_N, 0, 0, MAX_N, 4);
    for (int t = 0; t < MAX_N; t++) {
        weight[t] = t % 3;
        loss[t] = weight[t] * (2 + 0.1 * loss[t]);
    }
    syn_interval interval = interval_of(loss, weight, MAX_N, NULL, 0);
    assert_true(fabs(interval.mean - 2) < 0.02);
    assert_true(interval.low < interval.mean && interval.mean < interval.high);
    assert_true(interval.high - interval.low < 0.02);
}

static void degenerate_inputs(void **state) {
    (void)state;
    syn_interval none = interval_of(ZERO, NULL, 0, NULL, 0);
    assert_true(isnan(none.mean) && isnan(none.low) && isnan(none.high));
    syn_interval weightless = interval_of(ZERO, ZERO, 10, NULL, 0);
    assert_true(isnan(weightless.mean));
    syn_interval equal = interval_of(ZERO, NULL, 10, NULL, 0);
    assert_true(equal.mean == 0 && equal.low == 0 && equal.high == 0);
    static const double one[] = {3};
    syn_interval single = interval_of(one, NULL, 1, NULL, 0);
    assert_true(single.mean == 3 && isnan(single.low) && isnan(single.high));
    static const double diverged[] = {1, INFINITY, 2};
    syn_interval infinite = interval_of(diverged, NULL, 3, NULL, 0);
    assert_true(isnan(infinite.mean) && isnan(infinite.low));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_the_true_mean),
        cmocka_unit_test(covers_with_many_short_segments),
        cmocka_unit_test(block_follows_autocorrelation),
        cmocka_unit_test(same_seed_same_interval),
        cmocka_unit_test(frames_outside_segments_are_ignored),
        cmocka_unit_test(weights_count_entries),
        cmocka_unit_test(degenerate_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
