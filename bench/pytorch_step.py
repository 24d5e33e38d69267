"""The same training step in PyTorch, in every way that could be the fastest, in turn with synapsnet's.

    python bench/pytorch_step.py build/release/bench/bench_step

One training step: currents, recurrent decoder over a window, Gaussian loss, gradients of everything, Adam. All variants
compute the same; the loss of each is checked against the first. The fastest of them, and the fastest of those whose
backward pass is PyTorch's own, are then timed in turn with bench_step.

Letters: N neurons, L frames of a window, S windows, H hidden units, d embedding.
"""

import argparse
import statistics
import subprocess
import time
import warnings

import torch
import torch.nn.functional as F

N, L, S, D = 250, 64, 32, 8
STEPS = N * L * S
BY_HAND = "backward by hand"


class Model:
    """Parameters and data; the state of neuron i in window s is row s N + i."""

    def __init__(self, H):
        torch.manual_seed(1)
        normal = lambda *shape: (0.1 * torch.randn(*shape)).requires_grad_(True)
        self.H = H
        self.W, self.e, self.a, self.c = normal(N, N), normal(N, D), normal(N), normal(N)
        self.wx, self.wi, self.we, self.bias = normal(3 * H), normal(3 * H), normal(3 * H, D), normal(3 * H)
        self.wh, self.bhn, self.v = normal(3 * H, H), normal(H), normal(H)
        self.parameters = [v for v in vars(self).values() if isinstance(v, torch.Tensor)]
        self.x = torch.randn(L + 1, S, N)
        self.off_diagonal = 1 - torch.eye(N)
        self.gru = torch.nn.GRU(2 + D, H)
        self.adam = torch.optim.Adam(self.parameters, lr=1e-6, betas=(0.9, 0.99), fused=True)

    def current(self):
        return self.x[:L] @ (self.W * self.off_diagonal).T

    def base(self):
        return self.bias + self.e @ self.we.T


def gates(x, current, base, m):
    """[L][rows][3H]: all that does not depend on the state."""
    return torch.addcmul(torch.addcmul(base, x[..., None], m.wx), current[..., None], m.wi)


def cell(gate, h, wh, bhn):
    gate_r, gate_z, gate_n = gate.chunk(3, -1)
    recurrent_r, recurrent_z, s = (h @ wh.T).chunk(3, -1)
    r, z = torch.sigmoid(gate_r + recurrent_r), torch.sigmoid(gate_z + recurrent_z)
    n = torch.tanh(gate_n + r * (s + bhn))
    return n + z * (h - n)


def cell_with_inputs(x, current, base, wx, wi, h, wh, bhn):
    return cell(base + x[:, None] * wx + current[:, None] * wi, h, wh, bhn)


def activate(gate, recurrent, h, bhn):
    H = h.shape[-1]
    r = torch.sigmoid(gate[:, :H] + recurrent[:, :H])
    z = torch.sigmoid(gate[:, H : 2 * H] + recurrent[:, H : 2 * H])
    s = recurrent[:, 2 * H :] + bhn
    n = torch.tanh(gate[:, 2 * H :] + r * s)
    return r, z, n, s, n + z * (h - n)


def activate_backward(dh, dy, v, r, z, n, s, h):
    total = torch.addcmul(dh, dy[:, None], v)
    dn = total * (1 - z) * (1 - n * n)
    dz = total * (h - n) * z * (1 - z)
    dr = dn * s * r * (1 - r)
    return torch.cat([dr, dz, dn], 1), torch.cat([dr, dz, dn * r], 1), total * z


class Loop(torch.autograd.Function):
    """The time loop with its backward pass by hand: one product for the weights' gradient over all frames."""

    @staticmethod
    def forward(ctx, gate, wh, bhn, v, functions):
        h, tape, states = gate.new_zeros(gate.shape[1], wh.shape[1]), [], []
        transposed = wh.T.contiguous()
        for t in range(L):
            states.append(h)
            *slot, h = functions[0](gate[t], h @ transposed, h, bhn)
            tape.append(slot)
        states.append(h)
        ctx.tape, ctx.states, ctx.functions = tape, states, functions
        ctx.save_for_backward(wh, v)
        return torch.stack(states[1:]) @ v

    @staticmethod
    def backward(ctx, dy):
        wh, v = ctx.saved_tensors
        dh, input_side, state_side = torch.zeros_like(ctx.states[0]), [None] * L, [None] * L
        for t in reversed(range(L)):
            input_side[t], state_side[t], dh = ctx.functions[1](dh, dy[t], v, *ctx.tape[t], ctx.states[t])
            dh.addmm_(state_side[t], wh)
        d, states = torch.cat(state_side), torch.cat(ctx.states)
        rows = dy.shape[1]
        dv = states[rows:].T @ dy.flatten()
        H = wh.shape[1]
        return torch.stack(input_side), d.T @ states[: L * rows], d[:, 2 * H :].sum(0), dv, None


def readout(m, x, h_v, a, c):
    return a * x + h_v + c


def by_nn_gru(m, x, current, base, a, c):
    del base
    m.gru.weight_ih_l0.data = torch.cat([m.wx[:, None], m.wi[:, None], m.we], 1).detach()
    m.gru.weight_hh_l0.data, m.gru.bias_ih_l0.data = m.wh.detach(), m.bias.detach()
    m.gru.bias_hh_l0.data = torch.cat([torch.zeros(2 * m.H), m.bhn.detach()])
    e = m.e.repeat(x.shape[1] // N, 1).expand(L, -1, -1)
    h, _ = m.gru(torch.cat([x[..., None], current[..., None], e], -1))
    return readout(m, x, h @ m.v, a, c)


def by_loop(function):
    def run(m, x, current, base, a, c):
        h, out = x.new_zeros(x.shape[1], m.H), []
        for gate in gates(x, current, base, m).unbind():
            h = function(gate, h, m.wh, m.bhn)
            out.append(h)
        return readout(m, x, torch.stack(out) @ m.v, a, c)

    return run


def by_fused_loop(function):
    def run(m, x, current, base, a, c):
        h, out = x.new_zeros(x.shape[1], m.H), []
        for xt, current_t in zip(x.unbind(), current.unbind()):
            h = function(xt, current_t, base, m.wx, m.wi, h, m.wh, m.bhn)
            out.append(h)
        return readout(m, x, torch.stack(out) @ m.v, a, c)

    return run


def by_manual_loop(functions):
    def run(m, x, current, base, a, c):
        h_v = Loop.apply(gates(x, current, base, m), m.wh, m.bhn, m.v, functions)
        return readout(m, x, h_v, a, c)

    return run


def loss_whole_batch(m, predict):
    """Time outside, all neurons and windows inside."""
    flat = lambda v: v.reshape(L, S * N)
    rows = lambda v: v.repeat(S, *[1] * (v.dim() - 1))
    y = predict(m, flat(m.x[:L]), flat(m.current()), rows(m.base()), rows(m.a), rows(m.c))
    loss = 0.5 * F.mse_loss(y, flat(m.x[1:]))
    loss.backward()
    return loss.detach()


def loss_in_blocks(windows):
    """Blocks of `windows` windows outside, forward and backward over time inside, so that a block stays in the cache."""

    def loss_of(m, predict):
        whole, total = m.current(), 0.0
        current = whole.detach().requires_grad_(True)
        for first in range(0, S, windows):
            flat = lambda v: v[:, first : first + windows].reshape(L, windows * N)
            rows = lambda v: v.repeat(windows, *[1] * (v.dim() - 1))
            y = predict(m, flat(m.x[:L]), flat(current), rows(m.base()), rows(m.a), rows(m.c))
            loss = 0.5 * F.mse_loss(y, flat(m.x[1:])) * (windows / S)
            loss.backward()
            total += loss.detach()
        whole.backward(current.grad)
        return total

    return loss_of


def variants():
    compiled = lambda f: torch.compile(f, dynamic=False)
    manual = (activate, activate_backward)
    loops = {
        "nn.GRU": by_nn_gru,
        "cell loop": by_loop(cell),
        "cell loop, compiled": by_fused_loop(compiled(cell_with_inputs)),
        BY_HAND: by_manual_loop(manual),
        f"{BY_HAND}, compiled": by_manual_loop(tuple(compiled(f) for f in manual)),
    }
    orders = {
        "time outside": loss_whole_batch,
        "4 blocks outside": loss_in_blocks(S // 4),
        "32 blocks outside": loss_in_blocks(1),
    }
    return {f"{a}, {b}": (orders[b], loops[a]) for a in loops for b in orders}


def train_step(m, variant):
    order, predict = variant
    m.adam.zero_grad(set_to_none=True)
    loss = order(m, predict)
    m.adam.step()
    return float(loss)


def nanoseconds(m, variant, repeats, clock=time.perf_counter):
    elapsed = []
    for _ in range(repeats):
        start = clock()
        train_step(m, variant)
        elapsed.append(clock() - start)
    return statistics.median(elapsed) * 1e9 / STEPS


def time_variants(H, repeats):
    """[(ns, name, variant, model)], the fastest first."""
    out, expected = [], None
    for name, variant in variants().items():
        m = Model(H)
        try:
            loss = train_step(m, variant)  # compiles
        except Exception as error:  # a compiler is missing, or this version cannot compile it
            print(f"  {name}: {type(error).__name__}")
            continue
        expected = expected or loss
        assert abs(loss - expected) < 1e-4 * expected, f"{name}: loss {loss}, expected {expected}"
        ns = nanoseconds(m, variant, repeats)
        print(f"  H={H:<3} {name:<52} {ns:9.1f} ns", flush=True)
        out.append((ns, name, variant, m))
    return sorted(out, key=lambda v: v[0])


def in_turn(program, H, threads, rounds, name, variant, m):
    pairs = [(ours(program, H, threads, 1), nanoseconds(m, variant, 2)) for _ in range(rounds)]
    mine, theirs = (statistics.median(p[k] for p in pairs) for k in (0, 1))
    ratios = sorted(b / a for a, b in pairs)
    return H, mine, theirs, statistics.median(ratios), ratios[0], ratios[-1], name


def matrix_product(seconds):
    """GFLOP/s of torch.mm."""
    size, best, start = 1024, float("inf"), time.perf_counter()
    a, b, c = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)
    while time.perf_counter() - start < seconds:
        before = time.perf_counter()
        torch.mm(a, b, out=c)
        best = min(best, time.perf_counter() - before)
    return 2e-9 * size**3 / best


def ours(program, H, threads, seconds):
    command = [program, "step", str(N), str(H), str(threads), str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="bench_step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of measurements")
    parser.add_argument("--hidden", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--gflops", action="store_true", help="print the speed of torch.mm and stop")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    if arguments.gflops:
        print(f"{matrix_product(2):.1f}")
        return
    print(f"PyTorch {torch.__version__}, every variant:")
    summary = []
    for H in arguments.hidden:
        torch._dynamo.reset()
        timed = time_variants(H, 2)
        rivals = [timed[0]] + [v for v in timed if not v[1].startswith(BY_HAND)][:1]
        for _, name, variant, m in rivals[: 1 if rivals[0] is rivals[-1] else 2]:
            summary.append(in_turn(arguments.program, H, arguments.threads, arguments.rounds, name, variant, m))
    print(f"\nns per neuron-step, {arguments.threads} threads, medians of {arguments.rounds} pairs in turn:")
    print(f"{'H':>4} {'synapsnet':>10} {'PyTorch':>9} {'faster':>8}  {'pairs':>14}  PyTorch's way")
    for H, mine, theirs, ratio, low, high, name in summary:
        print(f"{H:>4} {mine:>10.1f} {theirs:>9.1f} {ratio:>7.1f}x  {f'{low:.1f} to {high:.1f}':>14}  {name}")


if __name__ == "__main__":
    main()
