# A disk that fills up: one line that says so and why, exit status 1, nothing left over. A limit on the size of files
# stands for it.
# shellcheck shell=bash
run 0 synapsnet simulate rates --neurons 12 --frames 900 --seed 2 -o sim.h5
run 0 synapsnet fit sim.h5 --connectivity dense --strength 100 --l1 0 --hidden 4 --epochs 2 -o model.h5 --quiet

# The command may write no file of more than so many KiB.
limited() {
    trap '' XFSZ
    ulimit -f "$1"
    shift
    exec "$@"
}
run_limited() { run 1 bash -c "$(declare -f limited); limited \"\$@\"" limited "$@"; }

mkdir full
# A few KiB are refused while the file is written, more only when it is closed.
for kib in 1 2 3 4 6; do
    while read -r output command; do
        eval "set -- $command"
        run_limited $kib synapsnet "$@" -o "full/$output"
        one_error "full/$output: could not be written: File too large"
        [ -z "$(ls full)" ] || fail "files were left over: $(ls full)"
    done <<'COMMANDS'
c.h5 connectivity model.h5
f.h5 forecast model.h5 --steps 3
p.h5 perturb model.h5 --neuron all --steps 3 --states 20
r.h5 convert sim.h5
s.h5 simulate rates --neurons 12 --frames 900
splits.h5 convert sim.h5 --splits
c.npy connectivity model.h5 --lags 10
c.csv connectivity model.h5 --lags 5
c.graphml connectivity model.h5
COMMANDS
done

# A report of several files is there as a whole or not at all. The first one on a system fills the cache of fontconfig,
# which says so where it cannot.
run 0 synapsnet report model.h5 -o fonts.pdf
for kib in 4 12; do
    for extension in html json pdf svg png; do
        run_limited $kib synapsnet report model.h5 -o full/r.$extension
        one_error "full/r[a-z-]*.$extension: could not be written: File too large"
        [ -z "$(ls full)" ] || fail "files were left over: $(ls full)"
    done
done

# A fit keeps its checkpoint, says so, and can be gone on with.
options=(--connectivity dense --strength 100 --l1 0 --hidden 4 --epochs 2 --quiet)
run 0 synapsnet fit sim.h5 "${options[@]}" -o whole.h5
run_limited 12 synapsnet fit sim.h5 "${options[@]}" -o full/m.h5
err '^synapsnet: full/m.h5(.ckpt)?: could not be written: File too large'
err '^synapsnet: full/m.h5.ckpt holds what was reached: the same command with --resume goes on from there$'
run 0 synapsnet fit sim.h5 "${options[@]}" -o full/m.h5 --resume
cmp whole.h5 full/m.h5 || fail "the resumed model is another one"
