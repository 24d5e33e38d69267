#!/usr/bin/env python3
"""What share of the test frames the 95 % intervals of forecasts hold, by step.

    bench/intervals.py PROGRAM NAME=RECORDING[@OPTIONS] ...

Fits each recording at defaults and prints a row: one step ahead over all test frames, and rollouts after 1, 5 and 20 steps.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = (1, 5, 20)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    print("| recording | one step ahead | " + " | ".join(f"step {k} of rollouts" for k in STEPS) + " |\n|---|---|" + "---|" * len(STEPS))
    for item in sys.argv[2:]:
        name, _, rest = item.partition("=")
        path, _, options = rest.partition("@")
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model.h5"
            subprocess.run([sys.argv[1], "fit", path, *options.split(), "-o", model, "--quiet"], check=True)
            told = subprocess.run([sys.argv[1], "forecast", model, "--steps", str(max(STEPS)), "-o", Path(folder) / "f.h5", "--json"],
                                  check=True, capture_output=True, text=True)
        found = json.loads(told.stdout)
        cells = [found["one_step_coverage"], *(found["coverage"][k - 1] for k in STEPS)]
        print(f"| {name} | " + " | ".join("" if v is None else f"{v:.3f}" for v in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
