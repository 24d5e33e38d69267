"""Recordings as `synapsnet convert --splits` writes them (docs/file-formats.md): the same frames, the same normalisation.

Letters: T frames, N neurons, B behaviours, L frames of context, F targets.
"""
from dataclasses import dataclass

import h5py
import numpy as np
import torch


@dataclass
class Recording:
    name: str
    counts: bool            # spike counts: Poisson likelihood; otherwise squared error
    x: torch.Tensor         # [T][N] z-scored; where not observed, the last observed value of the segment, or 0
    observed: torch.Tensor  # [T][N] 1 or 0
    u: torch.Tensor         # [T][B]
    first: torch.Tensor     # [T] first frame of the segment that a frame is in; T where it is in none
    targets: dict           # "train", "validation", "test": [F]
    mean: torch.Tensor      # [N] raw = z * scale + mean
    scale: torch.Tensor     # [N]

    @property
    def N(self):
        return self.x.shape[1]

    @property
    def B(self):
        return self.u.shape[1]


def fill(x, observed, segments):
    """Last observed value of the segment in place of what is missing: a model's input, never a target."""
    x = x.copy()
    for start, stop in segments:
        for t in range(start + 1, stop):
            gone = observed[t] == 0
            x[t, gone] = x[t - 1, gone]
    return x


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def load(path):
    recordings = []
    with h5py.File(path) as f:
        for k in range(int(f.attrs["sessions"])):
            g = f[f"session_{k}"]
            x, observed, segments = g["x"][:], g["observed"][:], g["segments"][:]
            T = len(x)
            first = np.full(T, T)
            for start, stop in segments:
                first[start:stop] = start
            name, signal = (np.ravel(g.attrs[key])[0] for key in ("name", "signal"))
            recordings.append(Recording(
                name=text(name), counts=text(signal) == "counts",
                x=torch.tensor(fill(x, observed, segments)), observed=torch.tensor(observed, dtype=torch.float32),
                u=torch.tensor(g["u"][:]) if "u" in g else torch.zeros(T, 0), first=torch.tensor(first),
                targets={s: torch.tensor(g[s][:]) for s in ("train", "validation", "test")},
                mean=torch.tensor(g["mean"][:]), scale=torch.tensor(g["scale"][:])))
    return recordings


def windows(r, target, L):
    """Contexts of targets [n]: x [n][L][N] and u [n][L][B] of frames target - L .. target - 1, valid [n][L]. What lies
    before the segment is 0 and not valid: no window crosses a border."""
    frames = target[:, None] - L + torch.arange(L)
    valid = (frames >= r.first[target][:, None]).float()
    frames = frames.clamp(min=0)
    return r.x[frames] * valid[..., None], r.u[frames] * valid[..., None], valid


def next_frames(r, target, L, allowed):
    """For models that predict after every frame of a context: the L frames that follow, [n][L][N], and their weights,
    1 where the frame is one of `allowed` [T], in the segment, and was observed."""
    frames = target[:, None] - L + 1 + torch.arange(L)
    inside = (frames > r.first[target][:, None]) & (frames >= 0)
    frames = frames.clamp(min=0)
    return r.x[frames], r.observed[frames] * (inside & allowed[frames])[..., None]
