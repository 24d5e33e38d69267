# What connectivity prints of cell types and hubs is what --json has, and of too many types it says that it has no means.

run 0 synapsnet simulate celltypes --neurons 40 --frames 4000 --seed 1 -o sim.h5
run 0 synapsnet fit sim.h5 --connectivity dense --hidden 4 --epochs 6 -o m.h5
run 0 synapsnet connectivity m.h5 -o c.csv --json
hub="$(json edges.hubs.senders.0.neuron) ($(json edges.hubs.senders.0.degree))"
pairs=()
for k in {0..15}; do
    low=$(json "edges.cell_types.$k.low") high=$(json "edges.cell_types.$k.high")
    awk "BEGIN { exit !($low * $high > 0) }" || continue
    pairs+=("$(json "edges.cell_types.$k.presynaptic") +$(json "edges.cell_types.$k.postsynaptic") .*$(json "edges.cell_types.$k.significant") of $(json "edges.cell_types.$k.pairs")")
done
[ ${#pairs[@]} -gt 2 ] && [ ${#pairs[@]} -le 8 ] || fail "the example has ${#pairs[@]} means that differ from 0"
run 0 synapsnet connectivity m.h5 -o c.csv
out "^Between cell types, ${#pairs[@]} of 16 means differ from 0$"
for pair in "${pairs[@]}"; do out "^  $pair$"; done
grep -Fq "Hubs, which send more edges than chance would give any neuron: $hub" out || fail "missing: $hub"

awk 'BEGIN { print "region"; for (i = 0; i < 70; i++) print "r" i }' >t.csv
awk 'BEGIN { for (t = 0; t < 300; t++) for (i = 0; i < 70; i++) printf "%.3f%s", rand(), i < 69 ? "," : "\n" }' >x.csv
run 0 synapsnet fit x.csv --rate 10 --neuron-table t.csv --connectivity none --hidden 4 --epochs 2 -o n.h5
run 0 synapsnet connectivity n.h5 -o n.csv
out 'more than 64 regions'
