# compare: one table of SynapsNet and its rivals, as text and as JSON; predictions of another program beside them.
# shellcheck shell=bash
run 0 synapsnet simulate rates --neurons 6 --frames 600 --seed 1 -o sim.h5
small="--hidden 4 --epochs 3 --connectivity dense --l1 1"
# shellcheck disable=SC2086
run 0 synapsnet compare sim.h5 $small --rivals copy-last,mean,ar,linear,no-connectivity
for name in SynapsNet copy-last mean ar linear no-connectivity; do out "^  $name +[0-9.]+ "; done
out '^By mse .* is first'
# shellcheck disable=SC2086
run 0 synapsnet compare sim.h5 $small --rivals ar --rivals linear-change --json
json synapsnet.mse synapsnet.seconds synapsnet.peak_mb rivals.ar.mse rivals.ar.mse_diff_ci95.0 rivals.ar.mse_diff_ci95.1 \
    rivals.ar.seconds rivals.ar.peak_mb rivals.ar.chosen.p rivals.linear-change.mse recordings.0.name seed statement >values
number_between 0.01 "$(sed -n 1p values)" 10
mse=$(json synapsnet.mse)
# shellcheck disable=SC2086
run 0 synapsnet fit sim.h5 $small -o model.h5 --json
[ "$(json test.mse)" = "$mse" ] || fail "fit and compare disagree on test mse"
# Threads: those of the environment unless told otherwise.
# shellcheck disable=SC2086
run 0 env OMP_NUM_THREADS=3 synapsnet compare sim.h5 $small --rivals ar --json
[ "$(json threads)" = 3 ] || fail "OMP_NUM_THREADS=3 gave $(json threads) threads"
# shellcheck disable=SC2086
run 0 env OMP_NUM_THREADS=3 synapsnet compare sim.h5 $small --rivals ar --json --threads 1
[ "$(json threads)" = 1 ] || fail "--threads 1 gave $(json threads) threads"
# Who is asked for by name and is no model of this recording is not left out without a word.
# shellcheck disable=SC2086
run 0 synapsnet compare sim.h5 $small --embedding 0 --rivals mean,glm,no-behavior,no-embedding
out '^  mean +[0-9.]+ '
err '^synapsnet: warning: rivals: glm is left out: it is a model of spike counts'
err '^synapsnet: warning: rivals: no-behavior is left out: there is no behaviour'
err '^synapsnet: warning: rivals: no-embedding is left out: with --embedding 0'
awk 'BEGIN {for (t = 0; t < 600; t++) print 3}' >still.csv
# shellcheck disable=SC2086
run 0 synapsnet compare sim.h5 $small --behavior still.csv --rivals mean,no-behavior
err '^synapsnet: warning: rivals: no-behavior is left out: SynapsNet does not use the behaviour'
run 2 synapsnet compare sim.h5 --rivals linar
one_error "found 'linar'; expected some of: copy-last, mean, ar"
run 1 synapsnet compare sim.h5 --predictions mine=missing.npy
one_error 'missing.npy: no such file'
run 2 synapsnet compare sim.h5 sim.h5 --predictions mine=missing.npy
one_error 'found 1 files called mine; expected one for each of 2 recordings'
# Names of different lengths: the first file that cannot be read is named whole.
run 1 synapsnet compare sim.h5 --predictions mine=first.npy --predictions another=second.npy
one_error 'synapsnet: first.npy: no such file'
run 2 synapsnet compare sim.h5 --predictions mine.npy
one_error 'expected NAME=FILE'
