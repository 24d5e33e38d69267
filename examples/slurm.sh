#!/bin/bash
# A fit as a Slurm job that outlives its time limit: sbatch examples/slurm.sh RECORDING MODEL.h5 [OPTION...]
#
# Two minutes before the limit Slurm sends SIGINT: the fit saves its checkpoint and stops, and the job goes back into the queue.
# --resume goes on from there, or starts where there is no checkpoint yet. The model is that of an undisturbed fit, to the bit.
#SBATCH --job-name=synapsnet
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --time=04:00:00
#SBATCH --signal=INT@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
recording=$1 model=$2
shift 2

srun synapsnet fit "$recording" -o "$model" --threads "$SLURM_CPUS_PER_TASK" --resume "$@" && exit
status=$?
[ -e "$model.ckpt" ] || exit "$status" # it failed, and says why above
# A fit that fails each time, for want of memory, say, must not go round for ever.
[ "${SLURM_RESTART_COUNT:-0}" -lt 20 ] || exit "$status"
scontrol requeue "$SLURM_JOB_ID"
