"""Writes golden/NAME.bin: small networks, their loss, gradients and training steps, by PyTorch in double precision.

    python3 tests/model/make_golden.py        (needs torch and numpy)

A file is a list of records: name (32 bytes, zero-padded), count (int64), count float32 numbers; all little-endian.
The equations are those of docs/model.md, written down again; the recurrent part is checked against torch.nn.GRU.

Letters: T frames, N neurons, B behaviours, H hidden units, d embedding, b behaviour inputs, F frames of the windows.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

FORMS = ("none", "dense", "lowrank", "lowrank+sparse", "masked")
STEPS = 3
RATES = {"decoder": 0.01, "neuron": 0.02, "connectivity": 0.005}
BETA1, BETA2, EPSILON, CLIP, AVERAGE = 0.9, 0.99, 1e-8, 1.0, 0.99


@dataclass
class Case:
    name: str
    form: str
    loss: str
    H: int
    N: int
    d: int
    B: int = 0
    b: int = 0
    rank: int = 0
    mask: bool = False
    ridge: float = 0.0
    l1: float = 0.0
    gain: float = 1.0
    windows: tuple = ((0, 9), (12, 17), (31, 6))
    amplitude: float = 1.0
    T: int = 40


CASES = (
    Case("none_gaussian", "none", "gaussian", H=4, N=5, d=2),
    Case("dense_gaussian", "dense", "gaussian", H=8, N=9, d=3, mask=True),
    Case("dense_behavior", "dense", "gaussian", H=16, N=11, d=4, B=2, b=3, mask=True, ridge=0.3, l1=0.02, gain=0.5),
    Case("dense_poisson", "dense", "poisson", H=5, N=7, d=1, l1=0.01),
    Case("lowrank_gaussian", "lowrank", "gaussian", H=7, N=6, d=2, B=1, b=1, rank=2, ridge=0.2, gain=0.7),
    Case("mixed_poisson", "lowrank+sparse", "poisson", H=12, N=11, d=3, B=3, b=2, rank=3, mask=True, l1=0.03, gain=1.5),
    Case("masked_gaussian", "masked", "gaussian", H=6, N=10, d=2, l1=0.01),
    Case("clipped_gaussian", "dense", "gaussian", H=9, N=8, d=2, amplitude=8.0, windows=((3, 33),)),
)


def tensors(case):
    """name -> (shape, group), in the order of the model's parameters."""
    H, N, d, B, b, rank = case.H, case.N, case.d, case.B, case.b, case.rank
    free = case.form in ("dense", "masked", "lowrank+sparse")
    factors = case.form in ("lowrank", "lowrank+sparse")
    shapes = {
        "decoder": ((3 * H + 3 * H + 3 * H * H + 2 * H,), "decoder"),
        "we": ((3 * H, d), "decoder"),
        "bias": ((3 * H,), "decoder"),
        "wu": ((3 * H, b), "decoder"),
        "e": ((N, d), "neuron"),
        "a": ((N,), "neuron"),
        "c": ((N,), "neuron"),
        "p": ((b, B), "decoder"),
        "z": ((N if free else 0, N), "connectivity"),
        "send": ((0 if case.form == "none" else 1, N), "fixed"),
        "s": ((N if factors else 0, rank), "connectivity"),
        "r": ((N if factors else 0, rank), "connectivity"),
    }
    return {name: shape for name, shape in shapes.items() if math.prod(shape[0]) > 0}


def split_decoder(decoder, H):
    """wx [3H], wi [3H], wh [3H][H], bhn [H], v [H]"""
    wx, wi, wh, bhn, v = torch.split(decoder, [3 * H, 3 * H, 3 * H * H, H, H])
    return wx, wi, wh.reshape(3 * H, H), bhn, v


def connectivity(case, p, support):
    W = torch.zeros(case.N, case.N, dtype=p["decoder"].dtype)
    if "z" in p:
        W = W + p["z"]
    if "s" in p:
        W = W + p["s"] @ p["r"].T
    return W * support


def currents(case, p, support, x):
    """I [L][N]; a neuron sends its activity less a share of it one frame before, for which the first stands too."""
    if case.form == "none":
        return torch.zeros_like(x)
    before = torch.cat([x[:1], x[:-1]])
    return (x - p["send"][0] * before) @ connectivity(case, p, support).T


def predict(case, p, support, x, u):
    """y [L][N] before the link function, from x [L][N] and u [L][B] of one window; the state starts at zero."""
    H = case.H
    wx, wi, wh, bhn, v = split_decoder(p["decoder"], H)
    current = currents(case, p, support, x)
    base = p["bias"] + p["e"] @ p["we"].T
    h = torch.zeros(case.N, H, dtype=x.dtype)
    out = []
    for t in range(x.shape[0]):
        gates = base + x[t, :, None] * wx + current[t, :, None] * wi
        if case.B:
            gates = gates + p["wu"] @ (p["p"] @ u[t])
        recurrent = h @ wh.T
        r = torch.sigmoid(gates[:, :H] + recurrent[:, :H])
        z = torch.sigmoid(gates[:, H : 2 * H] + recurrent[:, H : 2 * H])
        n = torch.tanh(gates[:, 2 * H :] + r * (recurrent[:, 2 * H :] + bhn))
        h = n + z * (h - n)
        out.append(p["a"] * x[t] + h @ v + p["c"])
    return torch.stack(out)


def predict_by_torch_gru(case, p, support, x, u):
    H = case.H
    wx, wi, wh, bhn, v = split_decoder(p["decoder"], H)
    current = currents(case, p, support, x)
    L, N = x.shape
    columns, weights = [x[..., None], current[..., None], p["e"].expand(L, N, -1)], [wx[:, None], wi[:, None], p["we"]]
    if case.B:
        columns.append((u @ p["p"].T)[:, None].expand(L, N, -1))
        weights.append(p["wu"])
    gru = torch.nn.GRU(sum(c.shape[-1] for c in columns), H, dtype=x.dtype)
    with torch.no_grad():
        gru.weight_ih_l0.copy_(torch.cat(weights, 1))
        gru.weight_hh_l0.copy_(wh)
        gru.bias_ih_l0.copy_(p["bias"])
        gru.bias_hh_l0.copy_(torch.cat([torch.zeros(2 * H, dtype=x.dtype), bhn]))
    h, _ = gru(torch.cat(columns, -1))
    return p["a"] * x + h @ v + p["c"]


def rates(y, mean):
    return mean * torch.nn.functional.softplus(y + math.log(math.e - 1))


def loss_of(case, p, data):
    """Mean over the observed targets."""
    total, observed = 0, 0
    for start, length in case.windows:
        x, u = data["x"][start : start + length], data["u"][start : start + length]
        target, seen = data["x"][start + 1 : start + 1 + length], data["mask"][start + 1 : start + 1 + length]
        y = predict(case, p, data["support"], x, u)
        if case.loss == "gaussian":
            each = (y - target) ** 2 / 2
        else:
            rate, counts = rates(y, data["mean"]), target * data["scale"] + data["mean"]
            each = rate - counts * torch.log(rate)
        total, observed = total + (seen * each).sum(), observed + seen.sum()
    return total / observed


def z_scored_predictions(case, p, data):
    out = []
    for start, length in case.windows:
        x, u = data["x"][start : start + length], data["u"][start : start + length]
        y = predict(case, p, data["support"], x, u)
        assert torch.allclose(y, predict_by_torch_gru(case, p, data["support"], x, u), atol=1e-5)
        out.append(y if case.loss == "gaussian" else (rates(y, data["mean"]) - data["mean"]) / data["scale"])
    return torch.cat(out)


def gradients_of(case, p, data):
    for value in p.values():
        value.grad = None
    loss = loss_of(case, p, data)
    loss.backward()
    zero = lambda v: torch.zeros_like(v) if v.grad is None else v.grad.clone()
    return loss.detach(), {name: zero(value) for name, value in p.items()}


@torch.no_grad()
def train_step(case, p, gradient, moment, square, average, step):
    groups = {name: group for name, (_, group) in tensors(case).items()}
    norm = math.sqrt(sum(float((g**2).sum()) for name, g in gradient.items() if groups[name] == "decoder"))
    for name, value in p.items():
        if groups[name] == "fixed":
            continue
        g, group, rate = gradient[name], groups[name], RATES[groups[name]]
        if group == "decoder" and norm > CLIP:
            g = g * (CLIP / norm)
        if group == "connectivity":
            g = g + case.ridge * case.gain**2 * value
        moment[name] = BETA1 * moment[name] + (1 - BETA1) * g
        square[name] = BETA2 * square[name] + (1 - BETA2) * g**2
        size = 1 / (torch.sqrt(square[name] / (1 - BETA2**step)) + EPSILON)
        new = value - rate * moment[name] / (1 - BETA1**step) * size
        sparse = name == "z" and case.l1 > 0
        if sparse:
            new = torch.sign(new) * torch.clamp(new.abs() - rate * size * case.l1 * case.gain, min=0)
        value.copy_(new)
        decay = min(AVERAGE, step / (step + 9))
        average[name] = decay * average[name] + (1 - decay) * value
        if sparse:
            average[name][value == 0] = 0
    return norm


def make_data(case, rng):
    T, N = case.T, case.N
    if case.loss == "poisson":
        counts = rng.poisson(rng.uniform(0.3, 3, N), (T, N)).astype(float)
        mean, scale = counts.mean(0).astype(np.float32), counts.std(0).astype(np.float32)
        x = (counts - mean) / scale
    else:
        mean, scale = np.zeros(N), np.ones(N)
        x = rng.normal(size=(T, N)) * case.amplitude
    support = np.ones((N, N)) if case.form != "masked" else (rng.random((N, N)) < 0.4) * 1.0
    np.fill_diagonal(support, 0)
    mask = (rng.random((T, N)) < 0.8) * 1.0 if case.mask else np.ones((T, N))
    u = rng.normal(size=(T, case.B))
    return {"x": x, "u": u, "mask": mask, "mean": mean, "scale": scale, "support": support}


def as_tensors(arrays, dtype):
    """Rounded to single precision first: what the test reads is what this computes with."""
    return {name: torch.tensor(np.asarray(a, np.float32), dtype=dtype) for name, a in arrays.items()}


def run(case, data, values, dtype):
    data, p = as_tensors(data, dtype), as_tensors(values, dtype)
    for name, (_, group) in tensors(case).items():
        p[name].requires_grad_(group != "fixed")
    out = {"prediction": z_scored_predictions(case, p, data)}
    moment, square = ({name: torch.zeros_like(v) for name, v in p.items()} for _ in range(2))
    average = {name: v.detach().clone() for name, v in p.items()}
    for step in range(1, STEPS + 1):
        loss, gradient = gradients_of(case, p, data)
        if step == 1:
            out["loss"] = loss[None]
            out |= {f"gradient.{name}": g for name, g in gradient.items()}
        norm = train_step(case, p, gradient, moment, square, average, step)
        assert norm > CLIP or not case.name.startswith("clipped"), f"{case.name}: gradient norm {norm}"
    out |= {f"next.{name}": v for name, v in p.items()} | {f"average.{name}": v for name, v in average.items()}
    return {name: value.detach().numpy() for name, value in out.items()}


def check_well_conditioned(case, values, exact, rounded):
    """Single precision must be able to pass: Adam divides by the size of the gradient, which may be almost zero."""
    for name in exact:
        moved = exact[name]
        kind, _, tensor = name.partition(".")
        if kind in ("next", "average"):
            moved = exact[name] - np.asarray(values[tensor], np.float32)
        error = np.abs(exact[name] - rounded[name]).max() / max(np.abs(moved).max(), 1e-30)
        assert error < 1e-4, f"{case.name}: {name} is off by {error} of its scale in single precision; another seed"


def write(path, records):
    with open(path, "wb") as file:
        for name, values in records.items():
            values = np.asarray(values, "<f4").ravel()
            file.write(struct.pack("<32sq", name.encode(), values.size) + values.tobytes())


def main():
    folder = Path(__file__).parent / "golden"
    folder.mkdir(exist_ok=True)
    for seed, case in enumerate(CASES):
        rng = np.random.default_rng(100 + seed)
        data = make_data(case, rng)
        values = {name: rng.normal(size=shape) * 0.4 for name, (shape, _) in tensors(case).items()}
        if "z" in values:  # what has no edge is zero in a model too
            values["z"] *= data["support"]
        exact, rounded = (run(case, data, values, dtype) for dtype in (torch.float64, torch.float32))
        check_well_conditioned(case, values, exact, rounded)
        sizes = [case.H, case.N, case.d, case.B, case.b, case.rank, case.T, FORMS.index(case.form)]
        records = {
            "sizes": sizes + [case.loss == "poisson", STEPS],
            "rates": [RATES["decoder"], RATES["neuron"], RATES["connectivity"]],
            "penalty": [case.ridge, case.l1, case.gain],
            "windows": case.windows,
        }
        records |= data | {f"value.{name}": v for name, v in values.items()} | exact
        write(folder / f"{case.name}.bin", records)


if __name__ == "__main__":
    main()
