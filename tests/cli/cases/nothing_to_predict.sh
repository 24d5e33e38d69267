# Counts that follow from nothing: the forecast is the mean rate, the fit says so, and every command reads its model.
# shellcheck shell=bash
# (a validation split of 90 frames may like a model of nothing by chance: with seed 11 it does not)
# 600 frames of 4 neurons from a linear congruential generator: 0, 1 or 2 spikes, and a behaviour that never changes
awk 'BEGIN {
    print "time_s,a,b,c,d"; x = 7
    for (t = 0; t < 600; t++) {
        line = t / 10
        for (i = 0; i < 4; i++) { x = (x * 16807) % 2147483647; line = line "," int(3 * x / 2147483647) }
        print line
    }
}' >counts.csv
awk 'BEGIN { print "time_s,speed"; for (t = 0; t < 600; t++) print t / 10 ",2.5" }' >speed.csv
run 0 synapsnet fit counts.csv --signal counts --behavior speed.csv:speed --hidden 4 --epochs 6 --seed 11 -o model.h5
err 'no better than the mean rates of the neurons do: the forecast is those rates, and the effective connectivity is 0'
err 'counts.csv: behaviour .*speed.* does not vary in the train split: it is not used'
run 0 synapsnet evaluate model.h5 --json
number_between 0 "$(json test.bits_per_spike)" 0
run 0 synapsnet forecast model.h5 --steps 3 -o forecast.h5
run 0 synapsnet connectivity model.h5 -o c.csv
run 0 synapsnet perturb model.h5 --neuron all --steps 3 --json
run 0 synapsnet report model.h5 -o report.html
# a form that was asked for is kept
run 0 synapsnet fit counts.csv --signal counts --hidden 4 --epochs 6 --seed 11 --connectivity dense -o dense.h5
err 'no better than the mean rates'
run 0 synapsnet connectivity dense.h5 -o c.npy --json
run 0 synapsnet perturb dense.h5 --neuron a --steps 3 --json
run 0 synapsnet report dense.h5 -o dense.html
