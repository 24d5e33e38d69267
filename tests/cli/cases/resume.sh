# A fit that is killed at 20 random moments and goes on each time ends in the very bytes of an undisturbed fit, and so
# does one on another number of threads; within its repeats too. A checkpoint that is not of this fit, or not whole, is refused.
# shellcheck shell=bash
RANDOM=11 # the moments are drawn the same way each time; where they fall in the fit still differs
options=(--hidden 4 --epochs 15 --patience 15 --seed 3 --repeats 2)

# Every seventh value is missing: what stands in for it must not depend on what was trained before.
run 0 synapsnet simulate rates --neurons 12 --frames 600 --seed 4 -o sim.h5
awk 'BEGIN {srand(2)
    for (t = 0; t < 600; t++)
        for (i = 0; i < 12; i++) {
            x[i] = 0.7 * x[i] + 0.5 * x[(i + 11) % 12] * (i % 3 == 0) + rand() - 0.5
            printf "%s%s", (t * 12 + i) % 7 == 3 ? "nan" : sprintf("%.5f", x[i]), i < 11 ? "," : "\n"
        }}' >gaps.csv

for recording in sim.h5 gaps.csv; do
    read_as=()
    [ "$recording" = sim.h5 ] || read_as=(--rate 10 --orientation time-first)
    fit=(synapsnet fit "$recording" "${read_as[@]}" "${options[@]}" --quiet)
    start=$(date +%s%N)
    run 0 "${fit[@]}" -o whole.h5 --threads 1
    whole_ms=$((($(date +%s%N) - start) / 1000000))
    run 0 "${fit[@]}" -o two.h5 --threads 2
    cmp whole.h5 two.h5 || fail "$recording: 1 and 2 threads give different models"
    run 0 env OPENBLAS_NUM_THREADS=1 "${fit[@]}" -o two.h5
    cmp whole.h5 two.h5 || fail "$recording: one thread of BLAS gives a different model"

    # A killed fit has done about a sixth of the work, so that many kills fall into different stages of one fit.
    rm -f model.h5
    kills=0
    for _ in $(seq 200); do
        last="${fit[*]} -o model.h5 --resume"
        "${fit[@]}" -o model.h5 --resume >out 2>err &
        pid=$!
        if [ "$kills" -lt 20 ]; then
            delay=$((10 + RANDOM % (whole_ms / 3 + 20)))
            sleep "$(printf '0.%03d' $((delay % 1000)))"
            [ "$delay" -lt 1000 ] || sleep $((delay / 1000))
            kill -KILL "$pid" 2>/dev/null || true
        fi
        status=0
        wait "$pid" 2>/dev/null || status=$?
        case $status in
        0) # done: compare, and begin anew until there were 20 kills
            cmp whole.h5 model.h5 || fail "$recording: after kill -9 and --resume the model differs"
            rm model.h5
            [ "$kills" -lt 20 ] || break
            ;;
        137)
            kills=$((kills + 1))
            # killed after its last act, or it left no model
            [ ! -e model.h5 ] || cmp whole.h5 model.h5 || fail "a killed fit left a model that is not whole"
            rm -f model.h5
            ;;
        *) fail "$recording: exit status $status" ;;
        esac
    done
    [ "$kills" -ge 20 ] && [ "$status" -eq 0 ] || fail "$recording: $kills kills, not 20 and an end"
    [ ! -e model.h5.ckpt ] || fail "the checkpoint was left over"
done

# The checkpoint outlives a model that could not be written (the name of its temporary file is taken), and goes once the
# model is there.
fit=(synapsnet fit sim.h5 "${options[@]}" --quiet)
run 0 "${fit[@]}" -o whole.h5
mkdir model.h5.tmp
run 1 "${fit[@]}" -o model.h5
err '^synapsnet: model.h5: could not be created'
err '^synapsnet: model.h5.ckpt holds what was reached: the same command with --resume goes on from there$'
[ "$(wc -l <err)" -eq 2 ] || fail "standard error should be two lines"
[ -e model.h5.ckpt ] || fail "the checkpoint was deleted before the model was written"
rmdir model.h5.tmp
cp model.h5.ckpt last.ckpt

# Without --resume an interrupted fit is not thrown away.
run 1 "${fit[@]}" -o model.h5
one_error 'model.h5.ckpt: is the checkpoint of an interrupted fit; go on from it with --resume, or delete it'
cmp last.ckpt model.h5.ckpt || fail "a checkpoint was changed without --resume"
run 0 "${fit[@]}" -o model.h5 --resume
cmp whole.h5 model.h5 || fail "the model after a failed write differs"
[ ! -e model.h5.ckpt ] || fail "the checkpoint was left over"

# Killed between the two: the model is there, and its checkpoint too. --resume ends in the same model, and cleans up.
cp last.ckpt model.h5.ckpt
run 0 "${fit[@]}" -o model.h5 --resume
cmp whole.h5 model.h5 || fail "--resume beside a finished model gives another one"
[ ! -e model.h5.ckpt ] || fail "the checkpoint was left over"

# A checkpoint to spoil: of a fit that is killed as soon as it has one.
fit=(synapsnet fit sim.h5 "${options[@]}" --epochs 200 --patience 200 --quiet -o model.h5)
"${fit[@]}" >out 2>err &
pid=$!
for _ in $(seq 600); do
    [ -e model.h5.ckpt ] && break
    sleep 0.02
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
cp model.h5.ckpt good.ckpt
size=$(stat -c %s good.ckpt)

for length in 0 5 16 24 $((size / 2)) $((size - 8)) $((size - 1)); do
    head -c "$length" good.ckpt >model.h5.ckpt
    run 1 "${fit[@]}" --resume
    one_error 'model.h5.ckpt: .*delete it and fit again'
done
for at in 3 20 100 $((size / 2)) $((size - 3)); do
    cp good.ckpt model.h5.ckpt
    printf '\245\132' | dd of=model.h5.ckpt bs=1 seek="$at" conv=notrunc status=none
    run 1 "${fit[@]}" --resume
    one_error 'model.h5.ckpt: .*delete it'
done
(cat good.ckpt; echo more) >model.h5.ckpt
run 1 "${fit[@]}" --resume
one_error 'model.h5.ckpt: .*delete it'
cp sim.h5 model.h5.ckpt
run 1 "${fit[@]}" --resume
one_error 'model.h5.ckpt: .*delete it'

# Other seed, options or data: not this fit.
cp good.ckpt model.h5.ckpt
run 1 "${fit[@]}" --resume --seed 4
one_error 'model.h5.ckpt: the checkpoint is of a fit with other data or options'
run 1 "${fit[@]}" --resume --connectivity dense
one_error 'other data or options'
run 0 synapsnet simulate rates --neurons 12 --frames 600 --seed 5 -o sim.h5
run 1 "${fit[@]}" --resume
one_error 'other data or options'
cmp -s good.ckpt model.h5.ckpt || fail "a refused checkpoint was changed"
