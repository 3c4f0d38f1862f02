"""Models as somebody writes them in an evening, small: the layers and the ways of shaping tensors that people use."""

import math

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from registry import Registry

REGISTRY = Registry()
model = REGISTRY.model


@model((3, 16, 16))
class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(6 + 4 * k), nn.ReLU(), nn.Conv2d(6 + 4 * k, 4, 3, padding=1)) for k in range(3)
        )
        self.narrow = nn.Sequential(nn.BatchNorm2d(18), nn.ReLU(), nn.Conv2d(18, 9, 1), nn.AvgPool2d(2))
        self.head = nn.Linear(9, 5)

    def forward(self, x):
        features = [self.stem(x)]
        for layer in self.layers:
            features.append(layer(torch.cat(features, dim=1)))
        x = self.narrow(torch.cat(features, dim=1))
        return self.head(functional.adaptive_avg_pool2d(x, 1).view(x.size(0), -1))


@model((3, 16, 16))
class MobileBlocks(nn.Module):
    """Inverted residuals with squeeze and excitation and hard activations, as of MobileNetV3."""

    class Block(nn.Module):
        def __init__(self, a, wide, b, kernel, stride):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(a, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.Hardswish(inplace=True),
                nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True),
            )  # fmt: skip
            self.excite = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, 4, 1), nn.ReLU(), nn.Conv2d(4, wide, 1), nn.Hardsigmoid())
            self.project = nn.Sequential(nn.Conv2d(wide, b, 1, bias=False), nn.BatchNorm2d(b))
            self.same = stride == 1 and a == b

        def forward(self, x):
            y = self.body(x)
            y = self.project(y * self.excite(y))
            return x + y if self.same else y

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(self.Block(3, 8, 4, 3, 1), self.Block(4, 12, 4, 5, 1), self.Block(4, 12, 6, 3, 2))
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.blocks(x).mean([-2, -1]))


@model((3, 16, 16))
class Separable(nn.Module):
    """Depthwise with a multiplier, then pointwise; channels shuffled between groups."""

    def __init__(self):
        super().__init__()
        self.depth, self.point = nn.Conv2d(3, 12, 3, padding=1, groups=3), nn.Conv2d(12, 8, 1, groups=2)
        self.last = nn.Conv2d(8, 8, 3, stride=2, dilation=2, groups=4)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        x = functional.silu(self.point(functional.mish(self.depth(x))))
        n, c, h, w = x.size()
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)
        return self.head(torch.amax(self.last(x), dim=(2, 3)))


@model((9,), tokens=(11,))
class PackedLstm(nn.Module):
    """A classifier from the last state of a packed sequence of full length."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(10, 3)

    def forward(self, x):
        lengths = torch.full((x.shape[0],), x.shape[1], dtype=torch.int64)
        packed = pack_padded_sequence(self.embed(x), lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        return self.head(torch.cat([h[-2], h[-1]], dim=1))


@model((9,), (), tokens=(11, 9))
class PaddedGru(nn.Module):
    """Sequences of differing lengths, packed and padded again; the lengths are an input."""

    def __init__(self):
        super().__init__()
        self.embed, self.gru = nn.Embedding(11, 6), nn.GRU(6, 5, batch_first=True)
        self.head = nn.Linear(5, 3)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.embed(x), lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False)
        y, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=9)
        return self.head(y)


@model((9,), tokens=(11,))
class MaskedLstm(nn.Module):
    """The mean over words that are not padding, and the state at the last of them."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.lstm = nn.LSTM(6, 5)
        self.head = nn.Linear(10, 3)

    def forward(self, x):
        mask = (x != 0).float().unsqueeze(-1)
        y, _ = self.lstm(self.embed(x).permute(1, 0, 2))
        y = y.permute(1, 0, 2)
        mean = (y * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        last = (x != 0).long().sum(1).clamp(min=1) - 1
        return self.head(torch.cat([mean, y[torch.arange(x.size(0)), last]], -1))


@model((9,), tokens=(11,))
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(11, 6)
        self.lstm = nn.LSTM(6, 5, 2, batch_first=True, bidirectional=True, dropout=0.1)
        self.tags = nn.Linear(10, 4)

    def forward(self, x):
        y, _ = self.lstm(self.words(x))
        return functional.log_softmax(self.tags(y), dim=-1)


@model((7,), (5,), tokens=(9, 9))
class GruAttention(nn.Module):
    """An encoder and a decoder with dot-product attention, step by step."""

    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(9, 6), nn.Embedding(9, 6)
        self.encoder, self.decoder = nn.GRU(6, 6, batch_first=True), nn.GRU(12, 6, batch_first=True)
        self.head = nn.Linear(12, 9)

    def forward(self, source, target):
        memory, h = self.encoder(self.source(source))
        outputs = []
        for t in range(target.size(1)):
            weights = torch.softmax(torch.bmm(h.transpose(0, 1), memory.transpose(1, 2)) / math.sqrt(6), -1)
            context = weights @ memory
            y, h = self.decoder(torch.cat((self.target(target[:, t : t + 1]), context), 2), h)
            outputs.append(self.head(torch.cat((y, context), 2)))
        return torch.cat(outputs, 1)


def encoder(name, **options):
    @model((7,), tokens=(11,))
    class Encoder(nn.Module):
        """torch's own transformer with sines for positions."""

        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(11, 8)
            layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, **options)
            norm = nn.LayerNorm(8) if options.get("norm_first") else None
            self.layers = nn.TransformerEncoder(layer, 2, norm, enable_nested_tensor=False)
            position = torch.arange(7).unsqueeze(1)
            rate = torch.exp(torch.arange(0, 8, 2) * (-math.log(10000.0) / 8))
            table = torch.zeros(7, 8)
            table[:, 0::2], table[:, 1::2] = torch.sin(position * rate), torch.cos(position * rate)
            self.register_buffer("positions", table)
            self.head = nn.Linear(8, 3)

        def forward(self, x):
            x = self.embed(x) * math.sqrt(8) + self.positions[: x.size(1)]
            if not options.get("batch_first"):
                x = x.transpose(0, 1)
            x = self.layers(x)
            return self.head(x.mean(dim=1 if options.get("batch_first") else 0))

    Encoder.__name__ = name
    REGISTRY.models[name] = REGISTRY.models.pop("Encoder")


encoder("EncoderPost")
encoder("EncoderPre", norm_first=True)
encoder("EncoderPostBatch", batch_first=True, activation="gelu")
encoder("EncoderPreBatch", batch_first=True, norm_first=True, activation=functional.silu)


@model((7,), (5,), tokens=(9, 9))
class Translator(nn.Module):
    """nn.Transformer with a causal mask and one for padding."""

    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(9, 8, padding_idx=0), nn.Embedding(9, 8)
        self.body = nn.Transformer(8, 2, 1, 1, 16, dropout=0.0, batch_first=True)
        self.head = nn.Linear(8, 9)

    def forward(self, source, target):
        mask = nn.Transformer.generate_square_subsequent_mask(target.size(1))
        pad = torch.cat([torch.zeros_like(source[:, :1], dtype=torch.bool), source[:, 1:] == 0], 1)
        y = self.body(
            self.source(source), self.target(target), tgt_mask=mask, src_key_padding_mask=pad, memory_key_padding_mask=pad
        )
        return self.head(y)


@model((3, 16, 16))
class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(0.02 * torch.randn(1, 1, 8))
        self.position = nn.Parameter(0.02 * torch.randn(1, 17, 8))
        self.norms = nn.ModuleList(nn.LayerNorm(8) for _ in range(4))
        self.attention = nn.ModuleList(nn.MultiheadAttention(8, 2, batch_first=True) for _ in range(2))
        self.mlp = nn.ModuleList(nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)) for _ in range(2))
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), dim=1) + self.position
        for k in range(2):
            y = self.norms[2 * k](x)
            x = x + self.attention[k](y, y, y, need_weights=False)[0]
            x = x + self.mlp[k](self.norms[2 * k + 1](x))
        return self.head(x[:, 0])


@model((8,), tokens=(13,))
class Gpt(nn.Module):
    """Tied embeddings, rotary positions, a registered causal mask, RMS norm, SwiGLU."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.RMSNorm(8), nn.RMSNorm(8)
            self.qkv, self.proj = nn.Linear(8, 24, bias=False), nn.Linear(8, 8, bias=False)
            self.gate, self.up, self.down = nn.Linear(8, 12), nn.Linear(8, 12), nn.Linear(12, 8)
            self.register_buffer("mask", torch.tril(torch.ones(16, 16)).view(1, 1, 16, 16))

        @staticmethod
        def rotated(x):
            length, half = x.shape[2], x.shape[3] // 2
            rates = 1.0 / (100.0 ** (torch.arange(0, half) / half))
            angles = torch.outer(torch.arange(length).float(), rates)
            a, b = x[..., :half], x[..., half:]
            return torch.cat([a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()], -1)

        def forward(self, x):
            B, T, C = x.size()
            q, k, v = self.qkv(self.norm1(x)).split(C, dim=2)
            q, k, v = (t.view(B, T, 2, C // 2).transpose(1, 2) for t in (q, k, v))
            scores = (self.rotated(q) @ self.rotated(k).transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            scores = scores.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
            y = (functional.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(B, T, C)
            x = x + self.proj(y)
            y = self.norm2(x)
            return x + self.down(functional.silu(self.gate(y)) * self.up(y))

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(13, 8)
        self.blocks = nn.ModuleList([self.Block(), self.Block()])
        self.norm, self.head = nn.RMSNorm(8), nn.Linear(8, 13, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, idx):
        x = self.embed(idx)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


@model((8,), tokens=(13,))
class FlashGpt(nn.Module):
    """scaled_dot_product_attention and learned positions."""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(13, 8), nn.Embedding(8, 8)
        self.qkv, self.out, self.norm = nn.Linear(8, 24), nn.Linear(8, 8), nn.LayerNorm(8)
        self.head = nn.Linear(8, 13)

    def forward(self, x):
        pos = torch.arange(0, x.size(1), dtype=torch.long, device=x.device)
        h = self.words(x) + self.places(pos)
        q, k, v = self.qkv(self.norm(h)).chunk(3, dim=-1)
        q, k, v = (t.unflatten(-1, (2, 4)).transpose(1, 2) for t in (q, k, v))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.head(h + self.out(y.transpose(1, 2).flatten(2)))


@model((8, 6))
class LinearBiases(nn.Module):
    """Attention with a slope for each head (ALiBi), grouped keys, a temperature that is learnt, and a sliding window."""

    def __init__(self):
        super().__init__()
        self.q, self.kv, self.out = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 3)
        self.temperature = nn.Parameter(torch.tensor([1.0, 0.5]).view(2, 1, 1))

    def forward(self, x):
        n, length, _ = x.shape
        q = self.q(x).reshape(n, length, 2, 4).permute(0, 2, 1, 3)
        k, v = self.kv(x).reshape(n, length, 2, 1, 4).unbind(2)
        k, v = (t.permute(0, 2, 1, 3).repeat_interleave(2, dim=1) for t in (k, v))
        i = torch.arange(length)
        distance = (i[:, None] - i[None, :]).float()
        bias = -distance * torch.tensor([0.5, 0.25]).view(2, 1, 1)
        scores = torch.einsum("bhid,bhjd->bhij", q, k) * self.temperature + bias
        scores = torch.where((distance < 0) | (distance > 3), torch.tensor(-1e9), scores)
        y = torch.einsum("bhij,bhjd->bihd", scores.softmax(-1), v)
        return self.out(y.reshape(n, length, -1))


@model((2, 40))
class CausalWaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv1d(2, 6, 1)
        self.filters = nn.ModuleList(nn.Conv1d(6, 6, 3, dilation=2**k) for k in range(3))
        self.gates = nn.ModuleList(nn.Conv1d(6, 6, 3, dilation=2**k) for k in range(3))
        self.skips = nn.ModuleList(nn.Conv1d(6, 4, 1) for _ in range(3))
        self.head = nn.Conv1d(4, 2, 1)

    def forward(self, x):
        x, total = self.stem(x), None
        for k, (f, g, s) in enumerate(zip(self.filters, self.gates, self.skips)):
            padded = functional.pad(x, (2 * 2**k, 0))
            y = torch.tanh(f(padded)) * torch.sigmoid(g(padded))
            total = s(y) if total is None else total + s(y)
            x = x + y
        return self.head(functional.relu(total))[:, :, -8:]


@model((1, 14, 14))
class ConvAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(True), nn.Conv2d(4, 8, 3, stride=2, padding=1), nn.ReLU(True)
        )
        self.middle = nn.Sequential(nn.Flatten(), nn.Linear(128, 10), nn.Linear(10, 128), nn.Unflatten(1, (8, 4, 4)))
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1), nn.ReLU(True),
            nn.ConvTranspose2d(4, 1, 3, stride=2, padding=1, output_padding=1, groups=1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return self.decoder(self.middle(self.encoder(x)))


@model((12,), (3,))
class NoisyVae(nn.Module):
    """Gives the reconstruction, the mean and the logarithm of the variance, side by side."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(12, 8)
        self.mu, self.logvar = nn.Linear(8, 3), nn.Linear(8, 3)
        self.decode = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(), nn.Linear(8, 12), nn.Sigmoid())

    def forward(self, x, eps):
        h = functional.relu(self.body(x))
        mu, logvar = self.mu(h), self.logvar(h)
        std = torch.exp(0.5 * logvar)
        return torch.hstack([self.decode(mu + eps * std), mu, logvar])


@model((4, 12, 12))
class Norms(nn.Module):
    """Group norm, instance norm, layer norm of channels, local response, and what people write out by hand."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1, padding_mode=m) for m in ("zeros", "reflect", "replicate", "circular"))
        self.group, self.instance = nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True)
        self.layer = nn.LayerNorm([4, 12, 12])
        self.gain = nn.Parameter(torch.ones(1, 4, 1, 1))

    def forward(self, x):
        x = functional.relu(self.group(self.convs[0](x)))
        x = functional.elu(self.instance(self.convs[1](x)))
        x = functional.softplus(self.layer(self.convs[2](x)))
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        x = (x - mean) / (x.std(dim=(1, 2, 3), keepdim=True) + 1e-5) * self.gain
        x = functional.local_response_norm(self.convs[3](x), 3)
        return functional.normalize(x.flatten(1), p=2, dim=1)


@model((3, 8, 8))
class SuperResolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 6, 5, padding=2), nn.PReLU(6), nn.Conv2d(6, 12, 3, padding="same"), nn.PixelShuffle(2), nn.Conv2d(3, 3, 1)
        )
        self.back = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 3, 1))

    def forward(self, x):
        y = self.layers(x) + functional.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
        return y + functional.interpolate(self.back(y), size=y.shape[2:], mode="nearest")


@model((5,), (4,))
class BilinearPair(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair, self.head = nn.Bilinear(5, 4, 6), nn.Linear(6, 3)

    def forward(self, a, b):
        return self.head(torch.tanh(self.pair(a, b)))


@model((6,), tokens=(12,))
class Bags(nn.Module):
    def __init__(self):
        super().__init__()
        self.total, self.best = nn.EmbeddingBag(12, 4, mode="sum"), nn.EmbeddingBag(12, 4, mode="max")
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(torch.cat([self.total(x), self.best(x)], 1))


@model((3, 9, 7))
class Upsamplings(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.nearest, self.bilinear = nn.Upsample(scale_factor=2), nn.Upsample(size=(18, 14), mode="bilinear")
        self.aligned = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.head = nn.Conv2d(12, 2, 3)

    def forward(self, x):
        x = torch.tanh(self.conv(x))
        x = self.head(torch.cat([self.nearest(x), self.bilinear(x), self.aligned(x)], dim=1))
        return functional.interpolate(x, size=(6, 6), mode="area")


@model((2, 13, 11))
class AdaptivePools(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.mean, self.most = nn.AdaptiveAvgPool2d((3, 4)), nn.AdaptiveMaxPool2d((2, 2))
        self.head = nn.Linear(4 * 16, 5)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return self.head(torch.cat([self.mean(x).flatten(1), self.most(x).flatten(1)], 1))


@model((2, 12, 12))
class EvenPools(nn.Module):
    """Adaptive pools of sizes that divide the image."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(2, 4, 3, padding=1), nn.Linear(4 * 13, 5)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        parts = [functional.adaptive_avg_pool2d(x, 3), functional.adaptive_max_pool2d(x, (2, 2))]
        return self.head(torch.cat([p.flatten(1) for p in parts], 1))


@model((2, 12, 12))
class PyramidPools(nn.Module):
    """Pools of every kind, with ceil_mode, padding and without counting it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.pools = nn.ModuleList([
            nn.MaxPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
            nn.AvgPool2d(3, 2, ceil_mode=True), nn.LPPool2d(2, 2), nn.MaxPool2d(2, 2, dilation=2),
        ])  # fmt: skip
        self.heads = nn.ModuleList(nn.Linear(4, 3) for _ in self.pools)

    def forward(self, x):
        x = functional.softplus(self.conv(x))
        return sum(head(pool(x).mean((2, 3))) for pool, head in zip(self.pools, self.heads))


@model((2, 10, 10))
class SpatialTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.locate = nn.Sequential(nn.Conv2d(2, 4, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(64, 6))
        nn.init.normal_(self.locate[-1].weight, 0, 0.05)
        self.locate[-1].bias.data.copy_(torch.tensor([0.9, 0.1, 0.05, -0.1, 0.8, 0.02]))
        self.head = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(192, 4))

    def forward(self, x):
        theta = self.locate(x).view(-1, 2, 3)
        grid = functional.affine_grid(theta, x.size(), align_corners=True)
        return self.head(functional.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=True))


@model((6, 8))
class Rearranged(nn.Module):
    """Slices with steps, rolls, flips, sums that go on, stacks, repeats, tiles, diagonals, triangles."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 4)
        self.scale = nn.Parameter(torch.randn(6, 6))

    def forward(self, x):
        x = self.first(x)
        y = torch.roll(x, shifts=(1, -2), dims=(1, 2)) + x.flip(1) - x.flip([1, 2])
        z = torch.cumsum(x, dim=1)[:, ::2, 1::2]
        y = torch.cat([y[:, 1:-1, :4], y[:, :4, -4:]], dim=2) + z.repeat_interleave(2, dim=1)[:, :4].repeat(1, 1, 2)
        a, b = torch.split(y, [3, 5], dim=2)
        y = torch.stack((a, b[..., :3]), dim=-1).flatten(2)
        y = torch.einsum("ij,njk->nik", torch.tril(self.scale)[:4, :4] + torch.diag(self.scale.diagonal())[:4, :4], y)
        y = functional.pad(y, (1, 1), value=0.5).unfold(2, 4, 2).amax(-1)
        y = torch.cat([y, y.max(dim=2, keepdim=True)[0], y.std(2, keepdim=True), y.sort(2)[0][..., :1], y.logsumexp(2, keepdim=True)], 2)
        return self.second(y.narrow(2, 0, 7).tile((1, 1, 2))[..., :8]).squeeze().movedim(1, 2)


@model((8, 8, 4))
class Windows(nn.Module):
    """Shifted windows with a table of relative positions, as Swin has."""

    def __init__(self):
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(4), nn.Linear(4, 12), nn.Linear(4, 4)
        self.table = nn.Parameter(0.1 * torch.randn(49, 2))
        at = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")).flatten(1)
        relative = at[:, :, None] - at[:, None, :] + 3
        self.register_buffer("index", (relative[0] * 7 + relative[1]).flatten())
        region = torch.zeros(1, 8, 8, 1)
        for k, s in enumerate((slice(0, 4), slice(4, 6), slice(6, 8))):
            for j, t in enumerate((slice(0, 4), slice(4, 6), slice(6, 8))):
                region[:, s, t] = 3 * k + j
        region = self.windows(region).squeeze(-1)
        self.register_buffer("mask", (region[:, None] != region[:, :, None]).float() * -100)
        self.merge = nn.Linear(16, 8)

    @staticmethod
    def windows(x):
        n, h, w, c = x.shape
        return x.view(n, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)

    def forward(self, x):
        n = x.shape[0]
        y = self.windows(torch.roll(self.norm(x), (-2, -2), (1, 2)))
        q, k, v = self.qkv(y).reshape(-1, 16, 3, 2, 2).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) * 2**-0.5 + self.table[self.index].view(16, 16, 2).permute(2, 0, 1)
        scores = (scores.view(n, 4, 2, 16, 16) + self.mask[None, :, None]).view(-1, 2, 16, 16)
        y = self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, 16, 4))
        y = y.view(n, 2, 2, 4, 4, 4).permute(0, 1, 3, 2, 4, 5).reshape(n, 8, 8, 4)
        x = x + torch.roll(y, (2, 2), (1, 2))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        return self.merge(x).mean((1, 2))


@model((3, 16, 16))
class ConvNeXt(nn.Module):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.depth, self.norm = nn.Conv2d(6, 6, 7, padding=3, groups=6), nn.LayerNorm(6, eps=1e-6)
            self.up, self.down = nn.Linear(6, 24), nn.Linear(24, 6)
            self.gamma = nn.Parameter(0.1 * torch.ones(6))

        def forward(self, x):
            y = self.norm(self.depth(x).permute(0, 2, 3, 1))
            y = self.gamma * self.down(functional.gelu(self.up(y), approximate="tanh"))
            return x + y.permute(0, 3, 1, 2)

    def __init__(self):
        super().__init__()
        self.stem, self.blocks = nn.Conv2d(3, 6, 4, 4), nn.Sequential(self.Block(), self.Block())
        self.norm, self.head = nn.LayerNorm(6), nn.Linear(6, 5)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.stem(x)).mean([-2, -1])))


@model((5,))
class Kan(nn.Module):
    """B-splines by Cox and de Boor, beside a linear map of SiLU."""

    def __init__(self):
        super().__init__()
        self.base = nn.Parameter(torch.randn(3, 5) * 0.5)
        self.weight = nn.Parameter(torch.randn(3, 5, 8) * 0.3)
        self.register_buffer("grid", torch.linspace(-2.2, 2.2, 12).repeat(5, 1))

    def forward(self, x):
        x = torch.tanh(x)
        grid, y = self.grid, x.unsqueeze(-1)
        basis = ((y >= grid[:, :-1]) & (y < grid[:, 1:])).to(x.dtype)
        for k in range(1, 4):
            left = (y - grid[:, : -(k + 1)]) / (grid[:, k:-1] - grid[:, : -(k + 1)]) * basis[:, :, :-1]
            right = (grid[:, k + 1 :] - y) / (grid[:, k + 1 :] - grid[:, 1:-k]) * basis[:, :, 1:]
            basis = left + right
        return functional.linear(functional.silu(x), self.base) + functional.linear(basis.flatten(1), self.weight.flatten(1))


@model((6,))
class DenseExperts(nn.Module):
    """Every expert at once, by one product."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(6, 3)
        self.w1, self.b1 = nn.Parameter(torch.randn(3, 6, 8) * 0.4), nn.Parameter(torch.zeros(3, 8))
        self.w2 = nn.Parameter(torch.randn(3, 8, 4) * 0.4)

    def forward(self, x):
        weights = functional.gumbel_softmax(self.gate(x), tau=1.0) if False else torch.softmax(self.gate(x), -1)
        h = torch.relu(torch.einsum("bi,eio->beo", x, self.w1) + self.b1)
        return torch.einsum("be,beh,eho->bo", weights, h, self.w2)


@model((12, 3))
class StateSpace(nn.Module):
    """A selective scan, one step after the other, as of Mamba."""

    def __init__(self):
        super().__init__()
        self.inner, self.conv = nn.Linear(3, 12), nn.Conv1d(6, 6, 3, padding=2, groups=6)
        self.select, self.step, self.out = nn.Linear(6, 9), nn.Linear(1, 6), nn.Linear(6, 3)
        self.log_a = nn.Parameter(torch.log(torch.arange(1, 5).float()).repeat(6, 1))
        self.d = nn.Parameter(torch.ones(6))

    def forward(self, x):
        x, z = self.inner(x).chunk(2, -1)
        x = functional.silu(self.conv(x.transpose(1, 2))[..., :12]).transpose(1, 2)
        delta, b, c = self.select(x).split([1, 4, 4], -1)
        delta, a = functional.softplus(self.step(delta)), -torch.exp(self.log_a)
        decay = torch.exp(delta.unsqueeze(-1) * a)
        drive = (delta * x).unsqueeze(-1) * b.unsqueeze(2)
        h, ys = torch.zeros_like(drive[:, 0]), []
        for t in range(12):
            h = decay[:, t] * h + drive[:, t]
            ys.append((h * c[:, t].unsqueeze(1)).sum(-1))
        return self.out((torch.stack(ys, 1) + x * self.d) * functional.silu(z))


@model((10, 3))
class LinearRecurrence(nn.Module):
    """The scan of a linear recurrence by a matrix of decays."""

    def __init__(self):
        super().__init__()
        self.inner, self.out = nn.Linear(3, 4), nn.Linear(4, 2)
        self.decay = nn.Parameter(torch.rand(4))

    def forward(self, x):
        u = self.inner(x)
        t = torch.arange(10, dtype=x.dtype)
        power = (t[:, None] - t[None, :]).clamp(min=0)
        kernel = torch.sigmoid(self.decay)[:, None, None] ** power * torch.tril(torch.ones(10, 10))
        return self.out(torch.einsum("cts,nsc->ntc", kernel, u))


@model((2, 30))
class Conv1dNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(2, 4, 5, stride=2, bias=False), nn.BatchNorm1d(4), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 6, 3, padding="same"),
            nn.GELU(), nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(12, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3),
        )  # fmt: skip

    def forward(self, x):
        return self.layers(x)


@model((1, 6, 10, 10))
class Conv3dNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(4, 6, (1, 3, 3)), nn.ELU(),
            nn.ConvTranspose3d(6, 2, 2, stride=2), nn.AdaptiveAvgPool3d((1, 2, 2)), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.layers(x))


@model((6, 4))
class Gcn(nn.Module):
    """Graph convolutions with an adjacency that is a buffer, edges as indices beside it, and a readout."""

    def __init__(self):
        super().__init__()
        a = torch.eye(6) + torch.diag(torch.ones(5), 1) + torch.diag(torch.ones(5), -1)
        d = a.sum(1).rsqrt()
        self.register_buffer("adjacency", d[:, None] * a * d[None, :])
        self.register_buffer("edges", torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3]]))
        self.w1, self.w2, self.message = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(16, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = torch.relu(torch.matmul(self.adjacency, self.w1(x)))
        x = torch.relu(torch.matmul(self.adjacency, self.w2(x)))
        source, target = self.edges
        m = torch.tanh(self.message(torch.cat([x[:, source], x[:, target]], -1)))
        x = x + torch.zeros_like(x).index_add(1, target, m)
        return self.head(x.max(dim=1).values)


@model((1, 10, 10), (1, 10, 10))
class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 6))

    def forward(self, a, b):
        u, v = self.body(a), self.body(b)
        return torch.stack([functional.cosine_similarity(u, v), functional.pairwise_distance(u, v), torch.abs(u - v).sum(1)], 1)


@model((3, 12, 12))
class TwoHeads(nn.Module):
    """Two outputs; the loss sees the first."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU())
        self.classes, self.boxes = nn.Linear(4, 5), nn.Linear(100, 4)

    def forward(self, x):
        x = self.body(x)
        return self.classes(x.mean((2, 3))), torch.sigmoid(self.boxes(x.flatten(1)))


@model((6,), (), tokens=(5, 4))
class OwnLoss(nn.Module):
    """A model that calculates its loss of each example."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(5, 6), nn.Linear(6, 4)

    def forward(self, x, y):
        logits = self.head(self.embed(x).mean(1))
        return -logits.log_softmax(1).gather(1, y.unsqueeze(1)) + 0.1 * functional.smooth_l1_loss(
            logits, torch.zeros_like(logits), reduction="none"
        ).mean(1, keepdim=True)


@model((5,), (5,), (5,))
class Triplet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 8), nn.SELU(), nn.Linear(8, 4))

    def forward(self, a, p, n):
        a, p, n = (functional.normalize(self.net(t), dim=-1) for t in (a, p, n))
        return functional.relu((a - p).pow(2).sum(-1) - (a - n).pow(2).sum(-1) + 2.0).unsqueeze(1)


@model((7,))
class Activations(nn.Module):
    """Every activation that torch.nn has and the exporters know, in a row."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([
            nn.ELU(), nn.Hardshrink(0.01), nn.Hardsigmoid(), nn.Hardtanh(), nn.Hardswish(), nn.LeakyReLU(), nn.LogSigmoid(), nn.PReLU(),
            nn.ReLU(), nn.ReLU6(), nn.RReLU(0.1, 0.1), nn.SELU(), nn.CELU(), nn.GELU(), nn.GELU("tanh"), nn.Sigmoid(), nn.SiLU(), nn.Mish(),
            nn.Softplus(beta=2), nn.Softshrink(0.01), nn.Softsign(), nn.Tanh(), nn.Tanhshrink(), nn.Threshold(0.1, 0.2), nn.Softmin(1),
            nn.Softmax(-1), nn.LogSoftmax(1),
        ])  # fmt: skip
        self.linears = nn.ModuleList(nn.Linear(7, 7) for _ in self.layers)
        self.glu = nn.Sequential(nn.Linear(7, 8), nn.GLU())

    def forward(self, x):
        return self.glu(x) + sum(layer(linear(x)) for layer, linear in zip(self.layers, self.linears))[:, :4]


@model((16, 6))
class NBeats(nn.Module):
    """Doubly residual stacks with fixed trigonometric bases."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 8)) for _ in range(2))
        t = torch.linspace(0, 1, 20)
        self.register_buffer("basis", torch.stack([f(2 * math.pi * k * t) for k in (1, 2) for f in (torch.sin, torch.cos)]))

    def forward(self, x):
        x = x.mean(2)
        forecast = 0
        for block in self.blocks:
            theta = block(x)
            x = x - theta[:, :4] @ self.basis[:, :16]
            forecast = forecast + theta[:, 4:] @ self.basis[:, 16:]
        return forecast


@model((10,))
class HyperNetwork(nn.Module):
    """One network gives another's weights, for each example; low-rank adapters beside a frozen layer."""

    def __init__(self):
        super().__init__()
        self.hyper, self.frozen = nn.Linear(4, 6 * 3 + 3), nn.Linear(6, 3)
        self.frozen.requires_grad_(False)
        self.a, self.b = nn.Parameter(torch.randn(6, 2) * 0.3), nn.Parameter(torch.randn(2, 3) * 0.3)

    def forward(self, x):
        made = self.hyper(x[:, :4])
        w, b = made[:, :18].view(-1, 6, 3), made[:, 18:]
        y = torch.baddbmm(b.unsqueeze(1), x[:, 4:].unsqueeze(1), w).squeeze(1)
        return torch.addmm(y, x[:, 4:], self.a @ self.b) + self.frozen(x[:, 4:])


@model((2, 12, 12))
class Fpn(nn.Module):
    """A feature pyramid, and a head that all levels share."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(2, 4, 3, 2, 1), nn.Conv2d(4, 8, 3, 2, 1)])
        self.side = nn.ModuleList([nn.Conv2d(4, 6, 1), nn.Conv2d(8, 6, 1)])
        self.head = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, x):
        a = torch.relu(self.down[0](x))
        b = torch.relu(self.down[1](a))
        low = self.side[1](b)
        high = self.side[0](a) + functional.interpolate(low, size=a.shape[-2:], mode="nearest")
        levels = [self.head(level).permute(0, 2, 3, 1).reshape(x.shape[0], -1, 3) for level in (high, low)]
        return torch.cat(levels, dim=1)


@model((3, 8, 8))
class Diffusion(nn.Module):
    """A little denoiser: the time's sines scale and shift, self-attention in the middle. The time is of the image's mean."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(4, 8)
        self.time = nn.Sequential(nn.Linear(8, 16), nn.SiLU(), nn.Linear(16, 16))
        self.qkv, self.proj = nn.Conv1d(8, 24, 1), nn.Conv1d(8, 8, 1)
        self.out = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, x):
        t = x.mean((1, 2, 3))
        rates = torch.exp(-math.log(100) * torch.arange(4) / 3)
        angle = t[:, None] * rates[None]
        scale, shift = self.time(torch.cat([angle.sin(), angle.cos()], -1))[:, :, None, None].chunk(2, 1)
        h = functional.silu(self.norm(self.stem(x)) * (1 + scale) + shift)
        b, c, height, width = h.shape
        q, k, v = self.qkv(h.reshape(b, c, height * width)).chunk(3, dim=1)
        weights = torch.einsum("bct,bcs->bts", q * c**-0.25, k * c**-0.25).softmax(-1)
        h = h + self.proj(torch.einsum("bts,bcs->bct", weights, v)).reshape(b, c, height, width)
        return self.out(h)


@model((4, 10, 10))
class MultiScale(nn.Module):
    """Atrous convolutions, strip pooling, channel and spatial attention, maxout."""

    def __init__(self):
        super().__init__()
        self.atrous = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=d, dilation=d) for d in (1, 2, 3))
        self.strip, self.spatial = nn.Conv2d(12, 12, (3, 1), padding=(1, 0)), nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.channel = nn.Sequential(nn.Linear(12, 3), nn.ReLU(), nn.Linear(3, 12))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.cat([functional.leaky_relu(conv(x), 0.1) for conv in self.atrous], 1)
        x = x * torch.sigmoid(self.strip(x.mean(3, keepdim=True)).expand_as(x))
        pooled = [self.channel(pool(x, 1).flatten(1)) for pool in (functional.adaptive_avg_pool2d, functional.adaptive_max_pool2d)]
        x = x * torch.sigmoid(pooled[0] + pooled[1]).unsqueeze(2).unsqueeze(3)
        seen = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)
        x = x * torch.sigmoid(self.spatial(seen))
        x = x.view(-1, 6, 2, 10, 10).max(2)[0]
        return self.head(x.view(x.size(0), x.size(1), -1).mean(-1))


@model((9,), tokens=(8,))
class Crf(nn.Module):
    """The log-partition of a linear chain, by the forward algorithm."""

    def __init__(self):
        super().__init__()
        self.embed, self.emit = nn.Embedding(8, 5), nn.Linear(5, 4)
        self.transitions = nn.Parameter(torch.randn(4, 4))
        self.start = nn.Parameter(torch.randn(4))

    def forward(self, x):
        emissions = self.emit(self.embed(x))
        alpha = self.start + emissions[:, 0]
        for t in range(1, emissions.size(1)):
            alpha = torch.logsumexp(alpha.unsqueeze(2) + self.transitions + emissions[:, t].unsqueeze(1), dim=1)
        return torch.logsumexp(alpha, dim=1, keepdim=True)


@model((3,), (4,), tokens=(6, 3))
class Recommender(nn.Module):
    """Users, items, one-hot categories and numbers, side by side; matrix factorisation beside a deep net."""

    def __init__(self):
        super().__init__()
        self.users, self.items = nn.Embedding(6, 4), nn.Embedding(6, 4)
        self.bias = nn.Parameter(torch.zeros(1))
        self.deep = nn.Sequential(nn.Linear(4 + 4 + 12, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, ids, kinds):
        u, i = self.users(ids[:, 0]), self.items(ids[:, 1:]).sum(1)
        hot = functional.one_hot(kinds, num_classes=3).float().flatten(1)
        return (u * i).sum(1, keepdim=True) + self.deep(torch.cat([u, i, hot], 1)) + self.bias


@model((8, 5))
class CustomLstm(nn.Module):
    """A cell that is written out, with layer norm, unrolled over time; states from learnt starts."""

    def __init__(self):
        super().__init__()
        self.x, self.h, self.norm = nn.Linear(5, 16), nn.Linear(4, 16, bias=False), nn.LayerNorm(16)
        self.start = nn.Parameter(torch.randn(1, 4) * 0.1)

    def forward(self, x):
        h = self.start.expand(x.size(0), 4)
        c = torch.zeros(x.size(0), 4)
        for step in x.unbind(1):
            i, f, g, o = self.norm(self.x(step) + self.h(h)).chunk(4, 1)
            c = c * torch.sigmoid(f) + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h


@model((5, 6))
class InitialStates(nn.Module):
    """Recurrent layers that start from given states: learnt for one, from an encoder for the other."""

    def __init__(self):
        super().__init__()
        self.rnn, self.gru = nn.RNN(6, 4, nonlinearity="relu"), nn.GRU(4, 5, num_layers=2, batch_first=True)
        self.lstm = nn.LSTM(5, 4, batch_first=True, proj_size=0)
        self.first = nn.Parameter(torch.randn(1, 1, 4) * 0.1)
        self.to_state = nn.Linear(6, 10)

    def forward(self, x):
        y, _ = self.rnn(x.transpose(0, 1), self.first.expand(-1, x.size(0), -1).contiguous())
        h = torch.tanh(self.to_state(x.mean(1))).view(-1, 2, 5).transpose(0, 1).contiguous()
        y, last = self.gru(y.transpose(0, 1), h)
        zeros = x.new_zeros(1, x.size(0), 4)
        y, (_, c) = self.lstm(y, (zeros, zeros))
        return torch.cat([y[:, -1], last[-1], c.squeeze(0)], 1)


@model((3, 10, 10))
class Deform(nn.Module):
    """Offsets that are learnt move where features are read, as optical flow and deformable layers do."""

    def __init__(self):
        super().__init__()
        self.features, self.flow, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(4, 2, 1)

    def forward(self, x):
        n, _, h, w = x.shape
        ys, xs = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij")
        base = torch.stack((xs, ys), dim=-1).expand(n, -1, -1, -1)
        grid = base + 0.1 * torch.tanh(self.flow(x)).permute(0, 2, 3, 1)
        return self.head(functional.grid_sample(self.features(x), grid, padding_mode="reflection", align_corners=False))


@model((4,))
class DeepSum(nn.Module):
    """Distributions: a mixture of normals, its log-likelihood of the first number given the others."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 9))

    def forward(self, x):
        weight, mean, scale = self.net(x[:, 1:]).view(-1, 3, 3).unbind(1)
        scale = functional.softplus(scale) + 1e-3
        z = (x[:, :1] - mean) / scale
        log = weight.log_softmax(1) - 0.5 * z**2 - scale.log() - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(log, 1, keepdim=True)


@model((6, 6))
class Sinkhorn(nn.Module):
    """Normalises rows and columns by turns, then a trace, an outer product, a determinant written out."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(6, 6)

    def forward(self, x):
        log = self.net(x)
        for _ in range(3):
            log = log - log.logsumexp(2, keepdim=True)
            log = log - log.logsumexp(1, keepdim=True)
        p = log.exp()
        m = p[:, :2, :2]
        determinant = m[:, 0, 0] * m[:, 1, 1] - m[:, 0, 1] * m[:, 1, 0]
        outer = torch.einsum("ni,nj->nij", p[:, 0], p[:, 1])
        return torch.cat([torch.diagonal(p, dim1=1, dim2=2), determinant[:, None], outer.sum(2), (p * x).sum((1, 2), keepdim=True)[:, 0]], 1)
