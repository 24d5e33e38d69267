#!/usr/bin/env bash
# Peers of SynapsNet in Python: forecasts on recordings, connectivity on simulated networks; tables into docs/benchmarks.md.
#
#     bench/peers/run.sh [PROGRAM] [NAME=RECORDING[@OPTIONS]...]
#
# Default: build/release/synapsnet (`make peers` builds it first), the shipped recording and the spike counts of a simulated
# network. Hours on two cores. What is in build/peers already is not fitted again, so an interrupted run goes on.
# PEERS_VENV: a Python environment to use or make (default build/peers-venv).
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${1:-build/release/synapsnet}")
[ $# -gt 0 ] && shift
venv=${PEERS_VENV:-build/peers-venv} out=build/peers
mkdir -p $out
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import torch, nemos, tigramite' 2>/dev/null ||
    "$venv/bin/python" -m pip install -q --only-binary :all: -r bench/peers/requirements.txt

"$venv/bin/python" bench/peers/smoke.py
[ -e $out/counts.h5 ] || "$program" simulate spikes --view counts --neurons 20 --frames 20000 --bin 10ms --seed 3 -o $out/counts.h5
[ -e $out/rates.h5 ] || "$program" simulate rates --neurons 30 --seed 21 -o $out/rates.h5
if [ $# -eq 0 ]; then
    set -- "mouse_visual_2p=data/mouse_visual_2p/230803_mrcuts24_fov1_mov_neuro.csv@--rate 16 --orientation neurons-first" \
        "spikes=$out/counts.h5"
fi
"$venv/bin/python" bench/peers/run.py "$program" $out "$@" --threads 2 | tee $out/forecasts.md
"$venv/bin/python" bench/peers/connectivity.py "$program" $out/connectivity "spikes, N=20=$out/counts.h5" \
    "rates, N=30=$out/rates.h5" | tee $out/connectivity.md
"$venv/bin/python" bench/peers/section.py docs/benchmarks.md $out/forecasts.md $out/connectivity.md
