"""A few steps of every peer on a made-up recording with trials, missing entries and behaviour:  python smoke.py [cpu|cuda]

Each must train, predict every test target, use no frame from the target on or of another trial, and put no weight on what
was not observed. Not part of `make test`: PyTorch alone is half a gigabyte."""
import sys

import numpy as np
import torch

import trainer
from data import Recording, fill, next_frames, windows
from models import PEERS
from trainer import RATES, Peer, fit

T, N, B, TRIAL = 600, 7, 2, 60


def recording(counts):
    random = np.random.default_rng(1)
    x = random.poisson(1.0, (T, N)) if counts else random.standard_normal((T, N)).cumsum(0) * 0.1
    mean, scale = x.mean(0), x.std(0)
    observed = (random.random((T, N)) > 0.1).astype(np.uint8)
    segments = np.array([[s, s + TRIAL] for s in range(0, T, TRIAL)])
    z = fill(((x - mean) / scale * observed).astype(np.float32), observed, segments)
    frames = [t for start, stop in segments for t in range(start + 1, stop)]
    targets = {"train": frames[: len(frames) // 2], "validation": frames[len(frames) // 2: -100], "test": frames[-100:]}
    return Recording("made up", counts, torch.tensor(z), torch.tensor(observed, dtype=torch.float32),
                     torch.tensor(random.standard_normal((T, B)), dtype=torch.float32),
                     torch.tensor(np.repeat(segments[:, 0], TRIAL)), {k: torch.tensor(v) for k, v in targets.items()},
                     torch.tensor(mean, dtype=torch.float32), torch.tensor(scale, dtype=torch.float32))


def changed(r, frames):
    """The same recording with other activity and behaviour in these frames."""
    other = Recording(**vars(r))
    other.x, other.u = r.x.clone(), r.u.clone()
    other.x[frames] += 1.0
    other.u[frames] += 1.0
    return other


def check_reach(name, peer, r, L):
    """Nothing from the target on, and nothing of another trial, reaches a prediction; the frame before it does."""
    peer.eval()
    target = torch.tensor([3 * TRIAL + 20])
    with torch.no_grad():
        def predict(source):
            return peer(*windows(source, target, L))[0][:, -1]

        same = predict(r)
        outside = torch.cat([torch.arange(3 * TRIAL), torch.arange(int(target), T)])
        assert torch.equal(same, predict(changed(r, outside))), f"{name}: sees the target, later frames or another trial"
        assert not torch.equal(same, predict(changed(r, target - 1))), f"{name}: does not see the last frame"
        x, u, valid = windows(r, target, L)
        y = peer(x, u, valid)[0]
        if y.shape[1] > 1:  # every position from the frames up to it
            x[:, L // 2:] += 1.0
            assert torch.equal(y[:, : L // 2], peer(x, u, valid)[0][:, : L // 2]), f"{name}: is not causal"


def check_recorded(name, build, options, r):
    """A step that is replayed on a GPU learns what the same step learns when it is run; without dropout, and but for LFADS,
    which draws noise, to the last digits."""
    if "dropout" in options:
        options = {**options, "dropout": 0.0}
    replayed, recorded = [], trainer.Recorded
    for trainer.Recorded in recorded, lambda step, size: step:
        replayed.append(trainer.attempt(build, [options], r, (0, 3e-3), 0, 3, 3)[0]["validation_loss"])
    trainer.Recorded = recorded
    tolerance = 0.05 if name == "LFADS" else 1e-4
    assert abs(replayed[0] - replayed[1]) < tolerance * abs(replayed[1]), f"{name}: {replayed} when replayed and when not"


def main():
    device = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    torch.set_default_device(device)
    for counts in False, True:
        r = recording(counts)
        for name, (build, variants) in PEERS.items():
            prediction, record, peer = fit(build, variants, r, 0, 2, 2)
            assert prediction.shape == (100, N) and np.isfinite(prediction).all(), name
            assert len(record["tried"]) == len(RATES) * len(variants), name
            check_reach(name, peer, r, variants[record["choice"][0]]["context"])
            if device != "cpu":
                check_recorded(name, build, variants[0], r)
            print(f"{name}, {'counts' if counts else 'fluorescence'}: {record['parameters']} parameters, "
                  f"validation loss {record['validation_loss']:.3f}")
        allowed = torch.ones(T, dtype=torch.bool)
        truth, weight = next_frames(r, r.targets["train"], 16, allowed)
        assert not (weight.sum() == weight.numel()), "missing entries have a weight"
        assert torch.equal(weight[:, -1], r.observed[r.targets["train"]]), "weights are not those of the targets"
    print("all peers pass")


main()
