#!/usr/bin/env python3
"""Test mse of fits at defaults, beside the same model without connectivity, copy-last and the mean.

    bench/fits.py PROGRAM NAME=RECORDING[@OPTIONS] ...

Prints a row for each recording. In brackets: the 95 % interval of the model without connectivity minus SynapsNet, unless that
is the model that was chosen.
"""
import json
import subprocess
import sys
import tempfile

HEADING = "| recording | N x T | SynapsNet | no connectivity | copy-last | mean |\n|---|---|---|---|---|---|"


def row(name, told):
    recording, mse = told["recordings"][0], {k: v["mse"] for k, v in told["baselines"].items()}
    less = told["intervals"].get("mse no connectivity - synapsnet")
    without = f"{mse['no connectivity']:.4f} ({less['low']:+.4f} to {less['high']:+.4f})" if less else "chosen"
    return (f"| {name} | {recording['neurons']} x {recording['frames']} | {told['test']['mse']:.4f} | {without} | "
            f"{mse['copy-last']:.4f} | {mse['mean']:.4f} |")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    print(HEADING)
    for item in sys.argv[2:]:
        name, _, rest = item.partition("=")
        path, _, options = rest.partition("@")
        with tempfile.TemporaryDirectory() as folder:
            told = subprocess.run([sys.argv[1], "fit", path, *options.split(), "-o", f"{folder}/m.h5", "--json", "--quiet"],
                                  check=True, capture_output=True, text=True)
        print(row(name, json.loads(told.stdout)), flush=True)


if __name__ == "__main__":
    main()
