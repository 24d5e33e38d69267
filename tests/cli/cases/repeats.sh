# fit --repeats: the model beside which they stand is that of a fit without them, on any number of threads; what they say
# is what fits from their seeds say; stopped or killed within them, --resume ends in the bytes of an undisturbed fit.
# shellcheck shell=bash
options=(--connectivity dense --strength 100 --l1 20 --innovation 0 --hidden 4 --embedding 0 --epochs 12 --patience 12)
fit=(synapsnet fit sim.h5 "${options[@]}" --quiet)
run 0 synapsnet simulate rates --neurons 12 --frames 900 --seed 4 -o sim.h5

# ---- what they say ----

run 0 "${fit[@]}" --seed 5 --repeats 2 --threads 1 -o model.h5
run 0 "${fit[@]}" --seed 5 --repeats 2 --threads 2 -o two.h5
cmp model.h5 two.h5 || fail "1 and 2 threads give different models"
run 0 "${fit[@]}" --seed 5 -o alone.h5
run 0 synapsnet forecast model.h5 -o with.h5 --quiet
run 0 synapsnet forecast alone.h5 -o without.h5 --quiet
cmp with.h5 without.h5 || fail "the forecast differs from that of a fit without repeats"

run 0 synapsnet connectivity alone.h5 -o alone.edges.csv --fdr 1
no_err
! grep -q seed out || fail "a fit without repeats speaks of seeds"
run 0 synapsnet connectivity model.h5 -o model.edges.csv --fdr 1
out '^Over 3 fits from different seeds the connectivity correlates by [01]\.[0-9]* \(median\); [0-9]+ of [0-9]+ found edges have one sign in all of them$'
[ "$(head -1 model.edges.csv)" = "$(head -1 alone.edges.csv),seed_mean,seed_sd,same_sign" ] || fail "columns: $(head -1 model.edges.csv)"
cut -d, -f1-12 model.edges.csv | cmp - alone.edges.csv || fail "edges differ from those of a fit without repeats"
awk -F, 'NR > 1 && $8 != 0 && !($14 > 0)' model.edges.csv | grep -q . && fail "an edge has the same C in all fits"
run 0 synapsnet connectivity model.h5 -o model.edges.csv --fdr 1 --json
json edges.stability.seeds.fits edges.stability.seeds.median_correlation edges.stability.seeds.agreeing_signs \
    edges.top.0.seeds.same_sign >/dev/null

# Mean, spread and signs of the three fits that the seeds name. C is in the eighth column.
cp alone.edges.csv seed0.edges.csv
for k in 1 2; do
    run 0 synapsnet connectivity model.h5 -o model.edges.csv --fdr 1 --json
    seed=$(json "edges.stability.seeds.seeds.$k")
    run 0 "${fit[@]}" --seed "$seed" -o "seed$k.h5"
    run 0 synapsnet connectivity "seed$k.h5" -o "seed$k.edges.csv" --fdr 1 --quiet
done
awk -F, 'FNR == 1 {file++; next}
    file <= 3 {c[file, $1, $2] = $8; next}
    {
        a = c[1, $1, $2]; b = c[2, $1, $2]; d = c[3, $1, $2]; m = (a + b + d) / 3
        sd = sqrt(((a - m) ^ 2 + (b - m) ^ 2 + (d - m) ^ 2) / 2)
        same = (a * b > 0) + (a * d > 0)
        if ((m - $13) ^ 2 > 1e-10 || (sd - $14) ^ 2 > 1e-10 || same / 2 != $15) bad++
        n++
    }
    END {exit bad > 0 || n < 20}' seed0.edges.csv seed1.edges.csv seed2.edges.csv model.edges.csv ||
    fail "the figures of the repeats are not those of fits from their seeds"

run 2 synapsnet fit sim.h5 --connectivity none --hidden 4 --epochs 3 --repeats 3 --quiet -o none.h5
one_error 'repeats: is not used by --connectivity none'
run 0 synapsnet fit sim.h5 --connectivity none --hidden 4 --epochs 3 --quiet -o none.h5
run 0 synapsnet connectivity none.h5 -o none.edges.csv
! grep -q seed out none.edges.csv || fail "a model without connectivity speaks of seeds"

run 2 synapsnet fit sim.h5 --repeats -1 -o other.h5
one_error 'repeats: found -1; expected a whole number in 0..100 fits'
run 2 synapsnet fit sim.h5 --repeats 101 -o other.h5
one_error 'repeats: found 101; expected'
run 2 synapsnet compare sim.h5 --repeats 2
err 'repeats'

# ---- interrupted ----

# Far more repeats than search: most moments fall into them.
fit+=(--seed 5 --repeats 20)
start=$(date +%s%N)
run 0 "${fit[@]}" -o whole.h5
whole_ms=$((($(date +%s%N) - start) / 1000000))
pause() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# SIGINT leaves a model that can be used, and the checkpoint. How long a fit takes varies: earlier and later ones are tried.
for percent in 60 75 50 85 40 65 90 30 70 55; do
    rm -f model.h5 model.h5.ckpt
    last="fit with SIGINT after $percent % of $whole_ms ms"
    env --default-signal=INT "${fit[@]}" -o model.h5 >out 2>err &
    pid=$!
    pause $((whole_ms * percent / 100))
    kill -INT "$pid" 2>/dev/null || true
    status=0
    wait "$pid" || status=$?
    [ ! -e model.h5 ] || [ ! -e model.h5.ckpt ] || break
done
[ -e model.h5 ] && [ -e model.h5.ckpt ] || fail "no fit was stopped within its repeats"
[ "$status" -eq 1 ] || fail "exit status $status after SIGINT, expected 1"
err '^synapsnet: stopped on request; go on with: synapsnet fit sim.h5 .* --resume$'
cp model.h5.ckpt stopped.ckpt
run 0 synapsnet connectivity model.h5 -o stopped.edges.csv --fdr 1 --quiet
cut -d, -f1-12 stopped.edges.csv | cmp - alone.edges.csv || fail "the model of the stopped fit is another one"
run 0 "${fit[@]}" -o model.h5 --resume
cmp whole.h5 model.h5 || fail "the resumed model differs from the undisturbed one"
[ ! -e model.h5.ckpt ] || fail "the checkpoint was left over"

# Another number of repeats may be asked for then.
for repeats in 0 1; do
    run 0 "${fit[@]}" --repeats $repeats -o fewer.h5
    cp stopped.ckpt model.h5.ckpt
    run 0 "${fit[@]}" --repeats $repeats -o model.h5 --resume
    cmp fewer.h5 model.h5 || fail "resumed with $repeats repeats the model is another one"
done

# Killed again and again.
RANDOM=7
rm -f model.h5
for kills in 1 2 3 4 5 6 7 8 9 10; do
    "${fit[@]}" -o model.h5 --resume >out 2>err &
    pid=$!
    pause $((whole_ms / 10 + RANDOM % (whole_ms / 10 + 1)))
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    [ ! -e model.h5 ] || break
done
run 0 "${fit[@]}" -o model.h5 --resume
cmp whole.h5 model.h5 || fail "after $kills kills and --resume the model differs"
