# convert --splits: what a fit makes of recordings, as a file.
# shellcheck shell=bash
run 0 synapsnet simulate rates --neurons 6 --frames 500 --seed 1 -o sim.h5
run 0 synapsnet convert sim.h5 --splits --train 0.6 -o splits.h5
out 'Splits of 1 recording written to splits.h5'
run 0 synapsnet convert sim.h5 sim.h5 --splits -o splits.h5 --quiet
no_out
run 1 synapsnet info splits.h5 --quiet
one_error 'splits.h5'
run 2 synapsnet convert sim.h5 --train 0.6 -o other.h5
one_error 'train says how to split; it is used with --splits'
run 2 synapsnet convert sim.h5 sim.h5 -o other.h5
one_error 'found 2 recordings; expected one'
[ ! -e other.h5 ] || fail "refused, and yet written"
