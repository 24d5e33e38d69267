"""The constructor is the option table."""

import inspect

import numpy as np
import pytest

import synapsnet
from synapsnet import _parameters
from synapsnet.errors import OptionError


def signature():
    return inspect.signature(synapsnet.SynapsNet.__init__).parameters


def test_every_option_of_fit_is_a_parameter_or_a_keyword_of_reading(program):
    import subprocess

    page = subprocess.run([program, "fit", "--help"], capture_output=True, text=True, check=True).stdout
    options = {word.lstrip("-").split("=")[0] for word in page.split() if word.startswith("--")}
    known = {name.replace("_", "-") for name in [*signature(), *_parameters.READING]}
    assert options - known <= {"output", "config", "json", "quiet", "resume", "help"}
    assert "hidden" in options and "hidden" in known


def test_defaults_and_documentation_are_those_of_the_table():
    assert signature()["hidden"].default == "auto"
    assert signature()["embedding"].default == 8
    assert signature()["train"].default == 0.7
    assert signature()["mask"].default is None
    text = inspect.getdoc(synapsnet.SynapsNet.__init__)
    for name in signature():
        assert name == "self" or f"{name} : " in text
    assert "An array, or FILE:NAME" in text  # the table knows files alone


def test_get_and_set():
    model = synapsnet.SynapsNet(hidden=7, learning_rate=0.5)
    assert model.get_params()["hidden"] == 7
    assert model.set_params(hidden=9, seed=4) is model
    assert (model.hidden, model.seed) == (9, 4)
    assert repr(model) == "SynapsNet(hidden=9, learning_rate=0.5, seed=4)"
    with pytest.raises(OptionError, match="unknown keyword 'hiden'; did you mean 'hidden'"):
        model.set_params(hiden=3)


def test_values_of_numpy_are_values(rec):
    model = synapsnet.SynapsNet(hidden=np.int64(2), epochs=np.int32(1), train=np.float32(0.5), connectivity="none")
    given = model.fit(rec).description_["options"]
    assert (given["hidden"], given["epochs"], float(given["train"])) == ("2", "1", 0.5)


def test_what_is_at_its_default_is_not_given(rec):
    model = synapsnet.SynapsNet(hidden=2, epochs=1, connectivity="none", seed=0, batch="auto").fit(rec)
    assert set(model.description_["options"]) == {"hidden", "epochs", "connectivity"}
