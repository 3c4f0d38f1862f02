import pathlib
import sys

from torch import nn


def build():
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 1000),
        nn.ReLU(),
        nn.Linear(1000, 500),
        nn.ReLU(),
        nn.Linear(500, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (1, 28, 28),
        initializers={
            "*.weight": {"kind": "truncated_normal", "mean": 0, "stddev": 0.03},
            "*.bias": {"kind": "zeros"},
        },
        description="Multi-layer perceptron 784-1000-500-100-10, ReLU.",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problems mnist_mlp and fmnist_mlp.",
    )
