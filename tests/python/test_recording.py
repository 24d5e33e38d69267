"""Recordings from whatever the user has in memory."""

import contextlib
import json
import pickle
import subprocess
import warnings

import numpy as np
import pytest

import synapsnet
from synapsnet.errors import InputError, OptionError, RecordingWarning


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
    subprocess.run([program, "convert", "spikes.npz", "--bin", "20ms", "-o", "counts.h5", "--quiet"], check=True)
    for path, options in (("counts.h5", {}), ("spikes.npz", {"bin": 0.02}), ("spikes.npz", {"bin": np.timedelta64(20, "ms")})):
        np.testing.assert_array_equal(r.activity, synapsnet.read(path, **options).activity)
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


# ---- what is easily mistaken ----


def test_masked_arrays_keep_their_mask(X):
    hidden = X > 0.7
    speed = np.ma.masked_less(np.arange(400), 10)
    r = synapsnet.recording(np.ma.array(X, mask=hidden), rate_hz=5, behavior=speed)
    np.testing.assert_array_equal(np.isnan(r.activity), hidden)
    np.testing.assert_array_equal(np.isnan(r.behavior[:, 0]), np.arange(400) < 10)
    counts = np.ma.array(np.round(np.abs(X)).astype(np.int16), mask=hidden)
    np.testing.assert_array_equal(np.isnan(synapsnet.recording(counts, rate_hz=5).activity), hidden)


def test_a_turned_array(X):
    with pytest.warns(RecordingWarning, match=r"\(5, 400\): took the first axis as time, although the second is longer"):
        assert synapsnet.recording(X.T, rate_hz=5).shape == (5, 400)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(synapsnet.recording(X.T, rate_hz=5, orientation="neurons-first").activity, X)
        assert synapsnet.recording(X.T, rate_hz=5, orientation="time-first").shape == (5, 400)
        assert synapsnet.recording(X.T, timestamps=np.arange(5.0)).shape == (5, 400)  # says which axis is time
    with pytest.raises(OptionError, match="orientation: found 'down'"):
        synapsnet.recording(X, rate_hz=5, orientation="down")


def test_dates_in_a_column(X):
    import pandas

    frame = pandas.DataFrame(X, columns=list("abcde"))
    for zone in (None, "America/New_York"):
        dated = frame.assign(Timestamp=pandas.date_range("2024-01-01", periods=400, freq="50ms", tz=zone))
        assert synapsnet.recording(dated).rate_hz == pytest.approx(20)


def test_dates_with_a_time_zone(X):
    import pandas

    index = pandas.date_range("2024-03-31", periods=400, freq="50ms", tz="Europe/Berlin")
    speed = pandas.Series(np.arange(400.0), index.tz_convert("UTC"), name="speed")
    r = synapsnet.recording(pandas.DataFrame(X, index), behavior=speed)
    assert r.rate_hz == pytest.approx(20) and r.behavior_names == ["speed"]


@pytest.mark.parametrize("name, step", [("time", 0.05), ("time_s", 0.05), ("Timestamps (ms)", 50), ("t", 0.05),
                                        ("frame_time_us", 50000)])
def test_a_column_of_times_is_no_neuron(X, name, step):
    import pandas

    frame = pandas.DataFrame(X, columns=list("abcde"))
    frame.insert(2, name, np.arange(400) * step)
    r = synapsnet.recording(frame)
    frame.to_csv("x.csv", index=False)
    of_file = synapsnet.read("x.csv")
    assert r.neuron_ids == of_file.neuron_ids == list("abcde")
    assert r.rate_hz == pytest.approx(of_file.rate_hz) == pytest.approx(20)
    np.testing.assert_array_equal(r.activity, X)


def test_doubtful_columns_of_times(X):
    import pandas

    frame = pandas.DataFrame(X, columns=["time_fu", "b", "c", "d", "e"])
    with pytest.raises(InputError, match="'time_fu' seems to be times, but not in which unit"):
        synapsnet.recording(frame)
    with pytest.raises(InputError, match="'time', 't' seem to be times"):
        synapsnet.recording(frame.rename(columns={"time_fu": "time", "c": "t"}))
    with pytest.raises(InputError, match="'time', 'time' seem to be times"):
        synapsnet.recording(frame.set_axis(["time", "time", "c", "d", "e"], axis=1))
    frame.set_axis(list("abcde"), axis=1).to_csv("x.csv")
    assert synapsnet.recording(pandas.read_csv("x.csv"), rate_hz=3).neuron_ids == list("abcde")  # less "Unnamed: 0"
    named = frame.rename(columns={"time_fu": "t_3"})  # may well be a neuron
    assert synapsnet.recording(named, rate_hz=3).neuron_ids[0] == "t_3"


def test_numbers_that_pandas_does_not_know(X):
    import pandas

    frame = pandas.DataFrame(X).astype("Float64")
    frame.iloc[7, 2] = pandas.NA
    r = synapsnet.recording(frame, rate_hz=5, behavior=frame[2])
    assert np.isnan(r.activity[7, 2]) and np.isnan(r.activity).sum() == 1 and np.isnan(r.behavior[7, 0])


def test_behaviour_with_other_times_is_refused(X):
    import pandas

    frame = pandas.DataFrame(X, np.arange(400) * 0.05)
    speed = pandas.DataFrame({"speed": np.arange(400.0)}, np.arange(400) * 0.04)
    with pytest.raises(InputError, match="behavior: has other times .*0 s to 15.96 s.* than the activity .*0 s to 19.95 s"):
        synapsnet.recording(frame, behavior=speed)
    with pytest.raises(InputError, match="behavior: has other times"):
        synapsnet.recording(X, timestamps=frame.index, behavior=speed.iloc[:300])
    assert synapsnet.recording(frame, behavior=speed.reset_index(drop=True)).n_behaviors == 1  # says nothing of times
    timed = pandas.DataFrame({"time": np.arange(400) * 0.05 + 1e-3, "speed": 1.0 * np.arange(400)})
    assert synapsnet.recording(frame, behavior=timed).behavior_names == ["speed"]


def test_a_rate_by_both_names(X):
    np.save("x.npy", X)
    quick = dict(orientation="time-first")
    for made in (synapsnet.recording(X, rate=7), synapsnet.read("x.npy", rate_hz=7, **quick),
                 synapsnet.recording("x.npy", rate_hz=np.float32(7), **quick)):
        assert made.rate_hz == 7
    with pytest.raises(OptionError, match="rate_hz: found rate as well"):
        synapsnet.recording(X, rate=7, rate_hz=7)


def test_a_pickled_recording_keeps_its_path(X):
    np.save("x.npy", X)
    rec = synapsnet.read("x.npy", rate=5, orientation="time-first")
    again = pickle.loads(pickle.dumps(rec))
    assert again.path == "x.npy" and pickle.loads(pickle.dumps(synapsnet.recording(X, rate_hz=5))).path is None
    synapsnet.SynapsNet(connectivity="none", hidden=2, epochs=1).fit(again).save("m.h5")
    assert synapsnet.load("m.h5").predict().shape == X.shape


def test_warnings_of_what_comes_from_memory_are_shown(X):
    times = np.arange(400) * 0.1
    times[200:] += 30
    with pytest.warns(RecordingWarning, match="the array: the timestamps leave 1 gaps"):
        synapsnet.recording(X, timestamps=times)


def test_errors_say_the_array(X):
    with pytest.raises(InputError, match="^the array: "):
        synapsnet.recording(X, rate_hz=5, segments=[[0, 900]])


def test_no_interpreter_to_ask(monkeypatch):
    monkeypatch.setattr("sys.executable", None)
    assert synapsnet._library._blas_core() == ""


def test_the_tree_of_an_nwb_file_is_without_its_schema():
    h5py = pytest.importorskip("h5py")
    with h5py.File("s.nwb", "w") as file:
        for name in ("specifications/core/2.7/namespace", "specifications/hdmf-common/1.8/table"):
            file[name] = "{}"
        file["acquisition/dff/data"] = np.zeros((5, 2))
        file["specifications/own"] = np.zeros(3)
    found = synapsnet.contents("s.nwb")
    assert len(found) == 4
    assert "acquisition/" in str(found) and "own" in str(found)
    assert "core" not in str(found) and "hdmf" not in str(found)


def test_a_column_of_behaviour_among_neurons_is_said(X):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b", "c", "Speed (cm/s)", "speedy"], index=np.arange(len(X)) / 10)
    with pytest.warns(RecordingWarning, match=r"named like behaviour: Speed \(cm/s\); if so, leave it out"):
        synapsnet.recording(frame)


def test_behaviour_on_another_clock_is_told_how_to_be_brought_there(X):
    nap = pytest.importorskip("pynapple")
    group = nap.TsGroup({k: nap.Ts(np.arange(0, 20, 0.3 + 0.1 * k)) for k in range(3)})
    fast = nap.Tsd(t=np.arange(0, 20, 0.01), d=np.arange(2000.0))
    for behavior in (fast, {"place": fast}):
        with pytest.raises(InputError, match=r"has other times \(2000 times.*such as behavior.bin_average\(bin\)"):
            synapsnet.recording(group, bin=0.05, behavior=behavior)
    slow = fast.bin_average(0.05, ep=group.time_support)
    assert synapsnet.recording(group, bin=0.05, behavior={"place": slow}).behavior_names == ["place"]


def test_trials_of_three_axes_are_told_how_to_lie(X):
    trials = np.arange(120.0).reshape(4, 10, 3)
    for data in (trials, list(trials)):
        with pytest.raises(InputError, match=r"X.reshape\(-1, 3\), with segments=\[\[k \* 10, \(k \+ 1\) \* 10\] for k in range\(4\)\]"):
            synapsnet.recording(data, rate_hz=5)
    with pytest.raises(InputError, match="an array of activity goes in by itself"):
        synapsnet.recording({"dff": trials[0]})
    np.savez("t.npz", dff=trials)
    with pytest.raises(synapsnet.errors.InputTypeError, match=r"all that an npz file holds; expected one array of it, such as contents\['dff'\]"):
        synapsnet.recording(np.load("t.npz"))


@pytest.mark.parametrize("name", ["fs", "fr", "fps", "sampling_rate", "Hz"])
def test_other_names_of_the_rate_are_known(X, name):
    with pytest.raises(OptionError, match=f"'{name}'; did you mean 'rate_hz'"):
        synapsnet.recording(X, **{name: 20})
    with pytest.raises(OptionError, match=f"'{name}'; did you mean 'rate'"):
        synapsnet.read("x.npy", **{name: 20})


def test_a_data_frame_of_more_columns_than_rows_is_said(X):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X[:30].T)
    with pytest.warns(RecordingWarning, match="5 rows and 30 columns, which were taken as neurons; where rows are neurons, give frame.T"):
        synapsnet.recording(frame, rate_hz=10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        synapsnet.recording(frame.T, rate_hz=10)
        synapsnet.recording(frame.set_index(np.arange(5) / 10.0))


def test_a_dataset_is_not_one_array():
    xr = pytest.importorskip("xarray")
    with pytest.raises(synapsnet.errors.InputTypeError, match=r"such as dataset\['dff'\]"):
        synapsnet.recording(xr.Dataset({"dff": (("time", "cell"), np.zeros((9, 2)))}))


def test_tables_of_spikes_are_counted():
    pd = pytest.importorskip("pandas")
    random = np.random.default_rng(5)
    trains = {unit: np.sort(random.uniform(0, 30, 80)) for unit in (3, 8, 11)}
    expected = synapsnet.recording(trains, bin=0.1)
    units = np.repeat(list(trains), 80)
    times = np.concatenate(list(trains.values()))
    order = np.argsort(times)
    tables = [pd.DataFrame({"unit": units[order], "spike_time": times[order]}), pd.DataFrame({"time_ms": 1000 * times, "cell_id": units}),
              pd.Series(trains), pd.DataFrame({"spike_times": pd.Series(trains), "quality": "good"})]
    for k, table in enumerate(tables):
        with pytest.warns(RecordingWarning, match="spike times of 3 neurons") if k < 2 else contextlib.nullcontext():
            found = synapsnet.recording(table, bin=0.1)
        assert found.signal == "counts" and found.neuron_ids == ["3", "8", "11"]
        np.testing.assert_array_equal(found.activity, expected.activity)
    frames = pd.DataFrame({"time": np.arange(60) / 10, "cell": np.arange(60) % 3})  # the frames of one neuron
    assert synapsnet.recording(frames).activity.shape == (60, 1)
    frames["time"] += random.uniform(0, 0.01, 60)  # on a clock that is not regular
    assert synapsnet.recording(frames).activity.shape[1] == 1
    dates = pd.DataFrame({"time": pd.date_range("2024-05-01", periods=60, freq="100ms"), "cell": np.arange(60) % 3})
    assert synapsnet.recording(dates).activity.shape == (60, 1)


def test_ids_may_be_missing(X):
    assert len(set(synapsnet.recording(X, rate_hz=10, neuron_ids=["a", "", "", "b", "c"]).neuron_ids)) == 5


def test_times_that_are_dates_or_milliseconds(X):
    pd = pytest.importorskip("pandas")
    stamps = pd.date_range("2024-05-01", periods=len(X), freq="100ms")
    for times in (stamps, stamps.to_numpy(), pd.Series(stamps)):
        found = synapsnet.recording(X, timestamps=times)
        assert found.rate_hz == pytest.approx(10) and found.time_s[0] == 0
    with pytest.warns(RecordingWarning, match="50 s from frame to frame: times are in s, those in ms are to be divided by 1000"):
        synapsnet.recording(X, timestamps=np.arange(len(X)) * 50.0)


def test_objects_that_stand_for_files_are_told(tmp_path):
    h5py, pynwb = pytest.importorskip("h5py"), pytest.importorskip("pynwb")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/x"] = np.zeros((5, 2))
        for group in (file, file["g"]):
            with pytest.raises(synapsnet.errors.InputTypeError, match="a group of an HDF5 file; expected a dataset of it"):
                synapsnet.recording(group)
    series = pynwb.TimeSeries(name="a", data=np.zeros((5, 2)), unit="V", rate=10.0)
    with pytest.raises(synapsnet.errors.InputTypeError, match="found a TimeSeries of pynwb; expected the path of the file"):
        synapsnet.recording(series)


def test_epochs_of_pynapple_and_trials_of_nwb_are_in_seconds(X):
    nap = pytest.importorskip("pynapple")
    epochs = nap.IntervalSet([1, 12], [10, 30])
    expected = [[20, 201], [240, 400]]  # frames at 20 Hz; the second reaches beyond the end
    times = np.arange(400) / 20
    for data, keywords in ((X, {"rate_hz": 20}), (X, {"timestamps": times}), (nap.TsdFrame(t=times, d=X), {})):
        assert synapsnet.recording(data, segments=epochs, **keywords).segments.tolist() == expected
    trains = {k: np.arange(k, 40, 0.3) for k in range(3)}
    assert synapsnet.recording(trains, segments=epochs).segments.tolist() == [[20, 201], [240, 601]]
    pandas = pytest.importorskip("pandas")
    trials = pandas.DataFrame({"start_time": [1.0, 12.0], "stop_time": [10.0, 30.0], "kind": ["a", "b"]})  # as NWB has them
    assert synapsnet.recording(X, rate_hz=20, segments=trials).segments.tolist() == expected
    assert synapsnet.recording(trains, segments=trials).segments.tolist() == [[20, 201], [240, 601]]
    touching = pandas.DataFrame({"start_time": [0.0, 5.0, 10.0], "stop_time": [5.0, 10.0, 15.0]})
    assert synapsnet.recording(X, rate_hz=20, segments=touching).segments.tolist() == [[0, 100], [100, 200], [200, 301]]
    with pytest.raises(InputError, match="epochs in s, and nothing says the times"):
        synapsnet.recording(X, segments=epochs)
    with pytest.raises(InputError, match="none of the 2 epochs holds a frame; the frames are at 50 to 69.95 s"):
        synapsnet.recording(X, timestamps=times + 50, segments=epochs)


def test_objects_of_pynapple(X):
    nap = pytest.importorskip("pynapple")
    frame = nap.TsdFrame(t=np.arange(400) / 20, d=X, columns=[4, 9, 2, 1, 7], metadata={"region": list("aabbb")})
    r = synapsnet.recording(frame)
    assert r.neuron_ids == ["4", "9", "2", "1", "7"] and r.regions == list("aabbb")
    trains = {k: np.arange(k, 40, 0.3) for k in range(3)}
    counts = synapsnet.recording({k: nap.Ts(times) for k, times in trains.items()})
    np.testing.assert_array_equal(counts.activity, synapsnet.recording(trains).activity)
    assert synapsnet.recording(X, timestamps=nap.Ts(np.arange(400) / 20)).rate_hz == 20
    with pytest.raises(synapsnet.errors.InputTypeError, match="IntervalSet of pynapple.*epochs go in as segments"):
        synapsnet.recording(nap.IntervalSet([1, 12], [10, 30]))
    with pytest.raises(synapsnet.errors.InputTypeError, match="Ts of pynapple.*expected a TsGroup"):
        synapsnet.recording(nap.Ts(trains[0]))


def test_several_recordings_of_spikes(X):
    nap = pytest.importorskip("pynapple")
    trains = {k: np.sort(np.random.default_rng(k).uniform(0, 40, 300)) for k in range(3)}
    group = nap.TsGroup({k: nap.Ts(times) for k, times in trains.items()})
    for several in ([trains, trains], [group, trains], [synapsnet.recording(trains), group]):
        model = synapsnet.SynapsNet(connectivity="none", hidden=2, epochs=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert [len(ids) for ids in model.fit(several).neuron_ids_] == [3, 3]


def test_labels_of_columns_are_ids(X):
    pandas = pytest.importorskip("pandas")
    assert synapsnet.recording(pandas.DataFrame(X), rate_hz=10).neuron_ids == list("01234")
    assert synapsnet.recording(pandas.DataFrame(X, columns=[7, 3, 0, 12, 5]), rate_hz=10).neuron_ids == "7 3 0 12 5".split()
    levels = pandas.MultiIndex.from_tuples([("V1", 0), ("V1", 1), ("LM", 0), ("LM", 1), ("LM", 2)])
    assert synapsnet.recording(pandas.DataFrame(X, columns=levels), rate_hz=10).neuron_ids[3] == "LM 1"


def test_columns_that_hold_no_numbers_are_named(X):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcde"))
    dates = pandas.date_range("2024-01-01", periods=400, freq="50ms")
    for column in (["m1"] * 400, pandas.Categorical(["x", "y"] * 200)):
        with pytest.raises(synapsnet.errors.InputTypeError, match="^DataFrame: column 'mouse' holds .*, not numbers"):
            synapsnet.recording(frame.assign(mouse=column), rate_hz=20)
    with pytest.raises(synapsnet.errors.InputTypeError, match="^DataFrame: column 'when' holds datetime.*the times of frames go"):
        synapsnet.recording(frame.assign(when=dates), rate_hz=20)
    with pytest.raises(synapsnet.errors.InputTypeError, match="^behavior: column 'state' holds category"):
        synapsnet.recording(X, rate_hz=20, behavior=pandas.Series(pandas.Categorical(list("ab") * 200), name="state"))
    assert synapsnet.recording(frame.assign(b=X[:, 1] > 0), rate_hz=20).activity[:, 1].max() == 1


def test_rows_of_two_levels_are_said(X):
    pandas = pytest.importorskip("pandas")
    rows = pandas.MultiIndex.from_product([range(4), range(100)], names=["trial", "frame"])
    with pytest.warns(RecordingWarning, match="2 levels .trial, frame., which were not used: .* trials as segments"):
        assert synapsnet.recording(pandas.DataFrame(X, index=rows), rate_hz=20).rate_hz == 20


def test_behaviour_of_xarray(X):
    xarray = pytest.importorskip("xarray")
    times = np.arange(400) / 20
    activity = xarray.DataArray(X, dims=("time", "neuron"), coords={"time": times})
    speed = xarray.DataArray(times, dims="time", coords={"time": times}, name="speed")
    r = synapsnet.recording(activity, behavior=speed)
    assert r.behavior_names == ["speed"] and r.behavior[30, 0] == 1.5
    both = xarray.concat([speed, speed * 2], xarray.DataArray(["one", "two"], dims="variable"))
    assert both.dims == ("variable", "time")
    r = synapsnet.recording(activity, behavior=both)
    assert r.behavior_names == ["one", "two"] and r.behavior[30].tolist() == [1.5, 3.0]
    for late in (speed.assign_coords(time=times + 100), xarray.Dataset({"speed": speed.assign_coords(time=times + 100)})):
        with pytest.raises(InputError, match="behavior: has other times .*interp_like"):
            synapsnet.recording(activity, behavior=late)


def test_dates_in_a_list_and_missing_ones(X):
    pandas = pytest.importorskip("pandas")
    dates = pandas.date_range("2024-01-01", periods=400, freq="50ms", tz="Europe/Berlin")
    for times in (list(dates.to_pydatetime()), list(dates), [one - dates[0] for one in dates]):
        assert synapsnet.recording(X, timestamps=times).rate_hz == 20
    missing = dates.to_series(index=range(400))
    missing[7] = pandas.NaT
    with pytest.raises(InputError, match="timestamp 7 is not a number"):
        synapsnet.recording(pandas.DataFrame(X, index=pandas.DatetimeIndex(missing)))


def test_bins_of_seconds_are_said():
    trains = {"a": np.arange(1, 400, 0.3)}
    with pytest.warns(RecordingWarning, match="bins of 20 s; milliseconds are said as '20ms'"):
        synapsnet.recording(trains, bin=20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        synapsnet.recording(trains, bin="1s")
