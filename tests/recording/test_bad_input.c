/* Bad files and options: each gets one line that names the file and says what is wrong. */
#include "support.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

/* fragment: what the message must contain. named: what it must name; NULL: the last part of the path. */
static const struct bad_case {
    const char *path, *options, *fragment, *named;
} bad_cases[] = {
    /* paths */
    {"", "", "path is empty", ""},
    {"%/bad/absent.npy", "", "no such file", NULL},
    {"%/bad/absent.npz:counts", "", "no such file", NULL},
    {"%/bad/nothing", "", "neither a suite2p folder", NULL},
    {"%/good/suite2p:F", "", "names an array in a folder", NULL},
    /* npy */
    {"%/bad/object.npy", "rate=10", "Python objects", NULL},
    {"%/bad/complex.npy", "rate=10", "data type 'c16'", NULL},
    {"%/bad/structured.npy", "rate=10", "structured array", NULL},
    {"%/bad/text.npy", "rate=10", "holds text; expected numbers", NULL},
    {"%/bad/dates.npy", "rate=10", "data type 'M8[s]'", NULL},
    {"%/bad/vector.npy", "rate=10", "(40,); expected an array with 2 axes", NULL},
    {"%/bad/cube.npy", "rate=10", "(40, 3, 2); expected", NULL},
    {"%/bad/cube.npz", "rate=10",
     "x: is float64 (4, 10, 5); expected two axes, or three: (trials, frames, neurons) with", NULL},
    {"%/bad/scalar.npy", "rate=10", "expected an array with 2 axes", NULL},
    {"%/bad/empty.npy", "rate=10", "is empty, shape (0, 5)", NULL},
    {"%/bad/all_nan.npy", "rate=10", "all 40 x 5 entries", NULL},
    {"%/bad/near_square.npy", "rate=10", "--orientation", NULL},
    {"%/good/square.npy", "rate=10", "(5, 5) and nothing says which axis", NULL},
    {"%/bad/huge.npy", "rate=10", "impossible shape", NULL},
    {"%/bad/overflow.npy", "rate=10", "impossible shape", NULL},
    {"%/bad/negative_shape.npy", "rate=10", "not a list of sizes", NULL},
    {"%/bad/many_axes.npy", "rate=10", "more than 8 axes", NULL},
    {"%/bad/short.npy", "rate=10", "needs 1600 bytes, but 64 follow", NULL},
    {"%/bad/no_shape.npy", "rate=10", "lacks descr, fortran_order or shape", NULL},
    {"%/bad/no_descr.npy", "rate=10", "lacks descr, fortran_order or shape", NULL},
    {"%/bad/word_shape.npy", "rate=10", "not a list of sizes", NULL},
    {"%/bad/long_header.npy", "rate=10", "header is longer", NULL},
    {"%/bad/magic_only.npy", "rate=10", "no complete header", NULL},
    {"%/bad/float128.npy", "rate=10", "data type 'f16'", NULL},
    {"%/good/time_first_f4.npy:x", "rate=10", "leave out ':x'", "time_first_f4.npy"},
    {"%/good/time_first_f4.npy", "", "--rate", NULL},
    {"%/good/time_first_f4.npy", "rate=0", "expected a number in 0.001..1000000 Hz", "rate"},
    {"%/good/neurons_first.npy", "rate=10 orientation=sideways", "expected one of", "orientation"},
    /* npz */
    {"%/bad/not_numpy.npz", "rate=10", "without readable NumPy arrays", NULL},
    {"%/bad/book.xlsx", "rate=10", "is an Excel workbook; export its sheet to CSV", NULL},
    {"%/bad/two_matrices.npz", "rate=10", "a float64 (40, 5), b float64 (40, 5)", NULL},
    {"%/bad/no_matrix.npz", "rate=10", "no activity matrix", NULL},
    {"%/bad/cut.npz", "rate=10", "damaged or cut short", NULL},
    {"%/bad/flipped.npz", "rate=10", "", NULL},
    {"%/good/stored.npz:nothing", "rate=10", "has no array 'nothing'; it holds activity", "stored.npz"},
    {"%/good/stored.npz:label", "rate=10", "text (2,)", NULL},
    {"%/bad/bin_zero.npz", "", "expected one positive number", NULL},
    {"%/bad/segments_beyond.npz", "", "neither axis has the length", NULL},
    {"%/good/trials.npz", "rate=30", "--rate says 30 Hz, but the file says 20 Hz", NULL},
    {"%/good/trials.npz", "bin=70ms", "expected a multiple", NULL},
    /* tables of neurons */
    {"%/good/plain.csv", "rate=10 neuron-table=%/bad/neurons_few.csv", "has 2 rows", "neurons_few.csv"},
    {"%/good/plain.csv", "rate=10 neuron-table=%/bad/neurons_one_based.csv", "row 5 has the unit 5",
     "neurons_one_based.csv"},
    {"%/good/plain.csv", "rate=10 neuron-table=%/bad/neurons_slip.csv", "line 3, column 1 (index) is '1x'",
     "neurons_slip.csv"},
    {"%/good/plain.csv", "rate=10 neuron-table=%/bad/neurons_repeated.csv", "rows 1 and 2 are both neuron 1",
     "neurons_repeated.csv"},
    {"%/good/mouse12_monday2.csv", "rate=10 neuron-table=%/bad/neurons_of_two.csv", "both mouse12 and monday2",
     "neurons_of_two.csv"},
    {"%/good/plain.csv", "rate=10 neuron-table=%/bad/neurons_beyond.csv",
     "a column that counts from 1 is to be called index_1based", "neurons_beyond.csv"},
    {"%/good/plain.csv", "rate=10 neuron-table=%/bad/neurons_nothing.csv", "says nothing about neurons",
     "neurons_nothing.csv"},
    {"%/good/header.csv", "rate=10 neuron-table=%/good/neurons_of_many.csv", "no row has a uid", "neurons_of_many.csv"},
    {"%/good/plain.csv", "rate=10 neuron-table=%/bad/absent.csv", "no such file", "absent.csv"},
    /* Trodes */
    {"%/good/spikes.npz", "behavior=%/bad/cut.videoPositionTracking", "last record is not whole",
     "cut.videoPositionTracking"},
    {"%/good/spikes.npz", "behavior=%/bad/header.videoPositionTracking", "header does not end",
     "header.videoPositionTracking"},
    {"%/good/spikes.npz", "behavior=%/bad/open.videoPositionTracking", "goes on with '<turn int16'",
     "open.videoPositionTracking"},
    {"%/good/spikes.npz", "behavior=%/bad/repeat.videoPositionTracking", "field flags has the type uint8*4",
     "repeat.videoPositionTracking"},
    {"%/good/spikes.npz", "behavior=%/bad/clockless.videoPositionTracking", "its header no Clockrate",
     "clockless.videoPositionTracking"},
    {"%/good/spikes.npz", "behavior=%/bad/type.videoPositionTracking", "has the type complex",
     "type.videoPositionTracking"},
    {"%/good/spikes.npz", "behavior=%/good/track.videoPositionTracking:zloc", "has no field 'zloc'; it has time",
     "track.videoPositionTracking"},
    {"%/good/track.videoPositionTracking", "", "holds no activity", NULL},
    /* spike lists */
    {"%/bad/spike_blank_name.npz", "", "neuron id 1 is empty", NULL},
    {"%/bad/long.csv", "rate=10", "has a column 'neuron'", NULL},
    {"%/bad/utf16.csv", "rate=10", "UTF-16", NULL},
    {"%/bad/quoted_commas.csv", "rate=10", "expected a decimal point", NULL},
    {"%/bad/broken_link.h5", "rate=10", "leads nowhere", NULL},
    {"%/bad/only_spks", "rate=10", "--signal deconvolved takes spks.npy", "plane0"},
    {"%/bad/spike_lengths.npz", "", "expected one id for every spike time", NULL},
    {"%/bad/spike_nan.npz", "", "spike 1 has the time nan", NULL},
    {"%/bad/spike_fractional_ids.npz", "", "expected whole numbers", NULL},
    {"%/bad/days_of_hardly_a_spike.csv", "", "spikes per second and neuron", "days_of_hardly_a_spike.csv"},
    {"%/bad/spike_milliseconds.npz", "", "not in milliseconds or samples", NULL},
    {"%/bad/spike_samples.npz", "", "expected times in seconds", NULL},
    {"%/bad/spike_none.npz", "", "empty", NULL},
    {"%/bad/pairs_integers.npz", "", "one column of whole neuron ids", NULL},
    {"%/bad/spike_word.csv", "", "line 3, column 2 (time) is 'x0.7'", NULL},
    {"%/good/spikes.npz", "timestamps=%/good/times.npy", "does not apply to spikes", NULL},
    {"%/good/spikes.npz", "rate=7", "--rate says 7 Hz", NULL},
    /* HDF5 */
    {"%/bad/caiman_beyond.hdf5", "", "idx_components: holds 9; expected places of the 5 components", NULL},
    {"%/bad/c_and_s.h5", "rate=10", "(C float64 (5, 40), S float64 (5, 40)); say which as FILE:NAME", NULL},
    {"%/bad/caiman_rejected.hdf5", "", "idx_components marks no component as a cell", NULL},
    {"%/good/caiman.hdf5", "signal=counts", "holds no spike counts", NULL},
    {"%/matlab/bad/Fall_none.mat", "", "iscell marks no component as a cell; sort them, or give an array as FILE:NAME",
     NULL},
    {"%/matlab/bad/Fall_few.mat", "", "iscell: is (3, 2); expected 5 rows, one for every ROI", NULL},
    {"%/bad/vectors_differ.npz", "", "roi1 to roi2 neither rise, as spike times do, nor have one length", NULL},
    {"%/bad/none.h5", "rate=10", "no activity matrix", NULL},
    {"%/bad/beyond_single.npz", "rate=10", "holds 1e+39, beyond the largest number of single precision", NULL},
    {"%/matlab/bad/beyond_single.mat", "rate=10", "beyond the largest number of single precision", NULL},
    {"%/bad/beyond_single.h5", "rate=10", "activity: holds 1e+39, beyond the largest number of single precision", NULL},
    {"%/bad/beyond_single.h5", "rate=10 orientation=neurons-first", "holds 1e+39, beyond", NULL},
    {"%/bad/cut.h5", "rate=10", "damaged, cut short", NULL},
    {"%/bad/claims.h5", "rate=10", "stores only", NULL},
    {"%/good/arrays.h5", "rate=10", "say which as FILE:NAME", NULL},
    {"%/good/groups.h5", "", "groups.h5:timing/clock rises and has as many values", NULL},
    {"%/good/arrays.h5:absent", "rate=10", "has no dataset 'absent'; it holds", "arrays.h5"},
    {"%/good/arrays.h5:group", "rate=10", "is a group", "arrays.h5"},
    {"%/good/arrays.h5:cube", "rate=10", "(4, 4, 4); expected", NULL},
    {"%/good/arrays.h5:text", "rate=10", "text (2,)", NULL},
    {"%/good/arrays.h5:table", "rate=10", "compound (3,)", NULL},
    {"%/good/arrays.h5:scalar", "rate=10", "expected an array with 2 axes", NULL},
    {"%/good/arrays.h5:unwritten", "rate=10", "no values were ever written", NULL},
    {"%/good/arrays.h5:empty", "rate=10", "(0, 4)", NULL},
    {"%/bad/nwb.nwb", "", "has spike_times without spike_times_index", NULL},
    {"%/bad/nwb.nwb:units/spike_times", "", "expected an array with 2 axes", NULL},
    /* NWB */
    {"%/nwb/several.nwb", "", "4 recordings of activity (/processing/ophys/Deconvolved/RoiResponseSeries", NULL},
    {"%/nwb/several.nwb:/nowhere", "", "has no dataset '/nowhere'", "several.nwb"},
    {"%/nwb/several.nwb:/general", "", "holds neither a RoiResponseSeries nor", "several.nwb:general"},
    {"%/nwb/several.nwb:/processing/ophys", "", "3 recordings of activity", "several.nwb"},
    {"%/nwb/several.nwb:/units", "units=good timestamps=%/good/times.npy", "does not apply to spikes", "several.nwb"},
    {"%/nwb/behavior.nwb:/acquisition/movie", "", "holds neither", "behavior.nwb"},
    {"%/nwb/behavior.nwb", "rate=30", "--rate says 30 Hz", NULL},
    {"%/nwb/behavior.nwb", "behavior=%/nwb/behavior.nwb:/processing/nowhere", "has no dataset", "behavior.nwb"},
    {"%/nwb/behavior.nwb", "behavior=%/nwb/behavior.nwb:/acquisition/elsewhere", "expected one clock", "elsewhere"},
    {"%/nwb/behavior.nwb", "segments=%/nwb/behavior.nwb:/intervals/nowhere", "has no dataset", "behavior.nwb"},
    {"%/nwb/bad/trials_elsewhere.nwb", "segments=%/nwb/bad/trials_elsewhere.nwb:/intervals/trials",
     "no frame of the recording lies within its 1 intervals", NULL},
    {"%/nwb/bad/trials_none.nwb", "segments=%/nwb/bad/trials_none.nwb:/intervals/trials", "holds no interval", NULL},
    {"%/nwb/empty_tables.nwb", "segments=%/nwb/empty_tables.nwb:/intervals/trials", "holds no interval", NULL},
    {"%/nwb/bad/trials_overlap.nwb", "segments=%/nwb/bad/trials_overlap.nwb:/intervals/trials", "not overlapping",
     NULL},
    {"%/nwb/planes.nwb", "", "say which as FILE:/PATH, or FILE:/processing/ophys/DfOverF for all planes", NULL},
    {"%/nwb/bad/planes_differ.nwb:/processing/ophys/DfOverF", "", "plane0 has 40 frames and", "planes_differ.nwb"},
    {"%/nwb/bad/nothing.nwb", "", "holds neither a RoiResponseSeries nor sorted units", NULL},
    {"%/nwb/bad/behavior_only.nwb", "", "it holds /processing/b/speed", NULL},
    {"%/nwb/bad/units_no_index.nwb", "", "without spike_times_index", NULL},
    {"%/nwb/bad/units_no_times.nwb", "", "has no spike_times", NULL},
    {"%/nwb/bad/units_no_spikes.nwb", "", "has no spike_times", NULL},
    {"%/nwb/bad/index_falling.nwb", "", "spike_times_index: entry 1 is 3; expected rising", NULL},
    {"%/nwb/bad/index_beyond.nwb", "", "entry 2 is 21; expected rising whole numbers up to 20", NULL},
    {"%/nwb/bad/index_half.nwb", "", "entry 1 is 12.5", NULL},
    {"%/nwb/bad/index_negative.nwb", "", "entry 0 is -1", NULL},
    {"%/nwb/bad/index_text.nwb", "", "expected whole numbers, one for each of 3 units", NULL},
    {"%/nwb/bad/ids_differ.nwb", "", "has 4 ids, but spike_times_index 3", NULL},
    {"%/nwb/bad/spikes_axes.nwb", "", "is (20, 2); expected one axis", NULL},
    {"%/nwb/bad/spikes_text.nwb", "", "has no spike_times", NULL},
    {"%/nwb/bad/spikes_nan.nwb", "", "spike 3 has the time nan", NULL},
    {"%/nwb/bad/spikes_far.nwb", "", "expected times in seconds", NULL},
    {"%/nwb/bad/no_good.nwb", "", "by quality (0 good, 1 mua, 2 noise)", NULL},
    {"%/nwb/bad/obs_axes.nwb", "", "expected (n, 2) with an obs_intervals_index", NULL},
    {"%/nwb/bad/obs_no_index.nwb", "", "expected (n, 2) with an obs_intervals_index", NULL},
    {"%/nwb/bad/obs_beyond.nwb", "", "obs_intervals_index: entry 2 is 9", NULL},
    {"%/nwb/bad/obs_elsewhere.nwb", "", "no frame of the recording lies within", NULL},
    {"%/nwb/bad/electrodes_short.nwb", "", "electrodes_index: entry 2 is 9", NULL},
    {"%/nwb/bad/rois_differ.nwb", "", "is (40, 5), but rois has 7 entries", NULL},
    {"%/nwb/bad/rois_beyond.nwb", "", "entry 2 is 77, but /processing/ophys/table has 5 rows", NULL},
    {"%/nwb/bad/data_text.nwb", "", "holds text; expected numbers", NULL},
    {"%/nwb/bad/data_cube.nwb", "", "is (40, 5, 2); expected (time, roi)", NULL},
    {"%/nwb/bad/data_scalar.nwb", "", "is (); expected (time, roi)", NULL},
    {"%/nwb/bad/data_empty.nwb", "", "is empty, shape (0, 5)", NULL},
    {"%/nwb/bad/data_nan.nwb", "", "all 40 x 5 entries", NULL},
    {"%/nwb/bad/data_unwritten.nwb", "", "no values were ever written", NULL},
    {"%/nwb/bad/times_count.nwb", "", "has 39 entries; expected 40", NULL},
    {"%/nwb/bad/times_falling.nwb", "", "is not after the one before", NULL},
    {"%/nwb/bad/times_nan.nwb", "", "timestamp 5 is not a number", NULL},
    {"%/nwb/bad/times_sparse.nwb", "", "expected one frame rate", NULL},
    {"%/nwb/bad/rate_zero.nwb", "", "but no frame rate; give it with --rate", NULL},
    {"%/nwb/bad/rate_negative.nwb", "", "expected numbers and a rate > 0", NULL},
    {"%/nwb/bad/no_clock.nwb", "", "give it with --rate", NULL},
    {"%/nwb/bad/conversion_nan.nwb", "", "conversion is nan", NULL},
    {"%/nwb/bad/conversion_zero.nwb", "", "no conversion of 0", NULL},
    {"%/nwb/bad/none_accepted.nwb", "", "accepts none of 5 ROIs", NULL},
    {"%/nwb/bad/link_external.nwb", "", "leads nowhere: processing/ophys -> absent.nwb:/processing/ophys", NULL},
    {"%/nwb/bad/link_soft.nwb", "", "leads nowhere: processing/ophys -> /nowhere", NULL},
    {"%/nwb/bad/link_loop.nwb", "", "leads nowhere: processing/a -> /processing/b", NULL},
    {"%/nwb/bad/link_data.nwb", "", "processing/ophys/F/data -> absent.nwb:/x", NULL},
    {"%/nwb/bad/blosc.nwb", "", "compressed with blosc (HDF5 filter 32001), whose plug-in is not installed", NULL},
    {"%/nwb/bad/zstd.nwb", "", "compressed with zstd (HDF5 filter 32015), whose plug-in is not installed", NULL},
    {"%/nwb/bad/invalid_lengths.nwb", "", "has 2 start and 1 stop times", NULL},
    {"%/nwb/bad/all_invalid.nwb", "", "are NaN", NULL},
    {"%/nwb/bad/two_units.nwb", "", "(/processing/sorting/units, /units); say which", NULL},
    {"%/nwb/bad/cut.nwb", "", "damaged, cut short", NULL},
    {"%/nwb/bad/version1.nwb", "", "NWB file of version 1, of which only spike times", NULL},
    {"%/nwb/bad/version1_times.nwb", "", "cell_1/times: spike 1 has the time nan; expected seconds", NULL},
    {"%/nwb/bad/version1_cut.nwb", "", "damaged, cut short", NULL},
    {"%/nwb/version1_two.nwb", "", "several modules (/processing/Cells/UnitTimes, /processing/Shank2/UnitTimes)", NULL},
    {"%/nwb/bad/zarr2.zarr", "", "is a Zarr folder", NULL},
    {"%/nwb/bad/zarr3.zarr", "", "is a Zarr folder", NULL},
    /* own layout */
    {"%/bad/native_version.h5", "", "format version 99", NULL},
    {"%/bad/native_kind.h5", "", "synapsnet model; expected a recording", NULL},
    {"%/bad/native_no_activity.h5", "", "without /activity", NULL},
    {"%/bad/native_signal.h5", "", "attribute signal is 'smells'", NULL},
    {"%/bad/native_rate.h5", "", "frame rate is -1 Hz", NULL},
    {"%/bad/native_behavior.h5", "", "expected (40, 2)", NULL},
    {"%/bad/native_ids.h5", "", "has 2 entries; expected 5", NULL},
    {"%/bad/native_truth.h5", "", "expected (5, 5)", NULL},
    {"%/bad/native_times.h5", "", "is not after the one before", NULL},
    {"%/bad/native_spikes.h5", "", "expected a neuron from 0 to 4", NULL},
    {"%/bad/native_half_neuron.h5", "", "spikes/neuron: entry 1 is 1.5; expected a neuron from 0 to 4", NULL},
    {"%/bad/native_nan_spike.h5", "", "spikes/time_s: entry 1 is nan; expected seconds", NULL},
    /* tables */
    {"%/bad/empty.csv", "rate=10", "is empty", NULL},
    {"%/bad/blank.csv", "rate=10", "holds no values", NULL},
    {"%/bad/only_header.csv", "rate=10", "holds no values", NULL},
    {"%/bad/ragged.csv", "rate=10", "line 2 has 2 cells", NULL},
    {"%/bad/too_many.csv", "rate=10", "line 2 has 3 cells", NULL},
    {"%/bad/word.csv", "rate=10", "line 3, column 2 (b) is 'x4'", NULL},
    {"%/bad/broken_quotes.csv", "rate=10", "line 1 ends within quotes", NULL},
    {"%/bad/slip_first.csv", "rate=10", "line 2, column 1 (a) is '.'", NULL},
    {"%/bad/slip_bare.csv", "rate=10", "line 1, column 1 is 'x1.5'", NULL},
    {"%/bad/slip_within.csv", "rate=10", "line 1, column 2 is '2.2.5'", NULL},
    {"%/bad/slip_plain.csv", "rate=10", "line 1, column 1 is '.'", NULL},
    {"%/bad/frame_of_rows.csv", "rate=10", "its first column has no heading", NULL},
    {"%/bad/clock.csv", "", "its column 'time_ticks' seems to be times", NULL},
    {"%/bad/clock_frames.npz", "", "counts frames and is no clock", NULL},
    {"%/bad/clock_fast.npz", "", "it would make 100000 Hz", NULL},
    {"%/bad/clock_slow.npz", "", "it would make 0.030303 Hz", NULL},
    {"%/bad/clock_unit.h5:activity", "", "has a unit that is none of time", "clock_unit.h5"},
    {"%/bad/prose.txt", "rate=10", "expected a table of numbers", NULL},
    {"%/bad/wide_claim.csv", "rate=10", "differ in their number of cells", NULL},
    {"%/bad/falling.csv", "", "is not after the one before", NULL},
    {"%/good/timed.csv", "orientation=neurons-first", "has a column of times", NULL},
    {"%/good/numbers.csv", "rate=10 signal=counts", "expected counts >= 0", NULL},
    {"%/bad/late_fraction.csv", "rate=10", "frame 30 holds 0.5; expected --signal", NULL},
    {"%/good/spikes.npz", "signal=fluorescence", "does not apply to spikes", NULL},
    {"%/good/plain.csv:a", "rate=10", "no header row", "plain.csv"},
    {"%/good/units.csv:a,zzz", "rate=10", "has no column 'a,zzz'", "units.csv"},
    {"%/good/header.csv:zzz", "rate=10", "has no column 'zzz'; it has AVAL", "header.csv"},
    /* other formats */
    {"%/bad/image.tif", "", "TIFF", NULL},
    {"%/bad/archive.gz", "", "gzip", NULL},
    {"%/bad/pickle.pkl", "", "a DataFrame with to_csv", NULL},
    {"%/good/numbers_and_speed.csv", "rate=10 behavior=speed", "'speed', which is no file; expected FILE:NAME, here ",
     NULL},
    {"%/nwb/behavior.nwb", "segments=trials", "behavior.nwb:intervals/trials", NULL},
    {"%/good/plain.csv", "rate=10 behavior=speed", "speed: no such file or folder", "speed"},
    {"%/bad/classic.nc", "", "a netCDF 3 file; save it as netCDF 4", NULL},
    {"%/bad/table.parquet", "", "a Parquet file", NULL},
    {"%/bad/binary.dat", "", "unknown format", NULL},
    /* MATLAB */
    {"%/matlab/bad/sparse_claims.mat", "rate=10", "is not whole", NULL},
    {"%/matlab/bad/header.mat", "", "damaged or cut short", NULL},
    {"%/matlab/bad/v73_table.mat", "", "tables and other objects are not read", NULL},
    {"%/matlab/bad/v73_header.mat", "", "HDF5 part is damaged", NULL},
    {"%/matlab/bad/v73_empty_axes.mat", "rate=10", "damaged or cut short", NULL},
    {"%/matlab/bad/v73_empty_full.mat", "rate=10", "damaged or cut short", NULL},
    {"%/matlab/bad/v73_unlike_fields.mat", "rate=10", "damaged or cut short", NULL},
    {"%/matlab/bad/v73_two_classes.mat", "rate=10", "damaged or cut short", NULL},
    {"%/matlab/bad/v73_cell_of_numbers.mat", "rate=10", "damaged or cut short", NULL},
    {"%/matlab/bad/endian.mat", "", "damaged or cut short", NULL},
    {"%/matlab/bad/empty.mat", "", "no variable of the MATLAB file can be read", NULL},
    {"%/matlab/bad/cut_compressed.mat", "", "damaged or cut short: a variable of", NULL},
    {"%/matlab/bad/cut_plain.mat", "", "damaged or cut short: a variable of", NULL},
    {"%/matlab/bad/cut_v73.mat", "", "the MATLAB file is damaged or cut short", NULL},
    {"%/matlab/bad/flipped.mat", "", "is not whole", NULL},
    {"%/matlab/bad/class.mat", "", "it holds D empty", NULL},
    {"%/matlab/bad/huge_axes.mat", "", "is not whole", NULL},
    {"%/matlab/bad/text.mat", "", "it holds note text (1,)", NULL},
    {"%/matlab/bad/settings.mat", "", "it holds p.a double (1, 1), p.b.c double (1, 1)", NULL},
    {"%/matlab/bad/zero.mat", "", "dff double (0, 5)", NULL},
    {"%/matlab/bad/zero.mat:dff", "rate=10", "(0, 5); expected", NULL},
    {"%/matlab/bad/complex.mat", "", "dff complex (40, 5)", NULL},
    {"%/matlab/bad/complex.mat:dff", "rate=10", "holds complex; expected numbers", NULL},
    {"%/matlab/bad/cube.mat", "rate=10", "or three: (frames, neurons, trials) with --orientation time-first", NULL},
    {"%/matlab/bad/cube.mat:dff", "rate=10", "(40, 3, 2); expected", NULL},
    {"%/matlab/bad/square.mat", "rate=10", "nothing says which axis", NULL},
    {"%/matlab/bad/square_trials.mat", "rate=10", "do not say which axis is time; give --orientation", NULL},
    {"%/matlab/bad/two.mat", "rate=10", "a double (40, 5), b double (40, 5)", NULL},
    {"%/matlab/bad/two_cells.mat", "", "(a, b); say which as FILE:NAME", NULL},
    {"%/matlab/bad/two_fields.mat", "", "D: has several fields of matrices (a, b); say which is the activity, as",
     NULL},
    {"%/matlab/trials_two_fields.mat", "", "matrices (dff, neuropil); say which is the activity, as", NULL},
    {"%/matlab/trials_two_fields.mat", "", "trials_two_fields.mat:trials.dff", NULL},
    {"%/matlab/bad/fieldtrip.mat", "", "spike: is a FieldTrip struct of spikes whose times are within trials", NULL},
    {"%/matlab/bad/cell_and_matrix.mat", "", "(a, b double (40, 5)); say which", NULL},
    {"%/matlab/bad/neurons_differ.mat", "rate=10", "which axis is time", NULL},
    {"%/matlab/bad/mixed_cell.mat", "", "no trials and no spike trains", NULL},
    {"%/matlab/bad/text_cell.mat", "", "a cell (1, 2) of char", NULL},
    {"%/matlab/bad/text_cell.mat:a", "", "is a cell, but neither trials", NULL},
    {"%/matlab/bad/falling_trains.mat", "", "no spike trains", NULL},
    {"%/matlab/bad/nan_trains.mat", "", "no spike trains", NULL},
    {"%/matlab/bad/far_trains.mat", "", "expected times in seconds", NULL},
    {"%/matlab/trains_trials.mat", "", "is a cell (3, 5) of spike trains, of neurons and trials; give --orientation",
     NULL},
    {"%/matlab/bad/zero_rate.mat", "", "holds 0; expected one positive number", NULL},
    {"%/matlab/trials_cell.mat", "", "give it with --rate", NULL},
    {"%/matlab/trials_numbered.mat", "rate=30", "--rate says 30 Hz, but the file says 10 Hz", NULL},
    {"%/matlab/trials_numbered.mat:Q", "", "has no variable 'Q'; it holds D.cell1 cell", "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D.q", "", "has no field 'q'; it has cell1, cell2", "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D.cell1{5}", "", "index outside 'D.cell1', which is cell (1, 4)",
     "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D.cell1{0}", "", "index outside", "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D.cell1{x}", "", "index outside", "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D{1}", "", "expected a cell to index with {}", "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D.cell1(1)", "", "expected a struct to index with ()", "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D.cell1{99999999999999999999}", "", "index outside", "trials_numbered.mat"},
    {"%/matlab/trials_numbered.mat:D.cell1{1}x", "", "is no MATLAB path", "trials_numbered.mat"},
    {"%/matlab/trials_struct_array.mat:trials.spk", "", "say which element, as trials(1).spk",
     "trials_struct_array.mat"},
    {"%/matlab/matrix_in_struct.mat:data.label", "rate=10", "expected an array with 2 axes", "matrix_in_struct.mat"},
    {"%/matlab/pairs.mat", "signal=fluorescence", "does not apply to spikes", NULL},
    {"%/good/single.h5", "rate=10 behavior=%/matlab/trials_numbered.mat:TE", "holds struct; expected numbers",
     "trials_numbered.mat:TE"},
    /* suite2p */
    {"%/good/suite2p", "signal=counts", "no spike counts", NULL},
    {"%/good/suite2p", "rate=30", "--rate says 30 Hz", NULL},
    {"%/bad/suite2p_iscell", "rate=30", "expected 5 rows", NULL},
    {"%/bad/suite2p_shapes", "rate=30", "expected (5, 40) as the activity", NULL},
    {"%/bad/suite2p_nocell", "rate=30", "marks no ROI as a cell", NULL},
    {"%/bad/suite2p_vector", "rate=30", "expected (neurons, frames)", NULL},
    {"%/bad/suite2p_frames", "rate=30", "20 to 40 frames", NULL},
    {"%/bad/suite2p_iscell", "signal=deconvolved", "has no spks.npy", NULL},
    /* phy */
    {"%/bad/phy_negative", "", "50 of 600 spike times are negative; expected samples >= 0", NULL},
    {"%/bad/phy_lengths", "", "expected as many", NULL},
    {"%/bad/phy_no_rate", "", "sample rate of spike_times.npy with --rate", NULL},
    {"%/bad/phy_rate", "", "params.py: sample_rate is '30 * khz'; expected a positive number", NULL},
    {"%/bad/phy_no_clusters", "", "neither spike_clusters.npy nor", NULL},
    {"%/bad/phy_no_good", "", "0 good, 1 mua, 2 noise", NULL},
    {"%/bad/phy_header", "", "lacks cluster_id and group", NULL},
    {"%/bad/phy_label_id", "", "line 2 has the cluster id 'zero'", NULL},
    {"%/bad/phy_labels_empty", "", "empty or unreadable", NULL},
    {"%/bad/phy_fractional", "", "expected whole numbers >= 0", NULL},
    {"%/bad/phy_matrix", "", "expected (n,) or (n, 1)", NULL},
    {"%/bad/phy_none", "", "is empty", NULL},
    {"%/good/phy", "rate=30000", "params.py 20000 Hz", NULL},
    /* timestamps, segments, behaviour */
    {"%/good/single.h5", "timestamps=%/bad/falling_times.npy", "is not after the one before", NULL},
    {"%/good/single.h5", "timestamps=%/bad/nan_times.npy", "timestamp 5 is not a number", NULL},
    {"%/good/single.h5", "timestamps=%/bad/equal_times.npy", "is not after the one before", NULL},
    {"%/good/single.h5", "timestamps=%/bad/39_times.npy", "39_times.npy", NULL},
    {"%/good/single.h5", "timestamps=%/bad/39_times.npy orientation=time-first", "has 39 timestamps; expected 40",
     "39_times.npy"},
    {"%/good/single.h5", "timestamps=%/good/single.h5:activity", "expected a vector of timestamps", NULL},
    {"%/good/single.h5", "timestamps=%/bad/absent.npy", "no such file", "absent.npy"},
    {"%/good/single.h5", "rate=3 timestamps=%/good/times.npy", "the times say 4 Hz", NULL},
    {"%/good/single.h5", "rate=10 segments=%/bad/segments_3.npy", "expected (S, 2)", "segments_3.npy"},
    {"%/good/single.h5", "rate=10 segments=%/bad/segments_beyond.npy", "neither axis", NULL},
    {"%/good/single.h5", "rate=10 orientation=time-first segments=%/bad/segments_beyond.npy", "frames from 0 to 40",
     "segments_beyond.npy"},
    {"%/good/single.h5", "rate=10 segments=%/bad/segments_overlap.npy", "not overlapping", NULL},
    {"%/good/single.h5", "rate=10 segments=%/bad/segments_negative.npy", "holds -5", "segments_negative.npy"},
    {"%/good/single.h5", "rate=10 segments=%/bad/segments_half.npy", "holds 20.5", "segments_half.npy"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:short", "neither axis", NULL},
    {"%/good/beside.npz", "behavior=%/good/arrays.h5:short", "arrays.h5:short of shape (39, 1) asks for", NULL},
    {"%/good/single.h5", "rate=10 orientation=time-first behavior=%/good/arrays.h5:short", "FILE:NAME@TIMES",
     "arrays.h5:short"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:absent", "has no dataset 'absent'", "arrays.h5"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:text", "holds text; expected numbers", "arrays.h5"},
    {"%/bad/no_columns.h5:wide", "rate=10", "is empty, shape (40, 0); expected frames", "no_columns.h5:wide"},
    {"%/bad/no_columns.h5:chunked", "rate=10", "is empty, shape (40, 0); expected frames", "no_columns.h5"},
    {"%/good/single.h5", "rate=10 behavior=%/bad/no_columns.h5:wide", "is empty, shape (40, 0)", "no_columns.h5:wide"},
    {"%/good/single.h5", "rate=10 segments=%/bad/no_columns.h5:chunked", "is empty, shape (40, 0)", "no_columns.h5"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:cube", "one or two axes", "arrays.h5"},
    {"%/good/single.h5", "rate=10 behavior=%/good/times.npy@absent.npy", "absent.npy: no such file or folder",
     "absent.npy"},
    {"%/good/single.h5", "rate=10 behavior=%/absent@lab/values.npy", "absent@lab/values.npy: no such file",
     "absent@lab"},
    {"%/good/single.h5", "rate=10 behavior=%/good@lab/values.npy", "good@lab/values.npy: no such file", "good@lab"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:speed@short", "has 39 times", "arrays.h5"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:speed@nowhere", "has no dataset 'nowhere'", "arrays.h5"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:speed@%/bad/late_times.npy", "expected one clock",
     "arrays.h5:speed"},
    {"%/good/single.h5", "rate=10 behavior=%/good/arrays.h5:speed@%/bad/falling_times.npy", "expected rising times",
     "falling_times.npy"},
    {"%/good/single.h5", "rate=1 behavior=%/bad/clock_falling.csv",
     "row 2 has the time 2 s, before that of the row above", "clock_falling.csv"},
    {"%/good/single.h5", "rate=1 behavior=%/bad/clock_nan.csv", "row 6 has the time nan s; expected rising",
     "clock_nan.csv"},
    {"%/good/single.h5", "rate=1 behavior=%/bad/clock_same.csv", "all 40 rows have the time 2 s", "clock_same.csv"},
};

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Whether the last error is one line with both texts; prints what is wrong with it. */
static bool good_message(const char *path, const char *named, const char *fragment) {
    const char *message = syn_last_error();
    bool good = *message && !strpbrk(message, "\n\r") && strstr(message, named) && strstr(message, fragment);
    if (!good) print_error("%s: '%s' is not one line with '%s' and '%s'\n", path, message, named, fragment);
    return good;
}

static void every_bad_input_gets_one_clear_line(void **state) {
    (void)state;
    int failures = 0;
    assert_true(sizeof bad_cases / sizeof *bad_cases >= 60);
    for (size_t k = 0; k < sizeof bad_cases / sizeof *bad_cases; k++) {
        const struct bad_case *c = &bad_cases[k];
        syn_recording *r;
        if (open_with(&r, c->path, c->options) == SYN_OK) {
            print_error("%s (%s) was opened\n", c->path, c->options);
            syn_recording_free(r);
            failures++;
            continue;
        }
        assert_null(r);
        failures += !good_message(c->path, c->named ? c->named : last_part(c->path), c->fragment);
    }
    assert_int_equal(failures, 0);
}

static void copy_head(const char *from, const char *to, long keep) {
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in && out);
    for (int c; keep > 0 && (c = fgetc(in)) != EOF; keep--) fputc(c, out);
    fclose(in);
    fclose(out);
}

/* Every file of a folder, cut at many places, is opened or refused, and never more. */
static void cut_files_of(const char *folder_of_files) {
    enum { CUTS = 24 };
    char folder[] = "/tmp/synapsnet_test_XXXXXX", cut[PATH_MAX], whole[PATH_MAX];
    const char *good = in_data(folder_of_files);
    assert_non_null(mkdtemp(folder));
    DIR *dir = opendir(good);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        struct stat st;
        snprintf(whole, sizeof whole, "%s/%s", in_data(folder_of_files), e->d_name);
        snprintf(cut, sizeof cut, "%s/%s", folder, e->d_name);
        if (stat(whole, &st) != 0 || !S_ISREG(st.st_mode)) continue;
        for (long k = 0; k < CUTS; k++) {
            syn_recording *r;
            copy_head(whole, cut, st.st_size * k / CUTS);
            if (open_with(&r, cut, "rate=10") != SYN_OK) assert_true(good_message(cut, e->d_name, ""));
            syn_recording_free(r);
        }
        unlink(cut);
    }
    closedir(dir);
    rmdir(folder);
}

static void cut_files_are_refused_or_read(void **state) {
    (void)state;
    cut_files_of("%/good");
    cut_files_of("%/matlab");
    cut_files_of("%/nwb");
}

/* stat.npy of a suite2p folder, cut after every byte: the recording is there, and the positions are not. */
static void a_cut_pickle_is_left(void **state) {
    (void)state;
    static const char *const names[] = {"F.npy", "iscell.npy", "ops.npy", "stat.npy"};
    char folder[] = "/tmp/synapsnet_test_XXXXXX", whole[PATH_MAX], made[PATH_MAX];
    struct stat st;
    assert_non_null(mkdtemp(folder));
    for (int k = 0; k < 4; k++) {
        snprintf(whole, sizeof whole, "%s/%s", in_data("%/good/suite2p_placed/plane0"), names[k]);
        snprintf(made, sizeof made, "%s/%s", folder, names[k]);
        if (k < 3) assert_int_equal(symlink(whole, made), 0);
    }
    assert_int_equal(stat(whole, &st), 0);
    for (long keep = 0; keep < st.st_size; keep++) {
        syn_recording *r;
        copy_head(whole, made, keep);
        assert_int_equal(open_with(&r, folder, ""), SYN_OK);
        assert_null(r->position);
        syn_recording_free(r);
    }
    for (int k = 0; k < 4; k++) {
        snprintf(made, sizeof made, "%s/%s", folder, names[k]);
        unlink(made);
    }
    rmdir(folder);
}

/* Where `needle` first is in a file that was read. */
static long find_bytes(const unsigned char *data, long size, const void *needle, long n) {
    for (long k = 0; k + n <= size; k++)
        if (!memcmp(data + k, needle, (size_t)n)) return k;
    return -1;
}

/* Opens a copy of the file in which the byte at `at` is another. */
static syn_status open_changed(const char *path, unsigned char *data, long size, long at, unsigned char byte) {
    const unsigned char kept = data[at];
    syn_recording *r;
    data[at] = byte;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, (size_t)size, file), size);
    fclose(file);
    data[at] = kept;
    const syn_status status = open_with(&r, path, "");
    if (status != SYN_OK) assert_true(good_message(path, "h5", ""));
    syn_recording_free(r);
    return status;
}

/* Texts of variable length lie in a heap. Whatever is wrong with it, or with what points into it, is refused, and what
 * is no part of a text changes nothing. */
static void damaged_heaps_are_refused(void **state) {
    (void)state;
    enum { MOST = 1 << 16 };
    static unsigned char data[MOST];
    char folder[] = "/tmp/synapsnet_test_XXXXXX", path[PATH_MAX];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.h5", folder);
    FILE *file = fopen(in_data("%/good/named_spikes.h5"), "rb");
    assert_non_null(file);
    const long size = (long)fread(data, 1, MOST, file);
    fclose(file);
    assert_true(size > 0 && size < MOST);
    const uint64_t heap = (uint64_t)find_bytes(data, size, "GCOL", 4);
    assert_true(heap < (uint64_t)size);
    const long place = find_bytes(data, size, &heap, sizeof heap) + (long)sizeof heap; /* the number of an object */
    assert_true(place > (long)sizeof heap);

    assert_int_equal(open_changed(path, data, size, place, data[place]), SYN_OK);
    for (int byte = 0x80; byte < 0x100; byte++)
        for (int k = 0; k < 4; k++)
            assert_int_equal(open_changed(path, data, size, place + k, (unsigned char)byte), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "its values cannot be read; the HDF5 file is damaged"));
    assert_int_equal(open_changed(path, data, size, place - 9, 1), SYN_ERR_INPUT); /* 16 million bytes of text */
    for (int k = 0; k < 5; k++)
        assert_int_equal(open_changed(path, data, size, (long)heap + k, 0xff), SYN_ERR_INPUT); /* "GCOL", version */
    for (long k = 8; k < 200; k++) (void)open_changed(path, data, size, (long)heap + k, 0xff);
    unlink(path);
    rmdir(folder);
}

static void links_to_pipes_are_not_followed(void **state) {
    (void)state;
    char folder[] = "/tmp/synapsnet_test_XXXXXX", file[PATH_MAX], pipe[PATH_MAX], named[PATH_MAX + 16];
    syn_recording *r;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/pipe_link.h5", folder);
    snprintf(pipe, sizeof pipe, "%s/pipe.h5", folder);
    snprintf(named, sizeof named, "%s:activity", file);
    copy_head(in_data("%/bad/pipe_link.h5"), file, LONG_MAX);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    alarm(20); /* and not for ever */
    assert_int_equal(open_with(&r, file, "rate=10"), SYN_ERR_INPUT);
    assert_int_equal(open_with(&r, named, "rate=10"), SYN_ERR_INPUT);
    alarm(0);
    unlink(pipe);
    unlink(file);
    rmdir(folder);
}

static void bad_options_are_refused(void **state) {
    (void)state;
    syn_recording *r;
    assert_int_equal(open_with(&r, "%/good/single.h5", "orientation=sideways"), SYN_ERR_OPTION);
    assert_int_equal(open_with(&r, "%/good/single.h5", "rate=fast"), SYN_ERR_OPTION);
    assert_int_equal(open_with(&r, "%/good/spikes.npz", "bin=0"), SYN_ERR_OPTION);
    assert_int_equal(open_with(&r, "%/good/phy", "units=some"), SYN_ERR_OPTION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_input_gets_one_clear_line),
        cmocka_unit_test(cut_files_are_refused_or_read),
        cmocka_unit_test(a_cut_pickle_is_left),
        cmocka_unit_test(damaged_heaps_are_refused),
        cmocka_unit_test(links_to_pipes_are_not_followed),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
