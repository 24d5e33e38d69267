"""Recordings: from files, and from what users hold in memory."""

from __future__ import annotations

import datetime
import math
import os
import tempfile
from ctypes import byref
from typing import Any, Mapping, Protocol, Sequence

import numpy as np

from . import _library as lib
from ._parameters import DEFAULTS, READING, SIMULATION
from ._parts import (Clock, Parts, are_dates, behavior_of_xarray, clock_of, clock_of_xarray, epochs_of, frames_of_epochs,
                     from_pandas, from_pynapple, from_spike_group, from_xarray, is_a, number_array, seconds_of, single, values_of,
                     with_times)
from ._progress import interruptible
from .errors import InputError, InputTypeError, OptionError, RecordingWarning


class Recording:
    """A recorded population: activity, and what belongs to it.

    Made by :func:`synapsnet.read`, :func:`synapsnet.recording` or :func:`synapsnet.simulate`. It is not changed by
    anything, so one recording can be fitted many times. Arrays are views of the library's memory where that is
    possible, and read-only. Letters: T frames, N neurons, B behaviours, S segments.
    """

    def __init__(self, handle: lib.Handle, reading: Mapping[str, Any] | None = None) -> None:
        self._handle = handle
        self._reading = dict(reading or {})  # the options it was opened with: a model finds its recording by them
        self._told: list[str] = []  # its warnings, once they were shown
        self._seen = lib.RecordingArrays()
        lib.plain("recording_view", handle.address, byref(self._seen))

    def _view(self, field: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray | None:
        return lib.view(self._handle, getattr(self._seen, field), shape, dtype)

    def _copy(self) -> lib.Handle:
        """A handle for a function that uses the recording up."""
        return lib.create("recording", "recording_copy", self._handle.address)

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)"""
        return self._seen.T, self._seen.N

    @property
    def n_frames(self) -> int:
        """T"""
        return self._seen.T

    @property
    def n_neurons(self) -> int:
        """N"""
        return self._seen.N

    @property
    def n_behaviors(self) -> int:
        """B"""
        return self._seen.B

    @property
    def rate_hz(self) -> float:
        """Frames per second."""
        return self._seen.rate_hz

    @property
    def signal(self) -> str:
        """What the activity is: "fluorescence", "deconvolved" or "counts"."""
        return self._seen.signal.decode()

    @property
    def name(self) -> str:
        """A short name for tables and messages."""
        return (self._seen.name or b"").decode(errors="replace")

    @property
    def path(self) -> str | None:
        """The path that was read, or None for a recording from memory."""
        return os.fsdecode(self._seen.path) if self._seen.path else None

    @property
    def observed(self) -> np.ndarray | None:
        """bool [T][N], or None where everything was observed."""
        bits = self._view("observed", (self.n_frames, (self.n_neurons + 7) // 8), np.uint8)
        if bits is None:
            return None
        return np.unpackbits(bits, axis=1, bitorder="little", count=self.n_neurons).astype(bool)

    @property
    def activity(self) -> np.ndarray:
        """float32 [T][N] in raw units, NaN where not observed: a view if everything was observed, else a copy."""
        x, observed = self._view("activity", self.shape, np.float32), self.observed
        assert x is not None
        return x if observed is None else np.where(observed, x, np.float32(np.nan))

    @property
    def behavior(self) -> np.ndarray:
        """float32 [T][B], NaN where unknown: a view."""
        u = self._view("behavior", (self.n_frames, self.n_behaviors), np.float32)
        return np.empty((self.n_frames, 0), np.float32) if u is None else u

    @property
    def time_s(self) -> np.ndarray:
        """float64 [T], the time of every frame."""
        times = self._view("time_s", (self.n_frames,), np.float64)
        return np.arange(self.n_frames) / self.rate_hz if times is None else times

    @property
    def spikes(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Time in s, ascending, and neuron of every spike behind counts, or None."""
        n = self._seen.n_spikes
        if not n:
            return None
        time_s, neuron = self._view("spike_time_s", (n,), np.float64), self._view("spike_neuron", (n,), np.int32)
        assert time_s is not None and neuron is not None
        return time_s, neuron

    @property
    def segments(self) -> np.ndarray:
        """int64 [S][2], start and stop frame of every segment: nothing crosses their borders."""
        segments = self._view("segments", (self._seen.S, 2), np.int64)
        assert segments is not None
        return segments

    @property
    def neuron_ids(self) -> list[str]:
        """[N]"""
        return lib.texts(self._seen.neuron_id, self.n_neurons) or []

    @property
    def regions(self) -> list[str] | None:
        """[N] brain regions, or None."""
        return lib.texts(self._seen.region, self.n_neurons)

    @property
    def cell_types(self) -> list[str] | None:
        """[N] cell types, or None."""
        return lib.texts(self._seen.cell_type, self.n_neurons)

    @property
    def behavior_names(self) -> list[str]:
        """[B]"""
        return lib.texts(self._seen.behavior_name, self.n_behaviors) or []

    @property
    def positions(self) -> np.ndarray | None:
        """float32 [N][3] in micrometres, or None."""
        return self._view("position", (self.n_neurons, 3), np.float32)

    @property
    def truth(self) -> np.ndarray | None:
        """float64 [N][N] true weights of a simulation, row = receiver, or None."""
        return self._view("truth", (self.n_neurons, self.n_neurons), np.float64)

    def info(self) -> dict[str, Any]:
        """What was understood of the recording, and its warnings."""
        return lib.json_of("recording_describe", self._handle.address, 1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes synapsnet's own HDF5 layout."""
        lib.call("recording_write", self._handle.address, lib.path_bytes(path))

    def to_pandas(self) -> Any:
        """The activity as a DataFrame: a row a frame (index: time in s), a column a neuron. Needs pandas."""
        pandas = lib.optional("pandas", "to_pandas()")
        return pandas.DataFrame(self.activity, index=pandas.Index(self.time_s, name="time_s"), columns=self.neuron_ids)

    def to_xarray(self) -> Any:
        """The activity as a DataArray (time_s, neuron). Needs xarray."""
        xarray = lib.optional("xarray", "to_xarray()")
        coordinates: dict[str, Any] = {"time_s": self.time_s, "neuron": self.neuron_ids}
        for name, values in (("region", self.regions), ("cell_type", self.cell_types)):
            if values:
                coordinates[name] = ("neuron", values)
        return xarray.DataArray(self.activity, dims=("time_s", "neuron"), coords=coordinates, name="activity",
                                attrs={"rate_hz": self.rate_hz, "signal": self.signal})

    def __str__(self) -> str:
        return lib.text_of("recording_describe", self._handle.address, 0).rstrip()

    def __repr__(self) -> str:
        return (f"<Recording {self.name}: {self.n_frames} frames x {self.n_neurons} neurons at {self.rate_hz:g} Hz, "
                f"{self.signal}>")

    def __len__(self) -> int:
        return self.n_frames

    def __deepcopy__(self, _: Any) -> Recording:
        return self  # nothing changes it

    def __getstate__(self) -> dict[str, Any]:
        return {"file": file_bytes(self.save), "path": self.path, "reading": self._reading}

    def __setstate__(self, state: dict[str, Any]) -> None:
        with bytes_file(state["file"]) as path:
            handle = _opened(path, {})
        came_from = state.get("path")
        lib.call("recording_set_path", handle.address, None if came_from is None else lib.path_bytes(came_from))
        self.__init__(handle, state.get("reading"))  # type: ignore[misc]


# ---- files ----


def file_bytes(write: Any) -> bytes:
    """What `write` puts into a file."""
    with tempfile.TemporaryDirectory(prefix=lib.FOLDER) as folder:
        path = os.path.join(folder, "file.h5")
        write(path)
        with open(path, "rb") as file:
            return file.read()


class bytes_file:
    """A file with these bytes, while the block runs."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __enter__(self) -> str:
        self.folder = tempfile.TemporaryDirectory(prefix=lib.FOLDER)
        path = os.path.join(self.folder.name, "file.h5")
        with open(path, "wb") as file:
            file.write(self.content)
        return path

    def __exit__(self, *_: Any) -> None:
        self.folder.cleanup()


def _opened(path: Any, options: Mapping[str, Any]) -> lib.Handle:
    handle = lib.options(options)
    with interruptible():
        return lib.create("recording", "recording_open", lib.path_bytes(path), handle.address)


def _warned(recording: Recording) -> Recording:
    recording._told = [f"{recording.name}: {line}" for line in recording.info()["warnings"]]
    for line in recording._told:
        lib.warn(lib.in_python(line), RecordingWarning)
    return recording


_RATES = ("fs", "fps", "fr", "hz", "freq", "frequency", "frame_rate", "framerate", "sampling_rate", "sample_rate", "srate")
_OF_SCIKIT_LEARN = {"random_state": "seed", "n_jobs": "threads", "verbose": "progress", "max_iter": "epochs", "lr": "learning_rate"}


def check_keywords(given: Mapping[str, Any], known: Mapping[str, str], what: str) -> None:
    """An unknown keyword is refused with the nearest known one."""
    import difflib

    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            if name.lower() in _RATES:
                near = [rate for rate in ("rate_hz", "rate") if rate in known] or near
            near = [name for name in [_OF_SCIKIT_LEARN.get(name, "")] if name in known] or near
            hint = f"did you mean '{near[0]}'?" if near else "expected one of " + ", ".join(known)
            if what != "SynapsNet" and name in DEFAULTS:
                hint = f"it is a parameter of the estimator, SynapsNet({name}=...)"
            raise OptionError(f"{what}: unknown keyword '{name}'; {hint}")


def read(path: str | os.PathLike[str], *, config: str | os.PathLike[str] | None = None, **options: Any) -> Recording:
    """Reads a recording from a file or a folder, whose kind is found by its content.

    path: FILE, FOLDER, or FILE:NAME for one array of a file. options: the reading options of the program, such as
    ``rate=30``, ``bin="50ms"``, ``behavior=["FILE:speed"]``, ``segments="FILE:trials"``; docs/options.md lists them.
    config: a file of ``name = value`` lines with more of them; those that are given as keywords win.
    """
    options = _one_rate(options, "rate")
    check_keywords(options, {**READING, "config": ""}, "read")
    if config is not None:
        options = {**lib.config_file(config, READING), **options}
    return _warned(Recording(_opened(path, options), options))


def simulate(kind: str, **options: Any) -> Recording:
    """A simulated network whose connectivity is known (``.truth``).

    kind: "celltypes", "rates" or "spikes". options: ``neurons``, ``frames``, ``seed``, ``unobserved``, ``drive``,
    ``view``; docs/options.md says what they mean.
    """
    check_keywords(options, SIMULATION, "simulate")
    handle = lib.options(options)
    if not isinstance(kind, str):
        raise InputTypeError(f"simulate: kind is {type(kind).__name__}; expected a text such as 'rates'")
    with interruptible():
        return Recording(lib.create("recording", "simulate", lib.text_bytes(kind), handle.address))


class Contents(list):  # type: ignore[type-arg]
    """What a file holds: a dict {"name", "type", "shape"} for every array; as text, a tree."""

    def __init__(self, path: Any) -> None:
        super().__init__(lib.json_of("contents_describe", lib.path_bytes(path), 1, None)["contents"])
        self._tree = lib.text_of("contents_describe", lib.path_bytes(path), 0, None).rstrip()

    def __str__(self) -> str:
        return self._tree


def contents(path: str | os.PathLike[str]) -> Contents:
    """The arrays in a file, whether it is a recording or not: their names go behind FILE: in :func:`read`."""
    return Contents(path)


# ---- building ----


def _from_spike_trains(trains: Mapping[Any, Any], bin_s: float, start_s: float) -> Parts:
    """{id: spike times in s} as counts."""
    if not trains:
        raise InputError("spike trains: the dict is empty; expected {neuron: spike times in s}")
    trains = {name: times.t if is_a(times, "pynapple", "Ts", "Tsd") else times for name, times in trains.items()}
    for name, times in trains.items():
        if np.ndim(times) > 1:
            raise InputError(f"spike times of neuron {name}: has shape {np.shape(times)}; expected (spikes,) in s: a dict "
                             "is taken as spike times by neuron, an array of activity goes in by itself")
    arrays = [number_array(times, f"spike times of neuron {name}", (1,), "(spikes,) in s")
              for name, times in trains.items()]
    times = np.ascontiguousarray(np.concatenate(arrays), np.float64)
    neuron = np.repeat(np.arange(len(arrays), dtype=np.int64), [len(one) for one in arrays])
    parts = Parts()
    parts.made = Recording(lib.create("recording", "recording_from_spikes", lib.address_of(times),
                                      lib.address_of(neuron), len(times), len(arrays), lib.text_array(trains), start_s,
                                      bin_s))
    parts.values, parts.signal, parts.spikes = parts.made.activity, "counts", parts.made.spikes
    parts.neuron_ids, parts.rate_hz = parts.made.neuron_ids, parts.made.rate_hz
    parts.time_s = parts.made._view("time_s", (parts.made.n_frames,), np.float64)
    return parts


def _clock_of_behavior(behavior: Any) -> tuple[Clock | None, str]:
    """The times of covariates, where they have any, and how to bring them onto others."""
    if is_a(behavior, "pynapple", "TsdFrame", "Tsd"):
        return Clock(np.asarray(behavior.t)), ("behavior.bin_average(bin) beside spikes counted in bins, or "
                                               "behavior.interpolate(activity), of pynapple")
    if is_a(behavior, "xarray", "DataArray"):
        return clock_of_xarray(behavior), "behavior.interp_like(activity) of xarray"
    advice = "behavior.reindex(activity.index, method='nearest') of pandas"
    if is_a(behavior, "pandas", "DataFrame"):
        return clock_of(with_times(behavior)[1]), advice
    return (clock_of(behavior.index) if is_a(behavior, "pandas", "Series") else None), advice


def _refuse_other_times(known: tuple[Clock | None, str], clock: Clock | None) -> None:
    times, advice = known
    if times is not None and clock is not None and times.dates == clock.dates and not times.agrees(clock):
        raise InputError(f"behavior: has other times ({times}) than the activity ({clock}); expected a value for every "
                         f"frame, such as {advice}")


def _behavior(behavior: Any, frames: int, clock: Clock | None) -> tuple[np.ndarray | None, list[str] | None]:
    """Covariates [T][B] and their names. clock: of the activity; other times are refused."""
    if behavior is None:
        return None, None
    names = None
    clocks = [_clock_of_behavior(behavior)]
    if isinstance(behavior, Mapping):
        names = [str(name) for name in behavior]
        clocks = [_clock_of_behavior(one) for one in behavior.values()]
    for one in clocks:
        _refuse_other_times(one, clock)
    if isinstance(behavior, Mapping):
        columns = [number_array(one, f"behavior {name}", (1,), "(frames,)") for name, one in behavior.items()]
        if not columns:
            raise InputError("behavior: the dict is empty; expected {name: values}, or None")
        lengths = {len(one) for one in columns}
        if len(lengths) != 1:
            raise InputError(f"behavior: the variables have {sorted(lengths)} values; expected {frames} each")
        behavior = np.column_stack(columns)
    elif is_a(behavior, "pandas", "DataFrame"):
        behavior = with_times(behavior)[0]
        names, behavior = [str(name) for name in behavior.columns], values_of(behavior, "behavior")
    elif is_a(behavior, "pandas", "Series"):
        names = [str(behavior.name)] if behavior.name is not None else None
        behavior = values_of(behavior, "behavior")
    elif is_a(behavior, "xarray", "DataArray"):
        behavior, names = behavior_of_xarray(behavior)
    elif is_a(behavior, "pynapple", "TsdFrame", "Tsd"):
        names = [str(name) for name in behavior.columns] if is_a(behavior, "pynapple", "TsdFrame") else None
        behavior = behavior.values
    array = number_array(behavior, "behavior", (1, 2), "(frames,) or (frames, variables)")
    array = array.reshape(len(array), -1)
    if len(array) != frames:
        turned = "; of an array (variables, frames) give its transpose" if array.shape[1] == frames else ""
        raise InputError(f"behavior: has {len(array)} rows; expected {frames}, one for every frame of the activity{turned}")
    return single(array, "behavior"), names


def _segments(segments: Any, time_s: np.ndarray | None) -> np.ndarray | None:
    """Start and stop frames [S][2]. time_s: of the frames, for epochs in s; None: nothing says it."""
    if segments is None:
        return None
    epochs = epochs_of(segments)
    if epochs is not None:
        if time_s is None:
            raise InputError("segments: found epochs in s, and nothing says the times of the frames; expected rate_hz or "
                             "timestamps as well, or start and stop frames")
        found = frames_of_epochs(epochs, time_s)
        if not found:
            ends = f"{time_s[0]:g} to {time_s[-1]:g} s"
            raise InputError(f"segments: none of the {len(epochs[0])} epochs holds a frame; the frames are at {ends}")
        segments = found
    array = number_array(segments, "segments", (2,), "(segments, 2), start and stop frame")
    if array.shape[1] != 2 or len(array) == 0:
        raise InputError(f"segments: has shape {array.shape}; expected (segments, 2), start and stop frame")
    if array.dtype.kind == "f" and not ((array == np.floor(array)) & (np.abs(array) < 2.0**53)).all():
        raise InputError("segments: holds numbers that are not whole; expected start and stop frames")
    return np.ascontiguousarray(array, np.int64)


def _labels(values: Any, n: int, what: str, unique: bool = False) -> Any:
    """char *[n] for the library."""
    if values is None:
        return None
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise InputTypeError(f"{what}: found {type(values).__name__}; expected a list of {n}")
    texts = [str(value) for value in values]
    if len(texts) != n:
        raise InputError(f"{what}: has {len(texts)} entries; expected {n}")
    named = [text for text in texts if text]
    if unique and len(set(named)) != len(named):
        twice = next(text for text in named if named.count(text) > 1)
        raise InputError(f"{what}: '{twice}' is there twice; expected a different one for every neuron")
    return lib.text_array(texts)


def _build(values: Any, *, behavior: Any = None, segments: Any = None, rate_hz: float | None = None,
           time_s: Any = None, signal: str | None = None, neuron_ids: Any = None, regions: Any = None,
           cell_types: Any = None, name: str | None = None, clock: Clock | None = None,
           spikes: tuple[np.ndarray, np.ndarray] | None = None) -> Recording:
    """A recording from an array [T][N] and what goes with it."""
    activity = number_array(values, "activity", (2,), "(frames, neurons)")
    T, N = activity.shape
    if N < 1:
        raise InputError(f"activity: has 0 feature(s) (shape={activity.shape}) while a minimum of 1 is required: expected "
                         "(frames, neurons)")
    if T < 2:
        raise InputError(f"activity: has n_samples = {T} (shape={activity.shape}); expected (frames, neurons), at least "
                         "2 frames")
    x = single(activity, "activity")
    times = None
    if time_s is not None:
        times = np.ascontiguousarray(number_array(time_s, "timestamps", (1,), "(frames,) in s"), np.float64)
        if len(times) != T:
            raise InputError(f"timestamps: has {len(times)} values; expected {T}, one for every frame")
        if T > 1 and np.median(np.diff(times)) > SLOWEST_FRAME_S:
            lib.warn(f"the times leave {np.median(np.diff(times)):g} s from frame to frame: times are in s, those in ms are "
                     "to be divided by 1000", RecordingWarning)
        clock = clock or Clock(times)
    u, names = _behavior(behavior, T, clock)
    rate = 0.0
    if rate_hz is not None:
        if not isinstance(rate_hz, (int, float, np.number)) or isinstance(rate_hz, bool):
            raise InputTypeError(f"rate_hz: found {type(rate_hz).__name__}; expected a number of frames per second")
        rate = float(rate_hz)
        if not (math.isfinite(rate) and rate > 0):
            raise OptionError(f"rate_hz: found {rate:g}; expected a positive number of frames per second")
    known = times if times is not None else np.arange(T) / rate if rate else None
    bounds = _segments(segments, known)
    if known is None:
        lib.warn("no rate_hz was given: times count frames, as at 1 Hz", RecordingWarning)
        rate = 1.0
    if signal is not None and not isinstance(signal, str):
        raise InputTypeError(f"signal: found {type(signal).__name__}; expected a text such as 'counts'")
    arrays = lib.RecordingArrays(
        T=T, N=N, B=0 if u is None else u.shape[1], S=0 if bounds is None else len(bounds),
        activity=lib.address_of(x), behavior=lib.address_of(u), rate_hz=rate, time_s=lib.address_of(times),
        segments=lib.address_of(bounds), signal=lib.text_bytes(signal or "auto"),
        name=lib.text_bytes(name or "the array"),
        neuron_id=_labels(neuron_ids, N, "neuron_ids", unique=True), region=_labels(regions, N, "regions"),
        cell_type=_labels(cell_types, N, "cell_types"), behavior_name=lib.text_array(names),
        n_spikes=0 if spikes is None else len(spikes[0]), spike_time_s=lib.address_of(spikes and spikes[0]),
        spike_neuron=lib.address_of(spikes and spikes[1]))
    return _warned(Recording(lib.create("recording", "recording_from_arrays", byref(arrays))))


def seconds(value: Any, name: str) -> float:
    """0.05, "50ms", "0.05s" or a duration in seconds."""
    duration = lib.duration_s(value)
    if duration is not None:
        return duration
    if isinstance(value, str):
        for unit, scale in (("ms", 1e-3), ("us", 1e-6), ("s", 1.0), ("", 1.0)):
            if value.endswith(unit):
                try:
                    return float(value[: len(value) - len(unit)]) * scale
                except ValueError:
                    break
    elif isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return float(value)
    raise OptionError(f"{name}: found {value!r}; expected a time such as 0.05 or '50ms'")


class _Like(Protocol):
    """A fitted session, for recordings that should be read as its own was."""

    rate_hz: float
    signal: str

    def open(self, path: Any, options: Mapping[str, Any]) -> lib.Handle: ...


def recording(data: Any, *, behavior: Any = None, segments: Any = None, rate_hz: float | None = None,
              timestamps: Any = None, signal: str | None = None, bin: Any = 0.05, start_s: float | None = None,
              neuron_ids: Any = None, regions: Any = None, cell_types: Any = None, name: str | None = None,
              orientation: str | None = None, **options: Any) -> Recording:
    """A recording from data in memory, or from a file.

    data
        - an array (frames, neurons), NaN or masked where not observed;
        - a pandas DataFrame (columns: neurons; a column named time, or an index of dates, durations or seconds, gives the
          times);
        - an xarray DataArray with an axis named time;
        - a pynapple TsdFrame, or a TsGroup, whose spikes are counted in bins;
        - a dict {neuron: spike times in s}, a DataFrame of two columns, such as unit and spike_time, or what
          units.to_dataframe() of pynwb gives;
        - a path, as for :func:`read`; a Recording is returned as it is. What cannot be given beside one of these is
          refused.
    behavior
        Covariates on the same frames: an array (frames,) or (frames, variables), a DataFrame, or a dict of arrays. A
        DataFrame whose times are not those of the activity is refused.
    segments
        (segments, 2), start and stop frame of every trial or epoch; or in s, an IntervalSet of pynapple or a DataFrame
        with the columns start_time and stop_time. None: epochs of pynapple, long gaps in the times, or one segment.
    rate_hz, timestamps
        Frames per second (rate is the same), or the time of every frame in s; irregular times are resampled to one rate.
    signal
        "fluorescence", "deconvolved" or "counts"; None: small non-negative integers are counts.
    bin, start_s
        Of spike times: the width of the bins, and where the first starts in s (None: at the last whole number of bins
        from 0 that is before the first spike).
    neuron_ids, regions, cell_types
        One for every neuron. Ids that are names ("AVAL", not "7" or "cell7") mean the same neuron in every recording of
        a fit, as its parameter same_neurons says.
    orientation
        Of an array: "time-first", or "neurons-first" for one that is (neurons, frames). None: time is first, with a
        warning where that makes more neurons than frames.
    """
    return make(data, dict(behavior=behavior, segments=segments, rate_hz=rate_hz, timestamps=timestamps, signal=signal,
                           bin=bin, start_s=start_s, neuron_ids=neuron_ids, regions=regions, cell_types=cell_types,
                           name=name, orientation=orientation, **options))


def _refuse(given: Mapping[str, Any], names: Sequence[str], why: str) -> None:
    """What would have no effect is refused."""
    for name in names:
        if name in given:
            raise InputError(f"{name}: {why}")


def _one_rate(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Keywords in which rate and rate_hz, which are the same, have one name."""
    other = "rate" if name == "rate_hz" else "rate_hz"
    given = dict(given)
    if given.get(other) is not None:
        if given.get(name) is not None:
            raise OptionError(f"{name}: found {other} as well, which is the same; expected one of them")
        given[name] = given[other]
    given.pop(other, None)
    return given


def make(data: Any, keywords: Mapping[str, Any], model: _Like | None = None) -> Recording:
    """What :func:`recording` does. model: what an array without a rate or a signal of its own is taken to be like."""
    given = {name: value for name, value in _one_rate(keywords, "rate_hz").items() if value is not None}
    if isinstance(given.get("bin"), float) and given["bin"] == 0.05:
        del given["bin"]  # the default
    if isinstance(data, (str, os.PathLike)):
        return _from_path(data, given, model)
    check_keywords(given, dict.fromkeys(recording.__kwdefaults__ or {}, ""), "recording")
    if isinstance(data, Recording):
        _refuse(given, list(given), "the recording is one already; give it where that is made")
        return data
    _refuse_files(data)
    data = _spike_table(data)
    if not is_spikes(data):
        _refuse(given, ("bin", "start_s"), "goes with spike times; expected none beside what has frames already")
    parts = _parts_of(data, given, doubtful=model is None and not {"timestamps", "behavior"} & set(given))
    bin_s = ("bin", "start_s", "signal", "orientation")
    if parts.made is not None and not [name for name in given if name not in bin_s]:
        return _warned(parts.made)
    found = {"time_s": parts.time_s, "rate_hz": parts.rate_hz, "signal": parts.signal, "segments": parts.segments,
             "neuron_ids": parts.neuron_ids, "regions": parts.regions, "name": parts.name, "clock": parts.clock}
    if "timestamps" in given:
        times = given["timestamps"]
        times = times.t if is_a(times, "pynapple", "Ts") else times
        dates = are_dates(times)
        found.update(time_s=seconds_of(times) if dates else times, clock=Clock(times) if dates else None)
    found.update({name: value for name, value in given.items() if name not in ("timestamps", "bin", "start_s",
                                                                               "orientation")})
    if model is not None and found["rate_hz"] is None and found["time_s"] is None:
        found["rate_hz"] = model.rate_hz
    if model is not None and found["signal"] is None:
        found["signal"] = model.signal
    return _build(parts.values, spikes=parts.spikes, **found)


_BESIDE_A_PATH = {"rate": (str, int, float, np.number), "bin": (str, int, float, np.number, datetime.timedelta),
                  "signal": (str,), "behavior": (str, os.PathLike, list, tuple)}


def _from_path(path: Any, given: Mapping[str, Any], model: _Like | None) -> Recording:
    """What :func:`read` does, by the keywords of :func:`recording` as well."""
    _refuse(given, ("neuron_ids", "regions", "cell_types"),
            "does not go with a path; expected neuron_table=FILE, or the activity as an array")
    _refuse(given, ("start_s", "name"), "does not go with a path; expected the activity or spike times themselves")
    options = _one_rate(given, "rate")
    check_keywords(options, READING, "read")
    for name in ("behavior", "segments", "timestamps", "signal", "rate", "bin"):
        if name in options and not isinstance(options[name], _BESIDE_A_PATH.get(name, (str, os.PathLike))):
            raise InputTypeError(f"{name}: found {type(options[name]).__name__} beside a path; expected FILE:NAME, or the "
                                 "activity as an array as well")
    return _warned(Recording(_opened(path, options) if model is None else model.open(path, options), options))


def is_spikes(data: Any) -> bool:
    """Whether it holds spike times: a dict, or pynapple's TsGroup."""
    return isinstance(data, Mapping) or is_a(data, "pynapple", "TsGroup")


SLOWEST_FRAME_S = 10.0  # of a frame that is no mistake of units
LONGEST_BIN_S = 1.0  # likewise of spikes

_NEURONS_OF_SPIKES = ("id", "ids", "neuron", "neurons", "neuron_id", "unit", "units", "unit_id", "unit_ids", "cluster", "clusters",
                      "cluster_id", "cell", "cells", "cell_id", "spike_clusters")
_TIMES_OF_SPIKES = {"time": 1.0, "times": 1.0, "t": 1.0, "time_s": 1.0, "spike_time": 1.0, "spike_times": 1.0,
                    "spike_time_s": 1.0, "spike_times_s": 1.0, "time_ms": 1e-3, "spike_times_ms": 1e-3}


def _holds_arrays(column: Any) -> bool:
    return column.dtype == object and len(column) > 0 and all(np.ndim(one) == 1 for one in column)


def _spike_table(data: Any) -> Any:
    """{neuron: spike times in s} of a table of spikes, as a CSV of it is read, or of trains, as pynwb makes of units; else
    what it was."""
    if is_a(data, "pandas", "Series") and _holds_arrays(data):
        return {name: np.asarray(times) for name, times in data.items()}
    if not is_a(data, "pandas", "DataFrame"):
        return data
    if "spike_times" in data.columns and _holds_arrays(data["spike_times"]):
        return _spike_table(data["spike_times"])
    ids = [name for name in data.columns if str(name).lower() in _NEURONS_OF_SPIKES]
    times = [name for name in data.columns if str(name).lower() in _TIMES_OF_SPIKES]
    if len(data.columns) != 2 or len(ids) != 1 or len(times) != 1 or len(data) < 3 or data[ids[0]].dtype.kind == "f":
        return data
    if data[times[0]].dtype.kind not in "iuf":
        return data
    steps = np.diff(data[times[0]].to_numpy(np.float64))
    usual = np.median(np.abs(steps))
    frames = "spike" not in str(times[0]).lower() and np.median(np.abs(steps - usual)) < 0.3 * usual
    if data[ids[0]].is_unique or frames or np.ptp(steps) <= 1e-6 * np.abs(steps).max():
        return data
    unit = _TIMES_OF_SPIKES[str(times[0]).lower()]
    lib.warn(f"recording: the table was read as spike times of {data[ids[0]].nunique()} neurons; give "
             f"table.set_index({times[0]!r}) where {ids[0]!r} is the activity of one", RecordingWarning)
    return {name: np.sort(one.to_numpy(np.float64)) * unit for name, one in data.groupby(ids[0])[times[0]]}


def _refuse_files(data: Any) -> None:
    """Objects of other packages that stand for a file, or a part of one."""
    module, kind = type(data).__module__.split(".")[0], type(data).__name__
    if module == "pynwb" and kind == "Units":
        raise InputTypeError("recording: found the units of pynwb; expected units.to_dataframe(), or the path of the file")
    if module in ("pynwb", "hdmf"):
        raise InputTypeError(f"recording: found a {kind} of {module}; expected the path of the file, or the numbers of a "
                             "series, such as series.data[:] with rate_hz=series.rate")
    if is_a(data, "pynapple", "NWBFile"):
        raise InputTypeError(f"recording: found a whole NWB file; expected one object of it, such as "
                             f"nwb[{next((k for k in data.keys() if k not in ('trials', 'epochs')), 'units')!r}], or the path of the file")
    if is_a(data, "pynapple", "Ts", "IntervalSet"):
        raise InputTypeError(f"recording: found a {kind} of pynapple; expected a TsGroup, or a dict {{neuron: spike times}}"
                             + ("; epochs go in as segments" if kind == "IntervalSet" else ""))
    if is_a(data, "h5py", "Group"):
        raise InputTypeError("recording: found a group of an HDF5 file; expected a dataset of it, or the path, such as "
                             "'FILE.h5:group/dataset'")


def _parts_of(data: Any, given: Mapping[str, Any], doubtful: bool) -> Parts:
    """What an object of the user holds. doubtful: nothing says which axis of an array is time."""
    if hasattr(data, "toarray"):
        raise InputTypeError("recording: found a sparse matrix; expected a dense array (frames, neurons)")
    if "orientation" in given and (is_spikes(data) or is_a(data, "pandas", "DataFrame") or
                                   is_a(data, "xarray", "DataArray") or is_a(data, "pynapple", "TsdFrame")):
        raise InputError(f"orientation: goes with an array; expected none beside a {type(data).__name__}")
    if isinstance(data, np.lib.npyio.NpzFile):
        raise InputTypeError("recording: found all that an npz file holds; expected one array of it, such as "
                             f"contents[{next(iter(data.files), 'dff')!r}], or the path, which brings what lies beside it")
    if is_a(data, "xarray", "Dataset"):
        raise InputTypeError("recording: found an xarray Dataset; expected one DataArray of it, such as "
                             f"dataset[{str(next(iter(data.data_vars), 'dff'))!r}]")
    if isinstance(data, Mapping) and "__header__" in data:
        raise InputTypeError("recording: found all that a MATLAB file holds; expected one array of it, such as "
                             "contents['dff'], or the path, 'FILE.mat:dff'")
    if is_spikes(data):
        _refuse(given, ("rate_hz", "timestamps"),
                "does not go with spike times, which are counted in bins; expected bin")
        if given.get("signal", "counts") != "counts":
            raise InputError(f"signal: found {given['signal']!r} beside spike times; expected counts")
        bin_s = seconds(given.get("bin", 0.05), "bin")
        if bin_s > LONGEST_BIN_S:
            lib.warn(f"bin: spikes are counted in bins of {bin_s:g} s; milliseconds are said as '20ms' or 0.02", RecordingWarning)
        if is_a(data, "pynapple", "TsGroup"):
            _refuse(given, ("start_s",), "does not go with a TsGroup, whose epochs say where bins start")
            return from_spike_group(data, bin_s)
        return _from_spike_trains(data, bin_s, seconds(given["start_s"], "start_s") if "start_s" in given else math.nan)
    if is_a(data, "pandas", "DataFrame"):
        parts = from_pandas(data)
        if doubtful and parts.clock is None and len(data) < len(data.columns):
            lib.warn(f"the DataFrame has {len(data)} rows and {len(data.columns)} columns, which were taken as neurons; "
                     "where rows are neurons, give frame.T", RecordingWarning)
        return parts
    if is_a(data, "xarray", "DataArray"):
        return from_xarray(data)
    if is_a(data, "pynapple", "TsdFrame"):
        return from_pynapple(data)
    if data is None or isinstance(data, (bytes, bool)):
        raise InputTypeError(f"recording: found {type(data).__name__}; expected an array (frames, neurons), a path, or "
                             "one of the kinds that synapsnet.recording lists")
    return _from_array(data, given.get("orientation", "auto"), doubtful)


def _from_array(data: Any, orientation: Any, doubtful: bool) -> Parts:
    """An array, (frames, neurons) unless orientation says otherwise."""
    if orientation not in ("auto", "time-first", "neurons-first"):
        raise OptionError(f"orientation: found {orientation!r}; expected one of auto|time-first|neurons-first")
    if _are_spike_trains(data):
        raise InputError(f"recording: found a list of {len(data)} arrays that rise, as spike times do; expected a dict "
                         "{neuron: spike times in s}, such as dict(enumerate(list)), or one array (frames, neurons)")
    parts = Parts()
    parts.values = number_array(data, "activity", (2,), "(frames, neurons)")
    if orientation == "neurons-first":
        parts.values = parts.values.T
    rows, columns = parts.values.shape
    if orientation == "auto" and doubtful and rows < columns:
        lib.warn(f"the array is {parts.values.shape}: took the first axis as time, although the second is longer; "
                 "orientation says otherwise ('neurons-first')", RecordingWarning)
    return parts


def _are_spike_trains(data: Any) -> bool:
    """Whether it is a list of arrays that each rise, or of different lengths: frames do neither."""
    if not isinstance(data, (list, tuple)) or not data:
        return False
    if not all(isinstance(one, np.ndarray) and one.ndim == 1 and one.dtype.kind in "iuf" for one in data):
        return False
    if len({len(one) for one in data}) > 1:
        return True
    return len(data[0]) > max(len(data), 2) and all((np.diff(one.astype(np.float64)) > 0).all() for one in data)
