"""What a model gives back, as NumPy and for pandas, xarray and networkx."""

from __future__ import annotations

import os
from collections import Counter
from ctypes import byref, c_int64
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _library as lib
from .errors import InputError, OptionError


def place_of(neuron: Any, ids: list[str]) -> int:
    """A neuron's place. A number that the ids could be meant by, as they are other numbers, is refused."""
    if isinstance(neuron, bool) or not isinstance(neuron, (int, np.integer)):
        raise OptionError(f"neuron: found {neuron!r}; expected an id, a place or 'all'")
    within = 0 <= neuron < len(ids)
    if within and ids[neuron] == str(neuron):
        return int(neuron)
    if all(name.isdigit() for name in ids) and ids != [str(k) for k in range(len(ids))]:
        raise OptionError(f"neuron: found the number {neuron}, and ids are numbers that are not places; expected "
                          f"'{neuron}' for the neuron of that id, or 'index:{neuron}' for that place")
    if not within:
        raise OptionError(f"neuron: found place {neuron}; expected 0 to {len(ids) - 1}, or an id")
    return int(neuron)


class Evaluation(dict):  # type: ignore[type-arg]
    """Metrics on the test frames: ``["test"]`` of the model, ``["baselines"]`` beside it, ``["intervals"]`` of the
    differences. docs/model.md says what each metric is."""

    def to_pandas(self, session: int | None = None) -> Any:
        """A DataFrame: a row for SynapsNet and every baseline, a column a metric; of all recordings together, or of one.
        Needs pandas."""
        pandas = lib.optional("pandas", "to_pandas()")
        n = len(self["sessions"])
        if session is not None and (isinstance(session, bool) or session not in range(n)):
            raise OptionError(f"session: found {session!r}; expected 0 to {n - 1}")
        of = self if session is None else self["sessions"][session]
        return pandas.DataFrame({"SynapsNet": of["test"], **of["baselines"]}).T

    def __str__(self) -> str:
        models = {"SynapsNet": self["test"], **self["baselines"]}
        metrics = [name for name in self["test"] if not name.startswith("mse_")]  # mse_copy_last, mse_mean: columns of their own
        first = max(map(len, metrics))
        lines = [" " * first + "".join(f"{model:>17}" for model in models)]
        for name in metrics:
            lines.append(f"{name:<{first}}" + "".join(f"{one.get(name, np.nan):17.4f}" for one in models.values()))
        return "\n".join(lines)


class Comparison(dict):  # type: ignore[type-arg]
    """SynapsNet and its rivals on the same frames: ``["synapsnet"]``, ``["rivals"]``, ``["statement"]``
    (docs/compare.md)."""

    def to_pandas(self) -> Any:
        """A DataFrame: a row a model, the best first; a column a metric, seconds, memory, interval of the difference to
        SynapsNet. Of several recordings it is about their mean; each one's figures are in ``["recordings"]`` of a row.
        Needs pandas."""
        pandas = lib.optional("pandas", "to_pandas()")
        table = pandas.DataFrame({"SynapsNet": self["synapsnet"], **self["rivals"]}).T
        table = table.drop(columns="recordings", errors="ignore")
        return table.sort_values(self["ranked_by"], ascending=self["ranked_by"] == "mse")

    def __str__(self) -> str:
        models = {"SynapsNet": self["synapsnet"], **self["rivals"]}
        by, sign = self["ranked_by"], 1 if self["ranked_by"] == "mse" else -1
        names = sorted(models, key=lambda name: sign * models[name].get(by, sign * np.inf))
        columns = [by, *(name for name in ("skill", "r2", "neuron_r", "delta_r", "seconds") if name in self["synapsnet"])]
        first = max(map(len, names))
        lines = [" " * first + "".join(f"{column:>16}" for column in columns)]
        for name in names:
            lines.append(f"{name:<{first}}" + "".join(f"{models[name].get(column, np.nan):16.4f}" for column in columns))
        return "\n".join([*lines, self["statement"]])


def _node_names(neurons: list[str]) -> list[str]:
    """A name of its own for each neuron: "7" twice, of places 0 and 4, is "7 (0)" and "7 (4)"."""
    times = Counter(neurons)
    return [name if times[name] == 1 else f"{name} ({k})" for k, name in enumerate(neurons)]


@dataclass(frozen=True, eq=False)
class Connectivity:
    """Effective connectivity C_ij(tau): how a rise of neuron j moves the prediction for neuron i, tau frames before.

    ``values`` [lags + 1][N][N], row = receiver (post), column = sender (pre). NumPy takes the object as that array.
    """

    values: np.ndarray
    neurons: list[str]
    unit: str
    rate_hz: float
    regions: list[str] | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype, copy=True if copy is None else copy)

    def __getitem__(self, index: Any) -> Any:
        return self.values[index]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        lags = f"lags 0 to {self.lags}" if self.lags else "lag 0"
        return f"<Connectivity of {len(self.neurons)} neurons, {lags}, in {self.unit}>"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def lags(self) -> int:
        """The largest lag tau in frames."""
        return len(self.values) - 1

    def at(self, lag: int = 0) -> np.ndarray:
        """[N][N] of one lag."""
        if not isinstance(lag, (int, np.integer)) or not 0 <= lag <= self.lags:
            raise OptionError(f"lag: found {lag!r}; expected 0 to {self.lags}: ask effective_connectivity for more lags")
        return self.values[lag]

    def to_pandas(self, lag: int = 0) -> Any:
        """A DataFrame of one lag: index = receiver, columns = sender. Needs pandas."""
        pandas = lib.optional("pandas", "to_pandas()")
        return pandas.DataFrame(self.at(lag), index=pandas.Index(self.neurons, name="receiver"),
                                columns=pandas.Index(self.neurons, name="sender"))

    def to_xarray(self) -> Any:
        """A DataArray (lag, receiver, sender). Needs xarray."""
        xarray = lib.optional("xarray", "to_xarray()")
        return xarray.DataArray(self.values, dims=("lag", "receiver", "sender"), name="connectivity",
                                coords={"lag": np.arange(len(self)), "receiver": self.neurons, "sender": self.neurons},
                                attrs={"unit": self.unit, "rate_hz": self.rate_hz})

    def to_networkx(self, lag: int = 0, threshold: float = 0.0) -> Any:
        """A DiGraph with an edge sender -> receiver of weight C_ij where abs(C_ij) > threshold. Needs networkx."""
        networkx = lib.optional("networkx", "to_networkx()")
        graph = networkx.DiGraph(unit=self.unit, lag=lag)
        names = _node_names(self.neurons)
        for k, name in enumerate(names):
            graph.add_node(name, neuron=self.neurons[k], **({"region": self.regions[k]} if self.regions else {}))
        values = self.at(lag)
        for i, j in np.argwhere(np.abs(values) > threshold):
            graph.add_edge(names[j], names[i], weight=float(values[i, j]))
        return graph


@dataclass(frozen=True, eq=False)
class Edges:
    """The evidence for every edge, from the train and validation frames (docs/connectivity.md).

    Arrays are [N][N], row = receiver (post), column = sender (pre): ``estimate``, what was tested, in ``unit``, with its
    95 % interval ``low`` to ``high``; ``p``, of no edge; ``q``, the least false discovery rate at which the edge is found;
    ``c``, the effective connectivity C_ij(0) of the model. Where ``summary["of"]`` is "activity" the estimate is c without
    the shrinkage of the fit; where it is "events" or "counts" the two are different quantities, which may differ in sign:
    believe the estimate. ``first_half`` and ``second_half`` are the estimates of each half of the
    frames (None: the model is of a version that did not keep them). What was not tested (the diagonal) has p = q = 1.
    Of a fit with ``repeats`` (else None) ``seed_mean`` and ``seed_sd`` are the mean and standard deviation of c over the
    fits, ``same_sign`` the share of the repeats in which it has the sign that it has here (0 where c is 0).
    ``summary`` is what ``synapsnet connectivity --json`` prints under "edges".
    """

    c: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    q: np.ndarray
    neurons: list[str]
    unit: str
    summary: dict[str, Any]
    regions: list[str] | None = None
    first_half: np.ndarray | None = None
    second_half: np.ndarray | None = None
    seed_mean: np.ndarray | None = None
    seed_sd: np.ndarray | None = None
    same_sign: np.ndarray | None = None

    @property
    def fdr(self) -> float:
        """The false discovery rate at which an edge counts as found."""
        return float(self.summary["fdr"])

    @property
    def significant(self) -> np.ndarray:
        """bool [N][N]: q <= fdr."""
        return (self.q <= self.fdr) & (self.high > self.low)

    @property
    def stability(self) -> dict[str, Any]:
        """How well the estimates of the first and the second half of the frames agree: over the edges found in the whole
        their correlation and the share with the same sign in both (None: too few), and the correlation over all pairs;
        "statement" says it in words. Of a fit with repeats also "seeds": how many fits, their seeds, the median
        correlation of c between two of them, and how many of the edges that were found have one sign in all."""
        return dict(self.summary["stability"])

    @property
    def notes(self) -> list[str]:
        """What speaks against taking the edges at their word."""
        return list(self.summary["notes"])

    def __len__(self) -> int:
        """How many are significant."""
        return int(self.significant.sum())

    def order(self, top: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Receivers and senders of the significant edges, the surest first; with ``top``, of so many of the surest edges,
        significant or not."""
        if top is not None and (not isinstance(top, (int, np.integer)) or isinstance(top, bool) or top < 0):
            raise OptionError(f"top: found {top!r}; expected a number of edges from 0")
        width = self.high - self.low
        ratio = np.abs(self.estimate) / np.where(width > 0, width, np.inf)
        order = np.lexsort((-ratio.ravel(), self.p.ravel()))  # the ratio parts what p, which ends at 1e-308, does not
        order = order[: len(self) if top is None else min(int(top), int(self.summary["n_tested"]))]
        receivers, senders = np.unravel_index(order, self.p.shape)
        return receivers, senders

    def to_pandas(self, top: int | None = None) -> Any:
        """A DataFrame, a row an edge, the surest first: the significant ones, or the ``top`` surest. Needs pandas."""
        pandas = lib.optional("pandas", "to_pandas()")
        i, j = self.order(top)
        columns: dict[str, Any] = {"presynaptic": [self.neurons[k] for k in j],
                                   "postsynaptic": [self.neurons[k] for k in i]}
        if self.regions:
            columns["presynaptic_region"] = [self.regions[k] for k in j]
            columns["postsynaptic_region"] = [self.regions[k] for k in i]
        names = ["estimate", "low", "high", "p", "q", "c", "significant"]
        if self.first_half is not None:
            names += ["first_half", "second_half"]
        if self.seed_mean is not None:
            names += ["seed_mean", "seed_sd", "same_sign"]
        columns.update({name: getattr(self, name)[i, j] for name in names})
        frame = pandas.DataFrame(columns)
        frame.attrs.update(unit=self.unit, fdr=self.fdr, method=self.summary["method"], stability=self.stability,
                           notes=self.notes)
        return frame

    def to_xarray(self) -> Any:
        """All arrays as a Dataset (receiver, sender). Needs xarray."""
        xarray = lib.optional("xarray", "to_xarray()")
        dims = ("receiver", "sender")
        return xarray.Dataset({name: (dims, getattr(self, name)) for name in ("estimate", "low", "high", "p", "q", "c",
                                                                              "significant")},
                              coords={name: self.neurons for name in dims},
                              attrs={"unit": self.unit, "fdr": self.fdr, "method": self.summary["method"]})

    def to_networkx(self, top: int | None = None) -> Any:
        """A DiGraph of the significant edges, or the ``top`` surest, sender -> receiver: estimate, low, high, p, q, c; weight
        is the estimate where edges are of events or counts, and c where they are of activity. A node is a neuron's name;
        where two neurons share one, the place of each is added to it. Needs networkx."""
        networkx = lib.optional("networkx", "to_networkx()")
        of = self.summary["of"]
        graph = networkx.DiGraph(unit=self.unit, of=of, fdr=self.fdr, method=self.summary["method"])
        names = _node_names(self.neurons)
        for k, name in enumerate(names):
            graph.add_node(name, neuron=self.neurons[k], **({"region": self.regions[k]} if self.regions else {}))
        weight = self.c if of == "activity" else self.estimate
        for i, j in zip(*self.order(top)):
            evidence = {name: float(getattr(self, name)[i, j]) for name in ("estimate", "low", "high", "p", "q", "c")}
            graph.add_edge(names[j], names[i], weight=float(weight[i, j]), **evidence)
        return graph

    def __str__(self) -> str:
        lines = [f"{'from':<18} {'to':<18} {'estimate':>9} {'95 % interval':>22} {'q':>9}"] if self.summary["top"] else []
        for e in self.summary["top"]:
            lines.append(f"{e['presynaptic']:<18.18} {e['postsynaptic']:<18.18} {e['estimate']:9.3g}   "
                         f"[{e['low']:8.3g}, {e['high']:8.3g}] {e['q']:9.2g}")
        if lines:
            lines.append(f"(estimates in {self.unit})")
        if self.summary["n_tested"]:
            lines.append(f"{len(self)} of {self.summary['n_tested']} edges found at a false discovery rate of {self.fdr:g} "
                         f"({self.summary['method']})")
            lines.append(self.stability["statement"])
        else:
            lines.append("No edge was tested")
        seeds = self.stability.get("seeds")
        if seeds:
            lines.append(f"Over {seeds['fits']} fits from different seeds the connectivity correlates by "
                         f"{seeds['median_correlation']:.2f} (median); {seeds['agreeing_signs']} of {len(self)} found edges "
                         "have one sign in all of them")
        return "\n".join(lines + [f"Note: {note}" for note in self.notes])

    def __repr__(self) -> str:
        return (f"<Edges of {len(self.neurons)} neurons: {len(self)} of {self.summary['n_tested']} significant at a false "
                f"discovery rate of {self.fdr:g} ({self.summary['method']})>")


def _write(function: str, handle: lib.Handle, path: Any) -> None:
    if not handle.address:
        raise InputError(f"{handle.kind}: came from another process, of which it brought the arrays alone; expected it to be "
                         "saved there")
    lib.call(function, handle.address, lib.path_bytes(path))


class Forecast:
    """One step ahead over the predicted frames, and free-running rollouts, in raw units.

    Letters: F frames one step ahead, S rollouts of K steps, N neurons. Arrays are views; truth is NaN where it was not
    observed or lies beyond the segment.
    """

    def __init__(self, handle: lib.Handle, neurons: list[str], rate_hz: float) -> None:
        self._handle = handle
        seen = lib.ForecastView()
        lib.plain("forecast_arrays", handle.address, byref(seen))
        F, S, K, N = seen.frames, seen.rollouts, seen.steps, seen.neurons
        self._arrays = {name: lib.view(handle, getattr(seen, name), shape, dtype) for name, shape, dtype in (
            ("prediction", (F, N), np.float32), ("truth", (F, N), np.float32), ("frame", (F,), np.int64),
            ("time_s", (F,), np.float64), ("rollout", (S, K, N), np.float32), ("rollout_truth", (S, K, N), np.float32),
            ("start", (S,), np.int64), ("lower", (N,), np.float32), ("upper", (N,), np.float32),
            ("rollout_lower", (K, N), np.float32), ("rollout_upper", (K, N), np.float32))}
        self.neurons = neurons
        self.rate_hz = rate_hz
        summary = lib.json_of("forecast_describe", handle.address)
        #: [K] mean squared error by horizon, z-scored; NaN where no truth is known
        self.mse, self.mse_copy_last, self.mse_mean, self.skill = (
            np.array([np.nan if v is None else v for v in summary[name]])
            for name in ("mse", "mse_copy_last", "mse_mean", "skill"))
        #: the share of recorded values that an interval is made to hold
        self.interval: float = summary["interval"]
        #: what share it held in the test frames, one step ahead and by horizon [K]; NaN where that is not known
        self.one_step_coverage, *coverage = (
            np.nan if v is None else v for v in [summary["one_step_coverage"], *summary["coverage"]])
        self.coverage = np.array(coverage)

    def _array(self, field: str) -> np.ndarray:
        array = self._arrays[field]
        assert array is not None
        return array

    @property
    def prediction(self) -> np.ndarray:
        """float32 [F][N] one step ahead."""
        return self._array("prediction")

    @property
    def truth(self) -> np.ndarray:
        """float32 [F][N]"""
        return self._array("truth")

    @property
    def frame(self) -> np.ndarray:
        """int64 [F] which frame of the recording."""
        return self._array("frame")

    @property
    def time_s(self) -> np.ndarray:
        """float64 [F]"""
        return self._array("time_s")

    @property
    def rollout(self) -> np.ndarray:
        """float32 [S][K][N], every step fed with the prediction before it."""
        return self._array("rollout")

    @property
    def rollout_truth(self) -> np.ndarray:
        """float32 [S][K][N]"""
        return self._array("rollout_truth")

    def _bound(self, prediction: np.ndarray, which: str) -> np.ndarray:
        """Counts and the like, that were never negative, have no negative bound."""
        bound = prediction + self._array(which)
        return np.maximum(bound, 0) if np.nanmin(self.truth, initial=0) >= 0 else bound

    @property
    def low(self) -> np.ndarray:
        """float32 [F][N] lower end of the 95 % interval of each prediction; NaN where nothing says how wide."""
        return self._bound(self.prediction, "lower")

    @property
    def high(self) -> np.ndarray:
        """float32 [F][N] its upper end."""
        return self._bound(self.prediction, "upper")

    @property
    def rollout_low(self) -> np.ndarray:
        """float32 [S][K][N]"""
        return self._bound(self.rollout, "rollout_lower")

    @property
    def rollout_high(self) -> np.ndarray:
        """float32 [S][K][N]"""
        return self._bound(self.rollout, "rollout_upper")

    @property
    def start(self) -> np.ndarray:
        """int64 [S] first predicted frame of every rollout."""
        return self._array("start")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the forecast as HDF5 (docs/file-formats.md)."""
        _write("forecast_write", self._handle, path)

    def to_pandas(self) -> Any:
        """One step ahead as a DataFrame: columns (prediction | truth | low | high, neuron), index time in s. Needs pandas."""
        pandas = lib.optional("pandas", "to_pandas()")
        columns = pandas.MultiIndex.from_product([["prediction", "truth", "low", "high"], self.neurons],
                                                 names=["what", "neuron"])
        return pandas.DataFrame(np.hstack([self.prediction, self.truth, self.low, self.high]), columns=columns,
                                index=pandas.Index(self.time_s, name="time_s"))

    def to_xarray(self) -> Any:
        """All arrays as a Dataset. Needs xarray."""
        xarray = lib.optional("xarray", "to_xarray()")
        step = np.arange(1, self.rollout.shape[1] + 1)
        return xarray.Dataset(
            {"prediction": (("time_s", "neuron"), self.prediction), "truth": (("time_s", "neuron"), self.truth),
             "low": (("time_s", "neuron"), self.low), "high": (("time_s", "neuron"), self.high),
             "rollout": (("start", "step", "neuron"), self.rollout),
             "rollout_low": (("start", "step", "neuron"), self.rollout_low),
             "rollout_high": (("start", "step", "neuron"), self.rollout_high),
             "rollout_truth": (("start", "step", "neuron"), self.rollout_truth), "mse": ("step", self.mse),
             "mse_copy_last": ("step", self.mse_copy_last), "mse_mean": ("step", self.mse_mean),
             "skill": ("step", self.skill), "coverage": ("step", self.coverage)},
            coords={"time_s": self.time_s, "neuron": self.neurons, "start": self.start, "step": step},
            attrs={"rate_hz": self.rate_hz, "interval": self.interval})

    def __repr__(self) -> str:
        S, K, N = self.rollout.shape
        return f"<Forecast of {N} neurons: {len(self.frame)} frames one step ahead, {S} rollouts of {K} steps>"


class Perturbation:
    """Responses to a virtual pulse: the mean over states of the network's run with the pulse less its run without.

    ``response``, ``low``, ``high`` (95 % interval) are float32 [K][N], a row a step, where one neuron was stimulated;
    [N][N], row = receiver, column = stimulated, the mean over the steps, where all were. NaN bounds: too few states.
    """

    def __init__(self, handle: lib.Handle, neurons: list[str]) -> None:
        self._handle = handle
        rows, columns = c_int64(), c_int64()
        lib.plain("perturbation_shape", handle.address, byref(rows), byref(columns))
        self.response, self.low, self.high = (np.empty((rows.value, columns.value), np.float32) for _ in range(3))
        lib.plain("perturbation_response", handle.address, *(lib.address_of(a) for a in (self.response, self.low,
                                                                                        self.high)))
        #: What was done: "neuron", "amplitude", "unit", "states", "steps", and the strongest responses.
        self.summary: dict[str, Any] = lib.json_of("perturbation_describe", handle.address)
        self.neurons = neurons
        self.neuron: str = self.summary["neuron"]
        self.unit: str = self.summary["unit"]

    @property
    def of_all(self) -> bool:
        """Whether every neuron was stimulated in turn."""
        return "responses" not in self.summary

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes .h5 (everything), .csv or .npy (the responses)."""
        _write("perturbation_write", self._handle, path)

    def to_pandas(self) -> Any:
        """The responses as a DataFrame: step x neuron, or receiver x stimulated. Needs pandas."""
        pandas = lib.optional("pandas", "to_pandas()")
        if self.of_all:
            return pandas.DataFrame(self.response, index=pandas.Index(self.neurons, name="receiver"),
                                    columns=pandas.Index(self.neurons, name="stimulated"))
        return pandas.DataFrame(self.response, index=pandas.RangeIndex(1, len(self.response) + 1, name="step"),
                                columns=pandas.Index(self.neurons, name="neuron"))

    def to_xarray(self) -> Any:
        """Responses and intervals as a Dataset. Needs xarray."""
        xarray = lib.optional("xarray", "to_xarray()")
        dims = ("receiver", "stimulated") if self.of_all else ("step", "neuron")
        rows = self.neurons if self.of_all else np.arange(1, len(self.response) + 1)
        return xarray.Dataset({name: (dims, getattr(self, name)) for name in ("response", "low", "high")},
                              coords={dims[0]: rows, dims[1]: self.neurons}, attrs={"unit": self.unit})

    def __repr__(self) -> str:
        return (f"<Perturbation of {'every neuron' if self.of_all else 'neuron ' + self.neuron} by "
                f"{self.summary['amplitude']:g}, {self.summary['states']} states>")
