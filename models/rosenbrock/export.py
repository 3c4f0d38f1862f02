import pathlib
import sys

import torch
from torch import nn


class Rosenbrock(nn.Module):
    """Noise [N, 2] to the loss of each example at (u, v), [N]."""

    def __init__(self):
        super().__init__()
        self.u = nn.Parameter(torch.tensor([-0.5]))
        self.v = nn.Parameter(torch.tensor([1.5]))

    def forward(self, noise):
        u, v = self.u, self.v
        value = (1 - u) ** 2 + 100 * (v - u**2) ** 2
        return value + noise @ torch.cat([u, v])


def build():
    return Rosenbrock()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        torch.zeros(2, 2),
        input_names=("noise",),
        output_names=("loss",),
        description="Rosenbrock's function, (1 - u)² + 100 (v - u²)². Of (u, v), started at (-0.5, 1.5), plus u and v times noise.",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problem two_d_rosenbrock.",
    )
