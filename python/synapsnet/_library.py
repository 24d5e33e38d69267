"""The C library: where it is, its functions with their types, its errors as exceptions, its memory as arrays.

ctypes releases the GIL while a function of the library runs.
"""

from __future__ import annotations

import ctypes
import datetime
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int, c_int64, c_size_t, c_uint8, c_void_p
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Mapping

import numpy as np  # before the library, so that NumPy's BLAS is not touched by its settings

from . import errors

PATH = Path(__file__).with_name("libsynapsnet.dylib" if sys.platform == "darwin" else "libsynapsnet.so")

# ---- loading ----

_ASK_CORE = """
import ctypes, sys
ask = ctypes.CDLL(sys.argv[1]).syn_blas_core_type
ask.restype = ctypes.c_char_p
print((ask() or b"").decode())
"""


def _blas_core() -> str:
    """The core type that OpenBLAS should be told, "" where it finds out by itself. It reads it only when it is loaded,
    and only the loaded library knows: a second process asks it."""
    if not sys.executable:  # Python in another program
        return ""
    try:
        answer = subprocess.run([sys.executable, "-I", "-S", "-c", _ASK_CORE, str(PATH)], capture_output=True,
                                text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""  # slower, but right
    return answer.stdout.strip()


def _load() -> ctypes.CDLL:
    """Loads the library under the settings that the program synapsnet gives itself, and takes them back afterwards."""
    wanted = {}
    if not PATH.exists():
        raise errors.FileError(f"{PATH}: is not there: this is the source of the package; install it with pip install .")
    if "OPENBLAS_CORETYPE" not in os.environ:
        wanted["OPENBLAS_CORETYPE"] = _blas_core()
    if "GOMP_SPINCOUNT" not in os.environ and "OMP_WAIT_POLICY" not in os.environ:
        wanted["GOMP_SPINCOUNT"] = "1000"
    wanted = {name: value for name, value in wanted.items() if value}
    os.environ.update(wanted)
    try:
        return ctypes.CDLL(str(PATH))
    except OSError as error:
        raise errors.FileError(f"{PATH}: the C library could not be loaded: {error}") from None
    finally:
        for name in wanted:
            del os.environ[name]


_lib = _load()

# ---- structures, as in synapsnet.h ----

_texts = POINTER(c_char_p)


class RecordingArrays(ctypes.Structure):
    _fields_ = [("T", c_int64), ("N", c_int64), ("B", c_int64), ("S", c_int64), ("activity", c_void_p),
                ("observed", c_void_p), ("behavior", c_void_p), ("rate_hz", c_double), ("time_s", c_void_p),
                ("segments", c_void_p), ("signal", c_char_p), ("name", c_char_p), ("path", c_char_p),
                ("neuron_id", _texts), ("region", _texts), ("cell_type", _texts), ("behavior_name", _texts),
                ("behavior_unit", _texts), ("position", c_void_p), ("truth", c_void_p), ("n_spikes", c_int64),
                ("spike_time_s", c_void_p), ("spike_neuron", c_void_p)]


class SessionView(ctypes.Structure):
    _fields_ = [("neurons", c_int64), ("recorded", c_int64), ("embedding_length", c_int64), ("behaviors", c_int64),
                ("kept", c_void_p), ("embedding", c_void_p), ("mean", c_void_p), ("scale", c_void_p),
                ("rate_hz", c_double), ("signal", c_char_p), ("name", c_char_p), ("path", c_char_p),
                ("neuron_id", _texts), ("region", _texts), ("cell_type", _texts), ("behavior_name", _texts),
                ("position", c_void_p)]


class ForecastView(ctypes.Structure):
    _fields_ = [("frames", c_int64), ("rollouts", c_int64), ("steps", c_int64), ("neurons", c_int64),
                ("prediction", c_void_p), ("truth", c_void_p), ("frame", c_void_p), ("time_s", c_void_p),
                ("rollout", c_void_p), ("rollout_truth", c_void_p), ("start", c_void_p),
                ("lower", c_void_p), ("upper", c_void_p), ("rollout_lower", c_void_p), ("rollout_upper", c_void_p)]


class OptionInfo(ctypes.Structure):
    _fields_ = [(name, c_char_p) for name in ("name", "type", "default_value", "unit", "choices", "commands", "help")]


class Progress(ctypes.Structure):
    _fields_ = [("stage", c_char_p), ("candidate", c_int), ("candidates", c_int), ("epoch", c_int),
                ("max_epochs", c_int), ("train_loss", c_double), ("validation_loss", c_double),
                ("best_loss", c_double), ("elapsed_s", c_double), ("eta_s", c_double)]


PROGRESS = ctypes.CFUNCTYPE(c_int, POINTER(Progress), c_void_p)
GO_ON, STOP, FINISH = 0, 1, 2

# ---- functions: name -> (result, arguments); those that return a status are called through call() ----

_STATUS: dict[str, list[Any]] = {
    "options_create": [POINTER(c_void_p)],
    "options_set": [c_void_p, c_char_p, c_char_p],
    "options_overlay": [c_void_p, c_void_p],
    "options_set_mask": [c_void_p, c_void_p, c_int64, c_int64],
    "options_read": [c_void_p, c_char_p],
    "recording_open": [POINTER(c_void_p), c_char_p, c_void_p],
    "recording_open_like": [POINTER(c_void_p), c_void_p, c_char_p, c_void_p],
    "recording_from_arrays": [POINTER(c_void_p), POINTER(RecordingArrays)],
    "recording_from_spikes": [POINTER(c_void_p), c_void_p, c_void_p, c_int64, c_int64, _texts, c_double, c_double],
    "recording_copy": [POINTER(c_void_p), c_void_p],
    "recording_set_path": [c_void_p, c_char_p],
    "recording_write": [c_void_p, c_char_p],
    "recording_describe": [c_void_p, c_int, POINTER(c_void_p)],
    "contents_describe": [c_char_p, c_int, POINTER(c_char_p), POINTER(c_void_p)],
    "splits_write": [POINTER(c_void_p), c_size_t, c_void_p, c_char_p],
    "simulate": [POINTER(c_void_p), c_char_p, c_void_p],
    "fit": [POINTER(c_void_p), POINTER(c_void_p), c_size_t, c_void_p, PROGRESS, c_void_p],
    "adapt": [POINTER(c_void_p), c_void_p, POINTER(c_void_p), c_size_t, c_void_p, PROGRESS, c_void_p],
    "model_write": [c_void_p, c_char_p],
    "model_read": [POINTER(c_void_p), c_char_p],
    "model_describe": [c_void_p, POINTER(c_void_p)],
    "model_session": [c_void_p, c_size_t, POINTER(SessionView)],
    "evaluate": [c_void_p, POINTER(c_void_p), c_size_t, c_void_p, POINTER(c_void_p)],
    "forecast_create": [POINTER(c_void_p), c_void_p, c_void_p, c_void_p],
    "forecast_describe": [c_void_p, POINTER(c_void_p)],
    "forecast_write": [c_void_p, c_char_p],
    "online_create": [POINTER(c_void_p), c_void_p, c_size_t, c_void_p],
    "online_step": [c_void_p, c_void_p, c_void_p, c_void_p],
    "online_forecast": [c_void_p, c_int64, c_void_p],
    "connectivity": [c_void_p, c_size_t, c_int, c_int, c_void_p],
    "edge_evidence": [c_void_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p],
    "edge_halves": [c_void_p, c_size_t, c_void_p, c_void_p, c_void_p],
    "edge_seeds": [c_void_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p],
    "edges_describe": [c_void_p, c_size_t, c_void_p, POINTER(c_void_p)],
    "connectivity_write": [c_void_p, c_size_t, c_void_p, c_char_p, POINTER(c_void_p)],
    "compare": [POINTER(c_void_p), c_size_t, c_void_p, PROGRESS, c_void_p, POINTER(c_void_p)],
    "perturb": [POINTER(c_void_p), c_void_p, c_void_p, c_void_p],
    "perturbation_describe": [c_void_p, POINTER(c_void_p)],
    "perturbation_write": [c_void_p, c_char_p],
    "report_write": [c_void_p, POINTER(c_void_p), c_size_t, c_void_p, c_char_p, POINTER(c_void_p)],
    "mask": [c_void_p, c_size_t, c_void_p],
    "weights": [c_void_p, c_size_t, c_void_p],
}
_OTHER: dict[str, tuple[Any, list[Any]]] = {
    "last_error": (c_char_p, []),
    "watch": (None, [PROGRESS, c_void_p]),
    "version": (c_char_p, []),
    "build_info": (c_char_p, []),
    "free": (None, [c_void_p]),
    "options_free": (None, [c_void_p]),
    "options_get": (c_char_p, [c_void_p, c_char_p]),
    "option_at": (POINTER(OptionInfo), [c_size_t]),
    "recording_free": (None, [c_void_p]),
    "recording_view": (None, [c_void_p, POINTER(RecordingArrays)]),
    "model_free": (None, [c_void_p]),
    "model_sessions": (c_size_t, [c_void_p]),
    "model_recognises": (c_int, [c_void_p, c_size_t, c_void_p]),
    "forecast_free": (None, [c_void_p]),
    "online_free": (None, [c_void_p]),
    "online_restart": (None, [c_void_p]),
    "perturbation_free": (None, [c_void_p]),
    "perturbation_shape": (None, [c_void_p, POINTER(c_int64), POINTER(c_int64)]),
    "perturbation_response": (None, [c_void_p, c_void_p, c_void_p, c_void_p]),
    "forecast_arrays": (None, [c_void_p, POINTER(ForecastView)]),
}


def _declare() -> None:
    for name, arguments in _STATUS.items():
        _OTHER[name] = (c_int, arguments)
    for name, (result, arguments) in _OTHER.items():
        function = getattr(_lib, "syn_" + name)
        function.restype, function.argtypes = result, arguments


_declare()


def plain(name: str, *arguments: Any) -> Any:
    """Calls a function that cannot fail."""
    return getattr(_lib, "syn_" + name)(*arguments)


INTERRUPTED = 5
_EXCEPTIONS: dict[int, Callable[[str], BaseException]] = {
    1: errors.OptionError,
    2: errors.InputError,
    3: errors.FileError,
    4: errors.OutOfMemoryError,
    INTERRUPTED: KeyboardInterrupt,
    6: errors.NumericError,
}


FOLDER = "synapsnet-"  # how the name of a folder for files of a call begins
_OWN_FILES = re.compile(re.escape(os.path.join(tempfile.gettempdir(), FOLDER)) + r"\w{8}/(comparison|truth)\.\w+(:truth)?")


def in_python(message: str) -> str:
    """Options and what was given in memory as Python knows them: --learning-rate -> learning_rate."""
    message = _OWN_FILES.sub(r"\1", message)
    return re.sub(r"--([a-z][a-z0-9-]*)", lambda m: m.group(1).replace("-", "_"), message)


def call(name: str, *arguments: Any) -> None:
    """Calls a function that returns a status, which becomes an exception."""
    status = getattr(_lib, "syn_" + name)(*arguments)
    if status:
        message = in_python((plain("last_error") or b"").decode(errors="replace"))
        raise _EXCEPTIONS.get(status, errors.SynapsNetError)(message)


def warn(message: str, category: type[Warning]) -> None:
    """A warning about the line outside of this package that led to it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and os.path.dirname(frame.f_code.co_filename) == os.path.dirname(__file__):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


# ---- handles, texts, arrays ----


class Handle:
    """An object of the library, freed with the last reference to it."""

    def __init__(self, kind: str, address: int | None) -> None:
        self.kind, self.address = kind, c_void_p(address)

    def __reduce__(self) -> Any:
        """Its memory does not go into another process."""
        return Handle, (self.kind, None)

    def __copy__(self) -> Handle:
        return self

    def __deepcopy__(self, _: Any) -> Handle:
        return self

    def __del__(self, plain: Callable[..., Any] = plain) -> None:
        if getattr(self, "address", None):
            plain(self.kind + "_free", self.address)


def create(kind: str, function: str, *arguments: Any) -> Handle:
    """A handle from a function whose first argument is where it goes."""
    address = c_void_p()
    call(function, byref(address), *arguments)
    return Handle(kind, address.value)


def text_of(function: str, *arguments: Any) -> str:
    """The text that a function makes in its last argument."""
    address = c_void_p()
    call(function, *arguments, byref(address))
    try:
        return ctypes.string_at(address).decode(errors="replace")
    finally:
        plain("free", address)


def json_of(function: str, *arguments: Any) -> Any:
    return json.loads(text_of(function, *arguments))


def encode(text: str, encoder: Callable[[str], bytes] = str.encode) -> bytes:
    """A text as the library takes it."""
    try:
        return encoder(text)
    except UnicodeEncodeError:
        raise errors.InputError(f"text: found {text!r}, which holds half of a character; expected what UTF-8 can hold") from None


def text_bytes(text: str) -> bytes:
    """A text of its own, of which the library would take what is before a NUL for the whole."""
    if "\0" in text:
        raise errors.InputError(f"text: found a NUL character in {text!r}; expected none")
    return encode(text)


def path_bytes(path: Any) -> bytes:
    """A path as the library takes it."""
    try:
        encoded = encode(path, os.fsencode)
    except TypeError:
        raise errors.InputTypeError(f"path: found {type(path).__name__}; expected a text or a Path") from None
    if not encoded:
        raise errors.InputError("path: the path is empty; expected the name of a file")
    if b"\0" in encoded:
        raise errors.InputError("path: found a NUL character; expected the name of a file")
    return encoded


class _Memory:
    """Memory of the library for NumPy, which keeps its owner alive."""

    def __init__(self, owner: Handle, address: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.owner = owner
        self.__array_interface__ = {"version": 3, "data": (address, True), "shape": shape,
                                    "typestr": np.dtype(dtype).str}


def view(owner: Handle, address: int | None, shape: tuple[int, ...], dtype: Any) -> np.ndarray | None:
    """A read-only array over memory of the library, without a copy; None for NULL."""
    if not address:
        return None if 0 not in shape else np.empty(shape, dtype)
    return np.asarray(_Memory(owner, address, shape, dtype))


def texts(pointer: Any, n: int) -> list[str] | None:
    return [pointer[k].decode(errors="replace") for k in range(n)] if pointer else None


def text_array(values: Iterable[Any] | None) -> Any:
    """char *[n] from anything that can be written as text; None stays NULL."""
    if values is None:
        return None
    encoded = [text_bytes(str(value)) for value in values]
    return (c_char_p * len(encoded))(*encoded)


def address_of(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


# ---- options ----


def duration_s(value: Any) -> float | None:
    """A duration of NumPy, pandas or Python in seconds; None for anything else."""
    if isinstance(value, np.timedelta64):
        return float(value / np.timedelta64(1, "s"))
    return value.total_seconds() if isinstance(value, datetime.timedelta) else None


def _lists() -> Iterator[str]:
    """The options that may be given several times."""
    for k in itertools.count():
        info = plain("option_at", k)
        if not info:
            return
        if info.contents.type == b"list":
            yield info.contents.name.decode()


LISTS = frozenset(_lists())


def option_text(name: str, value: Any) -> str:
    """A value as the option table reads it."""
    seconds = duration_s(value)
    if seconds is not None:
        return repr(seconds)
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise errors.OptionError(f"{name}: found {type(value).__name__}; expected a number or a text")


def options(values: Mapping[str, Any]) -> Handle:
    """Options from keywords; None is not given, a list gives several of an option that takes them."""
    handle = create("options", "options_create")
    for name, value in values.items():
        several = isinstance(value, (list, tuple)) and name.replace("_", "-") in LISTS
        for one in value if several else [value]:
            if one is not None:
                text = option_text(name, one)
                if "\0" in text:
                    raise errors.OptionError(f"{name}: found a NUL character; expected a text")
                call("options_set", handle.address, name.replace("_", "-").encode(), encode(text, os.fsencode))
    return handle


def config_file(path: Any, names: Iterable[str]) -> dict[str, Any]:
    """What a configuration file of the program sets, of the options with these names: texts, lists of them for a list."""
    given, unset = create("options", "options_create"), create("options", "options_create")
    call("options_read", given.address, path_bytes(path))
    found = {}
    for name in names:
        option = name.replace("_", "-").encode()
        value = plain("options_get", given.address, option)
        if value != plain("options_get", unset.address, option):
            text = os.fsdecode(value)
            found[name] = text.split("\n") if name.replace("_", "-") in LISTS else text
    return found


def optional(package: str, purpose: str) -> Any:
    """An optional package, or an error that names it."""
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError:
        name = package.split(".")[0]
        raise errors.MissingPackageError(f"{purpose} needs the package {name}: pip install {name}") from None
