import math
import pathlib
import sys

import torch
from torch import nn


class Branin(nn.Module):
    """Noise [N, 2] to the loss of each example at (u, v), [N]."""

    def __init__(self):
        super().__init__()
        self.u = nn.Parameter(torch.tensor([2.5]))
        self.v = nn.Parameter(torch.tensor([12.5]))

    def forward(self, noise):
        u, v = self.u, self.v
        valley = v - 5.1 / (4 * math.pi**2) * u**2 + 5 / math.pi * u - 6
        value = valley**2 + 10 * (1 - 1 / (8 * math.pi)) * torch.cos(u) + 10
        return value + noise @ torch.cat([u, v])


def build():
    return Branin()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        torch.zeros(2, 2),
        input_names=("noise",),
        output_names=("loss",),
        description="Branin's function, (v - 5.1/(4π²) u² + 5/π u - 6)² + 10 (1 - 1/(8π)) cos u + 10. Of (u, v), started at (2.5, 12.5), plus u and v times noise.",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problem two_d_branin.",
    )
