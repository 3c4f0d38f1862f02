import pathlib
import sys

from torch import nn


def build():
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 1024),
        nn.ReLU(),
        nn.Linear(1024, 10),
    )


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (1, 28, 28),
        description="2c2d: twice convolution, ReLU and 2x2 max-pooling (32 and 64 filters of 5x5, 'same' padding), "
        "a hidden dense layer of 1024 with ReLU, 10 logits.",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problem 2c2d.",
    )
