#!/usr/bin/env python3
"""Recovery of the simulated networks at defaults, a row a network.

    bench/recovery.py build/release/synapsnet [celltypes|rates ...] [--seeds 21 22 ...]

ceiling: pearson_w of the simulator's own mean derivative d x_i[t+1] / d x_j[t]. The metric compares C_ij with the true
W_ij, but C_ij = (1 - a_i) W_ij mean(tanh') for `rates`: leak and saturation differ from neuron to neuron, so that no
estimate of C, however good, reaches 1.
"""
import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np


def run(*command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def ceiling(path):
    with h5py.File(path) as f:
        x, W = f["activity"][:].astype(float), f["truth/weights"][:]
        parameters = json.loads(f["truth/parameters"][0])
    slope = 1 - np.tanh(x @ W.T + np.array(parameters["bias"])) ** 2
    share = 1 - np.array(parameters["leak"]) if "leak" in parameters else np.ones(len(W))
    off = ~np.eye(len(W), dtype=bool)
    C = (share * slope.mean(0))[:, None] * W
    return np.corrcoef(C[off], W[off])[0, 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("networks", nargs="*", default=["celltypes", "rates"])
    parser.add_argument("--seeds", nargs="*", default=["21", "22", "31", "111", "112"])
    arguments = parser.parse_args()
    print("| network | seed | form | pearson_w (ceiling) | auroc | auprc | r2 | seconds |\n|---|---|---|---|---|---|---|---|")
    for network in arguments.networks:
        for seed in arguments.seeds:
            with tempfile.TemporaryDirectory() as folder:
                sim, model = Path(folder, "sim.h5"), Path(folder, "model.h5")
                subprocess.run([arguments.program, "simulate", network, "--seed", seed, "-o", sim, "--quiet"], check=True)
                start = time.monotonic()
                fit = run(arguments.program, "fit", sim, "-o", model, "--json", "--quiet")
                seconds = time.monotonic() - start
                test = run(arguments.program, "connectivity", model, "--truth", sim, "-o", Path(folder, "c.npy"), "--json")["test"]
                print(f"| `{network}` | {seed} | {fit['connectivity']['form']} | {test['pearson_w']:.3f} ({ceiling(sim):.3f}) "
                      f"| {test['auroc']:.3f} | {test['auprc']:.3f} | {fit['test']['r2']:.4f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
