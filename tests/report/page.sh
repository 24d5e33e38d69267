#!/usr/bin/env bash
# The page of a small simulated network in a browser: page.sh SYNAPSNET SOURCE
set -euo pipefail
synapsnet=$1 source=$2
command -v chromium >/dev/null || { echo "chromium is missing: run scripts/setup.sh test" >&2; exit 1; }
python=$("$source/scripts/python_env.sh" "$source/build/browser-env" "$source/tests/report/requirements.txt")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for k in 1 2; do "$synapsnet" simulate rates --neurons $((10 + k)) --frames 1200 --seed "$k" -o "sim$k.h5" --quiet; done
# the clock of the second does not start at 0
"$python" -c "
import h5py, numpy as np
with h5py.File('sim2.h5', 'r+') as f:
    f['timestamps'] = 1228345.5 + np.arange(1200) / f.attrs['rate_hz']"
fit() { "$synapsnet" fit --hidden 4 --epochs 30 --seed 3 --quiet "$@"; }
fit sim1.h5 --connectivity dense -o model.h5
fit sim1.h5 sim2.h5 --connectivity dense -o pair.h5
fit sim1.h5 --connectivity none -o none.h5
"$synapsnet" simulate spikes --neurons 12 --frames 1500 --drive 2 --seed 3 -o spikes.h5 --quiet
fit spikes.h5 --connectivity dense -o calcium.h5
"$synapsnet" simulate spikes --view counts --neurons 12 --frames 4000 --seed 1 -o trains_sim.h5 --quiet
fit trains_sim.h5 --connectivity none -o trains.h5
for name in model pair none calcium trains; do "$synapsnet" report "$name.h5" --steps 6 -o "$name.html" --quiet; done
"$synapsnet" evaluate model.h5 --json >evaluate.json
"$synapsnet" connectivity model.h5 --lags 3 --scale zscored -o c.npy --quiet
"$synapsnet" connectivity model.h5 --scale zscored -o c.h5 --json >edges.json
for name in model calcium; do "$synapsnet" connectivity "$name.h5" -o c.csv >"$name.txt"; done
for name in calcium trains none; do "$synapsnet" connectivity "$name.h5" --scale zscored -o "${name}_c.h5" --quiet; done
"$synapsnet" forecast model.h5 --steps 6 -o forecast.h5 --json >forecast.json
"$synapsnet" perturb model.h5 --neuron 3 --steps 6 --states 100 -o response.npy --quiet
"$python" "$source/tests/report/check_page.py" "$work"
