# simulate, info, fit, evaluate, forecast, connectivity on a tiny network, as text and as JSON.
# shellcheck shell=bash
only_warnings() {
    ! grep -Ev '^synapsnet: (warning: |fitting 8 neurons over 900 frames, [0-9]+ or more candidates$)' err ||
        fail "standard error should hold warnings, and what is fitted"
}
fit_options="--hidden 4 --epochs 3 --connectivity dense --seed 3"

run 0 synapsnet simulate rates --neurons 8 --frames 900 --seed 1 -o sim.h5
out '900 frames of 8 neurons and their true weights written to sim.h5'
run 0 synapsnet simulate rates --neurons 8 --frames 900 --seed 1 -o again.h5 --json
no_err
json >/dev/null

run 0 synapsnet info sim.h5
out '8'
run 0 synapsnet info sim.h5 --json
no_err
json >/dev/null
run 0 synapsnet info sim.h5 again.h5 --json
json recordings.0 recordings.1 >/dev/null

# shellcheck disable=SC2086
run 0 synapsnet fit sim.h5 $fit_options -o model.h5
out '^  SynapsNet '
out '^  copy-last '
out '^  mean '
out '^Connectivity: dense'
out '^Model written to model.h5 after [0-9]+ epochs .* seed 3\.'
only_warnings # no terminal, no progress line
# shellcheck disable=SC2086
run 0 synapsnet fit sim.h5 $fit_options -o model2.h5 --json
only_warnings
json test.mse test.skill test.r2 test.neuron_r test.delta_r baselines connectivity.form connectivity.strength epochs \
    seconds seed warnings >values
number_between 0.01 "$(sed -n 1p values)" 10
[ "$(json seed)" = 3 ] || fail "the seed is not 3"
[ "$(json connectivity.form)" = dense ] || fail "the form is not dense"
fit_mse=$(json test.mse)

run 0 synapsnet evaluate model2.h5
out '^  SynapsNet '
run 0 synapsnet evaluate model2.h5 --json
no_err
[ "$(json test.mse)" = "$fit_mse" ] || fail "evaluate and fit disagree on test mse"
run 0 synapsnet evaluate model2.h5 sim.h5 --json
[ "$(json test.mse)" = "$fit_mse" ] || fail "the recording named and found by its path disagree"

run 0 synapsnet forecast model.h5 --steps 5 -o forecast.h5
out '^ +5 '
out 'written to forecast.h5'
run 0 synapsnet forecast model.h5 sim.h5 --steps 5 -o forecast.h5 --json
no_err
[ "$(json steps)" = 5 ] || fail "not 5 steps"
json mse.4 >/dev/null

run 0 synapsnet connectivity model.h5 -o c.npy
out 'connectivity of 8 neurons written to c.npy'
[ "$(stat -c %s c.npy)" -eq $((128 + 8 * 8 * 4)) ] || fail "c.npy has an unexpected size"
run 0 synapsnet connectivity model.h5 --lags 2 -o c3.npy
[ "$(stat -c %s c3.npy)" -eq $((128 + 3 * 8 * 8 * 4)) ] || fail "c3.npy has an unexpected size"
run 0 synapsnet connectivity model.h5 -o c.csv
[ "$(wc -l <c.csv)" -eq 9 ] || fail "c.csv should have a header and 8 lines"
head -n 1 c.csv | grep -qx 'receiver,0,1,2,3,4,5,6,7' || fail "c.csv: unexpected header"
run 0 synapsnet connectivity model.h5 --lags 1 -o lags.csv
[ "$(wc -l <lags.csv)" -eq $((1 + 2 * 8 * 7)) ] || fail "lags.csv should have a line for each lag and pair"
run 0 synapsnet connectivity model.h5 -o c.graphml
[ "$(grep -c '<node ' c.graphml)" -eq 8 ] || fail "c.graphml should have 8 nodes"
run 0 synapsnet connectivity model.h5 -o c.h5
run 0 synapsnet connectivity model.h5 --truth sim.h5 -o c.npy
out '^  pearson_w '
run 0 synapsnet connectivity model.h5 --truth sim.h5 --scale zscored -o z.npy --json
no_err
json test.auroc test.auprc test.auprc_chance test.pearson_w test.spearman_w >values
number_between 0 "$(head -n 1 values)" 1
run 2 synapsnet connectivity model.h5 -o c.txt
one_error 'expected a name that ends in .npy, .csv, .h5, .graphml or .edges.csv'
for file in c.edges.csv c.graphml; do
    run 2 synapsnet connectivity model.h5 --lags 2 -o $file
    one_error "lags: found 2; expected 0: '$file' holds lag 0 only"
done
run 2 synapsnet connectivity model.h5 --session 1 -o c.npy
one_error 'session: found 1'

run 0 synapsnet report model2.h5 --steps 5 -o report.html
out '^Report written to report.html '
run 0 synapsnet report model2.h5 sim.h5 --steps 5 --format json -o report.data --json
no_err
[ "$(json test.mse)" = "$fit_mse" ] || fail "report and fit disagree on test mse"
[ "$(json bytes)" = "$(stat -c %s report.data)" ] || fail "the report has another size than it says"
run 0 synapsnet report model2.h5 --steps 5 -o figures.svg
out '^Figure written to figures-connectivity.svg$'
run 2 synapsnet report model2.h5 -o report.doc
one_error "output: found 'report.doc'"

run 0 synapsnet fit sim.h5 --hidden 4 --epochs 2 --connectivity none -o quiet.h5 --quiet
no_out
no_err
[ -z "$(ls -- *.tmp 2>/dev/null)" ] || fail "temporary files were left over"

# edges: the surest first, none without evidence
run 0 synapsnet connectivity model.h5 -o c.edges.csv --top 3 --fdr 1 --json
[ "$(wc -l <c.edges.csv)" -eq 4 ] || fail "c.edges.csv should hold a header and three edges"
json edges.n_tested edges.n_significant edges.top edges.stability edges.hubs >/dev/null
run 0 synapsnet connectivity model.h5 -o c.edges.csv --fdr 0 --fdr-method by
[ "$(wc -l <c.edges.csv)" -eq 1 ] || fail "c.edges.csv should hold no edge at a false discovery rate of 0"

# edges of slow fluorescence are those of its events, unless told otherwise, and scored; a model without connectivity has
# no C to score
run 0 synapsnet simulate spikes --neurons 12 --frames 6000 --seed 3 --density 0.3 --crosstalk 0.2 -o slow.h5 --quiet
for events in auto no; do
    run 0 synapsnet fit slow.h5 -o slow_model.h5 --connectivity none --epochs 1 --events $events --quiet
    run 0 synapsnet connectivity slow_model.h5 -o slow.npy --truth slow.h5 --json
    of=$(json edges.of)
    auroc=$(json test.auroc)
    if [ $events = auto ]; then
        [ "$of" = events ] || fail "--events auto: edges of $of"
        number_between 0.75 "$auroc" 1
    else
        [ "$of" = activity ] || fail "--events no: edges of $of"
        number_between 0.5 "$auroc" 0.5
    fi
done
run 0 synapsnet simulate spikes --view counts --neurons 6 --frames 1000 -o counts.h5 --quiet
run 2 synapsnet fit counts.h5 -o refused.h5 --events yes --epochs 1
one_error 'events: yes needs fluorescence in every recording; .* holds spike counts; use --events auto'
[ ! -e refused.h5 ] || fail "refused, and yet written"
