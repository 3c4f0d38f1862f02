"""PyTorch side of the benchmark of element-by-element codes: answers one JSON request a line.

Request:  {"threads": n, "sizes": [n, …]}
Response: {SIZE: {NAME: median seconds of one call}}
Results are written to memory that is there already, where PyTorch has a way to say so.
"""

import json
import statistics
import sys
import time

import torch

LEAST_SECONDS = 0.02
aten = torch.ops.aten


def calls(x, y, out):
    yield "add", lambda: torch.add(x, y, out=out)
    yield "relu gradient", lambda: aten.threshold_backward.grad_input(x, y, 0, grad_input=out)
    yield "exp", lambda: torch.exp(x, out=out)
    yield "tanh", lambda: torch.tanh(x, out=out)
    yield "sigmoid", lambda: torch.sigmoid(x, out=out)
    yield "silu", lambda: aten.silu.out(x, out=out)
    yield "gelu", lambda: aten.gelu.out(x, out=out)
    yield "gelu gradient", lambda: aten.gelu_backward.grad_input(y, x, grad_input=out)
    yield "dropout", lambda: torch.nn.functional.dropout(x, 0.5, training=True)


def seconds(call):
    def elapsed(count):
        begin = time.perf_counter()
        for _ in range(count):
            call()
        return time.perf_counter() - begin

    count = 1
    while elapsed(count) < LEAST_SECONDS:
        count *= 2
    return statistics.median(elapsed(count) / count for _ in range(3))


def measure(size):
    x = torch.arange(size).remainder(4093).float() / 512 - 4
    return {name: seconds(call) for name, call in calls(x, x.clone(), torch.empty_like(x))}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request["threads"])
        print(json.dumps({size: measure(size) for size in request["sizes"]}), flush=True)


main()
