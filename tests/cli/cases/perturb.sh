# perturb: one neuron and all of them, as text, JSON and every format; what cannot be done.
# shellcheck shell=bash
run 0 synapsnet simulate rates --neurons 8 --frames 900 --seed 1 -o sim.h5
run 0 synapsnet fit sim.h5 --hidden 4 --epochs 3 --connectivity dense --seed 3 -o model.h5

run 0 synapsnet perturb model.h5 --neuron 3 --steps 5
out 'pulse of 1 in neuron 3, then 5 steps; mean over [0-9]+ states'
out 'intervals are over states; how well the model knows the network they do not say'
no_err
run 0 synapsnet perturb model.h5 sim.h5 --neuron 3 --steps 5 --amplitude -2 --noise none --json
no_err
[ "$(json neuron)" = 3 ] || fail "the neuron is not 3"
number_between -2 "$(json amplitude)" -2
json responses.7.response responses.7.low responses.7.high responses.7.peak_step >values
number_between 1 "$(sed -n 4p values)" 5
run 0 synapsnet perturb model.h5 --neuron all --steps 5
out '^  stimulated +receiver'
run 0 synapsnet perturb model.h5 --neuron all --steps 5 --json -o all.h5
json strongest.0.stimulated strongest.0.receiver strongest.0.low output >/dev/null
[ -s all.h5 ] || fail "all.h5 was not written"

run 0 synapsnet perturb model.h5 --neuron index:3 --steps 5 -o one.csv
out 'written to one.csv'
[ "$(wc -l <one.csv)" -eq $((1 + 5 * 8)) ] || fail "one.csv should have a header and a line for each step and neuron"
head -n 1 one.csv | grep -qx 'step,receiver,response,low,high' || fail "one.csv: unexpected header"
sed -n 2p one.csv | grep -q '^1,0,' || fail "one.csv: does not begin with neuron 0 at step 1"
tail -n 1 one.csv | grep -q '^5,7,' || fail "one.csv: does not end with neuron 7 at step 5"
run 0 synapsnet perturb model.h5 --neuron 3 --steps 5 --threads 1 -o again.csv
cmp -s one.csv again.csv || fail "the neuron by id and by index, on one thread and on all, disagree"
run 0 synapsnet perturb model.h5 --neuron 3 --steps 5 -o one.npy
[ "$(stat -c %s one.npy)" -eq $((128 + 5 * 8 * 4)) ] || fail "one.npy has an unexpected size"
run 0 synapsnet perturb model.h5 --neuron all --steps 5 -o all.csv
head -n 1 all.csv | grep -qx 'receiver,0,1,2,3,4,5,6,7' || fail "all.csv: unexpected header"
run 0 synapsnet perturb model.h5 --neuron all --steps 5 -o all.npy
[ "$(stat -c %s all.npy)" -eq $((128 + 8 * 8 * 4)) ] || fail "all.npy has an unexpected size"

# a model without connectivity: no table of zeros
run 0 synapsnet fit sim.h5 --hidden 4 --epochs 1 --connectivity none -o none.h5 --quiet
run 0 synapsnet perturb none.h5 --neuron 3 --steps 2
out '^  no other neuron responds: no edge of the model leads from this one$'
run 0 synapsnet perturb none.h5 --neuron all --steps 2
out '^  no neuron responds to another: the model has no edges$'

while IFS='|' read -r arguments pattern; do
    eval "set -- $arguments"
    run 2 synapsnet perturb "$@"
    one_error "$pattern"
done <<'TABLE'
model.h5|neuron: not given
model.h5 --neuron 42|no neuron '42'
model.h5 --neuron index:8|expected index:0 to index:7
model.h5 --neuron 3 --amplitude 0|amplitude: found 0
model.h5 --neuron 3 --steps 5000|steps: found 5000; expected at most
model.h5 --neuron 3 -o x.txt|expected a name that ends in .h5, .csv or .npy
TABLE
[ -z "$(ls -- *.tmp 2>/dev/null)" ] || fail "temporary files were left over"
