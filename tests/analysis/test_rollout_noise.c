/* What rollouts are disturbed by: the errors that were made, or counts drawn at the predicted rates; and whether that
 * is told to help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/rollout_noise.h"
#include "base/random.h"

enum { N = 3, F = 500, S = 200, K = 5 };
static float mean[N] = {1, 0.4f, 80}, scale[N] = {2, 0.5f, 9};
static const syn_normalisation norm = {.N = N, .mean = mean, .scale = scale};

static void assert_close(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance)) fail_msg("found %g; expected %g", found, expected);
}

/* Normal errors of `size` standard deviations in both parts, those of the one-step part about 1. */
static syn_forecast *forecast_of(double size, uint64_t seed) {
    const syn_random random = {.seed = seed};
    syn_forecast *f = calloc(1, sizeof *f);
    f->N = N, f->F = F, f->S = S, f->K = K;
    float **arrays[] = {&f->prediction, &f->truth, &f->rollout, &f->rollout_truth};
    for (int k = 0; k < 4; k++) assert_non_null(*arrays[k] = calloc(S * K * N, sizeof(float)));
    for (int k = 0; k < S * K * N; k++) {
        const double error = size * syn_random_normal(random, (uint64_t)k);
        if (k < F * N) f->truth[k] = (float)(1 + error) * scale[k % N];
        f->rollout_truth[k] = (float)error * scale[k % N];
    }
    return f;
}

/* Moments of what is added to 0 over many frames and paths. */
static void measure(const syn_rollout_noise *noise, const float *from, double *sum, double *square) {
    enum { PATHS = 20, FRAMES = 400 };
    memset(sum, 0, N * sizeof *sum), memset(square, 0, N * sizeof *square);
    for (int path = 0; path < PATHS; path++)
        for (int64_t frame = 0; frame < FRAMES; frame++) {
            float z[N];
            memcpy(z, from, sizeof z);
            syn_rollout_disturb(noise, path, frame, z);
            for (int i = 0; i < N; i++) {
                const double x = (double)(z[i] * scale[i] + mean[i]);
                sum[i] += x / (PATHS * FRAMES), square[i] += x * x / (PATHS * FRAMES);
            }
        }
}

static void errors_are_added_about_0(void **state) {
    (void)state;
    syn_forecast *errors = forecast_of(0.5, 1);
    syn_rollout_noise noise;
    const float zero[N] = {0};
    double sum[N], square[N];
    for (int64_t k = 0; k < F; k += 4) errors->truth[k * N + 1] = NAN; /* not observed */
    assert_int_equal(syn_rollout_noise_create(&noise, &norm, SYN_LOSS_GAUSSIAN, errors), SYN_OK);
    measure(&noise, zero, sum, square);
    for (int i = 0; i < N; i++) {
        const double variance = 0.25 * (double)(scale[i] * scale[i]) * (i == 1 ? 0.75 : 1);
        assert_close(sum[i], (double)mean[i], 0.02 * (double)scale[i]);
        assert_close((square[i] - sum[i] * sum[i]) / variance, 1, 0.15);
    }
    syn_rollout_noise_free(&noise), syn_forecast_free(errors);
}

static void counts_are_drawn_at_their_rates(void **state) {
    (void)state;
    syn_forecast *errors = forecast_of(0.5, 1);
    syn_rollout_noise noise;
    float z[N] = {0}, none[N];
    double sum[N], square[N];
    assert_int_equal(syn_rollout_noise_create(&noise, &norm, SYN_LOSS_POISSON, errors), SYN_OK);
    measure(&noise, z, sum, square);
    for (int i = 0; i < N; i++) {
        assert_close(sum[i] / (double)mean[i], 1, 0.05);
        assert_close((square[i] - sum[i] * sum[i]) / (double)mean[i], 1, 0.08);
    }
    for (int i = 0; i < N; i++) none[i] = -mean[i] / scale[i] - 1; /* a rate below 0 */
    syn_rollout_disturb(&noise, 3, 7, none);
    for (int i = 0; i < N; i++) assert_close((double)(none[i] * scale[i] + mean[i]), 0, 1e-4);
    syn_rollout_noise_free(&noise), syn_forecast_free(errors);
}

static void what_helps_is_told(void **state) {
    (void)state;
    syn_forecast *near = forecast_of(0.9, 2), *far = forecast_of(1.1, 3), *alike = forecast_of(1.1, 4);
    bool helps;
    assert_int_equal(syn_rollout_noise_helps(&norm, far, near, &helps), SYN_OK);
    assert_true(helps);
    assert_int_equal(syn_rollout_noise_helps(&norm, near, far, &helps), SYN_OK);
    assert_false(helps);
    assert_int_equal(syn_rollout_noise_helps(&norm, far, alike, &helps), SYN_OK);
    assert_false(helps);
    far->F = 15; /* frames for one step, eight times */
    assert_int_equal(syn_rollout_noise_helps(&norm, far, near, &helps), SYN_OK);
    assert_false(helps);
    syn_forecast_free(near), syn_forecast_free(far), syn_forecast_free(alike);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_added_about_0),
        cmocka_unit_test(counts_are_drawn_at_their_rates),
        cmocka_unit_test(what_helps_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
