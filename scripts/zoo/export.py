"""Exports models of other libraries with each of PyTorch's exporters, and records what PyTorch computes for them.

Reads requests from standard input, one a line: {"model": name, "form": form, "folder": path}; answers each with a line
{"error": text} or {} after writing into the folder

    model.onnx       the model, in float32
    reference.json   what is where in reference.bin
    reference.bin    inputs, labels, loss and gradients in float64

With --list prints the names of all models. The loss is the mean squared error of the first output against random labels.
Randomness within the models (dropout, stochastic depth) is switched off, so that gradients can be compared.
"""

import copy
import json
import logging
import os
import pathlib
import signal
import sys
import warnings

import numpy as np
import onnx
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "python/optcmp_export"))
sys.path.insert(0, str(HERE))
import models  # noqa: E402
from optcmp_export import export  # noqa: E402

SECONDS = 240


def to_file(model, inputs, path, form):
    names = [f"input{k}" for k in range(len(inputs))]
    if form == "optcmp":
        return export(model, inputs, path, input_names=names)
    if form.startswith("plain"):
        return torch.onnx.export(model.eval(), inputs, path, dynamo=form == "plain-dynamo", verbose=False)
    trains = form in models.TRAINING
    model.train(trains)
    if form.startswith("torchscript"):
        mode = torch.onnx.TrainingMode
        torch.onnx.export(
            model,
            inputs,
            path,
            dynamo=False,
            input_names=names,
            dynamic_axes={name: {0: "N"} for name in names},
            training=mode.TRAINING if trains else mode.EVAL,
            do_constant_folding=not trains,
            opset_version=20,
        )
        return
    shapes = tuple({0: torch.export.Dim("N")} for _ in inputs)
    options = {"dynamo": True, "input_names": names, "dynamic_shapes": shapes, "verbose": False}
    torch.onnx.export(model, inputs, path, optimize=form == "dynamo", **options)


def prepared(model):
    """Without randomness, and with running statistics as after training."""
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
        for name in ("drop_prob", "p", "dropout", "attention_dropout", "dropout_p", "dropout_prob", "drop_rate"):
            if isinstance(getattr(module, name, None), float) and type(module).__name__ != "GeM":
                setattr(module, name, 0.0)
        # Statistics that are all alike are stored as one tensor with whatever else is like them.
        if isinstance(module, nn.modules.batchnorm._NormBase) and module.running_mean is not None:
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model


class First(nn.Module):
    """The first tensor of what a model gives."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input0, input1=None, input2=None):
        return first(self.model(*(x for x in (input0, input1, input2) if x is not None)))


def first(output):
    while not isinstance(output, torch.Tensor):
        output = next(iter(output.values())) if isinstance(output, dict) else output[0]
    return output


def gradients(model, inputs, labels, trains):
    """Loss and gradients by the model's names."""
    model = copy.deepcopy(model).train(trains)
    kind = labels.dtype
    inputs = [x.to(kind) if x.is_floating_point() else x for x in inputs]
    torch.manual_seed(0)
    loss = ((model.to(kind)(*inputs) - labels) ** 2).mean()
    loss.backward()
    return loss.item(), {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


def distances(rounded, exact):
    """The relative error of each parameter's gradient; one that is next to nothing counts by all of them."""
    whole = torch.stack([g.norm() for g in exact.values()]).norm()
    return {n: ((rounded[n].double() - g).norm() / max(g.norm(), 1e-4 * whole)).item() for n, g in exact.items()}


def nearest(model, inputs, trains):
    """How near to 0 the input of a ReLU comes, in float64: within rounding, float32 may take it for the other sign."""
    model, found = copy.deepcopy(model).double().train(trains), [1.0]
    for module in model.modules():
        if isinstance(module, (nn.ReLU, nn.ReLU6)):
            module.inplace = False
            module.register_forward_hook(lambda _, given, __: found.append(given[0].abs().min().item()))
    with torch.no_grad():
        model(*(x.double() if x.is_floating_point() else x for x in inputs))
    return min(found)


class Writer:
    def __init__(self):
        self.parts, self.offset = [], 0

    def add(self, tensor):
        values = tensor.detach().double().contiguous().numpy().reshape(-1)
        place = {"shape": list(tensor.shape), "offset": self.offset}
        self.parts.append(values)
        self.offset += values.size
        return place


def named_gradients(stored, parameters, exact):
    """(name in the file, (parameter, its gradient)): of tensors under their name, or transposed under another."""
    transposed = {}
    for name, value in parameters.items():
        if value.ndim == 2:
            transposed.setdefault(value.T.tobytes(), []).append(name)
    for name, value in stored.items():
        # A name that stands for other values, such as folded ones, is another parameter.
        if name in parameters and np.array_equal(value, parameters[name]):
            yield name, (name, exact[name])
        elif name not in parameters and value.ndim == 2 and len(fits := transposed.get(value.tobytes(), [])) == 1:
            yield name, (fits[0], exact[fits[0]].T)


def reference(model, inputs, path, trains):
    with torch.no_grad():
        output = copy.deepcopy(model).train(trains)(*inputs)
    labels = torch.randn(output.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    loss, exact = gradients(model, inputs, labels, trains)
    if not np.isfinite(loss):
        raise ValueError(f"in float64 PyTorch's own loss is {loss}")
    _, rounded = gradients(model, inputs, labels.float(), trains)
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    writer, rounding = Writer(), distances(rounded, exact)
    parameters = dict(model.named_parameters())
    found = dict(named_gradients(stored, {n: parameters[n].detach().numpy() for n in exact}, exact))
    return writer, {
        "inputs": [{**writer.add(x), "whole": not x.is_floating_point()} for x in inputs],
        "labels": writer.add(labels),
        "loss": loss,
        "nearest": nearest(model, inputs, trains),
        "parameters": sum(p.numel() for n, p in parameters.items() if n in exact),
        "gradients": {n: {**writer.add(g), "rounding": rounding[of]} for n, (of, g) in found.items()},
        "frozen": [n for n in stored if n.endswith(("running_mean", "running_var"))] if not trains else [],
    }


def answer(request):
    folder = pathlib.Path(request["folder"])
    path = str(folder / "model.onnx")
    torch.manual_seed(0)
    model, inputs = models.build(request["model"])
    model = prepared(model)
    with torch.no_grad():
        plain = isinstance(copy.deepcopy(model)(*inputs), torch.Tensor)
    model = model if plain else First(model)
    form = request["form"]
    trains = form in models.TRAINING
    to_file(copy.deepcopy(model), inputs, path, form)
    writer, about = reference(model, inputs, path, trains)
    np.concatenate(writer.parts).astype("<f8").tofile(folder / "reference.bin")
    (folder / "reference.json").write_text(json.dumps(about))


def main():
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    torch.set_num_threads(1)
    if "--list" in sys.argv:
        return print(*models.names(), sep="\n")
    # What the libraries print, in C++ too, is no answer.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def late(*_):
        raise TimeoutError(f"not exported within {SECONDS} s")

    signal.signal(signal.SIGALRM, late)
    for line in sys.stdin:
        result = {}
        try:
            signal.alarm(SECONDS)
            answer(json.loads(line))
        except Exception as error:  # noqa: BLE001
            text = str(error).partition("Exception summary")[2] or str(error) or type(error).__name__
            result["error"] = " ".join(text.split())[:300]
        finally:
            signal.alarm(0)
        print(json.dumps(result), file=out, flush=True)


main()
