"""An LFADS-type sequential autoencoder (Pandarinath et al., Nature Methods 2018): a bidirectional encoder gives the initial
condition of a generator, a controller infers its inputs as the context goes by, factors read out all neurons.

To forecast, the generator makes one more step than the context has frames, with the controller's input at its prior mean:
the first L outputs reconstruct the context, the last is the prediction. The loss of both, and the two divergences from
the priors, are learned together; the divergences are phased in.
"""
import torch
from torch import nn
from torch.nn import functional as F

VARIANTS = [{"context": 32, "hidden": 64, "factors": 24, "inputs": 4, "dropout": 0.2}]
DIVERGENCE = 1e-3  # weight, per entry of the context


def divergence(mean, log_variance):
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(-1)


class LFADS(nn.Module):
    def __init__(self, N, B, L, hidden, factors, inputs, dropout):
        super().__init__()
        self.inputs = inputs
        self.encoder = nn.GRU(N + B, hidden, batch_first=True, bidirectional=True)
        self.initial = nn.Linear(2 * hidden, 2 * hidden)
        self.watcher = nn.GRU(N + B, hidden, batch_first=True)  # what the controller sees: frames so far
        self.controller = nn.GRUCell(hidden + factors, hidden)
        self.inferred = nn.Linear(hidden, 2 * inputs)
        self.generator = nn.GRUCell(inputs + B, hidden)
        self.factors = nn.Linear(hidden, factors, bias=False)
        self.readout = nn.Linear(factors, N)
        self.dropout = nn.Dropout(dropout)

    def sample(self, both):
        mean, log_variance = both.chunk(2, -1)
        log_variance = log_variance.clamp(-8, 4)
        noise = torch.randn_like(mean) if self.training else 0.0
        return mean + noise * (log_variance / 2).exp(), divergence(mean, log_variance)

    def forward(self, x, u, valid):
        n, L, N = x.shape
        seen = self.dropout(torch.cat([x, u], 2))
        both = self.encoder(seen)[1].transpose(0, 1).reshape(n, -1)
        state, loss = self.sample(self.initial(self.dropout(both)))
        watched = self.watcher(seen)[0]
        control, f = torch.zeros_like(state), self.factors(state)
        made = []
        for t in range(L + 1):
            if t < L:
                control = self.controller(torch.cat([watched[:, t], f], 1), control)
                v, more = self.sample(self.inferred(self.dropout(control)))
                loss = loss + more * valid[:, t]
            else:
                v = torch.zeros(n, self.inputs)
            state = self.generator(torch.cat([v, u[:, min(t, L - 1)]], 1), state).clamp(-5, 5)
            f = self.factors(self.dropout(state))
            made.append(f)
        y = self.readout(torch.stack(made, 1))
        # the context is reconstructed as it is, without the own-activity term: a squared error for counts too
        rebuilt = ((y[:, :-1] - x) ** 2 * valid[..., None]).sum() / (valid.sum() * N).clamp(min=1)
        return y[:, -1:], 0.5 * rebuilt + DIVERGENCE * loss.mean() / N
