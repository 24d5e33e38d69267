"""An STNDT-type transformer (Le and Shlizerman, NeurIPS 2022): attention over frames (a frame of all neurons is a token) beside
attention over neurons (a neuron's context is a token); the neurons' attention weighs what the frames' branch reads out."""
import torch
from torch import nn

from .ndt import causal, layers_of

VARIANTS = [{"context": 48, "width": 32, "layers": 2, "heads": 2, "dropout": 0.2}]


class STNDT(nn.Module):
    def __init__(self, N, B, L, width, layers, heads, dropout):
        super().__init__()
        self.heads = heads
        self.frame, self.neuron = nn.Linear(N + B, width), nn.Linear(L, width)
        self.place, self.identity = nn.Parameter(0.02 * torch.randn(L, width)), nn.Parameter(0.02 * torch.randn(N, width))
        self.dropout = nn.Dropout(dropout)
        self.over_frames = layers_of(width, layers, heads, dropout)
        self.over_neurons = layers_of(width, layers, heads, dropout)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.readout, self.spatial_readout = nn.Linear(width, N), nn.Linear(width, 1)

    def forward(self, x, u, valid):
        h = self.dropout(self.frame(torch.cat([x, u], 2)) + self.place)
        h = self.over_frames(h, mask=causal(valid).repeat_interleave(self.heads, 0))
        s = self.dropout(self.neuron(x.transpose(1, 2)) + self.identity)
        s = self.over_neurons(s)
        temporal = self.readout(h[:, -1])
        weights = torch.softmax(self.query(s) @ self.key(s).transpose(1, 2) / s.shape[2] ** 0.5, 2)
        y = temporal + (weights @ temporal[..., None])[..., 0] + self.spatial_readout(s)[..., 0]
        return y[:, None], 0.0
