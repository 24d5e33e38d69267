/* Frames that were interpolated from another rate are recognised, in time and in phase; others are not. */
#include "dataset/resampling.h"

#include "fixture.h"

static const double recorded = 9.4; /* frames a second, written as 10 */

/* Frame t of what was recorded at the other rate from `start` seconds on, interpolated linearly. */
static raw_data resampled(int64_t T, int64_t N, int64_t B, double start, const char *signal) {
    raw_data from = raw_create(T, N, 0, "fluorescence", 4);
    raw_data raw = raw_create(T, N, B, signal, 5);
    for (int64_t t = 0; t < T; t++) {
        const double at = (start + (double)t / 10) * recorded;
        const int64_t k = (int64_t)at;
        for (int64_t i = 0; i < N; i++) {
            const double share = at - (double)k;
            raw.x[t * N + i] =
                (float)((1 - share) * (double)from.x[k * N + i] + share * (double)from.x[(k + 1) * N + i]);
        }
    }
    raw_free(&from);
    return raw;
}

/* Mean over frames of cos(angle - expected), where the frame farthest from what was recorded, halfway between two, is
 * the smoothest. */
static double agreement(const syn_session *s, double start) {
    double sum = 0;
    for (int64_t t = 0; t < s->T; t++) {
        const float *u = s->u + (t + 1) * s->B - SYN_BEAT_BEHAVIORS;
        const double angle = -2 * M_PI * (start + (double)t / 10) * recorded;
        sum += ((double)u[0] * cos(angle) + (double)u[1] * sin(angle)) / M_SQRT2;
    }
    return sum / (double)s->T;
}

static void interpolated_frames(void **state) {
    (void)state;
    raw_data raw = resampled(3000, 12, 2, 0.31, "fluorescence");
    test_set set = set_create(&raw, 1, 8);
    const syn_session *s = &set.data->session[0];
    /* 9.4 and 10 frames a second come together 0.6 times a second */
    assert_near("cycles a frame", 0.06, s->norm.beat.frequency, 2e-5);
    assert_int_equal(s->B, 4);
    assert_int_equal(s->norm.B, 4);
    assert_int_equal(syn_recorded_behaviors(&s->norm), 2);
    assert_int_equal(set.recording[0]->n_warnings, 1);
    assert_non_null(strstr(set.recording[0]->warning[0], "every 16.67 frames"));
    assert_string_equal(set.recording[0]->behavior_name[2], "resampling_cos");
    /* those of the recording are as they were */
    for (int64_t t = 0; t < s->T; t++)
        assert_near("behaviour", (double)((raw.u[2 * t] - s->norm.u_mean[0]) / s->norm.u_scale[0]), (double)s->u[4 * t],
                    1e-5);
    double square = 0, sum = 0;
    for (int64_t t = 0; t < s->T; t++)
        square += (double)(s->u[4 * t + 2] * s->u[4 * t + 2]), sum += (double)s->u[4 * t + 2];
    assert_near("mean", 0, sum / (double)s->T, 0.01);
    assert_near("variance", 1, square / (double)s->T, 0.01);
    /* second differences straddle three frames: the phase is that of the middle one */
    const double agrees = agreement(s, 0.31);
    if (fabs(agrees) < 0.9) fail_msg("the phase drifts: %g", agrees);

    /* the model's own recording, bit for bit; another one, whose phase is not known, nearly */
    test_set same = set_create_as(&raw, &set);
    assert_memory_equal(same.data->session[0].u, s->u, (size_t)(s->T * s->B) * sizeof(float));
    syn_normalisation *norm = &set.data->session[0].norm;
    const double phase = norm->beat.phase;
    raw_data later = resampled(3000, 12, 2, 2.47, "fluorescence");
    norm->beat.phase = NAN;
    test_set other = set_create_as(&later, &set);
    norm->beat.phase = phase;
    assert_near("phase of another recording", agrees, agreement(&other.data->session[0], 2.47), 0.05);
    set_free(&other), raw_free(&later), set_free(&same), set_free(&set), raw_free(&raw);
}

/* Trials of 51 frames that follow each other. */
static void trials(void **state) {
    (void)state;
    raw_data raw = resampled(5100, 12, 0, 0, "fluorescence");
    raw_cut(&raw, 100, 0);
    test_set set = set_create(&raw, 1, 8);
    assert_near("cycles a frame", 0.06, set.data->session[0].norm.beat.frequency, 2e-5);
    set_free(&set), raw_free(&raw);
}

/* Few segments of any length are no trials. */
static void segments(void **state) {
    (void)state;
    for (int64_t S = 2; S <= 3; S++) {
        raw_data raw = resampled(6000, 12, 0, 0, "fluorescence");
        raw_cut(&raw, S, 0);
        test_set set = set_create(&raw, 1, 8);
        assert_near("cycles a frame", 0.06, set.data->session[0].norm.beat.frequency, 2e-5);
        set_free(&set), raw_free(&raw);
    }
}

static void others(void **state) {
    (void)state;
    for (int k = 0; k < 7; k++) {
        raw_data raw = k == 0   ? raw_create(3000, 12, 1, "fluorescence", 6)
                       : k == 1 ? resampled(3000, 12, 1, 0, "counts")
                       : k == 2 ? resampled(200, 12, 1, 0, "fluorescence")
                                : raw_create(3000, 12, 1, "fluorescence", 7);
        /* all neurons are slow in the first half of a trial */
        if (k == 4) raw_cut(&raw, 75, 2);
        for (int64_t n = raw.N; k == 4 && n < raw.T * raw.N; n++)
            if (n / raw.N % 40 < 20) raw.x[n] = 0.9F * raw.x[n - raw.N] + 0.3F * raw.x[n];
        /* every fifth frame is missing */
        for (int64_t n = 0; k == 5 && n < raw.T * raw.N; n++)
            if (n / raw.N % 5 == 0) raw.x[n] = NAN;
        /* nothing but sines */
        for (int64_t n = 0; k == 6 && n < raw.T * raw.N; n++)
            raw.x[n] = (float)sin(2 * M_PI * (double)(n / raw.N) / (11 + 2.3 * (double)(n % raw.N)));
        for (int64_t n = 0; k == 1 && n < raw.T * raw.N; n++) raw.x[n] = floorf(fabsf(3 * raw.x[n]));
        test_set set = set_create(&raw, 1, 8);
        if (set.data->session[0].norm.beat.frequency != 0) fail_msg("%d: a beat was found", k);
        assert_int_equal(set.data->session[0].B, 1);
        assert_int_equal(set.recording[0]->n_warnings, 0);
        set_free(&set), raw_free(&raw);
    }
}

/* Frequency of the beat of a recording, where two are known. */
static double frequency_like(const raw_data *raw, double first, double second) {
    const double known[] = {first, second};
    syn_recording *recording = recording_of(raw);
    syn_options *options;
    syn_dataset *data;
    assert_ok(syn_options_create(&options));
    assert_ok(syn_options_set(options, "window", "8"));
    assert_ok(syn_dataset_create_like(&data, &recording, 1, options, (syn_beats){known, 2}));
    const double frequency = data->session[0].norm.beat.frequency;
    syn_dataset_free(data), syn_recording_free(recording), syn_options_free(options);
    return frequency;
}

/* A frequency that is known from others takes the place of the one of a short recording if it can hardly be told apart
 * or predicts better, and is near. */
static void known_frequencies(void **state) {
    (void)state;
    enum { TRAIN = 420 };
    raw_data raw = resampled(600, 9, 0, 0, "fluorescence");
    for (int64_t k = 0; k < raw.T * raw.N; k++) raw.x[k] += (float)(0.2 * normal(99, k));
    const double found = frequency_like(&raw, 0, 0), off = found - 0.06, far = 0.0467;
    assert_true(fabs(off) * TRAIN > 0.012 && fabs(off) * TRAIN < 0.1); /* else these cases show nothing */
    assert_true(frequency_like(&raw, 0, 0.06) == 0.06);
    assert_true(frequency_like(&raw, 0.06, far) == 0.06);
    assert_true(frequency_like(&raw, far, 0) == found);
    /* worse, and clearly another one; beside the best one and a better one in any order; the same within the noise */
    assert_true(frequency_like(&raw, found + 4 * off, 0) == found);
    assert_true(frequency_like(&raw, found + 4 * off, 0.06) == 0.06);
    assert_true(frequency_like(&raw, 0.06, found - 0.2 * off) == 0.06);
    /* half of it has the true one as a harmonic */
    assert_true(frequency_like(&raw, 0.03, 0) == found);
    const double same = 0.005 / TRAIN;
    assert_true(frequency_like(&raw, found + same, 0) == found + same);
    assert_true(frequency_like(&raw, 0, found - same) == found - same);
    /* one that is neither the same nor better than what was found is not taken for being better than one that is */
    const double alike = found + copysign(0.009, off) / TRAIN, worse = found - copysign(0.121, off) / TRAIN;
    assert_true(frequency_like(&raw, worse, 0) == found);
    assert_true(frequency_like(&raw, alike, worse) == alike);
    assert_true(frequency_like(&raw, worse, alike) == alike);
    raw_free(&raw);
}

/* A model that was fitted with a beat is taken to a recording that has none: its phase is a guess, and said to be. */
static void none_in_another(void **state) {
    (void)state;
    raw_data raw = resampled(3000, 6, 0, 0, "fluorescence"), plain = raw_create(3000, 6, 0, "fluorescence", 8);
    test_set set = set_create(&raw, 1, 8);
    set.data->session[0].norm.beat.phase = NAN;
    test_set other = set_create_as(&plain, &set);
    assert_int_equal(other.data->session[0].B, SYN_BEAT_BEHAVIORS);
    assert_near("frequency", 0.06, other.data->session[0].norm.beat.frequency, 2e-5);
    const float *u = other.data->session[0].u;
    for (int64_t t = 0; t < 3000; t++)
        assert_near("length", 2, (double)(u[2 * t] * u[2 * t] + u[2 * t + 1] * u[2 * t + 1]), 1e-5);
    assert_int_equal(other.recording[0]->n_warnings, 1);
    assert_non_null(strstr(other.recording[0]->warning[0], "is a guess"));
    set_free(&other), set_free(&set), raw_free(&plain), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interpolated_frames),
        cmocka_unit_test(trials),
        cmocka_unit_test(segments),
        cmocka_unit_test(others),
        cmocka_unit_test(known_frequencies),
        cmocka_unit_test(none_in_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
