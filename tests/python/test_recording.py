"""Recordings from whatever the user has in memory."""

import json
import pickle
import subprocess

import numpy as np
import pytest

import synapsnet
from synapsnet.errors import InputError, RecordingWarning


def test_arrays_come_back_as_they_went_in(X):
    X[3, 2] = np.nan
    speed, segments = np.arange(400.0), [[0, 150], [160, 400]]
    r = synapsnet.recording(X, behavior={"speed": speed}, segments=segments, rate_hz=20, neuron_ids=list("abcde"),
                            regions=["V1"] * 5, signal="fluorescence")
    np.testing.assert_array_equal(r.activity, X)
    assert not r.observed[3, 2] and r.observed.sum() == X.size - 1
    np.testing.assert_array_equal(r.behavior[:, 0], speed.astype(np.float32))
    np.testing.assert_array_equal(r.segments, segments)
    assert (r.neuron_ids, r.regions, r.behavior_names) == (list("abcde"), ["V1"] * 5, ["speed"])
    assert (r.shape, r.rate_hz, r.signal, r.path) == ((400, 5), 20, "fluorescence", None)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i1", "u2", "i4", "i8", "?"])
def test_every_type_and_layout_of_numbers(X, dtype):
    source = np.clip(np.round(X * 3 + 10), 0, 100).astype(dtype)
    expected = source.astype(np.float32)
    for layout in (source, np.asfortranarray(source), source[:, ::-1][:, ::-1], source.tolist()):
        r = synapsnet.recording(layout, rate_hz=5, signal="fluorescence")
        np.testing.assert_array_equal(r.activity, expected)


def test_views_are_no_copies_and_cannot_be_written_to(rec):
    assert rec.activity.ctypes.data == rec.activity.ctypes.data and not rec.activity.flags.owndata
    with pytest.raises(ValueError):
        rec.activity[0, 0] = 1
    view = synapsnet.simulate("rates", neurons=4, frames=50).activity  # outlives its recording
    assert np.isfinite(view).all()


def test_a_rate_that_is_missing_is_said(X):
    with pytest.warns(RecordingWarning, match="no rate_hz"):
        assert synapsnet.recording(X).rate_hz == 1


def test_timestamps_give_the_rate_and_the_segments(X):
    times = np.arange(400) * 0.1
    times[200:] += 30
    r = synapsnet.recording(X, timestamps=times)
    assert r.rate_hz == pytest.approx(10)
    np.testing.assert_array_equal(r.segments, [[0, 200], [200, 400]])
    with pytest.raises(InputError, match="timestamps say 10 Hz"):
        synapsnet.recording(X, timestamps=times, rate_hz=30)


def test_pandas(X):
    import pandas

    frame = pandas.DataFrame(X, columns=list("abcde"), index=pandas.date_range("2024-01-01", periods=400, freq="50ms"))
    r = synapsnet.recording(frame, behavior=pandas.DataFrame({"speed": X[:, 0], "pupil": X[:, 1]}))
    np.testing.assert_array_equal(r.activity, X)
    assert r.rate_hz == pytest.approx(20)
    assert (r.neuron_ids, r.behavior_names) == (list("abcde"), ["speed", "pupil"])
    numbered = synapsnet.recording(pandas.DataFrame(X), rate_hz=4)
    assert numbered.neuron_ids == list("01234")
    back = r.to_pandas()
    np.testing.assert_array_equal(back.to_numpy(), X)
    assert list(back.columns) == list("abcde")


def test_xarray(X):
    import xarray

    array = xarray.DataArray(X.T, dims=("cell", "time"), coords={"time": np.arange(400) / 8, "cell": list("abcde"),
                                                                 "region": ("cell", ["V1", "V1", "LM", "LM", "LM"])})
    r = synapsnet.recording(array)
    np.testing.assert_array_equal(r.activity, X)
    assert (r.rate_hz, r.neuron_ids, r.regions) == (8, list("abcde"), ["V1", "V1", "LM", "LM", "LM"])
    back = r.to_xarray()
    np.testing.assert_array_equal(back.values, X)
    assert list(back.coords["region"].values) == r.regions


def test_pynapple(X):
    import pynapple as nap

    frame = nap.TsdFrame(t=np.arange(400) / 10, d=X, columns=list("abcde"))
    r = synapsnet.recording(frame)
    np.testing.assert_array_equal(r.activity, X)
    assert (r.rate_hz, r.neuron_ids) == (pytest.approx(10), list("abcde"))
    epochs = nap.IntervalSet(start=[0, 30], end=[10, 39.95])
    cut = synapsnet.recording(frame.restrict(epochs))
    assert len(cut.segments) == 2

    random = np.random.default_rng(0)
    spikes = {k: np.sort(random.uniform(0, 60, 300)) for k in (3, 7, 20)}
    group = nap.TsGroup({k: nap.Ts(t) for k, t in spikes.items()}, time_support=nap.IntervalSet(0, 60),
                        metadata={"location": ["CA1", "CA1", "CA3"]})
    r = synapsnet.recording(group, bin="100ms")
    assert (r.signal, r.neuron_ids, r.regions) == ("counts", ["3", "7", "20"], ["CA1", "CA1", "CA3"])
    assert r.activity.sum() == 900 and r.rate_hz == pytest.approx(10)
    np.testing.assert_array_equal(r.activity, group.count(0.1).values)
    np.testing.assert_allclose(r.time_s, np.arange(600) / 10, atol=1e-9)  # where bins start
    more = synapsnet.recording(group, bin="100ms", behavior=np.arange(600), regions=["A", "B", "C"], name="rat")
    np.testing.assert_array_equal(more.activity, r.activity)
    np.testing.assert_array_equal(more.time_s, r.time_s)
    assert (more.regions, more.name, r.name, more.n_behaviors) == (["A", "B", "C"], "rat", "TsGroup", 1)
    for k, unit in enumerate(spikes.values()):
        np.testing.assert_array_equal(more.spikes[0][more.spikes[1] == k], unit)


def test_spike_trains_are_counted_as_the_program_does(program):
    random = np.random.default_rng(0)
    trains = {name: random.uniform(0, 30, 200) for name in ("a", "b")}
    r = synapsnet.recording(trains, bin=0.02)
    np.savez("spikes.npz", times=np.concatenate(list(trains.values())), ids=np.repeat([0, 1], 200))
    other = synapsnet.read("spikes.npz", bin=0.02)
    np.testing.assert_array_equal(r.activity, other.activity)
    assert r.neuron_ids == ["a", "b"] and r.signal == "counts"
    last = max(times.max() for times in trains.values())
    assert synapsnet.recording(trains, start_s=0).n_frames == int(last / 0.05) + 1


def test_spike_trains_keep_their_clock_and_spikes_beside_other_things():
    random = np.random.default_rng(0)
    trains = {name: np.sort(random.uniform(100, 130, 200)) for name in ("a", "b")}
    plain = synapsnet.recording(trains, bin=0.1)
    assert plain.time_s[0] == pytest.approx(100) and len(plain.spikes[0]) == 400
    T = plain.n_frames
    r = synapsnet.recording(trains, bin=0.1, behavior=np.arange(T), segments=[[0, 100], [120, T]], name="probe 1",
                            neuron_ids=["u1", "u2"], regions=["CA1", "CA3"], cell_types=["e", "i"], signal="counts")
    np.testing.assert_array_equal(r.activity, plain.activity)
    np.testing.assert_array_equal(r.time_s, plain.time_s)
    for given, kept in zip(plain.spikes, r.spikes):
        np.testing.assert_array_equal(given, kept)
    assert (r.rate_hz, r.signal, r.name) == (plain.rate_hz, "counts", "probe 1")
    assert (r.neuron_ids, r.regions, r.cell_types) == (["u1", "u2"], ["CA1", "CA3"], ["e", "i"])
    np.testing.assert_array_equal(r.segments, [[0, 100], [120, T]])
    assert r.behavior[5, 0] == 5
    assert synapsnet.recording(trains, regions=["CA1", "CA3"]).regions == ["CA1", "CA3"]


def test_start_of_bins():
    trains = {"a": np.arange(7.0, 40.0, 1.5)}
    r = synapsnet.recording(trains, bin=1.0, start_s=6.5)
    np.testing.assert_allclose(r.time_s, 6.5 + np.arange(r.n_frames))
    assert r.activity[0, 0] == 1 and r.activity.sum() == 22


def test_files_are_read_as_by_the_program(program, X):
    np.savez("session.npz", dff=X, speed=np.arange(400.0), trials=[[0, 200], [200, 400]])
    options = {"rate": 30, "behavior": ["session.npz:speed"], "segments": "session.npz:trials"}
    r = synapsnet.read("session.npz:dff", **options)
    words = ["--rate", "30", "--behavior", "session.npz:speed", "--segments", "session.npz:trials"]
    said = subprocess.run([program, "info", "session.npz:dff", "--json", *words], capture_output=True, check=True)
    assert r.info() == json.loads(said.stdout)
    assert "400 at 30 Hz" in str(r)


def test_writes_and_pickles(rec):
    rec.save("copy.h5")
    again = synapsnet.read("copy.h5")
    for other in (again, pickle.loads(pickle.dumps(rec))):
        np.testing.assert_array_equal(other.activity, rec.activity)
        np.testing.assert_array_equal(other.truth, rec.truth)
        assert other.neuron_ids == rec.neuron_ids


def test_simulations_are_those_of_the_program(program):
    r = synapsnet.simulate("spikes", neurons=10, frames=200, seed=5, view="counts")
    subprocess.run([program, "simulate", "spikes", "--neurons", "10", "--frames", "200", "--seed", "5", "--view",
                    "counts", "-o", "sim.h5", "--quiet"], check=True)
    np.testing.assert_array_equal(r.activity, synapsnet.read("sim.h5").activity)
    assert r.truth.shape == (10, 10)
