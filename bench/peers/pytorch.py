"""PyTorch side of the training benchmarks: a process that answers one JSON request a line.

Request:  {"workload": "2c2d" | "mlp", "mode": MODE, "threads": n, "steps": n}
MODE:     "eager", "channels_last" or "compiled"
Response: {"seconds": seconds per training step}

A step is what a training loop does: gather a shuffled batch from u8 images in memory, normalise,
forward, backward, fused Adam.
"""

import json
import sys
import time

import torch
from torch import nn


def model_2c2d():
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Linear(1024, 10),
    )


def model_mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


WORKLOADS = {"2c2d": (model_2c2d, 256), "mlp": (model_mlp, 64)}


class Loop:
    def __init__(self, workload, mode):
        make, self.batch = WORKLOADS[workload]
        torch.manual_seed(0)
        self.model = make()
        self.channels_last = mode == "channels_last"
        if self.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.forward = torch.compile(self.model) if mode == "compiled" else self.model
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)
        self.images = torch.randint(0, 256, (50_000, 1, 28, 28), dtype=torch.uint8)
        self.labels = torch.randint(0, 10, (50_000,))
        self.order = torch.randperm(50_000)
        self.position = 0

    def step(self):
        if self.position + self.batch > len(self.order):
            self.order = torch.randperm(50_000)
            self.position = 0
        rows = self.order[self.position : self.position + self.batch]
        self.position += self.batch
        x = self.images[rows].float().div_(255).sub_(0.2860).div_(0.3530)
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        loss = nn.functional.cross_entropy(self.forward(x), self.labels[rows])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss


def main():
    loops = {}
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request["threads"])
        key = (request["workload"], request["mode"], request["threads"])
        if key not in loops:
            loops[key] = Loop(*key[:2])
            for _ in range(3):
                loops[key].step()
        loop = loops[key]
        start = time.perf_counter()
        for _ in range(request["steps"]):
            loop.step()
        seconds = (time.perf_counter() - start) / request["steps"]
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
