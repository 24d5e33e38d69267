"""Virtual against true stimulation of simulated networks: the correlation over all pairs of neurons.

    python3 bench/perturb.py PROGRAM [KIND:SEED...]       (default celltypes:101 and rates:111; numpy and h5py)

The true response is that of the simulator itself: from the very states of the test split that the model starts from, the
network is run on with and without the pulse, under the same noise, DRAWS times. Beside it stands what the connectivity
alone says of the same responses.
"""
import json
import subprocess
import sys
import tempfile

import h5py
import numpy as np

DRAWS, STATES, STEPS = 5, 200, (1, 5, 20)


def network(parameters):
    """x[t+1] from x[t] (rows: runs), the input and standard normal noise, as in src/simulation."""
    b = np.array(parameters["bias"])
    if parameters["kind"] == "celltypes":
        return lambda x, current, noise: np.tanh(current + b) + parameters["noise_sd"] * noise
    if parameters["kind"] == "rates":
        a = np.array(parameters["leak"])
        s = parameters["noise_sd"] * np.sqrt(1 - a * a)
        return lambda x, current, noise: a * x + (1 - a) * np.tanh(current + b) + s * noise
    sys.exit(f"{parameters['kind']}: expected a simulation of celltypes or rates")


def true_response(simulation, start, pulse, steps):
    """Mean over states, draws and steps: [N][N], row = receiver, column = stimulated."""
    with h5py.File(simulation) as f:
        x, weights = f["activity"][:].astype(float), f["truth/weights"][:]
        parameters = json.loads(f["truth/parameters"][:].item())
    if parameters["unobserved"] > 0 or parameters["drive"] > 0:
        sys.exit("expected a simulation whose neurons are all observed, without a drive")
    update, N = network(parameters), len(weights)
    random, total = np.random.default_rng(0), np.zeros((N, N))
    for frame in start:
        for _ in range(DRAWS):
            runs = np.repeat(x[frame - 1][None], N + 1, axis=0)  # the last row goes without a pulse
            runs[np.arange(N), np.arange(N)] += pulse
            for _ in range(steps):
                runs = update(runs, runs @ weights.T, random.standard_normal(N))
                total += (runs[:N] - runs[N]).T
    return total / (len(start) * DRAWS * steps)


def predictions(program, simulation, model, steps, work):
    """What is said of the response in raw units, by name; the states and pulses that it is said of."""
    rows = {}
    for noise in "residuals", "none":
        subprocess.run([program, "perturb", model, simulation, "--neuron", "all", "--steps", str(steps), "--states",
                        str(STATES), "--noise", noise, "-o", f"{work}/r.h5", "--quiet"], check=True)
        with h5py.File(f"{work}/r.h5") as f:
            start, pulse = f["start_frame"][:], f["pulse/raw"][:]
            scale = pulse / f["pulse/zscored"][:]
            rows[f"perturb --noise {noise}"] = f["over_steps/response"][:] * scale[:, None]
    subprocess.run([program, "connectivity", model, "-o", f"{work}/c.h5", "--quiet"], check=True)
    with h5py.File(f"{work}/c.h5") as f:
        rows["C(0)"] = f["effective"][0] * pulse
        rows["learned W"] = f["weights"][:] * pulse
    with h5py.File(simulation) as f:
        rows["true W"] = f["truth/weights"][:] * pulse
    return rows, start, pulse


def main():
    program, networks = sys.argv[1], sys.argv[2:] or ["celltypes:101", "rates:111"]
    title = None
    with tempfile.TemporaryDirectory() as work:
        simulation, model = f"{work}/sim.h5", f"{work}/model.h5"
        for kind, seed in (network.split(":") for network in networks):
            subprocess.run([program, "simulate", kind, "--seed", seed, "-o", simulation, "--quiet"], check=True)
            subprocess.run([program, "fit", simulation, "-o", model, "--quiet"], check=True)
            for steps in STEPS:
                rows, start, pulse = predictions(program, simulation, model, steps, work)
                truth = true_response(simulation, start, pulse, steps)
                if not title:
                    title = ["network", "seed", "steps", *rows]
                    print("| " + " | ".join(title) + " |\n" + "|---" * len(title) + "|")
                off = ~np.eye(len(truth), dtype=bool)
                r = [f"{np.corrcoef(row[off], truth[off])[0, 1]:.3f}" for row in rows.values()]
                print("| " + " | ".join([f"`{kind}`, N={len(truth)}", seed, f"1 to {steps}", *r]) + " |", flush=True)


main()
