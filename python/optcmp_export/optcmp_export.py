"""Exports a torch.nn.Module as an ONNX file that can be trained.

    from optcmp_export import export
    export(model, example, "model.onnx")

One file, to be copied or installed (`pip install ./python/optcmp_export`). Needs torch 2.9 or later, onnx and onnxscript.

torch.onnx.export writes models for inference: it folds batch norm into the convolution before it, drops dropout in
`eval()` mode and no longer tells a weight from a constant. `export` goes through the same exporter, but
- in training mode, with the parameters as graph inputs while the graph is simplified, so nothing is folded into them;
- writes BatchNormalization in ONNX's training form wherever the module updates running statistics, and switches on
  the dropout of scaled_dot_product_attention, which the exporter leaves off;
- records in the file's `metadata_props` what each tensor is: see METADATA below.
"""

import collections
import contextlib
import fnmatch
import functools
import json
import math
import pathlib
import warnings

import onnx
import onnx_ir as ir
import onnxscript.optimizer
import torch
from torch import nn

__version__ = "0.1.0"

METADATA = {
    "optcmp.version": "version of these keys: 1",
    "optcmp.parameters": "names of the trained tensors, in the order of the module: [name, …]",
    "optcmp.frozen": "names of parameters that are not trained (requires_grad is False): [name, …]",
    "optcmp.states": "running statistics and how each starts, null for its stored value: {name: initializer | null}",
    "optcmp.initializers": "how each trained tensor starts, where known: {name: initializer}",
    "optcmp.padding": "rows of embeddings that are not trained (padding_idx): {name: row}",
    "optcmp.tied": "names the module has for a tensor that the file has under another: {alias: name}",
    "optcmp.carry": "outputs that are the next batch's inputs when batches follow each other: {output: input}",
}


def export(
    model,
    example,
    path,
    *,
    input_names=None,
    output_names=None,
    batch_axes=0,
    carry=None,
    initializers=None,
    weights=True,
    name=None,
    opset=None,
):
    """Writes `model` to `path` as it trains, with a symbolic batch.

    Args:
        model: the module. It is exported in training mode; its own mode is left as it was.
        example: a tensor or a tuple of tensors that `model(*example)` takes. At least 2 examples in the batch:
            PyTorch takes an axis of length 1 for fixed.
        path: of the ONNX file; its folder must exist. With weights of 1 GiB or more they go to PATH.data beside it.
        input_names: default `forward`'s argument names.
        output_names: default the exporter's.
        batch_axes: the axis that counts examples, for all inputs or one for each; None where an input has none.
        carry: {output name: input name} of state that goes on from one batch to the next, as an LSTM's.
        initializers: {name or pattern ("blocks.*.weight"): initializer} of parameters that do not start as PyTorch's
            layers do; the last that matches counts. An initializer is a dict: {"kind": "zeros"}, {"kind": "ones"},
            {"kind": "constant", "value"}, {"kind": "uniform", "low", "high"}, {"kind": "normal", "mean", "stddev"},
            {"kind": "truncated_normal", "mean", "stddev"}, or {"kind", "fanIn", "fanOut"} with kind "pytorch",
            "glorot_uniform", "glorot_normal", "he_uniform" or "he_normal".
        weights: False leaves out the values of trained parameters and states: they become graph inputs without a
            batch axis. Frozen parameters and constants always keep theirs.
        name: of the graph; default the file's stem.
        opset: default the exporter's.

    Returns:
        The onnx.ModelProto that was written.

    Raises:
        ValueError: a name or pattern that matches nothing; with weights=False, a tensor whose start is not known.
    """
    path = pathlib.Path(path)
    example = example if isinstance(example, tuple) else (example,)
    program = _trace(model, example, input_names, output_names, batch_axes, opset)
    graph = program.model.graph
    tied = _untie(graph, model)
    parameters = {n: p for n, p in model.named_parameters() if n in graph.initializers}
    states = _states(program)
    trained = [n for n, p in parameters.items() if p.requires_grad]
    starts = _initializers(model, {n: parameters[n] for n in trained}, initializers or {}, weights)
    values = _to_inputs(graph, [*trained, *states])
    _train_dropout(graph)
    onnxscript.optimizer.optimize(program.model)
    _train_batch_norm(graph, set(states))
    if weights:
        _to_initializers(graph, values)
    _check_carry(graph, carry or {})
    graph.name = name or path.stem
    used = {value.name for value in [*graph.inputs, *graph.initializers.values()]}
    frozen = [n for n, p in parameters.items() if not p.requires_grad and n in used]
    proto = _proto(program.model)
    _annotate(
        proto,
        {
            "version": 1,
            "parameters": trained,
            "frozen": frozen,
            "states": {n: _state_start(n, v, weights) for n, v in states.items()},
            "initializers": starts,
            "padding": _padding(model, trained, tied),
            "tied": tied,
            "carry": carry or {},
        },
    )
    _write(proto, path)
    return proto


def _trace(model, example, input_names, output_names, batch_axes, opset):
    if not isinstance(batch_axes, (tuple, list)):
        batch_axes = (batch_axes,) * len(example)
    batch = torch.export.Dim("batch")
    shapes = tuple(None if axis is None else {axis: batch} for axis in batch_axes)
    modes = [(module, module.training) for module in model.modules()]
    model.train()
    try:
        with warnings.catch_warnings(), _plain_bags(model):
            warnings.filterwarnings("ignore", message="Exporting a model while it is in training mode")
            return _to_onnx(model, example, input_names, output_names, shapes, opset)
    finally:
        for module, training in modes:
            module.training = training


@contextlib.contextmanager
def _plain_bags(model):
    """Bags of embeddings of one length as picks and a reduction: the exporter writes a loop over the batch."""
    bags = [m for m in model.modules() if isinstance(m, nn.EmbeddingBag) and "forward" not in vars(m)]
    for bag in bags:
        bag.forward = functools.partial(_bag, bag)
    try:
        yield
    finally:
        for bag in bags:
            del bag.forward


def _bag(bag, tokens, offsets=None, per_sample_weights=None):
    if tokens.dim() != 2 or bag.max_norm is not None:
        return nn.EmbeddingBag.forward(bag, tokens, offsets, per_sample_weights)
    rows = nn.functional.embedding(tokens, bag.weight)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(2)
    if bag.padding_idx is None:
        return {"sum": lambda: rows.sum(1), "mean": lambda: rows.mean(1), "max": lambda: rows.max(1)[0]}[bag.mode]()
    counts = (tokens != bag.padding_idx).unsqueeze(2)
    if bag.mode == "max":
        return rows.masked_fill(~counts, -math.inf).max(1)[0].masked_fill(~counts.any(1), 0)
    total = (rows * counts).sum(1)
    return total if bag.mode == "sum" else total / counts.sum(1).clamp(min=1)


def _to_onnx(model, example, input_names, output_names, shapes, opset):
    return torch.onnx.export(
        model,
        example,
        dynamo=True,
        optimize=False,
        input_names=input_names,
        output_names=output_names,
        dynamic_shapes=shapes,
        opset_version=opset,
        verbose=False,
    )


def _untie(graph, model):
    """Leaves one initializer of each set that shares a tensor, and returns {alias: name}."""
    first = {}
    tied = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        kept = first.setdefault(id(parameter), name)
        if kept == name:
            continue
        tied[name] = kept
        if name not in graph.initializers:
            continue
        alias = graph.initializers[name]
        if kept not in graph.initializers:
            del graph.initializers[name]
            alias.name = kept
            graph.initializers.add(alias)
            continue
        alias.replace_all_uses_with(graph.initializers[kept])
        del graph.initializers[name]
    return tied


def _padding(model, trained, tied):
    """The row of each trained embedding whose gradient PyTorch keeps at zero."""
    rows = {
        f"{name}.weight" if name else "weight": module.padding_idx
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Embedding) and module.padding_idx is not None
    }
    return {tied.get(n, n): row for n, row in rows.items() if tied.get(n, n) in trained}


def _states(program):
    """The buffers that training changes and the graph reads, by name."""
    changed = set(program.exported_program.graph_signature.buffers_to_mutate.values())
    initializers = program.model.graph.initializers
    buffers = program.exported_program.state_dict
    return {n: buffers[n] for n in initializers if n in changed and any(initializers[n].uses())}


def _to_inputs(graph, names):
    """Makes initializers graph inputs, in this order, and returns their values."""
    values = {}
    for name in names:
        value = graph.initializers.pop(name)
        values[name] = value.const_value
        value.const_value = None
        graph.inputs.append(value)
    return values


def _to_initializers(graph, values):
    for value in [v for v in graph.inputs if v.name in values]:
        graph.inputs.remove(value)
        value.const_value = values[value.name]
        graph.initializers.add(value)


def _train_dropout(graph):
    """Switches on dropout that the exporter writes in inference form (scaled_dot_product_attention's)."""
    for node in [n for n in graph if n.op_type == "Dropout" and len(n.inputs) < 3]:
        training = ir.node("Constant", [], {"value": ir.tensor(True)})
        training.outputs[0].name = f"{node.outputs[0].name}.training"
        graph.insert_before(node, training)
        node.resize_inputs(3)
        node.replace_input_with(2, training.outputs[0])


def _train_batch_norm(graph, states):
    """Gives nodes that read running statistics ONNX's training form, whose outputs are the updated statistics."""
    uses = collections.Counter()
    for node in graph:
        if node.op_type != "BatchNormalization" or node.inputs[3].name not in states:
            continue
        node.attributes["training_mode"] = ir.AttrInt64("training_mode", 1)
        node.resize_outputs(3)
        for output, statistic in zip(node.outputs[1:], node.inputs[3:]):
            uses[statistic.name] += 1
            # A layer may be used more than once.
            again = uses[statistic.name] if uses[statistic.name] > 1 else ""
            output.name = f"{statistic.name}.next{again}"
            output.type, output.shape = statistic.type, statistic.shape


def _check_carry(graph, carry):
    inputs = {value.name for value in graph.inputs}
    outputs = {value.name for value in graph.outputs}
    for output, name in carry.items():
        if output in outputs and name in inputs:
            continue
        raise ValueError(
            f"carry {output!r} to {name!r}: the outputs are {sorted(outputs)}, the inputs {sorted(inputs)}; "
            "name them by output_names and input_names"
        )


def _initializers(model, parameters, given, weights):
    """How each parameter starts: as given, else as PyTorch's layers start it, when its values agree with that."""
    starts = {}
    for pattern, start in given.items():
        names = fnmatch.filter(parameters, pattern)
        if not names:
            raise ValueError(f"initializers: {pattern!r} matches none of {list(parameters)}")
        starts.update(dict.fromkeys(names, start))
    defaults = _layer_defaults(model)
    for name, parameter in parameters.items():
        if name in starts:
            continue
        start = _constant(parameter) or defaults.get(name)
        if start is not None and _agrees(parameter, start):
            starts[name] = start
        elif not weights:
            raise ValueError(
                f"{name}: its values are not what its layer's default would give; say how it starts by "
                f"initializers={{{name!r}: …}}, or export it with weights"
            )
    return {name: starts[name] for name in parameters if name in starts}


def _layer_defaults(model):
    """What the layers' reset_parameters does, by parameter name. Norms and biases are recognised by their values."""
    starts = {}
    for prefix, module in model.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            start = _layer_default(module, name)
            if start is not None:
                starts[f"{prefix}.{name}" if prefix else name] = start
    return starts


def _layer_default(module, name):
    if isinstance(module, (nn.Linear, nn.modules.conv._ConvNd)):
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(module.weight)
        return {"kind": "pytorch", "fanIn": fan_in, "fanOut": fan_out}
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and module.padding_idx is None:
        return {"kind": "normal", "mean": 0, "stddev": 1}
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        return _uniform(1 / math.sqrt(module.hidden_size))
    if isinstance(module, nn.Bilinear):
        return _uniform(1 / math.sqrt(module.in1_features))
    if isinstance(module, nn.MultiheadAttention) and name.endswith("proj_weight"):
        fan_out, fan_in = getattr(module, name).shape
        return {"kind": "glorot_uniform", "fanIn": fan_in, "fanOut": fan_out}
    return None


def _uniform(bound):
    return {"kind": "uniform", "low": -bound, "high": bound}


def _constant(tensor):
    if tensor.numel() == 0 or tensor.min() != tensor.max():
        return None
    value = tensor.flatten()[0].item()
    return {0: {"kind": "zeros"}, 1: {"kind": "ones"}}.get(value, {"kind": "constant", "value": value})


def _agrees(tensor, start):
    """Whether the values look drawn as `start` says: within its bounds, with its deviation to six standard errors."""
    if start["kind"] in ("zeros", "ones", "constant"):
        return True
    if start["kind"] == "normal":
        bound, stddev = math.inf, start["stddev"]
    else:
        bound = _bound(start)
        stddev = bound / math.sqrt(3)
    values = tensor.detach().double()
    measured = values.square().mean().sqrt().item()
    near = abs(measured / stddev - 1) <= 6 / math.sqrt(2 * values.numel())
    return near and values.abs().max().item() <= bound * (1 + 1e-6)


def _bound(start):
    if start["kind"] == "uniform":
        return start["high"]
    if start["kind"] == "glorot_uniform":
        return math.sqrt(6 / (start["fanIn"] + start["fanOut"]))
    return 1 / math.sqrt(start["fanIn"])


def _state_start(name, tensor, weights):
    start = _constant(tensor)
    if start is None and not weights:
        raise ValueError(f"{name}: a running statistic that is not constant starts at its value; export with weights")
    return start


def _proto(model):
    """As a protobuf without what tells of the machine and the run: paths, stack traces."""
    proto = ir.to_proto(model)
    del proto.metadata_props[:]
    proto.doc_string = ""
    graph = proto.graph
    del graph.value_info[:]
    for item in [graph, *graph.node, *graph.input, *graph.output, *graph.initializer]:
        del item.metadata_props[:]
        item.doc_string = ""
    return proto


def _annotate(proto, metadata):
    onnx.helper.set_model_props(
        proto, {f"optcmp.{key}": json.dumps(value, separators=(",", ":")) for key, value in metadata.items()}
    )


def _write(proto, path):
    if proto.ByteSize() < 2**30:
        path.write_bytes(proto.SerializeToString(deterministic=True))
    else:
        onnx.save(proto, path, save_as_external_data=True, location=f"{path.name}.data")
    onnx.checker.check_model(str(path), full_check=True)
