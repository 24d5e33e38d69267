#!/usr/bin/env python3
"""Recovery of simulated connectivity where it is hard, SynapsNet beside other methods: one figure and one table.

    bench/connectivity.py build/release/synapsnet [--size small|full] [--seeds 1 ...] [--only REGEX] [--page]

A cell is one simulated network; what it gave is kept in build/bench-connectivity/CELL.json, so that the grid can be run in
pieces and goes on where it was stopped. --page writes what is there to docs/connectivity-benchmarks.md and docs/figures.
Needs the packages of bench/connectivity-requirements.txt. The methods: connectivity_rivals.py.
"""
import argparse
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from scipy import stats

from connectivity_rivals import RIVALS, SIGNED, lagged, ridge, zscore

ROOT = Path(__file__).resolve().parent.parent
CACHE, PAGE, FIGURES = ROOT / "build/bench-connectivity", ROOT / "docs/connectivity-benchmarks.md", ROOT / "docs/figures"
USED = 0.85  # share of the frames that a fit sees for its edges; rivals get the same
METHODS = ["synapsnet"] + list(RIVALS)
BASE = {"neurons": 60, "frames": 10000}
SWEEPS = {
    "fluorescence": {
        "frames": {"small": [1000, 3000, 10000, 30000], "full": [100000]},
        "neurons": {"small": [20, 40, 60, 100], "full": [300, 1000]},
        "density": {"small": [0.02, 0.1, 0.25, 0.5], "full": [0.05]},
        "unobserved": {"small": [0, 0.2, 0.5, 0.8], "full": []},
        "decay": {"small": [0.2, 0.4, 1, 2], "full": []},
        "crosstalk": {"small": [0, 0.15, 0.3], "full": []},
        "photons": {"small": [30, 300, 3000], "full": []},
        "drive": {"small": [0, 1, 2], "full": []}},
    "counts": {
        "frames": {"small": [1000, 3000, 10000], "full": [30000, 100000]},
        "neurons": {"small": [20, 60], "full": [100, 300, 1000]},
        "density": {"small": [0.02, 0.1, 0.5], "full": [0.05, 0.25]},
        "unobserved": {"small": [0, 0.5, 0.8], "full": [0.2]},
        "drive": {"small": [0, 2], "full": [1]}}}
LOG = {"frames", "neurons", "density", "decay", "photons"}


def cells(size, seeds):
    """(name, view, simulate's options, seed), each once, the quickest first; then the goal of the fluorescence view."""
    found = {}
    for view, sweeps in SWEEPS.items():
        for factor, values in sweeps.items():
            for value in values["small"] + (values["full"] if size == "full" else []):
                for seed in seeds:
                    found[cell_name(view, factor, value, seed)] = (view, options(factor, value), seed)
    for seed in seeds:
        found[f"fluorescence-neurons=100,frames=50000-{seed}"] = ("fluorescence", {"neurons": 100, "frames": 50000}, seed)
    return sorted(((name, *cell) for name, cell in found.items()), key=lambda c: c[2]["neurons"] * c[2]["frames"])


def options(factor, value):
    o = dict(BASE, **{factor: value})
    if factor == "unobserved":  # as many recorded neurons in a larger network
        o["neurons"] = round(BASE["neurons"] / (1 - value))
    return o


def cell_name(view, factor, value, seed):
    o = options(factor, value)
    extra = "" if o == BASE or o == dict(BASE, **{factor: DEFAULT.get(factor)}) else f"-{factor}={value:g}"
    return f"{view}{extra}-{seed}"


DEFAULT = {"density": 0.1, "unobserved": 0, "decay": 0.4, "crosstalk": 0.15, "photons": 300, "drive": 0, **BASE}


def area_under_roc(score, edge):
    rank = stats.rankdata(score)
    n = edge.sum()
    return (rank[edge].sum() - n * (n + 1) / 2) / (n * (len(edge) - n))


def area_under_precision(score, edge):
    order = np.argsort(-score, kind="stable")
    hit = edge[order]
    return (np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].mean()


def scores(C, W, signed):
    off = ~np.eye(len(W), dtype=bool)
    edge, size = W[off] != 0, np.nan_to_num(np.abs(C[off]))
    found = {"auroc": area_under_roc(size, edge), "auprc": area_under_precision(size, edge)}
    if signed:
        found["pearson_w"] = np.corrcoef(C[off], W[off])[0, 1]
    return found


def discoveries(p, W, q=0.1):
    """False discovery proportion and power of Benjamini-Hochberg."""
    off = ~np.eye(len(W), dtype=bool)
    found, edge = stats.false_discovery_control(p[off]) <= q, W[off] != 0
    return {"false": (found & ~edge).sum() / max(found.sum(), 1), "power": (found & edge).sum() / max(edge.sum(), 1)}


def ridge_p(x):
    X, Y = lagged(zscore(x), 1)
    B, inverse = ridge(X, Y)
    freedom = max(len(X) - X.shape[1], 1)
    spread = np.sqrt(((Y - X @ B) ** 2).sum(0) / freedom)
    error = np.sqrt(np.diag(inverse @ (X.T @ X) @ inverse))
    return 2 * stats.t.sf(np.abs(B / (error[:, None] * spread)), freedom).T


def synapsnet(program, sim, work):
    """Edges that are tested on events do not depend on the model: where the quickest fit says so, no other is made."""
    for fit in (["--connectivity", "none", "--epochs", "1"], []):
        start = time.monotonic()
        subprocess.run([program, "fit", sim, "-o", f"{work}/m.h5", "--quiet", *fit], check=True)
        seconds = time.monotonic() - start
        told = subprocess.run([program, "connectivity", f"{work}/m.h5", "--truth", sim, "-o", f"{work}/c.h5", "--json"],
                              check=True, capture_output=True, text=True)
        told = json.loads(told.stdout)
        if told["edges"]["of"] == "events":
            break
    with h5py.File(f"{work}/c.h5") as f, h5py.File(sim) as g:
        ids = [i.decode() for i in f["neuron_id"][:]]
        all_ids = [i.decode() for i in g["neurons/id"][:]]
        place = [all_ids.index(i) for i in ids]
        W = g["truth/weights"][:][np.ix_(place, place)]
        p = f["p"][:]
    return dict(told["test"], seconds=seconds, of=told["edges"]["of"], **discoveries(p, W))


def in_bins(sim, N):
    """Counts in 10 ms, which tell the rivals more than frames of 50 ms."""
    place = (sim["spikes/time_s"][:] * 1000 / 10).astype(int)
    x = np.zeros((place.max() + 1, N))
    np.add.at(x, (place, sim["spikes/neuron"][:]), 1)
    return x


def run_cell(program, view, simulate, seed):
    with tempfile.TemporaryDirectory() as work:
        sim = f"{work}/s.h5"
        given = [a for k, v in simulate.items() for a in (f"--{k}", f"{v:g}" if isinstance(v, float) else str(v))]
        subprocess.run([program, "simulate", "spikes", "--view", view, *given, "--seed", str(seed), "-o", sim, "--quiet"],
                       check=True)
        with h5py.File(sim) as f:
            W = f["truth/weights"][:]
            x = in_bins(f, len(W)) if view == "counts" else f["activity"][:].astype(float)
        x = x[: int(USED * len(x))]
        result = {"view": view, "options": simulate, "seed": seed, "chance": float((W != 0).sum() / (W.size - len(W)))}
        result["synapsnet"] = synapsnet(program, sim, work)
        for name, method in RIVALS.items():
            start = time.monotonic()
            result[name] = dict(scores(method(x, view == "counts"), W, name in SIGNED), seconds=time.monotonic() - start)
        result["ridge VAR"].update(discoveries(ridge_p(x), W))
        return result


def measured():
    return {path.stem: json.loads(path.read_text()) for path in sorted(CACHE.glob("*.json"))}


def row(name, cell):
    best = {m: max(cell[k].get(m, -1) for k in METHODS) for m in ("auroc", "auprc", "pearson_w")}

    def text(method, metric):
        value = cell[method].get(metric)
        return "" if value is None else f"**{value:.3f}**" if value >= best[metric] else f"{value:.3f}"
    own, var = cell["synapsnet"], cell["ridge VAR"]
    return ([name, f"{cell['chance']:.3f}"] + ["/".join(text(k, m) for m in ("auroc", "auprc")) for k in METHODS]
            + [text("synapsnet", "pearson_w"), f"{own['false']:.2f}, {own['power']:.2f}", f"{var['false']:.2f}, {var['power']:.2f}"])


def table(found):
    head = (["network", "chance"] + METHODS + ["pearson_w", "false, power", "of ridge VAR"])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row(n, c)) + " |" for n, c in found.items()])


def draw(found, seeds):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    plt.rcParams.update({"svg.hashsalt": "synapsnet", "font.size": 8})
    FIGURES.mkdir(exist_ok=True)
    for view, sweeps in SWEEPS.items():
        curves = {}
        for factor, values in sweeps.items():
            points = [(v, [found[n] for n in (cell_name(view, factor, v, s) for s in seeds) if n in found])
                      for v in sorted(values["small"] + values["full"])]
            points = [(v, c) for v, c in points if c]
            if len(points) > 1:
                curves[factor] = points
        if not curves:
            continue
        figure, axes = plt.subplots(4, len(curves), figsize=(2.1 * len(curves) + 1.5, 7.5), squeeze=False, sharey="row")
        for column, (factor, points) in enumerate(curves.items()):
            at = [v for v, _ in points]
            for k, method in enumerate(METHODS):
                style = dict(color="black", lw=2, zorder=3) if method == "synapsnet" else dict(color=f"C{k}", lw=1)
                for line, metric in enumerate(("auroc", "auprc", "pearson_w", "false")):
                    if all(metric in c[method] for _, cs in points for c in cs):
                        axes[line, column].plot(at, [np.mean([c[method][metric] for c in cs]) for _, cs in points], "o-",
                                                ms=3, label=method, **style)
            axes[1, column].plot(at, [np.mean([c["chance"] for c in cs]) for _, cs in points], ":", color="grey")
            axes[3, column].axhline(0.1, color="grey", ls=":")
            axes[3, column].set_xlabel(factor)
            for line in range(4):
                if factor in LOG:
                    axes[line, column].set_xscale("log")
                axes[line, column].set_xticks(at, [f"{v:g}" for v in at], rotation=45)
                axes[line, column].minorticks_off()
        for line, name in enumerate(("AUROC", "AUPRC", "pearson_w", "false at q = 0.1")):
            axes[line, 0].set_ylabel(name)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncol=len(labels), frameon=False)
        figure.tight_layout(rect=(0, 0.04, 1, 1))
        figure.savefig(FIGURES / f"connectivity-{view}.svg", metadata={"Date": None})
        plt.close(figure)


def write_page(found, seeds):
    draw(found, seeds)
    before, rest = PAGE.read_text().split("<!-- grid: begin -->")
    after = rest.split("<!-- grid: end -->")[1]
    PAGE.write_text(f"{before}<!-- grid: begin -->\n\n{table(found)}\n\n<!-- grid: end -->{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--size", choices=["small", "full"], default="small")
    parser.add_argument("--seeds", nargs="*", type=int, default=[1])
    parser.add_argument("--only", default="", help="only cells whose name matches")
    parser.add_argument("--page", action="store_true", help="write the page and the figures of what was measured, run nothing")
    arguments = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    for name, view, simulate, seed in [] if arguments.page else cells(arguments.size, arguments.seeds):
        path = CACHE / f"{name}.json"
        if path.exists() or not re.search(arguments.only, name):
            continue
        result = run_cell(arguments.program, view, simulate, seed)
        path.with_suffix(".part").write_text(json.dumps(result, indent=1))
        path.with_suffix(".part").rename(path)
        print(f"{name}: " + ", ".join(f"{k} {result[k]['auroc']:.3f}/{result[k]['auprc']:.3f}" for k in METHODS)
              + f"; false, power {result['synapsnet']['false']:.2f}, {result['synapsnet']['power']:.2f}", flush=True)
    print(table(measured()))
    if arguments.page:
        write_page(measured(), arguments.seeds)


if __name__ == "__main__":
    main()
