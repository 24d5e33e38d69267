/* Good files of every kind: what the readers make of them, compared with what NumPy and h5py wrote. */
#include "support.h"

#include <hdf5.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/array.h"

/* Every file holds the matrix expected(t, j). */
static const struct matrix_case {
    const char *path, *options;
    bool guessed; /* the time axis is taken by length, with a warning */
} matrix_cases[] = {
    {"%/good/time_first_f2.npy", "rate=10", true},
    {"%/good/time_first_f4.npy", "rate=10", true},
    {"%/good/time_first_f8.npy", "rate=10", true},
    {"%/good/time_first_i1.npy", "rate=10", true},
    {"%/good/time_first_i2.npy", "rate=10", true},
    {"%/good/time_first_i4.npy", "rate=10", true},
    {"%/good/time_first_i8.npy", "rate=10", true},
    {"%/good/time_first_u1.npy", "rate=10", true},
    {"%/good/time_first_u2.npy", "rate=10", true},
    {"%/good/time_first_u4.npy", "rate=10", true},
    {"%/good/time_first_u8.npy", "rate=10", true},
    {"%/good/big_endian_f4.npy", "rate=10", true},
    {"%/good/big_endian_f8.npy", "rate=10", true},
    {"%/good/big_endian_i2.npy", "rate=10", true},
    {"%/good/big_endian_u4.npy", "rate=10", true},
    {"%/good/fortran.npy", "rate=10", true},
    {"%/good/neurons_first.npy", "rate=10", true},
    {"%/good/neurons_first.npy", "rate=10 orientation=neurons-first", false},
    {"%/good/neurons_first_fortran.npy", "rate=10", true},
    {"%/good/neurons_first.npy", "timestamps=%/good/times.npy", false},
    {"%/good/neurons_first.npy", "rate=10 behavior=%/good/arrays.h5:speed", false},
    {"%/good/stored.npz:activity", "rate=10", true},
    {"%/good/deflated.npz", "rate=10", true},
    {"%/good/fortran.npz", "rate=10", true},
    {"%/good/fortran.npz:activity", "rate=10", true},
    {"%/good/arrays.h5:time_first", "rate=10", false},
    {"%/good/trials_of_three.npz", "orientation=time-first", false},
    {"%/good/trials_and_cues.npz", "rate=10 orientation=time-first", false},
    {"%/good/trials_of_three.h5:frames_first", "rate=10 orientation=time-first", false},
    {"%/good/trials_of_three.h5:neurons_first", "rate=10 orientation=neurons-first", false},
    {"%/good/arrays.h5:group/neurons_first", "rate=10", true},
    {"%/good/arrays.h5:/group/neurons_first", "timestamps=%/good/arrays.h5:times", false},
    {"%/good/arrays.h5:chunked", "rate=10", false},
    {"%/good/arrays.h5:big_endian", "rate=10", false},
    {"%/good/single.h5", "rate=10", true},
    {"%/good/plain.csv", "rate=10", true},
    {"%/good/crlf_bom.csv", "rate=10", true},
    {"%/good/header.csv", "rate=10", false},
    {"%/good/timed.csv", "", false},
    {"%/good/milliseconds.csv", "", false},
    {"%/good/data_frame.csv", "rate=10", true},
    {"%/good/indexed.csv", "rate=10", false},
    {"%/good/frame_of_ids.csv", "rate=10", false},
    {"%/good/frame_of_rows.csv", "rate=10", false},
    {"%/good/semicolon.csv", "rate=10", true},
    {"%/good/decimal_comma.csv", "rate=10", true},
    {"%/good/tabs.tsv", "rate=10", true},
    {"%/good/blanks.txt", "rate=10", true},
    {"%/good/named_rows.csv", "rate=10", false},
    {"%/good/quoted.csv", "rate=10", false},
    {"%/good/beside.npz", "", false},
    {"%/good/time_seconds.csv", "", false},
    {"%/good/timestamp_ms.csv", "", false},
    {"%/good/clock_ms.npz", "", false},
    {"%/good/unit_column.npz", "", false},
    {"%/good/clock_us.h5:activity", "", false},
    {"%/good/clock0.csv", "", false},
    {"%/good/clock1.csv", "", false},
    {"%/good/clock2.csv", "", false},
    {"%/good/clock3.csv", "", false},
    {"%/good/clock4.csv", "", false},
    {"%/good/clock5.csv", "", false},
    {"%/good/linked.h5", "rate=10", true},
};

static void cuts_arrays_of_three_axes_into_trials(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/trials_of_three.npz", "orientation=time-first");
    assert_float_equal(r->rate_hz, 10, 1e-9);
    assert_int_equal(r->S, 4);
    for (int s = 0; s < 4; s++) {
        assert_int_equal(r->segment[s].start, 10 * s);
        assert_int_equal(r->segment[s].stop, 10 * s + 10);
    }
    syn_recording_free(r);
}

static void takes_what_programs_for_calcium_found(void **state) {
    (void)state;
    static const struct traces_case {
        const char *path, *options;
        int64_t n;
        int64_t cell[TEST_N];
        double rate_hz;
        bool events; /* 1 where the value is a multiple of 3 */
    } cases[] = {
        {"%/good/caiman.hdf5", "", 3, {0, 2, 3}, 15, false},
        {"%/good/caiman.hdf5:/estimates/", "units=all", 5, {0, 1, 2, 3, 4}, 15, false},
        {"%/good/caiman_default.hdf5", "", 3, {0, 2, 3}, 30, false},
        {"%/good/caiman_default.hdf5", "rate=15", 3, {0, 2, 3}, 15, false},
        {"%/good/minian.nc", "rate=15", 5, {0, 1, 2, 3, 4}, 15, false},
        {"%/good/caiman.hdf5", "signal=deconvolved", 3, {0, 2, 3}, 15, true},
        {"%/matlab/cnmfe.mat", "", 5, {0, 1, 2, 3, 4}, 10, false},
        {"%/matlab/cnmfe.mat:neuron", "signal=deconvolved", 5, {0, 1, 2, 3, 4}, 10, true},
        {"%/matlab/Fall.mat", "", 3, {0, 2, 3}, 15, false},
        {"%/matlab/Fall.mat", "signal=deconvolved", 3, {0, 2, 3}, 15, false},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct traces_case *c = &cases[k];
        syn_recording *r = must_open(c->path, c->options);
        assert_int_equal(r->T, TEST_T);
        assert_int_equal(r->N, c->n);
        assert_float_equal(r->rate_hz, c->rate_hz, 1e-9);
        assert_int_equal(r->signal,
                         strstr(c->options, "deconvolved") ? SYN_SIGNAL_DECONVOLVED : SYN_SIGNAL_FLUORESCENCE);
        for (int64_t j = 0; j < r->N; j++) {
            assert_int_equal(atoi(r->neuron_id[j]), c->cell[j]);
            for (int64_t t = 0; t < r->T; t++) {
                const float x = expected(t, c->cell[j]);
                const float event = (int)x % 3 == 0 ? 1 : 0;
                assert_float_equal(at(r, t, j), (c->events ? event : x), 1e-5);
            }
        }
        syn_recording_free(r);
    }
}

static void says_that_denoised_traces_know_of_later_frames(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/minian.nc", "rate=15");
    assert_true(warned(r, "activity taken from C, which is denoised and so knows of later frames, --signal"));
    syn_recording_free(r);
    r = must_open("%/good/caiman.hdf5", "");
    assert_true(warned(r, "activity taken from estimates/C + estimates/YrA, --signal"));
    syn_recording_free(r);
}

static void says_that_the_rate_is_a_default(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/caiman_default.hdf5", "");
    assert_true(warned(r, "30 Hz taken from params/data/fr, where it is the default of CaImAn; --rate says otherwise"));
    syn_recording_free(r);
    r = must_open("%/good/caiman_default.hdf5", "rate=15");
    assert_true(warned(r, "params/data/fr is 30 Hz, the default of CaImAn: --rate 15 is taken"));
    syn_recording_free(r);
    assert_int_equal(open_with(&r, "%/good/caiman.hdf5", "rate=30"), SYN_ERR_OPTION);
}

static void takes_a_vector_for_every_neuron(void **state) {
    (void)state;
    static const char *const paths[] = {"%/good/trains.npz", "%/good/trains.h5", "%/good/trains.h5:/sorted/"};
    for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_int_equal(r->N, 3);
        assert_int_equal(r->n_spikes, 100 + 16 + 25);
        assert_string_equal(r->neuron_id[0], k ? "1" : "unit_1");
        assert_string_equal(r->neuron_id[2], k ? "10" : "unit_10");
        assert_int_equal(r->spike_neuron[0], 1);
        assert_float_equal(r->spike_time_s[0], 0.02, 1e-12);
        assert_true(warned(r, "taken as spike times in seconds, a neuron each"));
        syn_recording_free(r);
    }
    syn_recording *r = must_open("%/good/trains_ms.npz", "");
    assert_float_equal(r->spike_time_s[0], 0.02, 1e-12);
    assert_true(warned(r, "unit_1_ms to unit_10_ms: taken as spike times in the unit of their name"));
    syn_recording_free(r);
    r = must_open("%/good/traces_each.npz", "");
    assert_int_equal(r->T, TEST_T);
    assert_int_equal(r->N, TEST_N);
    assert_float_equal(r->rate_hz, 10, 1e-9);
    for (int64_t t = 0; t < TEST_T - 1; t++)
        for (int64_t j = 0; j < TEST_N; j++) assert_true(at(r, t, j) == expected(t, j));
    assert_true(warned(r, "cell0 to cell4: taken as traces, a neuron each"));
    syn_recording_free(r);
}

static void reads_every_matrix(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof matrix_cases / sizeof *matrix_cases; k++) {
        const struct matrix_case *c = &matrix_cases[k];
        syn_recording *r = must_open(c->path, c->options);
        if (r->T != TEST_T || r->N != TEST_N) fail_msg("%s: %lld x %lld", c->path, (long long)r->T, (long long)r->N);
        for (int64_t t = 0; t < r->T; t++)
            for (int64_t j = 0; j < r->N; j++)
                if (at(r, t, j) != expected(t, j))
                    fail_msg("%s: x[%lld][%lld] is %g", c->path, (long long)t, (long long)j, (double)at(r, t, j));
        if (warned(r, "because it is longer") != c->guessed) fail_msg("%s: wrong warning about the time axis", c->path);
        assert_string_equal(r->format, "array");
        assert_int_equal(r->signal, SYN_SIGNAL_FLUORESCENCE);
        syn_recording_free(r);
    }
}

/* More values than one thread reads, uncompressed; one of them, near the end, was not observed. */
static void reads_large_files_in_threads(void **state) {
    (void)state;
    enum { T = 4200, N = 1001, GONE = 4100 };
    const hsize_t shape[2] = {T, N};
    char path[] = "/tmp/synapsnet_large_XXXXXX";
    float *x = malloc(sizeof *x * T * N);
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0 && x);
    for (int64_t k = 0; k < T * N; k++) x[k] = (float)k / 64;
    x[GONE * N] = NAN;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), space = H5Screate_simple(2, shape, NULL);
    hid_t set = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    H5Dclose(set), H5Sclose(space), H5Fclose(file);
    syn_recording *r = must_open(path, "rate=10");
    assert_int_equal(r->T, T);
    assert_int_equal(r->N, N);
    assert_false(syn_observed(r, GONE, 0));
    for (int64_t k = 0; k < T * N; k++)
        if (k != GONE * N && r->x[k] != x[k]) fail_msg("frame %lld: %g", (long long)(k / N), (double)r->x[k]);
    syn_recording_free(r);
    free(x);
    close(descriptor);
    unlink(path);
}

static void takes_times_in_their_unit(void **state) {
    (void)state;
    static const char *const paths[] = {"%/good/clock_ms.npz", "%/good/clock_us.h5:activity", "%/good/beside.npz"};
    for (int k = 0; k < 3; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_float_equal(r->rate_hz, 10, 1e-6);
        assert_true(warned(r, "beside the array: 10 Hz"));
        syn_recording_free(r);
    }
}

/* What may have been meant in milliseconds. */
static void remarks_on_long_times(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/time_in_ms.csv", "");
    assert_true(warned(r, "the times make 0.02 Hz, a frame every 50 s"));
    syn_recording_free(r);
    r = must_open("%/good/timed.csv", "");
    assert_int_equal(r->n_warnings, 0);
    syn_recording_free(r);
    r = must_open("%/good/spikes.npz", "bin=2");
    assert_true(warned(r, "--bin 2 is 2 s; milliseconds are given as --bin 2ms"));
    syn_recording_free(r);
    r = must_open("%/good/spikes.npz", "bin=2s");
    assert_false(warned(r, "--bin"));
    syn_recording_free(r);
}

static void takes_names_and_times_from_tables(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/header.csv", "rate=10");
    assert_true(r->named_neurons);
    assert_string_equal(r->neuron_id[3], "RIMR");
    syn_recording_free(r);
    r = must_open("%/good/named_rows.csv", "rate=10");
    assert_string_equal(r->neuron_id[4], "n4");
    syn_recording_free(r);
    r = must_open("%/good/quoted.csv", "rate=10");
    assert_string_equal(r->neuron_id[2], "c, d");
    syn_recording_free(r);
    r = must_open("%/good/data_frame.csv", "rate=10");
    assert_false(r->named_neurons);
    syn_recording_free(r);
    r = must_open("%/good/frame_of_ids.csv", "rate=10");
    assert_string_equal(r->neuron_id[0], "950907205");
    syn_recording_free(r);
    r = must_open("%/good/frame_of_rows.csv", "rate=10");
    assert_string_equal(r->neuron_id[4], "7");
    syn_recording_free(r);
    r = must_open("%/good/numbers_and_speed.csv", "rate=10");
    assert_true(r->T == TEST_T && r->N == TEST_N + 1);
    assert_string_equal(r->neuron_id[TEST_N], "speed");
    syn_recording_free(r);
    r = must_open("%/good/depth_and_ids.csv", "rate=10");
    assert_true(r->T == TEST_T && r->N == TEST_N + 1);
    assert_string_equal(r->neuron_id[1], "3");
    syn_recording_free(r);
    r = must_open("%/good/frame_of_names.csv", "rate=10");
    assert_int_equal(r->T, TEST_T);
    assert_int_equal(r->N, TEST_N);
    assert_string_equal(r->neuron_id[0], "u950907205");
    syn_recording_free(r);
    for (int k = 0; k < 6; k++) {
        char path[] = "%/good/clock0.csv";
        *strchr(path, '0') = (char)('0' + k);
        r = must_open(path, "");
        assert_float_equal(r->rate_hz, 10, 1e-6);
        syn_recording_free(r);
    }
    r = must_open("%/good/timed.csv", "");
    assert_float_equal(r->rate_hz, 2, 1e-9);
    syn_recording_free(r);
    r = must_open("%/good/milliseconds.csv", "");
    assert_float_equal(r->rate_hz, 2, 1e-9);
    syn_recording_free(r);
}

/* As pandas writes the labels of columns without an index. */
static void takes_a_first_line_of_whole_numbers_for_headings(void **state) {
    (void)state;
    static const struct {
        const char *path, *id;
    } files[] = {{"%/good/three_counted.csv", "1"}, {"%/good/three_ids.csv", "15"}};
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        syn_recording *r = must_open(files[k].path, "rate=10");
        assert_int_equal(r->T, TEST_T);
        assert_float_equal(at(r, 0, 0), 0.25, 1e-6);
        assert_string_equal(r->neuron_id[1], files[k].id);
        assert_true(warned(r, "its first line, of whole numbers that rise, is taken for headings"));
        syn_recording_free(r);
    }
}

/* What is in brackets is no unit where it is all that tells neurons apart. */
static void keeps_headings_that_differ_by_a_unit(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/numbered_units.csv", "");
    assert_int_equal(r->N, TEST_N);
    assert_string_equal(r->neuron_id[0], "Mean(1)");
    assert_string_equal(r->neuron_id[4], "Mean(5)");
    assert_false(warned(r, "more than one"));
    syn_recording_free(r);
    r = must_open("%/good/single.h5", "rate=10 behavior=%/good/numbered_units.csv:Mean(2),Mean(4)");
    assert_string_equal(r->behavior_name[1], "Mean(4)");
    assert_string_equal(r->behavior_unit[1], "");
    syn_recording_free(r);
    r = must_open("%/good/repeated_names.csv", "rate=10");
    assert_true(warned(r, "more than one neuron is called a"));
    syn_recording_free(r);
}

static void masks_what_is_missing(void **state) {
    (void)state;
    static const char *const paths[] = {"%/good/missing.npy", "%/good/missing.csv"};
    for (int k = 0; k < 2; k++) {
        syn_recording *r = must_open(paths[k], "rate=10");
        int64_t missing = 0;
        for (int64_t t = 0; t < r->T; t++)
            for (int64_t j = 0; j < r->N; j++) missing += !syn_observed(r, t, j);
        assert_int_equal(missing, 3);
        assert_false(syn_observed(r, 3, 1));
        assert_false(syn_observed(r, 7, 2));
        assert_false(syn_observed(r, 9, 4));
        assert_true(at(r, 3, 1) == 0 && at(r, 9, 4) == 0);
        syn_recording_free(r);
    }
}

static void parses_numbers_to_the_last_bit(void **state) {
    (void)state;
    static const double golden[] = {0.1, -1.5e-3, 12345678901234567890.0, 1e22,  .5,
                                    5.,  3,       3.141592653589793238,   1e-30, 7e2};
    double *values;
    int64_t rows, cols;
    assert_int_equal(syn_matrix_read(in_data("%/good/numbers.csv"), &values, &rows, &cols), SYN_OK);
    assert_int_equal(rows, 25);
    assert_int_equal(cols, 10);
    for (int64_t k = 0; k < cols; k++)
        if (values[24 * cols + k] != golden[k]) fail_msg("%.17g is not %.17g", values[24 * cols + k], golden[k]);
    free(values);
}

static double total(const syn_recording *r) {
    double sum = 0;
    for (int64_t k = 0; k < r->T * r->N; k++) sum += (double)r->x[k];
    return sum;
}

static void signal_is_as_given(void **state) {
    (void)state;
    syn_recording *r = must_open("%/bad/late_fraction.csv", "rate=10 signal=deconvolved");
    assert_int_equal(r->signal, SYN_SIGNAL_DECONVOLVED);
    syn_recording_free(r);
}

/* Three ways to write the same 300 spikes of neurons 3, 5 and 11. */
static void bins_spike_lists(void **state) {
    (void)state;
    static const char *const paths[] = {"%/good/spikes.h5:sorting", "%/good/spikes.csv", "%/good/pairs.npz"};
    syn_recording *counts = must_open("%/good/spike_counts.npy", "rate=20");
    assert_int_equal(counts->signal, SYN_SIGNAL_COUNTS);
    for (int k = 0; k < 3; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_string_equal(r->format, "spike list");
        assert_int_equal(r->N, 3);
        assert_string_equal(r->neuron_id[2], "11");
        assert_float_equal(r->rate_hz, 20, 1e-9);
        assert_int_equal(r->n_spikes, 300);
        int64_t first = r->time_s ? llround(r->time_s[0] * r->rate_hz) : 0; /* the bin of the first spike */
        assert_true(first + r->T <= counts->T);
        for (int64_t t = 0; t < r->T; t++)
            for (int64_t j = 0; j < 3; j++)
                if (at(r, t, j) != at(counts, first + t, j))
                    fail_msg("%s: wrong count in bin %lld", paths[k], (long long)t);
        syn_recording_free(r);
    }
    syn_recording_free(counts);
    syn_recording *r = must_open("%/good/spikes.npz", "bin=100ms");
    assert_int_equal(r->N, 4); /* 8 is a node without spikes */
    assert_string_equal(r->neuron_id[2], "8");
    assert_float_equal(r->rate_hz, 10, 1e-9);
    assert_float_equal(total(r), 300, 0);
    syn_recording_free(r);
}

static void uses_what_lies_beside_counts(void **state) {
    (void)state;
    static const char *const paths[] = {"%/good/trials.npz", "%/good/trials.npz:counts"};
    for (int k = 0; k < 2; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_int_equal(r->T, 200);
        assert_int_equal(r->S, 5);
        assert_int_equal(r->segment[4].start, 160);
        assert_float_equal(r->rate_hz, 20, 1e-9);
        assert_int_equal(r->signal, SYN_SIGNAL_COUNTS);
        assert_string_equal(r->region[1], "VISp");
        assert_true(warned(r, "bin_s") && warned(r, "segments") && warned(r, "brain regions taken"));
        syn_recording_free(r);
    }
    syn_recording *r = must_open("%/good/trials.npz", "bin=150ms");
    assert_int_equal(r->T, 5 * 13); /* 40 bins of 50 ms make 13 of 150 ms, and one is left over */
    assert_int_equal(r->segment[1].start, 13);
    syn_recording_free(r);
}

static void reads_suite2p(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/suite2p", "");
    assert_string_equal(r->format, "suite2p");
    assert_string_equal(r->name, "good/suite2p"); /* suite2p alone would be the name of every recording */
    assert_int_equal(r->T, TEST_T - 1);           /* the second plane lacks the last frame */
    assert_int_equal(r->N, 8);                    /* ROI 1 of either plane is no cell */
    assert_float_equal(r->rate_hz, 7.5, 0);
    assert_string_equal(r->neuron_id[5], "plane1/2");
    assert_float_equal(at(r, 10, 1), expected(10, 2), 0);
    assert_float_equal(at(r, 10, 5), expected(10, 2) + 1 - 7, 1e-5);
    syn_recording_free(r);
    r = must_open("%/good/suite2p/plane0", "signal=deconvolved");
    assert_string_equal(r->name, "good/suite2p/plane0");
    assert_int_equal(r->N, 4);
    assert_int_equal(r->signal, SYN_SIGNAL_DECONVOLVED);
    assert_string_equal(r->neuron_id[1], "2");
    assert_float_equal(at(r, 30, 1), 20, 0);
    assert_float_equal(at(r, 0, 1), 0, 0);
    syn_recording_free(r);
}

/* Cells are where `med` (y, x) of their ROI says, in whatever way it was pickled; what is not whole is left. */
static void places_rois_of_suite2p(void **state) {
    (void)state;
    static const char *const with[] = {"%/good/suite2p_placed", "%/good/suite2p_placed_2", "%/good/suite2p_placed_3",
                                       "%/good/suite2p_placed_4"};
    for (int k = 0; k < 4; k++) {
        syn_recording *r = must_open(with[k], "");
        assert_int_equal(r->N, TEST_N - 1);
        assert_non_null(r->position);
        for (int64_t j = 0; j < r->N; j++) {
            const float roi = (float)(j < 1 ? j : j + 1);
            assert_true(r->position[3 * j] == 7 * roi - 20.5f);
            assert_true(r->position[3 * j + 1] == 10 + roi);
            assert_true(r->position[3 * j + 2] == 0);
        }
        assert_true(warned(r, "positions are in pixels"));
        syn_recording_free(r);
    }
    static const char *const without[][2] = {{"%/good/suite2p_placed_few", "stat.npy has 4 ROIs; expected 5"},
                                             {"%/good/suite2p_placed_dict", "stat.npy has 1 ROIs; expected 5"},
                                             {"%/good/suite2p_placed_lost", "does not say where ROI 3 is"}};
    for (int k = 0; k < 3; k++) {
        syn_recording *r = must_open(without[k][0], "");
        assert_null(r->position);
        assert_true(warned(r, without[k][1]));
        syn_recording_free(r);
    }
    syn_recording *r = must_open("%/good/suite2p_placed", "neuron-table=%/good/neurons_placed.csv");
    assert_true(r->position[0] == 1.5f); /* a table says more than pixels */
    syn_recording_free(r);
}

static void reads_phy(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/phy", "");
    assert_string_equal(r->format, "phy");
    assert_int_equal(r->N, 2); /* clusters 0 and 3 are good */
    assert_string_equal(r->neuron_id[1], "3");
    assert_int_equal(r->T, 60); /* the last good spike is at sample 59,900 of 20 kHz */
    assert_float_equal(total(r), 300, 0);
    syn_recording_free(r);
    r = must_open("%/good/phy", "units=mua");
    assert_int_equal(r->N, 3);
    syn_recording_free(r);
    r = must_open("%/good/phy", "units=all bin=10ms");
    assert_int_equal(r->N, 3);
    assert_float_equal(r->rate_hz, 100, 1e-9);
    syn_recording_free(r);
    r = must_open("%/good/phy_python", ""); /* the same by 20_000., and a byte order mark before the labels */
    assert_int_equal(r->N, 2);
    assert_int_equal(r->T, 60);
    syn_recording_free(r);
    r = must_open("%/good/phy_early", "");
    assert_true(warned(r, "3 of its spikes have times before 0 and are left out"));
    assert_float_equal(total(r), 597, 0);
    syn_recording_free(r);
    r = must_open("%/bad/phy_rate", "rate=20000");
    syn_recording_free(r);
    r = must_open("%/good/phy_bare", "rate=20000");
    assert_int_equal(r->N, 4);
    assert_true(warned(r, "noise included") && warned(r, "templates are taken as units"));
    syn_recording_free(r);
    r = must_open("%/good/phy_info", ""); /* 0 by KSLabel, 1 by the user's group */
    assert_int_equal(r->N, 2);
    assert_string_equal(r->neuron_id[1], "1");
    syn_recording_free(r);
}

static void attaches_behavior(void **state) {
    (void)state;
    syn_recording *r =
        must_open("%/good/single.h5", "timestamps=%/good/arrays.h5:times behavior=%/good/arrays.h5:speed "
                                      "behavior=%/good/arrays.h5:never behavior=%/good/timed.csv:c");
    assert_int_equal(r->B, 2);
    assert_string_equal(r->behavior_name[0], "speed");
    assert_string_equal(r->behavior_name[1], "c");
    assert_true(warned(r, "never has no value"));
    assert_float_equal(r->u[7 * 2], 0.7, 1e-6);
    assert_float_equal(r->u[7 * 2 + 1], expected(7, 2), 0);
    syn_recording_free(r);
}

static void takes_behavior_of_a_group(void **state) {
    (void)state;
    static const char *const left_out[] = {"behavior/curvature", "behavior/turns", "behavior/events"};
    syn_recording *r = must_open("%/good/groups.h5", "rate=10 behavior=%/good/groups.h5:/behavior");
    assert_int_equal(r->B, 2);
    assert_string_equal(r->behavior_name[0], "angle");
    assert_string_equal(r->behavior_name[1], "speed");
    assert_float_equal(r->u[7 * 2 + 1], 3.5, 0);
    for (int k = 0; k < 3; k++) assert_true(warned(r, left_out[k]));
    syn_recording_free(r);
}

/* A table with as many rows as frames is theirs where its clock says so, too. */
static void follows_the_clock_of_a_table(void **state) {
    (void)state;
    static const struct table {
        const char *options, *warning;
        float at_12; /* frame 12; rows hold their number */
    } tables[] = {{"rate=10 behavior=%/good/clock_slow.csv", "but another clock (0.3 s from row to row", 4},
                  {"rate=10 behavior=%/good/clock_alike.csv", NULL, 12},
                  {"rate=10 behavior=%/good/clock_late.csv", "though its times start at 7 s", 12},
                  {"rate=3.3333 behavior=%/good/clock_slow.csv", NULL, 12},
                  {"timestamps=%/good/arrays.h5:times behavior=%/good/clock_slow.csv", "by its times", 20}};
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++) {
        syn_recording *r = must_open("%/good/single.h5", tables[k].options);
        assert_int_equal(r->B, 1);
        assert_float_equal(r->u[12], tables[k].at_12, 1e-4);
        if (tables[k].warning) assert_true(warned(r, tables[k].warning));
        if (!tables[k].warning) assert_false(warned(r, "clock_"));
        syn_recording_free(r);
    }
}

/* An @ belongs to the path as long as no file is named before it. */
static void takes_behavior_from_paths_with_an_at(void **state) {
    (void)state;
    char root[] = "/tmp/synapsnet_test_XXXXXX", folder[40], path[3][80], options[400];
    static const char *const names[] = {"arrays.h5", "speed@10Hz.npy", "times.npy"};
    static const struct form {
        const char *text;
        int values;
    } forms[] = {{"%s:speed", 0}, {"%s", 1}, {"%s@%s", 1}, {"%s:speed@%s", 0}, {"%s:speed@times", 0}};
    assert_non_null(mkdtemp(root));
    snprintf(folder, sizeof folder, "%s/lab@uni", root);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int k = 0; k < 3; k++) {
        snprintf(path[k], sizeof path[k], "%s/%s", folder, names[k]);
        assert_int_equal(symlink(in_data(k == 0 ? "%/good/arrays.h5" : "%/good/times.npy"), path[k]), 0);
    }
    syn_recording *r;
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        char given[200];
        snprintf(given, sizeof given, forms[k].text, path[forms[k].values], path[2]);
        snprintf(options, sizeof options, "timestamps=%%/good/times.npy behavior=%s", given);
        r = must_open("%/good/single.h5", options);
        assert_int_equal(r->B, 1);
        assert_float_equal(r->u[20], (forms[k].values == 1 ? 10 : 2), 1e-5f);
        syn_recording_free(r);
    }
    snprintf(options, sizeof options, "rate=10 behavior=%s/absent.npy@%s", folder, path[2]);
    assert_int_equal(open_with(&r, "%/good/single.h5", options), SYN_ERR_IO);
    for (int k = 0; k < 3; k++) unlink(path[k]);
    rmdir(folder);
    rmdir(root);
}

static void takes_units_from_headers(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/single.h5", "rate=10 behavior=%/good/units.csv:speed,pupil "
                                                     "behavior=%/good/units.csv:b");
    assert_int_equal(r->B, 3);
    assert_string_equal(r->behavior_name[0], "speed");
    assert_string_equal(r->behavior_unit[0], "cm/s");
    assert_string_equal(r->behavior_name[1], "pupil");
    assert_string_equal(r->behavior_unit[1], "mm");
    assert_string_equal(r->behavior_unit[2], "dF/F");
    assert_float_equal(r->u[7 * 3], 3.5, 1e-6);
    assert_float_equal(r->u[7 * 3 + 1], 1, 1e-6);
    syn_recording_free(r);
    r = must_open("%/good/units.csv:a (dF/F),b,c,d,e", "");
    assert_int_equal(r->N, TEST_N);
    assert_string_equal(r->neuron_id[3], "d");
    assert_float_equal(at(r, 9, 3), expected(9, 3), 0);
    syn_recording_free(r);
    r = must_open("%/nwb/gap.nwb", "behavior=%/good/wide_times.csv:speed"); /* 30 rows with a clock of their own */
    assert_int_equal(r->B, 1);
    assert_float_equal(r->u[0], 0, 1e-6);
    assert_float_equal(r->u[10], 5, 1e-6);
    syn_recording_free(r);
    r = must_open("%/good/units.csv", "");
    assert_float_equal(r->rate_hz, 10, 1e-9); /* by its column of times */
    assert_int_equal(r->N, 7);
    assert_true(r->named_neurons);
    syn_recording_free(r);
}

static void lists_the_arrays_of_a_file(void **state) {
    (void)state;
    syn_recording *r;
    assert_int_equal(open_with(&r, "%/good/arrays.h5", "rate=10"), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "chunked int16 (40, 5)"));
    assert_non_null(strstr(syn_last_error(), "group/neurons_first float32 (5, 40)"));
}

/* The shipped recording, against values that NumPy reads from it. */
static void reads_the_shipped_recording(void **state) {
    (void)state;
    syn_recording *r = must_open("%/../../data/mouse_visual_2p/230803_mrcuts24_fov1_mov_neuro.csv",
                                 "rate=16 orientation=neurons-first");
    assert_int_equal(r->T, 8704);
    assert_int_equal(r->N, 26);
    assert_true(at(r, 0, 0) == 1.4268192306799f);
    assert_true(at(r, 1, 0) == 0.207517580502661f);
    assert_true(at(r, 8703, 25) == 0.0456268930486539f);
    assert_float_equal(total(r), 17258.5385, 1e-2);
    syn_recording_free(r);
}

/* Names, regions, types and positions of five neurons, whichever way they come. */
static void check_neurons(const char *path, const char *options) {
    static const char *const names[] = {"AVAL", "AVAR", "RIML", "RIMR", "SMDV"};
    syn_recording *r = must_open(path, options);
    for (int64_t j = 0; j < TEST_N; j++) {
        assert_string_equal(r->neuron_id[j], names[j]);
        assert_string_equal(r->region[j], j < 3 ? "head" : "tail");
        assert_string_equal(r->cell_type[j], j % 2 ? "motor" : "inter");
        assert_true(r->position[j * 3] == (float)j && r->position[j * 3 + 1] == 10 + (float)j);
    }
    assert_true(r->named_neurons);
    syn_recording_free(r);
}

static void takes_neurons_from_tables(void **state) {
    (void)state;
    check_neurons("%/good/beside.npz", "");
    check_neurons("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_ordered.csv");
    check_neurons("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_rois.csv");
    check_neurons("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_indexed.tsv");
    check_neurons("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_of_many.csv");
    check_neurons("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons.h5:about");
    syn_recording *r = must_open("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_some.csv");
    assert_string_equal(r->neuron_id[1], "AVAR");
    assert_string_equal(r->neuron_id[0], "0");
    assert_true(warned(r, "by its column index, from 0, though no row has 0; a column that counts from 1"));
    for (int64_t j = 0; j < r->N; j++) assert_int_equal(r->nameless[j], j != 1);
    assert_true(warned(r, "4 of 5 neurons have no name; they keep their id, and are no other recording's"));
    syn_recording_free(r);
    r = must_open("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_taken.csv");
    assert_string_equal(r->neuron_id[0], "1");
    assert_string_equal(r->neuron_id[1], "unnamed 1");
    assert_string_equal(r->neuron_id[2], "2");
    syn_recording_free(r);
    r = must_open("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_numbered.csv");
    assert_string_equal(r->neuron_id[0], "7");
    assert_string_equal(r->neuron_id[2], "RIML");
    assert_string_equal(r->region[0], "1");
    assert_string_equal(r->region[1], "2/3");
    assert_string_equal(r->region[3], "");
    syn_recording_free(r);
    r = must_open("%/good/numbers_and_speed.csv", "rate=10");
    assert_true(warned(r, "taken as a neuron, but named like behaviour: speed; if so, name the columns that are"));
    syn_recording_free(r);
    r = must_open("%/good/spike_names.csv", "");
    assert_string_equal(r->neuron_id[0], "1");
    assert_string_equal(r->neuron_id[1], "b");
    syn_recording_free(r);
    r = must_open("%/good/phy", "neuron-table=%/good/clusters.tsv");
    assert_string_equal(r->neuron_id[1], "3");
    assert_string_equal(r->region[1], "CA3");
    syn_recording_free(r);
}

static void finds_rows_by_ids_before_order(void **state) {
    (void)state;
    char text[32];
    static const char *const paths[] = {"%/good/units12.csv", "%/good/spikes12.npz"};
    for (int k = 0; k < 2; k++) {
        syn_recording *r = must_open(paths[k], k ? "bin=100ms neuron-table=%/good/units12_about.csv"
                                                 : "rate=10 neuron-table=%/good/units12_about.csv");
        for (int64_t j = 0; j < 12; j++) {
            snprintf(text, sizeof text, "at u%lld", (long long)j + 1);
            assert_string_equal(r->neuron_id[j], text + 3);
            assert_string_equal(r->region[j], text);
        }
        assert_true(warned(r, "by its column unit: 12 of 12"));
        syn_recording_free(r);
    }
    syn_recording *r = must_open("%/good/phy_bare", "rate=20000 neuron-table=%/good/clusters_reversed.csv");
    assert_string_equal(r->region[0], "R0");
    assert_string_equal(r->neuron_id[3], "3");
    assert_string_equal(r->region[3], "R3");
    syn_recording_free(r);
    r = must_open("%/good/plain.csv", "rate=10 neuron-table=%/good/neurons_elsewhere.csv");
    assert_string_equal(r->neuron_id[0], "70");
    assert_string_equal(r->region[4], "at 4");
    assert_true(warned(r, "in order: it has no id of the recording"));
    syn_recording_free(r);
    r = must_open("%/good/mouse12_monday2.csv", "rate=10 neuron-table=%/good/neurons_of_mice.csv");
    assert_string_equal(r->region[0], "mouse12");
    syn_recording_free(r);
}

static void labels_of_clusters_are_no_names(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/cluster_labels.npz:activity", "");
    assert_string_equal(r->neuron_id[1], "1");
    assert_false(r->named_neurons);
    assert_null(r->region);
    assert_true(warned(r, "names not taken: more than one neuron is called 1"));
    syn_recording_free(r);
}

static void reads_spikes_of_named_neurons(void **state) {
    (void)state;
    static const char *const paths[] = {"%/good/named_spikes.npz", "%/good/named_spikes.h5", "%/good/named_spikes.csv",
                                        "%/good/named_spikes_bytes.npz"};
    for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
        syn_recording *r = must_open(paths[k], "bin=1s");
        assert_int_equal(r->N, 3);
        assert_string_equal(r->neuron_id[0], "AVAL");
        assert_string_equal(r->neuron_id[2], "RIM \xc3\xa9");
        assert_true(r->named_neurons);
        assert_true(at(r, 0, 0) == 2 && at(r, 0, 1) == 0 && at(r, 2, 1) == 1 && at(r, 3, 2) == 1);
        syn_recording_free(r);
    }
}

static void reads_tracker_files(void **state) {
    (void)state;
    static const char *const options[] = {"bin=1s behavior=%/good/track.videoPositionTracking:xloc,angle",
                                          "bin=1s behavior=%/good/capital.videoPositionTracking:xloc,angle"};
    for (int k = 0; k < 2; k++) {
        syn_recording *r = must_open("%/good/spikes.npz", options[k]);
        assert_int_equal(r->B, 2);
        assert_string_equal(r->behavior_name[0], "xloc");
        assert_true(r->u[0] == 101.5F && r->u[1] == -4.25F);
        syn_recording_free(r);
    }
}

static void places_units_at_their_channel(void **state) {
    (void)state;
    static const int channel[] = {2, 0, 3, 1};
    static const char *const paths[] = {"%/good/phy_placed", "%/good/phy_placed_fortran"};
    for (int k = 0; k < 2; k++) {
        syn_recording *r = must_open(paths[k], "");
        assert_non_null(r->position);
        for (int j = 0; j < 4; j++) {
            assert_true(r->position[3 * j] == 32.0F * (float)(channel[j] % 2));
            assert_true(r->position[3 * j + 1] == 20.0F * (float)channel[j]);
        }
        syn_recording_free(r);
    }
    static const char *const without[][2] = {{"%/good/phy_placed_cut", "the file is cut short"},
                                             {"%/good/phy_placed_short", "spike_templates.npy has 8 entries"},
                                             {"%/good/phy_placed_forged", "is (1099511627776, 0, 5)"}};
    for (int k = 0; k < 3; k++) {
        syn_recording *r = must_open(without[k][0], "");
        assert_int_equal(r->N, 4);
        assert_null(r->position);
        assert_true(warned(r, "positions not taken: ") && warned(r, without[k][1]));
        syn_recording_free(r);
    }
}

static void reads_what_other_tools_write(void **state) {
    (void)state;
    syn_recording *r = must_open("%/good/suite2p_numpy", "");
    assert_true(r->rate_hz == 7.5);
    syn_recording_free(r);
    r = must_open("%/good/suite2p_single", "");
    assert_true(r->rate_hz == 7.5);
    syn_recording_free(r);
    r = must_open("%/good/phy_unsorted", "");
    assert_true(warned(r, "says good, mua or noise"));
    syn_recording_free(r);
    r = must_open("%/good/spreadsheet.csv", "rate=10");
    assert_int_equal(r->T, 22);
    assert_false(syn_observed(r, 0, 0));
    assert_false(syn_observed(r, 1, 1));
    syn_recording_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_matrix),
        cmocka_unit_test(takes_what_programs_for_calcium_found),
        cmocka_unit_test(says_that_denoised_traces_know_of_later_frames),
        cmocka_unit_test(says_that_the_rate_is_a_default),
        cmocka_unit_test(takes_a_vector_for_every_neuron),
        cmocka_unit_test(cuts_arrays_of_three_axes_into_trials),
        cmocka_unit_test(reads_large_files_in_threads),
        cmocka_unit_test(takes_times_in_their_unit),
        cmocka_unit_test(remarks_on_long_times),
        cmocka_unit_test(takes_names_and_times_from_tables),
        cmocka_unit_test(takes_a_first_line_of_whole_numbers_for_headings),
        cmocka_unit_test(keeps_headings_that_differ_by_a_unit),
        cmocka_unit_test(masks_what_is_missing),
        cmocka_unit_test(parses_numbers_to_the_last_bit),
        cmocka_unit_test(signal_is_as_given),
        cmocka_unit_test(bins_spike_lists),
        cmocka_unit_test(uses_what_lies_beside_counts),
        cmocka_unit_test(takes_neurons_from_tables),
        cmocka_unit_test(finds_rows_by_ids_before_order),
        cmocka_unit_test(labels_of_clusters_are_no_names),
        cmocka_unit_test(reads_spikes_of_named_neurons),
        cmocka_unit_test(reads_tracker_files),
        cmocka_unit_test(places_units_at_their_channel),
        cmocka_unit_test(reads_what_other_tools_write),
        cmocka_unit_test(reads_suite2p),
        cmocka_unit_test(places_rois_of_suite2p),
        cmocka_unit_test(reads_phy),
        cmocka_unit_test(attaches_behavior),
        cmocka_unit_test(takes_behavior_of_a_group),
        cmocka_unit_test(follows_the_clock_of_a_table),
        cmocka_unit_test(takes_behavior_from_paths_with_an_at),
        cmocka_unit_test(takes_units_from_headers),
        cmocka_unit_test(lists_the_arrays_of_a_file),
        cmocka_unit_test(reads_the_shipped_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
