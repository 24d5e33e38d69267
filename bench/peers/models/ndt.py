"""An NDT-type transformer (Ye and Pandarinath, 2021): a frame of the whole population is a token; causal attention over frames;
after every frame the next one is read out."""
import torch
from torch import nn

VARIANTS = [{"context": 48, "width": 64, "layers": 2, "heads": 2, "dropout": 0.2},
            {"context": 48, "width": 32, "layers": 2, "heads": 2, "dropout": 0.4}]


def layers_of(width, layers, heads, dropout):
    layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)


def causal(valid):
    """Mask [n][L][L], True where attention is not allowed: later frames, and frames before the segment (but for a frame's
    own, so that no row is empty)."""
    L = valid.shape[1]
    later = torch.ones(L, L, dtype=torch.bool).triu(1)
    return (later | (valid == 0)[:, None, :]) & ~torch.eye(L, dtype=torch.bool)


class NDT(nn.Module):
    every_frame = True  # a window holds as many targets as frames

    def __init__(self, N, B, L, width, layers, heads, dropout):
        super().__init__()
        self.heads = heads
        self.embed = nn.Linear(N + B, width)
        self.place = nn.Parameter(0.02 * torch.randn(L, width))
        self.dropout = nn.Dropout(dropout)
        self.layers = layers_of(width, layers, heads, dropout)
        self.readout = nn.Linear(width, N)

    def forward(self, x, u, valid):
        h = self.dropout(self.embed(torch.cat([x, u], 2)) + self.place)
        h = self.layers(h, mask=causal(valid).repeat_interleave(self.heads, 0))
        return self.readout(h), 0.0
