# Two recordings of the same named neurons, in another order, share W; a killed fit of them goes on to the same bytes.
# shellcheck shell=bash
make() { # make SEED COLUMNS...: a table of those neurons of one network
    local seed=$1
    shift
    awk -v seed="$seed" -v columns="$*" 'BEGIN {
        srand(seed)
        n = split("AVAL AVAR RIML RIMR AIBL AIBR", name)
        m = split(columns, column)
        for (i = 0; i < n; i++) at[name[i + 1]] = i
        for (k = 1; k <= m; k++) printf "%s%s", column[k], k < m ? "," : "\n"
        for (t = 0; t < 500; t++) {
            for (i = 0; i < n; i++) next_x[i] = 0.5 * x[i] + 0.4 * x[(i + 5) % n] + rand() - 0.5
            for (i = 0; i < n; i++) x[i] = next_x[i]
            for (k = 1; k <= m; k++) printf "%.5f%s", x[at[column[k]]], k < m ? "," : "\n"
        }
    }'
}
make 1 AVAL AVAR RIML RIMR AIBL AIBR >a.csv
make 2 RIMR AVAL AIBR AVAR RIML AIBL >b.csv
make 3 AIBR RIML AVAL >c.csv
fit=(synapsnet fit a.csv b.csv c.csv --rate 10 --hidden 4 --epochs 20 --connectivity dense)

run 0 "${fit[@]}" -o model.h5
out '^Neurons: 15 in 3 recordings, 6 distinct by their ids$'
run 0 "${fit[@]}" -o private.h5 --same-neurons no --json
[ "$(json distinct_neurons)" = 15 ] || fail "private neurons were shared"

run 0 synapsnet evaluate model.h5 --json
number_between 0 "$(json test.mse)" 1

"${fit[@]}" -o killed.h5 --quiet >out 2>err &
pid=$!
for _ in $(seq 600); do
    [ -e killed.h5.ckpt ] && break
    sleep 0.02
done
sleep 0.2
kill -KILL "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true
[ ! -e killed.h5 ] || rm killed.h5
run 0 "${fit[@]}" -o killed.h5 --quiet --resume
cmp model.h5 killed.h5 || fail "after kill -9 and --resume the model differs"
# what was shared is part of the fit: a checkpoint of private neurons is refused
"${fit[@]}" -o killed.h5 --quiet --epochs 200 --patience 200 >out 2>err &
pid=$!
for _ in $(seq 600); do
    [ -e killed.h5.ckpt ] && break
    sleep 0.02
done
kill -KILL "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true
run 1 "${fit[@]}" -o killed.h5 --quiet --epochs 200 --patience 200 --resume --same-neurons no
one_error 'the checkpoint is of a fit with other data or options'

# An id that is there twice cannot say which neuron is meant.
sed '1s/AVAR/AVAL/' a.csv >twice.csv
run 1 synapsnet fit twice.csv b.csv --rate 10 --same-neurons yes -o model2.h5 --quiet
one_error "twice.csv: two neurons have the id 'AVAL'"
