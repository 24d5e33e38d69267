/* Recordings in memory: creating, checking, segments, timelines, behaviour clocks, summary, and the own layout. */
#include "support.h"

#include <float.h>
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <unistd.h>

#include "base/memory.h"
#include "recording/reader.h"

static float activity[TEST_T * TEST_N];

static syn_recording *create(double rate_hz) {
    syn_recording *r;
    for (int64_t t = 0; t < TEST_T; t++)
        for (int64_t j = 0; j < TEST_N; j++) activity[t * TEST_N + j] = expected(t, j);
    assert_int_equal(syn_recording_create(&r, activity, TEST_T, TEST_N, NULL, 0, rate_hz, "fluorescence", NULL, 0),
                     SYN_OK);
    return r;
}

static void creates_from_memory(void **state) {
    (void)state;
    float x[] = {1, 2, NAN, 4, 5, 6}, u[] = {0, NAN, 1, NAN, INFINITY, NAN};
    int64_t segments[] = {0, 1, 1, 3};
    syn_recording *r;
    assert_int_equal(syn_recording_create(&r, x, 3, 2, u, 2, 10, "counts", segments, 2), SYN_OK);
    assert_int_equal(syn_recording_frames(r), 3);
    assert_int_equal(syn_recording_neurons(r), 2);
    assert_int_equal(syn_recording_behaviors(r), 1); /* the second was never known */
    assert_float_equal(syn_recording_rate_hz(r), 10, 0);
    assert_true(isnan(r->u[2]));
    assert_false(syn_observed(r, 1, 0));
    assert_true(syn_observed(r, 1, 1));
    assert_int_equal(r->S, 2);
    syn_recording_free(r);
}

/* Of whatever a file or a caller names, bytes that are no UTF-8 are Latin-1. */
static void texts_are_utf8(void **state) {
    (void)state;
    static const float x[] = {1, 2, 3, 4}, u[] = {0, 1};
    const char *id[] = {"n\xe9u", "b"}, *region[] = {"\xfc", ""}, *type[] = {"", "\xb5m"}, *name[] = {"v\xeftesse"},
               *unit[] = {"\xb0"};
    const syn_recording_arrays arrays = {.T = 2,
                                         .N = 2,
                                         .B = 1,
                                         .activity = x,
                                         .behavior = u,
                                         .rate_hz = 10,
                                         .signal = "fluorescence",
                                         .name = "caf\xe9",
                                         .neuron_id = id,
                                         .region = region,
                                         .cell_type = type,
                                         .behavior_name = name,
                                         .behavior_unit = unit};
    syn_recording *r;
    assert_int_equal(syn_recording_from_arrays(&r, &arrays), SYN_OK);
    assert_int_equal(syn_recording_warn(r, "of %s", "n\xe9u"), SYN_OK);
    assert_string_equal(r->name, "caf\xc3\xa9");
    assert_string_equal(r->neuron_id[0], "n\xc3\xa9u");
    assert_string_equal(r->region[0], "\xc3\xbc");
    assert_string_equal(r->cell_type[1], "\xc2\xb5m");
    assert_string_equal(r->behavior_name[0], "v\xc3\xaftesse");
    assert_string_equal(r->behavior_unit[0], "\xc2\xb0");
    assert_string_equal(r->warning[0], "of n\xc3\xa9u");
    syn_recording_free(r);
}

static void refuses_bad_memory(void **state) {
    (void)state;
    float x[] = {1, 2, 3, 4};
    int64_t overlap[] = {0, 2, 1, 2}, beyond[] = {0, 3}, backwards[] = {1, 0};
    syn_recording *r;
    assert_int_equal(syn_recording_create(&r, NULL, 2, 2, NULL, 0, 1, "counts", NULL, 0), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, 0, 2, NULL, 0, 1, "counts", NULL, 0), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, 2, 2, NULL, 0, 0, "counts", NULL, 0), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, 2, 2, NULL, 0, NAN, "counts", NULL, 0), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, 2, 2, NULL, 0, 1, "smells", NULL, 0), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, 2, 2, NULL, 0, 1, "counts", overlap, 2), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, 2, 2, NULL, 0, 1, "counts", beyond, 1), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, 2, 2, NULL, 0, 1, "counts", backwards, 1), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_create(&r, x, INT64_MAX / 2, 9, NULL, 0, 1, "counts", NULL, 0), SYN_ERR_MEMORY);
    assert_null(r);
    syn_recording_free(NULL);
}

/* What is not finite is found at every place, and large, small and negative values are finite. */
static void finds_what_is_not_finite(void **state) {
    (void)state;
    const float finite[] = {0, -0.0F, 1, -1, FLT_MAX, -FLT_MAX, FLT_MIN, FLT_MIN / 8, -FLT_MIN / 8};
    const float other[] = {NAN, -NAN, INFINITY, -INFINITY};
    float x[67] = {0};
    for (int64_t n = 0; n <= 67; n++) {
        for (int64_t k = 0; k < n; k++) x[k] = finite[k % 9];
        assert_true(syn_all_finite(x, n));
        for (int64_t k = 0; k < n; k++) {
            const float before = x[k];
            x[k] = other[k % 4];
            assert_false(syn_all_finite(x, n));
            x[k] = before;
        }
    }
}

static void first_half_decides_the_signal(void **state) {
    (void)state;
    const int64_t last = (TEST_T - 1) * TEST_N;
    syn_recording *r = create(10);
    for (int64_t k = 0; k < TEST_T * TEST_N; k++) r->x[k] = (float)(k % 3);
    assert_int_equal(syn_guess_signal(r, "test"), SYN_OK);
    assert_int_equal(r->signal, SYN_SIGNAL_COUNTS);
    r->x[last] = 300; /* many spikes are still counts */
    assert_int_equal(syn_guess_signal(r, "test"), SYN_OK);
    assert_int_equal(r->signal, SYN_SIGNAL_COUNTS);
    r->x[last] = NAN;
    assert_int_equal(syn_guess_signal(r, "test"), SYN_OK);
    r->x[last] = 0.5f;
    assert_int_equal(syn_guess_signal(r, "test"), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "test: the first half holds counts, but frame 39 holds 0.5"));
    r->x[last] = -1;
    assert_int_equal(syn_guess_signal(r, "test"), SYN_ERR_INPUT);
    r->x[7] = 0.5f;
    for (int64_t k = TEST_T * TEST_N / 2; k < TEST_T * TEST_N; k++) r->x[k] = (float)(k % 3);
    assert_int_equal(syn_guess_signal(r, "test"), SYN_OK);
    assert_int_equal(r->signal, SYN_SIGNAL_FLUORESCENCE);
    syn_recording_free(r);
}

/* ---- timelines ---- */

/* The recording of create() with these times put on one rate. */
static syn_recording *on_times(double (*time_of)(int64_t t)) {
    syn_recording *r = create(1);
    r->rate_hz = 0;
    r->time_s = malloc(TEST_T * sizeof *r->time_s);
    for (int64_t t = 0; t < TEST_T; t++) r->time_s[t] = time_of(t);
    r->path = strdup("test");
    assert_int_equal(syn_regularise(r), SYN_OK);
    assert_int_equal(syn_recording_finish(r), SYN_OK);
    return r;
}

static double regular(int64_t t) { return 100 + 0.1 * (double)t; }
static double jittered(int64_t t) { return 0.1 * (double)t + (t % 2 ? 0.01 : -0.01); }
static double with_dropped(int64_t t) { return 0.1 * (double)(t < 10 ? t : t + 2); }
static double with_gap(int64_t t) { return 0.1 * (double)t + (t < 15 ? 0 : 30); }
static double wobbling(int64_t t) { return 0.1 * (double)t + 0.035 * sin((double)t); }

static void keeps_regular_frames(void **state) {
    (void)state;
    double (*const times[])(int64_t) = {regular, jittered};
    for (int k = 0; k < 2; k++) {
        syn_recording *r = on_times(times[k]);
        assert_int_equal(r->T, TEST_T);
        assert_int_equal(r->S, 1);
        assert_null(r->mask);
        assert_float_equal(r->rate_hz, 10, 0.05);
        assert_int_equal(r->n_warnings, k);
        assert_memory_equal(r->x, activity, sizeof activity);
        syn_recording_free(r);
    }
}

static void masks_dropped_frames(void **state) {
    (void)state;
    syn_recording *r = on_times(with_dropped);
    assert_int_equal(r->T, TEST_T + 2);
    assert_int_equal(r->S, 1);
    for (int64_t t = 0; t < r->T; t++) {
        bool missing = t == 10 || t == 11;
        assert_int_equal(syn_observed(r, t, 3), !missing);
        if (!missing) assert_float_equal(at(r, t, 3), expected(t < 10 ? t : t - 2, 3), 0);
    }
    assert_true(warned(r, "2 frames are missing"));
    syn_recording_free(r);
}

static void splits_at_long_gaps(void **state) {
    (void)state;
    syn_recording *r = on_times(with_gap);
    assert_int_equal(r->T, TEST_T);
    assert_int_equal(r->S, 2);
    assert_int_equal(r->segment[0].stop, 15);
    assert_int_equal(r->segment[1].start, 15);
    assert_float_equal(r->rate_hz, 10, 1e-6);
    syn_recording_free(r);
}

/* Frames at these times, of one neuron whose value is the frame; one segment [0, T) where segment is NULL. */
static syn_recording *at_times(const double *time_s, int64_t T, const syn_segment *segment) {
    syn_recording *r;
    assert_int_equal(syn_recording_alloc(&r, T, 1), SYN_OK);
    assert_int_equal(syn_alloc(&r->time_s, (size_t)T, sizeof *r->time_s, "times"), SYN_OK);
    memcpy(r->time_s, time_s, (size_t)T * sizeof *time_s);
    for (int64_t t = 0; t < T; t++) r->x[t] = (float)t;
    if (segment) r->segment[0] = *segment;
    return r;
}

/* How many frames there are on one rate. */
static int64_t frames_on_one_rate(const double *time_s, int64_t T, double rate_hz) {
    syn_recording *r = at_times(time_s, T, NULL);
    if (syn_regularise(r) != SYN_OK) fail_msg("%s", syn_last_error());
    assert_int_equal(r->S, 1);
    assert_true(fabs(r->rate_hz - rate_hz) < 2e-4 * rate_hz);
    T = r->T;
    syn_recording_free(r);
    return T;
}

/* Uniform in [0, 1), the same in every run. */
static double any(int64_t k) { return fmod(fabs(sin((double)k * 12.9898) * 43758.5453), 1); }

static void late_frames_leave_none_missing(void **state) {
    (void)state;
    enum { LONG = 6000 };
    static double clean[LONG], late[LONG], often[LONG], jittery[LONG], rounded[LONG], stalled[LONG];
    for (int64_t t = 0; t < LONG; t++) {
        clean[t] = 0.1 * (double)t;
        late[t] = clean[t] + (t == 3000 ? 0.06 : 0);
        often[t] = clean[t] + (any(t) < 0.01 ? 0.06 : 0);
        jittery[t] = 0.1 * ((double)t + 0.8 * any(t) - 0.4);
        rounded[t] = round((double)t / 30 * 1000) / 1000;                                 /* mostly 33 ms apart */
        stalled[t] = clean[t] + (t >= 3000 && t < 3004 ? 0.099 * (double)(3004 - t) : 0); /* four, all at once */
    }
    assert_int_equal(frames_on_one_rate(clean, LONG, 10), LONG);
    assert_int_equal(frames_on_one_rate(late, LONG, 10), LONG);
    assert_int_equal(frames_on_one_rate(often, LONG, 10), LONG);
    assert_int_equal(frames_on_one_rate(jittery, LONG, 10), LONG);
    assert_int_equal(frames_on_one_rate(jittery, 600, 10), 600);
    assert_int_equal(frames_on_one_rate(rounded, LONG, 30), LONG);
    assert_int_equal(frames_on_one_rate(stalled, LONG, 10), LONG);
    late[1] += 0.06;
    late[0] += 0.06;
    assert_int_equal(frames_on_one_rate(late, LONG, 10), LONG);
}

/* One in fifty at most: they are not observed, and the others stay as they are. */
static void late_frames_change_no_others(void **state) {
    (void)state;
    enum { LONG = 100 };
    double time[LONG];
    for (int lost = 1; lost <= 3; lost++) {
        for (int64_t t = 0; t < LONG; t++) time[t] = 0.1 * (double)t + (t % 30 == 10 && t < 30 * lost ? 0.06 : 0);
        syn_recording *r = at_times(time, LONG, NULL);
        assert_int_equal(syn_regularise(r), SYN_OK);
        assert_int_equal(syn_recording_finish(r), SYN_OK);
        assert_int_equal(r->T, LONG);
        assert_true(warned(r, lost <= 2 ? "they count as not observed" : "is resampled to"));
        for (int64_t t = 0; t < LONG && lost <= 2; t++)
            if (t % 30 == 10 && t < 30 * lost)
                assert_false(syn_observed(r, t, 0));
            else
                assert_true(syn_observed(r, t, 0) && at(r, t, 0) == (float)t);
        syn_recording_free(r);
    }
}

/* Over 100,000 frames a rate that is not quite the first, nor the same all the time. */
static void missing_frames_are_found_while_the_rate_drifts(void **state) {
    (void)state;
    enum { LONG = 100000 };
    static double time[LONG], some[LONG];
    int64_t kept = 0;
    double now = 0;
    for (int64_t t = 0; t < LONG; t++) {
        time[t] = now + 0.004 * any(t);
        now += 0.1 * (1 + 3e-5 + 1e-4 * sin((double)t / 20000));
        if (t == 0 || any(7 * t) >= 0.001) some[kept++] = time[t];
    }
    some[kept - 1] = time[LONG - 1];
    assert_true(kept > LONG - 150 && kept < LONG - 50);
    assert_int_equal(frames_on_one_rate(time, LONG, 10), LONG);
    assert_int_equal(frames_on_one_rate(some, kept, 10), LONG);
}

static void missing_frames_are_where_they_were(void **state) {
    (void)state;
    enum { LONG = 3000, LOST = 10 };
    static double time[LONG];
    for (int lost = 1; lost <= LOST; lost += LOST - 1) {
        int64_t kept = 0;
        for (int64_t t = 0; t < LONG; t++)
            if (t % (LONG / lost) != LONG / LOST / 2) time[kept++] = (double)t / 30 + 0.01 * any(t);
        syn_recording *r = at_times(time, kept, NULL);
        assert_int_equal(syn_regularise(r), SYN_OK);
        assert_int_equal(syn_recording_finish(r), SYN_OK);
        assert_int_equal(r->T, LONG);
        for (int64_t t = 0; t < LONG; t++)
            assert_int_equal(syn_observed(r, t, 0), t % (LONG / lost) != LONG / LOST / 2);
        syn_recording_free(r);
    }
}

/* As many frames lie outside the segment as are missing in it. */
static void frames_outside_of_segments_make_up_for_none(void **state) {
    (void)state;
    double time[TEST_T];
    for (int64_t t = 0; t < TEST_T; t++) time[t] = with_dropped(t);
    syn_recording *r = at_times(time, TEST_T, &(syn_segment){2, TEST_T});
    assert_int_equal(syn_regularise(r), SYN_OK);
    assert_int_equal(syn_recording_finish(r), SYN_OK);
    assert_int_equal(r->T, TEST_T);
    assert_false(syn_observed(r, 8, 0));
    assert_false(syn_observed(r, 9, 0));
    assert_true(syn_observed(r, 10, 0) && at(r, 10, 0) == 10);
    assert_float_equal(r->time_s[10], 1.2, 1e-9);
    syn_recording_free(r);
    for (int64_t t = 0; t < TEST_T; t++) time[t] = regular(t);
    r = at_times(time, TEST_T, &(syn_segment){2, TEST_T - 1}); /* none missing: all frames stay */
    assert_int_equal(syn_regularise(r), SYN_OK);
    assert_int_equal(syn_recording_finish(r), SYN_OK);
    assert_int_equal(r->T, TEST_T);
    assert_int_equal(r->segment[0].start, 2);
    assert_int_equal(r->segment[0].stop, TEST_T - 1);
    syn_recording_free(r);
}

static void wrong_segments_are_refused_with_times(void **state) {
    (void)state;
    const syn_segment wrong[] = {{20, 10}, {5, 5}, {-1, 10}, {0, TEST_T + 1}};
    double time[TEST_T];
    for (int64_t t = 0; t < TEST_T; t++) time[t] = regular(t);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        syn_recording *r = at_times(time, TEST_T, &wrong[k]);
        assert_int_equal(syn_regularise(r), SYN_ERR_INPUT);
        assert_non_null(strstr(syn_last_error(), "segment 0 is ["));
        r->signal = SYN_SIGNAL_COUNTS;
        r->rate_hz = 10;
        assert_int_equal(syn_rebin(r, 0.2), SYN_ERR_INPUT);
        syn_recording_free(r);
    }
}

/* Every frame is the last one recorded by its time, so what comes later cannot change it. */
static void resampling_never_looks_ahead(void **state) {
    (void)state;
    syn_recording *r = on_times(wobbling), *changed = create(1);
    enum { FROM = 25 };
    changed->rate_hz = 0;
    changed->path = strdup("test");
    changed->time_s = malloc(TEST_T * sizeof *changed->time_s);
    for (int64_t t = 0; t < TEST_T; t++) changed->time_s[t] = wobbling(t);
    for (int64_t k = FROM * TEST_N; k < TEST_T * TEST_N; k++) changed->x[k] += 1000;
    assert_int_equal(syn_regularise(changed), SYN_OK);
    assert_int_equal(syn_recording_finish(changed), SYN_OK);
    assert_true(warned(r, "the last one recorded by its time"));
    int64_t unknown = 0, later = 0;
    for (int64_t k = 0; k < r->T; k++) {
        int64_t last = -1;
        while (last + 1 < TEST_T && wobbling(last + 1) <= r->time_s[k] + 1e-9) last++;
        assert_true(syn_observed(r, k, 2) == syn_observed(changed, k, 2));
        unknown += !syn_observed(r, k, 2);
        if (!syn_observed(r, k, 2)) continue;
        assert_true(last >= 0);
        assert_float_equal(at(r, k, 2), expected(last, 2), 0);
        assert_float_equal(at(changed, k, 2), expected(last, 2) + (last >= FROM ? 1000 : 0), 0);
        later += last >= FROM;
    }
    assert_true(unknown <= 1 && later > 10);
    syn_recording_free(r);
    syn_recording_free(changed);
}

static void sums_bins_within_segments(void **state) {
    (void)state;
    float x[] = {1, 2, 3, 4, 5, 6, 7};
    int64_t segments[] = {0, 3, 3, 7};
    const double start_s[] = {0, 0.03, 0.05};
    syn_recording *r;
    assert_int_equal(syn_recording_create(&r, x, 7, 1, NULL, 0, 100, "counts", segments, 2), SYN_OK);
    assert_int_equal(syn_rebin(r, 0.02), SYN_OK);
    assert_int_equal(r->T, 3);
    assert_true(at(r, 0, 0) == 3 && at(r, 1, 0) == 9 && at(r, 2, 0) == 13);
    assert_int_equal(r->segment[1].start, 1);
    assert_float_equal(r->rate_hz, 50, 1e-9);
    assert_non_null(r->time_s); /* frame 2 is in no bin */
    for (int k = 0; k < 3; k++) assert_float_equal(r->time_s[k], start_s[k], 1e-12);
    assert_int_equal(syn_rebin(r, 0.03), SYN_ERR_OPTION);
    syn_recording_free(r);
}

static void whole_bins_need_no_times(void **state) {
    (void)state;
    float x[] = {1, 2, 3, 4, 5, 6, 7};
    int64_t segments[] = {0, 2, 2, 7}, late[] = {2, 6};
    syn_recording *r;
    assert_int_equal(syn_recording_create(&r, x, 7, 1, NULL, 0, 100, "counts", segments, 2), SYN_OK);
    assert_int_equal(syn_rebin(r, 0.02), SYN_OK);
    assert_null(r->time_s);
    syn_recording_free(r);
    assert_int_equal(syn_recording_create(&r, x, 7, 1, NULL, 0, 100, "counts", late, 1), SYN_OK);
    assert_int_equal(syn_rebin(r, 0.02), SYN_OK);
    assert_true(r->T == 2 && r->time_s);
    assert_float_equal(r->time_s[1], 0.04, 1e-12);
    syn_recording_free(r);
}

/* Bins as long as a trial nearly is leave one a trial, whose times, when the file is read again, give no rate. */
static void bins_of_short_trials_are_read_again(void **state) {
    (void)state;
    enum { TRIALS = 8 };
    char path[] = "/tmp/synapsnet_test_XXXXXX";
    const int fd = mkstemp(path);
    float x[6 * TRIALS];
    int64_t segments[2 * TRIALS];
    syn_recording *r, *again;
    assert_true(fd >= 0);
    close(fd);
    for (int k = 0; k < 6 * TRIALS; k++) x[k] = (float)(k % 5);
    for (int k = 0; k < 2 * TRIALS; k++) segments[k] = 6 * ((k + 1) / 2);
    assert_int_equal(syn_recording_create(&r, x, 6 * TRIALS, 1, NULL, 0, 20, "counts", segments, TRIALS), SYN_OK);
    assert_int_equal(syn_rebin(r, 0.25), SYN_OK);
    assert_int_equal(syn_recording_write(r, path), SYN_OK);
    if (syn_recording_open(&again, path, NULL) != SYN_OK) fail_msg("%s", syn_last_error());
    assert_true(again->T == TRIALS && again->S == TRIALS);
    assert_float_equal(again->rate_hz, 4, 1e-9);
    assert_float_equal(again->time_s[7], 2.1, 1e-9);
    syn_recording_free(r);
    syn_recording_free(again);
    unlink(path);
}

/* ---- behaviour with its own clock ---- */

/* One behaviour with value = time, sampled every step_s seconds, put on the frames of create(10). */
static syn_recording *with_clock(double step_s, int64_t rows) {
    syn_recording *r = create(10);
    char *names[] = {"ramp"};
    double *value = malloc((size_t)rows * sizeof *value), *time = malloc((size_t)rows * sizeof *time);
    for (int64_t k = 0; k < rows; k++) value[k] = time[k] = step_s * (double)k;
    syn_behavior b = {.label = "ramp", .values = value, .rows = rows, .cols = 1, .name = names, .time = time};
    assert_int_equal(syn_behaviors_attach(r, &(syn_behaviors){1, &b}, true), SYN_OK);
    free(value);
    free(time);
    return r;
}

static void puts_behavior_on_the_frames(void **state) {
    (void)state;
    syn_recording *fast = with_clock(0.01, 400), *similar = with_clock(0.08, 60), *slow = with_clock(0.5, 10);
    for (int64_t t = 0; t < TEST_T; t++) {
        double tau = 0.1 * (double)t;
        assert_float_equal(fast->u[t], (float)(tau + 0.045), 1e-3f); /* mean of ten samples from tau on */
        assert_float_equal(similar->u[t], (float)tau, 1e-5f);
        assert_float_equal(slow->u[t], (float)(0.5 * floor(tau / 0.5 + 1e-9)),
                           0.101f);                    /* held, or blended in its last frame */
        assert_true(slow->u[t] <= (float)tau + 1e-4f); /* nothing from the future */
    }
    syn_recording_free(fast);
    syn_recording_free(similar);
    syn_recording_free(slow);
}

static void leaves_behavior_unknown_outside_its_clock(void **state) {
    (void)state;
    syn_recording *r = with_clock(0.05, 21); /* 0 to 1 s of the 4 s of activity */
    assert_true(isfinite(r->u[9]));
    assert_true(isnan(r->u[20]));
    syn_recording_free(r);
}

/* ---- summary and own layout ---- */

static void behavior_of_no_columns_is_none(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/native_no_behavior.h5", "");
    assert_int_equal(r->B, 0);
    syn_recording_free(r);
}

/* Spikes that lie grouped by neuron are put in the order of time. */
static void sorts_its_spikes(void **state) {
    (void)state;
    static const double time_s[] = {0.25, 0.5, 2, 2, 3.5};
    static const int32_t neuron[] = {0, 1, 0, 1, 1};
    syn_recording *r = must_open("%/good/native_spikes.h5", "");
    assert_int_equal(r->n_spikes, 5);
    assert_memory_equal(r->spike_time_s, time_s, sizeof time_s);
    assert_memory_equal(r->spike_neuron, neuron, sizeof neuron);
    syn_recording_free(r);
}

/* Long ids and warnings are cut between characters. */
static void long_texts_are_cut(void **state) {
    (void)state;
    char id[128] = "x", line[2048] = "x", *text;
    const float x[] = {1, 2, 3, 4};
    const char *ids[] = {id, "b"};
    const syn_recording_arrays arrays = {
        .T = 2, .N = 2, .activity = x, .rate_hz = 10, .signal = "fluorescence", .neuron_id = ids};
    syn_recording *r;
    for (int k = 0; k < 40; k++) strcat(id, "\xc3\xa9");
    for (int k = 0; k < 600; k++) strcat(line, "\xe7\xa5\x9e");
    assert_int_equal(syn_recording_from_arrays(&r, &arrays), SYN_OK);
    assert_int_equal(syn_recording_warn(r, "%s", line), SYN_OK);
    assert_int_equal(strlen(r->warning[0]), 1021);
    assert_memory_equal(r->warning[0], line, 1021);
    assert_int_equal(syn_recording_describe(r, 0, &text), SYN_OK);
    id[59] = 0;
    char shown[160];
    snprintf(shown, sizeof shown, " %s b\n", id);
    assert_non_null(strstr(text, shown));
    syn_free(text);
    syn_recording_free(r);
}

static void describes(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/trials.npz", "");
    char *text;
    assert_int_equal(syn_recording_describe(r, 0, &text), SYN_OK);
    assert_non_null(strstr(text, "neurons        3\n"));
    assert_non_null(strstr(text, "segments       5\n"));
    assert_non_null(strstr(text, "CA1 2, VISp 1"));
    assert_non_null(strstr(text, "counts, mean rate 10 Hz"));
    syn_free(text);
    assert_int_equal(syn_recording_describe(r, 1, &text), SYN_OK);
    json_t *o = json_loads(text, 0, NULL);
    assert_non_null(o);
    assert_int_equal(json_integer_value(json_object_get(o, "frames")), 200);
    assert_string_equal(json_string_value(json_object_get(o, "signal")), "counts");
    assert_int_equal(json_array_size(json_object_get(o, "warnings")), 3);
    json_decref(o);
    syn_free(text);
    syn_recording_free(r);
}

static void says_what_of_the_time_is_in_segments(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/behavior.nwb", "segments=%/nwb/behavior.nwb:/intervals/trials");
    char *text;
    assert_int_equal(syn_recording_describe(r, 0, &text), SYN_OK);
    assert_non_null(strstr(text, "frames         40 at 10 Hz, 4 s, 3.2 s of them in segments\nsegments       4\n"));
    syn_free(text);
    syn_recording_free(r);
}

static void lists_constant_and_silent_neurons(void **state) {
    (void)state;
    float x[] = {0, 1, 5, NAN, 0, 2, 5, NAN};
    syn_recording *r;
    char *text;
    assert_int_equal(syn_recording_create(&r, x, 2, 4, NULL, 0, 10, "counts", NULL, 0), SYN_OK);
    assert_int_equal(syn_recording_describe(r, 0, &text), SYN_OK);
    assert_non_null(strstr(text, "silent         1: 0\n"));
    assert_non_null(strstr(text, "constant       1: 2\n"));
    assert_non_null(strstr(text, "never observed 1: 3\n"));
    assert_non_null(strstr(text, "not observed   25.00 %"));
    syn_free(text);
    syn_recording_free(r);
}

static void fill_everything(syn_recording *r) {
    const char *regions[] = {"CA1", "CA3", "VISp", "\xc3\xa9tage", ""};
    r->mask = NULL;
    r->x[3 * TEST_N + 2] = NAN;
    r->named_neurons = true;
    *r->neuron_id[2] = '\0';
    r->region = calloc(TEST_N, sizeof *r->region);
    r->cell_type = calloc(TEST_N, sizeof *r->cell_type);
    r->position = calloc(3 * TEST_N, sizeof *r->position);
    r->truth = calloc(TEST_N * TEST_N, sizeof *r->truth);
    r->parameters = strdup("{\"seed\": 3}");
    r->unit = strdup("dF/F");
    r->u = calloc(TEST_T, sizeof *r->u);
    r->B = 1;
    r->time_s = calloc(TEST_T, sizeof *r->time_s);
    r->n_spikes = 2;
    r->spike_time_s = calloc(2, sizeof *r->spike_time_s);
    r->spike_neuron = calloc(2, sizeof *r->spike_neuron);
    r->spike_neuron[1] = 4;
    r->spike_time_s[1] = 0.5;
    for (int64_t j = 0; j < TEST_N; j++) {
        r->region[j] = strdup(regions[j]);
        r->cell_type[j] = strdup("Pvalb");
        r->position[3 * j + 1] = (float)j;
        r->truth[j * TEST_N] = 0.1 * (double)j;
    }
    for (int64_t t = 0; t < TEST_T; t++) {
        r->u[t] = t == 5 ? NAN : (float)t;
        r->time_s[t] = 7 + 0.1 * (double)t + (t < 20 ? 0 : 5);
    }
    assert_int_equal(syn_recording_finish(r), SYN_OK);
}

static void writes_and_reads_everything(void **state) {
    (void)state;
    char path[] = "/tmp/synapsnet_test_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    syn_recording *a = create(10);
    fill_everything(a);
    assert_int_equal(syn_recording_write(a, path), SYN_OK);
    syn_recording *b;
    if (syn_recording_open(&b, path, NULL) != SYN_OK) fail_msg("%s", syn_last_error());
    assert_string_equal(b->format, "synapsnet");
    assert_true(b->T == a->T && b->N == a->N && b->B == a->B && b->S == 2 && a->S == 2);
    assert_true(b->rate_hz == a->rate_hz && b->signal == a->signal && b->named_neurons);
    assert_memory_equal(a->x, b->x, sizeof activity);
    assert_memory_equal(a->mask, b->mask, TEST_T * ((TEST_N + 7) / 8));
    assert_memory_equal(a->time_s, b->time_s, TEST_T * sizeof *a->time_s);
    assert_memory_equal(a->segment, b->segment, 2 * sizeof *a->segment);
    assert_memory_equal(a->position, b->position, 3 * TEST_N * sizeof *a->position);
    assert_memory_equal(a->truth, b->truth, TEST_N * TEST_N * sizeof *a->truth);
    assert_true(b->u[4] == 4 && isnan(b->u[5]));
    for (int64_t j = 0; j < TEST_N; j++) assert_int_equal(b->nameless[j], j == 2);
    assert_string_equal(b->neuron_id[2], "2");
    assert_string_equal(b->region[3], a->region[3]);
    assert_string_equal(b->cell_type[0], "Pvalb");
    assert_string_equal(b->behavior_name[0], a->behavior_name[0]);
    assert_string_equal(b->parameters, a->parameters);
    assert_string_equal(b->name, "memory");
    assert_string_equal(b->unit, "dF/F");
    assert_true(b->n_spikes == 2 && b->spike_neuron[1] == 4 && b->spike_time_s[1] == 0.5);
    syn_recording_free(a);
    syn_recording_free(b);
    unlink(path);
}

/* Its own behaviour has neither name nor unit; more is added to it. */
static void adds_behavior_to_nameless_behavior(void **state) {
    (void)state;
    char path[] = "/tmp/synapsnet_test_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    syn_recording *r = create(10);
    fill_everything(r);
    assert_int_equal(syn_recording_write(r, path), SYN_OK);
    syn_recording_free(r);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, "/behavior/names", H5P_DEFAULT) >= 0);
    assert_true(H5Ldelete(file, "/behavior/units", H5P_DEFAULT) >= 0);
    H5Fclose(file);
    r = must_open(path, "behavior=%/good/arrays.h5:speed");
    assert_int_equal(r->B, 2);
    assert_string_equal(r->behavior_name[0], "behavior_0");
    assert_string_equal(r->behavior_name[1], "speed");
    assert_string_equal(r->behavior_unit[0], "");
    assert_true(r->u[2 * 7] == 7);
    assert_float_equal(r->u[2 * 7 + 1], 0.7, 1e-6);
    syn_recording_free(r);
    unlink(path);
}

enum { ROWS = 40, COLS = 3 };

static void put_rows(hid_t file, const char *name, hid_t type, hid_t properties, const float *x) {
    const hsize_t shape[] = {ROWS, COLS};
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

/* Rows are the same however they lie: in one piece after a user block, in another order of bytes, in chunks, in another
 * file. */
static void reads_rows_wherever_they_lie(void **state) {
    (void)state;
    const hsize_t chunk[] = {7, 2};
    const char *paths[] = {"rows.h5", "rows.h5", "rows.h5", "linked_rows.h5"};
    const char *names[] = {"piece", "order", "chunks", "link"};
    float x[ROWS * COLS], read[5 * COLS];
    for (int k = 0; k < ROWS * COLS; k++) x[k] = (float)k / 8;
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), chunked = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_userblock(creation, 1024);
    H5Pset_chunk(chunked, 2, chunk);
    hid_t file = H5Fcreate(paths[0], H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    put_rows(file, "piece", H5T_NATIVE_FLOAT, H5P_DEFAULT, x);
    put_rows(file, "order", H5T_IEEE_F32BE, H5P_DEFAULT, x);
    put_rows(file, "chunks", H5T_NATIVE_FLOAT, chunked, x);
    H5Fclose(file);
    file = H5Fcreate(paths[3], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external(paths[0], "piece", file, "link", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    for (int k = 0; k < 4; k++) {
        syn_array *a;
        assert_int_equal(syn_array_open(&a, paths[k], names[k]), SYN_OK);
        for (int64_t row = 0; row < ROWS; row += 5) {
            assert_int_equal(a->ops->rows(a, row, 5, read), SYN_OK);
            assert_memory_equal(read, x + row * COLS, sizeof read);
        }
        syn_array_close(a);
    }
    H5Pclose(chunked);
    H5Pclose(creation);
    unlink(paths[0]);
    unlink(paths[3]);
}

static void does_not_leave_a_partial_file(void **state) {
    (void)state;
    syn_recording *r = create(10);
    assert_int_equal(syn_recording_write(r, "/nonexistent_folder/x.h5"), SYN_ERR_IO);
    assert_non_null(strstr(syn_last_error(), "/nonexistent_folder/x.h5"));
    syn_recording_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_from_memory),
        cmocka_unit_test(texts_are_utf8),
        cmocka_unit_test(refuses_bad_memory),
        cmocka_unit_test(finds_what_is_not_finite),
        cmocka_unit_test(first_half_decides_the_signal),
        cmocka_unit_test(keeps_regular_frames),
        cmocka_unit_test(masks_dropped_frames),
        cmocka_unit_test(splits_at_long_gaps),
        cmocka_unit_test(late_frames_leave_none_missing),
        cmocka_unit_test(late_frames_change_no_others),
        cmocka_unit_test(missing_frames_are_found_while_the_rate_drifts),
        cmocka_unit_test(missing_frames_are_where_they_were),
        cmocka_unit_test(frames_outside_of_segments_make_up_for_none),
        cmocka_unit_test(wrong_segments_are_refused_with_times),
        cmocka_unit_test(resampling_never_looks_ahead),
        cmocka_unit_test(sums_bins_within_segments),
        cmocka_unit_test(whole_bins_need_no_times),
        cmocka_unit_test(bins_of_short_trials_are_read_again),
        cmocka_unit_test(puts_behavior_on_the_frames),
        cmocka_unit_test(leaves_behavior_unknown_outside_its_clock),
        cmocka_unit_test(behavior_of_no_columns_is_none),
        cmocka_unit_test(sorts_its_spikes),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(describes),
        cmocka_unit_test(says_what_of_the_time_is_in_segments),
        cmocka_unit_test(lists_constant_and_silent_neurons),
        cmocka_unit_test(writes_and_reads_everything),
        cmocka_unit_test(adds_behavior_to_nameless_behavior),
        cmocka_unit_test(reads_rows_wherever_they_lie),
        cmocka_unit_test(does_not_leave_a_partial_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
