# The progress of a fit: one line that is written over, on a terminal alone; none with --quiet. `script` is the terminal.
# shellcheck shell=bash
run 0 synapsnet simulate rates --neurons 6 --frames 400 --seed 1 -o sim.h5
fit="synapsnet fit sim.h5 --connectivity dense --hidden 4 --epochs 3 --seed 2"

# Standard output is a file, so that the terminal shows standard error alone.
on_terminal() { run 0 script -qec "$* >result" terminal; }

on_terminal "$fit -o model.h5"
tr '\r' '\n' <terminal >lines
number='-?[0-9]+\.[0-9]{4}'
grep -Eq "^\[2/[0-9]+\] .*  epoch [1-3]/3  train $number  validation $number  best $number  [0-9]+:[0-9]{2}, left [0-9]+:[0-9]{2}" lines ||
    fail "no progress line: $(head -c 2000 lines)"
! grep -q 'best inf' lines || fail "losses before there are any"
! grep -q 'epoch [1-3]/3' result || fail "progress on standard output"

on_terminal "$fit --json -o json.h5"
grep -q 'epoch [1-3]/3' terminal || fail "no progress beside --json"
cp result out
json test.mse >/dev/null

on_terminal "$fit --quiet -o quiet.h5"
! grep -q 'epoch [0-3]/3' terminal || fail "progress in spite of --quiet"
[ ! -s result ] || fail "a table in spite of --quiet"
