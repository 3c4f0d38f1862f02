import pathlib
import sys

import torch
from torch import nn


class Beale(nn.Module):
    """Noise [N, 2] to the loss of each example at (u, v), [N]."""

    def __init__(self):
        super().__init__()
        self.u = nn.Parameter(torch.tensor([-4.5]))
        self.v = nn.Parameter(torch.tensor([4.5]))

    def forward(self, noise):
        u, v = self.u, self.v
        value = (1.5 - u + u * v) ** 2 + (2.25 - u + u * v**2) ** 2 + (2.625 - u + u * v**3) ** 2
        return value + noise @ torch.cat([u, v])


def build():
    return Beale()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        torch.zeros(2, 2),
        input_names=("noise",),
        output_names=("loss",),
        description="Beale's function, (1.5 - u + uv)² + (2.25 - u + uv²)² + (2.625 - u + uv³)². Of (u, v), started at (-4.5, 4.5), plus u and v times noise.",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problem two_d_beale.",
    )
