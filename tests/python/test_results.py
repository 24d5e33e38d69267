"""Results for pandas, xarray, networkx and matplotlib, and what is said where one is missing."""

import subprocess
import sys

import numpy as np
import pytest

import synapsnet
from synapsnet.errors import InputError, MissingPackageError


def test_connectivity_to_everything(model, program):
    c = model.effective_connectivity(lags=2)
    assert c.shape == (3, 8, 8) and c.lags == 2 and len(c) == 3
    np.testing.assert_array_equal(c[0], model.connectivity_)
    np.testing.assert_array_equal(np.asarray(c), c.values)
    assert (np.diagonal(c.values, axis1=1, axis2=2) == 0).all()
    frame = c.to_pandas(lag=1)
    assert (frame.index.name, frame.columns.name) == ("receiver", "sender")
    np.testing.assert_array_equal(frame.to_numpy(), c.values[1])
    array = c.to_xarray()
    assert array.dims == ("lag", "receiver", "sender")
    assert float(array.sel(lag=2, receiver="3", sender="5")) == c.values[2, 3, 5]
    graph = c.to_networkx(threshold=0)
    assert graph.number_of_edges() == (c.values[0] != 0).sum()
    assert graph["5"]["3"]["weight"] == c.values[0, 3, 5]
    model.save("m.h5")
    subprocess.run([program, "connectivity", "m.h5", "--lags", "2", "-o", "c.npy", "--quiet"], check=True)
    np.testing.assert_array_equal(np.load("c.npy"), c.values)
    written = model.save_connectivity("other.npy", lags=2)
    np.testing.assert_array_equal(np.load("other.npy"), c.values)
    assert written["unit"] == c.unit


def test_units_of_the_connectivity(model):
    raw, z = model.effective_connectivity(scale="raw"), model.effective_connectivity(scale="zscored")
    scale = model._session(0).array("scale", (8,), np.float32)
    np.testing.assert_allclose(raw[0], z[0] * scale[:, None] / scale[None, :], rtol=1e-5)


def test_evaluation_as_a_table(model):
    table = model.evaluate().to_pandas()
    assert list(table.index[:3]) == ["SynapsNet", "copy-last", "mean"]
    assert table.loc["SynapsNet", "mse"] == model.evaluate()["test"]["mse"]
    assert "copy-last" in str(model.evaluate())


def test_forecast_to_everything(model, program):
    forecast = model.forecast(steps=3)
    frame = forecast.to_pandas()
    np.testing.assert_array_equal(frame["prediction"]["2"].to_numpy(), forecast.prediction[:, 2])
    dataset = forecast.to_xarray()
    assert dataset.rollout.dims == ("start", "step", "neuron")
    np.testing.assert_array_equal(dataset.mse.values, forecast.mse)
    forecast.save("f.h5")
    assert subprocess.run([program, "info", "f.h5:/one_step/truth", "--rate", "30"], capture_output=True).returncode == 0


def test_virtual_stimulation(model, rec, program):
    one = model.perturb(3, steps=5, amplitude=2)
    assert one.neuron == "3" and not one.of_all and one.response.shape == one.low.shape == (5, 8)
    assert (one.low <= one.response).all() and (one.response <= one.high).all()
    assert "neuron 3 by 2" in repr(one)
    np.testing.assert_array_equal(model.perturb("3", steps=5, amplitude=2).response, one.response)
    assert list(one.to_pandas().index) == [1, 2, 3, 4, 5]
    assert one.to_xarray().response.dims == ("step", "neuron")
    everyone = model.perturb(steps=2, states=10)
    assert everyone.of_all and everyone.response.shape == (8, 8)
    assert everyone.to_pandas().columns.name == "stimulated"
    rec.save("sim.h5")
    model.save("m.h5")
    subprocess.run([program, "perturb", "m.h5", "sim.h5", "--neuron", "3", "--steps", "5", "--amplitude", "2", "-o",
                    "p.npy", "--quiet"], check=True)
    np.testing.assert_array_equal(np.load("p.npy"), one.response)
    one.save("again.npy")
    np.testing.assert_array_equal(np.load("again.npy"), one.response)


def test_rivals(rec):
    model = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=2)
    table = model.compare(rec, rivals=["copy-last", "mean"])
    assert set(table["rivals"]) == {"copy-last", "mean"}
    frame = table.to_pandas()
    assert set(frame.index) == {"SynapsNet", "copy-last", "mean"} and frame["mse"].is_monotonic_increasing
    assert table["synapsnet"]["mse"] == pytest.approx(model.fit(rec).evaluate()["test"]["mse"], rel=1e-6)
    assert model.compare(rivals=["mean"])["rivals"]["mean"] is not None


def test_report(model):
    assert "report.html" in str(model.report("report.html", steps=5))
    with open("report.html", encoding="utf-8") as file:
        assert "</html>" in file.read()


def test_plot_of_the_forecast(model):
    axes = model.plot_forecast(neurons=["3", 1], seconds=2)
    forecast = model.forecast(steps=1)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["3", "1"]
    assert len(axes.lines) == 4
    recorded, predicted = (line.get_ydata() for line in axes.lines[:2])
    assert len(recorded) == 60  # two seconds at 30 Hz
    low = min(forecast.truth[:60, 3].min(), forecast.prediction[:60, 3].min())
    high = max(forecast.truth[:60, 3].max(), forecast.prediction[:60, 3].max())
    np.testing.assert_allclose(recorded, (forecast.truth[:60, 3] - low) / (high - low), atol=1e-5)
    np.testing.assert_allclose(predicted, (forecast.prediction[:60, 3] - low) / (high - low), atol=1e-5)
    axes.figure.savefig("forecast.png")


@pytest.mark.parametrize("order", ["given", "cluster"])
def test_plot_of_the_connectivity(model, order):
    axes = model.plot_connectivity(lag=1, order=order)
    shown = axes.images[0].get_array()
    values = model.effective_connectivity(lags=1).values[1]
    place = [int(text.get_text()) for text in axes.get_xticklabels()]
    assert sorted(place) == list(range(8))
    np.testing.assert_array_equal(shown, values[np.ix_(place, place)])
    axes.figure.savefig("connectivity.png")


def test_plot_by_region(X):
    rec = synapsnet.recording(X, rate_hz=5, regions=["b", "a", "b", "a", "c"])
    model = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=1).fit(rec)
    axes = model.plot_connectivity(order="region")
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a", "b", "c"]
    place = [1, 3, 0, 2, 4]
    np.testing.assert_array_equal(axes.images[0].get_array(), model.connectivity_[np.ix_(place, place)])


def test_no_regions_to_order_by(model):
    with pytest.raises(InputError, match="names no regions"):
        model.plot_connectivity(order="region")


@pytest.mark.parametrize("package, call", [
    ("pandas", lambda m, r: m.effective_connectivity().to_pandas()),
    ("pandas", lambda m, r: m.evaluate().to_pandas()),
    ("xarray", lambda m, r: r.to_xarray()),
    ("networkx", lambda m, r: m.effective_connectivity().to_networkx()),
    ("matplotlib", lambda m, r: m.plot_forecast()),
    ("matplotlib", lambda m, r: m.plot_connectivity()),
])
def test_a_missing_package_is_named(model, rec, monkeypatch, package, call):
    for name in [n for n in sys.modules if n.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=f"needs the package {package}: pip install {package}"):
        call(model, rec)


def test_numpy_is_all_that_is_imported():
    code = ("import sys, synapsnet; "
            "print([m for m in ('pandas', 'sklearn', 'xarray', 'matplotlib', 'networkx', 'tqdm') if m in sys.modules])")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
