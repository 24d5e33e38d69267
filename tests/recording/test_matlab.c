/* MATLAB files, v5 and v7.3: what the readers make of them, compared with what SciPy and h5py wrote. */
#include "support.h"

#include "recording/array.h"

static void has_the_matrix(const syn_recording *r, const char *path) {
    if (r->T != TEST_T || r->N != TEST_N) fail_msg("%s: %lld x %lld", path, (long long)r->T, (long long)r->N);
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t j = 0; j < r->N; j++)
            if (at(r, t, j) != expected(t, j))
                fail_msg("%s: x[%lld][%lld] is %g", path, (long long)t, (long long)j, (double)at(r, t, j));
}

static void reads_matrices(void **state) {
    (void)state;
    static const char *const paths[][2] = {
        {"%/matlab/matrix_f4.mat", "rate=10"},
        {"%/matlab/matrix_f8.mat", "rate=10"},
        {"%/matlab/matrix_i1.mat", "rate=10"},
        {"%/matlab/matrix_u1.mat", "rate=10"},
        {"%/matlab/matrix_i2.mat", "rate=10"},
        {"%/matlab/matrix_u2.mat", "rate=10"},
        {"%/matlab/matrix_i4.mat", "rate=10"},
        {"%/matlab/matrix_u4.mat", "rate=10"},
        {"%/matlab/matrix_i8.mat", "rate=10"},
        {"%/matlab/matrix_u8.mat", "rate=10"},
        {"%/matlab/matrix_neurons_first.mat", ""},
        {"%/matlab/matrix_neurons_first.mat:dff", "orientation=neurons-first"},
        {"%/matlab/matrix_in_struct.mat", ""},
        {"%/matlab/matrix_in_struct.mat:data.dff", ""},
        {"%/matlab/matrix_in_struct.mat:/data/dff", ""},
        {"%/matlab/v73_matrix.mat", ""},
        {"%/matlab/v73_single.mat:data.dff", ""},
        {"%/matlab/v73_partly.mat:dff", ""},
        {"%/matlab/v73_empty.mat:dff", "rate=10"},
        {"%/matlab/trials_of_three.mat", "orientation=time-first"},
        {"%/matlab/trials_of_three_turned.mat", "orientation=neurons-first"},
        {"%/matlab/v73_empty_bool.mat", "rate=10"},
    };
    for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
        syn_recording *r = must_open(paths[k][0], paths[k][1]);
        has_the_matrix(r, paths[k][0]);
        assert_float_equal(r->rate_hz, 10, 1e-9);
        syn_recording_free(r);
    }
}

static void mentions_possible_behavior(void **state) {
    (void)state;
    syn_recording *r = must_open("%/matlab/matrix_and_speed.mat", "");
    assert_true(warned(r, "possible behaviour beside the array is not used: data.speed; --behavior"));
    syn_recording_free(r);
    r = must_open("%/matlab/matrix_and_speed.mat", "behavior=%/matlab/matrix_and_speed.mat:data.speed");
    has_the_matrix(r, "matrix_and_speed.mat");
    assert_int_equal(r->B, 1);
    assert_false(warned(r, "possible behaviour"));
    syn_recording_free(r);
}

static void adds_behavior_to_that_of_the_trials(void **state) {
    (void)state;
    syn_recording *r = must_open("%/matlab/trials_numbered.mat", "behavior=%/matlab/matrix_and_speed.mat:data.speed");
    has_the_matrix(r, "trials_numbered.mat");
    assert_int_equal(r->B, 2);
    assert_string_equal(r->behavior_name[0], "speed");
    assert_string_equal(r->behavior_unit[0], "");
    assert_float_equal(r->u[2 * 7], 3.5F, 1e-6);
    syn_recording_free(r);
}

static void reads_sparse_and_logical(void **state) {
    (void)state;
    syn_recording *r = must_open("%/matlab/sparse.mat", "rate=10");
    assert_int_equal(r->signal, SYN_SIGNAL_COUNTS);
    for (int64_t t = 0; t < TEST_T; t++)
        for (int64_t j = 0; j < TEST_N; j++) {
            const int value = (int)expected(t, j);
            assert_true(at(r, t, j) == (float)(value % 7 == 0 ? value % 3 : 0));
        }
    syn_recording_free(r);
    static const char *const flags[] = {"%/matlab/flags.mat", "%/matlab/sparse_flags.mat"};
    for (int k = 0; k < 2; k++) {
        r = must_open(flags[k], "rate=10");
        for (int64_t t = 0; t < TEST_T; t++)
            for (int64_t j = 0; j < TEST_N; j++) assert_int_equal(at(r, t, j) != 0, (int)expected(t, j) % 3 == 0);
        syn_recording_free(r);
    }
}

/* Four trials of these lengths. */
static const int64_t even[] = {0, 10, 20, 30, 40}, uneven[] = {0, 8, 20, 30, 40};

static void reads_trials(void **state) {
    (void)state;
    static const struct trial_case {
        const char *path, *options;
        const int64_t *cuts;
        bool speed; /* a behaviour beside the activity */
        const char *second_id;
    } cases[] = {
        {"%/matlab/trials_numbered.mat", "", uneven, true, "cell2"},
        {"%/matlab/trials_numbered.mat:D", "", uneven, true, "cell2"},
        {"%/matlab/trials_rows.mat", "", even, true, "cell2"},
        {"%/matlab/trials_matrices.mat", "rate=10", uneven, true, "1"},
        {"%/matlab/trials_matrices.mat:D.dff", "rate=10", uneven, false, "1"},
        {"%/matlab/trials_struct_array.mat", "", even, true, "1"},
        {"%/matlab/trials_two_fields.mat:trials.dff", "", even, true, "1"},
        {"%/matlab/trials_cell.mat", "rate=10", uneven, false, "1"},
        {"%/matlab/v73_trials.mat", "", uneven, true, "cell2"},
        {"%/matlab/v73_cell.mat:dff", "rate=10", uneven, false, "1"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct trial_case *c = &cases[k];
        syn_recording *r = must_open(c->path, c->options);
        has_the_matrix(r, c->path);
        assert_string_equal(r->format, "MATLAB");
        assert_float_equal(r->rate_hz, 10, 1e-9);
        assert_string_equal(r->neuron_id[1], c->second_id);
        assert_false(r->named_neurons);
        assert_int_equal(r->S, 4);
        for (int s = 0; s < 4; s++) {
            assert_int_equal(r->segment[s].start, c->cuts[s]);
            assert_int_equal(r->segment[s].stop, c->cuts[s + 1]);
        }
        if (r->B != c->speed) fail_msg("%s: %lld behaviours", c->path, (long long)r->B);
        if (c->speed) assert_string_equal(r->behavior_name[0], "speed");
        for (int64_t t = 0; t < r->T && c->speed; t++) assert_float_equal(r->u[t], 0.5F * (float)t, 1e-6);
        syn_recording_free(r);
    }
}

static void trials_of_one_shape_need_a_longer_axis(void **state) {
    (void)state;
    syn_recording *r = must_open("%/matlab/trials_alike.mat", "rate=10");
    has_the_matrix(r, "trials_alike.mat");
    assert_int_equal(r->S, 2);
    assert_true(warned(r, "because it is longer"));
    syn_recording_free(r);
    r = must_open("%/matlab/bad/square_trials.mat", "rate=10 orientation=neurons-first");
    assert_int_equal(r->T, 24);
    assert_int_equal(r->N, 9);
    syn_recording_free(r);
}

static void takes_vectors_of_one_length_for_neurons(void **state) {
    (void)state;
    syn_recording *r = must_open("%/matlab/traces.mat", "");
    assert_int_equal(r->N, TEST_N);
    assert_int_equal(r->T, TEST_T);
    for (int64_t t = 0; t < TEST_T; t++)
        for (int64_t j = 0; j < TEST_N; j++) assert_true(at(r, t, j) == expected(TEST_T - 1 - t, j));
    assert_true(warned(r, "taken for neurons"));
    syn_recording_free(r);
}

/* Six ways to write the same 167 spikes of three units. */
static void reads_spike_trains(void **state) {
    (void)state;
    static const char *const paths[] = {
        "%/matlab/pairs.mat",         "%/matlab/list.mat",          "%/matlab/trains_cell.mat",
        "%/matlab/trains_struct.mat", "%/matlab/trains_nested.mat", "%/matlab/v73_trains.mat",
    };
    syn_recording *first = must_open(paths[0], "");
    assert_int_equal(first->N, 3);
    assert_int_equal(first->n_spikes, 167);
    for (size_t k = 1; k < sizeof paths / sizeof *paths; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_true(r->binned);
        if (r->T != first->T || r->N != 3) fail_msg("%s: %lld x %lld", paths[k], (long long)r->T, (long long)r->N);
        for (int64_t i = 0; i < r->T * r->N; i++)
            if (r->x[i] != first->x[i]) fail_msg("%s: bin %lld differs", paths[k], (long long)i);
        for (int64_t i = 0; i < 167; i++) assert_true(r->spike_time_s[i] == first->spike_time_s[i]);
        syn_recording_free(r);
    }
    syn_recording_free(first);
    syn_recording *r = must_open("%/matlab/trains_nested.mat", "bin=100ms");
    assert_string_equal(r->neuron_id[1], "1/3"); /* the third unit of the first tetrode */
    assert_true(warned(r, "3 empty spike trains"));
    assert_float_equal(r->rate_hz, 10, 1e-9);
    syn_recording_free(r);
}

static void a_cell_of_neurons_and_trials_is_cut_into_trials(void **state) {
    (void)state;
    syn_recording *r = must_open("%/matlab/trains_trials.mat", "orientation=neurons-first");
    syn_recording *whole = must_open("%/matlab/pairs.mat", "");
    assert_int_equal(r->N, 3);
    assert_int_equal(r->n_spikes, 167);
    assert_int_equal(r->S, 5);
    for (int s = 0; s < 5; s++) {
        assert_int_equal(r->segment[s].start, 40 * s);
        assert_int_equal(r->segment[s].stop, 40 * s + 40);
    }
    for (int64_t i = 0; i < 167; i++) assert_float_equal(r->spike_time_s[i], whole->spike_time_s[i], 1e-9);
    assert_true(warned(r, "5 trials, each its own segment, from -0.5 to 1.5 s"));
    syn_recording_free(r);
    syn_recording_free(whole);
    r = must_open("%/matlab/trains_quiet.mat", "orientation=neurons-first");
    assert_int_equal(r->S, 5);
    assert_true(
        warned(r, "5 trials, each its own segment, from -0.5 to 1.5 s; those after the last spike are left out"));
    syn_recording_free(r);
    r = must_open("%/matlab/trains_trials.mat", "orientation=time-first");
    assert_int_equal(r->N, 5);
    assert_int_equal(r->S, 3);
    syn_recording_free(r);
    r = must_open("%/matlab/trains_groups.mat", "");
    assert_int_equal(r->N, 14); /* as of tetrodes: one of the trains is empty */
    assert_true(
        warned(r, "its 3 groups of 5 spike trains each are taken as 14 neurons; if neurons or groups are trials"));
    syn_recording_free(r);
}

static void keeps_silent_units_of_named_vectors(void **state) {
    (void)state;
    syn_recording *r = must_open("%/matlab/trains_named.mat", "");
    assert_int_equal(r->N, 3);
    assert_int_equal(r->n_spikes, 100 + 25);
    assert_string_equal(r->neuron_id[1], "SPK01b");
    assert_int_equal(r->spike_neuron[124], 0);
    syn_recording_free(r);
}

static void takes_times_in_the_unit_of_their_name(void **state) {
    (void)state;
    static const char *const paths[] = {"%/matlab/trains_cell_ms.mat", "%/matlab/trains_struct_ms.mat"};
    syn_recording *seconds = must_open("%/matlab/pairs.mat", "");
    for (int k = 0; k < 2; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_int_equal(r->T, seconds->T);
        assert_int_equal(r->n_spikes, seconds->n_spikes);
        for (int64_t i = 0; i < r->n_spikes; i++)
            assert_float_equal(r->spike_time_s[i], seconds->spike_time_s[i], 1e-9);
        syn_recording_free(r);
    }
    syn_recording_free(seconds);
    syn_recording *r = must_open("%/matlab/trials_clock_ms.mat", "");
    assert_float_equal(r->rate_hz, 10, 1e-9);
    assert_int_equal(r->B, 1); /* speed, not the clock */
    syn_recording_free(r);
}

static void places_inside_are_arrays(void **state) {
    (void)state;
    double *values;
    int64_t rows, cols, n;
    char **text;
    syn_array *a;
    assert_int_equal(syn_matrix_read(in_data("%/matlab/trials_numbered.mat:D.cell3{2}"), &values, &rows, &cols),
                     SYN_OK);
    assert_int_equal(rows, 12);
    assert_true(values[0] == (double)expected(8, 2) && values[11] == (double)expected(19, 2));
    free(values);
    assert_int_equal(syn_matrix_read(in_data("%/matlab/trials_struct_array.mat:trials(3).dff"), &values, &rows, &cols),
                     SYN_OK);
    assert_int_equal(rows, TEST_N);
    assert_int_equal(cols, 10);
    assert_true(values[1 * 10 + 4] == (double)expected(24, 1));
    free(values);
    assert_int_equal(syn_array_open(&a, in_data("%/matlab/trials_matrices.mat"), "D.label"), SYN_OK);
    assert_int_equal(syn_array_texts(a, &text, &n), SYN_OK);
    assert_int_equal(n, 4);
    assert_string_equal(text[2], "c");
    for (int64_t k = 0; k < n; k++) free(text[k]);
    free(text);
    syn_array_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_matrices),
        cmocka_unit_test(mentions_possible_behavior),
        cmocka_unit_test(adds_behavior_to_that_of_the_trials),
        cmocka_unit_test(reads_sparse_and_logical),
        cmocka_unit_test(reads_trials),
        cmocka_unit_test(trials_of_one_shape_need_a_longer_axis),
        cmocka_unit_test(takes_vectors_of_one_length_for_neurons),
        cmocka_unit_test(reads_spike_trains),
        cmocka_unit_test(a_cell_of_neurons_and_trials_is_cut_into_trials),
        cmocka_unit_test(keeps_silent_units_of_named_vectors),
        cmocka_unit_test(takes_times_in_the_unit_of_their_name),
        cmocka_unit_test(places_inside_are_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
