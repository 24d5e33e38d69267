"""What the tests share: small recordings, a small model, and the program that was built beside the package."""

import os
import pathlib
import signal
import warnings

import numpy as np
import pytest

import synapsnet

ROOT = pathlib.Path(__file__).resolve().parents[2]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it, and its tests would wait for ever

SMALL = dict(hidden=4, embedding=2, epochs=3)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def program():
    path = pathlib.Path(os.environ["SYNAPSNET_BUILD"]) / "synapsnet"
    assert path.exists(), f"{path} is not there: build it first"
    return str(path)


@pytest.fixture(scope="session")
def rec():
    return synapsnet.simulate("rates", neurons=8, frames=600, seed=1)


@pytest.fixture(scope="session")
def model(rec):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return synapsnet.SynapsNet(connectivity="dense", **SMALL).fit(rec)


@pytest.fixture
def X():
    """Activity [400][5] in which every neuron follows the one before it."""
    random = np.random.default_rng(3)
    x = np.zeros((400, 5), np.float32)
    for t in range(1, 400):
        x[t] = 0.8 * np.roll(x[t - 1], 1) + 0.5 * random.standard_normal(5)
    return x
