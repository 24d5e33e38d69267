#!/usr/bin/env python3
"""Time to read fluorescence from NWB: synapsnet beside h5py and pynwb, in one run.

    bench/nwb_read.py LIBRARY [FRAMES [ROIS]]      LIBRARY: build/release/libsynapsnet.so; 100000 frames of 1000 ROIs

Writes a RoiResponseSeries with pynwb (float32, with times of every frame), not compressed and with gzip, and reads it in turn
by each: h5py and pynwb the values and the times, synapsnet a whole recording, with its tables and checks. Files are in memory
after the first round, which does not count. Prints the medians over the rounds of the time that passes and of the processor
time, of which what else the machine does counts little, and the ratio to h5py. Needs pynwb and h5py.
"""
import ctypes
import os
import statistics
import sys
import tempfile
import time
from datetime import datetime, timezone

os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import h5py
import numpy as np
import pynwb
from pynwb.ophys import DfOverF, ImageSegmentation, OpticalChannel, RoiResponseSeries

SERIES = "processing/ophys/DfOverF/RoiResponseSeries"
ROUNDS = 9


def write(path, frames, rois, compressed):
    rng = np.random.default_rng(1)
    # Slow transients on noise of a 12-bit camera, so that gzip has as much to do as with real traces.
    data = rng.standard_normal((frames, rois), dtype="f4")
    for t in range(1, frames):
        data[t] += 0.9 * data[t - 1]
    np.round(data * 64, out=data)
    data /= 64
    nwb = pynwb.NWBFile("speed", "id", datetime(2020, 1, 1, tzinfo=timezone.utc))
    plane = nwb.create_imaging_plane(name="plane", optical_channel=OpticalChannel("green", "", 520.0), description="",
                                     device=nwb.create_device("scope"), excitation_lambda=920.0, indicator="GCaMP", location="VISp")
    images = ImageSegmentation()
    table = images.create_plane_segmentation("", plane, name="cells")
    for _ in range(rois):
        table.add_roi(pixel_mask=[(1, 1, 1.0)])
    module = nwb.create_processing_module("ophys", "")
    module.add(images)
    rows = table.create_roi_table_region(region=list(range(rois)), description="all")
    module.add(DfOverF(roi_response_series=RoiResponseSeries(
        name="RoiResponseSeries", data=pynwb.H5DataIO(data, compression="gzip" if compressed else None), rois=rows, unit="ratio",
        timestamps=np.arange(frames) / 30.0)))
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(nwb, cache_spec=False)


def by_h5py(path):
    with h5py.File(path, "r") as f:
        return f[SERIES]["data"][:], f[SERIES]["timestamps"][:]


def by_pynwb(path):
    with pynwb.NWBHDF5IO(path, "r") as io:
        series = io.read().processing["ophys"]["DfOverF"]["RoiResponseSeries"]
        return series.data[:], series.timestamps[:]


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.syn_last_error.restype = ctypes.c_char_p
        self.c.syn_recording_frames.restype = ctypes.c_int64
        for name in ("syn_recording_free", "syn_recording_frames"):
            getattr(self.c, name).argtypes = [ctypes.c_void_p]

    def read(self, path):
        recording = ctypes.c_void_p()
        if self.c.syn_recording_open(ctypes.byref(recording), path.encode(), None):
            sys.exit(self.c.syn_last_error().decode())
        assert self.c.syn_recording_frames(recording) > 0
        self.c.syn_recording_free(recording)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    frames, rois = (int(v) for v in (sys.argv[2:4] + ["100000", "1000"][len(sys.argv) - 2:]))
    readers = {"h5py": by_h5py, "pynwb": by_pynwb, "synapsnet": Library(sys.argv[1]).read}
    print(f"{rois} ROIs x {frames} frames, float32; medians of {ROUNDS} rounds, s")
    print("| stored | time | h5py | pynwb | synapsnet | synapsnet / h5py |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for stored in ("raw", "gzip"):
            path = os.path.join(folder, stored + ".nwb")
            write(path, frames, rois, stored == "gzip")
            clocks = {"passed": time.perf_counter, "of processors": time.process_time}
            seconds = {(clock, name): [] for clock in clocks for name in readers}
            for k in range(ROUNDS + 1):
                for name, read in readers.items():
                    start = {clock: now() for clock, now in clocks.items()}
                    read(path)
                    for clock, now in clocks.items():
                        seconds[clock, name].append(now() - start[clock])
            for clock in clocks:
                h5py_, pynwb_, ours = (statistics.median(seconds[clock, name][1:]) for name in readers)
                print(f"| {stored} | {clock} | {h5py_:.3f} | {pynwb_:.3f} | {ours:.3f} | {ours / h5py_:.2f} |", flush=True)
            os.remove(path)


if __name__ == "__main__":
    main()
