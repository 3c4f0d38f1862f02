import pathlib
import sys

from torch import nn

STAGES = [(64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)]


def build():
    layers, inputs = [], 3
    for stage in STAGES:
        for outputs in stage:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, 10),
    )


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (3, 32, 32),
        description="VGG-16 for 32x32 images: thirteen 3x3 convolutions with ReLU in five stages, each ended by 2x2 "
        "max-pooling, two hidden dense layers of 512, 10 logits. No batch norm, no dropout.",
        source="Simonyan and Zisserman 2015 (arXiv 1409.1556), configuration D; dense layers of 512 for 32x32 images "
        "are our choice.",
    )
