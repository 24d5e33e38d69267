# A model and its recording meet again: from another folder, under another name, and what is not the same is refused.
# shellcheck shell=bash
fit_options="--hidden 4 --epochs 2 --connectivity dense --seed 3 --quiet"
table() { # HEADER: 900 frames of 5 neurons
    [ -z "$1" ] || echo "$1"
    awk 'BEGIN {srand(4); for (t = 0; t < 900; t++) {for (j = 0; j < 5; j++) {
        x[j] = 0.7 * x[j] + rand() - 0.5; printf "%s%.6f", j ? "," : "", x[j]} print ""}}'
}
mkdir project
table "" >project/x.csv
awk 'BEGIN {for (t = 0; t < 900; t++) printf "%.6f,%.6f\n", sin(t / 9), cos(t / 7)}' | (echo speed,pupil; cat) >project/b.csv
cd project
# shellcheck disable=SC2086
run 0 synapsnet fit x.csv --rate 12 --orientation time-first --behavior b.csv $fit_options -o model.h5
run 0 synapsnet evaluate model.h5 --json
mse=$(json test.mse)
cd ..
same_mse() { [ "$(json test.mse)" = "$mse" ] || fail "the figures differ"; }

# Paths are found from the folder of the fit; a recording that is named is read as in the fit.
run 0 synapsnet evaluate project/model.h5 --json
same_mse
run 0 synapsnet evaluate project/model.h5 project/x.csv --json
same_mse
run 0 synapsnet forecast project/model.h5 project/x.csv --steps 2 -o f.h5
run 1 synapsnet evaluate project/model.h5 project/x.csv --rate 20
one_error 'has 20 frames per second; the model was fitted on 12'

# Another file has behaviour of its own, by the same names.
mv project/x.csv y.csv
run 1 synapsnet evaluate project/model.h5
one_error 'x.csv: no such file or folder .*name it if it has moved'
run 1 synapsnet evaluate project/model.h5 y.csv
err '^synapsnet: y.csv: has 0 behaviour variables; the model was fitted with 2; give those of this recording with --behavior$'
run 0 synapsnet evaluate project/model.h5 y.csv --behavior project/b.csv --json
same_mse
sed '1s/.*/pupil,speed/' project/b.csv >swapped.csv
run 1 synapsnet evaluate project/model.h5 y.csv --behavior swapped.csv --quiet
one_error "y.csv: behaviour 0 is 'pupil', but 'speed' in the recording of the fit"

# Named neurons must be the same ones.
table a,b,c,d,e >named.csv
table a,b,d,c,e >other.csv
# shellcheck disable=SC2086
run 0 synapsnet fit named.csv --rate 12 $fit_options -o named.h5
run 0 synapsnet evaluate named.h5 named.csv --quiet
run 1 synapsnet evaluate named.h5 other.csv --quiet
one_error "other.csv: neuron 2 is 'd', but 'c' in the recording of the fit"
run 0 synapsnet evaluate named.h5 y.csv --quiet # without names nothing is known

# In other segments its test split would hold frames that were trained on.
printf '0,300\n300,600\n600,900\n' >trials.csv
run 1 synapsnet evaluate named.h5 named.csv --segments trials.csv --quiet
one_error 'named.csv: is the recording of the fit, in 3 segments where it had 1 others, .*or --split all'
run 0 synapsnet evaluate named.h5 named.csv --segments trials.csv --split all --quiet

# A recording of another kind. What the fit had to be told is no reason to take it for what it is not: the line is about
# the recording itself. Where it cannot be read at all, the line says what was taken from the fit.
awk 'BEGIN {srand(5); for (j = 0; j < 5; j++) {for (t = 0; t < 900; t++)
    printf "%s%.3f", t ? "," : "", rand(); print ""}}' >turned.csv
# shellcheck disable=SC2086
run 0 synapsnet fit turned.csv --rate 12 --orientation neurons-first $fit_options -o turned.h5
good="$SOURCE/tests/data/good"
run 1 synapsnet evaluate turned.h5 "$good/trials.npz" --quiet
one_error 'trials.npz: holds counts; the model was fitted on fluorescence'
run 1 synapsnet evaluate turned.h5 "$good/trials.npz"
err 'warning: trials.npz: is read by itself, without --rate 12 --orientation neurons-first of the fit'
run 0 synapsnet simulate rates --neurons 5 --frames 900 -o sim.h5
run 1 synapsnet evaluate turned.h5 sim.h5 --quiet
one_error 'sim.h5: has 30 frames per second; the model was fitted on 12; expected the same'
run 1 synapsnet evaluate turned.h5 turned.h5 --quiet
one_error 'turned.h5: is a synapsnet model; expected a recording'
head -n 15 named.csv >short.csv
run 1 synapsnet evaluate named.h5 short.csv --quiet
one_error 'short.csv: the .* split has .*frames are too few, or give --split all'

# Numbers for ids would match any simulation.
run 0 synapsnet simulate rates --neurons 6 --frames 900 -o six.h5
run 0 synapsnet simulate rates --neurons 9 --frames 900 -o nine.h5
# shellcheck disable=SC2086
run 0 synapsnet fit six.h5 $fit_options -o six_model.h5
run 1 synapsnet evaluate six_model.h5 nine.h5 --quiet
one_error 'nine.h5: has 9 neurons; the model was fitted on the 6 of rates; expected the same neurons'
run 0 synapsnet connectivity six_model.h5 --truth six.h5 -o c.npy
run 1 synapsnet connectivity six_model.h5 --truth nine.h5 -o c.npy
one_error 'nine.h5: has 9 neurons, but the recording of the fit 6'

for name in f.csv f.npy f f.h5.txt; do
    run 2 synapsnet forecast six_model.h5 --steps 2 -o $name
    one_error "output: found '$name'; expected a name that ends in .h5 or .hdf5"
done
run 0 synapsnet forecast six_model.h5 --steps 2 -o f.hdf5

# A namesake where the program runs is not taken for the recording of the fit, and another one in its place is refused.
mkdir m1 m2
for seed in 1 2; do
    run 0 synapsnet simulate rates --neurons 5 --frames 900 --seed $seed -o m$seed/rec.h5
done
cd m1
# shellcheck disable=SC2086
run 0 synapsnet fit rec.h5 $fit_options -o model.h5
run 0 synapsnet evaluate model.h5 --json
mse=$(json test.mse)
cd ../m2
run 0 synapsnet evaluate ../m1/model.h5 --json
same_mse
cp rec.h5 ../m1/rec.h5
run 1 synapsnet evaluate ../m1/model.h5
one_error 'm1/rec.h5: is not the recording that the model was fitted on, but another one; name the recording'
run 0 synapsnet evaluate ../m1/model.h5 rec.h5 --quiet
cd ..
