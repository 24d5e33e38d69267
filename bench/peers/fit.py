"""Fits peers to splits of `synapsnet convert --splits`, several at a time, where there is one on a GPU.

    python fit.py FOLDER ... [--peers NAME ...] [--seeds 0 1] [--workers 1] [--device cpu|cuda] [--threads 1]

Each FOLDER holds splits.h5. Every peer is fitted to `train` with choices on `validation`; its predictions of `test` go to
FOLDER/PEER-SEED.npy, with a record beside them, and what was tried on the way to FOLDER/attempts. What is there already is not
fitted again. Needs no synapsnet: a folder can be taken to another machine and back.
"""
import argparse
import json
import math
import multiprocessing
import sys
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

import data
from models import PEERS
from trainer import attempt, choices, summary


def arguments_of(parser):
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--patience", type=int, default=15)
    parser.add_argument("--workers", type=int, default=1, help="fits at a time")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=1, help="of each fit")


def start_worker(device, threads):
    torch.set_num_threads(threads)
    torch.set_default_device(device)


@lru_cache(maxsize=1)
def splits(folder):
    [r] = data.load(folder / "splits.h5")
    return r


def write(stem, record, prediction):
    """The record last: where it is, the prediction is whole."""
    np.save(stem.with_suffix(".npy"), prediction)
    stem.with_suffix(".json").write_text(json.dumps(record))


def work(folder, name, choice, seed, epochs, patience):
    variant, rate = choice
    stem = folder / "attempts" / f"{name}-{seed}-{variant}-{rate:.0e}"
    if stem.with_suffix(".json").exists():
        return json.loads(stem.with_suffix(".json").read_text()), np.load(stem.with_suffix(".npy"))
    record, prediction, _ = attempt(*PEERS[name], splits(folder), choice, seed, epochs, patience)
    prediction = prediction.astype(np.float32)
    stem.parent.mkdir(exist_ok=True)
    write(stem, record, prediction)
    return record, prediction


class Fit:
    """One peer with one seed on one recording: its attempts, and the best so far."""

    def __init__(self, folder, name, seed):
        self.folder, self.name, self.seed = folder, name, seed
        self.records, self.best, self.expected = [], math.inf, 0

    @property
    def stem(self):
        return self.folder / f"{self.name}-{self.seed}"

    def take(self, record, prediction):
        self.records.append(record)
        if len(self.records) == 1 or record["validation_loss"] < self.best:
            self.best, self.prediction = record["validation_loss"], prediction
        return len(self.records) == self.expected

    def write(self):
        record = summary(self.records)
        write(self.stem, record, self.prediction)
        print(f"{self.folder.name}: {self.name}, seed {self.seed}: validation loss {record['validation_loss']:.4f} after "
              f"{record['epochs']} epochs, {record['seconds']:.0f} s of CPU in all", file=sys.stderr, flush=True)


def fit_all(folders, arguments):
    """Fits what is not there yet. The first seed tries every variant and learning rate, the others take over its choice."""
    first, *others = arguments.seeds
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(arguments.workers, context, start_worker, (arguments.device, arguments.threads)) as pool:
        running = {}

        def start(fit, tried):
            if not fit.stem.with_suffix(".json").exists():
                fit.expected = len(tried)
                for choice in tried:
                    running[pool.submit(work, fit.folder, fit.name, choice, fit.seed, arguments.epochs, arguments.patience)] = fit
            elif fit.seed == first:
                go_on(fit)

        def go_on(fit):
            chosen = json.loads(fit.stem.with_suffix(".json").read_text())["choice"]
            for seed in others:
                start(Fit(fit.folder, fit.name, seed), [chosen])

        for folder in folders:
            for name in arguments.peers:
                start(Fit(folder, name, first), choices(PEERS[name][1]))
        while running:
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                fit = running.pop(done)
                if fit.take(*done.result()):
                    fit.write()
                    if fit.seed == first:
                        go_on(fit)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    arguments_of(parser)
    arguments = parser.parse_args()
    fit_all(arguments.folders, arguments)


if __name__ == "__main__":
    main()
