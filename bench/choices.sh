#!/bin/sh
# What each form of the connectivity gives on the same recordings: the table of docs/decisions/connectivity.md.
# Usage: bench/choices.sh PROGRAM [RECORDING[@OPTIONS]...]     (default: two simulations and the shipped recording)
set -eu
program=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# one fit: recording, its options, a label, the options of the choice
try() {
    # shellcheck disable=SC2086
    "$program" fit "$1" $2 $4 --json -o "$work/model.h5" >"$work/fit.json" 2>/dev/null
    edges='{}'
    case $1 in *sim-*.h5)
        "$program" connectivity "$work/model.h5" -o "$work/c.npy" --truth "$1" --json >"$work/edges.json" 2>/dev/null
        edges=$(cat "$work/edges.json") ;;
    esac
    printf '%s' "$edges" >"$work/edges.json"
    python3 - "$work/fit.json" "$work/edges.json" "$3" <<'PYTHON'
import json, sys
fit, edges, label = json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), sys.argv[3]
chosen = fit["connectivity"]
loss = min(c["validation_loss"] for c in fit["candidates"] if chosen["form"] in c["candidate"].split(",")[0].split())
row = [label, f"{loss:.4f}", f"{fit['test']['mse']:.4f}", f"{fit['seconds']:.0f}"]
test = edges.get("test", {})
row += [f"{test[k]:.3f}" if k in test else "" for k in ("pearson_w", "auroc", "auprc")]
print("| " + " | ".join(row) + " |", flush=True)
PYTHON
}

if [ $# -eq 0 ]; then
    "$program" simulate rates --seed 31 -o "$work/sim-rates.h5" >/dev/null
    "$program" simulate celltypes --frames 12000 --seed 31 -o "$work/sim-celltypes.h5" >/dev/null
    set -- "$work/sim-rates.h5" "$work/sim-celltypes.h5" \
        "data/mouse_visual_2p/230803_mrcuts24_fov1_mov_neuro.csv@--rate 16 --hidden 16"
fi
for item in "$@"; do
    recording=${item%%@*}
    options=
    case $item in *@*) options=${item#*@} ;; esac
    printf '\n%s\n\n| connectivity | validation loss | test mse | seconds | pearson_w | auroc | auprc |\n|---|---|---|---|---|---|---|\n' \
        "$(basename "$recording")"
    try "$recording" "$options" none "--connectivity none"
    try "$recording" "$options" "dense, no penalty" "--connectivity dense --strength 0.001 --l1 0"
    try "$recording" "$options" "dense, ridge" "--connectivity dense --l1 0"
    try "$recording" "$options" "dense, L1" "--connectivity dense"
    try "$recording" "$options" "low rank" "--connectivity lowrank"
    try "$recording" "$options" "low rank + sparse" "--connectivity lowrank+sparse"
    try "$recording" "$options" auto ""
done
