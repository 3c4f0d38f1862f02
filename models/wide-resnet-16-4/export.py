import pathlib
import sys

import torch
from torch import nn


class Block(nn.Module):
    """Pre-activation: batch norm and ReLU come before each convolution."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.project = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        active = torch.relu(self.norm1(x))
        y = torch.relu(self.norm2(self.conv1(active)))
        return self.conv2(y) + (x if self.project is None else self.project(active))


class WideResNet(nn.Module):
    def __init__(self, depth=16, widen=4, classes=10):
        super().__init__()
        blocks, inputs = [], 16
        self.conv = nn.Conv2d(3, inputs, 3, padding=1, bias=False)
        for width, stride in [(16, 1), (32, 2), (64, 2)]:
            for k in range((depth - 4) // 6):
                blocks.append(Block(inputs, widen * width, stride if k == 0 else 1))
                inputs = widen * width
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.BatchNorm2d(inputs)
        self.average = nn.AvgPool2d(8)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x):
        x = torch.relu(self.norm(self.blocks(self.conv(x))))
        return self.head(self.average(x).flatten(1))


def build():
    return WideResNet()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (3, 32, 32),
        description="Wide ResNet 16-4 for 32x32 images: a 3x3 convolution, three stages of two pre-activation blocks with "
        "64, 128 and 256 channels, 1x1 projections where the shape changes, global average, 10 logits. No dropout.",
        source="Zagoruyko and Komodakis 2016 (arXiv 1605.07146); test problem wrn164 of DeepOBS (arXiv 1903.05499).",
    )
