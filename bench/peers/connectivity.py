"""Who drives whom, against the truth of simulated networks: SynapsNet beside the connectivity of other programs.

    python connectivity.py PROGRAM FOLDER NAME=SIMULATION ... [--methods NAME ...] [--lags 5]

All see the train split of `synapsnet convert --splits`, and choose on validation. Scored is the absolute value of each pair of
different neurons, by the same code for all (scikit-learn's area under the ROC curve and average precision).

SynapsNet    C, or of spikes and events, where they are what edges are tested on, estimates over their errors
correlation, lag-1 correlation    of the train frames
nemos GLM    nemos (Balzani et al.), Poisson; coupling filters in raised cosines over LAGS frames, group lasso by sender, strength
             chosen on validation; the norm of the filter; spike counts only
PCMCI        tigramite (Runge et al., Science Advances 2019), partial correlation, lags 1 to LAGS; the largest value
NetFormer    models/netformer.py, the attention averaged over train windows
"""
import argparse
import json
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

import data
from data import windows
from models import PEERS
from trainer import fit


STRENGTHS = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2)


def correlation(r, train, arguments):
    return np.corrcoef(train.T)


def lagged_correlation(r, train, arguments):
    N = train.shape[1]
    return np.corrcoef(train[1:].T, train[:-1].T)[:N, N:]


def nemos_glm(r, train, arguments):
    import jax
    import nemos

    jax.config.update("jax_enable_x64", True)
    N, basis = train.shape[1], nemos.basis.RaisedCosineLogConv(4, window_size=arguments.lags)
    counts = np.round(r.x.numpy() * r.scale.numpy() + r.mean.numpy())
    features = np.array(basis.compute_features(counts))
    targets = {s: np.array([t for t in r.targets[s].tolist() if np.isfinite(features[t]).all()]) for s in r.targets}
    features -= features[targets["train"]].mean(0)
    width = features[targets["train"]].std(0)
    features /= np.where(width > 0, width, 1)
    groups = np.repeat(np.eye(N), features.shape[1] // N, axis=1)
    strengths = np.zeros((N, N))
    for i in range(N):
        best = (-np.inf,)
        for strength in STRENGTHS:
            model = nemos.glm.GLM(regularizer=nemos.regularizer.GroupLasso(mask=groups), regularizer_strength=strength,
                                  solver_kwargs={"maxiter": 3000, "tol": 1e-5})
            model.fit(features[targets["train"]], counts[targets["train"], i])
            score = float(model.score(features[targets["validation"]], counts[targets["validation"], i]))
            if score > best[0]:
                best = (score, np.array(model.coef_))
        strengths[i] = np.linalg.norm(best[1].reshape(N, -1), axis=1)
    return strengths


def pcmci(r, train, arguments):
    from tigramite.data_processing import DataFrame
    from tigramite.independence_tests.parcorr import ParCorr
    from tigramite.pcmci import PCMCI

    found = PCMCI(DataFrame(train.astype(float)), ParCorr(), verbosity=0).run_pcmci(tau_min=1, tau_max=arguments.lags,
                                                                                     pc_alpha=0.05)
    return np.abs(found["val_matrix"][:, :, 1:]).max(2).T  # tigramite: [sender][receiver][lag]


def netformer(r, train, arguments):
    build, variants = PEERS["NetFormer"]
    _, record, peer = fit(build, variants, r, 0, arguments.epochs, arguments.patience)
    L = variants[record["choice"][0]]["context"]
    target = r.targets["train"][:: max(1, len(r.targets["train"]) // 512)]
    return peer.network.connectivity(windows(r, target, L)[0]).numpy()


METHODS = {"correlation": correlation, "lag-1 correlation": lagged_correlation, "nemos GLM": nemos_glm, "PCMCI": pcmci,
           "NetFormer": netformer}


def synapsnet(program, simulation, folder):
    subprocess.run([program, "fit", simulation, "-o", folder / "model.h5", "--quiet"], check=True)
    told = subprocess.run([program, "connectivity", folder / "model.h5", "--scale", "zscored", "-o", folder / "c.h5", "--json"],
                          check=True, capture_output=True, text=True)
    with h5py.File(folder / "c.h5") as f:
        if json.loads(told.stdout)["edges"]["of"] == "activity":
            return f["effective"][0]
        width = f["high"][:] - f["low"][:]  # as the program ranks edges of spikes and of events
        return f["estimate"][:] / np.where(width > 0, width, np.inf)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder", type=Path)
    parser.add_argument("simulations", nargs="+")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--lags", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--patience", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| network | method | auroc | auprc | chance | s |\n|---|---|---|---|---|---|")
    for item in arguments.simulations:
        label, _, simulation = item.rpartition("=")
        folder = arguments.folder / label
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([arguments.program, "convert", simulation, "--splits", "-o", folder / "splits.h5", "--quiet"], check=True)
        [r] = data.load(folder / "splits.h5")
        with h5py.File(folder / "splits.h5") as f:
            kept = f["session_0/kept"][:]
        with h5py.File(simulation) as f:
            truth = f["truth/weights"][:][np.ix_(kept, kept)] != 0
        train, off = r.x[r.targets["train"]].numpy(), ~np.eye(len(truth), dtype=bool)
        for name in ["SynapsNet", *arguments.methods]:
            if name == "nemos GLM" and not r.counts:
                continue
            begin = time.monotonic()
            if name == "SynapsNet":
                score = synapsnet(arguments.program, simulation, folder)
            else:
                score = METHODS[name](r, train, arguments)
            seconds, score = time.monotonic() - begin, np.abs(score)[off]
            print(f"| {label} | {name} | {roc_auc_score(truth[off], score):.3f} | "
                  f"{average_precision_score(truth[off], score):.3f} | {truth[off].mean():.3f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
