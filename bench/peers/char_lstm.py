"""PyTorch side of the benchmark of recurrent layers: a process that answers one JSON request a line.

Request:  {"export": PATH}                                   writes the model as ONNX
          {"mode": "eager" | "compiled", "threads": n, "steps": n}
          {"gemm": [m, k, n], "threads": n}
Response: {}, {"seconds": seconds per training step} or {"gflops": billions of operations a second}

The model is DeepOBS's character model: an embedding, two LSTM layers of 128 units and a dense layer, on batches of
50 sequences of 50 characters out of 83. A step is forward, backward and fused Adam.
"""

import json
import sys
import time
import warnings

import torch
from torch import nn

CHARACTERS, UNITS, STEPS, BATCH = 83, 128, 50, 50


class CharLstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(CHARACTERS, UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS, num_layers=2, batch_first=True)
        self.head = nn.Linear(UNITS, CHARACTERS)

    def forward(self, characters):
        return self.head(self.lstm(self.embedding(characters))[0])


class Loop:
    def __init__(self, mode):
        torch.manual_seed(0)
        model = CharLstm()
        self.forward = torch.compile(model) if mode == "compiled" else model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
        self.text = torch.randint(0, CHARACTERS, (BATCH, STEPS + 1))

    def step(self):
        logits = self.forward(self.text[:, :-1])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), self.text[:, 1:].flatten())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()


def export(path):
    warnings.simplefilter("ignore")  # of the older exporter, about itself
    torch.onnx.export(
        CharLstm(),
        (torch.zeros(2, STEPS, dtype=torch.int64),),
        path,
        input_names=["characters"],
        output_names=["logits"],
        dynamic_axes={"characters": {0: "N"}},
        training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False,
        dynamo=False,
    )
    return {}


def seconds_of(step, steps):
    start = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - start) / steps


def gemm(m, k, n):
    a, b = torch.randn(m, k), torch.randn(k, n)
    out = torch.empty(m, n)
    multiply = lambda: torch.mm(a, b, out=out)
    multiply()
    return {"gflops": 2e-9 * m * k * n / min(seconds_of(multiply, 1) for _ in range(10))}


def main():
    loops = {}
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request.get("threads", 1))
        if "export" in request:
            response = export(request["export"])
        elif "gemm" in request:
            response = gemm(*request["gemm"])
        else:
            key = (request["mode"], request["threads"])
            if key not in loops:
                loops[key] = Loop(request["mode"])
                seconds_of(loops[key].step, 3)
            response = {"seconds": seconds_of(loops[key].step, request["steps"])}
        print(json.dumps(response), flush=True)


if __name__ == "__main__":
    main()
