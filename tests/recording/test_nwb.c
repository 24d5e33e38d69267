/* NWB files: what the reader makes of them, compared with what pynwb wrote. */
#include "support.h"

#include <math.h>

static void has_the_matrix(const syn_recording *r, const char *path) {
    if (r->T != TEST_T || r->N != TEST_N) fail_msg("%s: %lld x %lld", path, (long long)r->T, (long long)r->N);
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t j = 0; j < r->N; j++)
            if (at(r, t, j) != expected(t, j))
                fail_msg("%s: x[%lld][%lld] is %g", path, (long long)t, (long long)j, (double)at(r, t, j));
    assert_string_equal(r->format, "NWB");
    assert_float_equal(r->rate_hz, 10, 1e-9);
}

static void reads_traces(void **state) {
    (void)state;
    static const char *const paths[] = {
        "%/nwb/accepted.nwb",
        "%/nwb/accepted.nwb:/processing/ophys/DfOverF",
        "%/nwb/accepted.nwb:processing/ophys/DfOverF/RoiResponseSeries/data",
        "%/nwb/gap.nwb",
        "%/nwb/roi_first.nwb",
        "%/nwb/several.nwb:/processing/ophys/DfOverF",
        "%/nwb/several.nwb:/processing/ophys/Deconvolved/RoiResponseSeries",
        "%/nwb/linked.nwb",
        "%/nwb/soft.nwb",
    };
    for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
        syn_recording *r = must_open(paths[k], "");
        has_the_matrix(r, paths[k]);
        assert_int_equal(r->signal, strstr(paths[k], "Deconvolved") ? SYN_SIGNAL_DECONVOLVED : SYN_SIGNAL_FLUORESCENCE);
        syn_recording_free(r);
    }
}

static void takes_accepted_cells_and_their_columns(void **state) {
    (void)state;
    static const char *const id[] = {"100", "101", "103", "104", "106"}, *const type[] = {"Pvalb", "EC", "EC", "Sst",
                                                                                          "EC"};
    syn_recording *r = must_open("%/nwb/accepted.nwb", "");
    for (int j = 0; j < TEST_N; j++) {
        assert_string_equal(r->neuron_id[j], id[j]);
        assert_string_equal(r->cell_type[j], type[j]);
        assert_string_equal(r->region[j], "VISp");
    }
    assert_false(r->named_neurons);
    assert_string_equal(r->unit, "ratio");
    assert_true(warned(r, "5 of 7 ROIs are cells by"));
    syn_recording_free(r);
    r = must_open("%/nwb/accepted.nwb", "units=all");
    assert_int_equal(r->N, 7);
    assert_float_equal(at(r, 3, 2), 2 * 999 + 1, 0); /* conversion and offset */
    assert_float_equal(at(r, 3, 3), expected(3, 2), 0);
    syn_recording_free(r);
    r = must_open("%/nwb/external.nwb", ""); /* the same data through an external link, without a column of cells */
    assert_int_equal(r->N, 7);
    assert_float_equal(at(r, 3, 3), expected(3, 2), 0);
    syn_recording_free(r);
}

static void names_of_deconvolved_activity_are_words(void **state) {
    (void)state;
    static const struct name {
        const char *path, *warning;
        syn_signal signal;
    } names[] = {{"%/nwb/eventful.nwb", NULL, SYN_SIGNAL_FLUORESCENCE},
                 {"%/nwb/negative_events.nwb", "as it is negative in places", SYN_SIGNAL_FLUORESCENCE},
                 {"%/nwb/events.nwb", "deconvolved activity by its name", SYN_SIGNAL_DECONVOLVED}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        syn_recording *r = must_open(names[k].path, "");
        assert_int_equal(r->signal, names[k].signal);
        assert_true(names[k].warning ? warned(r, names[k].warning) : r->n_warnings == 0);
        syn_recording_free(r);
    }
}

static void a_series_left_out_says_why(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/equal_times.nwb", "");
    assert_true(
        warned(r, "/acquisition/pulses is not taken as behaviour: timestamp 1 is 0 s, not after the one before it"));
    syn_recording_free(r);
}

static void joins_planes(void **state) {
    (void)state;
    static const char *const id[] = {"plane0/100", "plane0/101", "plane0/102", "plane1/100", "plane1/101"};
    syn_recording *r = must_open("%/nwb/planes.nwb:/processing/ophys/DfOverF", "");
    has_the_matrix(r, "planes.nwb");
    for (int j = 0; j < TEST_N; j++) {
        assert_string_equal(r->neuron_id[j], id[j]);
        assert_string_equal(r->region[j], "VISp");
    }
    assert_true(warned(r, "2 planes are joined, frame by frame: plane0 to plane1"));
    syn_recording_free(r);
    r = must_open("%/nwb/planes.nwb:/processing/ophys/DfOverF/plane1", "");
    assert_int_equal(r->N, 2);
    assert_string_equal(r->neuron_id[0], "100");
    syn_recording_free(r);
}

static void follows_timestamps(void **state) {
    (void)state;
    static const char *const paths[] = {"%/nwb/gap.nwb", "%/nwb/linked.nwb"};
    for (int k = 0; k < 2; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_int_equal(r->S, 2);
        assert_int_equal(r->segment[1].start, 20);
        assert_float_equal(r->time_s[0], 5, 1e-9);
        assert_float_equal(r->time_s[20], 10, 1e-9);
        syn_recording_free(r);
    }
    syn_recording *r = must_open("%/nwb/several.nwb:/processing/ophys/DfOverF", ""); /* timestamps of another series */
    assert_float_equal(r->time_s[3], 2.3, 1e-9);
    syn_recording_free(r);
    assert_int_equal(open_with(&r, "%/nwb/bad/no_clock.nwb", "rate=10"), SYN_OK);
    has_the_matrix(r, "no_clock.nwb");
    syn_recording_free(r);
    assert_int_equal(open_with(&r, "%/nwb/bad/rate_zero.nwb", "rate=10"), SYN_OK);
    has_the_matrix(r, "rate_zero.nwb");
    syn_recording_free(r);
}

/* Times of the three units, as a spike list of MATLAB has them. */
static void reads_units_with_any_index(void **state) {
    (void)state;
    static const char *const kinds[] = {"uint8", "uint16", "uint32", "uint64", "int64"};
    syn_recording *pairs = must_open("%/matlab/pairs.mat", "");
    for (int k = 0; k < 5; k++) {
        char path[64];
        snprintf(path, sizeof path, "%%/nwb/units_%s.nwb", kinds[k]);
        syn_recording *r = must_open(path, "");
        assert_int_equal(r->N, 3);
        assert_string_equal(r->neuron_id[2], "15");
        assert_int_equal(r->T, pairs->T);
        assert_memory_equal(r->x, pairs->x, (size_t)(r->T * r->N) * sizeof *r->x);
        assert_int_equal(r->n_spikes, pairs->n_spikes);
        assert_memory_equal(r->spike_time_s, pairs->spike_time_s, (size_t)r->n_spikes * sizeof(double));
        syn_recording_free(r);
    }
    syn_recording_free(pairs);
    syn_recording *r = must_open("%/nwb/several.nwb:/units", "bin=100ms");
    assert_int_equal(r->N, 3);
    assert_float_equal(r->rate_hz, 10, 1e-9);
    syn_recording_free(r);
}

static void takes_good_units_where_they_were_observed(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/units_observed.nwb", "");
    assert_int_equal(r->N, 2);
    assert_string_equal(r->neuron_id[1], "13");
    assert_string_equal(r->region[0], "CA1");
    assert_string_equal(r->region[1], "VISp");
    assert_string_equal(r->cell_type[1], "FS");
    assert_float_equal(r->position[0], 1, 0);
    assert_float_equal(r->position[4], 30, 0);
    for (int64_t t = 0; t < r->T; t++) {
        const double from = r->time_s ? r->time_s[t] : (double)t / 20, to = from + 0.05;
        assert_true(syn_observed(r, t, 0));
        assert_int_equal(syn_observed(r, t, 1), to <= 4 + 1e-6 || from >= 6 - 1e-6);
    }
    assert_true(warned(r, "2 of 3 units are taken by quality"));
    syn_recording_free(r);
    r = must_open("%/nwb/bad/no_good.nwb", "units=mua");
    assert_int_equal(r->N, 1);
    syn_recording_free(r);
}

/* Trials are segments where nothing else was observed, and otherwise where the user says so. */
static void cuts_trials(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/units_trials.nwb", "");
    assert_int_equal(r->S, 3);
    for (int s = 0; s < 3; s++) {
        static const double start[] = {0, 3.5, 7}, stop[] = {3, 6, 10};
        const double first = r->time_s ? r->time_s[0] : 0;
        const double from = first + 0.05 * (double)r->segment[s].start, to = first + 0.05 * (double)r->segment[s].stop;
        if (s > 0) assert_float_equal(from, start[s], 1e-6);
        if (s < 2) assert_float_equal(to, stop[s], 1e-6);
    }
    syn_recording_free(r);
    r = must_open("%/nwb/behavior.nwb", "");
    assert_int_equal(r->S, 1);
    assert_true(warned(r, "4 intervals in intervals/trials do not cut the session"));
    syn_recording_free(r);
    r = must_open("%/nwb/behavior.nwb", "segments=%/nwb/behavior.nwb:/intervals/trials");
    assert_int_equal(r->S, 4);
    for (int s = 0; s < 4; s++) {
        const syn_segment g = r->segment[s];
        assert_int_equal(g.stop - g.start, 8);
        assert_float_equal(r->time_s[g.start], 2 + (float)s, 1e-6);
        assert_true(at(r, g.start, 3) == expected(10 * s, 3) || !syn_observed(r, g.start, 3));
    }
    syn_recording_free(r);
}

/* Rows that say nothing are no reason to refuse a file. */
static void opens_with_tables_of_no_use(void **state) {
    (void)state;
    static const char trials[] = "segments=%/nwb/unfinished_trial.nwb:/intervals/trials";
    syn_recording *r = must_open("%/nwb/unfinished_trial.nwb", "");
    assert_true(warned(r, "2 intervals in intervals/trials do not cut the session"));
    assert_true(warned(r, "2 frames are not observed by invalid_times"));
    assert_true(warned(r, "rows of invalid_times that do not start before they stop are left out: 1"));
    syn_recording_free(r);
    r = must_open("%/nwb/unfinished_trial.nwb", trials);
    assert_int_equal(r->S, 2);
    assert_true(warned(r, "are left out: 1"));
    syn_recording_free(r);
    r = must_open("%/nwb/empty_tables.nwb", "");
    has_the_matrix(r, "empty_tables.nwb");
    assert_int_equal(r->n_warnings, 0);
    syn_recording_free(r);
    r = must_open("%/nwb/bad/trials_none.nwb", "");
    syn_recording_free(r);
    r = must_open("%/nwb/bad/invalid_reversed.nwb", "");
    assert_true(warned(r, "left out"));
    syn_recording_free(r);
}

static int64_t behavior(const syn_recording *r, const char *name) {
    for (int64_t b = 0; b < r->B; b++)
        if (!strcmp(r->behavior_name[b], name)) return b;
    fail_msg("no behaviour %s", name);
    return 0;
}

static void attaches_behavior_with_its_own_clock(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/behavior.nwb", "");
    assert_int_equal(r->B, 5);
    const int64_t speed = behavior(r, "speed"), x = behavior(r, "Position_x"), y = behavior(r, "Position_y");
    const int64_t pupil = behavior(r, "pupil"), licks = behavior(r, "licks");
    assert_string_equal(r->behavior_unit[speed], "cm/s");
    assert_string_equal(r->behavior_unit[pupil], "mm");
    for (int64_t t = 0; t < r->T; t++) {
        const float *u = &r->u[t * r->B], frame = (float)t;
        assert_float_equal(u[speed], 0.5F * (6 * frame + 2.5F), 1e-4); /* the mean of six samples within the frame */
        assert_float_equal(u[x], 0.01F * frame, 1e-6);
        assert_float_equal(u[y], -0.01F * frame, 1e-6);
        assert_float_equal(u[pupil], frame, 1e-6);
        assert_float_equal(u[licks], (float)(t % 3), 1e-6);
    }
    assert_true(warned(r, "reward is not taken as behaviour: it is a list of events"));
    assert_true(warned(r, "elsewhere is not taken as behaviour"));
    syn_recording_free(r);
    r = must_open("%/nwb/behavior.nwb", "behavior=%/nwb/behavior.nwb:/processing/behavior/Position/SpatialSeries "
                                        "behavior=%/nwb/behavior.nwb:/processing/behavior/BehavioralEvents/reward");
    assert_int_equal(r->B, 3); /* those that were asked for */
    assert_float_equal(r->u[10 * 3], 0.1, 1e-6);
    syn_recording_free(r);
}

static void masks_invalid_times(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/behavior.nwb", "");
    for (int64_t t = 0; t < r->T; t++) assert_int_equal(syn_observed(r, t, 2), t < 10 || t > 12);
    assert_true(warned(r, "3 frames are not observed by invalid_times"));
    syn_recording_free(r);
}

static void reads_a_series_that_is_named_as_activity(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/behavior.nwb:/processing/behavior/Position/SpatialSeries", "");
    assert_int_equal(r->N, 2);
    assert_int_equal(r->T, TEST_T);
    assert_float_equal(at(r, 7, 1), -0.07, 1e-6);
    assert_int_equal(r->B, 3); /* all but itself */
    syn_recording_free(r);
}

static void reads_units_of_version_1(void **state) {
    (void)state;
    syn_recording *r = must_open("%/nwb/version1.nwb", "bin=500ms");
    static const char *const id[] = {"cell_9", "cell_10", "cell_11", "cell_12"}; /* as people count */
    assert_int_equal(r->N, 4);
    for (int j = 0; j < 4; j++) assert_string_equal(r->neuron_id[j], id[j]);
    assert_true(r->binned);
    assert_float_equal(r->rate_hz, 2, 1e-9);
    const double first_s = r->time_s ? r->time_s[0] : 0;
    float total[4] = {0};
    for (int64_t t = 0; t < r->T; t++)
        for (int j = 0; j < 4; j++) total[j] += at(r, t, j);
    for (int j = 0; j < 4; j++) assert_float_equal(total[j], ((const float[]){3, 2, 0, 1})[j], 0);
    assert_float_equal(at(r, (int64_t)((1.25 - first_s) * 2), 0), 1, 0);
    assert_float_equal(at(r, (int64_t)((20.25 - first_s) * 2), 3), 1, 0);
    assert_int_equal(r->S, 2); /* an epoch that does not start before it stops is none */
    assert_true(warned(r, "2 segments from the epochs"));
    syn_recording_free(r);
    r = must_open("%/nwb/version1_outside.nwb", "");
    assert_int_equal(r->S, 1);
    syn_recording_free(r);
    /* times of other shapes, a linked unit, one without times; epochs that overlap are one */
    r = must_open("%/nwb/version1_shapes.nwb", "");
    assert_int_equal(r->N, 3);
    assert_int_equal(r->S, 1);
    for (int j = 0; j < 3; j++) total[j] = 0;
    for (int64_t k = 0; k < r->T * 3; k++) total[k % 3] += r->x[k];
    for (int j = 0; j < 3; j++) assert_float_equal(total[j], ((const float[]){3, 1, 3})[j], 0);
    assert_true(warned(r, "units without times are left out: 1"));
    syn_recording_free(r);
    r = must_open("%/nwb/version1_two.nwb:/processing/Shank2/", "");
    assert_int_equal(r->N, 4);
    syn_recording_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_traces),
        cmocka_unit_test(takes_accepted_cells_and_their_columns),
        cmocka_unit_test(names_of_deconvolved_activity_are_words),
        cmocka_unit_test(opens_with_tables_of_no_use),
        cmocka_unit_test(a_series_left_out_says_why),
        cmocka_unit_test(joins_planes),
        cmocka_unit_test(follows_timestamps),
        cmocka_unit_test(reads_units_with_any_index),
        cmocka_unit_test(takes_good_units_where_they_were_observed),
        cmocka_unit_test(cuts_trials),
        cmocka_unit_test(attaches_behavior_with_its_own_clock),
        cmocka_unit_test(masks_invalid_times),
        cmocka_unit_test(reads_a_series_that_is_named_as_activity),
        cmocka_unit_test(reads_units_of_version_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
