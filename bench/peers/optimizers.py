"""PyTorch side of the benchmark of updates: answers one JSON request a line.

Request:  {"threads": n}
Response: {OPTIMIZER: {MODE: median seconds of one update of 25 million parameters}}
MODE:     "loop", "foreach", and "fused" where there is one
"""

import json
import statistics
import sys
import time

import torch

TENSORS = 10
SIZE = 2_500_000
REPETITIONS = 3

# Our rule: class, options, whether it has a fused form on CPUs.
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}, True),
    "momentum/pytorch": (torch.optim.SGD, {"momentum": 0.9}, True),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, True),
    "rmsprop/pytorch": (torch.optim.RMSprop, {"momentum": 0.9}, False),
    "adam/pytorch": (torch.optim.Adam, {}, True),
    "nadam/pytorch": (torch.optim.NAdam, {}, False),
    "adamw/pytorch": (torch.optim.AdamW, {}, True),
    "nadamw/pytorch": (torch.optim.NAdam, {"weight_decay": 0.01, "decoupled_weight_decay": True}, False),
    "amsgrad/pytorch": (torch.optim.Adam, {"amsgrad": True}, True),
    "adamax": (torch.optim.Adamax, {}, False),
    "radam/pytorch": (torch.optim.RAdam, {}, False),
    "adagrad/pytorch": (torch.optim.Adagrad, {}, True),
    "adadelta/pytorch": (torch.optim.Adadelta, {}, False),
}


def modes(has_fused):
    yield "loop", {"foreach": False}
    yield "foreach", {"foreach": True}
    if has_fused:
        yield "fused", {"fused": True}


def seconds(parameters, optimizer, options):
    optimizer = optimizer(parameters, lr=1e-6, **options)
    times = []
    for repetition in range(REPETITIONS + 1):
        begin = time.perf_counter()
        optimizer.step()
        if repetition > 0:  # The first makes the state.
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main():
    parameters = [torch.nn.Parameter(torch.full((SIZE,), 0.5)) for _ in range(TENSORS)]
    for parameter in parameters:
        parameter.grad = torch.rand(SIZE)
    for line in sys.stdin:
        torch.set_num_threads(json.loads(line)["threads"])
        answer = {
            name: {
                mode: seconds(parameters, optimizer, {**options, **extra})
                for mode, extra in modes(has_fused)
            }
            for name, (optimizer, options, has_fused) in OPTIMIZERS.items()
        }
        print(json.dumps(answer), flush=True)


main()
