"""A NetFormer-type attention model (Lu et al., ICLR 2025): a neuron's context and its embedding are a token; attention without
softmax between neurons is a connectivity that changes with the state, A; the next frame is x + A x.

`connectivity` is A averaged over contexts, row = receiver, column = sender."""
import torch
from torch import nn

VARIANTS = [{"context": 16, "embedding": 32, "width": 64}, {"context": 48, "embedding": 32, "width": 64}]


class NetFormer(nn.Module):
    def __init__(self, N, B, L, embedding, width):
        super().__init__()
        self.identity = nn.Parameter(torch.randn(N, embedding))
        self.norm = nn.LayerNorm(L + embedding)
        self.query, self.key = nn.Linear(L + embedding, width, bias=False), nn.Linear(L + embedding, width, bias=False)
        self.scale = (width * N) ** -0.5
        self.behavior = nn.Linear(B, N, bias=False) if B else None
        self.bias = nn.Parameter(torch.zeros(N))

    def attention(self, x):
        tokens = torch.cat([x.transpose(1, 2), self.identity.expand(len(x), -1, -1)], 2)
        tokens = self.norm(tokens)
        return self.query(tokens) @ self.key(tokens).transpose(1, 2) * self.scale

    def forward(self, x, u, valid):
        y = (self.attention(x) @ x[:, -1, :, None])[..., 0] + self.bias
        if self.behavior:
            y = y + self.behavior(u[:, -1])
        return y[:, None], 0.0

    def connectivity(self, x):
        with torch.no_grad():
            return self.attention(x).mean(0)
