#!/usr/bin/env python3
"""Makes the small files under tests/data that the reader tests open. Needs NumPy and h5py.

Every good matrix holds value(t, j) = t + 20 j over T = 40 frames and N = 5 neurons, so that a test can check each entry.
"""
import os
import pickle
import shutil
import struct
import zipfile

import h5py
import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
T, N = 40, 5
X = (np.arange(T)[:, None] + 20 * np.arange(N)[None, :]).astype("f8")


def path(*parts):
    full = os.path.join(HERE, *parts)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def write(name, text):
    with open(path(*name.split("/")), "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())


def save(name, array):
    np.save(path(*name.split("/")), array)


def npy_bytes(header, data=b""):
    header = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def good_arrays():
    for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split():
        save(f"good/time_first_{kind}.npy", X.astype(kind))
    for kind in (">f4", ">f8", ">i2", ">u4"):
        save(f"good/big_endian_{kind[1:]}.npy", X.astype(kind))
    save("good/fortran.npy", np.asfortranarray(X.astype("f4")))
    save("good/neurons_first.npy", X.T.copy())
    save("good/neurons_first_fortran.npy", np.asfortranarray(X.T.astype("i4")))
    save("good/square.npy", X[:N] * 1.0)
    missing = X.copy()
    missing[3, 1] = missing[7, 2] = np.nan
    missing[9, 4] = np.inf
    save("good/missing.npy", missing)
    save("good/times.npy", 5 + np.arange(T) * 0.25)
    np.savez(path("good", "stored.npz"), activity=X, other=X[:, :2], label=np.array(["a", "b"]))
    np.savez_compressed(path("good", "deflated.npz"), activity=X.astype("f4"))
    np.savez_compressed(path("good", "fortran.npz"), activity=np.asfortranarray(X.T))
    np.savez(path("good", "trials_of_three.npz"), activity=X.reshape(4, 10, N), bin_s=0.1)
    with h5py.File(path("good", "trials_of_three.h5"), "w") as f:
        f.create_dataset("frames_first", data=X.reshape(4, 10, N).astype("f4"), chunks=(3, 4, 2), compression="gzip")
        f["neurons_first"] = X.reshape(4, 10, N).transpose(0, 2, 1)
    for name, accepted in ("good/caiman.hdf5", [0, 2, 3]), ("bad/caiman_beyond.hdf5", [0, 9]), ("bad/caiman_rejected.hdf5", np.zeros(0, "i8")):
        with h5py.File(path(*name.split("/")), "w") as f:
            f["estimates/C"], f["estimates/S"], f["estimates/YrA"] = X.T * 0, (X.T % 3 == 0) * 1.0, X.T
            f["estimates/b"], f["estimates/idx_components"] = np.zeros((64, 2)), accepted
            f["params/data/fr"] = 15
    shutil.copy(path("good", "caiman.hdf5"), path("good", "caiman_default.hdf5"))
    with h5py.File(path("good", "caiman_default.hdf5"), "a") as f:
        f["params/data/fr"][...] = 30
    with h5py.File(path("good", "minian.nc"), "w") as f:
        f["C"], f["S"], f["A"] = X.T, (X.T % 3 == 0) * 1.0, np.zeros((N, 6, 6))
    with h5py.File(path("bad", "c_and_s.h5"), "w") as f:
        f["C"], f["S"] = X.T, X.T
    trains = {"unit_2": np.arange(0.02, 10, 0.1), "unit_10": np.arange(0.03, 8, 0.5), "unit_1": np.arange(4, 9, 0.2)}
    np.savez(path("good", "trains.npz"), **trains, trial_1=np.arange(20.0), trial_2=np.arange(30.0))
    np.savez(path("good", "trains_ms.npz"), **{name + "_ms": 1000 * times for name, times in trains.items()})
    with h5py.File(path("good", "trains.h5"), "w") as f:
        for name, times in trains.items():
            f["sorted/" + name[5:]] = times
    np.savez(path("good", "traces_each.npz"), **{f"cell{j}": X[:, j] * np.where(np.arange(T) == 39, -1, 1) for j in range(N)}, fs=10.0)
    np.savez(path("good", "trials_and_cues.npz"), x=X.reshape(4, 10, N), cue_1=np.arange(20.0), cue_2=np.arange(30.0))
    np.savez(path("bad", "beyond_single.npz"), **{f"cell{j}": np.cos(np.arange(T)) * 1e39 for j in range(N)})
    np.savez(path("bad", "vectors_differ.npz"), roi1=np.sin(np.arange(50)), roi2=np.sin(np.arange(40)))
    with h5py.File(path("good", "arrays.h5"), "w") as f:
        f["time_first"] = X
        f["group/neurons_first"] = X.T.astype("f4")
        f.create_dataset("chunked", data=X.astype("i2"), chunks=(7, 2), compression="gzip")
        f.create_dataset("big_endian", data=X.astype(">f4"))
        f["flags"] = X > 20
        f["cube"] = np.zeros((4, 4, 4))
        f["text"] = ["a", "b"]
        f["scalar"] = 3.0
        f["times"] = np.arange(T) * 0.5
        f["speed"] = np.arange(T) * 0.1
        f["short"] = np.arange(T - 1) * 0.1
        f["never"] = np.full(T, np.nan)
        f["table"] = np.zeros(3, dtype=[("a", "f4"), ("b", "i4")])
        f.create_dataset("unwritten", shape=(50, 4), dtype="f4")
        f["empty"] = np.zeros((0, 4))
    with h5py.File(path("good", "single.h5"), "w") as f:
        f["activity"] = X


def good_tables():
    rows = [",".join(f"{v:g}" for v in row) for row in X]
    write("good/plain.csv", "\n".join(rows) + "\n")
    write("good/crlf_bom.csv", b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    write("good/header.csv", "AVAL,AVAR,RIML,RIMR,SMDV\n" + "\n".join(rows))
    write("good/timed.csv", "time,a,b,c,d,e\n" + "\n".join(f"{k * 0.5},{r}" for k, r in enumerate(rows)) + "\n")
    write("good/time_in_ms.csv", "time,a,b,c,d,e\n" + "\n".join(f"{k * 50},{r}" for k, r in enumerate(rows)) + "\n")
    write("good/milliseconds.csv", "time_ms,a,b,c,d,e\n" + "\n".join(f"{k * 500},{r}" for k, r in enumerate(rows)) + "\n")
    write("good/data_frame.csv", ",0,1,2,3,4\n" + "\n".join(f"{k},{r}" for k, r in enumerate(rows)) + "\n")
    write("good/indexed.csv", "frame,a,b,c,d,e\n" + "\n".join(f"{k},{r}" for k, r in enumerate(rows)) + "\n")
    write("good/semicolon.csv", "\n".join(r.replace(",", ";") for r in rows))
    write("good/decimal_comma.csv", "\n".join(";".join(f"{v:.1f}".replace(".", ",") for v in row) for row in X))
    write("good/tabs.tsv", "\n".join(r.replace(",", "\t") for r in rows) + "\n\n")
    np.savetxt(path("good", "blanks.txt"), X, header="made by savetxt")
    units = [f"{k / 10},{r},{0.5 * k},{k % 3}" for k, r in enumerate(rows)]
    write("good/units.csv", "Time (s),a (dF/F),b (dF/F),c (dF/F),d (dF/F),e (dF/F),speed (cm/s),pupil [mm]\n" + "\n".join(units))
    write("good/numbered_units.csv", "Time (s)," + ",".join(f"Mean({j})" for j in range(1, N + 1)) + "\n" + "\n".join(f"{k / 10},{r}" for k, r in enumerate(rows)))
    write("good/repeated_names.csv", "a,b,a,c,d\n" + "\n".join(rows) + "\n")
    write("good/wide_times.csv", "time,speed\n" + "\n".join(f"{5 + k / 10},{0.5 * k}" for k in range(30)) + "\n")
    for name, start, step in (("slow", 0, 0.3), ("late", 7, 0.1), ("alike", 0.01, 0.1)):
        write(f"good/clock_{name}.csv", "time,speed\n" + "".join(f"{start + step * k:.4g},{k}\n" for k in range(T)))
    named = ["n%d,%s" % (j, ",".join(f"{v:g}" for v in X[:, j])) for j in range(N)]
    write("good/named_rows.csv", "\n".join(named) + "\n")
    write("good/quoted.csv", '"a","b","c, d","d","e"\n' + "\n".join(rows))
    gaps = rows.copy()
    gaps[3], gaps[7], gaps[9] = "3,,43,63,83", "7,27,NA,67,87", "9,29,49,69,inf"
    write("good/missing.csv", "\n".join(gaps) + "\n")
    numbers = ["0.1", "-1.5e-3", "12345678901234567890", "1e22", ".5", "5.", "+3", "3.141592653589793238", "1e-30", "7E+2"]
    write("good/numbers.csv", "\n".join([",".join(numbers)] * 25) + "\n")


def good_spikes():
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 10, 300)).round(4)
    ids = rng.choice([3, 5, 11], 300)
    np.savez(path("good", "spikes.npz"), times=times, ids=ids, nodes=np.array([3, 5, 8, 11]))
    with h5py.File(path("good", "spikes.h5"), "w") as f:
        f["sorting/spike_times"], f["sorting/unit"] = times[::-1], ids[::-1]
    write("good/spikes.csv", "neuron,time_ms\n" + "".join(f"{i},{1000 * t:.1f}\n" for i, t in zip(ids, times)))
    np.savez(path("good", "pairs.npz"), spks=np.column_stack([ids, times]))
    counts = np.zeros((200, 3), "u1")
    np.add.at(counts, (np.floor(times / 0.05 + 1e-9).astype(int), np.searchsorted([3, 5, 11], ids)), 1)
    save("good/spike_counts.npy", counts)
    np.savez(path("good", "trials.npz"), counts=counts, segments=np.arange(0, 200, 40)[:, None] + [0, 40], bin_s=0.05,
             area=np.array(["CA1", "VISp", "CA1"]), feedback=np.ones(5))


def good_places():
    """suite2p folders whose stat.npy says where ROI j is: y = 10 + j, x = 7 j - 20.5. ROI 1 is no cell."""
    meds = [[10, -20.5], None, (np.int16(12), np.float32(-6.5)), [np.float64(13), np.float64(0.5)], [14.0, 7.5]]
    rois = [{"ypix": np.arange(j), "lam": np.ones(3, "f4"), "overlap": np.zeros(3, bool), "med": med, "footprint": np.float64(j),
             "name": "ROI", "big": 10 ** 30, "small": -3, "chan": {"med": [1, 2]}, "none": None, "set": {1, 2}}
            for j, med in enumerate(meds)]
    objects = np.empty(N, object)
    objects[:] = rois
    kinds = {"": objects, "_few": objects[:4], "_lost": np.where(np.arange(N) == 3, objects[1], objects), "_dict": rois[0]}
    for kind, stat in kinds.items():
        folder = f"good/suite2p_placed{kind}/plane0"
        save(f"{folder}/F.npy", X.T.astype("f4"))
        save(f"{folder}/iscell.npy", np.column_stack([np.arange(N) != 1, np.full(N, 0.9)]))
        np.save(path(*folder.split("/"), "ops.npy"), {"fs": 10, "save_path": "x"}, allow_pickle=True)
        np.save(path(*folder.split("/"), "stat.npy"), stat, allow_pickle=True)
    for protocol in range(2, 5):
        folder = f"good/suite2p_placed_{protocol}/plane0"
        shutil.copytree(path("good", "suite2p_placed", "plane0"), path(*folder.split("/")), dirs_exist_ok=True)
        with open(path(*folder.split("/"), "stat.npy"), "wb") as f:
            header = b"{'descr': '|O', 'fortran_order': False, 'shape': (5,), }\n"
            f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
            pickle.dump(np.array([{"med": [10.0 + j, 7 * j - 20.5]} for j in range(N)], object), f, protocol=protocol)


def good_folders():
    for k, frames in ((0, T), (1, T - 1)):
        folder = f"good/suite2p/plane{k}"
        F = X[:frames].T.astype("f4") + k
        save(f"{folder}/F.npy", F)
        save(f"{folder}/Fneu.npy", np.full_like(F, 10 * k))
        save(f"{folder}/spks.npy", np.maximum(F - 50, 0))
        save(f"{folder}/iscell.npy", np.column_stack([np.arange(N) != 1, np.full(N, 0.9)]))
        ops = {"nplanes": 2, "fs": 7.5, "neucoeff": 0.7, "tau": 1.0}
        np.save(path(*folder.split("/"), "ops.npy"), ops, allow_pickle=True)
    samples = np.arange(0, 60000, 100, dtype="u8")
    clusters = np.arange(600) % 4
    save("good/phy/spike_times.npy", samples[:, None])
    save("good/phy/spike_clusters.npy", clusters.astype("i4"))
    write("good/phy/params.py", "dat_path = 'x.dat'\nn_channels_dat = 4\nsample_rate = 20000.\nhp_filtered = False\n")
    write("good/phy/cluster_group.tsv", "cluster_id\tgroup\n0\tgood\n1\tmua\n2\tnoise\n3\tgood\n")
    save("good/alf/spikes.times.npy", samples / 20000)
    save("good/alf/spikes.clusters.npy", clusters.astype("i4"))
    save("good/phy_python/spike_times.npy", samples)
    save("good/phy_python/spike_clusters.npy", clusters.astype("i4"))
    write("good/phy_python/params.py", "sample_rate_lfp = 2500\nsample_rate = 20_000.  # Hz\nsample_rate_sync = 9\n")
    write("good/phy_python/cluster_group.tsv", b"\xef\xbb\xbfcluster_id\tgroup\r\n0\tgood\r\n1\tmua\r\n2\tnoise\r\n3\tgood\r\n")
    save("good/phy_early/spike_times.npy", samples.astype("i8") - 250)
    save("good/phy_early/spike_clusters.npy", clusters.astype("i4"))
    write("good/phy_early/params.py", "sample_rate = 20000\n")
    save("good/phy_bare/spike_times.npy", samples)
    save("good/phy_bare/spike_templates.npy", clusters.astype("u4")[:, None])
    save("good/phy_info/spike_times.npy", samples)
    save("good/phy_info/spike_clusters.npy", clusters.astype("u4"))
    write("good/phy_info/params.py", "sample_rate = 20000\n")
    write("good/phy_info/cluster_info.tsv", "id\tKSLabel\tdepth\tgroup\n0\tgood\t10\t\n1\tmua\t20\tgood\n2\tgood\t30\tnoise\n3\tmua\t5\t\n")


def good_neurons():
    """What the neurons are, in tables of every kind; and what other tools write."""
    names, regions, types = ["AVAL", "AVAR", "RIML", "RIMR", "SMDV"], ["head"] * 3 + ["tail"] * 2, ["inter", "motor"] * 2 + ["inter"]
    np.savez(path("good", "beside.npz"), activity=X, time=2 + np.arange(T) / 10, neuron_names=np.array(names), regions=np.array(regions),
             cell_types=np.array(types), positions=np.column_stack([np.arange(N), 10.0 + np.arange(N)]))
    rows = [f"{n},{r},{t},{j},{10 + j}" for j, (n, r, t) in enumerate(zip(names, regions, types))]
    write("good/neurons_ordered.csv", "label,region,cell_type,x,y\n" + "\n".join(rows) + "\n")
    write("good/neurons_rois.csv", "label,roi_area,cell_type,x,y\n" + "\n".join(rows) + "\n")
    write("good/neurons_indexed.tsv", "label\tarea\tcell_class\tx_um\ty_um\ttrace_index_1based\n" +
          "".join(f"{rows[j]},{j + 1}".replace(",", "\t") + "\r\n" for j in (3, 1, 4, 0, 2)))
    write("good/neurons_of_many.csv", "uid,index,name,region,neuron_class,x,y\n" + "other,0,DVA,gut,inter,9,9\n" +
          "".join(f"plain,{j},{rows[j]}\n" for j in (3, 1, 4, 0, 2)))
    with h5py.File(path("good", "neurons.h5"), "w") as f:
        f["about/label"], f["about/region"] = np.array(names, "S"), np.array(regions, "S")
        f.create_dataset("about/cell_type", data=types, dtype=h5py.string_dtype())
        f["about/x"], f["about/y"] = np.arange(5.0), 10 + np.arange(5.0)
    write("good/neurons_placed.csv", "x,y\n1.5,2\n3,4\n5,6\n7,8\n")
    write("good/neurons_numbered.csv", "label,region\n7,1\n8,2/3\nRIML,4\n9,\nSMDV,2/3\n")
    write("good/spike_names.csv", "id,time\n1,0.5\nb,0.7\n1,0.9\nb,1.4\n")
    write("good/neurons_some.csv", "index,label\n1,AVAR\n3,undefined\n")
    write("good/neurons_taken.csv", "index,label\n0,1\n3,RIML\n")
    write("good/clusters.tsv", "cluster_id\tregion\tdepth\n3\tCA3\t20\n0\tCA1\t10\n7\tDG\t5\n")
    # Data frames with ids over the columns, and with neurons in rows.
    ids = ["950907205", "950907206", "3", "4", "7"]
    fractions = "\n".join(",".join(f"{v + 0.25:g}" for v in X[t, :3]) for t in range(T)) + "\n"
    write("good/three_counted.csv", "0,1,2\n" + fractions)
    write("good/three_ids.csv", "12,15,40\n" + fractions)
    write("good/frame_of_ids.csv", "," + ",".join(ids) + "\n" + "".join(f"{t}," + ",".join(f"{v:g}" for v in X[t]) + "\n" for t in range(T)))
    write("good/frame_of_rows.csv", "neuron," + ",".join(map(str, range(T))) + "\n" + "".join(f"{ids[j]}," + ",".join(f"{v:g}" for v in X[:, j]) + "\n" for j in range(N)))
    write("good/frame_of_names.csv", "what," + ",".join(map(str, range(T))) + "\n" + "".join(f"u{ids[j]}," + ",".join(f"{v + 0.5 * (v == 1):g}" for v in X[:, j]) + "\n" for j in range(N)))
    write("good/numbers_and_speed.csv", ",".join(map(str, range(N))) + ",speed\n" + "".join(",".join(f"{v:g}" for v in X[t]) + f",{t / 2}\n" for t in range(T)))
    write("good/depth_and_ids.csv", "depth,3,4,7,950907205,950907206\n" + "".join(f"{t / 2}," + ",".join(f"{v:g}" for v in X[t]) + "\n" for t in range(T)))
    write("bad/frame_of_rows.csv", "," + ",".join(map(str, range(T))) + "\n" + "".join(f"{ids[j]}," + ",".join(f"{v:g}" for v in X[:, j]) + "\n" for j in range(N)))
    for k, heading in enumerate(("time_us", "time (us)", "timestamp_ns", "time_msec", "time_min", "frame_time")):
        step = (1e5, 1e5, 1e8, 100, 0.1 / 60, 0.1)[k]
        write(f"good/clock{k}.csv", heading + ",a,b,c,d,e\n" + "".join(f"{t * step:.12g}," + ",".join(f"{v:g}" for v in X[t]) + "\n" for t in range(T)))
    write("bad/clock.csv", "time_ticks,a,b,c,d,e\n" + "".join(f"{t * 3}," + ",".join(f"{v:g}" for v in X[t]) + "\n" for t in range(T)))
    # Clocks beside an array, in units of their own.
    np.savez(path("good", "clock_ms.npz"), activity=X, time_ms=np.arange(T) * 100.0)
    with h5py.File(path("good", "clock_us.h5"), "w") as f:
        f["activity"], f["time"] = X, np.arange(T) * 100000
        f["time"].attrs["units"] = "us"
    np.savez(path("bad", "clock_frames.npz"), activity=X, time=np.arange(T))
    np.savez(path("bad", "clock_fast.npz"), activity=X, t=np.arange(T) / 1e5)
    np.savez(path("bad", "clock_slow.npz"), activity=X, timestamps=np.arange(T) * 33.0)
    with h5py.File(path("bad", "beyond_single.h5"), "w") as f:
        f["activity"] = np.where(X == 41, 1e39, X)
    with h5py.File(path("bad", "clock_unit.h5"), "w") as f:
        f["activity"], f["time"] = X, np.arange(T) / 10
        f["time"].attrs["unit"] = "ticks"
    # As recordings of worms are shared: behaviour in a group, indices beside the activity, times elsewhere.
    with h5py.File(path("good", "groups.h5"), "w") as f:
        f["traces/activity"], f["traces/match"] = X, np.arange(2 * T).reshape(2, T)
        f["behavior/speed"], f["behavior/angle"] = np.arange(T) * 0.5, -np.arange(float(T))
        f["behavior/curvature"], f["behavior/turns"] = np.zeros((T, 12)), np.arange(7)
        f["behavior/events"] = np.arange(2 * 34).reshape(2, 34)
        f["timing/frames"], f["timing/clock"] = np.arange(T), np.arange(T) * 0.1
    # Tables in another order than the recording, of many recordings, and beside labels that are no names.
    many = [f"u{j}" for j in range(1, 13)]
    write("good/units12.csv", ",".join(many) + "\n" + "".join(",".join(str(j + 100.5 + t) for j in range(12)) + "\n" for t in range(30)))
    write("good/units12_about.csv", "unit,region\n" + "".join(f"{u},at {u}\n" for u in reversed(many)))
    write("good/clusters_reversed.csv", "cluster_id,region\n3,R3\n2,R2\n1,R1\n0,R0\n")
    np.savez(path("good", "spikes12.npz"), times=np.arange(24) / 10, ids=np.array(many * 2))
    write("good/neurons_elsewhere.csv", "unit,region\n" + "".join(f"{j + 70},at {j}\n" for j in range(N)))
    write("bad/neurons_one_based.csv", "unit,region\n" + "".join(f"{j + 1},at {j}\n" for j in range(N)))
    write("bad/neurons_repeated.csv", "index,label\n1,AVAL\n1,AVAR\n")
    write("good/mouse12_monday2.csv", "\n".join(",".join(f"{v:g}" for v in row) for row in X) + "\n")
    write("good/neurons_of_mice.csv", "mouse,index,region\n" + "".join(f"{m},{j},{m}\n" for m in ("mouse2", "mouse1", "mouse12") for j in range(N)))
    write("bad/neurons_of_two.csv", "session,index,region\n" + "".join(f"{m},{j},{m}\n" for m in ("mouse12", "monday2") for j in range(N)))
    np.savez(path("good", "cluster_labels.npz"), activity=X, rate_hz=10.0, labels=np.array([1, 1, 2, 2, 3]), area=np.arange(40.0, 45))
    times, ids = np.array([0.1, 0.2, 2.5, 3.5, 3.6]), ["AVAL", "AVAL", "AVAR", "RIM \u00e9", "AVAL"]
    np.savez(path("good", "named_spikes.npz"), times=times, ids=np.array(ids))
    np.savez(path("good", "named_spikes_bytes.npz"), times=times, ids=np.array([i.encode() for i in ids]))
    with h5py.File(path("good", "named_spikes.h5"), "w") as f:
        f["spike_times"] = times
        f.create_dataset("unit_ids", data=ids, dtype=h5py.string_dtype())
    write("good/named_spikes.csv", "neuron,time_ms\n" + "".join(f'"{i}",{1000 * t:.0f}\n' for i, t in zip(ids, times)))
    header = "<Start settings>\nclockrate: 1000\nFields: <time uint32><xloc uint16><angle float><flags uint8><turn int16>\n<End settings>\n"
    record = np.dtype([("time", "<u4"), ("xloc", "<u2"), ("angle", "<f4"), ("flags", "u1"), ("turn", "<i2")])
    track = np.zeros(40, record)
    track["time"], track["xloc"], track["angle"], track["turn"] = np.arange(40) * 250, 100 + np.arange(40), -5 + np.arange(40) / 2, -1
    write("good/track.videoPositionTracking", header.encode() + track.tobytes())
    write("good/capital.videoPositionTracking", header.replace("clockrate", "Clockrate").replace("int16>\n", "int16> \n").encode() + track.tobytes())
    write("bad/open.videoPositionTracking", header.replace("int16>\n", "int16\n").encode() + track.tobytes())
    write("bad/repeat.videoPositionTracking", header.replace("uint8", "uint8*4").encode() + track.tobytes())
    write("bad/clockless.videoPositionTracking", header.replace("clockrate: 1000\n", "").encode() + track.tobytes())
    write("bad/cut.videoPositionTracking", header.encode() + track.tobytes()[:-5])
    write("bad/header.videoPositionTracking", header.encode()[:-6])
    write("bad/type.videoPositionTracking", header.replace("float", "complex"))
    for folder, rate in (("suite2p_numpy", np.float64(7.5)), ("suite2p_single", np.float32(7.5))):
        save(f"good/{folder}/plane0/F.npy", X.T.astype("f4"))
        np.save(path("good", folder, "plane0", "ops.npy"), {"tau": np.float64(1.25), "nplanes": 1, "fs": rate, "meanImg": np.zeros(3)}, allow_pickle=True)
    good_places()
    samples = np.arange(0, 60000, 100, dtype="u8")
    save("good/phy_unsorted/spike_times.npy", samples)
    save("good/phy_unsorted/spike_clusters.npy", np.arange(600) % 4)
    write("good/phy_unsorted/params.py", "sample_rate = 20000\n")
    write("good/phy_unsorted/cluster_group.tsv", "cluster_id\tgroup\n0\tunsorted\n1\tunsorted\n")
    # Units 0 to 3 are at channels 2, 0, 3, 1: template 1 of unit 1 is merged from template 4, which has fewer spikes.
    save("good/phy_placed/spike_times.npy", samples)
    save("good/phy_placed/spike_clusters.npy", (np.arange(600) % 4).astype("i4"))
    save("good/phy_placed/spike_templates.npy", np.where(np.arange(600) % 20 == 1, 4, np.arange(600) % 4).astype("u4")[:, None])
    templates = np.zeros((5, 6, 3), "f4")
    for k, c in enumerate((2, 0, 2, 1, 2)):
        templates[k, 3, c], templates[k, 2, 0] = -4 - k, 1 + (c == 0)
    save("good/phy_placed/templates.npy", templates)
    save("good/phy_placed/templates_ind.npy", np.array([[0, 1, 2], [0, 1, 2], [1, 2, 3], [0, 1, 2], [0, 1, 2]], "f8"))
    save("good/phy_placed/channel_positions.npy", np.column_stack([np.arange(4) % 2 * 32.0, np.arange(4) * 20.0]))
    write("good/phy_placed/params.py", "sample_rate = 20000\n")
    # The same as MATLAB writes it; then with positions that cannot be taken.
    kinds = {"fortran": np.asfortranarray(templates), "cut": None, "forged": None, "short": templates}
    for name, value in kinds.items():
        folder = f"good/phy_placed_{name}"
        for file in ("spike_times.npy", "spike_clusters.npy", "spike_templates.npy", "templates_ind.npy", "channel_positions.npy", "params.py"):
            write(f"{folder}/{file}", open(path("good", "phy_placed", file), "rb").read())
        if value is not None:
            save(f"{folder}/templates.npy", value)
    write("good/phy_placed_cut/templates.npy", open(path("good", "phy_placed", "templates.npy"), "rb").read()[:-40])
    write("good/phy_placed_forged/templates.npy", npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 0, 5)}"))
    save("good/phy_placed_short/spike_templates.npy", np.arange(8))
    write("good/spreadsheet.csv", "a,b,c\n#N/A,1,2\n1,#DIV/0!,2\n# a comment\n" + "1,2,3.5\n" * 20)
    plain = [",".join(f"{v:g}" for v in row) for row in X]
    write("good/time_seconds.csv", "Time [sec],a,b,c,d,e\n" + "\n".join(f"{k / 10},{r}" for k, r in enumerate(plain)) + "\n")
    write("good/timestamp_ms.csv", "timestamp_ms,a,b,c,d,e\n" + "\n".join(f"{k * 100},{r}" for k, r in enumerate(plain)) + "\n")
    with h5py.File(path("good", "linked.h5"), "w") as f:
        f["activity"] = h5py.ExternalLink("single.h5", h5py.File(path("good", "single.h5")).visit(lambda name: name))
    with h5py.File(path("bad", "broken_link.h5"), "w") as f:
        f["activity"] = h5py.ExternalLink("gone.h5", "/x")
    with h5py.File(path("bad", "pipe_link.h5"), "w") as f: # the test makes the pipe
        f["activity"] = h5py.ExternalLink("pipe.h5", "/x")
    np.savez(path("good", "unit_column.npz"), activity=X, time=np.arange(T) / 10, unit_id=np.arange(N) + 3)
    write("bad/neurons_few.csv", "label,region\nAVAL,head\nAVAR,head\n")
    write("bad/neurons_beyond.csv", "index,label\n0,AVAL\n5,AVAR\n")
    write("bad/neurons_nothing.csv", "speed,pupil\n1,2\n3,4\n")
    np.savez(path("bad", "spike_blank_name.npz"), times=times[:2], ids=np.array(["a", ""]))
    write("bad/long.csv", "frame,neuron,value\n" + "".join(f"{t},{j},{t + j}.5\n" for t in range(20) for j in range(2)))
    write("bad/utf16.csv", "a,b\n1,2\n".encode("utf-16"))
    write("bad/quoted_commas.csv", "a,b\n" + '"1,5","2,5"\n' * 20)
    save("bad/only_spks/plane0/spks.npy", X.T.astype("f4"))


def bad_arrays():
    save("bad/object.npy", np.array([{"a": 1}], dtype=object))
    save("bad/complex.npy", X.astype("c16"))
    save("bad/structured.npy", np.zeros(30, dtype=[("a", "f4"), ("b", "i4")]))
    save("bad/text.npy", np.array([["a", "b"]] * 30))
    save("bad/dates.npy", np.zeros((40, 3), "M8[s]"))
    save("bad/vector.npy", X[:, 0])
    save("bad/cube.npy", np.zeros((40, 3, 2)))
    np.savez(path("bad", "cube.npz"), x=X.reshape(4, 10, N))
    save("bad/scalar.npy", np.float64(3))
    save("bad/empty.npy", np.zeros((0, 5)))
    save("bad/all_nan.npy", np.full((40, 5), np.nan))
    save("bad/near_square.npy", np.zeros((40, 30)) + np.arange(30))
    save("bad/falling_times.npy", np.arange(T)[::-1] * 0.5)
    save("bad/nan_times.npy", np.where(np.arange(T) == 5, np.nan, np.arange(T) * 0.5))
    save("bad/equal_times.npy", np.maximum(np.arange(T), 3) * 0.5)
    save("bad/wild_times.npy", np.cumsum(np.where(np.arange(T) % 2, 0.01, 0.9)))
    save("bad/39_times.npy", np.arange(T - 1) * 0.5)
    save("bad/segments_3.npy", np.array([[0, 10, 20]]))
    save("bad/segments_beyond.npy", np.array([[0, 10], [10, 99]]))
    save("bad/segments_overlap.npy", np.array([[0, 20], [10, 40]]))
    save("bad/segments_negative.npy", np.array([[-5, 20]]))
    save("bad/segments_half.npy", np.array([[0, 20.5]]))
    save("bad/late_times.npy", 1e6 + np.arange(T) * 0.5)
    magic = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }\n"
    write("bad/huge.npy", npy_bytes(magic % "1000000000, 1000000000", b"\0" * 64))
    write("bad/overflow.npy", npy_bytes(magic % "9223372036854775807, 9223372036854775807", b"\0" * 64))
    write("bad/negative_shape.npy", npy_bytes(magic % "-4, 5", b"\0" * 64))
    write("bad/many_axes.npy", npy_bytes(magic % "1, 1, 1, 1, 1, 1, 1, 1, 1, 1", b"\0" * 64))
    write("bad/short.npy", npy_bytes(magic % "40, 5", b"\0" * 64))
    write("bad/no_shape.npy", npy_bytes("{'descr': '<f8', 'fortran_order': False}\n", b"\0" * 64))
    write("bad/no_descr.npy", npy_bytes("{'fortran_order': False, 'shape': (4, 5), }\n", b"\0" * 64))
    write("bad/word_shape.npy", npy_bytes(magic % "forty, five", b"\0" * 64))
    write("bad/long_header.npy", b"\x93NUMPY\x01\x00\xff\xff{'descr'")
    write("bad/magic_only.npy", b"\x93NUMPY")
    write("bad/float128.npy", npy_bytes(magic.replace("<f8", "<f16") % "2, 2", b"\0" * 64))


def bad_containers():
    with zipfile.ZipFile(path("bad", "not_numpy.npz"), "w") as z:
        z.writestr(zipfile.ZipInfo("readme.txt"), "no arrays here")
    np.savez(path("bad", "two_matrices.npz"), a=X, b=X * 2)
    np.savez(path("bad", "no_matrix.npz"), a=np.arange(4), b=np.float64(3))
    np.savez(path("bad", "spike_lengths.npz"), times=np.arange(10.0), ids=np.arange(9))
    np.savez(path("bad", "spike_nan.npz"), times=np.array([0.1, np.nan, 0.3]), ids=np.arange(3))
    np.savez(path("bad", "spike_fractional_ids.npz"), times=np.arange(3.0), ids=np.array([0.5, 1, 2]))
    np.savez(path("bad", "spike_samples.npz"), times=np.array([0, 1e9, 3e15]), ids=np.arange(3))
    np.savez(path("bad", "spike_milliseconds.npz"), times=np.arange(0, 600000, 500), ids=np.arange(1200) % 3)
    np.savez(path("bad", "spike_none.npz"), times=np.zeros(0), ids=np.zeros(0))
    np.savez(path("bad", "pairs_integers.npz"), spikes=np.arange(40).reshape(20, 2))
    np.savez(path("bad", "bin_zero.npz"), counts=X, bin_s=0.0)
    np.savez(path("bad", "segments_beyond.npz"), counts=X, bin_s=0.1, segments=np.array([[0, 900]]))
    with open(path("good", "stored.npz"), "rb") as f:
        whole = f.read()
    write("bad/cut.npz", whole[: len(whole) // 2])
    flipped = bytearray(open(path("good", "deflated.npz"), "rb").read())
    for k in range(150, 190):
        flipped[k] ^= 0x5A
    write("bad/flipped.npz", bytes(flipped))
    with h5py.File(path("bad", "none.h5"), "w") as f:
        f["label"] = "nothing here"
    with h5py.File(path("bad", "no_columns.h5"), "w") as f:
        f["wide"] = np.zeros((T, 0))
        f.create_dataset("chunked", shape=(T, 0), maxshape=(T, None), chunks=(10, 5), dtype="f4")
    with h5py.File(path("good", "native_no_behavior.h5"), "w") as f:
        f["activity"] = X.astype("f4")
        f["activity"].attrs["signal"] = "fluorescence"
        f.attrs["synapsnet_format"], f.attrs["format_version"], f.attrs["rate_hz"] = "recording", 1, 10.0
        f["behavior/values"] = np.zeros((T, 0), "f4")
    with h5py.File(path("good", "native_spikes.h5"), "w") as f:
        f["activity"] = np.ones((T, 2), "f4")
        f["activity"].attrs["signal"] = "counts"
        f.attrs["synapsnet_format"], f.attrs["format_version"], f.attrs["rate_hz"] = "recording", 1, 10.0
        f["spikes/time_s"], f["spikes/neuron"] = [0.5, 2.0, 3.5, 0.25, 2.0], [1, 1, 1, 0, 0]
    whole = open(path("good", "arrays.h5"), "rb").read()
    write("bad/cut.h5", whole[: len(whole) // 2])
    with h5py.File(path("bad", "claims.h5"), "w") as f:
        d = f.create_dataset("activity", shape=(10**9, 10**6), dtype="f4", chunks=(1000, 10))
        d[:10, :10] = 1
    with h5py.File(path("bad", "nwb.nwb"), "w") as f:
        f.attrs["nwb_version"] = "2.4.0"
        f["session_start_time"], f["units/spike_times"] = "2020", np.arange(9.0)
    for name, change in (
        ("version", lambda f: f.attrs.__setitem__("format_version", 99)),
        ("kind", lambda f: f.attrs.__setitem__("synapsnet_format", "model")),
        ("no_activity", lambda f: f.__delitem__("activity")),
        ("signal", lambda f: f["activity"].attrs.__setitem__("signal", "smells")),
        ("rate", lambda f: f.attrs.__setitem__("rate_hz", -1.0)),
        ("behavior", lambda f: f.__setitem__("behavior/values", np.zeros((3, 2), "f4"))),
        ("ids", lambda f: f.__setitem__("neurons/id", ["a", "b"])),
        ("truth", lambda f: f.__setitem__("truth/weights", np.zeros((2, 2)))),
        ("times", lambda f: f.__setitem__("timestamps", np.zeros(T))),
        ("spikes", lambda f: (f.__setitem__("spikes/time_s", [0.1]), f.__setitem__("spikes/neuron", [77]))),
        ("half_neuron", lambda f: (f.__setitem__("spikes/time_s", [0, 1]), f.__setitem__("spikes/neuron", [1, 1.5]))),
        ("nan_spike", lambda f: (f.__setitem__("spikes/time_s", [0, np.nan]), f.__setitem__("spikes/neuron", [1, 2]))),
    ):
        with h5py.File(path("bad", f"native_{name}.h5"), "w") as f:
            f["activity"] = X.astype("f4")
            f["activity"].attrs["signal"] = "fluorescence"
            f.attrs["synapsnet_format"], f.attrs["format_version"], f.attrs["rate_hz"] = "recording", 1, 10.0
            f["segments"] = np.array([[0, T]])
            change(f)


def bad_tables():
    write("bad/empty.csv", "")
    write("bad/blank.csv", "\n\n  \n")
    write("bad/only_header.csv", "a,b,c\n")
    write("bad/ragged.csv", "1,2,3\n4,5\n6,7,8\n")
    write("bad/too_many.csv", "1,2\n3,4,5\n")
    counts = [[(t + j) % 3 for j in range(3)] for t in range(T)]
    counts[30][1] = 0.5
    write("bad/late_fraction.csv", "\n".join(",".join(f"{v:g}" for v in row) for row in counts) + "\n")
    write("bad/word.csv", "a,b\n1,2\n3,x4\n")
    write("bad/slip_bare.csv", "x1.5,2.25,3.5\n" + "3,4,5.5\n" * 60)
    write("bad/slip_within.csv", "1,2.2.5,3\n" + "3,4,5.5\n" * 60)
    write("bad/slip_first.csv", "a,b,c\n.,1,2\n" + "3,4,5.5\n" * 20)
    write("bad/slip_plain.csv", ".,1.5,2\n?,1,2\n" + "3,4,5.5\n" * 20)
    write("bad/broken_quotes.csv", 'a,"b\nc",d\n1,2,3\n')
    write("bad/prose.txt", "This is no table.\nIt is a text of several lines, with words.\n")
    write("bad/wide_claim.csv", "1," * 3000 + "1\n" + "1\n" * 3000)
    write("bad/spike_word.csv", "id,time\n1,0.5\n2,x0.7\n")
    write("bad/neurons_slip.csv", "index,label\n0,AVAL\n1x,AVAR\n")
    write("bad/falling.csv", "time,a,b\n0,1,2\n2,1,2\n1,1,2\n")
    for name, time in (("falling", lambda k: 3 - k if k < 3 else k), ("nan", lambda k: "nan" if k == 5 else k), ("same", lambda k: 2)):
        write(f"bad/clock_{name}.csv", "time,speed\n" + "".join(f"{time(k)},{k}\n" for k in range(T)))
    write("bad/image.tif", b"II*\0" + b"\0" * 60)
    write("bad/archive.gz", b"\x1f\x8b\x08\0" + b"\0" * 30)
    write("bad/pickle.pkl", b"\x80\x04\x95\0\0\0\0\0\0\0\0}.")
    write("bad/classic.nc", b"CDF\x01" + b"\0" * 28)
    write("bad/table.parquet", b"PAR1" + b"\0" * 28 + b"PAR1")
    write("bad/binary.dat", bytes(range(256)))


def bad_folders():
    os.makedirs(path("bad", "nothing", "x"), exist_ok=True)
    write("bad/nothing/readme.txt", "no recording\n")
    with zipfile.ZipFile(path("bad", "book.xlsx"), "w") as z:
        z.writestr(zipfile.ZipInfo("xl/workbook.xml"), "<workbook/>")
    base = X.T.astype("f4")
    save("bad/suite2p_shapes/plane0/F.npy", base)
    save("bad/suite2p_shapes/plane0/Fneu.npy", base[:, :-1])
    save("bad/suite2p_iscell/plane0/F.npy", base)
    save("bad/suite2p_iscell/plane0/iscell.npy", np.ones((3, 2)))
    save("bad/suite2p_nocell/plane0/F.npy", base)
    save("bad/suite2p_nocell/plane0/iscell.npy", np.zeros((N, 2)))
    save("bad/suite2p_vector/plane0/F.npy", base[0])
    save("bad/suite2p_frames/plane0/F.npy", base)
    save("bad/suite2p_frames/plane1/F.npy", base[:, :20])
    samples = np.arange(0, 60000, 100)
    for name, times, clusters, rate, labels in (
        ("negative", samples - 5000, samples % 3, "sample_rate = 20000", None),
        ("lengths", samples, samples[:-1] % 3, "sample_rate = 20000", None),
        ("no_rate", samples, samples % 3, "offset = 0", None),
        ("rate", samples, samples % 3, "sample_rate = 30 * khz", None),
        ("no_clusters", samples, None, "sample_rate = 20000", None),
        ("no_good", samples, samples % 3, "sample_rate = 20000", "cluster_id\tgroup\n0\tmua\n1\tnoise\n2\tnoise\n"),
        ("header", samples, samples % 3, "sample_rate = 20000", "a\tb\n0\tgood\n"),
        ("label_id", samples, samples % 3, "sample_rate = 20000", "cluster_id\tgroup\nzero\tgood\n"),
        ("labels_empty", samples, samples % 3, "sample_rate = 20000", ""),
        ("fractional", samples, samples / 7, "sample_rate = 20000", None),
        ("matrix", samples.reshape(-1, 2), samples % 3, "sample_rate = 20000", None),
        ("none", samples[:0], samples[:0], "sample_rate = 20000", None),
    ):
        save(f"bad/phy_{name}/spike_times.npy", times)
        if clusters is not None:
            save(f"bad/phy_{name}/spike_clusters.npy", clusters)
        write(f"bad/phy_{name}/params.py", rate + "\n")
        if labels is not None:
            write(f"bad/phy_{name}/cluster_group.tsv", labels)


CORPUS = {
    "npy": ["time_first_f2.npy", "big_endian_f4.npy", "fortran.npy", "neurons_first.npy", "missing.npy", "spike_counts.npy"],
    "npz": ["stored.npz", "deflated.npz", "fortran.npz", "trials.npz", "pairs.npz", "spikes.npz"],
    "csv": ["plain.csv", "timed.csv", "data_frame.csv", "decimal_comma.csv", "named_rows.csv", "missing.csv", "numbers.csv"],
    "spike_list": ["spikes.csv", "spikes.npz", "spikes.h5", "pairs.npz", "trains.npz", "trains.h5"],
    "hdf5": ["single.h5", "spikes.h5", "caiman.hdf5"],
}


def corpus():
    """Starting points of the fuzz targets. Folder targets begin with the number of the file that is replaced."""
    root = os.path.join(HERE, "..", "fuzz", "corpus")
    for reader in [*CORPUS, "native", "suite2p", "suite2p_placed", "phy"]:
        shutil.rmtree(os.path.join(root, reader), ignore_errors=True)
        os.makedirs(os.path.join(root, reader))
    for reader, names in CORPUS.items():
        for name in names:
            shutil.copy(path("good", name), os.path.join(root, reader, name))
    with h5py.File(os.path.join(root, "native", "recording.h5"), "w", libver="latest") as f:
        f["activity"] = X[:4].astype("f4")
        f["activity"].attrs["signal"] = np.bytes_("counts")
        f.attrs["synapsnet_format"] = np.bytes_("recording")
        f.attrs["format_version"], f.attrs["rate_hz"] = 1, 10.0
        f["segments"], f["behavior/values"] = np.array([[0, 2], [2, 4]]), X[:4, :2].astype("f4")
        f["neurons/id"], f["truth/weights"] = np.array([b"a", b"b", b"c", b"d", b"e"]), np.eye(N)
    folders = {
        "suite2p": ("suite2p/plane0", ["F.npy", "Fneu.npy", "iscell.npy", "ops.npy"]),
        "suite2p_placed": ("suite2p_placed/plane0", ["F.npy", "stat.npy", "iscell.npy", "ops.npy"]),
        "phy": ("phy", ["spike_times.npy", "spike_clusters.npy", "params.py", "cluster_group.tsv"]),
    }
    for reader, (folder, names) in folders.items():
        for k, name in enumerate(names):
            with open(path("good", *folder.split("/"), name), "rb") as f, open(os.path.join(root, reader, name), "wb") as g:
                g.write(bytes([k]) + f.read())


if __name__ == "__main__":
    shutil.rmtree(os.path.join(HERE, "good"), ignore_errors=True)
    shutil.rmtree(os.path.join(HERE, "bad"), ignore_errors=True)
    for make in (good_arrays, good_tables, good_spikes, good_folders, good_neurons, bad_arrays, bad_containers, bad_tables, bad_folders, corpus):
        make()
