#!/usr/bin/env python3
"""What synapsnet reads, value by value beside what pynwb, pynapple, SciPy, h5py, NumPy and pandas read from the same files.

    bench/read_check.py PROGRAM      PROGRAM: build/release/synapsnet

Every file of tests/data is converted to synapsnet's own layout and compared with what the other library reads; the script fails
where they differ. Prints the table of docs/file-formats.md. Needs pynwb, pynapple, scipy, pandas and h5py.
"""
import os
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")

import h5py
import numpy as np
import pandas as pd
import pynapple as nap
import pynwb
import scipy.io

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "data")
BIN = 0.05


def ours(program, given, *options):
    """Converts tests/data/GIVEN and returns its arrays."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.h5")
        subprocess.run([program, "convert", os.path.join(DATA, given), "-o", out, "--quiet", *options], check=True)
        with h5py.File(out) as f:
            found = {"x": f["activity"][:], "segments": f["segments"][:], "rate": f.attrs["rate_hz"]}
            for name in ("id", "region", "cell_type", "position"):
                if f"neurons/{name}" in f:
                    texts = name != "position"
                    found[name] = f[f"neurons/{name}"].asstr()[:] if texts else f["neurons/position"][:]
            if "timestamps" in f:
                found["time"] = f["timestamps"][:]
            if "behavior" in f:
                for k, name in enumerate(f["behavior/names"].asstr()):
                    found[name] = f["behavior/values"][:, k]
            return found


def mat(name):
    return scipy.io.loadmat(os.path.join(DATA, "matlab", name))


def series(name, *path):
    """Values and times of a series as pynwb and its users compute them."""
    with pynwb.NWBHDF5IO(os.path.join(DATA, "nwb", name), "r") as io:
        s = io.read().processing[path[0]]
        for part in path[1:]:
            s = s[part]
        values = s.data[:] * s.conversion + s.offset
        times = s.timestamps[:] if s.timestamps is not None else s.starting_time + np.arange(len(values)) / s.rate
        cells = s.rois[:]["iscell"].to_numpy() if hasattr(s, "rois") and "iscell" in s.rois.table.colnames else None
        return (values if cells is None else values[:, [c[0] > 0 for c in cells]]), times


def binned(trains, first=None):
    """Counts from the bin of the first spike to that of the last."""
    low = np.floor(min(t[0] for t in trains if len(t)) / BIN + 1e-9)
    bins = np.floor(max(t[-1] for t in trains if len(t)) / BIN + 1e-9) - low + 1
    counts = np.zeros((int(bins), len(trains)))
    for j, t in enumerate(trains):
        np.add.at(counts[:, j], (np.floor(t / BIN + 1e-9) - low).astype(int), 1)
    return counts


def cells(array):
    return [np.asarray(item) for item in array.ravel()]


def trains_of_pynapple(name):
    units = nap.load_file(os.path.join(DATA, "nwb", name))["units"]
    return [units[k].t for k in units.keys()]


def check_nwb(program):
    yield "NWB, DfOverF with conversion, offset, accepted cells, gzip", "pynwb", ours(program, "nwb/accepted.nwb")["x"], series("accepted.nwb", "ophys", "DfOverF", "RoiResponseSeries")[0]
    r = ours(program, "nwb/accepted.nwb")
    with pynwb.NWBHDF5IO(os.path.join(DATA, "nwb", "accepted.nwb"), "r") as io:
        table = io.read().processing["ophys"]["DfOverF"]["RoiResponseSeries"].rois[:]
    table = table[[cell[0] > 0 for cell in table["iscell"]]]
    yield "... ids and cell types of its PlaneSegmentation", "pynwb", np.concatenate([r["id"], r["cell_type"]]), [*map(str, table.index), *table["cell_type"]]
    r, (values, times) = ours(program, "nwb/gap.nwb"), series("gap.nwb", "ophys", "Fluorescence", "RoiResponseSeries")
    yield "NWB, Fluorescence of int16 with timestamps and a gap", "pynwb", r["x"], values
    yield "... its times", "pynwb", r["time"], times
    values, times = series("several.nwb", "ophys", "DfOverF", "RoiResponseSeries")
    r = ours(program, "nwb/several.nwb:/processing/ophys/DfOverF")
    yield "NWB, one of several, timestamps of another series", "pynwb", np.column_stack([r["time"], r["x"]]), np.column_stack([times, values])
    yield "NWB, (roi, time)", "pynwb", ours(program, "nwb/roi_first.nwb")["x"], series("roi_first.nwb", "ophys", "RoiResponseSeries")[0].T
    yield "NWB, data in another file (external link)", "pynwb", ours(program, "nwb/external.nwb")["x"], series("external.nwb", "ophys", "DfOverF", "RoiResponseSeries")[0]
    for name, place, layout in (("linked", "processing/ophys/Fluorescence/RoiResponseSeries", "a module in another file"),
                                ("soft", "processing/again", "a series behind a soft link")):
        with h5py.File(os.path.join(DATA, "nwb", f"{name}.nwb")) as f:
            yield f"NWB, {layout}", "h5py", ours(program, f"nwb/{name}.nwb")["x"], f[place]["data"][:]
    planes = [series("planes.nwb", "ophys", "DfOverF", f"plane{k}")[0] for k in range(2)]
    yield "NWB, two planes of one container", "pynwb", ours(program, "nwb/planes.nwb:/processing/ophys/DfOverF")["x"], np.column_stack(planes)
    for kind in "uint8 uint16 uint32 uint64 int64".split():
        yield f"NWB, units with an index of {kind}", "pynapple", ours(program, f"nwb/units_{kind}.nwb")["x"], binned(trains_of_pynapple(f"units_{kind}.nwb"))
    r = ours(program, "nwb/units_observed.nwb")
    with pynwb.NWBHDF5IO(os.path.join(DATA, "nwb", "units_observed.nwb"), "r") as io:
        nwb = io.read()
        units = nwb.units.to_dataframe()
        units = units[units["quality"] == "good"]
        places = [e.iloc[0] for e in units["electrodes"]]
    low = np.floor(min(times[0] for times in units["spike_times"]) / BIN + 1e-9)
    start = (low + np.arange(len(r["x"]))) * BIN
    counts = binned([np.asarray(times) for times in units["spike_times"]])
    for j, intervals in enumerate(units["obs_intervals"]):
        seen = np.any([(start > a - 1e-6) & (start + BIN < b + 1e-6) for a, b in np.atleast_2d(intervals)], axis=0)
        counts[~seen, j] = np.nan
    yield "NWB, units of good quality, with obs_intervals", "pynwb", r["x"], counts
    yield "... their ids and cell types", "pynwb", np.concatenate([r["id"], r["cell_type"]]), [*map(str, units.index), *units["cell_type"]]
    yield "... region and place of their electrodes", "pynwb", np.column_stack([r["region"], r["position"].astype(str)]), [[e["location"], *(str(np.float32(e[axis])) for axis in "xyz")] for e in places]
    with pynwb.NWBHDF5IO(os.path.join(DATA, "nwb", "behavior.nwb"), "r") as io:
        nwb = io.read()
        tables = {name: getattr(nwb, name).to_dataframe()[["start_time", "stop_time"]].to_numpy() for name in ("trials", "epochs")}
        licks = nwb.acquisition["licks"].data[:]
    for name, table in tables.items():
        r = ours(program, "nwb/behavior.nwb", "--segments", os.path.join(DATA, "nwb", "behavior.nwb") + f":/intervals/{name}")
        bounds = np.column_stack([r["time"][r["segments"][:, 0]], r["time"][r["segments"][:, 1] - 1] + 1 / r["rate"]])
        yield f"NWB, {name} as segments", "pynwb", bounds, table
    r = ours(program, "nwb/behavior.nwb")
    yield "NWB, TimeSeries of uint8 in acquisition", "pynwb", r["licks"], licks
    position = series("behavior.nwb", "behavior", "Position", "SpatialSeries")[0]
    yield "NWB, Position with conversion, on the frames", "pynwb", np.column_stack([r["Position_x"], r["Position_y"]]), position
    yield "NWB, PupilTracking, on the frames", "pynwb", r["pupil"], series("behavior.nwb", "behavior", "PupilTracking", "pupil")[0]
    speed = series("behavior.nwb", "behavior", "BehavioralTimeSeries", "speed")[0]
    yield "NWB, BehavioralTimeSeries at 60 Hz, mean of each frame", "pynwb", r["speed"], speed.reshape(-1, 6).mean(axis=1)
    with pynwb.NWBHDF5IO(os.path.join(DATA, "nwb", "behavior.nwb"), "r") as io:
        invalid = io.read().invalid_times.to_dataframe()
    values, times = series("behavior.nwb", "ophys", "DfOverF", "RoiResponseSeries")
    for start, stop in zip(invalid.start_time, invalid.stop_time):
        values = np.where(((times < stop - 1e-6) & (times + 0.1 > start + 1e-6))[:, None], np.nan, values)
    yield "NWB, invalid_times", "pynwb", r["x"], values


def check_matlab(program):
    for kind in "f8 f4 i1 u1 i2 u2 i4 u4 i8 u8".split():
        yield f"MATLAB v5, matrix of {kind}", "SciPy", ours(program, f"matlab/matrix_{kind}.mat", "--rate", "10")["x"], mat(f"matrix_{kind}.mat")["dff"]
    yield "MATLAB v5, matrix in a struct", "SciPy", ours(program, "matlab/matrix_in_struct.mat")["x"], mat("matrix_in_struct.mat")["data"]["dff"][0, 0]
    yield "MATLAB v5, sparse", "SciPy", ours(program, "matlab/sparse.mat", "--rate", "10")["x"], mat("sparse.mat")["counts"].toarray()
    D, r = mat("trials_numbered.mat")["D"], ours(program, "matlab/trials_numbered.mat")
    yield "MATLAB v5, struct of cells, numbered neurons, compressed", "SciPy", r["x"], np.column_stack([np.concatenate(cells(D[f"cell{j + 1}"][0, 0])) for j in range(5)])
    yield "... its behaviour", "SciPy", r["speed"], np.concatenate(cells(D["speed"][0, 0]))[:, 0]
    yield "MATLAB v5, struct of cells with matrices", "SciPy", ours(program, "matlab/trials_matrices.mat", "--rate", "10")["x"], np.concatenate(cells(mat("trials_matrices.mat")["D"]["dff"][0, 0]))
    yield "MATLAB v5, struct array of trials", "SciPy", ours(program, "matlab/trials_struct_array.mat")["x"], np.concatenate([m.T for m in cells(mat("trials_struct_array.mat")["trials"]["dff"])])
    yield "MATLAB v5, cell of trials", "SciPy", ours(program, "matlab/trials_cell.mat", "--rate", "10")["x"], np.concatenate(cells(mat("trials_cell.mat")["dff"]))
    yield "MATLAB v5, cell of spike trains", "SciPy", ours(program, "matlab/trains_cell.mat")["x"], binned([c.ravel() for c in cells(mat("trains_cell.mat")["spikes"])])
    yield "MATLAB v5, struct array of units", "SciPy", ours(program, "matlab/trains_struct.mat")["x"], binned([c.ravel() for c in cells(mat("trains_struct.mat")["units"]["times"])])
    spks = mat("pairs.mat")["spks"]
    yield "MATLAB v5, list of id and time", "SciPy", ours(program, "matlab/pairs.mat")["x"], binned([spks[spks[:, 0] == k, 1] for k in np.unique(spks[:, 0])])
    with h5py.File(os.path.join(DATA, "matlab", "v73_trials.mat")) as f:
        columns = [np.concatenate([f[ref][:].ravel() for ref in f[f"D/cell{j + 1}"][:].ravel()]) for j in range(5)]
    yield "MATLAB v7.3, struct of cells", "h5py", ours(program, "matlab/v73_trials.mat")["x"], np.column_stack(columns)
    with h5py.File(os.path.join(DATA, "matlab", "v73_cell.mat")) as f:
        trials = [f[ref][:].T for ref in f["dff"][:].ravel()]
    yield "MATLAB v7.3, cell of trials", "h5py", ours(program, "matlab/v73_cell.mat", "--rate", "10")["x"], np.concatenate(trials)
    with h5py.File(os.path.join(DATA, "matlab", "v73_trains.mat")) as f:
        trains = [f[ref][:].ravel() for ref in f["spikes"][:].ravel()]
    yield "MATLAB v7.3, cell of spike trains", "h5py", ours(program, "matlab/v73_trains.mat")["x"], binned(trains)


def check_arrays(program):
    with h5py.File(os.path.join(DATA, "matlab", "v73_single.mat")) as f:
        single = f["dff"][:].T if "dff" in f else f["data/dff"][:].T
    yield "MATLAB v7.3, matrix of single", "h5py", ours(program, "matlab/v73_single.mat", "--rate", "10")["x"], single
    with h5py.File(os.path.join(DATA, "good", "arrays.h5")) as f:
        yield "HDF5, int16 in gzipped chunks", "h5py", ours(program, "good/arrays.h5:chunked", "--rate", "10", "--orientation", "time-first")["x"], f["chunked"][:]
        yield "HDF5, float32, big endian", "h5py", ours(program, "good/arrays.h5:big_endian", "--rate", "10", "--orientation", "time-first")["x"], f["big_endian"][:]
    good = os.path.join(DATA, "good")
    yield "npy of float32 in Fortran order", "NumPy", ours(program, "good/fortran.npy", "--rate", "10", "--orientation", "time-first")["x"], np.load(os.path.join(good, "fortran.npy"))
    yield "npz with counts of trials", "NumPy", ours(program, "good/trials.npz")["x"], np.load(os.path.join(good, "trials.npz"))["counts"]
    plane = {name: np.load(os.path.join(good, "suite2p_placed", "plane0", f"{name}.npy"), allow_pickle=True) for name in ("F", "iscell", "stat")}
    cell = plane["iscell"][:, 0] > 0
    r = ours(program, "good/suite2p_placed")
    yield "suite2p, F of the cells", "NumPy", r["x"], plane["F"][cell].T
    yield "... where they are", "NumPy", r["position"][:, :2], [[roi["med"][1], roi["med"][0]] for roi in plane["stat"][cell]]
    F, neuropil, iscell = (np.load(os.path.join(good, "suite2p", "plane1", f"{name}.npy")) for name in ("F", "Fneu", "iscell"))
    yield "suite2p, F - 0.7 Fneu of the second plane", "NumPy", ours(program, "good/suite2p/plane1")["x"], (F - 0.7 * neuropil)[iscell[:, 0] > 0].T
    times, clusters = (np.load(os.path.join(good, "phy", f"spike_{name}.npy")).ravel() for name in ("times", "clusters"))
    yield "Kilosort/phy, clusters labelled good", "NumPy", ours(program, "good/phy")["x"], binned([times[clusters == k] / 20000 for k in (0, 3)])


def check_tables(program):
    frame = pd.read_csv(os.path.join(DATA, "good", "timed.csv"))
    r = ours(program, "good/timed.csv")
    yield "CSV with a header and a column of times", "pandas", np.column_stack([r["time"], r["x"]]), frame.to_numpy()
    units = os.path.join(DATA, "good", "units.csv")
    frame = pd.read_csv(units)
    r = ours(program, "good/units.csv:a,b,c,d,e", "--behavior", f"{units}:speed,pupil")
    yield "CSV with units in the header, and behaviour beside the neurons", "pandas", np.column_stack([r["x"], r["speed"], r["pupil"]]), frame.to_numpy()[:, 1:]
    yield "CSV with missing cells", "pandas", ours(program, "good/missing.csv", "--rate", "10")["x"], pd.read_csv(os.path.join(DATA, "good", "missing.csv"), header=None).replace([np.inf], np.nan).to_numpy()
    yield "CSV as a data frame writes it", "pandas", ours(program, "good/data_frame.csv", "--rate", "10")["x"], pd.read_csv(os.path.join(DATA, "good", "data_frame.csv"), index_col=0).to_numpy()
    yield "CSV with decimal commas", "pandas", ours(program, "good/decimal_comma.csv", "--rate", "10")["x"], pd.read_csv(os.path.join(DATA, "good", "decimal_comma.csv"), header=None, sep=";", decimal=",").to_numpy()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    failed = 0
    print("| layout | beside | values | that differ |\n|---|---|---|---|")
    for check in (check_nwb, check_matlab, check_arrays, check_tables):
        for layout, library, a, b in check(sys.argv[1]):
            # Activity and behaviour are kept in single precision.
            a = np.asarray(a)
            texts = a.dtype.kind in "OU"
            b = np.asarray(b, dtype=object if texts else np.float32 if a.dtype == np.float32 else float)
            same = (a == b) if texts else np.isclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)
            differ = a.size if a.shape != b.shape else int(np.sum(~same))
            failed += differ > 0
            print(f"| {layout} | {library} | {a.size} | {differ} |")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
