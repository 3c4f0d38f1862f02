"""PyTorch side of the architecture benchmarks: a process that answers one JSON request a line.

Request:  {"model": folder in models/, "batch": n, "mode": MODE, "threads": n, "steps": n}
MODE:     "eager", "channels_last" or "compiled"
Response: {"seconds": seconds per training step, "peakBytes": most memory since the imports, beyond theirs}

The model is that of its export script, in training mode. A step is what a training loop does: gather a shuffled batch
from memory, for images of u8 normalise it, forward, backward, fused Adam.
"""

import importlib.util
import json
import pathlib
import resource
import sys
import time

import torch
from torch import nn

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
BATCHES = 4


def load(name):
    spec = importlib.util.spec_from_file_location(name, MODELS / name / "export.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Loop:
    def __init__(self, name, batch, mode):
        torch.manual_seed(0)
        module = load(name)
        self.batch = batch
        self.model = module.build().train()
        self.format = torch.channels_last if mode == "channels_last" else torch.contiguous_format
        self.model.to(memory_format=self.format)
        self.forward = torch.compile(self.model) if mode == "compiled" else self.model
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4, fused=True)
        self.state = ()
        tokens = getattr(module, "example", None)
        count = BATCHES * batch
        if tokens is None:
            self.inputs = torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8)
            self.labels = torch.randint(0, self.classes(torch.zeros(2, 3, 32, 32)), (count,))
            return
        first, *state = example if isinstance(example := tokens(), tuple) else (example,)
        self.state = tuple(torch.zeros(s.shape[0], batch, *s.shape[2:]) for s in state)
        classes = self.classes(first, *state)
        self.inputs = torch.randint(0, classes, (count, first.shape[1]))
        self.labels = torch.randint(0, classes, self.inputs.shape)

    @torch.no_grad()
    def classes(self, *example):
        output = self.model(*example)
        return (output[0] if isinstance(output, tuple) else output).shape[-1]

    def step(self):
        rows = torch.randint(0, len(self.inputs), (self.batch,))
        x = self.inputs[rows]
        if x.dtype == torch.uint8:
            x = x.float().div_(255).sub_(0.47).div_(0.25).contiguous(memory_format=self.format)
        output = self.forward(x, *self.state)
        if self.state:
            output, *state = output
            self.state = tuple(s.detach() for s in state)
        loss = nn.functional.cross_entropy(output.flatten(0, -2), self.labels[rows].flatten())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    loops = {}
    baseline = peak_bytes()
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request["threads"])
        key = (request["model"], request["batch"], request["mode"])
        if (key, request["threads"]) not in loops:
            loop = loops[key, request["threads"]] = Loop(*key)
            for _ in range(2):
                loop.step()
        loop = loops[key, request["threads"]]
        start = time.perf_counter()
        for _ in range(request["steps"]):
            loop.step()
        seconds = (time.perf_counter() - start) / request["steps"]
        print(json.dumps({"seconds": seconds, "peakBytes": peak_bytes() - baseline}), flush=True)


if __name__ == "__main__":
    main()
