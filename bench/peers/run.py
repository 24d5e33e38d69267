"""Peers of SynapsNet on the same splits, scored by the same code.

    python run.py PROGRAM FOLDER NAME=RECORDING[@OPTIONS] ... [--peers NAME ...] [--seeds 0 1] [--workers 1] [--device cpu|cuda]

For each recording: `synapsnet convert --splits`, the fits of fit.py in FOLDER/NAME, and `synapsnet compare --predictions` for
the table. What is there already is not fitted again. Prints the tables in Markdown.
"""
import argparse
import json
import subprocess
from pathlib import Path

import numpy as np

from fit import arguments_of, fit_all
from models import PEERS

LINEAR = "ar,linear-change"  # the reference that every deep model has to beat, from the program itself


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def interval(values, key):
    low, high = values.get(key) or (None, None)
    return "" if low is None else f"{low:+.4f} to {high:+.4f}"


def print_table(label, compared, records, arguments):
    """compared: by seed, the JSON object of compare."""
    first = compared[arguments.seeds[0]]
    bits = first["ranked_by"] == "bits_per_spike"
    metric = "bits_per_spike" if bits else "mse"
    print(f"\n{label}: {metric} of the test frames by seed; difference to SynapsNet of the same seed, 95 %\n")
    seeds = " | ".join(f"seed {s} | difference" for s in arguments.seeds)
    print(f"| model | {seeds} | chosen on validation | parameters | epochs |")
    print("|---|" + "---|---|" * len(arguments.seeds) + "---|---|---|")
    rows = {"SynapsNet": [c["synapsnet"] for c in compared.values()]}
    for name in first["rivals"]:
        rows[name] = [c["rivals"][name] for c in compared.values()]
    for name, values in sorted(rows.items(), key=lambda row: (-1 if bits else 1) * np.mean([v[metric] for v in row[1]])):
        cells = " | ".join(f"{v[metric]:.4f} | {interval(v, metric + '_diff_ci95')}" for v in values)
        record = records.get((name, arguments.seeds[0]))
        choice = parameters = epochs = ""
        if record:
            variant, rate = record["choice"]
            choice = f"rate {rate:g}, " + ", ".join(f"{k} {v}" for k, v in PEERS[name][1][variant].items())
            parameters, epochs = record["parameters"], record["epochs"]
        print(f"| {name} | {cells} | {choice} | {parameters} | {epochs} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder", type=Path)
    parser.add_argument("recordings", nargs="+")
    arguments_of(parser)
    arguments = parser.parse_args()
    recordings = {}
    for item in arguments.recordings:
        label, _, rest = item.partition("=")
        path, _, text = rest.partition("@")
        folder = arguments.folder / label
        recordings[folder] = path, text.split()
        if not (folder / "splits.h5").exists():
            folder.mkdir(parents=True, exist_ok=True)
            run(arguments.program, "convert", path, *text.split(), "--splits", "-o", folder / "splits.h5", "--quiet")
    fit_all(recordings, arguments)
    for folder, (path, options) in recordings.items():
        records = {(name, seed): json.loads((folder / f"{name}-{seed}.json").read_text())
                   for name in arguments.peers for seed in arguments.seeds}
        compared = {}
        for seed in arguments.seeds:
            predictions = [f"--predictions={name}={folder}/{name}-{seed}.npy" for name in arguments.peers]
            scored = folder / f"compare-{seed}.json"
            if not scored.exists() or not set(arguments.peers) <= set(json.loads(scored.read_text())["rivals"]):
                scored.write_text(run(arguments.program, "compare", path, *options, "--seed", seed, "--rivals", LINEAR,
                                      *predictions, "--json", "--quiet"))
            compared[seed] = json.loads(scored.read_text())
        print_table(folder.name, compared, records, arguments)


if __name__ == "__main__":
    main()
