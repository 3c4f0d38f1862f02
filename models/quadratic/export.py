import pathlib
import sys

import numpy as np
import torch
from torch import nn

SEED = 42


def hessian(flat=90, steep=10):
    """Eigenvalues from U(0, 1) and U(30, 60), eigenvectors from the Haar measure; the same on every call."""
    rng = np.random.default_rng(SEED)
    eigenvalues = np.concatenate([rng.uniform(0, 1, flat), rng.uniform(30, 60, steep)])
    gaussian = rng.normal(size=(flat + steep, flat + steep))
    q, r = np.linalg.qr(gaussian)
    rotation = q * np.sign(np.diag(r))
    return torch.from_numpy(((rotation * eigenvalues) @ rotation.T).astype(np.float32))


class Quadratic(nn.Module):
    """Noise x [N, 100] to ½ (θ − x)ᵀ Q (θ − x) of each example, [N]."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.ones(100))
        self.register_buffer("hessian", hessian())

    def forward(self, noise):
        offset = self.theta - noise
        return 0.5 * (offset @ self.hessian * offset).sum(1)


def build():
    return Quadratic()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        torch.zeros(2, 100),
        input_names=("noise",),
        output_names=("loss",),
        description="Noisy quadratic ½ (θ − x)ᵀ Q (θ − x) in 100 dimensions, started at 1. 90 eigenvalues of Q are from "
        "U(0, 1), 10 from U(30, 60).",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problem quadratic_deep, with random "
        "numbers of our own for Q; its spectrum is after Chaudhari et al. 2017 (arXiv 1611.01838).",
    )
