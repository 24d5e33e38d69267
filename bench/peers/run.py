"""Peers of SynapsNet on the same splits, scored by the same code.

    python run.py PROGRAM FOLDER NAME=RECORDING[@OPTIONS] ... [--peers NAME ...] [--seeds 0 1] [--epochs 300] [--patience 15]

For each recording: `synapsnet convert --splits`, every peer fitted to `train` with choices on `validation`, its predictions
of `test` in FOLDER/NAME/PEER-SEED.npy, and `synapsnet compare --predictions` for the table. What is there already is not
fitted again. Prints the tables in Markdown.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

import data
from models import PEERS
from trainer import fit

LINEAR = "ar,linear-change"  # the reference that every deep model has to beat, from the program itself


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout


def fit_peers(r, folder, arguments):
    """Fits what is not there yet; records of all by (peer, seed)."""
    records = {}
    for name in arguments.peers:
        build, variants = PEERS[name]
        chosen = None
        for seed in arguments.seeds:
            stem = folder / f"{name}-{seed}"
            if not stem.with_suffix(".json").exists():
                prediction, record, _ = fit(build, variants, r, seed, arguments.epochs, arguments.patience, chosen)
                np.save(stem.with_suffix(".npy"), prediction.astype(np.float32))
                stem.with_suffix(".json").write_text(json.dumps(record))
                print(f"{r.name}: {name}, seed {seed}: validation loss {record['validation_loss']:.4f} after "
                      f"{record['epochs']} epochs, {record['seconds']:.0f} s of CPU in all", file=sys.stderr, flush=True)
            records[name, seed] = json.loads(stem.with_suffix(".json").read_text())
            chosen = records[name, seed]["choice"]  # variant and rate are those of the first seed
    return records


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
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--patience", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for item in arguments.recordings:
        label, _, rest = item.partition("=")
        path, _, text = rest.partition("@")
        options, folder = text.split(), arguments.folder / label
        folder.mkdir(parents=True, exist_ok=True)
        run(arguments.program, "convert", path, *options, "--splits", "-o", folder / "splits.h5", "--quiet")
        [r] = data.load(folder / "splits.h5")
        records = fit_peers(r, folder, arguments)
        compared = {}
        for seed in arguments.seeds:
            predictions = [f"--predictions={name}={folder}/{name}-{seed}.npy" for name in arguments.peers]
            scored = folder / f"compare-{seed}.json"
            if not scored.exists() or not set(arguments.peers) <= set(json.loads(scored.read_text())["rivals"]):
                scored.write_text(run(arguments.program, "compare", path, *options, "--seed", seed, "--rivals", LINEAR,
                                      *predictions, "--json", "--quiet"))
            compared[seed] = json.loads(scored.read_text())
        print_table(label, compared, records, arguments)


if __name__ == "__main__":
    main()
