"""SynapsNet as a scikit-learn style estimator."""

from __future__ import annotations

import copy
import inspect
import json
import os
import sys
import tempfile
from ctypes import byref, c_void_p
from typing import TYPE_CHECKING, Any, Mapping

import numpy as np

from . import _library as lib
from . import _plot, errors
from ._online import Online
from ._parameters import DEFAULTS, Parameters
from ._parts import number_array
from ._progress import Watch, interruptible
from ._recording import Recording, bytes_file, check_keywords, file_bytes, is_spikes, make
from ._results import Comparison, Connectivity, Edges, Evaluation, Forecast, Perturbation, place_of

_OF_ONE_RECORDING = ("behavior", "segments", "timestamps", "neuron_ids", "regions", "cell_types", "name")
_OF_THE_DECODER = ("loss", "hidden", "embedding")
_UNITS = {"raw": "raw units of the receiver per raw unit of the sender", "zscored": "z-scored units"}


def _not_fitted(message: str) -> Exception:
    """NotFittedError, which is scikit-learn's as well where that is loaded."""
    if "sklearn.exceptions" not in sys.modules:
        return errors.NotFittedError(message)
    theirs = sys.modules["sklearn.exceptions"].NotFittedError
    return type("NotFittedError", (errors.NotFittedError, theirs), {})(message)


class _Session:
    """One recording of a fitted model."""

    def __init__(self, model: lib.Handle, number: Any) -> None:
        if not isinstance(number, (int, np.integer)) or isinstance(number, bool) or number < 0:
            raise errors.OptionError(f"session: found {number!r}; expected a number from 0")
        self._model, self.number = model, int(number)
        self._seen = seen = lib.SessionView()
        lib.call("model_session", model.address, self.number, byref(seen))
        self.n_neurons, self.n_recorded, self.n_behaviors = seen.neurons, seen.recorded, seen.behaviors
        self.rate_hz, self.signal = seen.rate_hz, seen.signal.decode()
        self.path = os.fsdecode(seen.path) if seen.path else None
        self.neuron_ids = lib.texts(seen.neuron_id, seen.neurons) or []
        self.regions = lib.texts(seen.region, seen.neurons)

    def open(self, path: Any, options: Mapping[str, Any]) -> lib.Handle:
        """Opens a recording of the same neurons, read as the one of the fit was but for `options`."""
        given = lib.options(options)
        with interruptible():
            return lib.create("recording", "recording_open_like", self._model.address, lib.path_bytes(path), given.address)

    def array(self, field: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        array = lib.view(self._model, getattr(self._seen, field), shape, dtype)
        assert array is not None
        return array


def _is_list_of_recordings(X: Any) -> bool:
    """Whether X is several recordings, and not a list of rows."""
    if not isinstance(X, (list, tuple)) or len(X) == 0:
        return False
    return all(isinstance(x, (Recording, str, os.PathLike)) or getattr(x, "ndim", 0) == 2 or is_spikes(x) for x in X)


def _reading(recordings: list[Recording]) -> dict[str, Any]:
    """The reading options that all of the recordings were opened with: the model keeps them, as after the program's fit,
    to find its recordings again."""
    first, others = recordings[0]._reading, [one._reading for one in recordings[1:]]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _kept(output: Any, resume: Any) -> dict[str, Any]:
    """Where a fit keeps its checkpoint, and whether it goes on from there, as options."""
    if output is None and resume:
        raise errors.OptionError("resume: found no output; expected the model file whose fit was interrupted")
    if output is None:
        return {}
    path = os.fsdecode(lib.path_bytes(output))
    if os.path.exists(path) and not os.path.isfile(path):  # found out now, not after the fit
        raise errors.FileError(f"output: {path} is a folder or a device; expected the name of a file")
    return {"output": path, "resume": bool(resume)}


def _copies(recordings: list[Recording]) -> tuple[Any, list[lib.Handle]]:
    """Handles for a function that uses them up, and the array of them that it takes."""
    handles = [one._copy() for one in recordings]
    return (c_void_p * len(handles))(*[one.address for one in handles]), handles


def _named_neuron(neuron: Any, ids: list[str]) -> str:
    """A neuron as the library is told of it: an id, "all", or a place."""
    return neuron if isinstance(neuron, str) else f"index:{place_of(neuron, ids)}"


class SynapsNet(Parameters):
    """Forecasts a recorded population of neurons and reads off who drives whom.

    The parameters are the options of the program's ``fit``; what is "auto" is chosen from the data. After
    :meth:`fit`: ``connectivity_``, ``weights_``, ``embedding_``, ``neuron_ids_``, ``kept_``, ``description_``. Of a
    model of several recordings all but the last are lists, one entry for each recording, and ``session`` of a method
    says which one it is about.

    Neurons that are constant, or have fewer than five spikes, in the train split are left out: N counts those that are
    kept, and ``X[:, model.kept_]`` are their columns.
    """

    __signature__ = inspect.signature(Parameters)

    if not TYPE_CHECKING:  # for whom __init__ says all, and this would hide it

        def __new__(cls, *unnamed: Any, **params: Any) -> SynapsNet:
            if cls.__init__ is SynapsNet.__init__:
                if unnamed:
                    raise errors.InputTypeError(f"SynapsNet: found {unnamed[0]!r:.40} without a name; expected parameters by "
                                                "name, such as hidden=16: a recording goes to fit")
                check_keywords(params, dict.fromkeys(cls._get_param_names(), ""), "SynapsNet")
            return super().__new__(cls)

    # ---- parameters, as scikit-learn expects them ----

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return sorted([*DEFAULTS, "progress"])

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name. deep: for scikit-learn; there is nothing deeper."""
        return {name: getattr(self, name) for name in self._get_param_names()}

    @classmethod
    def from_config(cls, path: str | os.PathLike[str], **params: Any) -> SynapsNet:
        """An estimator with the parameters of a configuration file of the program: ``name = value`` lines, of which those
        that say how to read a recording are for :func:`synapsnet.read`. params: more of them, which win."""
        given = {name: _value(value) for name, value in lib.config_file(path, DEFAULTS).items()}
        return cls().set_params(**{**given, **params})

    def set_params(self, **params: Any) -> SynapsNet:
        """Sets parameters; an unknown name is an error that suggests the nearest."""
        check_keywords(params, dict.fromkeys(self._get_param_names(), ""), "SynapsNet")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = [f"{name}={getattr(self, name)!r}" for name in self._get_param_names()
                 if not self._is_default(name, getattr(self, name))]
        return f"SynapsNet({', '.join(given)})"

    @staticmethod
    def _is_default(name: str, value: Any) -> bool:
        default = DEFAULTS.get(name)
        return value is default or (type(value) is type(default) and not isinstance(value, np.ndarray)
                                    and value == default)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=None,
                    classifier_tags=None, regressor_tags=None, input_tags=InputTags(allow_nan=True))

    def __sklearn_is_fitted__(self) -> bool:
        return getattr(self, "_model", None) is not None

    # ---- fit ----

    def _options(self, without: tuple[str, ...] = (), **more: Any) -> lib.Handle:
        """The parameters that are not at their defaults, as the program would be given them."""
        given = {name: value for name, value in self.get_params().items()
                 if name not in ("progress", *without) and not self._is_default(name, value)}
        if self.connectivity is None:
            raise errors.OptionError("connectivity: found None; expected 'none' for a model without, or 'auto'")
        mask = given.get("mask")
        if mask is None or isinstance(mask, (str, os.PathLike)):
            return lib.options({**given, **more})
        array = np.asarray(given.pop("mask"))
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise errors.InputError(f"mask: has shape {array.shape} and type {array.dtype}; expected numbers (N, N), "
                                    "row = receiver")
        options, array = lib.options({**given, **more}), np.ascontiguousarray(array, np.float64)
        lib.call("options_set_mask", options.address, lib.address_of(array), *array.shape)
        return options

    def fit(self, X: Any, y: Any = None, *, behavior: Any = None, segments: Any = None, rate_hz: float | None = None,
            timestamps: Any = None, signal: str | None = None, bin: Any = 0.05, neuron_ids: Any = None,
            output: str | os.PathLike[str] | None = None, resume: bool = False, **options: Any) -> SynapsNet:
        """Fits one model to one or many recordings.

        X: a Recording, or whatever :func:`synapsnet.recording` takes with these keywords; a list of them fits all with
        a shared decoder. y: not used. The recordings are kept, so that :meth:`forecast` needs no argument.

        In the main thread Ctrl-C ends the fit with the best weights so far, and a StoppedEarlyWarning; pressed again,
        or before there are any weights, it is a KeyboardInterrupt and leaves the estimator as it was. Pressed once during
        ``repeats`` it keeps the repeats that are done; while edges are tested, the test ends first.

        output: a model file to write as soon as the model is fitted, as :meth:`save` does. Until then a checkpoint lies
        beside it (OUTPUT.ckpt). After an interruption (Ctrl-C, a power cut) the same call with resume=True goes on from
        there, and ends in the model of an undisturbed fit.
        """
        recordings = self._recordings_of(X, dict(behavior=behavior, segments=segments, rate_hz=rate_hz,
                                                 timestamps=timestamps, signal=signal, bin=bin,
                                                 neuron_ids=neuron_ids, **options))
        model = self._run("fit", recordings, self._options(**_reading(recordings), **_kept(output, resume)))
        return self._take(model, recordings, output)

    def adapt(self, X: Any, *, behavior: Any = None, segments: Any = None, rate_hz: float | None = None,
              timestamps: Any = None, signal: str | None = None, bin: Any = 0.05, neuron_ids: Any = None,
              output: str | os.PathLike[str] | None = None, resume: bool = False, **options: Any) -> SynapsNet:
        """A new model, of other neurons: the decoder of this one is kept, then tuned where that lowers the validation
        loss.

        X and keywords: as for :meth:`fit`, output and resume too. The parameters are those of this estimator but for
        loss, hidden and embedding, which are those that it was fitted with. This estimator is not changed. Ctrl-C: as
        for :meth:`fit`.
        """
        source = self._fitted()
        recordings = self._recordings_of(X, dict(behavior=behavior, segments=segments, rate_hz=rate_hz,
                                                 timestamps=timestamps, signal=signal, bin=bin,
                                                 neuron_ids=neuron_ids, **options))
        given = self._options(without=_OF_THE_DECODER, **_reading(recordings), **_kept(output, resume))
        model = self._run("adapt", recordings, given, source.address)
        return type(self)(**self.get_params())._take(model, recordings, output)

    def _take(self, model: lib.Handle, recordings: list[Recording], output: Any) -> SynapsNet:
        """What the estimator is after a fit."""
        self._model = model
        self._recordings = recordings
        self._connectivity: dict[int, np.ndarray] = {}
        self.n_features_in_ = recordings[0].n_neurons
        if output is not None:
            lib.call("model_write", model.address, lib.path_bytes(output))
        shown = {line for one in recordings for line in one._told}
        for line in self.description_["warnings"]:
            stopped = line.startswith("the fit was stopped")
            if line not in shown:
                lib.warn(lib.in_python(line), errors.StoppedEarlyWarning if stopped else errors.RecordingWarning)
        return self

    @staticmethod
    def _recordings_of(X: Any, keywords: dict[str, Any]) -> list[Recording]:
        """One recording, or several."""
        many = _is_list_of_recordings(X)
        given = [name for name in _OF_ONE_RECORDING if keywords.get(name) is not None]
        if many and given:
            raise errors.InputError(f"several recordings: {', '.join(given)} belong to one recording; make each with "
                                    "synapsnet.recording(...) first")
        return [make(x, keywords) for x in (X if many else [X])]

    def _run(self, function: str, recordings: list[Recording], options: lib.Handle, *source: Any) -> lib.Handle:
        """A model from syn_fit or syn_adapt."""
        pointers, handles = _copies(recordings)
        try:
            with Watch(self.progress, best_so_far=True) as watch:
                return lib.create("model", function, *source, pointers, len(handles), options.address, watch.function,
                                  None)
        except errors.InputError as error:
            turned = any(one.path is None and one.n_frames < one.n_neurons for one in recordings)
            if not turned or "frames are too few" not in str(error):
                raise
            raise errors.InputError(f"{error}; of an array (neurons, frames) say orientation='neurons-first'") from None

    def compare(self, X: Any = None, *, rivals: Any = None, predictions: Any = None,
                **keywords: Any) -> Comparison:
        """SynapsNet with these parameters, fitted anew, beside its rivals on the same test frames (docs/compare.md).

        X and keywords: as for :meth:`fit`; None: the recordings of the fit. rivals: names, None for the usual ones.
        predictions: files with predictions of other programs. The estimator is not changed.
        """
        pointers, handles = _copies(self._recordings_or_own(X, keywords, "compare"))
        options = self._options(rivals=rivals, predictions=predictions)
        with Watch(self.progress, best_so_far=False) as watch:
            return Comparison(lib.json_of("compare", pointers, len(handles), options.address, watch.function, None))

    def save_splits(self, path: str | os.PathLike[str], X: Any = None, **keywords: Any) -> None:
        """Writes the recordings as :meth:`fit` and :meth:`compare` see them, for models of other programs: z-scored
        activity and the target frames of every split (docs/file-formats.md). X and keywords: as for :meth:`compare`."""
        pointers, handles = _copies(self._recordings_or_own(X, keywords, "save_splits"))
        given = {name: getattr(self, name) for name in ("train", "validation", "window")}
        options = lib.options({name: value for name, value in given.items() if not self._is_default(name, value)})
        lib.call("splits_write", pointers, len(handles), options.address, lib.path_bytes(path))

    def _recordings_or_own(self, X: Any, keywords: dict[str, Any], what: str) -> list[Recording]:
        """X as recordings; None: those of the fit."""
        if X is None:
            self._refuse_keywords(keywords)
            own = getattr(self, "_recordings", None)
            if not own:
                raise errors.InputError(f"{what}: found no recording; expected X, or a model that was fitted in this "
                                        "process")
            return own
        return self._recordings_of(X, keywords)

    @staticmethod
    def _refuse_keywords(keywords: Mapping[str, Any]) -> None:
        """Without a recording they would have no effect."""
        if keywords:
            raise errors.InputError(f"found {', '.join(keywords)} without a recording to go with; give X as well")

    # ---- what was fitted ----

    def _fitted(self) -> lib.Handle:
        model = getattr(self, "_model", None)
        if model is None:
            raise _not_fitted("this SynapsNet is not fitted yet; call fit(recording) first")
        return model

    def _session(self, number: Any = 0) -> _Session:
        return _Session(self._fitted(), number)

    def _each(self, function: Any) -> Any:
        """function(session) of the only session, or a list of all."""
        results = [function(self._session(k)) for k in range(self.n_sessions_)]
        return results[0] if len(results) == 1 else results

    @property
    def n_sessions_(self) -> int:
        """Recordings of the model."""
        return int(lib.plain("model_sessions", self._fitted().address))

    @property
    def description_(self) -> dict[str, Any]:
        """What was chosen and how the fit went: connectivity, candidates, training curve, recordings, warnings, test
        metrics."""
        return lib.json_of("model_describe", self._fitted().address)

    @property
    def neuron_ids_(self) -> Any:
        """list [N] of the neurons that are kept."""
        return self._each(lambda s: s.neuron_ids)

    @property
    def kept_(self) -> Any:
        """int64 [N]: their columns in the recording."""
        return self._each(lambda s: s.array("kept", (s.n_neurons,), np.int64))

    @property
    def embedding_(self) -> Any:
        """float32 [N][d]: what the model learned about each neuron."""
        return self._each(lambda s: s.array("embedding", (s.n_neurons, s._seen.embedding_length), np.float32))

    @property
    def weights_(self) -> Any:
        """float32 [N][N]: the raw W, row = receiver. Its sign and scale are not identified: see connectivity_."""
        return self._each(self._weights)

    def _weights(self, session: _Session) -> np.ndarray:
        out = np.empty((session.n_neurons, session.n_neurons), np.float32)
        lib.call("weights", self._fitted().address, session.number, lib.address_of(out))
        return out

    @property
    def connectivity_(self) -> Any:
        """float32 [N][N]: the effective connectivity C_ij(0) in raw units, row = receiver, column = sender."""
        return self._each(self._lag_0)

    def _lag_0(self, session: _Session) -> np.ndarray:
        if session.number not in self._connectivity:
            self._connectivity[session.number] = self.effective_connectivity(session=session.number).values[0]
        return self._connectivity[session.number]

    def effective_connectivity(self, lags: int = 0, *, scale: str = "raw", session: int = 0) -> Connectivity:
        """C_ij(tau) = mean over the train frames of d xhat_i[t+1] / d x_j[t-tau], for tau = 0..lags.

        scale: "raw" for raw units of the recording, "zscored" for units of the train split's standard deviation.
        """
        if not isinstance(lags, (int, np.integer)) or isinstance(lags, bool) or not 0 <= lags <= 1000:
            raise errors.OptionError(f"lags: found {lags!r}; expected a whole number in 0..1000")
        if scale not in _UNITS:
            raise errors.OptionError(f"scale: found {scale!r}; expected one of raw|zscored")
        s = self._session(session)
        try:
            out = np.empty((int(lags) + 1, s.n_neurons, s.n_neurons), np.float32)
        except MemoryError:
            raise errors.OutOfMemoryError(f"connectivity: {lags + 1} lags of {s.n_neurons} neurons do not fit in "
                                          "memory") from None
        with interruptible():
            lib.call("connectivity", self._fitted().address, s.number, int(lags), int(scale == "raw"), lib.address_of(out))
        return Connectivity(out, s.neuron_ids, _UNITS[scale], s.rate_hz, s.regions)

    def edges(self, fdr: float = 0.1, *, method: str = "bh", scale: str = "raw", session: int = 0) -> Edges:
        """Which edges to believe: for each an estimate that the fit has not shrunk, its 95 % interval, p and q.

        fdr: the share of false ones that is accepted among the significant edges. method: "bh" (Benjamini-Hochberg), or
        "by" (Benjamini-Yekutieli), which is stricter and holds however the tests depend on each other. scale: as for
        :meth:`effective_connectivity`. What an edge does not mean: docs/connectivity.md.
        """
        s = self._session(session)
        options = lib.options({"fdr": fdr, "fdr_method": method, "scale": scale})
        model, shape = self._fitted().address, (s.n_neurons, s.n_neurons)
        estimate, low, high = (np.empty(shape, np.float32) for _ in range(3))
        p, q = (np.empty(shape, np.float64) for _ in range(2))
        lib.call("edge_evidence", model, s.number, options.address, *map(lib.address_of, (estimate, low, high, p, q)))
        summary = lib.json_of("edges_describe", model, s.number, options.address)
        halves: list[np.ndarray | None] = [np.empty(shape, np.float32) for _ in range(2)]
        try:
            lib.call("edge_halves", model, s.number, options.address, *map(lib.address_of, halves))
        except errors.InputError:
            halves = [None, None]
        seeds: list[np.ndarray | None] = [None, None, None]
        if "seeds" in summary["stability"]:
            seeds = [np.empty(shape, np.float32) for _ in range(3)]
            lib.call("edge_seeds", model, s.number, options.address, *map(lib.address_of, seeds))
        c = self.effective_connectivity(scale=scale, session=session)
        return Edges(c[0], estimate, low, high, p, q, s.neuron_ids, summary["unit"], summary, s.regions, *halves, *seeds)

    def score_connectivity(self, truth: Any, *, session: int = 0) -> dict[str, float]:
        """The effective connectivity against true weights: auroc, auprc, pearson_w, ... (docs/model.md).

        truth: a simulated Recording or its path; or weights, row = receiver, of the neurons of the recording or of those
        that were kept.
        """
        with tempfile.TemporaryDirectory(prefix=lib.FOLDER) as folder:
            path = self._truth_file(truth, self._session(session), folder)
            return self.save_connectivity(os.path.join(folder, "c.npy"), truth=path, session=session)["test"]

    @staticmethod
    def _truth_file(truth: Any, session: _Session, folder: str) -> Any:
        """Where the library finds the true weights."""
        if isinstance(truth, (str, os.PathLike)):
            return truth
        path = os.path.join(folder, "truth")
        if isinstance(truth, Recording):
            if truth.truth is None:
                raise errors.InputError(f"truth: the recording {truth.name} has no true weights; expected a simulated one")
            truth.save(path + ".h5")
            return path + ".h5"
        weights = number_array(truth, "truth", (2,), "(N, N) true weights, row = receiver")
        N, recorded = session.n_neurons, session.n_recorded
        if weights.shape == (recorded, recorded):
            kept = session.array("kept", (N,), np.int64)
            weights = weights[np.ix_(kept, kept)]
        if weights.shape != (N, N):
            raise errors.InputError(f"truth: has shape {weights.shape}; expected ({N}, {N}), the neurons of the model")
        np.savez(path + ".npz", truth=weights.astype(np.float64))
        return path + ".npz:truth"

    def save_connectivity(self, path: str | os.PathLike[str], *, lags: int = 0, scale: str = "raw", fdr: float = 0.1,
                          method: str = "bh", top: int | None = None, truth: Any = None,
                          session: int = 0) -> dict[str, Any]:
        """Writes the connectivity as .npy, .csv, .h5, .graphml, or the significant edges as .edges.csv; returns what was
        written.

        fdr, method: as for :meth:`edges`. top: how many edges at most are listed; None: all in a file. truth: a simulated
        recording's path, against which the connectivity is scored.
        """
        s = self._session(session)
        options = lib.options({"lags": lags, "scale": scale, "fdr": fdr, "fdr_method": method, "top": top,
                               "truth": truth})
        with interruptible():
            return lib.json_of("connectivity_write", self._fitted().address, s.number, options.address,
                               lib.path_bytes(path))

    # ---- what it predicts ----

    def _is_own(self, recording: Recording | None, split: str | None) -> bool:
        """Whether it is a recording of the fit (None: it is), whose frames were partly trained on: by what it holds, or, of
        a model that does not know what its recordings held, by its path."""
        if recording is None or any(recording is one for one in getattr(self, "_recordings", None) or []):
            return True
        model, numbers = self._fitted().address, range(self.n_sessions_)
        known = [lib.plain("model_recognises", model, k, recording._handle.address) for k in numbers]
        if -1 not in known:
            return 1 in known
        paths = [self._session(k).path for k in numbers]
        return recording.path is not None and os.path.realpath(recording.path) in [os.path.realpath(p) for p in paths if p]

    def _given(self, X: Any, session: _Session, keywords: Mapping[str, Any]) -> Recording | None:
        """X as a recording of a session; None: there is none, and the library finds that of the fit by its path."""
        if X is not None:
            return self._like(X, session, keywords)
        self._refuse_keywords(keywords)
        kept = getattr(self, "_recordings", None)
        return kept[session.number] if kept else None

    def _all_given(self, X: Any, keywords: Mapping[str, Any], split: str | None) -> tuple[Any, int, bool]:
        """Handles to use up for all sessions (None, 0: the library finds them), and whether one is of the fit. A wrong
        number of recordings is left to the library to refuse."""
        n = self.n_sessions_
        many = X if _is_list_of_recordings(X) else [X] * (1 if X is not None else n)
        recordings = [self._given(x, self._session(min(k, n - 1)), keywords) for k, x in enumerate(many)]
        own = any([self._is_own(one, split) for one in recordings])
        found = [one for one in recordings if one is not None]
        if len(found) < len(recordings):
            return None, 0, own
        array, handles = _copies(found)
        array.owners = handles
        return array, len(handles), own

    def _like(self, X: Any, session: _Session, keywords: Mapping[str, Any]) -> Recording:
        """X as a recording of the neurons of a session."""
        recording = make(X, keywords, model=session)
        if recording.n_neurons != session.n_recorded:
            n = recording.n_neurons
            others = [k for k in range(self.n_sessions_) if self._session(k).n_recorded == n]
            hint = f"; for recording {others[0]} of the fit give session={others[0]}" if others else ""
            raise errors.InputError(f"X has {n} features, but {type(self).__name__} is expecting "
                                    f"{session.n_recorded} features as input, the neurons of the recording of the fit{hint}")
        return recording

    def _settings(self, **options: Any) -> lib.Handle:
        """Options of a run of the fitted model."""
        return lib.options({"threads": self.threads, "isa": self.isa, **options})

    def _split(self, split: str | None, own: bool) -> str:
        if split not in (None, "test", "all"):
            raise errors.OptionError(f"split: found {split!r}; expected one of test|all")
        return split or ("test" if own else "all")

    def evaluate(self, X: Any = None, *, split: str | None = None, **keywords: Any) -> Evaluation:
        """All metrics beside the baselines.

        X: as for :meth:`fit`; None: the recording of the fit. split: "test" for the frames at the end that the fit
        did not see, "all" for every frame; None: "test" where one is of the fit, which is known by its activity wherever it
        comes from, else "all".
        """
        self._fitted()
        if X is None and split in (None, "test") and not keywords:
            about = self.description_
            return Evaluation({name: about[name] for name in ("test", "baselines", "intervals", "sessions")})
        pointers, n, own = self._all_given(X, keywords, split)
        options = self._settings(split=self._split(split, own))
        with interruptible():
            return Evaluation(lib.json_of("evaluate", self._fitted().address, pointers, n, options.address))

    def score(self, X: Any = None, y: Any = None, *, metric: str = "r2", split: str | None = None,
              **keywords: Any) -> float:
        """One metric of :meth:`evaluate`, higher is better; by default the mean over neurons of R2. y: not used."""
        test = self.evaluate(X, split=split, **keywords)["test"]
        if not isinstance(metric, str) or metric in ("mse", "mae") or not (metric in test or self._known(metric)):
            raise errors.OptionError(f"metric: found {metric!r}; expected one of "
                                     + "|".join(name for name in test if name not in ("mse", "mae")))
        return float(test.get(metric, np.nan))

    @staticmethod
    def _known(metric: str) -> bool:
        """A metric that a recording may leave undefined."""
        return metric in ("r2", "skill", "neuron_r", "delta_r", "population_r", "spatial_r", "bits_per_spike")

    def forecast(self, X: Any = None, steps: int | None = None, *, start: int | str = "auto", hold_behavior: bool = False,
                 split: str | None = None, session: int = 0, **keywords: Any) -> Forecast:
        """One step ahead, and free-running rollouts of `steps` frames (20, or what the trials of the test split hold).

        X, split: as for :meth:`evaluate`. start: first frame of one rollout; "auto": rollouts from many frames.
        hold_behavior: hold behaviour at its last value during a rollout instead of using the recorded one.
        """
        s = self._session(session)
        recording = self._given(X, s, keywords)
        options = self._settings(steps=steps, start=start, hold_behavior=bool(hold_behavior), session=s.number,
                                 split=self._split(split, self._is_own(recording, split)))
        data = recording._copy() if recording else None
        with interruptible():
            handle = lib.create("forecast", "forecast_create", self._fitted().address, data.address if data else None,
                                options.address)
        return Forecast(handle, s.neuron_ids, s.rate_hz)

    def predict(self, X: Any = None, *, session: int = 0, **keywords: Any) -> np.ndarray:
        """float32 [T][N]: every frame predicted from the frames before it, in raw units; NaN on the first frame of a
        segment, which has no past. X and keywords: as for :meth:`fit`; None: the recording of the fit."""
        s = self._session(session)
        recording = self._given(X, s, keywords)
        frames = recording.n_frames if recording else self.description_["recordings"][s.number]["frames"]
        forecast = self.forecast(recording, 1, split="all", session=session)
        out = np.full((frames, len(forecast.neurons)), np.nan, np.float32)
        out[forecast.frame] = forecast.prediction
        return out

    def online(self, *, threads: int = 1, session: int = 0) -> Online:
        """Runs along with an experiment: a frame in, the forecast of the next one out.

        Starts at the start of a segment. threads: more than one pay from some thousands of neurons on.

            online = model.online()
            for x in acquisition:           # [M] raw units, every 1 / rate_hz seconds
                ahead = online.step(x)      # [N] the frame to come
        """
        s = self._session(session)
        options = lib.options({"threads": threads, "isa": self.isa})
        handle = lib.create("online", "online_create", self._fitted().address, s.number, options.address)
        return Online(handle, s.n_recorded, s.n_neurons, int(s._seen.behaviors))

    def perturb(self, neuron: int | str = "all", X: Any = None, *, amplitude: float = 1.0, steps: int | None = None,
                pulse_units: str = "zscored", noise: str = "residuals", states: int | str = "auto",
                hold_behavior: bool = False, split: str | None = None, session: int = 0,
                **keywords: Any) -> Perturbation:
        """Virtual stimulation: what a pulse in one neuron does to all, by the model.

        neuron: its id, or "all"; or its place in ``neuron_ids_``, unless ids are other numbers than places. amplitude: by
        how much it is raised for one frame, in pulse_units "zscored" or "raw". steps: default 20, or what the trials of the test split
        hold. noise: "residuals" adds to both runs the difference between recording and prediction, "none" feeds them
        their predictions alone. states: how many states of the test split to average over.
        """
        s = self._session(session)
        named = _named_neuron(neuron, s.neuron_ids)
        recording = self._given(X, s, keywords)
        options = self._settings(neuron=named, amplitude=amplitude, steps=steps, pulse_units=pulse_units, noise=noise,
                                 states=states, hold_behavior=bool(hold_behavior), session=s.number,
                                 split=self._split(split, self._is_own(recording, split)))
        data = recording._copy() if recording else None
        with interruptible():
            handle = lib.create("perturbation", "perturb", self._fitted().address, data.address if data else None,
                                options.address)
        return Perturbation(handle, s.neuron_ids)

    # ---- files ----

    def report(self, path: str | os.PathLike[str], X: Any = None, *, comparison: Any = None, steps: int | None = None,
               split: str | None = None, **keywords: Any) -> dict[str, Any]:
        """Writes the report: one HTML page with all figures, or what else the name ends in (docs/options.md, format).

        X: as for :meth:`evaluate`. comparison: what :meth:`compare` gave, or the file of `synapsnet compare --json`; its
        rivals stand beside SynapsNet. Returns what was written.
        """
        self._fitted()
        pointers, n, own = self._all_given(X, keywords, split)
        with tempfile.TemporaryDirectory(prefix=lib.FOLDER) as folder:
            if isinstance(comparison, Mapping):
                rivals, comparison = comparison, os.path.join(folder, "comparison.json")
                with open(comparison, "w", encoding="utf-8") as file:
                    json.dump(rivals, file)
            options = self._settings(steps=steps, split=self._split(split, own), comparison=comparison)
            with interruptible():
                return lib.json_of("report_write", self._fitted().address, pointers, n, options.address,
                                   lib.path_bytes(path))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model file that the program reads too."""
        lib.call("model_write", self._fitted().address, lib.path_bytes(path))

    def __copy__(self) -> SynapsNet:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: Any) -> SynapsNet:
        twin = copy.copy(self)
        twin.__dict__.update({name: copy.deepcopy(value, memo) for name, value in self.__dict__.items()})
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items()
                 if name not in ("_model", "_recordings", "_connectivity")}
        if self.__sklearn_is_fitted__():
            state["_file"] = file_bytes(self.save)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        content = state.pop("_file", None)
        self.__dict__.update(state)
        if content is not None:
            with bytes_file(content) as path:
                self._read(path)

    def _read(self, path: Any) -> None:
        self._model = lib.create("model", "model_read", lib.path_bytes(path))
        self._recordings = None  # type: ignore[assignment]
        self._connectivity = {}
        self.n_features_in_ = self._session(0).n_recorded

    # ---- figures ----

    def plot_forecast(self, neurons: Any = None, *, seconds: float | None = None, session: int = 0,
                      ax: Any = None) -> Any:
        """True and predicted activity of some neurons on the test frames, one step ahead. Needs matplotlib.

        neurons: ids or places; None: the four that are predicted best. seconds: how much time; None: 200 frames.
        Returns the Axes.
        """
        forecast = self.forecast(steps=1, session=session)
        return _plot.forecast(forecast, neurons, seconds, ax)

    def plot_connectivity(self, lag: int = 0, *, order: str = "given", scale: str = "raw", fdr: float | None = None,
                          session: int = 0, ax: Any = None) -> Any:
        """The effective connectivity as a heat map. Needs matplotlib.

        order: "given", "region", or "cluster" (neurons with alike connections side by side). fdr: draws only the pairs
        whose edge at lag 0 is significant at this false discovery rate. Returns the Axes.
        """
        connectivity = self.effective_connectivity(lag, scale=scale, session=session)
        shown = None if fdr is None else self.edges(fdr, session=session).significant
        return _plot.connectivity(connectivity, lag, order, shown, ax)


def load(path: str | os.PathLike[str]) -> SynapsNet:
    """Reads a model file, of Python or of the program, with the parameters of its fit. A mask that was given as an array
    is an array of 0 and 1 again, 0 on the diagonal and for neurons that the fit left out, and with 1 also where another
    recording's mask has it for the same two neurons."""
    model = SynapsNet()
    model._read(path)
    given = model.description_.get("options", {})
    for name in DEFAULTS:
        if name.replace("_", "-") in given:
            setattr(model, name, _value(given[name.replace("_", "-")]))
    of_the_time = os.path.basename(os.path.dirname(str(model.mask))).startswith(lib.FOLDER)  # as earlier versions had it
    if model.connectivity == "masked" and (model.mask is None or of_the_time):
        # it was an array; a fit that was stopped early may have no connectivity
        model.mask = _mask_of(model) if model.description_["connectivity"]["form"] == "masked" else None
    return model


def _mask_of(model: SynapsNet) -> np.ndarray:
    """The mask of a fit as the model holds it: 0 for the diagonal and for neurons that no recording kept."""
    masks = []
    for k in range(model.n_sessions_):
        recorded = model._session(k).n_recorded
        masks.append(np.empty((recorded, recorded), np.uint8))
        lib.call("mask", model._fitted().address, k, lib.address_of(masks[-1]))
    return np.maximum.reduce(masks)


def _value(text: Any) -> Any:
    """A parameter from the text that the model file keeps: a number where it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            pass
    return text
