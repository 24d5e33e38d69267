"""Figures with matplotlib, in colours that colour-blind readers tell apart (Okabe and Ito)."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _library as lib
from ._results import Connectivity, Forecast, place_of
from .errors import InputError, OptionError

BLACK, ORANGE = "#000000", "#D55E00"
FRAMES = 200
MOST_IDS = 40  # on an axis
LABEL_POINTS = 13  # of a line of text


def _axes(ax: Any, size: tuple[float, float]) -> Any:
    pyplot = lib.optional("matplotlib.pyplot", "a plot")
    return pyplot.subplots(figsize=size, layout="constrained")[1] if ax is None else ax


def _place_of_name(name: str, ids: list[str]) -> int:
    """Of an id, or of index:K as the program has it."""
    number = name[len("index:"):]
    if name not in ids and name.startswith("index:") and number.isdigit() and int(number) < len(ids):
        return int(number)
    if name not in ids:
        raise InputError(f"neurons: found {name!r}; expected an id of model.neuron_ids_ or a place from 0 to {len(ids) - 1}")
    return ids.index(name)


def _places(forecast: Forecast, neurons: Any) -> list[int]:
    """Columns of the named neurons, or of the four that are predicted best."""
    if neurons is None:
        error = np.nanmean((forecast.prediction - forecast.truth) ** 2, axis=0)
        spread = np.nanvar(forecast.truth, axis=0)
        share = np.where(spread > 0, error / np.where(spread > 0, spread, 1), np.inf)
        return [int(k) for k in np.argsort(share, kind="stable")[:4]]
    places = []
    for neuron in [neurons] if isinstance(neurons, (str, int, np.integer)) else neurons:
        if isinstance(neuron, str):
            places.append(_place_of_name(neuron, forecast.neurons))
        else:
            places.append(place_of(neuron, forecast.neurons))
    return places


def forecast(forecast: Forecast, neurons: Any, seconds: float | None, ax: Any) -> Any:
    places = _places(forecast, neurons)
    if not places:
        raise OptionError("neurons: found none; expected at least one id or place")
    if seconds is not None and not (isinstance(seconds, (int, float, np.number)) and seconds * forecast.rate_hz > 1.5):
        raise OptionError(f"seconds: found {seconds!r}; expected at least two frames, {2 / forecast.rate_hz:g} s")
    frames = FRAMES if seconds is None else int(round(min(seconds * forecast.rate_hz, len(forecast.frame))))
    axes = _axes(ax, (9, 1.2 + 1.1 * len(places)))
    time = forecast.time_s[:frames].copy()
    gap = np.flatnonzero(np.diff(forecast.frame[:frames]) > 1) + 1  # lines do not join what is apart
    ticks = []
    for row, k in enumerate(places):
        truth, predicted = forecast.truth[:frames, k], forecast.prediction[:frames, k]
        low, high = np.nanmin([truth, predicted]), np.nanmax([truth, predicted])
        offset = -1.15 * row
        ticks.append(offset + 0.5)
        for values, color, label, width in ((truth, BLACK, "recorded", 1.0), (predicted, ORANGE, "predicted", 1.4)):
            scaled = offset + (values - low) / (high - low if high > low else 1)
            axes.plot(np.insert(time, gap, np.nan), np.insert(scaled, gap, np.nan), color=color, linewidth=width,
                      label=label if row == 0 else None)
        band = [offset + (values[:frames, k] - low) / (high - low if high > low else 1)
                for values in (forecast.low, forecast.high)]
        axes.fill_between(np.insert(time, gap, np.nan), *(np.insert(edge, gap, np.nan) for edge in band), color=ORANGE,
                          alpha=0.2, linewidth=0, label=f"{forecast.interval:.0%} interval" if row == 0 else None)
    axes.set_yticks(ticks, [forecast.neurons[k] for k in places])
    axes.set(xlabel="time (s)", ylabel="neuron")
    axes.set_title("Test frames, predicted one step ahead", loc="left")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, borderaxespad=0)
    return axes


def _clustered(values: np.ndarray) -> np.ndarray:
    """Neurons in the order of the second singular direction of what they send and receive, which puts alike ones side
    by side."""
    profile = np.hstack([values, values.T])
    profile = profile - profile.mean(axis=0)
    left = np.linalg.svd(profile, full_matrices=False)[0]
    return np.argsort(left[:, 0], kind="stable")


def _with_room(groups: list[tuple[int, int]], room: float) -> list[tuple[int, int]]:
    """The groups, first to last + 1, whose names have room: the largest come first."""
    kept: list[tuple[int, int]] = []
    for a, b in sorted(groups, key=lambda group: group[0] - group[1]):
        if all(abs(a + b - c - d) / 2 >= room for c, d in kept):
            kept.append((a, b))
    return sorted(kept)


def connectivity(connectivity: Connectivity, lag: int, order: str, shown: np.ndarray | None, ax: Any) -> Any:
    """shown: bool [N][N], the pairs to draw; None: all."""
    values = connectivity.at(lag)
    n = len(values)
    if order == "given":
        place = np.arange(n)
    elif order == "cluster":
        place = _clustered(values)
    elif order == "region":
        if not connectivity.regions:
            raise InputError("order: region was asked for, but the recording names no regions; expected given or "
                             "cluster")
        place = np.argsort(connectivity.regions, kind="stable")
    else:
        raise OptionError(f"order: found {order!r}; expected one of given|region|cluster")
    axes = _axes(ax, (6.4, 5.4))
    off = np.abs(values[~np.eye(n, dtype=bool)])
    limit = float(np.quantile(off, 0.995)) if off.size and off.max() > 0 else 1.0
    limit = limit or float(off.max())
    drawn = values if shown is None else np.where(shown, values, 0)
    image = axes.imshow(drawn[np.ix_(place, place)], cmap="PuOr_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axes.figure.colorbar(image, ax=axes, label=f"C(lag {lag})\n{connectivity.unit}", extend="both")
    axes.set(xlabel="sender", ylabel="receiver", title="Effective connectivity")
    if order == "region":
        names = [connectivity.regions[k] for k in place]  # type: ignore[index]
        first = [k for k in range(n) if k == 0 or names[k] != names[k - 1]] + [n]
        size = axes.get_window_extent()
        room = n * LABEL_POINTS / (min(size.width, size.height) * 72 / axes.figure.dpi)
        named = _with_room(list(zip(first, first[1:])), room)
        middle = [(a + b - 1) / 2 for a, b in named]
        axes.set_xticks(middle, [names[a] for a, _ in named], rotation=90)
        axes.set_yticks(middle, [names[a] for a, _ in named])
        for edge in first[1:-1]:
            axes.axhline(edge - 0.5, color=BLACK, linewidth=0.5)
            axes.axvline(edge - 0.5, color=BLACK, linewidth=0.5)
    else:  # ids, as places in an order would be taken for neurons
        ticks = range(0, n, -(-n // MOST_IDS))
        ids = [connectivity.neurons[place[k]] for k in ticks]
        axes.set_xticks(ticks, ids, rotation=90, fontsize=7)
        axes.set_yticks(ticks, ids, fontsize=7)
    return axes
