#!/usr/bin/env python3
"""Makes the small MATLAB files under tests/data/matlab. Needs NumPy, SciPy (v5) and h5py (v7.3).

The matrix is that of make_data.py: value(t, j) = t + 20 j over T = 40 frames and N = 5 neurons. Trials are its frames in
four pieces of 10, or of 8, 12, 10 and 10; spike trains are those of spikes().
"""
import os
import shutil

import h5py
import numpy as np
import scipy.io
import scipy.sparse

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "matlab")
T, N = 40, 5
X = (np.arange(T)[:, None] + 20 * np.arange(N)[None, :]).astype("f8")
EVEN, UNEVEN = [0, 10, 20, 30, 40], [0, 8, 20, 30, 40]


def path(*parts):
    full = os.path.join(HERE, *parts)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    return full


def save(name, variables, **options):
    scipy.io.savemat(path(name), variables, oned_as="column", **options)


def cell(items, shape=None):
    out = np.empty(shape or (1, len(items)), dtype=object)
    out[:] = np.array([None] * out.size, dtype=object).reshape(out.shape)
    for k, item in enumerate(items):
        out[np.unravel_index(k, out.shape, order="F")] = item
    return out


def pieces(array, cuts):
    return [array[a:b] for a, b in zip(cuts[:-1], cuts[1:])]


def spikes():
    """Rising times of three units; the second has few."""
    rng = np.random.default_rng(1)
    return [np.sort(rng.uniform(0, 10, n)).round(4) for n in (100, 7, 60)]


def trial_struct(cuts, column=True):
    shape = (lambda v: v[:, None]) if column else (lambda v: v[None, :])
    fields = {f"cell{j + 1}": cell([shape(p) for p in pieces(X[:, j], cuts)]) for j in range(N)}
    fields["speed"] = cell([shape(p) for p in pieces(np.arange(T) * 0.5, cuts)])
    return fields


def good():
    for kind in "f4 f8 i1 u1 i2 u2 i4 u4 i8 u8".split():
        save(f"matrix_{kind}.mat", {"dff": X.astype(kind)}, do_compression=kind == "f8")
    save("matrix_neurons_first.mat", {"info": {"fs": 10.0}, "dff": X.T})
    save("matrix_in_struct.mat", {"data": {"dff": X, "fs": 10.0, "label": "a session", "id": np.arange(N)}})
    save("matrix_and_speed.mat", {"data": {"dff": X, "fs": 10.0, "speed": np.arange(T) * 0.5, "reward": np.arange(7.0)}})
    save("sparse.mat", {"counts": scipy.sparse.csc_matrix(np.where(X % 7 == 0, X % 3, 0))})
    save("sparse_flags.mat", {"on": scipy.sparse.csc_matrix(X % 3 == 0)})
    save("flags.mat", {"on": X % 3 == 0})
    save("trials_of_three.mat", {"dff": X.reshape(4, 10, N).transpose(1, 2, 0), "fs": 10.0})
    save("trials_of_three_turned.mat", {"dff": X.reshape(4, 10, N).transpose(2, 1, 0), "fs": 10.0})
    save("cnmfe.mat", {"neuron": {"A": np.zeros((64, N)), "C": X.T * 0, "C_raw": X.T, "S": scipy.sparse.csc_matrix((X.T % 3 == 0) * 1.0), "Fs": 10.0}})
    fall = {"F": X.T + 7, "Fneu": np.full((N, T), 10.0), "spks": X.T, "iscell": np.array([[1, 0.9], [0, 0.1], [1, 0.8], [1, 0.7], [0, 0.2]]), "ops": {"fs": 15.0}}
    save("Fall.mat", fall)
    save("bad/Fall_none.mat", {**fall, "iscell": np.zeros((N, 2))})
    save("bad/Fall_few.mat", {**fall, "iscell": np.ones((3, 2))})
    # Trials: struct of cells with numbered fields, struct of cells with matrices, struct array, one cell.
    save("trials_numbered.mat", {"D": trial_struct(UNEVEN), "TE": {"dt": 0.1, "direction": np.arange(4)}}, do_compression=True)
    save("trials_rows.mat", {"D": trial_struct(EVEN, column=False), "t": np.arange(10) * 0.1 - 0.2})
    save("trials_matrices.mat", {"D": {"dff": cell(pieces(X, UNEVEN)), "speed": cell([p[:, None] for p in pieces(np.arange(T) * 0.5, UNEVEN)]),
                                       "label": cell(["a", "b", "c", "d"])}})
    kind = [("dff", object), ("speed", object), ("time", object), ("outcome", object)]
    trials = np.empty((1, 4), dtype=kind)
    for k, (a, b) in enumerate(zip(EVEN[:-1], EVEN[1:])):
        trials[0, k] = (X[a:b].T, np.arange(a, b) * 0.5, np.arange(10) * 0.1, float(k % 2))
    save("trials_struct_array.mat", {"trials": trials})
    kind = [("dff", object), ("neuropil", object), ("speed", object), ("time", object)]
    trials = np.empty((1, 4), dtype=kind)
    for k, (a, b) in enumerate(zip(EVEN[:-1], EVEN[1:])):
        trials[0, k] = (X[a:b].T, X[a:b].T + 7, np.arange(a, b) * 0.5, np.arange(10) * 0.1)
    save("trials_two_fields.mat", {"trials": trials})
    save("trials_cell.mat", {"dff": cell(pieces(X, UNEVEN)), "note": "one cell"})
    save("trials_alike.mat", {"dff": cell([X[:20], X[20:]])})
    save("traces.mat", {"F": cell([X[::-1, j] for j in range(N)]), "fs": 10.0})
    # Spike trains: cell, struct array, nested as in a sorted tetrode recording, list of pairs.
    save("trains_cell.mat", {"spikes": cell(spikes())})
    units = np.empty((1, 3), dtype=[("times", object), ("rate", object)])
    for k, v in enumerate(spikes()):
        units[0, k] = (v, len(v) / 10)
    save("trains_struct.mat", {"units": units})
    save("trains_cell_ms.mat", {"spikes_ms": cell([1000 * v for v in spikes()])})
    units = np.empty((1, 3), dtype=[("times_ms", object)])
    for k, v in enumerate(spikes()):
        units[0, k] = (1000 * v,)
    save("trains_struct_ms.mat", {"units": units})
    save("trials_clock_ms.mat", {"D": {**trial_struct(EVEN), "time_ms": cell([np.arange(10.0)[:, None] * 100 for _ in range(4)])}})
    unit = lambda v: {"time": v, "timerange": np.array([0.0, 10.0]), "meanrate": len(v) / 10}
    a, b, c = spikes()
    save("trains_nested.mat", {"spikes": cell([cell([cell([unit(a), cell([]), unit(b)]), cell([]), cell([unit(c), unit(a[:0])])])])})
    # Five trials of 2 s, times within each from -0.5 s.
    cut = [[v[(v >= 2 * s) & (v < 2 * s + 2)] - 2 * s - 0.5 for s in range(5)] for v in spikes()]
    save("trains_named.mat", {"SPK01a": np.arange(0.02, 10, 0.1), "SPK01b": np.zeros((0, 0)), "SPK02a": np.arange(4, 9, 0.2)})
    save("bad/beyond_single.mat", {"trials": cell([X[:20] * 1e38, X[20:] * 1e38], (1, 2))})
    save("trains_quiet.mat", {"spikes": cell([cut[j][s] if s < 5 else np.zeros((0, 0)) for s in range(6) for j in range(3)], (3, 6))})
    save("trains_trials.mat", {"spikes": cell([cut[j][s] for s in range(5) for j in range(3)], (3, 5))})
    save("trains_groups.mat", {"spikes": cell([cell(trials) for trials in cut])})
    order = np.argsort(np.concatenate(spikes()), kind="stable")
    ids = np.repeat([1.0, 2.0, 3.0], [len(v) for v in spikes()])
    save("pairs.mat", {"spks": np.column_stack([ids, np.concatenate(spikes())])[order]})
    save("list.mat", {"times": np.concatenate(spikes())[order], "ids": ids[order].astype("u1")})


# ---- v7.3: HDF5 with MATLAB's attributes; axes are reversed, cells are references into #refs# ----


class Matlab73:
    CLASSES = {"f8": "double", "f4": "single", "i1": "int8", "u1": "uint8", "i2": "int16", "u2": "uint16", "i4": "int32", "u4": "uint32"}

    def __init__(self, name):
        self.name = path(name)
        self.file = h5py.File(self.name, "w", userblock_size=512, libver="earliest")
        self.count = 0

    def close(self):
        self.file.close()
        head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Thu Jan  1 00:00:00 1970 HDF5 schema 1.00 ."
        with open(self.name, "r+b") as f:
            f.write(head.ljust(116) + b"\0" * 8 + b"\x00\x02IM")

    def set_class(self, name, value):
        """An attribute of the kind that MATLAB writes: text of fixed length that counts as terminated."""
        kind = h5py.h5t.C_S1.copy()
        kind.set_size(len(value))
        space = h5py.h5s.create(h5py.h5s.SCALAR)
        h5py.h5a.create(self.file[name].id, b"MATLAB_class", kind, space).write(np.array(value, f"S{len(value)}"), mtype=kind)

    def refer(self, value):
        self.count += 1
        name = f"#refs#/r{self.count}"
        self.put(name, value)
        return self.file[name].ref

    def put_empty(self, name, axes, kind="double"):
        """An array without elements: its values are its axes."""
        self.file[name] = axes
        self.file[name].attrs["MATLAB_empty"] = np.uint8(1)
        self.set_class(name, kind)

    def put(self, name, value):
        if isinstance(value, dict):
            group = self.file.create_group(name)
            self.set_class(name, "struct")
            fields = np.empty(len(value), dtype=object)
            fields[:] = [np.frombuffer(key.encode(), "S1") for key in value]
            group.attrs.create("MATLAB_fields", fields, dtype=h5py.vlen_dtype(np.dtype("S1")))
            for key, item in value.items():
                self.put(f"{name}/{key}", item)
        elif isinstance(value, str):
            d = self.file.create_dataset(name, data=np.array([[ord(c)] for c in value], "u2"))
            d.attrs["MATLAB_int_decode"] = np.int32(2)
            self.set_class(name, "char")
        elif isinstance(value, np.ndarray) and value.dtype == object:
            refs = np.empty(value.T.shape, dtype=h5py.ref_dtype)
            for at in np.ndindex(value.T.shape):
                refs[at] = self.refer(value.T[at])
            d = self.file.create_dataset(name, data=refs, dtype=h5py.ref_dtype)
            self.set_class(name, "cell")
        else:
            array = np.atleast_2d(np.asarray(value))
            d = self.file.create_dataset(name, data=np.ascontiguousarray(array.T), chunks=array.T.shape if array.size > 100 else None,
                                         compression="gzip" if array.size > 100 else None)
            self.set_class(name, self.CLASSES[array.dtype.str[1:]])


def good73():
    for name, variables in {
        "v73_matrix.mat": {"dff": X, "fs": 10.0},
        "v73_single.mat": {"data": {"dff": X.astype("f4"), "fs": 10.0, "label": "a session"}},
        "v73_trials.mat": {"D": trial_struct(UNEVEN), "TE": {"dt": 0.1}},
        "v73_cell.mat": {"dff": cell(pieces(X, UNEVEN))},
        "v73_trains.mat": {"spikes": cell([v[:, None] for v in spikes()])},
    }.items():
        m = Matlab73(name)
        for key, value in variables.items():
            m.put(key, value)
        m.close()
    empty = Matlab73("v73_empty.mat")
    empty.put("dff", X)
    for key, kind in ("note", "char"), ("bad_trials", "double"), ("events", "cell"), ("options", "struct"):
        empty.put_empty(key, np.array([0, 0] if kind != "double" else [1, 0, 3], "u8"), kind)
    empty.close()
    empty = Matlab73("v73_empty_bool.mat")  # as h5py marks it
    empty.put("dff", X)
    empty.put_empty("note", np.array([0, 0], "u8"), "char")
    del empty.file["note"].attrs["MATLAB_empty"]
    empty.file["note"].attrs["MATLAB_empty"] = True
    empty.close()
    partly = Matlab73("v73_partly.mat")  # as matfile() leaves it where little of a large variable was written
    partly.put("dff", X)
    partly.put("fs", 10.0)
    partly.file.create_dataset("buffer", (30000, 30000), "f8", chunks=(10, 10), compression="gzip")[0, 0] = 1
    partly.set_class("buffer", "double")
    partly.close()


def bad():
    save("bad/text.mat", {"note": "nothing to read"})
    save("bad/empty.mat", {})
    save("bad/zero.mat", {"dff": np.zeros((0, 5))})
    save("bad/complex.mat", {"dff": X + 1j})
    save("bad/cube.mat", {"dff": np.zeros((40, 3, 2))})
    save("bad/square.mat", {"dff": np.zeros((20, 20))})
    save("bad/two.mat", {"a": X, "b": X})
    save("bad/cell_and_matrix.mat", {"a": cell(pieces(X, UNEVEN)), "b": X})
    save("bad/two_cells.mat", {"a": cell(pieces(X, UNEVEN)), "b": cell(spikes())})
    in_trials = [np.sort(v % 2) - 0.5 for v in spikes()]
    save("bad/fieldtrip.mat", {"spike": {"label": cell(["a", "b", "c"]), "time": cell([v[:, None].T for v in in_trials]),
                                         "trial": cell([np.sort(np.arange(len(v)) % 5 + 1.0)[None, :] for v in in_trials])}})
    save("bad/two_fields.mat", {"D": {"a": cell(pieces(X, UNEVEN)), "b": cell(pieces(X, UNEVEN))}})
    save("bad/neurons_differ.mat", {"a": cell([X, X[:30, :4], X[:20]])})
    save("bad/square_trials.mat", {"a": cell([np.zeros((9, 8))] * 3)})
    save("bad/mixed_cell.mat", {"a": cell([X, "text", np.zeros((0, 0))])})
    save("bad/text_cell.mat", {"a": cell(["x", "y"])})
    save("bad/falling_trains.mat", {"a": cell([np.array([1.0, 3, 2]), np.array([1.0, 2])])})
    save("bad/nan_trains.mat", {"a": cell([np.array([1.0, np.nan]), np.array([1.0, 2, 3])])})
    save("bad/far_trains.mat", {"a": cell([np.array([1.0, 2e9, 3e15]), np.array([1.0, 2])])})
    save("bad/zero_rate.mat", {"data": {"dff": X, "fs": 0.0}})
    save("bad/struct_array.mat", {"s": np.array([(1.0, 2.0), (3.0, 4.0)], dtype=[("a", object), ("b", object)])})
    save("bad/settings.mat", {"p": {"a": 1.0, "b": {"c": 2.0}}})
    with open(path("bad", "header.mat"), "wb") as f:
        f.write(b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + b" " * 100)
    table = Matlab73("bad/v73_table.mat")
    table.file["T"] = np.array([[3707764736], [2], [1], [1], [1], [1]], "u4").T
    table.set_class("T", "table")
    table.file["T"].attrs["MATLAB_object_decode"] = np.int32(3)
    table.close()
    misled73()
    with open(path("bad", "v73_header.mat"), "wb") as f:
        f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(600))
    whole = open(path("trials_numbered.mat"), "rb").read()
    plain = open(path("trials_matrices.mat"), "rb").read()
    v73 = open(path("v73_trials.mat"), "rb").read()
    damage = {
        "cut_compressed": whole[: len(whole) // 2],
        "cut_plain": plain[:300],
        "cut_v73": v73[: len(v73) // 2],
        "flipped": bytes(b ^ (0x5A if 160 < k < 200 else 0) for k, b in enumerate(whole)),
        # The class of the first variable is unknown; its axes are huge.
        "class": plain[:144] + b"\x63" + plain[145:],
        "huge_axes": plain[:160] + b"\xff\xff\xff\x7f\xff\xff\xff\x7f" + plain[168:],
        "endian": plain[:126] + b"??" + plain[128:],
    }
    # The values of a sparse matrix take more bytes than the file has.
    sparse = open(path("sparse.mat"), "rb").read()
    values = sparse.index(b"\x09\x00\x00\x00\xa0\x00\x00\x00")
    damage["sparse_claims"] = sparse[: values + 7] + b"\xfd" + sparse[values + 8 :]
    for name, content in damage.items():
        with open(path("bad", name + ".mat"), "wb") as f:
            f.write(content)


MISLED = ("v73_empty_axes", "v73_empty_full", "v73_unlike_fields", "v73_two_classes", "v73_cell_of_numbers")


def misled73():
    """Sound HDF5 that is not what MATLAB writes, for which matio makes less room than it fills."""
    files = [Matlab73(f"bad/{name}.mat") for name in MISLED]
    axes, full, fields, classes, numbers = files
    for m, values in (axes, np.zeros((3, 40), "u8")), (full, np.array([3, 40], "u8")):
        m.put_empty("dff", values)
    fields.file.create_group("s")
    fields.set_class("s", "struct")
    for key, count in ("a", 2), ("b", 20):
        fields.file[f"s/{key}"] = np.array([fields.refer(1.0) for _ in range(count)], dtype=h5py.ref_dtype)
    classes.file["dff"] = X
    classes.file["dff"].attrs["MATLAB_class"] = np.array([b"double"] * 50)
    numbers.file["spikes"] = np.arange(200.0)
    numbers.set_class("spikes", "cell")
    for m in files:
        m.close()


def corpus():
    """Starting points of the fuzz targets."""
    root = os.path.join(HERE, "..", "..", "fuzz", "corpus")
    for target, names in {
        "matlab": ["matrix_i2.mat", "sparse.mat", "trials_numbered.mat", "trials_struct_array.mat", "trials_cell.mat", "trains_nested.mat",
                   "pairs.mat", "matrix_in_struct.mat", "cnmfe.mat", "Fall.mat", "trains_trials.mat", "trials_of_three.mat"],
        "matlab73": ["v73_single.mat", "v73_trains.mat", "v73_empty.mat", *(f"bad/{name}.mat" for name in MISLED)],
    }.items():
        shutil.rmtree(os.path.join(root, target), ignore_errors=True)
        os.makedirs(os.path.join(root, target))
        for name in names:
            shutil.copy(path(name), os.path.join(root, target, os.path.basename(name)))


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    for make in (good, good73, bad, corpus):
        make()
