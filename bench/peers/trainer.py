"""One trainer for every peer: AdamW, learning rate and variant chosen on the validation split, early stopping.

A peer maps a context x [n][L][N], u [n][L][B], valid [n][L] to y [n][1][N] (the next frame) or [n][L][N] (the frame after
each), plus an optional extra term of its loss. The prediction is y + a_i x_i of the last frame, with one a_i for each neuron,
as in SynapsNet: without it every peer loses to copy-last on slow calcium. Counts: rate = mean_i softplus(prediction + c),
c such that 0 is the mean rate.
"""
import copy
import math
import time

import torch
import torch.nn.functional as F

from data import next_frames, windows

RATES = (1e-2, 3e-3, 1e-3, 3e-4)
BATCH = 32
STEPS = 16  # of an epoch, at least: patience is counted in epochs
EVALUATION_BATCH = 256
OFFSET = math.log(math.e - 1)


class Peer(torch.nn.Module):
    """A network with the own-activity term around it."""

    def __init__(self, network, r):
        super().__init__()
        self.network = network
        self.counts = r.counts
        self.register_buffer("mean", r.mean)
        self.register_buffer("scale", r.scale)
        self.own = torch.nn.Parameter(torch.full((r.N,), 0.0 if r.counts else 0.5))

    def forward(self, x, u, valid):
        y, extra = self.network(x, u, valid)
        return y + self.own * x[:, -y.shape[1]:], extra

    def rate(self, y):
        return self.mean * F.softplus(y + OFFSET)

    def loss(self, y, z, weight):
        """Sum over entries; z: z-scored truth."""
        if not self.counts:
            return (weight * (y - z) ** 2).sum() / 2
        rate = self.rate(y) + 1e-6
        return (weight * (rate - (z * self.scale + self.mean) * torch.log(rate))).sum()

    def prediction(self, y):
        """z-scored."""
        return (self.rate(y) - self.mean) / self.scale if self.counts else y


def last_frames(peer, r, target, L):
    """Predictions [n][N] of the targets, before the link."""
    peer.eval()
    with torch.no_grad():
        return torch.cat([peer(*windows(r, part, L))[0][:, -1] for part in target.split(EVALUATION_BATCH)])


def validation_loss(peer, r, L):
    target = r.targets["validation"]
    weight = r.observed[target]
    return float(peer.loss(last_frames(peer, r, target, L), r.x[target], weight) / weight.sum())


class Recorded:
    """A training step that, after a few, is recorded as a CUDA graph and replayed: networks of this size otherwise wait for the
    launches of their kernels. Batches of another size are run as they are."""

    def __init__(self, step, size):
        self.step, self.size, self.warm, self.graph = step, size, 0, None
        self.part = torch.zeros(size, dtype=torch.int64)
        self.stream = torch.cuda.Stream()

    def __call__(self, part):
        if len(part) != self.size or self.warm < 3:
            self.warm += 1
            self.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self.stream):
                self.step(part)
            torch.cuda.current_stream().wait_stream(self.stream)
            return
        self.part.copy_(part)
        if self.graph is None:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.step(self.part)
        self.graph.replay()


def train(peer, r, L, rate, seed, epochs, patience):
    """Leaves the weights of the best epoch; returns its validation loss and the epochs that were run."""
    generator = torch.Generator("cpu").manual_seed(seed)
    on_gpu = r.x.is_cuda
    optimiser = torch.optim.AdamW(peer.parameters(), lr=torch.tensor(rate) if on_gpu else rate, weight_decay=1e-3,
                                  capturable=on_gpu)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.3, patience=patience // 3)
    target = r.targets["train"]
    allowed = torch.zeros(len(r.x), dtype=torch.bool)
    allowed[target] = True
    # windows that hold many targets need not start at every frame
    windows_of_epoch = len(target)
    if getattr(peer.network, "every_frame", False):
        windows_of_epoch = max(STEPS * BATCH, len(target) // 8)
    extra_weight = torch.tensor(0.0)

    def step(part):
        optimiser.zero_grad()
        y, extra = peer(*windows(r, part, L))
        z, weight = next_frames(r, part, L, allowed)
        z, weight = z[:, -y.shape[1]:], weight[:, -y.shape[1]:]
        loss = peer.loss(y, z, weight) / weight.sum().clamp(min=1) + extra * extra_weight
        loss.backward()
        torch.nn.utils.clip_grad_norm_(peer.parameters(), 1.0)
        optimiser.step()

    if on_gpu:
        step = Recorded(step, BATCH)
    best, best_epoch, best_state = math.inf, 0, copy.deepcopy(peer.state_dict())
    for epoch in range(1, epochs + 1):
        peer.train()
        extra_weight.fill_(min(1.0, epoch / 10))
        order = target[torch.randperm(len(target), generator=generator, device="cpu").to(target.device)]
        for part in order[:windows_of_epoch].split(BATCH):
            step(part)
        value = validation_loss(peer, r, L)
        schedule.step(value if math.isfinite(value) else 1e9)
        if value < best:
            best, best_epoch, best_state = value, epoch, copy.deepcopy(peer.state_dict())
        if epoch - best_epoch >= patience:
            break
    peer.load_state_dict(best_state)
    return best, epoch


def attempt(build, variants, r, choice, seed, epochs, patience):
    """Fits one variant with one learning rate. Returns a record, the test predictions [F][N] and the peer."""
    begin = time.process_time()
    v, rate = choice
    options = dict(variants[v])
    L = options.pop("context")
    torch.manual_seed(seed)
    peer = Peer(build(r.N, r.B, L, **options), r)
    loss, run = train(peer, r, L, rate, seed, epochs, patience)
    with torch.no_grad():
        prediction = peer.prediction(last_frames(peer, r, r.targets["test"], L)).cpu().numpy()
    return {"choice": choice, "variant": variants[v], "validation_loss": loss, "epochs": run,
            "parameters": sum(p.numel() for p in peer.parameters()), "seconds": time.process_time() - begin}, prediction, peer


def choices(variants):
    return [(v, rate) for v in range(len(variants)) for rate in RATES]


def summary(records):
    """That of the best on validation, with what was tried."""
    best = min(records, key=lambda record: record["validation_loss"])
    return {**best, "seconds": sum(record["seconds"] for record in records),
            "tried": [{key: record[key] for key in ("choice", "validation_loss", "epochs")} for record in records]}


def fit(build, variants, r, seed, epochs, patience):
    """Tries every variant and learning rate. Returns the test predictions [F][N], a record and the peer of the best."""
    attempts = [attempt(build, variants, r, choice, seed, epochs, patience) for choice in choices(variants)]
    _, prediction, peer = min(attempts, key=lambda a: a[0]["validation_loss"])
    return prediction, summary([a[0] for a in attempts]), peer
