# Traces that were interpolated to another frame rate: said so, and their phase used in every later command.
# shellcheck shell=bash

# Six neurons with a memory, recorded at 9.4 Hz from START seconds on, interpolated linearly to 10 Hz.
resampled() {
    awk -v start="$1" 'BEGIN {
        for (k = 0; k < 2100; k++)
            for (j = 0; j < 6; j++) {
                sum = -6
                for (n = 0; n < 12; n++) {
                    s = (s * 16807 + 12345) % 2147483647
                    sum += s / 2147483647
                }
                x[k, j] = 0.5 * x[k - 1, j] + sum
            }
        for (t = 0; t < 2000; t++) {
            at = (start + t / 10) * 9.4
            k = int(at)
            line = ""
            for (j = 0; j < 6; j++) line = line (j ? "," : "") sprintf("%.5f", x[k, j] + (at - k) * (x[k + 1, j] - x[k, j]))
            print line
        }
    }'
}

resampled 0.3 >traces.csv
resampled 4.2 >later.csv
run 0 synapsnet fit traces.csv --rate 10 --hidden 16 --epochs 40 --connectivity none -o model.h5 --json
err 'traces.csv: its traces look resampled: they are rougher and smoother in turn every 16\.6[67] frames, all neurons at once, as after interpolation from another frame rate, such as 9\.4 Hz \(or under an oscillation or a stimulus that comes back as often\); the phase counts as behaviour, resampling_cos and resampling_sin, but frames as they were recorded are better$'
fit_mse=$(json test.mse)
run 0 synapsnet evaluate model.h5 --json
[ "$(json test.mse)" = "$fit_mse" ] || fail "evaluate says $(json test.mse), the fit said $fit_mse"

# In another recording the phase is another one, and found anew.
run 0 synapsnet evaluate model.h5 later.csv --json
number_between "$(awk -v m="$fit_mse" 'BEGIN { print 0.8 * m }')" "$(json test.mse)" "$(awk -v m="$fit_mse" 'BEGIN { print 1.2 * m }')"
! grep -q "is a guess" err || fail "a warning though the beat stands out"
# Also in a short one, where nothing stands out.
head -n 250 later.csv >short.csv
run 0 synapsnet evaluate model.h5 short.csv --split all --json
err 'short.csv: the beat of resampled frames, every 16\.6[67] in the recording of the fit, does not stand out in this one: its phase, which the model needs, is a guess$'
number_between "$(awk -v m="$fit_mse" 'BEGIN { print 0.7 * m }')" "$(json test.mse)" "$(awk -v m="$fit_mse" 'BEGIN { print 1.3 * m }')"
run 0 synapsnet forecast model.h5 later.csv --steps 5 -o forecast.h5
run 0 synapsnet perturb model.h5 --neuron 1 -o responses.csv
run 0 synapsnet connectivity model.h5 -o edges.csv

# Without behaviour there is nothing of it.
run 0 synapsnet compare traces.csv --rate 10 --hidden 16 --epochs 40 --connectivity none --rivals no-behavior --json
[ "$(awk -v a="$(json rivals.no-behavior.mse)" -v b="$(json synapsnet.mse)" 'BEGIN { print (a > 1.05 * b) }')" = 1 ] ||
    fail "no-behavior $(json rivals.no-behavior.mse), synapsnet $(json synapsnet.mse)"
