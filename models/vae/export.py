import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional


class Conv(nn.Conv2d):
    """64 filters of 4x4 with stride 1, padded to keep the size: one before, two behind."""

    def forward(self, x):
        return super().forward(functional.pad(x, (1, 2, 1, 2)))


class Transposed(nn.ConvTranspose2d):
    """Its transpose, cut to the size of the input likewise."""

    def forward(self, x):
        return super().forward(x)[:, :, 1:-2, 1:-2]


class Vae(nn.Module):
    """Images [N, 1, 28, 28] to the loss of each, [N]: squared error of the reconstruction plus KL(q(z|x) ‖ N(0, 1))."""

    def __init__(self, latent=8, channels=64, rate=0.2):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(0.3),
            nn.Dropout(rate),
            nn.Conv2d(channels, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(0.3),
            nn.Dropout(rate),
            Conv(channels, channels, 4),
            nn.LeakyReLU(0.3),
            nn.Dropout(rate),
            nn.Flatten(),
        )
        self.mean = nn.Linear(7 * 7 * channels, latent)
        self.log_variance = nn.Linear(7 * 7 * channels, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, 24),
            nn.LeakyReLU(0.3),
            nn.Linear(24, 49),
            nn.LeakyReLU(0.3),
            nn.Unflatten(1, (1, 7, 7)),
            nn.ConvTranspose2d(1, channels, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Dropout(rate),
            Transposed(channels, channels, 4),
            nn.ReLU(),
            nn.Dropout(rate),
            Transposed(channels, channels, 4),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(14 * 14 * channels, 784),
            nn.Sigmoid(),
        )

    def forward(self, image):
        features = self.encoder(image)
        mean, log_variance = self.mean(features), self.log_variance(features)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        error = (self.decoder(z) - image.flatten(1)) ** 2
        divergence = 0.5 * (mean**2 + torch.exp(log_variance) - log_variance - 1)
        return error.sum(1) + divergence.sum(1)


def build():
    return Vae()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (1, 28, 28),
        output_names=("loss",),
        description="Variational autoencoder with a latent space of 8: three 4x4 convolutions of 64 filters with leaky "
        "ReLU and dropout of 0.2, two dense layers and three transposed convolutions back, 784 sigmoids. Loss: squared "
        "error plus Kullback-Leibler divergence.",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problems mnist_vae and fmnist_vae.",
    )
