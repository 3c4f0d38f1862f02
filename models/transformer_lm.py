"""The decoder-only Transformer of transformer-lm and transformer-lm-small."""

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """Pre-norm: attention, then two dense layers, each added to what came in."""

    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, hidden)
        self.output = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.output(functional.gelu(self.hidden(self.norm2(x)))))

    def attention(self, x):
        batch, time, width = x.shape
        q, k, v = self.qkv(x).view(batch, time, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.project(y.transpose(1, 2).reshape(batch, time, width))


class TransformerLm(nn.Module):
    """Tokens [N, time] to logits [N, time, vocabulary]. Positions are learned."""

    def __init__(self, vocabulary, time, width, layers, heads, hidden, dropout=0.0, tied=False):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.zeros(time, width))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(width, heads, hidden, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, tokens):
        x = self.dropout(self.embedding(tokens) + self.position)
        return self.head(self.norm(self.blocks(x)))


def starts(layers):
    """As GPT-2's: N(0, 0.02), divided by √(2·layers) where a block is added to what came in; biases are zero."""
    narrow = {"kind": "normal", "mean": 0, "stddev": 0.02}
    narrower = {"kind": "normal", "mean": 0, "stddev": 0.02 / (2 * layers) ** 0.5}
    weights = ("embedding.weight", "position", "*.qkv.weight", "*.hidden.weight")
    return {
        **dict.fromkeys(weights, narrow),
        **dict.fromkeys(("*.project.weight", "*.output.weight"), narrower),
        "blocks.*.bias": {"kind": "zeros"},
    }
