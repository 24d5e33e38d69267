"""A model that runs along with an experiment."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _library as lib
from ._parts import number_array
from .errors import InputError, OptionError


class Online:
    """A model that runs along with an experiment, a frame at a time, from the start of a segment on: see
    :meth:`SynapsNet.online`."""

    def __init__(self, handle: lib.Handle, n_recorded: int, n_neurons: int, n_behaviors: int) -> None:
        self._handle = handle
        self._n_recorded, self._n_neurons, self._n_behaviors = n_recorded, n_neurons, n_behaviors

    def step(self, activity: Any, behavior: Any = None) -> np.ndarray:
        """float32 [N]: the next frame, predicted from this one and those before, in raw units.

        activity: [M] all neurons of the recording of the fit, in raw units; NaN where not observed, which is replaced by
        what was predicted. behavior: [B] at this frame, NaN where unknown; None for a model without.
        """
        x = self._frame(activity, "activity", self._n_recorded, "neurons of the recording of the fit")
        u = None
        if behavior is not None or self._n_behaviors:
            u = self._frame(behavior, "behavior", self._n_behaviors, "behaviour variables that the model was fitted with")
        out = np.empty(self._n_neurons, np.float32)
        lib.call("online_step", self._handle.address, lib.address_of(x), lib.address_of(u), lib.address_of(out))
        return out

    def forecast(self, steps: int = 20) -> np.ndarray:
        """float32 [K][N]: running on freely for `steps` frames from where the model stands, which does not change.
        Behaviour is held at its last value."""
        if not isinstance(steps, (int, np.integer)) or isinstance(steps, bool) or not 1 <= steps <= 100_000:
            raise OptionError(f"steps: found {steps!r}; expected a whole number in 1..100000")
        out = np.empty((int(steps), self._n_neurons), np.float32)
        lib.call("online_forecast", self._handle.address, int(steps), lib.address_of(out))
        return out

    def restart(self) -> None:
        """A new segment starts: a trial, or the recording after a gap."""
        lib.plain("online_restart", self._handle.address)

    @staticmethod
    def _frame(values: Any, name: str, n: int, what: str) -> np.ndarray:
        if isinstance(values, np.ndarray) and values.shape == (n,) and values.dtype == np.float32:
            return np.ascontiguousarray(values)
        array = number_array(values, name, (1,), f"({n},) {what}")
        if len(array) != n:
            raise InputError(f"{name}: has {len(array)} values; expected {n}, the {what}")
        with np.errstate(over="ignore"):  # infinite then, which the library refuses
            return np.ascontiguousarray(array, np.float32)
