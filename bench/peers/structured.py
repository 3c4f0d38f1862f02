"""PyTorch side of the benchmark of rules of whole tensors: answers one JSON request a line.

Request:  {"rule": name, "threads": n, "steps": n, "shapes": [[rows, columns] | [size], …]}
Response: {"seconds": mean of an update of random gradients, of so many after as many, "by": package and class,
           "machine": bytes and operations a second that it has for streams and products}

Tensors of more axes are matrices of their first axis and all others, as ours are.

Needs timm, pytorch_optimizer, prodigyopt and dadaptation.
"""

import contextlib
import json
import math
import sys
import time

import pytorch_optimizer
import timm.optim
import torch
from dadaptation import DAdaptAdam
from prodigyopt import Prodigy


class Parts:
    """One optimizer for matrices, another for vectors."""

    def __init__(self, parameters, matrices, vectors):
        self.parts = [
            matrices([p for p in parameters if p.ndim > 1]),
            vectors([p for p in parameters if p.ndim < 2]),
        ]

    def step(self):
        for part in self.parts:
            part.step()


OPTIMIZERS = {
    # Without decay timm leaves the ratio out, unless told otherwise.
    "lars": ("timm Lars", lambda p: timm.optim.Lars(p, momentum=0.9, always_adapt=True)),
    "lamb": ("timm Lamb", lambda p: timm.optim.Lamb(p, max_grad_norm=None)),
    "adafactor/pytorch": ("torch.optim.Adafactor, foreach", lambda p: torch.optim.Adafactor(p, foreach=True)),
    "muon": (
        "torch.optim.Muon, AdamW",
        lambda p: Parts(p, torch.optim.Muon, lambda v: torch.optim.AdamW(v, foreach=True)),
    ),
    "shampoo": (
        "pytorch_optimizer Shampoo, torch.optim.Adagrad",
        lambda p: Parts(
            p,
            lambda m: pytorch_optimizer.Shampoo(m, preconditioning_compute_steps=10),
            torch.optim.Adagrad,
        ),
    ),
    "soap": ("pytorch_optimizer SOAP", pytorch_optimizer.SOAP),
    "prodigy": ("prodigyopt", Prodigy),
    "dadapt-adam": ("dadaptation", DAdaptAdam),
}


def best(run):
    """The least seconds of a few runs."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


def machine():
    x, a, b = torch.ones(1 << 25), torch.ones(1024, 1024), torch.ones(1024, 1024)
    return {
        "bandwidth": 2 * x.nbytes / best(lambda: x.mul_(1.0001)),
        "flops": 2 * 1024**3 / best(lambda: a @ b),
    }


def matrix(shape):
    return [shape[0], math.prod(shape[1:])] if len(shape) > 2 else shape


def measure(rule, threads, steps, shapes):
    shapes = [matrix(shape) for shape in shapes]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(0.05 * torch.randn(shape)) for shape in shapes]
    batches = [[0.01 * torch.randn(shape) for shape in shapes] for _ in range(20)]
    by, make = OPTIMIZERS[rule]
    optimizer = make(parameters)

    def run():
        for step in range(steps):
            for parameter, gradient in zip(parameters, batches[step % len(batches)]):
                parameter.grad = gradient
            optimizer.step()

    run()
    begin = time.perf_counter()
    run()
    seconds = (time.perf_counter() - begin) / steps
    return {"seconds": seconds, "by": by, "machine": machine()}


for line in sys.stdin:
    with contextlib.redirect_stdout(sys.stderr):
        answer = measure(**json.loads(line))
    print(json.dumps(answer), flush=True)
