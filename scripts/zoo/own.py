"""Classic models that no library has, small."""

import torch
from torch import nn
from torch.nn import functional

from registry import Registry

REGISTRY = Registry()
model = REGISTRY.model


@model((1, 32, 32))
class UNet(nn.Module):
    def __init__(self):
        super().__init__()

        def twice(a, b):
            return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU())

        self.down = nn.ModuleList([twice(1, 4), twice(4, 8), twice(8, 16)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(16, 8, 2, 2), nn.ConvTranspose2d(8, 4, 2, 2)])
        self.merge = nn.ModuleList([twice(16, 8), twice(8, 4)])
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        skips = []
        for k, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if k else x)
            skips.append(x)
        for up, merge, skip in zip(self.up, self.merge, skips[-2::-1]):
            x = merge(torch.cat([up(x), skip], dim=1))
        return self.head(x)


@model((1, 24, 24))
class AttentionUNet(nn.Module):
    """With bilinear upsampling and attention gates."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1, stride=2)
        self.gate, self.skip, self.weight = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 1, 1)
        self.head = nn.Conv2d(12, 2, 3, padding=1, padding_mode="reflect")

    def forward(self, x):
        a = functional.elu(self.first(x))
        b = functional.interpolate(functional.elu(self.second(a)), scale_factor=2, mode="bilinear", align_corners=True)
        weight = torch.sigmoid(self.weight(torch.relu(self.gate(b) + self.skip(a))))
        return self.head(torch.cat([a * weight, b], 1))


@model((32,), tokens=(8,))
class WaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(8, 6)
        self.gates = nn.ModuleList([nn.Conv1d(6, 12, 2, dilation=2**k) for k in range(4)])
        self.out = nn.ModuleList([nn.Conv1d(6, 12, 1) for _ in range(4)])
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(6, 8, 1))

    def forward(self, x):
        x = self.embed(x).transpose(1, 2)
        total = 0
        for k, (gate, out) in enumerate(zip(self.gates, self.out)):
            a, b = gate(functional.pad(x, (2**k, 0))).chunk(2, 1)
            residual, skip = out(torch.tanh(a) * torch.sigmoid(b)).chunk(2, 1)
            x, total = x + residual, total + skip
        return self.head(total)


@model((20, 4))
class Tcn(nn.Module):
    """Temporal convolutional network with weight norm."""

    def __init__(self):
        super().__init__()
        norm = nn.utils.parametrizations.weight_norm
        self.layers = nn.ModuleList([norm(nn.Conv1d(4 if k == 0 else 6, 6, 3, padding=2 * 2**k, dilation=2**k)) for k in range(3)])
        self.shortcut = nn.Conv1d(4, 6, 1)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        x = x.transpose(1, 2)
        for k, layer in enumerate(self.layers):
            y = torch.relu(layer(x)[..., : -2 * 2**k])
            x = torch.relu(y + (self.shortcut(x) if k == 0 else x))
        return self.head(x[..., -1])


@model((7,), (5,), tokens=(9, 9))
class Seq2Seq(nn.Module):
    """LSTM encoder and decoder with additive attention."""

    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(9, 6), nn.Embedding(9, 6)
        self.encoder = nn.LSTM(6, 5, batch_first=True, bidirectional=True)
        self.decoder = nn.LSTMCell(6 + 10, 8)
        self.keys, self.query, self.score = nn.Linear(10, 8), nn.Linear(8, 8, bias=False), nn.Linear(8, 1)
        self.head = nn.Linear(8 + 10, 9)

    def forward(self, source, target):
        memory, (h, c) = self.encoder(self.source(source))
        h = functional.pad(h[0], (0, 3))
        c = functional.pad(c[0], (0, 3))
        keys, outputs = self.keys(memory), []
        for t in range(target.shape[1]):
            scores = self.score(torch.tanh(keys + self.query(h).unsqueeze(1))).squeeze(2)
            context = torch.bmm(scores.softmax(1).unsqueeze(1), memory).squeeze(1)
            h, c = self.decoder(torch.cat([self.target(target[:, t]), context], 1), (h, c))
            outputs.append(self.head(torch.cat([h, context], 1)))
        return torch.stack(outputs, 1)


@model((6, 4), (6, 6))
class Gcn(nn.Module):
    """Graph convolutions with a dense adjacency matrix that is an input."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 8), nn.Linear(8, 8)])
        self.head = nn.Linear(8, 3)

    def forward(self, x, edges):
        a = torch.sigmoid(edges + edges.transpose(1, 2)) + torch.eye(6)
        degree = a.sum(2).pow(-0.5)
        a = degree.unsqueeze(2) * a * degree.unsqueeze(1)
        for layer in self.layers:
            x = torch.relu(a @ layer(x))
        return self.head(x.mean(1))


@model((6, 4), (6, 6))
class Gat(nn.Module):
    """Graph attention, masked by the adjacency matrix."""

    def __init__(self):
        super().__init__()
        self.project, self.left, self.right = nn.Linear(4, 8, bias=False), nn.Linear(8, 2), nn.Linear(8, 2)
        self.head = nn.Linear(16, 3)

    def forward(self, x, edges):
        h = self.project(x)
        scores = functional.leaky_relu(self.left(h).unsqueeze(2) + self.right(h).unsqueeze(1), 0.2)
        mask = (edges > 0).unsqueeze(3) | torch.eye(6, dtype=torch.bool).view(1, 6, 6, 1)
        weights = scores.masked_fill(~mask, float("-inf")).softmax(2)
        return self.head(torch.einsum("nijh,njc->nihc", weights, h).flatten(2)).amax(1)


@model((3, 16))
class PointNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.transform = nn.Sequential(nn.Conv1d(3, 8, 1), nn.BatchNorm1d(8), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(8, 9))
        self.features = nn.Sequential(nn.Conv1d(3, 8, 1), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 16, 1))
        self.head = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, x):
        matrix = self.transform(x).view(-1, 3, 3) + torch.eye(3)
        x = torch.bmm(x.transpose(1, 2), matrix).transpose(1, 2)
        return self.head(self.features(x).max(2)[0])


@model((12, 3))
class DynamicEdge(nn.Module):
    """DGCNN: edge convolutions over the nearest neighbours, which depend on data."""

    def __init__(self):
        super().__init__()
        self.edge = nn.Linear(6, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        distance = (x.unsqueeze(2) - x.unsqueeze(1)).square().sum(3)
        near = distance.topk(4, dim=2, largest=False)[1]
        index = near.flatten(1).unsqueeze(2).expand(-1, -1, 3)
        neighbours = x.gather(1, index).view(-1, 12, 4, 3)
        center = x.unsqueeze(2).expand(-1, -1, 4, -1)
        y = functional.leaky_relu(self.edge(torch.cat([center, neighbours - center], 3)), 0.2)
        return self.head(y.amax(2).amax(1))


@model((8,))
class DcganGenerator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(8, 8, 4, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
            nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.layers(z.view(-1, 8, 1, 1))


@model((3, 16, 16))
class DcganDiscriminator(nn.Module):
    def __init__(self):
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(4, 8, 4, 2, 1, bias=False), nn.InstanceNorm2d(8, affine=True), nn.LeakyReLU(0.2),
            nn.Conv2d(8, 1, 4),
        )  # fmt: skip

    def forward(self, x):
        return self.layers(x).flatten(1)


@model((10,), (4,))
class Vae(nn.Module):
    """The noise is an input; the output is the evidence bound of each example."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(10, 12), nn.Tanh(), nn.Linear(12, 8))
        self.decoder = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 10))

    def forward(self, x, noise):
        mean, logvar = self.encoder(x).chunk(2, 1)
        y = self.decoder(mean + torch.exp(0.5 * logvar) * noise)
        divergence = -0.5 * (1 + logvar - mean.square() - logvar.exp()).sum(1, keepdim=True)
        return functional.binary_cross_entropy_with_logits(y, torch.sigmoid(x), reduction="none").sum(1, keepdim=True) + divergence


@model((4, 4, 4))
class VqVae(nn.Module):
    """Straight-through picks from a codebook."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Conv2d(4, 3, 1), nn.Conv2d(3, 4, 1)
        self.codes = nn.Embedding(6, 3)

    def forward(self, x):
        z = self.encoder(x).permute(0, 2, 3, 1)
        distance = z.square().sum(3, keepdim=True) - 2 * z @ self.codes.weight.t() + self.codes.weight.square().sum(1)
        picked = self.codes(distance.argmin(3))
        return self.decoder((z + (picked - z.detach()) + picked.detach() - picked).permute(0, 3, 1, 2))


@model((6,))
class RealNvp(nn.Module):
    """A normalising flow; log-likelihood of each example."""

    def __init__(self):
        super().__init__()
        self.nets = nn.ModuleList([nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 6)) for _ in range(4)])

    def forward(self, x):
        total = 0
        for net in self.nets:
            a, b = x.chunk(2, 1)
            scale, shift = net(a).chunk(2, 1)
            scale = torch.tanh(scale)
            x = torch.cat([b * scale.exp() + shift, a], 1)
            total = total + scale.sum(1)
        return (total - 0.5 * x.square().sum(1)).unsqueeze(1)


@model((5,))
class NeuralOde(nn.Module):
    """Runge–Kutta with fixed steps."""

    def __init__(self):
        super().__init__()
        self.field = nn.Sequential(nn.Linear(6, 8), nn.Softplus(), nn.Linear(8, 5))
        self.head = nn.Linear(5, 2)

    def forward(self, x):
        step = 0.25
        f = lambda x, t: self.field(torch.cat([x, torch.full_like(x[:, :1], t)], 1))  # noqa: E731
        for k in range(4):
            t = k * step
            a = f(x, t)
            b = f(x + step / 2 * a, t + step / 2)
            c = f(x + step / 2 * b, t + step / 2)
            d = f(x + step * c, t + step)
            x = x + step / 6 * (a + 2 * b + 2 * c + d)
        return self.head(x)


@model((6,))
class MixtureOfExperts(nn.Module):
    """The two best of four, by a gate."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(6, 4)
        self.experts = nn.ModuleList([nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 3)) for _ in range(4)])

    def forward(self, x):
        values, places = self.gate(x).topk(2, dim=1)
        weights = torch.zeros_like(self.gate(x)).scatter(1, places, values.softmax(1))
        return (torch.stack([expert(x) for expert in self.experts], 1) * weights.unsqueeze(2)).sum(1)


@model((5,))
class Nalu(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.m, self.g = (nn.Parameter(torch.randn(4, 5)) for _ in range(3))

    def forward(self, x):
        w = torch.tanh(self.w) * torch.sigmoid(self.m)
        gate = torch.sigmoid(x @ self.g.t())
        return gate * (x @ w.t()) + (1 - gate) * torch.exp(torch.log(x.abs() + 1e-3) @ w.t())


@model((9, 2))
class Siren(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 16), nn.Linear(16, 16), nn.Linear(16, 3)])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.sin(5 * layer(x))
        return self.layers[-1](x)


@model((8, 3))
class Nerf(nn.Module):
    """Positional encoding, density and colour, composited along the ray."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 4))

    def forward(self, x):
        angles = torch.cat([x * 2.0**k for k in range(4)], -1)
        y = self.body(torch.cat([angles.sin(), angles.cos()], -1))
        alpha = 1 - torch.exp(-functional.softplus(y[..., 3]))
        clear = torch.cumprod(torch.cat([torch.ones_like(alpha[:, :1]), 1 - alpha + 1e-6], 1), 1)[:, :-1]
        return ((alpha * clear).unsqueeze(2) * torch.sigmoid(y[..., :3])).sum(1)


@model((1, 12, 12))
class Capsules(nn.Module):
    """Dynamic routing, three rounds."""

    def __init__(self):
        super().__init__()
        self.conv, self.primary = nn.Conv2d(1, 8, 5), nn.Conv2d(8, 8, 4, 2)
        self.weight = nn.Parameter(0.1 * torch.randn(1, 18, 3, 6, 4))

    @staticmethod
    def squash(s, dim):
        square = s.square().sum(dim, keepdim=True)
        return square / (1 + square) * s / torch.sqrt(square + 1e-8)

    def forward(self, x):
        u = self.primary(torch.relu(self.conv(x))).view(-1, 2, 4, 9).permute(0, 1, 3, 2).reshape(-1, 18, 1, 4, 1)
        votes = (self.weight @ self.squash(u, 3)).squeeze(4)
        logits = torch.zeros_like(votes[..., :1])
        for _ in range(3):
            v = self.squash((logits.softmax(2) * votes).sum(1, keepdim=True), 3)
            logits = logits + (votes * v).sum(3, keepdim=True)
        return v.squeeze(1).norm(dim=2)


@model((1, 12, 12))
class SpatialTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.locate = nn.Sequential(nn.Flatten(), nn.Linear(144, 6))
        self.conv = nn.Conv2d(1, 4, 3)
        self.head = nn.Linear(400, 3)

    def forward(self, x):
        theta = 0.3 * self.locate(x).view(-1, 2, 3) + torch.eye(2, 3)
        grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
        x = functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
        return self.head(self.conv(x).flatten(1))


@model((6,), tokens=(12,))
class BagOfWords(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.EmbeddingBag(12, 5, mode="mean")
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.words(x))


@model((3,), (4,), tokens=(6, 6))
class FactorizationMachine(nn.Module):
    """DeepFM."""

    def __init__(self):
        super().__init__()
        self.linear, self.factors = nn.Embedding(12, 1), nn.Embedding(12, 4)
        self.deep = nn.Sequential(nn.Linear(28, 8), nn.PReLU(), nn.Linear(8, 1))

    def forward(self, a, b):
        fields = torch.cat([a, b + 6], 1)
        v = self.factors(fields)
        pairs = 0.5 * (v.sum(1).square() - v.square().sum(1)).sum(1, keepdim=True)
        return self.linear(fields).sum(1) + pairs + self.deep(v.flatten(1))


@model((4,), (4,), tokens=(6, 6))
class TwoTowers(nn.Module):
    """Cosine similarities."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Embedding(6, 8), nn.Embedding(6, 8)
        self.scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, a, b):
        u, v = functional.normalize(self.left(a), dim=2), functional.normalize(self.right(b).mean(1), dim=1)
        return self.scale.exp() * torch.einsum("nld,nd->nl", u, v)


@model((12,), tokens=(9,))
class TextCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 6, padding_idx=0)
        self.convs = nn.ModuleList([nn.Conv1d(6, 4, k) for k in (2, 3, 4)])
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        x = self.embed(x).transpose(1, 2)
        return self.head(torch.cat([torch.relu(conv(x)).max(2)[0] for conv in self.convs], 1))


@model((9,), tokens=(7,))
class CharLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.lstm, self.head = nn.Embedding(7, 5), nn.LSTM(5, 6, 2, batch_first=True), nn.Linear(6, 7)

    def forward(self, x):
        return self.head(self.lstm(self.embed(x))[0])


@model((1, 16, 24))
class Crnn(nn.Module):
    """Convolutions, then a recurrent layer along the width, as for text in images."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3, padding=1), nn.MaxPool2d((2, 1)))
        self.rnn = nn.GRU(32, 6, bidirectional=True, batch_first=True)
        self.head = nn.Linear(12, 9)

    def forward(self, x):
        x = self.conv(x).permute(0, 3, 1, 2).flatten(2)
        return self.head(self.rnn(x)[0]).log_softmax(2)


@model((2, 8, 8))
class ConvLstm(nn.Module):
    """Four steps on one image."""

    def __init__(self):
        super().__init__()
        self.gates = nn.Conv2d(2 + 4, 16, 3, padding=1)

    def forward(self, x):
        h = c = torch.zeros_like(x).repeat(1, 2, 1, 1)
        for _ in range(4):
            i, f, g, o = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h.mean((2, 3))


@model((10, 4))
class MlpMixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(4) for _ in range(2)])
        self.tokens = nn.Sequential(nn.Linear(10, 16), nn.GELU(), nn.Linear(16, 10))
        self.channels = nn.Sequential(nn.Linear(4, 16), nn.GELU(), nn.Linear(16, 4))

    def forward(self, x):
        x = x + self.tokens(self.norms[0](x).transpose(1, 2)).transpose(1, 2)
        return (x + self.channels(self.norms[1](x))).mean(1)


@model((1, 8, 8))
class FourierOperator(nn.Module):
    """A layer of a Fourier neural operator, without complex parameters."""

    def __init__(self):
        super().__init__()
        self.lift, self.drop = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 1, 1)
        self.real, self.imaginary = (nn.Parameter(torch.randn(4, 8, 5)) for _ in range(2))

    def forward(self, x):
        x = self.lift(x)
        f = torch.view_as_real(torch.fft.rfft2(x))
        a, b = f[..., 0], f[..., 1]
        mixed = torch.stack([a * self.real - b * self.imaginary, a * self.imaginary + b * self.real], -1)
        return self.drop(functional.gelu(torch.fft.irfft2(torch.view_as_complex(mixed), s=(8, 8)) + x))


@model((64,))
class Spectrogram(nn.Module):
    """A short-time Fourier transform before a convolution."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(64))
        self.conv = nn.Conv1d(9, 4, 3)

    def forward(self, x):
        s = torch.stft(x * self.scale, 16, 8, 16, torch.hann_window(16), return_complex=False, center=False)
        return self.conv(torch.log1p(s.square().sum(-1))).mean(2)


@model((2, 8))
class Polar(nn.Module):
    """Angles and other functions that few layers have."""

    def __init__(self):
        super().__init__()
        self.inner, self.head = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        a, b = self.inner(x).unbind(1)
        angle = torch.atan(a / (b.abs() + 1)) + torch.asinh(a) - torch.asin(0.9 * torch.tanh(b))
        return self.head(torch.tan(0.3 * angle) + torch.acos(0.5 * torch.sin(a)) + torch.atanh(0.5 * torch.cos(b)))


@model((6,), (1,), tokens=(5, 5))
class LossWithin(nn.Module):
    """A model that calculates its own loss."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(5, 6), nn.Linear(6, 5)

    def forward(self, x, y):
        return functional.cross_entropy(self.head(self.embed(x).mean(1)), y[:, 0], reduction="none").unsqueeze(1)


@model((2, 8, 8))
class Unfolded(nn.Module):
    """Patches, a product, and patches put together where they overlap."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(18, 18)

    def forward(self, x):
        patches = functional.unfold(x, 3, padding=1, stride=2).transpose(1, 2)
        return functional.fold(torch.tanh(self.mix(patches)).transpose(1, 2), (8, 8), 3, padding=1, stride=2)


@model((12, 6))
class Performer(nn.Module):
    """Linear attention, causal by a cumulative sum."""

    def __init__(self):
        super().__init__()
        self.qkv, self.head = nn.Linear(6, 18), nn.Linear(6, 3)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, 2)
        q, k = functional.elu(q) + 1, functional.elu(k) + 1
        state = torch.cumsum(torch.einsum("nld,nle->nlde", k, v), 1)
        weight = torch.cumsum(k, 1)
        y = torch.einsum("nld,nlde->nle", q, state) / (q * weight).sum(2, keepdim=True)
        return self.head(y)
