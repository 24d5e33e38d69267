/* Recordings that go in as arrays, are copied, and are seen as arrays. */
#include "support.h"

#include <math.h>

enum { T = 6, N = 2 };
static const float activity[T * N] = {0.5f, 1, 2, 3, NAN, 5, 6, 7, 8, 9, 10, 11};

static syn_recording_arrays plain(void) {
    return (syn_recording_arrays){.T = T, .N = N, .activity = activity, .rate_hz = 10, .signal = "auto"};
}

static void assert_refused(const syn_recording_arrays *a, const char *part) {
    syn_recording *r;
    assert_int_equal(syn_recording_from_arrays(&r, a), SYN_ERR_INPUT);
    assert_null(r);
    if (!strstr(syn_last_error(), part)) fail_msg("'%s' does not say '%s'", syn_last_error(), part);
}

static void holds_what_went_in(void **state) {
    (void)state;
    const char *const ids[] = {"left", "right"}, *const regions[] = {"V1", "CA1"}, *const behaviors[] = {"speed"};
    const float speed[T] = {0, 1, 2, 3, 4, NAN}, position[N * 3] = {1, 2, 3, 4, 5, 6};
    const int64_t segments[] = {0, 2, 3, 6};
    syn_recording_arrays a = plain(), seen;
    a.neuron_id = ids, a.region = regions, a.behavior = speed, a.B = 1, a.behavior_name = behaviors;
    a.segments = segments, a.S = 2, a.position = position, a.name = "mouse 7";
    syn_recording *r, *copy;
    assert_int_equal(syn_recording_from_arrays(&r, &a), SYN_OK);
    assert_int_equal(syn_recording_copy(&copy, r), SYN_OK);
    syn_recording_free(r);
    syn_recording_view(copy, &seen);
    assert_int_equal(seen.T, T);
    assert_int_equal(seen.N, N);
    assert_int_equal(seen.B, 1);
    assert_int_equal(seen.S, 2);
    assert_memory_equal(seen.segments, segments, sizeof segments);
    assert_memory_equal(seen.position, position, sizeof position);
    assert_memory_equal(seen.behavior, speed, (T - 1) * sizeof *speed);
    assert_true(isnan(seen.behavior[5]));
    for (int k = 0; k < T * N; k++) assert_true(seen.activity[k] == (k == 4 ? 0 : activity[k]));
    assert_non_null(seen.observed);
    assert_false(syn_observed(copy, 2, 0));
    assert_string_equal(seen.neuron_id[1], "right");
    assert_string_equal(seen.region[0], "V1");
    assert_null(seen.cell_type);
    assert_string_equal(seen.behavior_name[0], "speed");
    assert_string_equal(seen.signal, "fluorescence");
    assert_string_equal(seen.name, "mouse 7");
    assert_true(copy->named_neurons);
    syn_recording_free(copy);
}

static void times_give_the_rate(void **state) {
    (void)state;
    double regular[T], jump[T] = {0, 0.1, 0.2, 0.3, 0.5, 0.6}, falling[T] = {0, 1, 2, 1.5, 3, 4};
    syn_recording_arrays a = plain(), seen;
    syn_recording *r;
    for (int t = 0; t < T; t++) regular[t] = 3 + 0.25 * t;
    a.time_s = regular, a.rate_hz = 0;
    assert_int_equal(syn_recording_from_arrays(&r, &a), SYN_OK);
    assert_float_equal(syn_recording_rate_hz(r), 4, 1e-9);
    syn_recording_free(r);
    a.rate_hz = 10;
    assert_refused(&a, "the timestamps say 4 Hz");
    a.time_s = falling, a.rate_hz = 0;
    assert_refused(&a, "is not after the one before it");
    a.time_s = jump;
    assert_int_equal(syn_recording_from_arrays(&r, &a), SYN_OK);
    syn_recording_view(r, &seen);
    assert_int_equal(seen.T, T + 1); /* the missing frame is not observed */
    assert_false(syn_observed(r, 4, 0));
    assert_false(syn_observed(r, 4, 1));
    assert_true(syn_observed(r, 5, 0));
    syn_recording_free(r);
}

static void refuses_what_is_wrong(void **state) {
    (void)state;
    syn_recording_arrays a = plain();
    a.activity = NULL;
    assert_refused(&a, "activity is NULL");
    a = plain(), a.signal = "smells";
    assert_refused(&a, "signal is 'smells'");
    a = plain(), a.rate_hz = 0;
    assert_refused(&a, "frame rate is 0 Hz");
}

static void counts_spikes(void **state) {
    (void)state;
    const double time[] = {0.31, 0.05, 0.12, 0.11};
    const int64_t neuron[] = {1, 0, 0, 0}, beyond[] = {1, 0, 0, 2};
    const char *const ids[] = {"17", "40"};
    syn_recording *r;
    syn_recording_arrays seen;
    assert_int_equal(syn_recording_from_spikes(&r, time, neuron, 4, N, ids, 0, 0.1), SYN_OK);
    syn_recording_view(r, &seen);
    assert_int_equal(seen.T, 4);
    const float counts[] = {1, 0, 2, 0, 0, 0, 0, 1};
    assert_memory_equal(seen.activity, counts, sizeof counts);
    assert_string_equal(seen.neuron_id[1], "40");
    assert_string_equal(seen.signal, "counts");
    syn_recording_free(r);
    assert_int_equal(syn_recording_from_spikes(&r, time, neuron, 4, N, ids, 0.05, 0.1), SYN_OK);
    syn_recording_view(r, &seen);
    assert_int_equal(seen.T, 3);
    const float later[] = {3, 0, 0, 0, 0, 1};
    assert_memory_equal(seen.activity, later, sizeof later);
    for (int t = 0; t < 3; t++) assert_true(fabs(seen.time_s[t] - (0.05 + 0.1 * t)) < 1e-12);
    syn_recording_free(r);
    assert_int_equal(syn_recording_from_spikes(&r, time, beyond, 4, N, NULL, 0, 0.1), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_from_spikes(&r, time, neuron, 4, N, NULL, 0.1, 0.1), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_from_spikes(&r, time, neuron, 0, N, NULL, NAN, 0.1), SYN_ERR_INPUT);
    assert_int_equal(syn_recording_from_spikes(&r, time, neuron, 4, N, NULL, NAN, 0), SYN_ERR_OPTION);
    assert_null(r);
}

/* A recording of counts keeps the spikes behind them, also beside behaviour. */
static void keeps_spikes(void **state) {
    (void)state;
    const double time[] = {0.05, 0.11, 0.12, 0.31}, falling[] = {0.05, 0.12, 0.11, 0.31};
    const int32_t neuron[] = {0, 0, 0, 1}, beyond[] = {0, 0, 2, 1};
    const float speed[T] = {0, 1, 2, 3, 4, 5};
    syn_recording_arrays a = plain(), seen;
    a.n_spikes = 4, a.spike_time_s = time, a.spike_neuron = neuron, a.behavior = speed, a.B = 1;
    syn_recording *r, *copy;
    assert_int_equal(syn_recording_from_arrays(&r, &a), SYN_OK);
    assert_int_equal(syn_recording_copy(&copy, r), SYN_OK);
    syn_recording_free(r);
    syn_recording_view(copy, &seen);
    assert_int_equal(seen.n_spikes, 4);
    assert_memory_equal(seen.spike_time_s, time, sizeof time);
    assert_memory_equal(seen.spike_neuron, neuron, sizeof neuron);
    syn_recording_free(copy);
    a.spike_neuron = beyond;
    assert_refused(&a, "spike 2 is of neuron 2");
    a.spike_neuron = neuron, a.spike_time_s = falling;
    assert_refused(&a, "spike 2 has the time 0.11");
}

/* Spikes every `step` s of two neurons in turn, for `span` s. */
static syn_status count_every(double step, double span, syn_recording **r) {
    enum { MOST = 4000 };
    static double time[MOST];
    static int64_t neuron[MOST];
    int64_t n = 0;
    for (; n < MOST && step * (double)n < span; n++) time[n] = step * (double)n, neuron[n] = n % 2;
    return syn_recording_from_spikes(r, time, neuron, n, 2, NULL, NAN, 10);
}

/* Whole numbers over days, and few spikes, are no seconds; with fractions, or over hours, they may be. */
static void times_in_another_unit_are_noticed(void **state) {
    (void)state;
    static const struct kind {
        double step, span;
        const char *said;
        bool refused;
    } kinds[] = {{500, 600000, "not in milliseconds or samples", true},
                 {500.5, 600000, "taken to be in seconds", false},
                 {500, 60000, "taken to be in seconds", false},
                 {40, 120000, "not in milliseconds or samples", true},
                 {40.5, 120000, NULL, false},
                 {3, 9000, NULL, false}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        syn_recording *r;
        const syn_status status = count_every(kinds[k].step, kinds[k].span, &r);
        assert_int_equal(status, kinds[k].refused ? SYN_ERR_INPUT : SYN_OK);
        if (kinds[k].refused)
            assert_non_null(strstr(syn_last_error(), kinds[k].said));
        else if (kinds[k].said)
            assert_true(warned(r, kinds[k].said));
        else
            assert_int_equal(r->n_warnings, 0);
        syn_recording_free(r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_went_in),    cmocka_unit_test(times_give_the_rate),
        cmocka_unit_test(refuses_what_is_wrong), cmocka_unit_test(counts_spikes),
        cmocka_unit_test(keeps_spikes),          cmocka_unit_test(times_in_another_unit_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
