#!/usr/bin/env python3
"""Test mse against minutes of a new animal's data: `adapt` beside a fit from scratch.

    bench/adapt.py build/release/synapsnet --source A.mat B.mat ... --new C.mat [--shares 0.1 0.2 0.4 1]

The source model is fitted on all of the sources. Of the new recording the last 15 % of its trials are the test split, the
same for every row; of the trials before them the last ones are given, in shares of a whole recording. A quarter of what is
given is the validation split. Every recording is opened as `synapsnet convert` reads it, without behaviour.
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
    """The same recording with the last share of its trials before the test split; returns shares and seconds."""
    with h5py.File(whole) as f:
        x, segments, rate = f["activity"][:], f["segments"][:], f.attrs["rate_hz"]
        signal = f["activity"].attrs["signal"]
    n_test = round(0.15 * len(segments))
    last = len(segments) - n_test
    given = min(round(share * len(segments)), last)
    kept = segments[last - given :]
    lengths = kept[:, 1] - kept[:, 0]
    stops = np.cumsum(lengths)
    with h5py.File(path, "w") as f:
        f.attrs.update(synapsnet_format="recording", format_version=1, rate_hz=rate)
        f["activity"] = np.concatenate([x[a:b] for a, b in kept])
        f["activity"].attrs["signal"] = signal
        f["segments"] = np.stack([stops - lengths, stops], 1)
    n = given + n_test
    return 0.75 * given / n, 0.25 * given / n, lengths[:given].sum() / rate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--source", nargs="+", required=True)
    parser.add_argument("--new", nargs="+", required=True)
    parser.add_argument("--shares", nargs="+", type=float, default=[0.1, 0.2, 0.4, 0.85])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sources = [Path(folder, f"source{k}.h5") for k in range(len(arguments.source))]
        for recording, path in zip(arguments.source, sources):
            convert(arguments.program, recording, path)
        model = Path(folder, "source_model.h5")
        subprocess.run([arguments.program, "fit", *sources, "-o", model, "--quiet"], check=True)
        print("| new recording | minutes | from scratch | `adapt` | decoder |\n|---|---|---|---|---|")
        for recording in arguments.new:
            whole, part = Path(folder, "whole.h5"), Path(folder, "part.h5")
            convert(arguments.program, recording, whole)
            for share in arguments.shares:
                train, validation, seconds = shorten(whole, part, share)
                options = ["--train", f"{train:.4f}", "--validation", f"{validation:.4f}", "--quiet", "--json"]
                scratch = run(arguments.program, "fit", part, "-o", Path(folder, "scratch.h5"), *options)
                adapted = run(arguments.program, "adapt", model, part, "-o", Path(folder, "adapted.h5"), *options)
                print(f"| {Path(recording).stem} | {seconds / 60:.1f} | {scratch['test']['mse']:.4f} "
                      f"| {adapted['test']['mse']:.4f} | {adapted['adapted']['decoder']} |", flush=True)


if __name__ == "__main__":
    main()
