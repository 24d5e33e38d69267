# What a fit says of itself where it went wrong, and the words for one of a thing.
# shellcheck shell=bash

# Five walks, as a generator that is the same everywhere draws them. walk COLUMNS [FRAME COLUMN VALUE]
walk() {
    awk -v columns="$1" -v frame="${2-}" -v column="${3-}" -v value="${4-}" 'BEGIN {
        for (t = 0; t < 600; t++) {
            line = ""
            for (j = 0; j < columns; j++) {
                s = (s * 16807 + 12345) % 2147483647
                x[j] += s / 2147483647 - 0.5
                line = line (j ? "," : "") (t == frame && j == column && value != "" ? value : sprintf("%.5f", x[j]))
            }
            print line
        }
    }'
}

# ---- a wrong value, and a model that is worse for it ----

walk 5 >walk.csv
walk 5 300 1 -4e12 >wrong.csv
options=(--rate 5 --orientation time-first --hidden 4 --epochs 2)
run 0 synapsnet fit walk.csv "${options[@]}" -o walk.h5
! grep -q 'million times' err || fail "a warning of a value that is right"
run 0 synapsnet fit wrong.csv "${options[@]}" -o wrong.h5
err '^synapsnet: warning: wrong.csv: neuron 1 has the value -4e\+12 in frame 300, more than a million times as far from its median'
err '^synapsnet: warning: the model predicts the test split reliably worse than copying the last frame \(mse '
run 0 synapsnet evaluate wrong.h5
err '^synapsnet: warning: the model predicts the test split reliably worse than copying the last frame'
run 0 synapsnet evaluate wrong.h5 --json
json warnings.0 >/dev/null

# A value that is merely unlike the others, in the test split: the error is of its neuron.
walk 5 580 3 400 >jump.csv
run 0 synapsnet fit jump.csv "${options[@]}" -o jump.h5
err '^synapsnet: warning: jump.csv: neuron 3 has [0-9]+ % of the squared error in the test split \(its mse is '
run 0 synapsnet evaluate jump.h5
err '^synapsnet: warning: jump.csv: neuron 3 has [0-9]+ % of the squared error'
run 0 synapsnet evaluate walk.h5
! grep -q 'of the squared error' err || fail "a warning of neurons that are alike"

# Frames that were taken once and given twice; a neuron more would not be equal by chance.
walk 9 | awk '{print; print}' >twice.csv
run 0 synapsnet fit twice.csv "${options[@]}" --connectivity none -o twice.h5
err '^synapsnet: warning: twice.csv: 600 of 1200 frames are exact copies of the frame before, the first is frame 1: '
walk 9 >once.csv
run 0 synapsnet fit once.csv "${options[@]}" --connectivity none -o once.h5
! grep -q 'exact copies' err || fail "a warning of frames that were all taken"

# What no instrument gives: the model has little left to explain.
awk 'BEGIN {for (t = 0; t < 600; t++) print sin(t / 9) "," sin(t / 9 + 1) "," cos(t / 14)}' >smooth.csv
run 0 synapsnet fit smooth.csv --rate 5 --orientation time-first --hidden 8 --connectivity none -o smooth.h5
err '^synapsnet: warning: smooth.csv: hardly anything in a frame is new \('

# Counts may be anything.
awk 'BEGIN {for (t = 0; t < 300; t++) print (t * 7) % 5 % 2 "," (t == 100 ? 200 : 0) + (t * 3) % 7 % 2}' >counts.csv
run 0 synapsnet fit counts.csv --rate 5 --signal counts --orientation time-first --hidden 2 --epochs 1 -o counts.h5
! grep -q 'million times' err || fail "a warning of counts"

# ---- what is fitted, and words ----

err '^synapsnet: fitting 2 neurons over 300 frames, [0-9]+ or more candidates$'
walk 1 >one.csv
run 0 synapsnet fit one.csv --rate 5 --orientation time-first --hidden 2 --epochs 1 --connectivity none -o one.h5
err '^synapsnet: fitting 1 neuron over 600 frames'
out '^Model written to one.h5 after [0-9]+ epochs of [0-9]+ candidates? together in '
run 0 synapsnet connectivity one.h5 -o one.npy
out '^No edge was tested$'
out '^Note: one neuron alone has no edges$'
out '^Effective connectivity of 1 neuron written to one.npy'
run 0 synapsnet connectivity one.h5 -o one.edges.csv
run 0 synapsnet perturb one.h5 --neuron 0 --steps 1
out '^  pulse of 1 in neuron 0, then 1 step; mean over'
out '^  there is no other neuron that could respond$'
run 1 synapsnet evaluate wrong.h5 wrong.csv wrong.csv
err 'evaluate: found 2 recordings; the model was fitted on 1;'

# ---- a line for each of several recordings ----

run 0 synapsnet fit walk.csv wrong.csv "${options[@]}" -o both.h5
out '^  of each recording +frames +mse +skill +neuron_r$'
out '^  walk.csv +[0-9]+ +[0-9.]+ +-?[0-9.]+ +-?[0-9.]+$'
run 0 synapsnet evaluate both.h5
out '^  wrong.csv +[0-9]+ +[0-9.]+ +-?[0-9.]+ +-?[0-9.]+$'
run 1 synapsnet evaluate both.h5 walk.csv
err 'evaluate: found 1 recording; the model was fitted on 2;'
