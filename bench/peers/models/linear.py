"""DLinear and NLinear (Zeng et al., AAAI 2023): one linear map over time, the same for all neurons or one for each.

DLinear: the context is split into a moving average (25 frames) and what remains, each with a map of its own.
NLinear: the last value is taken off the context before the map, and put back after.
Behaviour enters by a linear map of its last frame.
"""
import torch
from torch import nn
from torch.nn import functional as F

AVERAGE = 25
VARIANTS = [{"context": L, "individual": individual} for L in (16, 48) for individual in (False, True)]


class Map(nn.Module):
    """[n][L][N] -> [n][N]"""

    def __init__(self, N, L, individual):
        super().__init__()
        self.weight = nn.Parameter(torch.full((N if individual else 1, L), 0.5 / L))
        self.bias = nn.Parameter(torch.zeros(N if individual else 1))

    def forward(self, x):
        return torch.einsum("nli,il->ni", x, self.weight.expand(x.shape[2], -1)) + self.bias


class Linear(nn.Module):
    def __init__(self, N, B):
        super().__init__()
        self.behavior = nn.Linear(B, N, bias=False) if B else None

    def finish(self, y, u):
        return (y + self.behavior(u[:, -1]) if self.behavior else y)[:, None], 0.0


class DLinear(Linear):
    def __init__(self, N, B, L, individual):
        super().__init__(N, B)
        self.trend, self.rest = Map(N, L, individual), Map(N, L, individual)

    def forward(self, x, u, valid):
        k = min(AVERAGE, x.shape[1] // 2 * 2 - 1)
        padded = F.pad(x.transpose(1, 2), (k // 2, k // 2), mode="replicate")
        trend = F.avg_pool1d(padded, k, stride=1).transpose(1, 2)
        return self.finish(self.trend(trend) + self.rest(x - trend), u)


class NLinear(Linear):
    def __init__(self, N, B, L, individual):
        super().__init__(N, B)
        self.map = Map(N, L, individual)

    def forward(self, x, u, valid):
        last = x[:, -1]
        return self.finish(self.map(x - last[:, None]) + last, u)
