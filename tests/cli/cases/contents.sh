# info shows the arrays of a file that is no recording by itself: a tree, or one object; the error is one line either way.
# Of a recording in HDF5, MATLAB or npz it shows the tree as well.
# shellcheck shell=bash
data=$(dirname "$case_file")/../../data

run 1 synapsnet info "$data/good/arrays.h5" --rate 10
out '^.*arrays.h5 \(HDF5\) holds$'
out '^  group/$'
out '^    neurons_first +float32 \(5, 40\)$'
out '^  text +text \(2,\)$'
err '^synapsnet: .*arrays.h5: holds [0-9]+ arrays that could be the activity'
[ "$(wc -l <err)" -eq 1 ] || fail "standard error should be one line"

run 1 synapsnet info "$data/matlab/bad/two_cells.mat"
out '^.*two_cells.mat \(MATLAB\) holds$'
out '^  a +cell \(1, 4\) of double$'

run 1 synapsnet info "$data/matlab/bad/settings.mat" --json
[ "$(json kind contents.0.name contents.1.name contents.1.type)" = "$(printf 'MATLAB\np.a\np.b.c\ndouble')" ] ||
    fail "wrong contents"
[[ "$(json error)" = *"holds no activity matrix"* ]] || fail "no error in the object"

run 1 synapsnet info "$data/bad/two_matrices.npz" --quiet
one_error 'two_matrices.npz'
run 1 synapsnet info "$data/bad/cut.h5"
one_error 'cut.h5: the HDF5 file cannot be opened'
run 0 synapsnet info "$data/nwb/behavior.nwb"
out '^behaviour +licks \(V\)'
out '^.*behavior.nwb \(HDF5\) holds$'
out '^      BehavioralTimeSeries/$'
run 0 synapsnet info "$data/matlab/trials_numbered.mat" "$data/good/trials.npz"
out '^neurons +5$'
out '^.*trials_numbered.mat \(MATLAB\) holds$'
out '^    speed +cell \(1, 4\) of double$'
out '^.*trials.npz \(npz\) holds$'
out '^  counts +uint8 \(200, 3\)$'
