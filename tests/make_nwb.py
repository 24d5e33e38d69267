#!/usr/bin/env python3
"""Makes the small NWB files under tests/data/nwb. Needs pynwb (good files) and h5py (malformed ones).

The activity is that of make_data.py: value(t, j) = t + 20 j over T = 40 frames and N = 5 neurons at 10 Hz. Spike trains are
those of make_matlab.py.
"""
import os
import shutil
from datetime import datetime, timezone

import h5py
import numpy as np
import pynwb
from pynwb.behavior import BehavioralEvents, BehavioralTimeSeries, Position, PupilTracking, SpatialSeries
from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel, RoiResponseSeries

from make_matlab import spikes

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "nwb")
T, N, RATE = 40, 5, 10.0
X = (np.arange(T)[:, None] + 20 * np.arange(N)[None, :]).astype("f8")


def path(*parts):
    full = os.path.join(HERE, *parts)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


# ---- good files, by pynwb ----


def new():
    return pynwb.NWBFile("a session", "id", datetime(2020, 1, 1, tzinfo=timezone.utc))


def write(name, nwb, **options):
    with pynwb.NWBHDF5IO(path(name), "w", **options) as io:
        io.write(nwb, cache_spec=False)


def segmentation(nwb, rois, first=100):
    """The table of ROIs, with ids from first on, in a module `ophys`."""
    device = nwb.create_device("scope")
    plane = nwb.create_imaging_plane(name="plane", optical_channel=OpticalChannel("green", "", 520.0), description="", device=device,
                                     excitation_lambda=920.0, indicator="GCaMP6f", location="VISp", imaging_rate=RATE)
    images = ImageSegmentation()
    table = images.create_plane_segmentation("", plane, name="PlaneSegmentation")
    for k in range(rois):
        table.add_roi(id=first + k, pixel_mask=[(k, k, 1.0)])
    module = nwb.create_processing_module("ophys", "")
    module.add(images)
    return module, table


def region(table, rows=None):
    return table.create_roi_table_region(region=list(range(len(table)) if rows is None else rows), description="all")


def dff_series(table, data=X, **options):
    if "timestamps" not in options:
        options.setdefault("rate", RATE)
    return RoiResponseSeries(name="RoiResponseSeries", data=data, rois=region(table), unit="ratio", **options)


def good_traces():
    # Conversion, offset, cells accepted among others, types; compressed.
    nwb = new()
    module, table = segmentation(nwb, 7)
    data = np.full((T, 7), 999.0)
    data[:, [0, 1, 3, 4, 6]] = (X - 1) / 2
    table.add_column("iscell", "", data=[[1, 0.9], [1, 0.9], [0, 0.1], [1, 0.9], [1, 0.9], [0, 0.2], [1, 0.8]])
    table.add_column("cell_type", "", data=["Pvalb", "EC", "EC", "EC", "Sst", "EC", "EC"])
    series = dff_series(table, pynwb.H5DataIO(data.astype("f4"), compression="gzip", chunks=(16, 4)), conversion=2.0, offset=1.0)
    module.add(DfOverF(roi_response_series=series))
    write("accepted.nwb", nwb)
    # Timestamps with a gap of 3 s after 20 frames, whole numbers.
    nwb = new()
    module, table = segmentation(nwb, N)
    times = 5 + np.arange(T) / RATE + np.where(np.arange(T) >= 20, 3, 0)
    module.add(Fluorescence(roi_response_series=dff_series(table, X.astype("i2"), timestamps=times)))
    write("gap.nwb", nwb)
    # Written as (roi, time), against the standard.
    nwb = new()
    module, table = segmentation(nwb, N)
    module.add(dff_series(table, X.T.copy()))
    write("roi_first.nwb", nwb)
    # Raw fluorescence and dF/F, and units: the user says which. timestamps are a link.
    nwb = new()
    module, table = segmentation(nwb, N)
    raw = dff_series(table, X + 1000, timestamps=2 + np.arange(T) / RATE)
    module.add(Fluorescence(roi_response_series=raw))
    module.add(DfOverF(roi_response_series=dff_series(table, X, timestamps=raw)))
    module.add(Fluorescence(name="Deconvolved", roi_response_series=dff_series(table, X, starting_time=2.0)))
    add_units(nwb)
    write("several.nwb", nwb)


def good_session():
    """Long enough for a fit; every neuron follows the one before it."""
    random = np.random.default_rng(3)
    data = np.zeros((800, 6), "f4")
    for t in range(1, len(data)):
        data[t] = 0.8 * np.roll(data[t - 1], 1) + 0.5 * random.standard_normal(6)
    nwb = new()
    module, table = segmentation(nwb, 6, first=0)
    module.add(DfOverF(roi_response_series=dff_series(table, data)))
    write("session.nwb", nwb)


def good_behavior():
    nwb = new()
    module, table = segmentation(nwb, N)
    module.add(DfOverF(roi_response_series=dff_series(table, starting_time=2.0)))
    behavior = nwb.create_processing_module("behavior", "")
    slow, fast = 2 + np.arange(T) / RATE, 2 + np.arange(6 * T) / 60
    behavior.add(BehavioralTimeSeries(time_series=pynwb.TimeSeries("speed", np.arange(6 * T) * 0.5, "cm/s", timestamps=fast)))
    behavior.add(Position(spatial_series=SpatialSeries("SpatialSeries", np.column_stack([np.arange(T), -np.arange(T)]) * 1.0, "tail",
                                                       timestamps=slow, conversion=0.01)))
    behavior.add(PupilTracking(time_series=pynwb.TimeSeries("pupil", np.arange(T), "mm", rate=RATE, starting_time=2.0)))
    rewards = pynwb.TimeSeries("reward", np.ones(4), "1", timestamps=[2.1, 2.2, 4.9, 5.0])
    behavior.add(BehavioralEvents(time_series=rewards))
    nwb.add_acquisition(pynwb.TimeSeries("licks", (np.arange(T) % 3).astype("u1"), "V", rate=RATE, starting_time=2.0))
    nwb.add_acquisition(pynwb.TimeSeries("elsewhere", np.arange(T), "V", rate=RATE, starting_time=900.0))
    nwb.add_acquisition(pynwb.image.ImageSeries("movie", data=np.zeros((T, 2, 2), "u1"), unit="n.a.", rate=RATE))
    nwb.add_invalid_time_interval(start_time=3.0, stop_time=3.25)
    for k in range(4):
        nwb.add_trial(start_time=2.0 + k, stop_time=2.8 + k)
    nwb.add_epoch(2.0, 4.0, ["first"])
    nwb.add_epoch(4.0, 6.0, ["second"])
    write("behavior.nwb", nwb)


def add_units(nwb, **columns):
    for k, times in enumerate(spikes()):
        nwb.add_unit(id=11 + 2 * k, spike_times=times, **{name: values[k] for name, values in columns.items()})


def good_units():
    nwb = new()
    add_units(nwb)
    write("units_uint8.nwb", nwb)
    for kind in "uint16 uint32 uint64 int64".split():
        shutil.copy(path("units_uint8.nwb"), path(f"units_{kind}.nwb"))
        with h5py.File(path(f"units_{kind}.nwb"), "r+") as f:
            old = f["units/spike_times_index"]
            index, attributes = old[:], {k: v for k, v in old.attrs.items() if k != "target"}
            del f["units/spike_times_index"]
            new_index = f["units"].create_dataset("spike_times_index", data=index.astype(kind))
            new_index.attrs.update(attributes)
            new_index.attrs["target"] = f["units/spike_times"].ref
    # Quality, type, electrodes in two regions, each unit observed at other times.
    nwb = new()
    group = nwb.create_electrode_group("probe", "", "brain", nwb.create_device("probe"))
    for k in range(4):
        nwb.add_electrode(x=float(k), y=10.0 * k, z=0.0, location="CA1" if k < 2 else "VISp", group=group)
    nwb.add_unit_column("quality", "")
    nwb.add_unit_column("cell_type", "")
    add_units(nwb, quality=["good", "good", "noise"], cell_type=["RS", "FS", "RS"], electrodes=[[1, 0], [3], [2]],
              obs_intervals=[[[0.0, 10.0]], [[0.0, 4.0], [6.0, 10.0]], [[0.0, 10.0]]])
    write("units_observed.nwb", nwb)
    # All observed in three trials alone.
    nwb = new()
    add_units(nwb, obs_intervals=[[[0.0, 3.0], [3.5, 6.0], [7.0, 10.0]]] * 3)
    write("units_trials.nwb", nwb)


def good_links():
    with pynwb.NWBHDF5IO(path("accepted.nwb"), "r") as io:
        other = io.read()
        nwb = new()
        module, table = segmentation(nwb, 7)
        data = other.processing["ophys"]["DfOverF"]["RoiResponseSeries"].data
        module.add(DfOverF(roi_response_series=dff_series(table, pynwb.H5DataIO(data, link_data=True), conversion=2.0, offset=1.0)))
        write("external.nwb", nwb, manager=pynwb.get_manager())
    # A whole module that lies in another file, and a soft link to a series.
    minimal("linked.nwb", lambda f: f.__setitem__("processing/ophys", h5py.ExternalLink("gap.nwb", "/processing/ophys")))
    minimal("soft.nwb", lambda f: (traces(f, "acquisition/series"), f.__setitem__("processing/again", h5py.SoftLink("/acquisition/series"))))


def good_tables():
    """Tables that are only mentioned, or hold nothing of use."""
    nwb = new()
    module, table = segmentation(nwb, N)
    module.add(DfOverF(roi_response_series=dff_series(table)))
    for start, stop in ((0.0, 1.0), (1.0, 2.0), (2.0, np.nan)):
        nwb.add_trial(start_time=start, stop_time=stop)
    nwb.add_invalid_time_interval(start_time=3.0, stop_time=3.2)
    nwb.add_invalid_time_interval(start_time=3.5, stop_time=np.nan)
    write("unfinished_trial.nwb", nwb)
    nwb = new()
    module, table = segmentation(nwb, N)
    module.add(DfOverF(roi_response_series=dff_series(table)))
    nwb.trials = pynwb.epoch.TimeIntervals("trials", "none yet")
    nwb.invalid_times = pynwb.epoch.TimeIntervals("invalid_times", "none")
    write("empty_tables.nwb", nwb)
    minimal("equal_times.nwb", lambda f: (traces(f), pulses(f)))
    minimal("eventful.nwb", lambda f: traces(f, "processing/ophys/Eventful_F/rrs", X - 30))
    minimal("negative_events.nwb", lambda f: traces(f, "processing/ophys/EventDetection", X - 30))
    minimal("events.nwb", lambda f: traces(f, "processing/ophys/event_detection"))


def good_planes():
    """Two planes in one container, with ids that repeat; and a second one that is a frame shorter."""
    for name, frames in (("planes", T), ("bad/planes_differ", T - 1)):
        nwb = new()
        module, first = segmentation(nwb, 3)
        second = module["ImageSegmentation"].create_plane_segmentation("", nwb.imaging_planes["plane"], name="Second")
        for k in range(2):
            second.add_roi(id=100 + k, pixel_mask=[(k, k, 1.0)])
        kind = dict(unit="ratio", rate=RATE)
        module.add(DfOverF(roi_response_series=[RoiResponseSeries(name="plane0", data=X[:, :3], rois=region(first), **kind),
                                                RoiResponseSeries(name="plane1", data=X[:frames, 3:], rois=region(second), starting_time=0.02, **kind)]))
        write(name + ".nwb", nwb)


# ---- what pynwb would not write, by h5py ----


def minimal(name, change):
    with h5py.File(path(name), "w") as f:
        f.attrs["nwb_version"], f.attrs["neurodata_type"] = "2.6.0", "NWBFile"
        f["session_start_time"] = "2020-01-01T00:00:00+00:00"
        change(f)


def traces(f, where="processing/ophys/F", data=X, rois=N, rate=RATE, timestamps=None, **attributes):
    group = f.create_group(where)
    group.attrs["neurodata_type"] = "RoiResponseSeries"
    group["data"] = data
    group["data"].attrs["unit"] = "ratio"
    group["data"].attrs.update(attributes)
    if rois:
        group["rois"] = np.arange(rois)
        table = f.require_group("processing/ophys/table")
        if "id" not in table:
            table["id"] = np.arange(rois)
        group["rois"].attrs["table"] = table.ref
    if timestamps is not None:
        group["timestamps"] = timestamps
    elif rate is not None:
        group["starting_time"] = 0.0
        group["starting_time"].attrs["rate"] = rate
    return group


def pulses(f):
    """A series two of whose samples have one time."""
    group = f.create_group("acquisition/pulses")
    group.attrs["neurodata_type"] = "TimeSeries"
    group["data"], group["timestamps"] = np.arange(T), np.arange(T) // 2 / 5.0


def units(f, times=np.arange(1.0, 21), index=(5, 12, 20), **columns):
    group = f.create_group("units")
    group.attrs["neurodata_type"] = "Units"
    columns.setdefault("id", np.arange(3))
    for name, values in {"spike_times": times, "spike_times_index": None if index is None else np.array(index), **columns}.items():
        if values is not None:
            group[name] = values
    return group


def intervals(f, name, start, stop):
    f[f"intervals/{name}/start_time"], f[f"intervals/{name}/stop_time"] = np.array(start, "f8"), np.array(stop, "f8")


def filtered(f, code):
    group = traces(f)
    del group["data"]
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((10, 5))
    plist.set_filter(code, h5py.h5z.FLAG_OPTIONAL, ())
    data = h5py.h5d.create(group.id, b"data", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create_simple((T, N)), plist)
    data.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(X))


def unwritten(f):
    group = traces(f)
    del group["data"]
    group.create_dataset("data", shape=(T, N), dtype="f4", chunks=(10, 5))


def bad():
    late = np.arange(T) / RATE
    for name, change in {
        "nothing": lambda f: f.create_group("processing"),
        "behavior_only": lambda f: f.__setitem__("processing/b/speed/data", np.arange(9.0)),
        "units_no_index": lambda f: units(f, index=None),
        "units_no_times": lambda f: units(f, times=None),
        "units_no_spikes": lambda f: units(f, times=np.zeros(0), index=(0, 0, 0)),
        "index_falling": lambda f: units(f, index=(5, 3, 20)),
        "index_beyond": lambda f: units(f, index=(5, 12, 21)),
        "index_half": lambda f: units(f, index=(5, 12.5, 20)),
        "index_negative": lambda f: units(f, index=(-1, 12, 20)),
        "index_text": lambda f: units(f, index=None, spike_times_index=["a", "b", "c"]),
        "ids_differ": lambda f: units(f, id=np.arange(4)),
        "spikes_axes": lambda f: units(f, times=np.zeros((20, 2))),
        "spikes_text": lambda f: units(f, times=["a", "b"]),
        "spikes_nan": lambda f: units(f, times=np.where(np.arange(20) == 3, np.nan, np.arange(20))),
        "spikes_far": lambda f: units(f, times=np.where(np.arange(20) == 3, 1e12, np.arange(20))),
        "no_good": lambda f: units(f, quality=["noise", "mua", "noise"]),
        "obs_axes": lambda f: units(f, obs_intervals=np.arange(3.0), obs_intervals_index=np.arange(1, 4)),
        "obs_no_index": lambda f: units(f, obs_intervals=np.array([[0.0, 1.0]] * 3)),
        "obs_beyond": lambda f: units(f, obs_intervals=np.array([[0.0, 1.0]] * 3), obs_intervals_index=np.array([1, 2, 9])),
        "obs_elsewhere": lambda f: units(f, obs_intervals=np.array([[900.0, 901.0]] * 3), obs_intervals_index=np.arange(1, 4)),
        "electrodes_short": lambda f: (units(f, electrodes=np.arange(3), electrodes_index=np.array([1, 2, 9])),
                                       f.__setitem__("general/extracellular_ephys/electrodes/id", np.arange(3))),
        "rois_differ": lambda f: traces(f, rois=7),
        "rois_beyond": lambda f: traces(f)["rois"].__setitem__(2, 77),
        "data_text": lambda f: traces(f, data=["a", "b"]),
        "data_cube": lambda f: traces(f, data=np.zeros((T, N, 2))),
        "data_scalar": lambda f: traces(f, data=1.0),
        "data_empty": lambda f: traces(f, data=np.zeros((0, N))),
        "data_nan": lambda f: traces(f, data=np.full((T, N), np.nan)),
        "data_unwritten": unwritten,
        "times_count": lambda f: traces(f, timestamps=late[:-1]),
        "times_falling": lambda f: traces(f, timestamps=late[::-1]),
        "times_nan": lambda f: traces(f, timestamps=np.where(np.arange(T) == 5, np.nan, late)),
        "times_sparse": lambda f: traces(f, timestamps=np.cumsum(np.where(np.arange(T) % 2, 0.01, 0.9))),
        "rate_zero": lambda f: traces(f, rate=0.0),
        "rate_negative": lambda f: traces(f, rate=-10.0),
        "no_clock": lambda f: traces(f, rate=None),
        "conversion_nan": lambda f: traces(f, conversion=np.nan),
        "conversion_zero": lambda f: traces(f, conversion=0.0),
        "none_accepted": lambda f: (traces(f), f.__setitem__("processing/ophys/table/accepted", np.zeros(N))),
        "link_external": lambda f: f.__setitem__("processing/ophys", h5py.ExternalLink("absent.nwb", "/processing/ophys")),
        "link_soft": lambda f: f.__setitem__("processing/ophys", h5py.SoftLink("/nowhere")),
        "link_loop": lambda f: (f.__setitem__("processing/a", h5py.SoftLink("/processing/b")), f.__setitem__("processing/b", h5py.SoftLink("/processing/a"))),
        "link_data": lambda f: (lambda g: (g.__delitem__("data"), g.__setitem__("data", h5py.ExternalLink("absent.nwb", "/x"))))(traces(f)),
        "blosc": lambda f: filtered(f, 32001),
        "zstd": lambda f: filtered(f, 32015),
        "invalid_reversed": lambda f: (traces(f), intervals(f, "invalid_times", [2], [1])),
        "invalid_lengths": lambda f: (traces(f), intervals(f, "invalid_times", [2, 3], [4])),
        "all_invalid": lambda f: (traces(f), intervals(f, "invalid_times", [-1], [99])),
        "trials_none": lambda f: (traces(f), intervals(f, "trials", [3, np.nan], [2, 4])),
        "trials_elsewhere": lambda f: (traces(f), intervals(f, "trials", [500], [600])),
        "trials_overlap": lambda f: (traces(f), intervals(f, "trials", [0, 1], [2, 3])),
        "two_units": lambda f: (units(f), f.copy("units", f.create_group("processing/sorting"), "units")),
    }.items():
        minimal(f"bad/{name}.nwb", change)
    whole = open(path("accepted.nwb"), "rb").read()
    with open(path("bad", "cut.nwb"), "wb") as f:
        f.write(whole[: len(whole) // 2])
    for name, file in (("zarr2", ".zgroup"), ("zarr3", "zarr.json")):
        os.makedirs(path("bad", name + ".zarr", "units"), exist_ok=True)
        with open(path("bad", name + ".zarr", file), "w") as f:
            f.write('{"zarr_format": 2}\n')


def version1():
    """Files of version 1: units in processing/MODULE/UnitTimes, epochs as groups."""
    for name, modules, stop_s in (
        ("version1", ["Cells"], 21),
        ("version1_outside", ["Cells"], 19),  # a spike lies in no epoch
        ("version1_two", ["Cells", "Shank2"], 21),
    ):
        with h5py.File(path(name + ".nwb"), "w") as f:
            f["nwb_version"], f["session_start_time"] = "NWB-1.0.6", "2020"
            for module in modules:
                for k, times in enumerate(([0.5, 1.25, 20.5], [2.5, 11.0], [], [20.25]), 9):
                    f[f"processing/{module}/UnitTimes/cell_{k}/times"] = np.array(times)
                    f[f"processing/{module}/UnitTimes/cell_{k}/unit_description"] = "ON"
            for epoch, start, stop in (("stim_1", 0, 8), ("stim_2", 10, stop_s), ("broken", 5, 5)):
                f[f"epochs/{epoch}/start_time"], f[f"epochs/{epoch}/stop_time"] = float(start), float(stop)
    with h5py.File(path("bad", "version1.nwb"), "w") as f:
        f["nwb_version"], f["session_start_time"] = "NWB-1.0.6", "2020"
        f["processing/Cells/DfOverF/plane/data"] = np.zeros((9, 3))
    with h5py.File(path("version1_shapes.nwb"), "w") as f:
        f["nwb_version"] = "NWB-1.0.6"
        units = f.create_group("processing/Cells/UnitTimes")
        units["unit_list"] = ["a", "b", "c", "d"]
        units["a/times"] = np.array([[0.5], [12.0], [20.5]])
        units["b/times"] = 3.0
        units["c"] = h5py.SoftLink("/processing/Cells/UnitTimes/a")
        units["d/unit_description"] = "without times"
        for epoch, start, stop in (("stimulus", 0, 15), ("trial", 2, 4), ("later", 14, 21)):
            f[f"epochs/{epoch}/start_time"], f[f"epochs/{epoch}/stop_time"] = float(start), float(stop)
    with h5py.File(path("bad", "version1_times.nwb"), "w") as f:
        f["nwb_version"] = "NWB-1.0.6"
        f["processing/Cells/UnitTimes/cell_1/times"] = np.array([0.5, np.nan, 2.0])
        f["epochs/stim/start_time"] = np.zeros(2)
    whole = open(path("version1.nwb"), "rb").read()
    with open(path("bad", "version1_cut.nwb"), "wb") as f:
        f.write(whole[: len(whole) // 2])


def corpus():
    """Starting points of the fuzz target."""
    root = os.path.join(HERE, "..", "..", "fuzz", "corpus", "nwb")
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    minimal("corpus.nwb", lambda f: (traces(f, data=X[:8]), units(f, quality=["good", "mua", "good"]), intervals(f, "invalid_times", [0.2], [0.3])))
    minimal("corpus_units.nwb", lambda f: units(f, obs_intervals=np.array([[0.0, 21.0]] * 3), obs_intervals_index=np.arange(1, 4)))
    for name in ("corpus.nwb", "corpus_units.nwb"):
        shutil.move(path(name), os.path.join(root, name))
    shutil.copy(path("version1.nwb"), os.path.join(root, "corpus_version1.nwb"))


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    for make in (good_traces, good_session, good_behavior, good_units, good_links, good_tables, good_planes, bad, version1, corpus):
        make()
