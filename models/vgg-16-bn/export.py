import pathlib
import sys

from torch import nn

# Channels of each stage, and the dropout after each of its convolutions but the last.
STAGES = [((64, 64), 0.3), ((128, 128), 0.4), ((256,) * 3, 0.4), ((512,) * 3, 0.4), ((512,) * 3, 0.4)]


def build():
    layers, inputs = [], 3
    for stage, rate in STAGES:
        for k, outputs in enumerate(stage):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
            if k < len(stage) - 1:
                layers.append(nn.Dropout(rate))
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(512, 512),
        nn.BatchNorm1d(512),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(512, 10),
    )


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (3, 32, 32),
        description="VGG-16 with batch norm and dropout for 32x32 images: thirteen 3x3 convolutions, each followed by "
        "batch norm and ReLU, dropout of 0.3 to 0.4 between those of a stage, five 2x2 max-poolings, a hidden dense "
        "layer of 512 with batch norm between dropouts of 0.5, 10 logits.",
        source="Wilson et al. 2017 (arXiv 1705.08292) after S. Zagoruyko, 92.45% on CIFAR-10 in Torch (2015); the rates "
        "of dropout are our reading; a workload of Choi et al. 2019 (arXiv 1910.05446).",
    )
