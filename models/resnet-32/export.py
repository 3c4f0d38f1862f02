import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """Two 3x3 convolutions about a shortcut. Where the shape changes the shortcut skips every second pixel and fills the
    new channels with zeros (option A of He et al. 2016, section 3.3)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.added = outputs - inputs

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        if self.stride > 1:
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))
        return torch.relu(x + y)


class ResNet(nn.Module):
    def __init__(self, blocks=5, classes=10):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        stages = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        self.blocks = nn.Sequential(
            *(
                Block(inputs if k == 0 else outputs, outputs, stride if k == 0 else 1)
                for inputs, outputs, stride in stages
                for k in range(blocks)
            )
        )
        self.average = nn.AvgPool2d(8)
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        return self.head(self.average(self.blocks(x)).flatten(1))


def build():
    return ResNet()


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        (3, 32, 32),
        description="ResNet-32 for 32x32 images: a 3x3 convolution, three stages of five two-convolution blocks with "
        "16, 32 and 64 channels, batch norm, parameter-free shortcuts, global average, 10 logits.",
        source="He, Zhang, Ren, Sun 2016 (arXiv 1512.03385), section 4.2, n = 5, option A; a workload of Choi et al. "
        "2019 (arXiv 1910.05446).",
    )
