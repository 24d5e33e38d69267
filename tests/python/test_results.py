"""Results for pandas, xarray, networkx and matplotlib, and what is said where one is missing."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import synapsnet
from synapsnet.errors import InputError, MissingPackageError, OptionError


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
    assert repr(model.effective_connectivity(2)).startswith("<Connectivity of 8 neurons, lags 0 to 2, in raw units of")
    raw, z = model.effective_connectivity(scale="raw"), model.effective_connectivity(scale="zscored")
    scale = model._session(0).array("scale", (8,), np.float32)
    np.testing.assert_allclose(raw[0], z[0] * scale[:, None] / scale[None, :], rtol=1e-5)


@pytest.fixture(scope="module")
def tested():
    """A model of a network whose edges can be found, and its recording."""
    rec = synapsnet.simulate("rates", neurons=8, frames=3000, seed=1)
    return synapsnet.SynapsNet(connectivity="dense", hidden=4, embedding=2, epochs=10).fit(rec), rec


def off(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def test_edges_are_those_of_the_program(tested, program):
    import csv

    model, _ = tested
    edges = model.edges(fdr=0.05)
    assert 0 < len(edges) < 56
    model.save("m.h5")
    words = ["--fdr", "0.05", "-o", "e.edges.csv", "--json"]
    said = json.loads(subprocess.run([program, "connectivity", "m.h5", *words], check=True, capture_output=True).stdout)
    assert said["edges"] == edges.summary
    assert edges.summary["n_significant"] == len(edges)
    with open("e.edges.csv") as file:
        listed = list(csv.DictReader(file))
    frame = edges.to_pandas()
    assert [(e["presynaptic"], e["postsynaptic"]) for e in listed] == list(zip(frame.presynaptic, frame.postsynaptic))
    for name in ("c", "estimate", "low", "high", "p", "q", "first_half", "second_half"):
        np.testing.assert_allclose([float(e[name]) for e in listed], frame[name], rtol=1e-5)
    assert {(e["of"], e["unit"]) for e in listed} == {("activity", edges.unit)}
    assert str(edges).count("\n") == len(edges) + 3 + len(edges.notes)
    assert edges.stability["statement"] in str(edges) and f"(estimates in {edges.unit})" in str(edges)


def test_edges_hold_together(tested):
    model, rec = tested
    edges = model.edges(scale="zscored")
    np.testing.assert_array_equal(edges.c, model.effective_connectivity(scale="zscored")[0])
    for matrix in (edges.c, edges.estimate, edges.low, edges.high, edges.p, edges.q):
        assert matrix.shape == (8, 8)
    assert (np.diag(edges.p) == 1).all() and (np.diag(edges.q) == 1).all()
    assert (off(edges.low) < off(edges.estimate)).all() and (off(edges.estimate) < off(edges.high)).all()
    assert (off(edges.q) >= off(edges.p)).all()
    between = (edges.first_half + edges.second_half) / 2  # halves are as long as each other, not as informative
    assert np.corrcoef(off(between), off(edges.estimate))[0, 1] > 0.99
    assert len(model.edges(fdr=1)) == edges.summary["n_tested"]
    by = model.edges(method="by")
    assert (off(by.q) >= off(edges.q)).all() and len(by) <= len(edges)
    np.testing.assert_allclose(by.p, edges.p, rtol=1e-6)  # raw units and z-scored ones round otherwise
    assert (model.edges(fdr=0.3).significant >= edges.significant).all()
    found, true = edges.significant, rec.truth != 0
    assert (found & true).sum() > 0.5 * true.sum() and (found & ~true).sum() < 0.4 * len(edges)
    assert len(edges) < 10 and edges.stability["correlation_of_found_edges"] is None  # too few for one
    many = model.edges(scale="zscored", fdr=0.8)
    assert 10 <= len(many) < edges.summary["n_tested"]
    first, second = many.first_half[many.significant], many.second_half[many.significant]
    said = many.stability
    assert said["same_sign_of_found_edges"] == pytest.approx((first * second > 0).mean())
    assert said["correlation_of_found_edges"] == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-5)
    assert said["correlation_of_all_pairs"] == pytest.approx(
        np.corrcoef(off(edges.first_half), off(edges.second_half))[0, 1], abs=1e-5)
    assert f"{len(edges)} of 56 significant" in repr(edges)


def test_edges_over_seeds():
    """repeats: the model stays as it is, the figures are those of the fits that the seeds name, in frame and files too."""
    import csv

    import h5py

    rec = synapsnet.simulate("rates", neurons=8, frames=800, seed=2)
    # where nothing is left to choose a fit from another seed is the repeat
    quick = dict(connectivity="dense", strength=20, l1=4, innovation=0, hidden=4, embedding=0, epochs=6)
    alone = synapsnet.SynapsNet(seed=1, **quick).fit(rec)
    model = synapsnet.SynapsNet(seed=1, repeats=2, **quick).fit(rec)
    assert alone.edges().seed_mean is None and "seeds" not in alone.edges().stability
    np.testing.assert_array_equal(alone.predict(rec), model.predict(rec))
    edges = model.edges(scale="zscored")
    said = edges.stability["seeds"]
    assert said["fits"] == 3 and said["seeds"][0] == 1 and 0 < said["median_correlation"] < 1
    fits = [alone] + [synapsnet.SynapsNet(seed=seed, **quick).fit(rec) for seed in said["seeds"][1:]]
    c = np.array([one.edges(scale="zscored").c for one in fits], np.float64)
    np.testing.assert_allclose(edges.seed_mean, c.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(edges.seed_sd, c.std(axis=0, ddof=1), rtol=1e-6)
    np.testing.assert_array_equal(edges.same_sign, (c[1:] * c[0] > 0).mean(axis=0))
    assert said["agreeing_signs"] == (edges.significant & (edges.same_sign == 1)).sum()
    assert (edges.seed_sd[c[0] != 0] > 0).all()
    frame = model.edges().to_pandas()
    model.save_connectivity("e.edges.csv")
    with open("e.edges.csv") as file:
        listed = list(csv.DictReader(file))
    for name in ("seed_mean", "seed_sd", "same_sign"):
        np.testing.assert_allclose([float(e[name]) for e in listed], frame[name], rtol=1e-5)
    model.save_connectivity("c.h5", scale="zscored")
    with h5py.File("c.h5") as file:
        for name in ("seed_mean", "seed_sd", "same_sign"):
            np.testing.assert_array_equal(file[name], getattr(edges, name))
        assert "unit" in file["seed_sd"].attrs
    assert "Over 3 fits from different seeds" in str(edges)
    model.save("m.h5")
    again = synapsnet.load("m.h5").edges(scale="zscored")
    np.testing.assert_array_equal(again.seed_mean, edges.seed_mean)
    assert again.stability == edges.stability


def test_edges_to_everything(tested):
    edges = tested[0].edges()
    frame = edges.to_pandas()
    assert len(frame) == len(edges) and frame.significant.all() and frame.p.is_monotonic_increasing
    assert frame.attrs["stability"] == edges.stability
    top = edges.to_pandas(top=len(edges) + 3)
    assert list(top.significant) == [True] * len(edges) + [False] * 3
    assert len(edges.to_pandas(top=999)) == 56
    first = frame.iloc[0]
    dataset = edges.to_xarray()
    at = dict(receiver=first.postsynaptic, sender=first.presynaptic)
    assert float(dataset.q.sel(at)) == first.q and bool(dataset.significant.sel(at))
    graph = edges.to_networkx()
    assert graph.number_of_edges() == len(edges) and graph.number_of_nodes() == 8
    assert graph[first.presynaptic][first.postsynaptic] == {
        "weight": pytest.approx(first.c), "estimate": pytest.approx(first.estimate), "low": pytest.approx(first.low),
        "high": pytest.approx(first.high), "p": first.p, "q": first.q, "c": pytest.approx(first.c)}
    assert graph.graph["of"] == "activity" and graph.graph["unit"] == edges.unit


def test_edges_of_counts_are_weighed_by_what_was_tested():
    rec = synapsnet.simulate("spikes", view="counts", neurons=8, frames=2000, seed=1)
    model = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=2).fit(rec)
    edges = model.edges()
    assert edges.summary["of"] == "counts" and "spikes of the receiver within" in edges.unit
    graph, frame = edges.to_networkx(top=5), edges.to_pandas(top=5)
    for e in frame.itertuples():
        found = graph[e.presynaptic][e.postsynaptic]
        assert found["weight"] == found["estimate"] == pytest.approx(e.estimate) and found["c"] == pytest.approx(e.c)
    assert graph.graph["of"] == "counts"


def test_neurons_of_one_name_stay_apart(tested):
    """A file may name two neurons alike."""
    from dataclasses import replace

    model, names = tested[0], ["a", "b", "a", "c", "d", "e", "f", "g"]
    for result in (model.effective_connectivity(), model.edges()):
        graph = replace(result, neurons=names).to_networkx()
        assert set(graph) == {"a (0)", "b", "a (2)", "c", "d", "e", "f", "g"}
        assert graph.nodes["a (2)"]["neuron"] == "a"
        assert graph.number_of_edges() == result.to_networkx().number_of_edges()


def test_edges_of_regions(X):
    rec = synapsnet.recording(X, rate_hz=5, regions=["b", "a", "b", "a", "c"])
    model = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=3).fit(rec)
    frame = model.edges().to_pandas(top=20)
    region = dict(zip(model.neuron_ids_, rec.regions))
    assert list(frame.presynaptic_region) == [region[name] for name in frame.presynaptic]
    assert model.edges().to_networkx().nodes["4"]["region"] == "c"


def test_edges_that_the_program_lists(tested):
    model, _ = tested
    model.save_connectivity("e.edges.csv", top=2)
    with open("e.edges.csv") as file:
        assert len(file.readlines()) == 3
    model.save_connectivity("all.edges.csv", fdr=0.5, method="by")
    with open("all.edges.csv") as file:
        assert len(file.readlines()) == 1 + len(model.edges(0.5, method="by"))


def test_connectivity_against_the_truth(tested, program):
    model, rec = tested
    scores = model.score_connectivity(rec)
    assert scores["auroc"] > 0.8
    assert scores == model.score_connectivity(rec.truth)
    rec.save("sim.h5")
    model.save("m.h5")
    said = subprocess.run([program, "connectivity", "m.h5", "--truth", "sim.h5", "-o", "c.npy", "--json"], check=True,
                          capture_output=True)
    assert json.loads(said.stdout)["test"] == scores == model.score_connectivity("sim.h5")


def test_truth_of_all_recorded_neurons(X):
    X[:, 2] = 1  # left out
    truth = np.roll(np.eye(5), 1, axis=0)
    model = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=3).fit(X, rate_hz=5)
    kept = model.kept_
    assert model.score_connectivity(truth) == model.score_connectivity(truth[np.ix_(kept, kept)])


def test_evaluation_of_each_recording_as_a_table(rec, X):
    both = synapsnet.SynapsNet(connectivity="none", hidden=2, epochs=1).fit([rec, synapsnet.recording(X, rate_hz=30)])
    evaluation = both.evaluate()
    for k in range(2):
        table = evaluation.to_pandas(session=k)
        assert table.loc["SynapsNet", "mse"] == evaluation["sessions"][k]["test"]["mse"]
        assert table.loc["mean", "r2"] == evaluation["sessions"][k]["baselines"]["mean"]["r2"]
    assert evaluation.to_pandas().loc["SynapsNet", "mse"] == evaluation["test"]["mse"] != table.loc["SynapsNet", "mse"]
    with pytest.raises(OptionError, match="session: found 2; expected 0 to 1"):
        evaluation.to_pandas(session=2)


def test_evaluation_as_a_table(model):
    table = model.evaluate().to_pandas()
    assert list(table.index[:3]) == ["SynapsNet", "copy-last", "mean"]
    assert table.loc["SynapsNet", "mse"] == model.evaluate()["test"]["mse"]
    lines = str(model.evaluate()).split("\n")
    assert "copy-last" in lines[0] and all(len(line) <= 100 for line in lines)
    assert lines[1].split()[:2] == ["mse", f"{table.loc['SynapsNet', 'mse']:.4f}"]


def test_forecast_to_everything(model, program):
    forecast = model.forecast(steps=3)
    assert (forecast.low < forecast.high).all() and forecast.rollout_low.shape == forecast.rollout.shape
    inside = (forecast.truth >= forecast.low) & (forecast.truth <= forecast.high)
    assert forecast.interval == 0.95 and abs(inside.mean() - forecast.one_step_coverage) < 1e-3
    assert forecast.coverage.shape == forecast.mse.shape
    assert np.isnan(model.forecast(steps=2, split="all").low).all()  # nothing says how wide
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


def test_rivals_as_text(rec):
    rivals = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=2).compare(rec, rivals=["ar", "linear"])
    lines = str(rivals).split("\n")
    assert [line.split()[0] for line in lines[1:4]] == list(rivals.to_pandas().index)
    assert lines[0].split()[0] == "mse" and lines[-1] == rivals["statement"]


def test_report(model):
    assert "report.html" in str(model.report("report.html", steps=5))
    with open("report.html", encoding="utf-8") as file:
        assert "</html>" in file.read()


def test_report_with_rivals(rec):
    model = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=2).fit(rec)
    rivals = model.compare(rivals=["ar"])
    model.report("alone.json", steps=5)
    model.report("report.json", steps=5, comparison=rivals)
    alone, report = (json.loads(pathlib.Path(name).read_text(encoding="utf-8"))["evaluation"]["baselines"]
                     for name in ("alone.json", "report.json"))
    assert set(report) - set(alone) == {"ar"}
    assert report["ar"]["mse"] == pytest.approx(rivals["rivals"]["ar"]["mse"])


def test_splits_are_those_of_the_program(rec, program):
    rec.save("sim.h5")
    subprocess.run([program, "convert", "sim.h5", "--splits", "--train", "0.6", "-o", "program.h5", "--quiet"], check=True)
    model = synapsnet.SynapsNet(train=0.6, hidden=3)
    model.save_splits("python.h5", "sim.h5")
    with open("program.h5", "rb") as a, open("python.h5", "rb") as b:
        assert a.read() == b.read()
    synapsnet.SynapsNet(train=0.5).save_splits("half.h5", rec)
    assert pathlib.Path("half.h5").read_bytes() != pathlib.Path("python.h5").read_bytes()


def test_contents_of_a_file(X):
    np.savez("some.npz", dff=X, speed=np.arange(400.0))
    listed = synapsnet.contents("some.npz")
    assert {(entry["name"], tuple(entry["shape"])) for entry in listed} == {("dff", (400, 5)), ("speed", (400,))}
    assert "dff" in str(listed) and "(400, 5)" in str(listed)


def test_a_rollout_of_fluorescence_does_not_wait_in_silence():
    """Left to its own predictions a model of transients sees none to come: far ahead it would be worse than the mean."""
    rng = np.random.default_rng(1)
    events, x = rng.poisson(0.04, (1500, 8)), np.zeros((1500, 8))
    for t in range(1, 1500):
        x[t] = np.exp(-1 / 8) * x[t - 1] + events[t]
    rec = synapsnet.recording(x + 0.1 * rng.standard_normal(x.shape), rate_hz=10)
    forecast = synapsnet.SynapsNet(connectivity="none").fit(rec).forecast(steps=20)
    assert (forecast.mse[3:] < 1.1 * forecast.mse_mean[3:]).all()
    assert forecast.mse[0] < 0.9 * forecast.mse_copy_last[0]


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
    band = axes.collections[0].get_paths()[0].get_extents()  # the 95 % interval
    np.testing.assert_allclose(band.y0, ((forecast.low[:60, 3] - low) / (high - low)).min(), atol=1e-5)
    np.testing.assert_allclose(band.y1, ((forecast.high[:60, 3] - low) / (high - low)).max(), atol=1e-5)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["recorded", "predicted", "95% interval"]
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


def test_plot_of_the_significant_edges(tested):
    model, _ = tested
    shown = model.plot_connectivity(fdr=0.1).images[0].get_array()
    np.testing.assert_array_equal(shown != 0, model.edges(0.1).significant & (model.connectivity_ != 0))


def test_plot_by_region(X):
    rec = synapsnet.recording(X, rate_hz=5, regions=["b", "a", "b", "a", "c"])
    model = synapsnet.SynapsNet(connectivity="dense", hidden=2, epochs=1).fit(rec)
    axes = model.plot_connectivity(order="region")
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a", "b", "c"]
    place = [1, 3, 0, 2, 4]
    np.testing.assert_array_equal(axes.images[0].get_array(), model.connectivity_[np.ix_(place, place)])


def test_plot_of_many_neurons():
    """Ticks are ids, not places in the order that was asked for, and names of regions do not meet."""
    random, n = np.random.default_rng(2), 90
    regions = ["a"] * 40 + ["b"] * 1 + ["c"] * 1 + ["d"] * 48
    many = synapsnet.Connectivity(random.standard_normal((1, n, n)), [f"n{k}" for k in range(n)], "units", 5.0, regions)
    axes = synapsnet._plot.connectivity(many, 0, "cluster", None, None)
    assert len(axes.get_xticks()) == 30
    values = many.values[0][np.ix_(*[[int(text.get_text()[1:]) for text in axes.get_yticklabels()]] * 2)]
    np.testing.assert_array_equal(axes.images[0].get_array()[::3, ::3], values)
    axes = synapsnet._plot.connectivity(many, 0, "region", None, None)
    assert [text.get_text() for text in axes.get_yticklabels()] in (["a", "b", "d"], ["a", "c", "d"])


def test_no_regions_to_order_by(model):
    with pytest.raises(InputError, match="names no regions"):
        model.plot_connectivity(order="region")


@pytest.mark.parametrize("package, call", [
    ("pandas", lambda m, r: m.effective_connectivity().to_pandas()),
    ("pandas", lambda m, r: m.evaluate().to_pandas()),
    ("xarray", lambda m, r: r.to_xarray()),
    ("networkx", lambda m, r: m.effective_connectivity().to_networkx()),
    ("pandas", lambda m, r: m.edges().to_pandas()),
    ("xarray", lambda m, r: m.edges().to_xarray()),
    ("networkx", lambda m, r: m.edges().to_networkx()),
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


@pytest.mark.parametrize("behavior", [False, True])
def test_online_is_the_forecast(behavior):
    """Frame by frame, with a gap and missing values, it predicts what the whole recording does."""
    rng = np.random.default_rng(5)
    x = np.cumsum(rng.standard_normal((700, 4)), 0) * 0.1 + rng.standard_normal((700, 4)) + 3
    x[:, 1] = 2.5  # is not kept
    x[350:360, 2] = np.nan
    u = rng.standard_normal((700, 2)) if behavior else None
    segments = [[0, 400], [410, 700]]
    rec = synapsnet.recording(x, behavior=u, segments=segments, rate_hz=10)
    model = synapsnet.SynapsNet(hidden=4, epochs=2, connectivity="dense").fit(rec)
    expected, online = model.predict(rec), model.online()
    for start, stop in segments:
        online.restart()
        for t in range(start, stop - 1):
            found = online.step(x[t], None if u is None else u[t])
            assert found.shape == (3,) and found.dtype == np.float32
            np.testing.assert_allclose(found, expected[t + 1], rtol=1e-4, atol=1e-4)
    ahead = online.forecast(5)
    assert ahead.shape == (5, 3)
    np.testing.assert_array_equal(ahead[0], found)
    np.testing.assert_array_equal(ahead, online.forecast(5))
    del model
    np.testing.assert_array_equal(ahead[:2], online.forecast(2))


def test_online_refuses(model):
    online = model.online()
    with pytest.raises(InputError, match="no frame has been taken"):
        online.forecast()
    for wrong, message in (([1.0], "activity: has 1 values; expected 8"), (np.zeros((1, 8)), r"activity: has shape \(1, 8\)"),
                           ("text", "activity: "), ([1e300] * 8, "activity: neuron 0 has inf")):
        with pytest.raises((InputError, TypeError), match=message):
            online.step(wrong)
    with pytest.raises(InputError, match="behavior: has 1 values; expected 0"):
        online.step(np.zeros(8), behavior=[1])
    with pytest.raises(OptionError, match="steps: found 0"):
        online.forecast(0)
    with pytest.raises(OptionError, match="session"):
        model.online(session=1)
