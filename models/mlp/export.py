import pathlib
import sys

from torch import nn


def build():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (1, 28, 28),
        description="Multi-layer perceptron with one hidden layer, 784-128-10, ReLU.",
        source="Textbook model.",
    )
