import pathlib
import sys

from torch import nn


def build():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
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
        description="Simple CNN: twice convolution, ReLU and 2x2 max-pooling (32 and 64 filters of 3x3), "
        "a hidden dense layer of 1024 with ReLU, 10 logits.",
        source="Choi et al. 2019 (arXiv 1910.05446), appendix B, after Shallue et al. 2019 (JMLR 20:112): two "
        "convolutional layers with max-pooling and one hidden dense layer. Our reading, where we could not confirm "
        "a detail: 3x3 filters, 'same' padding, ReLU after the dense layer, no dropout.",
    )
