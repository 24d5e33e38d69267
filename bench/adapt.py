#!/usr/bin/env python3
"""Test mse (bits per spike of counts) against minutes of a new animal's data: `adapt` beside a fit from scratch.

    bench/adapt.py build/release/synapsnet --source A.mat B.mat ... --new C.mat [--shares 0.1 0.2 0.4 1] [--seeds 0 1 2]

The source model is fitted on all of the sources, with each seed. Of the new recording the last 15 % of its trials (of its frames, if it has
fewer than 20 trials) are the test split, the same for every row; of what is before them the last part is given, in shares of
a whole recording. A quarter of what is given is the validation split. Every recording is opened as `synapsnet convert` reads
it, without behaviour; one that takes options is converted with them first.
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import h5py
import numpy as np


def run(*command):
    return json.loads(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout)


def convert(program, recording, path):
    subprocess.run([program, "convert", recording, "-o", path, "--quiet"], check=True)
    with h5py.File(path, "a") as f:
        f.pop("behavior", None)


def shorten(whole, path, share):
    """The same recording with the last share before the test split; returns train and validation shares and seconds."""
    with h5py.File(whole) as f:
        x, rate = f["activity"][:], f.attrs["rate_hz"]
        segments = f["segments"][:] if "segments" in f else np.array([[0, len(x)]])
        signal = f["activity"].attrs["signal"]
    trials = len(segments) >= 20
    pieces = segments if trials else np.stack([np.arange(len(x)), np.arange(len(x)) + 1], 1)
    n_test = round(0.15 * len(pieces))
    last = len(pieces) - n_test
    given = min(round(share * len(pieces)), last)
    kept = pieces[last - given :]
    lengths = kept[:, 1] - kept[:, 0]
    stops = np.cumsum(lengths)
    starts = stops - lengths
    if not trials:  # what follows in one segment is one
        new = np.isin(kept[:, 0], segments[:, 0])
        new[0] = True
        starts, stops = starts[new], np.append(starts[new][1:], stops[-1])
    with h5py.File(path, "w") as f, h5py.File(whole) as original:
        f.attrs.update(synapsnet_format="recording", format_version=1, rate_hz=rate)
        f["activity"] = np.concatenate([x[a:b] for a, b in kept])
        f["activity"].attrs["signal"] = signal
        f["segments"] = np.stack([starts, stops], 1)
        if "neurons" in original:
            original.copy("neurons", f)
    n = given + n_test
    return 0.75 * given / n, 0.25 * given / n, lengths[:given].sum() / rate


def score(result):
    return result["test"].get("bits_per_spike") or result["test"]["mse"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--source", nargs="+", required=True)
    parser.add_argument("--new", nargs="+", required=True)
    parser.add_argument("--shares", nargs="+", type=float, default=[0.1, 0.2, 0.4, 0.85])
    parser.add_argument("--seeds", nargs="+", default=["0"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sources = [Path(folder, f"source{k}.h5") for k in range(len(arguments.source))]
        for recording, path in zip(arguments.source, sources):
            convert(arguments.program, recording, path)
        models = {seed: Path(folder, f"source_model{seed}.h5") for seed in arguments.seeds}
        for seed, model in models.items():
            subprocess.run([arguments.program, "fit", *sources, "-o", model, "--seed", seed, "--quiet"], check=True)
        print("| new recording | minutes | seed | from scratch | `adapt` | decoder |\n|---|---|---|---|---|---|")
        for recording in arguments.new:
            whole, part = Path(folder, "whole.h5"), Path(folder, "part.h5")
            convert(arguments.program, recording, whole)
            for share in arguments.shares:
                train, validation, seconds = shorten(whole, part, share)
                for seed in arguments.seeds:
                    options = ["--train", f"{train:.4f}", "--validation", f"{validation:.4f}", "--seed", seed, "--quiet", "--json"]
                    scratch = run(arguments.program, "fit", part, "-o", Path(folder, "scratch.h5"), *options)
                    adapted = run(arguments.program, "adapt", models[seed], part, "-o", Path(folder, "adapted.h5"), *options)
                    print(f"| {Path(recording).stem} | {seconds / 60:.1f} | {seed} | {score(scratch):.4f} "
                          f"| {score(adapted):.4f} | {adapted['adapted']['decoder']} |", flush=True)


if __name__ == "__main__":
    main()
