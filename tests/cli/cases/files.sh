# Output that cannot be written is found out before the work, and says so in one line.
# shellcheck shell=bash
run 1 synapsnet simulate rates -o missing/sim.h5
one_error "missing/sim.h5: cannot write into folder 'missing': No such file"
run 1 synapsnet fit nothing.h5 -o model.h5
one_error 'nothing.h5'
run 1 synapsnet evaluate nothing.h5
one_error 'nothing.h5'
run 1 synapsnet info nothing.h5 --config nothing.ini
one_error 'nothing.ini'

printf 'neurons = 5\nneurns = 6\n' >bad.ini
run 2 synapsnet simulate rates --config bad.ini -o sim.h5
one_error "bad.ini: line 2: unknown option 'neurns'; did you mean 'neurons'"

run 1 sh -c 'synapsnet help >/dev/full'
err 'standard output: No space left'

# a folder is no file, for any command and before any work
mkdir folder
while read -r command; do
    for name in folder folder/ absent/; do
        eval "set -- $command"
        run 1 synapsnet "$@" -o "$name"
        one_error "^synapsnet: $name: is a folder; expected the name of a file"
    done
done <<'COMMANDS'
simulate rates
convert nothing.h5
fit nothing.h5
adapt nothing.h5 nothing.csv
forecast nothing.h5
connectivity nothing.h5
perturb nothing.h5 --neuron 1
report nothing.h5
COMMANDS
rmdir folder

# nor is a pipe or a device, whose place the finished file would take
mkfifo pipe
run 1 synapsnet simulate rates -o pipe
one_error 'pipe: is a device or a pipe; expected the name of a file'
[ -p pipe ] || fail 'the pipe was replaced'
rm pipe

run 0 synapsnet simulate rates --neurons 5 --frames 50 -o sim.h5

# HDF5 under the name of another kind of file would be taken for that; of a fit it is found out before the work
while read -r command; do
    eval "set -- $command"
    run 2 synapsnet "$@"
    one_error "output: found '${*: -1}'; expected a name that ends in .h5"
done <<'COMMANDS'
simulate rates --neurons 5 --frames 50 -o sim.csv
convert sim.h5 -o sim.npz
fit sim.h5 -o model.mat
COMMANDS
[ "$(ls)" = "$(printf 'bad.ini\nerr\nout\nsim.h5')" ] || fail "files were left over: $(ls)"
