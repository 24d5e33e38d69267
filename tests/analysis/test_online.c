/* A model that runs along, frame by frame: against forecasts of the whole recording. */
#include "analysis/forecast.h"
#include "example.h"

static const struct {
    const char *signal;
    double alpha;
    int64_t B;
    bool hidden, trials;
} cases[] = {{"fluorescence", 0, 0, false, false}, {"fluorescence", 0.1, 2, true, false},
             {"fluorescence", 0.1, 0, true, true}, {"fluorescence", 0, 2, false, true},
             {"counts", 0, 2, false, false},       {"counts", 0, 0, true, true}};
enum { CASES = sizeof cases / sizeof *cases, K = 6 };

static example example_of(size_t k) {
    example e = example_create(cases[k].signal, cases[k].alpha, cases[k].B, cases[k].hidden, cases[k].trials);
    if (cases[k].B) e.raw.u[7] = NAN;
    return e;
}

static syn_online *online_of(const example *e) {
    syn_online *online;
    assert_ok(syn_online_create(&online, e->model, 0, NULL));
    return online;
}

static syn_forecast *forecast(const example *e, syn_options *options) {
    syn_forecast *f;
    syn_recording *recording = recording_of(&e->raw);
    assert_ok(syn_forecast_create(&f, e->model, recording, options));
    syn_recording_free(recording);
    syn_options_free(options);
    return f;
}

static const float *frame_of(const raw_data *raw, int64_t t) { return raw->x + t * raw->N; }
static const float *behavior_of(const raw_data *raw, int64_t t) { return raw->B ? raw->u + t * raw->B : NULL; }

/* A forecast finds the baseline again from what was taken off, which rounds; without one it is the same to the bit. */
static void assert_forecast(const char *what, size_t c, const float *expected, const float *found, int64_t n) {
    if (cases[c].alpha == 0) assert_same(what, expected, found, n);
    for (int64_t k = 0; k < n; k++) assert_near(what, (double)expected[k], (double)found[k], 1e-5);
}

/* Every prediction is that of the forecast of the whole recording. */
static void steps_are_the_forecast(void **state) {
    (void)state;
    for (size_t c = 0; c < CASES; c++) {
        example e = example_of(c);
        syn_forecast *f = forecast(&e, OPTIONS("split", "all", "steps", "1"));
        syn_online *online = online_of(&e);
        float *out = floats(f->N);
        int64_t n = 0;
        for (int64_t s = 0; s < e.raw.S; s++) {
            if (s > 0) syn_online_restart(online);
            for (int64_t t = e.raw.segment[2 * s]; t + 1 < e.raw.segment[2 * s + 1]; t++, n++) {
                assert_ok(syn_online_step(online, frame_of(&e.raw, t), behavior_of(&e.raw, t), out));
                assert_int_equal(f->frame[n], t + 1);
                assert_forecast("prediction", c, f->prediction + n * f->N, out, f->N);
            }
        }
        assert_int_equal(n, f->F);
        free(out);
        syn_online_free(online), syn_forecast_free(f), example_free(&e);
    }
}

/* A forecast ahead is the rollout from there, and leaves the run where it was. */
static void forecasts_are_rollouts(void **state) {
    (void)state;
    enum { START = 9 };
    for (size_t c = 0; c < CASES; c++) {
        example e = example_of(c);
        syn_forecast *f = forecast(&e, OPTIONS("split", "all", "steps", "6", "start", "9", "hold-behavior", "yes"));
        syn_online *online = online_of(&e), *undisturbed = online_of(&e);
        float *out = floats(K * f->N), *next = floats(f->N), *expected = floats(f->N);
        for (int64_t t = 0; t < START; t++) {
            assert_ok(syn_online_step(online, frame_of(&e.raw, t), behavior_of(&e.raw, t), next));
            assert_ok(syn_online_step(undisturbed, frame_of(&e.raw, t), behavior_of(&e.raw, t), expected));
            assert_ok(syn_online_forecast(online, K, out));
            assert_same("first step", next, out, f->N);
        }
        assert_forecast("rollout", c, f->rollout, out, K * f->N);
        assert_ok(syn_online_step(online, frame_of(&e.raw, START), behavior_of(&e.raw, START), next));
        assert_ok(syn_online_step(undisturbed, frame_of(&e.raw, START), behavior_of(&e.raw, START), expected));
        assert_same("the step after", expected, next, f->N);
        free(out), free(next), free(expected);
        syn_online_free(online), syn_online_free(undisturbed), syn_forecast_free(f), example_free(&e);
    }
}

static void assert_refused(syn_status status, const char *message) {
    assert_int_not_equal(status, SYN_OK);
    if (!strstr(syn_last_error(), message)) fail_msg("'%s' is not in '%s'", message, syn_last_error());
}

/* A frame that is refused is as though it had not been given. */
static void bad_frames_are_refused(void **state) {
    (void)state;
    example e = example_of(1);
    syn_online *online = online_of(&e), *other;
    const int64_t N = e.raw.N;
    float *x = floats(N), *out = floats(N), *expected = floats(N), u[2] = {1, INFINITY};
    assert_refused(syn_online_create(&other, e.model, 1, NULL), "session: found 1; expected 0 to 0");
    assert_refused(syn_online_forecast(online, 1, out), "no frame has been taken");
    memcpy(x, frame_of(&e.raw, 0), (size_t)N * sizeof *x);
    assert_refused(syn_online_step(online, x, NULL, out), "behavior: not given; expected the 2 variables");
    assert_refused(syn_online_step(online, x, u, out), "behavior: variable 1 is infinite");
    assert_ok(syn_online_step(online, x, behavior_of(&e.raw, 0), expected));
    x[3] = -INFINITY;
    assert_refused(syn_online_step(online, x, behavior_of(&e.raw, 0), out), "activity: neuron 3 has -inf");
    x[3] = 3e38f;
    assert_refused(syn_online_step(online, x, behavior_of(&e.raw, 0), out), "activity: neuron 3 has 3e+38");
    assert_ok(syn_online_forecast(online, 1, out));
    assert_same("prediction", expected, out, N);
    syn_online_restart(online);
    assert_refused(syn_online_forecast(online, 1, out), "no frame has been taken");
    assert_ok(syn_online_step(online, frame_of(&e.raw, 0), behavior_of(&e.raw, 0), out));
    assert_same("prediction", expected, out, N);
    free(x), free(out), free(expected);
    syn_online_free(online), example_free(&e);
}

/* Neurons that are not observed at all are filled by what is predicted of them. */
static void nothing_observed(void **state) {
    (void)state;
    example e = example_of(0);
    syn_online *online = online_of(&e);
    const int64_t N = e.raw.N;
    float *none = floats(N), *out = floats(N), *ahead = floats(2 * N);
    for (int64_t i = 0; i < N; i++) none[i] = NAN;
    for (int64_t t = 0; t < 5; t++) assert_ok(syn_online_step(online, frame_of(&e.raw, t), NULL, out));
    assert_ok(syn_online_forecast(online, 2, ahead));
    assert_ok(syn_online_step(online, none, NULL, out));
    assert_same("prediction", ahead + N, out, N);
    free(none), free(out), free(ahead);
    syn_online_free(online), example_free(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_the_forecast),
        cmocka_unit_test(forecasts_are_rollouts),
        cmocka_unit_test(bad_frames_are_refused),
        cmocka_unit_test(nothing_observed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
