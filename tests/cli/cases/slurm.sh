# examples/slurm.sh: stopped before its time limit, the job goes back into the queue; run again it ends in the model of an
# undisturbed fit. A failure is not tried again. Slurm's own commands are played by two functions.
# shellcheck shell=bash
options=(--connectivity dense --strength 100 --l1 0 --hidden 4 --epochs 100 --patience 100)
run 0 synapsnet simulate rates --neurons 12 --frames 900 --seed 2 -o sim.h5
run 0 synapsnet fit sim.h5 "${options[@]}" -o whole.h5 --quiet

# The limit comes as soon as there is a checkpoint. Slurm signals the steps of a job, not its script.
srun() {
    [ -n "${no_limit-}" ] && { "$@"; return; }
    env --default-signal=INT "$@" &
    for _ in $(seq 600); do
        [ -e model.h5.ckpt ] && break
        sleep 0.05
    done
    kill -INT $!
    wait $!
}
scontrol() { echo "$*" >queue; }
export -f srun scontrol
export SLURM_CPUS_PER_TASK=1 SLURM_JOB_ID=17

run 0 bash "$SOURCE/examples/slurm.sh" sim.h5 model.h5 "${options[@]}" --quiet
[ "$(cat queue)" = "requeue 17" ] || fail "the stopped job did not go back into the queue"
rm queue
rm -f model.h5.ckpt
SLURM_RESTART_COUNT=20 run 1 bash "$SOURCE/examples/slurm.sh" sim.h5 model.h5 "${options[@]}" --quiet
[ ! -e queue ] || fail "a job that was stopped 20 times went back into the queue"
export no_limit=yes
run 0 bash "$SOURCE/examples/slurm.sh" sim.h5 model.h5 "${options[@]}" --quiet
[ ! -e queue ] || fail "the finished job went back into the queue"
cmp whole.h5 model.h5 || fail "the model differs from that of an undisturbed fit"
run 1 bash "$SOURCE/examples/slurm.sh" absent.h5 other.h5 --quiet
one_error 'absent.h5: no such file'
[ ! -e queue ] || fail "a failed job went back into the queue"
