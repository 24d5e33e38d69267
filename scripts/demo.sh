#!/usr/bin/env bash
# The whole way on a shipped recording: scripts/demo.sh PROGRAM FOLDER
set -euo pipefail

program=$1
out=$2
recording=data/mouse_visual_2p/230803_mrcuts24_fov1_grat-000_data.mat
mkdir -p "$out"
rm -f "$out/model.h5.ckpt" # of a demo that was interrupted

step() {
    printf '\n$ synapsnet %s\n' "$*"
    "$program" "$@"
}

echo "Two-photon calcium imaging of 28 neurons of mouse visual cortex, 128 trials of drifting gratings (Park et al. 2024)"
step info "$recording"
step fit "$recording" -o "$out/model.h5"
step evaluate "$out/model.h5"
step forecast "$out/model.h5" --steps 16 -o "$out/forecast.h5"
step connectivity "$out/model.h5" -o "$out/connectivity.csv"
step connectivity "$out/model.h5" -o "$out/connectivity.graphml"
step report "$out/model.h5" -o "$out/report.html"

cat <<EOT

Open these:
  $out/report.html           all figures on one page (any browser, no network needed)
  $out/connectivity.csv      who drives whom: row = receiver, column = sender (any spreadsheet)
  $out/connectivity.graphml  the same as a graph (Gephi, Cytoscape, NetworkX)
  $out/forecast.h5           recorded and predicted activity of the test frames (HDF5)
  $out/model.h5              the model, all options and choices (HDF5)
EOT
