"""Whether the edges can be believed: false alarms without connections, false discoveries and power on networks whose truth
is known beside ridge VAR(1) with the same control, and the standard errors against refits on shifted senders.

    python3 bench/significance.py PROGRAM [null:SEED|celltypes:SEED|rates:SEED|spikes:SEED|calcium:SEED|long:SEED|fluor:SEED|shifts:SEED|FILE.npz:MS ...]

Needs numpy, scipy and h5py. null: 40 independent neurons (autoregression of 0.95) that share a behaviour, 5,000 frames.
celltypes: N=100, T=10,000. rates: its defaults. Of both the share of true edges that lie in their intervals is printed too.
spikes: N=60, T=10,000, counts. calcium: the fluorescence of these.
long: counts, and fluor: fluorescence, with N=100, T=50,000. spikes-X and calcium-X: a quarter or half of all pairs are
connected, half or mosthidden (0.8) of the neurons are not recorded, driven by a behaviour of 2, unseen: by one that is not recorded,
halfhidden: both halves. rates-driven and rates-unseen: by a behaviour of 1. longdriven, longunseen, fluordriven and fluorunseen: long and fluor with a behaviour of 2.
Edges of counts and of fluorescence do not depend on the model: the quickest one is fitted.
assemblies: counts of 60 neurons in 6 assemblies, half of whose pairs excite each other, without a common drive; 12,000 frames.
hubs: the same of 60 neurons of which few receive many edges.
shifts: 6 neurons, of which one at a time is shifted around a circle before everything is fitted again.
FILE.npz: spike trains with `nodes` and their `marked_edges` (sender, receiver, weight), in bins of MS milliseconds.
"""
import json
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from scipy import stats

NETWORK = {"celltypes": ["celltypes", "--neurons", "100", "--frames", "10000"], "rates": ["rates"],
           "spikes": ["spikes", "--neurons", "60", "--frames", "10000", "--view", "counts"],
           "calcium": ["spikes", "--neurons", "60", "--frames", "10000"],
           "long": ["spikes", "--view", "counts"], "fluor": ["spikes"]}
HARDER = {"quarter": ["--density", "0.25"], "half": ["--density", "0.5"], "hidden": ["--neurons", "120", "--unobserved", "0.5"],
          "mosthidden": ["--neurons", "300", "--unobserved", "0.8"], "driven": ["--drive", "2"], "unseen": ["--drive", "2"],
          "halfhidden": ["--density", "0.5", "--neurons", "120", "--unobserved", "0.5"]}
NETWORK |= {kind + drive: NETWORK[kind] + HARDER["driven"] for kind in ("long", "fluor") for drive in ("driven", "unseen")}
NETWORK |= {f"{view}-{kind}": NETWORK[view] + options for view in ("spikes", "calcium") for kind, options in HARDER.items()}
NETWORK |= {f"rates-{kind}": ["rates", "--drive", "1"] for kind in ("driven", "unseen")}
QUICK = {kind: ["--connectivity", "none", "--epochs", "1"] for kind in NETWORK if not kind.startswith(("celltypes", "rates"))}
RIVAL_MS = 10  # bins in which ridge VAR sees spike times
USED = 0.85  # share of the frames that the test of the edges sees


def run(program, *arguments):
    subprocess.run([program, *map(str, arguments), "--quiet"], check=True)


def evidence(program, work, *fit):
    """p, estimate and half width of the interval, [N][N], of a fit."""
    run(program, "fit", *fit, "-o", f"{work}/m.h5")
    run(program, "connectivity", f"{work}/m.h5", "-o", f"{work}/c.h5")
    with h5py.File(f"{work}/c.h5") as f:
        return f["p"][:], f["estimate"][:], (f["high"][:] - f["low"][:]) / 2


def ridge_var(x):
    """p of every edge of a ridge VAR(1), its strength by the last fifth of the frames."""
    x = (x - x.mean(0)) / x.std(0)
    N, fit = x.shape[1], int(0.8 * len(x))

    def solve(rows, strength):
        inverse = np.linalg.inv(x[rows][:-1].T @ x[rows][:-1] + strength * np.eye(N))
        return inverse, inverse @ (x[rows][:-1].T @ x[rows][1:])
    error = {s: ((x[fit + 1:] - x[fit:-1] @ solve(slice(0, fit), s)[1]) ** 2).sum() for s in 10 ** np.arange(0, 5, 0.5)}
    inverse, W = solve(slice(None), min(error, key=error.get))
    X, freedom = x[:-1], len(x) - 1 - N
    variance = ((x[1:] - X @ W) ** 2).sum(0) / freedom
    spread = np.sqrt(np.diag(inverse @ (X.T @ X) @ inverse))
    return 2 * stats.t.sf(np.abs(W.T / (np.sqrt(variance)[:, None] * spread)), freedom)


def discoveries(p, truth, method):
    """False discovery proportion and power at q = 0.1."""
    off = ~np.eye(len(p), dtype=bool)
    found, edge = stats.false_discovery_control(p[off], method=method) <= 0.1, truth[off] != 0
    return (found & ~edge).sum() / max(found.sum(), 1), (found & edge).sum() / edge.sum()


def independent(work, seed, T=5000, N=40):
    random = np.random.default_rng(seed)
    u, x = np.zeros(T), np.zeros((T, N))
    gain, noise = random.normal(0, 0.5, N), random.standard_normal((T, N))
    for t in range(1, T):
        u[t] = 0.97 * u[t - 1] + 0.25 * random.standard_normal()
        x[t] = 0.95 * x[t - 1] + gain * u[t - 1] + noise[t]
    np.save(f"{work}/x.npy", x.astype("f4"))
    np.save(f"{work}/u.npy", u[:, None].astype("f4"))


def null(program, work, seed):
    independent(work, seed)
    p = evidence(program, work, f"{work}/x.npy", "--rate", 10, "--behavior", f"{work}/u.npy")[0]
    p = p[~np.eye(len(p), dtype=bool)]
    print(f"| null:{seed} | p < 0.05: {np.mean(p < 0.05):.3f}, p < 0.01: {np.mean(p < 0.01):.4f} | | | |", flush=True)


def network(program, work, kind, seed):
    run(program, "simulate", *NETWORK[kind], "--seed", seed, "-o", f"{work}/s.h5")
    with h5py.File(f"{work}/s.h5", "a") as f:
        if kind.endswith("unseen"):
            del f["behavior"]
        x, truth = f["activity"][:].astype(float), f["truth/weights"][:]
        if "counts" in NETWORK[kind]:
            x = in_bins(f["spikes/time_s"][:], f["spikes/neuron"][:], len(truth))
    p, estimate, half = evidence(program, work, f"{work}/s.h5", *QUICK.get(kind, []))
    if len(p) < len(truth):
        sys.exit(f"{kind}:{seed}: a silent neuron was left out; take another seed")
    cells = [discoveries(a, truth, method) for a in (p, ridge_var(x[: int(USED * len(x))])) for method in ("bh", "by")]
    inside = "" if kind not in ("celltypes", "rates") else f", intervals hold {coverage(f'{work}/s.h5', estimate, half):.2f}"
    print(f"| {kind}:{seed}{inside} | " + " | ".join(f"{false:.3f}, {power:.3f}" for false, power in cells) + " |", flush=True)


def assemblies(random, N=60, blocks=6):
    """W of assemblies of neurons that excite each other."""
    block = np.arange(N) * blocks // N
    return 0.2 * (random.random((N, N)) < np.where(block[:, None] == block, 0.5, 0.02)) * random.lognormal(0, 0.4, (N, N))


def hubs(random, N=60):
    """W of neurons of which a few receive many edges; a fifth inhibit."""
    density = np.clip(random.lognormal(np.log(0.08), 1, N), 0.01, 0.6)
    size = (random.random((N, N)) < density[:, None]) * random.lognormal(np.log(0.12), 0.5, (N, N))
    return size * np.where(random.random(N) < 0.8, 1, -1.5)


DRIFTING = {"assemblies": assemblies, "hubs": hubs}


def drifting(program, work, kind, seed, T=12000):
    """Counts of a network whose neurons' excitabilities drift each by itself: no common drive."""
    random = np.random.default_rng(seed)
    W = DRIFTING[kind](random)
    N = len(W)
    np.fill_diagonal(W, 0)
    counts, drift, bias = np.zeros((T, N)), random.standard_normal(N), random.normal(-1.8, 0.4, N)
    for t in range(1, T):
        drift = 0.98 * drift + 0.2 * random.standard_normal(N)
        counts[t] = random.poisson(np.log1p(np.exp(bias + 0.8 * drift + W @ counts[t - 1])))
    np.save(f"{work}/x.npy", counts.astype("f4"))
    p = evidence(program, work, f"{work}/x.npy", "--rate", "20", "--signal", "counts", *QUICK["spikes"])[0]
    cells = [discoveries(a, W, method) for a in (p, ridge_var(counts[: int(USED * T)])) for method in ("bh", "by")]
    print(f"| {kind}:{seed} | " + " | ".join(f"{false:.3f}, {power:.3f}" for false, power in cells) + " |", flush=True)


def coverage(path, estimate, half):
    """Share of the true edges whose mean derivative d x_i[t+1] / d x_j[t] is in its 95 % interval."""
    with h5py.File(path) as f:
        x, W = f["activity"][:].astype(float), f["truth/weights"][:]
        parameters = json.loads(f["truth/parameters"][0])
    x = x[: int(USED * len(x))]
    slope = 1 - np.tanh(x @ W.T + np.array(parameters["bias"])) ** 2
    share = 1 - np.array(parameters["leak"]) if "leak" in parameters else np.ones(len(W))
    C = (share * slope.mean(0))[:, None] * W
    return np.mean(np.abs(estimate - C)[W != 0] < half[W != 0])


def in_bins(time_s, neuron, N):
    """Counts in RIVAL_MS, of more use to ridge VAR(1) than frames of 50 ms or bins of 5 ms."""
    x = np.zeros((int(time_s.max() * 1000 / RIVAL_MS) + 1, N))
    np.add.at(x, ((time_s * 1000 / RIVAL_MS).astype(int), neuron), 1)
    return x


def spike_trains(program, work, path, ms):
    """How well the statistics rank the marked edges, beside ridge VAR(1)'s."""
    with np.load(path) as f:
        place = {node: k for k, node in enumerate(f["nodes"])}
        truth, t, unit = np.zeros((len(place), len(place))), f["times"], np.array([place[k] for k in f["ids"]])
        for pre, post, weight in f["marked_edges"]:
            truth[place[post], place[pre]] = np.nan_to_num(weight)
    x = in_bins(t, unit, len(place))
    p, estimate, half = evidence(program, work, path, "--edge-bin", f"{ms}ms", *QUICK["spikes"])
    off = ~np.eye(len(truth), dtype=bool)
    edge, size = truth[off] != 0, np.abs(estimate[off] / half[off])
    rank, order = stats.rankdata(size), np.argsort(-size)
    n, hit = edge.sum(), edge[order]
    auroc = (rank[edge].sum() - n * (n + 1) / 2) / (n * (len(edge) - n))
    auprc = (np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].mean()
    cells = [discoveries(a, truth, method) for a in (p, ridge_var(x[: int(USED * len(x))])) for method in ("bh", "by")]
    print(f"| spike trains, {ms} ms: auroc {auroc:.3f}, auprc {auprc:.3f} | "
          + " | ".join(f"{false:.3f}, {power:.3f}" for false, power in cells) + " |", flush=True)


def shifts(program, work, seed, T=2000, N=6, times=12):
    """Spread of the estimate over refits with the sender shifted, over the mean square of their standard errors."""
    independent(work, seed, T, N)
    x, ratio = np.load(f"{work}/x.npy"), []
    fit = [f"{work}/y.npy", "--rate", 10, "--behavior", f"{work}/u.npy", "--connectivity", "dense", "--epochs", 30]
    for j in (0, 1):
        estimate, error = np.empty((times, N)), np.empty((times, N))
        for k in range(times):
            y = x.copy()
            y[:, j] = np.roll(x[:, j], 200 + k * (T - 400) // times)
            np.save(f"{work}/y.npy", y)
            _, estimates, half = evidence(program, work, *fit)
            estimate[k], error[k] = estimates[:, j], half[:, j] / 1.96
        ratio += list(np.delete(estimate.var(0, ddof=1), j) / np.delete((error**2).mean(0), j))
    print(f"| shifts:{seed} | variance over refits / error^2: {np.mean(ratio):.2f} ({2 * times} refits) | | | |", flush=True)


def main():
    program = sys.argv[1]
    cases = sys.argv[2:] or [f"{kind}:{seed}" for kind in ("null", "celltypes", "rates", "spikes", "calcium")
                             for seed in (1, 2, 3)] + ["shifts:1"]
    print("| case | synapsnet, bh: false, power | by | ridge VAR(1), bh | by |\n|---|---|---|---|---|", flush=True)
    for case in cases:
        kind, seed = case.split(":")
        with tempfile.TemporaryDirectory() as work:
            if kind.endswith(".npz"):
                spike_trains(program, work, kind, int(seed))
            elif kind in NETWORK:
                network(program, work, kind, int(seed))
            elif kind in DRIFTING:
                drifting(program, work, kind, int(seed))
            else:
                {"null": null, "shifts": shifts}[kind](program, work, int(seed))


if __name__ == "__main__":
    main()
