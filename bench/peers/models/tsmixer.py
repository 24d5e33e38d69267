"""TSMixer (Chen et al., TMLR 2023): blocks that mix over time, the same for all channels, and over channels, the same for all
frames; then a linear map over time. Behaviours are channels among the neurons."""
from torch import cat, nn

VARIANTS = [{"context": 24, "width": 64, "blocks": 2, "dropout": 0.3}, {"context": 48, "width": 32, "blocks": 4, "dropout": 0.1}]


class Block(nn.Module):
    def __init__(self, channels, L, width, dropout):
        super().__init__()
        self.time_norm, self.channel_norm = nn.LayerNorm([L, channels]), nn.LayerNorm([L, channels])
        self.time = nn.Sequential(nn.Linear(L, L), nn.ReLU(), nn.Dropout(dropout))
        self.channel = nn.Sequential(nn.Linear(channels, width), nn.ReLU(), nn.Dropout(dropout),
                                     nn.Linear(width, channels), nn.Dropout(dropout))

    def forward(self, x):
        x = x + self.time(self.time_norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel(self.channel_norm(x))


class TSMixer(nn.Module):
    def __init__(self, N, B, L, width, blocks, dropout):
        super().__init__()
        self.N = N
        self.blocks = nn.Sequential(*[Block(N + B, L, width, dropout) for _ in range(blocks)])
        self.map = nn.Linear(L, 1)

    def forward(self, x, u, valid):
        y = self.blocks(cat([x, u], 2))
        return self.map(y.transpose(1, 2)).transpose(1, 2)[..., : self.N], 0.0
