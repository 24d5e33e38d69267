# SIGINT and SIGTERM stop a fit, which says how to go on; --resume ends in the model of an undisturbed fit.
# shellcheck shell=bash
options=(--connectivity dense --strength 100 --l1 0 --hidden 4 --epochs 100 --patience 100 --seed 5)
run 0 synapsnet simulate rates --neurons 12 --frames 900 --seed 2 -o sim.h5
run 0 synapsnet fit sim.h5 "${options[@]}" -o whole.h5 --quiet

# Interrupted as soon as the first checkpoint is there. A background job ignores SIGINT unless told otherwise.
for signal in INT TERM; do
    rm -f model.h5
    last="fit with SIG$signal"
    env --default-signal=INT synapsnet fit sim.h5 "${options[@]}" -o model.h5 >out 2>err &
    fit=$!
    for _ in $(seq 600); do
        [ -e model.h5.ckpt ] && break
        sleep 0.05
    done
    [ -e model.h5.ckpt ] || fail "no checkpoint after 30 s"
    kill -$signal "$fit"
    status=0
    wait "$fit" || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status after SIG$signal, expected 1"
    err '^synapsnet: stopped on request; go on with: synapsnet fit sim.h5 .* --resume$'
    [ ! -e model.h5 ] || fail "an interrupted fit wrote its model"

    run 0 synapsnet fit sim.h5 "${options[@]}" -o model.h5 --quiet --resume
    cmp whole.h5 model.h5 || fail "the resumed model differs from the undisturbed one"
    [ ! -e model.h5.ckpt ] || fail "the checkpoint was left over"
done
