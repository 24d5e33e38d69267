"""Forecasts of simulated recordings of many kinds that no part of the program was made for.

    python3 bench/kinds.py PROGRAM [--kinds NAME...] [--seed 2] [--folder build/kinds] [--rivals]

Writes each kind as an npz and prints the test score of a fit at defaults, or, with --rivals, that of `compare`: SynapsNet, its
best rival, and the 95 % interval of the difference.
"""

import argparse
import json
import pathlib
import subprocess

import numpy as np


def fluorescence(events, decay, noise, rng):
    """[T][N]: every event decays over `decay` frames, under white noise."""
    trace = np.zeros(events.shape)
    for t in range(1, len(events)):
        trace[t] = np.exp(-1 / decay) * trace[t - 1] + events[t]
    return trace + noise * rng.standard_normal(trace.shape)


def smooth(T, kernel, rng):
    return np.convolve(rng.standard_normal(T), kernel, "full")[:T]


def rotating(T, dimensions, rng):
    """[T][dimensions] of slow rotations and a slow drift."""
    A = np.zeros((dimensions, dimensions))
    for k, (turn, radius) in enumerate([(0.05, 0.98), (0.15, 0.97)]):
        A[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = radius * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    A[4, 4] = 0.99
    z = np.zeros((T, dimensions))
    for t in range(1, T):
        z[t] = A @ z[t - 1] + 0.2 * rng.standard_normal(dimensions)
    return z


def plds(rng):
    """Poisson counts of 80 neurons that see a linear dynamical system of five dimensions."""
    N, T = 80, 6000
    drive = rotating(T, 5, rng) @ rng.standard_normal((5, N)) * 0.4 + np.log(rng.gamma(2, 0.15, N) + 0.02)
    return {"counts": rng.poisson(np.exp(np.clip(drive, -6, 2.5))).astype(np.int16), "rate_hz": 50.0}


def lorenz(rng):
    """Counts of 30 neurons in 120 trials, each along a piece of the Lorenz attractor."""
    N, trials, L = 30, 120, 100
    readout = rng.standard_normal((3, N)) * 0.35
    counts = []
    for _ in range(trials):
        x, path = rng.standard_normal(3) * 5 + [0, 0, 25], []
        for _ in range(4 * (L + 200)):
            x = x + 0.0025 * np.array([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])
            path.append(x)
        z = (np.array(path)[800::4] - [0, 0, 25]) / [8, 9, 8]
        counts.append(rng.poisson(np.exp(np.clip(z @ readout - 1.8, -6, 2))))
    segments = np.arange(trials)[:, None] * L + [0, L]
    return {"counts": np.concatenate(counts).astype(np.int16), "segments": segments, "bin_s": 0.01}


def ring(rng):
    """Fluorescence of 100 head-direction cells."""
    N, T = 100, 5000
    heading = np.cumsum(0.08 * np.convolve(rng.standard_normal(T), np.ones(10) / 3, "same"))
    preferred = np.linspace(0, 2 * np.pi, N, endpoint=False)
    events = rng.poisson(0.02 + 0.5 * np.exp(4 * (np.cos(heading[:, None] - preferred) - 1)))
    return {"F": fluorescence(events, 8, 0.2, rng).astype(np.float32), "rate_hz": 10.0}


def oscillators(rng):
    """40 noisy Kuramoto oscillators with sparse coupling."""
    N, T = 40, 2500
    frequency, phase = rng.normal(0.3, 0.08, N), rng.random(N) * 6
    coupling = rng.random((N, N)) * (rng.random((N, N)) < 0.15) * 0.25
    x = np.zeros((T, N))
    for t in range(T):
        for _ in range(5):
            pull = (coupling * np.sin(phase[None, :] - phase[:, None])).sum(1)
            phase = phase + 0.2 * (frequency + pull) + 0.03 * rng.standard_normal(N)
        x[t] = np.cos(phase)
    return {"lfp": (x + 0.1 * rng.standard_normal(x.shape)).astype(np.float32), "rate_hz": 100.0}


def drift(rng):
    """Fluorescence of 60 sparsely connected neurons on drifting baselines."""
    N, T = 60, 3000
    W = (rng.random((N, N)) < 0.06) * rng.normal(0.35, 0.1, (N, N))
    np.fill_diagonal(W, 0)
    events = np.zeros((T, N))
    for t in range(1, T):
        events[t] = rng.poisson(np.clip(0.03 + 0.5 * (events[t - 1] @ W), 0, 2))
    baseline = np.cumsum(rng.standard_normal((T, N)) * 0.02, 0) + np.linspace(0, 1, T)[:, None] * rng.normal(-1, 0.6, N)
    return {"F": (fluorescence(events, 15, 0.15, rng) + baseline).astype(np.float32), "rate_hz": 20.0}


def gratings(rng):
    """Fluorescence of 70 orientation-tuned neurons in 160 trials, with stimulus and running as behaviour."""
    N, trials, L = 70, 160, 40
    preferred = rng.random(N) * np.pi
    W = (rng.random((N, N)) < 0.05) * rng.normal(0.1, 0.1, (N, N))
    F, behavior = [], []
    for _ in range(trials):
        angle, on = rng.integers(8) * np.pi / 8, np.zeros(L)
        on[10:30] = 1
        running = np.abs(np.cumsum(rng.standard_normal(L) * 0.1) + rng.standard_normal())
        events = np.zeros((L, N))
        for t in range(1, L):
            tuned = np.exp(3 * (np.cos(2 * (angle - preferred)) - 1))
            rate = 0.05 + 0.4 * on[t - 1] * tuned * (1 + 0.4 * running[t - 1]) + 0.4 * (events[t - 1] @ W)
            events[t] = rng.poisson(np.clip(rate, 0, 3))
        F.append(fluorescence(events, 6, 0.3, rng))
        behavior.append(np.c_[on * np.cos(2 * angle), on * np.sin(2 * angle), on, running])
    return {
        "F": np.concatenate(F).astype(np.float32),
        "behavior": np.concatenate(behavior).astype(np.float32),
        "segments": np.arange(trials)[:, None] * L + [0, L],
        "rate_hz": 15.0,
    }


def chaos(rng):
    """150 rates of a chaotic random network, seen through noise."""
    N, T = 150, 4000
    J = rng.standard_normal((N, N)) / np.sqrt(N) * 1.5
    x, rates = rng.standard_normal(N), np.zeros((T, N))
    for t in range(-200, T):
        for _ in range(2):
            x = x + 0.15 * (-x + J @ np.tanh(x)) + 0.02 * rng.standard_normal(N)
        rates[max(t, 0)] = np.tanh(x)
    return {"rates": (rates + 0.05 * rng.standard_normal(rates.shape)).astype(np.float32), "rate_hz": 30.0}


def wave(rng):
    """50 places that two travelling waves pass."""
    N, T = 50, 3000
    place, t = rng.random((N, 2)), np.arange(T)[:, None]
    kernel = np.exp(-np.arange(60) / 15)
    first, second = smooth(T, kernel, rng)[:, None], smooth(T, kernel, rng)[:, None]
    x = first * np.cos(place @ [6, 2] - 0.25 * t) + second * np.sin(place @ [-2, 5] - 0.12 * t)
    return {"x": (x + 0.6 * rng.standard_normal((T, N))).astype(np.float32), "rate_hz": 20.0}


def hawkes(rng):
    """Spikes of 50 self-inhibiting neurons of both signs that excite and inhibit each other."""
    N, T = 50, 30000
    W = (rng.random((N, N)) < 0.1) * np.where(rng.random(N) < 0.8, 0.25, -0.5)[:, None]
    np.fill_diagonal(W, 0)
    base, field, own, spikes = np.log(rng.gamma(3, 0.015, N)), np.zeros(N), np.zeros(N), np.zeros(N)
    counts = np.zeros((T, N), np.int16)
    for t in range(T):
        field = field * np.exp(-1 / 3) + spikes @ W
        own = own * 0.6 - 1.5 * spikes
        spikes = counts[t] = rng.poisson(np.exp(np.clip(base + field + own, -9, 0.7)))
    return {"counts": counts, "rate_hz": 100.0}


def deconvolved(rng):
    """Deconvolved fluorescence: sparse, of odd sizes, with false events and missed ones."""
    N, T = 150, 4000
    common = smooth(T, np.exp(-np.arange(100) / 20), rng) * 0.2
    follows = rng.random(N) < 0.4
    W = (rng.random((N, N)) < 0.04) * rng.normal(0.15, 0.05, (N, N))
    events = np.zeros((T, N))
    for t in range(1, T):
        rate = 0.02 * np.exp(np.where(follows, 1.2 * common[t], 0)) + 0.5 * np.minimum(events[t - 1], 3) @ W
        events[t] = rng.poisson(np.clip(rate, 0, 2))
    sizes = events * rng.gamma(3, 40, (T, N)) * (rng.random((T, N)) < 0.9)
    return {"spks": (sizes + np.maximum(rng.standard_normal((T, N)) * 10 - 8, 0)).astype(np.float32), "rate_hz": 15.0}


def field_potentials(rng):
    """16 channels that mix eight narrow-band sources."""
    T = 10000
    sources = np.zeros((T, 8))
    for k, hertz in enumerate([10, 12, 20, 25, 6, 8, 30, 40]):
        turn = 2 * np.cos(2 * np.pi * hertz / 250) * 0.98
        noise = rng.standard_normal(T)
        for t in range(2, T):
            sources[t, k] = turn * sources[t - 1, k] - 0.98**2 * sources[t - 2, k] + noise[t]
    x = sources @ rng.standard_normal((8, 16)) / 5 + 0.3 * rng.standard_normal((T, 16))
    return {"x": x.astype(np.float32), "rate_hz": 250.0}


def up_and_down(rng):
    """Counts of 120 neurons that share up and down states."""
    N, T = 120, 2400
    up, state = np.zeros(T), False
    for t in range(T):
        state = rng.random() > 0.1 if state else rng.random() < 0.06
        up[t] = state
    return {"counts": rng.poisson(0.05 + up[:, None] * rng.gamma(2, 0.5, N)).astype(np.int16), "rate_hz": 20.0}


def few(rng):
    """Five channels of a linear system, 500 frames."""
    A = np.array([[0.8, 0, 0.1, 0, 0], [0.2, 0.7, 0, 0, 0], [0, -0.3, 0.6, 0, 0], [0, 0, 0.3, 0.7, 0], [0, 0, 0, 0.2, 0.8]])
    x = np.zeros((500, 5))
    for t in range(1, 500):
        x[t] = A @ x[t - 1] + 0.3 * rng.standard_normal(5)
    return {"x": x.astype(np.float32), "rate_hz": 5.0}


KINDS = [plds, lorenz, ring, oscillators, drift, gratings, chaos, wave, hawkes, deconvolved, field_potentials, up_and_down, few]


def run(program, command, path, behavior, options):
    extra = ["--behavior", f"{path}:behavior"] if behavior else []
    done = subprocess.run([program, command, path, *extra, *options, "--json", "--quiet"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def best_rival(result):
    """Of models that are no part of SynapsNet."""
    metric = result["ranked_by"]
    sign = 1 if metric == "mse" else -1
    rivals = {name: r for name, r in result["rivals"].items() if not name.startswith("no-") and metric in r}
    return min(rivals, key=lambda name: sign * rivals[name][metric])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--kinds", nargs="+", choices=[k.__name__ for k in KINDS], default=[k.__name__ for k in KINDS])
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build/kinds"))
    parser.add_argument("--threads", default="auto")
    parser.add_argument("--rivals", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print("| kind | N x T | metric | SynapsNet | " + ("best rival | its score | less SynapsNet, 95 % |" if arguments.rivals else "seconds |"))
    print("|---|---|---|---|" + ("---|---|---|" if arguments.rivals else "---|"))
    for kind in KINDS:
        if kind.__name__ not in arguments.kinds:
            continue
        arrays = kind(np.random.default_rng([arguments.seed, KINDS.index(kind)]))
        path = arguments.folder / f"{kind.__name__}-{arguments.seed}.npz"
        np.savez(path, **arrays)
        T, N = next(iter(arrays.values())).shape
        options = ["--threads", arguments.threads]
        if arguments.rivals:
            result = run(arguments.program, "compare", path, "behavior" in arrays, options)
            metric, name = result["ranked_by"], best_rival(result)
            row = result["rivals"][name]
            low, high = row["mse_diff_ci95" if metric == "mse" else "bits_per_spike_diff_ci95"]
            cells = f"{result['synapsnet'][metric]:.4f} | {name} | {row[metric]:.4f} | {low:+.4f} to {high:+.4f}"
        else:
            result = run(arguments.program, "fit", path, "behavior" in arrays, [*options, "-o", path.with_suffix(".h5")])
            metric = "bits_per_spike" if "bits_per_spike" in result["test"] else "mse"
            cells = f"{result['test'][metric]:.4f} | {result['seconds']:.0f}"
        print(f"| {kind.__doc__.split('.')[0]} | {N} x {T} | {metric} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
