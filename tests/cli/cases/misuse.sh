# Every kind of wrong usage: exit status 2 and one line that says what to do.
# shellcheck shell=bash
touch recording.h5 model.h5

# arguments | what the line must say
while IFS='|' read -r arguments pattern; do
    eval "set -- $arguments"
    run 2 synapsnet "$@"
    one_error "$pattern"
done <<'TABLE'
bogus|unknown command 'bogus'
simulat|did you mean 'simulate'
fitt x|did you mean 'fit'
--hidden 3|expected a command before '--hidden'
help bogus|unknown command 'bogus'
simulate -o x.h5|simulate: missing celltypes
convert -o x.h5|convert: missing RECORDING
info|info: missing RECORDING
fit|fit: missing RECORDING
fit -o model2.h5|fit: missing RECORDING
evaluate|evaluate: missing MODEL
forecast -o f.h5|forecast: missing MODEL
connectivity -o c.npy|connectivity: missing MODEL
simulate rates|simulate: missing -o FILE
convert recording.h5|convert: missing -o FILE
fit recording.h5|fit: missing -o FILE
forecast model.h5|forecast: missing -o FILE
connectivity model.h5|connectivity: missing -o FILE
report -o r.html|report: missing MODEL
report model.h5|report: missing -o FILE
simulate rates celltypes -o x.h5|unexpected 'celltypes'
simulate rates --decay 1 -o x.h5|decay: is of the fluorescence of spikes
simulate spikes --view counts --photons 9 -o x.h5|photons: is of the fluorescence of spikes
simulate celltypes --density 0.2 -o x.h5|density: celltypes has densities of its own
convert recording.h5 model.h5 -o x.h5|found 2 recordings; expected one, or --splits
forecast model.h5 recording.h5 more -o f.h5|unexpected 'more'
connectivity model.h5 recording.h5 -o c.npy|unexpected 'recording.h5'
fit recording.h5 -o|-o needs a value
fit recording.h5 -o m.h5 --hidden|--hidden needs a value
fit recording.h5 -o m.h5 --hiden 32|did you mean '--hidden'
fit recording.h5 -o m.h5 --connectivty dense|did you mean '--connectivity'
fit recording.h5 -o m.h5 --nothing-like-it 3|'synapsnet fit --help' lists
fit recording.h5 -o m.h5 --lags 3|fit does not take --lags; it is an option of: connectivity
info recording.h5 --hidden 3|info does not take --hidden
info recording.h5 -o x|unknown option '-o'
info recording.h5 -x|unknown option '-x'
evaluate model.h5 --seed 3|evaluate does not take --seed
fit recording.h5 -o m.h5 --json=yes|--json takes no value
fit recording.h5 -o m.h5 --hidden abc|hidden: found 'abc'; expected a whole number
fit recording.h5 -o m.h5 --hidden 3.5|hidden: found '3.5'; expected a whole number
fit recording.h5 -o m.h5 --hidden 0|hidden: found 0; expected a whole number in 1..256
fit recording.h5 -o m.h5 --hidden ''|hidden: found ''
fit recording.h5 -o m.h5 --train 1.5|train: found 1.5; expected a number in 0.05..0.95
fit recording.h5 -o m.h5 --train nan|train: found 'nan'
fit recording.h5 -o m.h5 --rate 1e9|rate: found 1e9; expected a number in 0.001..1000000 Hz
fit recording.h5 -o m.h5 --seed -1|seed: found -1
fit recording.h5 -o m.h5 --bin 50min|bin: found '50min'; expected a time such as 50ms
fit recording.h5 -o m.h5 --loss mse|loss: found 'mse'; expected one of auto.gaussian.poisson
fit recording.h5 -o m.h5 --connectivity full|expected one of auto.none.dense
fit recording.h5 -o m.h5 --behavior ''|behavior: found an empty value
fit recording.h5 -o recording.h5|'recording.h5' is also read
convert recording.h5 -o ./recording.h5|'./recording.h5' is also read
connectivity model.h5 -o model.h5|'model.h5' is also read
TABLE

run 2 synapsnet
no_out
err '^Usage: synapsnet COMMAND'
