"""What users hold in memory, taken apart: arrays, tables of pandas and xarray, and what pynapple has."""

from __future__ import annotations

import datetime
import re
from typing import Any, Sequence

import numpy as np

from . import _library as lib
from .errors import InputError, InputTypeError, RecordingWarning


def number_array(values: Any, what: str, ranks: tuple[int, ...], shape: str) -> np.ndarray:
    """An array of real numbers with one of the given numbers of axes."""
    if hasattr(values, "toarray"):
        raise InputTypeError(f"{what}: found a sparse matrix; expected a dense array {shape}")
    try:
        array = _without_mask(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    except (ValueError, TypeError) as error:
        raise InputError(f"{what}: is not an array ({error}); expected {shape}") from None
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except (ValueError, TypeError):
            raise InputTypeError(f"{what}: holds objects; expected an array of numbers {shape}: each argument must be "
                                 "a string or a number") from None
    if array.dtype.kind == "c":
        raise InputError(f"{what}: holds complex numbers; Complex data not supported, expected real numbers {shape}")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{what}: holds {array.dtype}; expected numbers {shape}")
    if array.ndim not in ranks:
        advice = f". Reshape your data: {_reshaped(array)}" if what == "activity" else ""
        raise InputError(f"{what}: has shape {array.shape}; expected {shape}{advice}")
    return array


def _reshaped(array: np.ndarray) -> str:
    if array.ndim != 3:
        return "a single neuron is X.reshape(-1, 1)"
    trials, frames, neurons = array.shape
    return (f"of {trials} trials of {frames} frames of {neurons} neurons it is X.reshape(-1, {neurons}), with "
            f"segments=[[k * {frames}, (k + 1) * {frames}] for k in range({trials})]; of other axes, transpose first")


def _without_mask(values: np.ma.MaskedArray) -> np.ndarray:
    """NaN where it is masked."""
    if values.dtype.kind in "biu" and np.ma.is_masked(values):
        values = values.astype(np.float64)
    return values.filled(np.nan) if values.dtype.kind == "f" else np.asarray(values)


def single(array: np.ndarray, what: str) -> np.ndarray:
    """float32 in C order, the same memory where it is that already; refuses what float32 cannot hold."""
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(array, np.float32)
    if array.dtype.kind == "f" and np.isinf(single).any():
        place = np.argwhere(np.isinf(single))[0]
        raise InputError(f"{what}: frame {place[0]}, column {place[1]} is {array[tuple(place)]:g}; expected finite "
                         "numbers: inf is not allowed, NaN means not observed")
    return single


def is_a(value: Any, package: str, *names: str) -> bool:
    """Whether value is of a class of an optional package, which is not imported for that."""
    return any(cls.__module__.split(".")[0] == package and cls.__name__ in names for cls in type(value).__mro__)


class Parts:
    """What was found in an object of the user, before it becomes a recording."""

    def __init__(self) -> None:
        self.values: Any = None
        self.time_s: np.ndarray | None = None
        self.clock: Clock | None = None  # times that those of behaviour can be compared with
        self.neuron_ids: Sequence[Any] | None = None
        self.regions: Sequence[Any] | None = None
        self.segments: Any = None
        self.signal: str | None = None
        self.rate_hz: float | None = None
        self.name: str | None = None
        self.spikes: tuple[np.ndarray, np.ndarray] | None = None  # times, neurons
        self.made: Any = None  # a Recording of all of it, where nothing is added


def are_dates(times: Any) -> bool:
    """Whether it is an index, an array or a list of dates or durations."""
    if hasattr(times, "dtype"):
        return getattr(times.dtype, "kind", "O") in "mM"
    return isinstance(times, (list, tuple)) and len(times) > 0 and isinstance(times[0], (datetime.datetime, datetime.timedelta))


def _plain_times(index: Any) -> np.ndarray:
    """An index as NumPy has it: periods by their starts, dates without their time zone, as of UTC."""
    if isinstance(index, (list, tuple)) and are_dates(index):
        pandas = lib.optional("pandas", "a list of dates or durations")
        index = (pandas.to_datetime if isinstance(index[0], datetime.datetime) else pandas.to_timedelta)(list(index))
    if is_a(index, "pandas", "PeriodIndex"):
        index = index.to_timestamp()
    if getattr(getattr(index, "dtype", None), "tz", None) is not None:
        index = lib.optional("pandas", "a time zone").DatetimeIndex(index).tz_convert(None)
    return np.asarray(index)


def seconds_of(index: Any) -> np.ndarray | None:
    """Times in seconds from an index of dates, durations or rising numbers; None from one that only numbers frames."""
    values = _plain_times(index)
    if values.dtype.kind in "mM":
        since = (values - values[:1]).astype("timedelta64[ns]").astype(np.float64) * 1e-9
        return np.where(np.isnat(values), np.nan, since)
    return values.astype(np.float64) if values.dtype.kind == "f" else None


class Clock:
    """Times of frames, to be compared with others: dates, durations or seconds."""

    def __init__(self, index: Any) -> None:
        values = _plain_times(index)
        self.dates = values.dtype.kind == "M"
        if values.dtype.kind in "mM":
            values = values.astype("M8[ns]" if self.dates else "m8[ns]").astype(np.int64) * 1e-9
        self.time_s = np.asarray(values, np.float64)

    def agrees(self, other: Clock) -> bool:
        """Whether the times are the same, to half a frame."""
        if len(self.time_s) != len(other.time_s):
            return False
        half = 0.5 * np.median(np.diff(other.time_s)) if len(other.time_s) > 1 else np.inf
        return bool((np.abs(self.time_s - other.time_s) <= half).all())

    def __str__(self) -> str:
        ends = list(self.time_s[[0, -1]]) if len(self.time_s) else []
        shown = [str(np.datetime64(int(end * 1e3), "ms")) if self.dates else f"{end:g} s" for end in ends]
        return f"{len(self.time_s)} times, " + " to ".join(shown)


def clock_of(index: Any) -> Clock | None:
    """None where the index only numbers frames."""
    return Clock(index) if _plain_times(index).dtype.kind in "mMf" else None


_HEADINGS_OF_TIMES = ("timestamps", "timestamp", "times", "time", "frame_times", "frame_time", "t", "seconds")
_UNITS_OF_TIME = {1.0: "s sec secs second seconds", 1e-3: "ms msec millisecond milliseconds",
                  1e-6: "us usec \u00b5s \u03bcs microseconds", 1e-9: "ns nsec nanoseconds", 60.0: "min minutes"}


def _seconds_of_heading(heading: Any) -> float | None:
    """The seconds of the unit of a column of times, by the names that a CSV may have: time, time_ms, t (us). None: it is
    none; 0: it begins as one, but its unit is not understood."""
    match = re.fullmatch(r"(.+?) *[(\[](.*)[)\]]", str(heading).strip())
    name, unit = match.groups() if match else (str(heading).strip(), "")
    for known in _HEADINGS_OF_TIMES:
        rest = name[len(known):] if name.lower().startswith(known) else None
        if rest is None or (rest and rest[0] not in "_ ."):
            continue
        word = (rest[1:] or unit).lower()
        if not word:
            return 1.0
        for seconds, words in _UNITS_OF_TIME.items():
            if word in words.split():
                return seconds
    return 0.0 if name.lower().startswith(("time", "frame_time")) else None


def _time_column(frame: Any) -> tuple[Any, float] | None:
    """The column of a DataFrame that holds the times, and the seconds of its unit; None where there is none. What is
    doubtful is refused, as in a CSV."""
    headings = [(name, _seconds_of_heading(name)) for name in frame.columns if isinstance(name, str)]
    found = [(name, seconds) for name, seconds in headings if seconds is not None]
    for name, seconds in found:
        if seconds == 0:
            raise InputError(f"DataFrame: its column '{name}' seems to be times, but not in which unit; call it time_s or "
                             "time_ms, or leave it out")
    if len(found) > 1:
        raise InputError(f"DataFrame: its columns {', '.join(repr(name) for name, _ in found)} seem to be times; expected "
                         "one of them")
    return found[0] if found and frame.shape[1] > 1 else None


_HEADINGS_OF_AN_INDEX = ("", "index", "frame", "frames", "frame_index", "unnamed: 0", "sample")


def with_times(frame: Any) -> tuple[Any, Any]:
    """A DataFrame without its column of times, and its times: that column, or else the index. A first column that a CSV's
    index has become is left out as well."""
    if frame.shape[1] > 1 and isinstance(frame.columns[0], str) and frame.columns[0].lower() in _HEADINGS_OF_AN_INDEX:
        frame = frame.iloc[:, 1:]
    column = _time_column(frame)
    if column is None:
        return frame, frame.index
    name, unit_s = column
    times = frame[name]
    if times.dtype.kind not in "mM":
        times = number_array(values_of(times, "DataFrame"), f"column {name}", (1,), "(frames,)") * unit_s
    return frame.drop(columns=name), times


def values_of(frame: Any, what: str) -> np.ndarray:
    """The numbers of a DataFrame or a Series, NaN where pandas knows none."""
    values = frame.to_numpy()
    if values.dtype.kind in "biufc":
        return values
    for name, column in [(frame.name, frame)] if frame.ndim == 1 else frame.items():
        if are_dates(column):
            raise InputTypeError(f"{what}: column '{name}' holds {column.dtype}; expected numbers: the times of frames go in "
                                 "as the index, or in a column named time")
        try:
            column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError):
            raise InputTypeError(f"{what}: column '{name}' holds {column.dtype}, not numbers; expected a row for every frame "
                                 "and numbers in every column: leave it out, or make numbers of it") from None
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def _ids_of(labels: Any) -> list[str] | None:
    """The names of neurons by the labels of columns; None where these only number them."""
    labels = list(labels)
    if labels == list(range(len(labels))):
        return None
    return [" ".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in labels]


def from_pandas(frame: Any) -> Parts:
    parts = Parts()
    frame, times = with_times(frame)
    parts.values = values_of(frame, "DataFrame")
    if times.ndim == 1 and getattr(times, "nlevels", 1) > 1:
        lib.warn(f"the index of the DataFrame has {times.nlevels} levels ({', '.join(map(str, times.names))}), which were not "
                 "used: give times as timestamps, and trials as segments", RecordingWarning)
        times = np.arange(len(frame))
    parts.time_s, parts.clock = seconds_of(times), clock_of(times)
    parts.neuron_ids = _ids_of(frame.columns)
    return parts


_TIME_NAMES = ("time", "time_s", "t", "times", "timestamps", "frame", "frames")


def _time_axes(array: Any) -> list[Any]:
    return [name for name in array.dims if str(name).lower() in _TIME_NAMES]


def behavior_of_xarray(array: Any) -> tuple[Any, list[str] | None]:
    """Covariates of a DataArray, time first where an axis is named so, and their names."""
    if array.ndim == 1:
        return array.values, None if array.name is None else [str(array.name)]
    times = _time_axes(array)
    if len(times) != 1 or array.ndim != 2:
        return array.values, None
    other = next(name for name in array.dims if name != times[0])
    names = [str(name) for name in array.coords[other].values] if other in array.coords else None
    return array.transpose(times[0], other).values, names


def clock_of_xarray(array: Any) -> Clock | None:
    times = _time_axes(array)
    return clock_of(array.coords[times[0]].values) if len(times) == 1 and times[0] in array.coords else None


def from_xarray(array: Any) -> Parts:
    parts = Parts()
    if array.ndim != 2:
        raise InputError(f"recording: the DataArray has axes {array.dims}; expected (time, neuron)")
    times = _time_axes(array)
    if len(times) != 1:
        raise InputError(f"recording: the DataArray has axes {array.dims}; expected one of them to be named time")
    other = next(name for name in array.dims if name != times[0])
    array = array.transpose(times[0], other)
    parts.values = array.values
    if times[0] in array.coords:
        index = array.coords[times[0]].values
        parts.time_s, parts.clock = seconds_of(index), clock_of(index)
    if other in array.coords:
        parts.neuron_ids = [str(name) for name in array.coords[other].values]
    for name in ("region", "area", "location"):
        if name in array.coords and array.coords[name].dims == (other,):
            parts.regions = [str(region) for region in array.coords[name].values]
    return parts


def epochs_of(segments: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Starts and ends in s of pynapple's epochs, or of a table of trials as NWB has it; None: it is neither."""
    if is_a(segments, "pynapple", "IntervalSet"):
        return np.asarray(segments.start), np.asarray(segments.end)
    if is_a(segments, "pandas", "DataFrame") and {"start_time", "stop_time"} <= set(segments.columns):
        return values_of(segments["start_time"], "segments"), values_of(segments["stop_time"], "segments")
    return None


def frames_of_epochs(epochs: tuple[np.ndarray, np.ndarray], time_s: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop frame of each epoch, which holds both its ends, but for a frame on the border to the next; those without
    a frame are left out."""
    bounds = [(int(np.searchsorted(time_s, a)), int(np.searchsorted(time_s, b, "right"))) for a, b in zip(*epochs)]
    nexts = [start for start, _ in bounds[1:]] + [len(time_s)]
    bounds = [(start, stop - (following == stop - 1)) for (start, stop), following in zip(bounds, nexts)]
    return [(start, stop) for start, stop in bounds if stop > start]


def _regions_of(group: Any) -> list[str] | None:
    """The brain regions that pynapple's metadata may hold."""
    for name in ("location", "region", "area", "brain_region"):
        if name in getattr(group, "metadata_columns", ()):
            return [str(value) for value in group[name]]
    return None


def from_pynapple(frame: Any) -> Parts:
    parts = Parts()
    parts.values = np.asarray(frame.values)
    parts.time_s = np.asarray(frame.t, np.float64)
    parts.clock = Clock(parts.time_s)
    parts.neuron_ids, parts.regions = _ids_of(frame.columns), _regions_of(frame)
    if len(frame.time_support) > 1:
        parts.segments = frames_of_epochs((np.asarray(frame.time_support.start), np.asarray(frame.time_support.end)),
                                          parts.time_s)
    return parts


def from_spike_group(group: Any, bin_s: float) -> Parts:
    """A pynapple TsGroup, counted by pynapple within its epochs."""
    parts = from_pynapple(group.count(bin_s))
    assert parts.time_s is not None
    parts.time_s = parts.time_s - bin_s / 2  # pynapple's times are those of the middles
    parts.signal, parts.name = "counts", "TsGroup"
    parts.neuron_ids, parts.regions = [str(name) for name in group.index], _regions_of(group)
    trains = [np.asarray(group[name].t, np.float64) for name in group.index]
    times, neuron = np.concatenate(trains), np.repeat(np.arange(len(trains), dtype=np.int32), [len(t) for t in trains])
    order = np.argsort(times, kind="stable")
    parts.spikes = times[order], neuron[order]
    return parts
