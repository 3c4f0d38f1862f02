import pathlib
import sys

import torch
from torch import nn


def conv(inputs, outputs, kernel, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.reduce = conv(inputs, width, 1)
        self.spatial = conv(width, width, 3, stride)
        self.expand = conv(width, 4 * width, 1)
        self.shortcut = nn.Identity() if inputs == 4 * width else conv(inputs, 4 * width, 1, stride)

    def forward(self, x):
        y = torch.relu(self.spatial(torch.relu(self.reduce(x))))
        return torch.relu(self.shortcut(x) + self.expand(y))


class ResNet(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self.stem = conv(3, 64, 7, 2)
        self.pool = nn.MaxPool2d(3, 2, padding=1)
        blocks, inputs = [], 64
        for width, count, stride in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]:
            for k in range(count):
                blocks.append(Bottleneck(inputs, width, stride if k == 0 else 1))
                inputs = 4 * width
        self.blocks = nn.Sequential(*blocks)
        self.average = nn.AvgPool2d(7)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.stem(x)))
        return self.head(self.average(self.blocks(x)).flatten(1))


def build():
    return ResNet()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (3, 224, 224),
        initializers={
            "*.expand.1.weight": {"kind": "zeros"},
            "head.weight": {"kind": "normal", "mean": 0, "stddev": 0.01},
            "head.bias": {"kind": "zeros"},
        },
        description="ResNet-50 for 224x224 images: 7x7 stem, bottleneck blocks 3-4-6-3 with the stride on the 3x3 "
        "convolution, projection shortcuts, batch norm, global average, 1000 logits. The last scale of every block "
        "starts at zero, the head at N(0, 0.01).",
        source="He, Zhang, Ren, Sun 2016 (arXiv 1512.03385); the stride and the starts after Goyal et al. 2017 (arXiv "
        "1706.02677); a workload of Choi et al. 2019 (arXiv 1910.05446).",
    )
