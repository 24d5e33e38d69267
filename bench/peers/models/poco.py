"""A POCO-type population-conditioned forecaster (Duan et al., NeurIPS 2025): one small network maps each neuron's own context to
its next value; a population encoder (tokens of all neurons' patches, read by a few latents) scales and shifts its hidden
units (FiLM), for each neuron by its embedding."""
import torch
from torch import nn

VARIANTS = [{"context": 48, "patch": 16, "width": 32, "hidden": 64, "latents": 8, "layers": 1, "heads": 4, "dropout": 0.2}]


class Attend(nn.Module):
    """Queries read from tokens, then a feed-forward layer."""

    def __init__(self, width, heads, dropout):
        super().__init__()
        self.query_norm, self.token_norm, self.norm = (nn.LayerNorm(width) for _ in range(3))
        self.attention = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.forward_layer = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout),
                                           nn.Linear(2 * width, width))

    def forward(self, query, tokens):
        tokens = self.token_norm(tokens)
        query = query + self.attention(self.query_norm(query), tokens, tokens, need_weights=False)[0]
        return query + self.forward_layer(self.norm(query))


class POCO(nn.Module):
    def __init__(self, N, B, L, patch, width, hidden, latents, layers, heads, dropout):
        super().__init__()
        self.patch = patch
        self.own = nn.Linear(L, hidden)
        self.out = nn.Linear(hidden, 1)
        self.token = nn.Linear(patch, width)
        self.unit = nn.Parameter(0.02 * torch.randn(N, width))
        self.place = nn.Parameter(0.02 * torch.randn(L // patch, width))
        self.behavior = nn.Linear(B, width) if B else None
        self.latent = nn.Parameter(0.02 * torch.randn(latents, width))
        self.read = Attend(width, heads, dropout)
        self.think = nn.ModuleList([Attend(width, heads, dropout) for _ in range(layers)])
        self.answer = Attend(width, heads, dropout)
        self.film = nn.Linear(width, 2 * hidden)
        nn.init.zeros_(self.film.weight), nn.init.zeros_(self.film.bias)

    def forward(self, x, u, valid):
        n, L, N = x.shape
        traces = x.transpose(1, 2)  # [n][N][L]
        tokens = self.token(traces.reshape(n, N, L // self.patch, self.patch))
        tokens = (tokens + self.unit[:, None] + self.place).reshape(n, -1, tokens.shape[-1])
        if self.behavior:
            tokens = torch.cat([tokens, self.behavior(u)], 1)
        latents = self.read(self.latent.expand(n, -1, -1), tokens)
        for layer in self.think:
            latents = layer(latents, latents)
        scale, shift = self.film(self.answer(self.unit.expand(n, -1, -1), latents)).chunk(2, -1)
        hidden = torch.relu(self.own(traces)) * (1 + scale) + shift
        return self.out(hidden).transpose(1, 2), 0.0
