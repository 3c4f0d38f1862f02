import pathlib
import sys

from torch import nn


def conv(inputs, outputs, kernel, stride=1, padding=0):
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU()]


def build(classes=100):
    return nn.Sequential(
        nn.Dropout(0.2),
        *conv(3, 96, 3, padding=1),
        *conv(96, 96, 3, padding=1),
        *conv(96, 96, 3, stride=2, padding=1),
        nn.Dropout(0.5),
        *conv(96, 192, 3, padding=1),
        *conv(192, 192, 3, padding=1),
        *conv(192, 192, 3, stride=2, padding=1),
        nn.Dropout(0.5),
        *conv(192, 192, 3),
        *conv(192, 192, 1),
        *conv(192, classes, 1),
        nn.AvgPool2d(6),
        nn.Flatten(),
    )


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (3, 32, 32),
        description="All-CNN-C for 32x32 images: nine convolutions with ReLU, two of them with stride 2 in place of "
        "pooling, dropout of 0.2 on the image and 0.5 after each stride, global average, 100 logits.",
        source="Springenberg, Dosovitskiy, Brox, Riedmiller 2015 (arXiv 1412.6806); test problem allcnnc of DeepOBS "
        "(arXiv 1903.05499); a workload of Choi et al. 2019 (arXiv 1910.05446).",
    )
