"""Exports a Keras 3 model (TensorFlow backend) as an ONNX file that can be trained.

    from optcmp_export_keras import export
    export(model, "model.onnx")

One file, to be copied or installed. Needs keras 3, tensorflow, onnx and tf2onnx.

`model.export(format="onnx")` and tf2onnx write models for inference: batch norm and dropout are gone or arithmetic, and
weights that do nothing yet, such as biases of zero, are left out for good. `export` goes through tf2onnx, but
- with the weights as graph inputs while the graph is simplified, so that nothing is folded into them or left out;
- with ONNX's BatchNormalization in training form, and its Dropout, in place of the layers' arithmetic;
- records in the file's `metadata_props` what each tensor is (docs/EXPORTING.md).
"""

import contextlib
import json
import math

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from keras.src import backend
from onnx import numpy_helper

__version__ = "0.1.0"


def export(model, path, *, weights=True, opset=18):
    """Writes `model` to `path` as it trains, with a symbolic batch. Returns the onnx.ModelProto.

    Args:
        model: built, with inputs of fixed shapes but for the batch. Tensors are named by their variables' `path`.
        weights: False leaves out the values of trained variables and running statistics: the engine starts them.
        opset: of ONNX.

    Raises:
        ValueError: with weights=False, a variable whose initializer cannot be recorded; say weights=True.
    """
    marks = {}
    trained = model.trainable_variables
    with _marked(marks):
        proto = _convert(model, marks, opset)
    states = {name for mark in marks.values() if mark["type"] == "BatchNormalization" for name in mark["states"]}
    kept = {v.path: v for v in model.variables if v.path in {value.name for value in proto.graph.input}}
    initializers = _initializers(model)
    starts = {v.path: start for v in trained if (start := _start(v, initializers.get(v.path))) is not None}
    _store(proto.graph, {n: v for n, v in kept.items() if weights or not (v.trainable or n in states)})
    unknown = [v.path for v in trained if v.path not in starts and v.path in kept]
    if unknown and not weights:
        raise ValueError(f"how {', '.join(unknown)} start cannot be recorded: export with weights=True")
    _annotate(
        proto,
        {
            "version": 1,
            "parameters": [v.path for v in trained if v.path in kept],
            "frozen": [v.path for n, v in kept.items() if not v.trainable and n not in states],
            "states": {n: {"kind": "ones" if "variance" in n else "zeros"} for n in kept if n in states},
            "initializers": starts,
            "padding": {},
            "tied": {},
            "carry": {},
        },
    )
    onnx.save(proto, path)
    return proto


def _convert(model, marks, opset):
    variables = [v for v in model.variables if v.dtype.startswith("float")]
    others = [(v, v.numpy()) for v in model.variables if not v.dtype.startswith("float")]
    inputs = [
        tf.TensorSpec((None, *x.shape[1:]), x.dtype, name=f"input{k}") for k, x in enumerate(model.inputs)
    ]
    given = [tf.TensorSpec(v.shape, v.dtype, name=f"weight{k}") for k, v in enumerate(variables)]

    @tf.function
    def step(*tensors):
        x, w = tensors[: len(inputs)], tensors[len(inputs) :]
        # Models take their inputs as they were put together; a Sequential holds such a model.
        functional = getattr(model, "_functional", model)
        arguments = keras.tree.pack_sequence_as(functional._inputs_struct, list(x))
        mapping = [*zip(variables, w), *((v, tf.constant(fixed)) for v, fixed in others)]
        with keras.StatelessScope(state_mapping=mapping):
            output = model(arguments, training=True)
        return keras.tree.flatten(output)[0]

    handlers = {"PyFunc": (lambda ctx, node, name, args: _replace(ctx, node, marks), [])}
    proto, _ = tf2onnx.convert.from_function(
        step, input_signature=[*inputs, *given], opset=opset, custom_op_handlers=handlers
    )
    names = {f"weight{k}": v.path for k, v in enumerate(variables)}
    names |= {f"input{k}": x.name for k, x in enumerate(model.inputs)}
    _rename(proto.graph, names)
    for mark in marks.values():
        mark["states"] = [names.get(n, n) for n in mark.get("states", [])]
    return proto


@contextlib.contextmanager
def _marked(marks):
    """Has batch norm and dropout leave a mark in the graph in place of their arithmetic."""
    norm, dropout = keras.layers.BatchNormalization.call, backend.random.dropout

    def mark(about, tensors):
        result = tf.numpy_function(lambda x, *_: x, tensors, tf.float32)
        shape = tensors[0].shape
        lengths = [-1 if d is None else d for d in shape]
        marks[result.op.get_attr("token").decode()] = {**about, "shape": lengths}
        return tf.ensure_shape(result, shape)

    def call(layer, inputs, training=None, mask=None):
        plain = mask is None and not layer.renorm and inputs.dtype == tf.float32
        if not (training and layer.trainable and plain):
            return norm(layer, inputs, training=training, mask=mask)
        channels = inputs.shape[layer.axis]
        tensors = [
            tf.convert_to_tensor(layer.gamma) if layer.scale else tf.ones([channels]),
            tf.convert_to_tensor(layer.beta) if layer.center else tf.zeros([channels]),
            tf.convert_to_tensor(layer.moving_mean),
            tf.convert_to_tensor(layer.moving_variance),
        ]
        attributes = {"epsilon": layer.epsilon, "momentum": layer.momentum, "training_mode": 1}
        axis = layer.axis % len(inputs.shape)
        about = {"type": "BatchNormalization", "attributes": attributes, "axis": axis}
        return mark(about, [inputs, *tensors])

    def drop(inputs, rate, noise_shape=None, seed=None):
        if not 0 < rate < 1:
            return dropout(inputs, rate, noise_shape, seed)
        about = {"type": "Dropout", "rate": rate}
        if noise_shape is None:
            return mark(about, [inputs])
        lengths = tf.shape(inputs)
        ones = tf.ones([lengths[k] if d is None else d for k, d in enumerate(noise_shape)])
        return inputs * mark(about, [ones])

    keras.layers.BatchNormalization.call, backend.random.dropout = call, drop
    try:
        yield
    finally:
        keras.layers.BatchNormalization.call, backend.random.dropout = norm, dropout


def _replace(ctx, node, marks):
    """The operator of ONNX's that a mark stands for; channels come second there."""
    about = marks[node.get_attr_str("token")]
    inputs, shape, dtype = list(node.input), about["shape"], onnx.TensorProto.FLOAT
    output = node.output[0]
    ctx.remove_node(node.name)
    make = lambda kind, given, **more: ctx.make_node(kind, given, shapes=[shape], dtypes=[dtype], **more)  # noqa: E731
    if about["type"] == "Dropout":
        constant = lambda value: ctx.make_const(tf2onnx.utils.make_name("constant"), value).output[0]  # noqa: E731
        rate, training = constant(np.array(about["rate"], np.float32)), constant(np.array(True))
        make("Dropout", [inputs[0], rate, training], outputs=[output], name=node.name)
        return
    about["states"] = [_source(ctx, name) for name in inputs[3:5]]
    rank, axis = len(shape), about["axis"]
    there = [0, axis, *(k for k in range(1, rank) if k != axis)]
    attributes = {k: float(v) if k != "training_mode" else v for k, v in about["attributes"].items()}
    made = [tf2onnx.utils.make_name(f"{node.name}_{part}") for part in ("y", "mean", "variance")]
    turned = axis not in (1, -rank + 1)
    x = _transpose(ctx, inputs[0], there, shape, dtype) if turned else inputs[0]
    first = [made[0] if turned else output, *made[1:]]
    ctx.make_node(
        "BatchNormalization",
        [x, *inputs[1:]],
        attr=attributes,
        outputs=first,
        shapes=[[shape[k] for k in there] if turned else shape, *[ctx.get_shape(n) for n in inputs[3:5]]],
        dtypes=[dtype] * 3,
        name=node.name,
    )
    if turned:
        back = [there.index(k) for k in range(rank)]
        make("Transpose", [made[0]], attr={"perm": back}, outputs=[output])


def _transpose(ctx, name, perm, shape, dtype):
    return ctx.make_node(
        "Transpose", [name], attr={"perm": perm}, shapes=[[shape[k] for k in perm]], dtypes=[dtype]
    ).output[0]


def _source(ctx, name):
    """The graph input behind copies of it."""
    node = ctx.get_node_by_output(name)
    while node is not None and node.type in ("Identity", "Cast") and node.input:
        name, node = node.input[0], node.inputs[0]
    return name


def _rename(graph, names):
    for value in graph.input:
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        for k, name in enumerate(node.input):
            node.input[k] = names.get(name, name)


def _store(graph, variables):
    """Makes inputs initializers."""
    for path, variable in variables.items():
        graph.initializer.append(numpy_helper.from_array(variable.numpy(), path))
    kept = [value for value in graph.input if value.name not in variables]
    del graph.input[:]
    graph.input.extend(kept)


def _initializers(model):
    """By the paths of variables; layers keep them as kernel_initializer for the variable "kernel", and so on."""
    return {
        variable.path: getattr(layer, f"{variable.name}_initializer", None)
        for layer in model._flatten_layers()
        for variable in layer._trainable_variables
    }


def _start(variable, initializer):
    """How a variable starts, as docs/EXPORTING.md has it; None where that is not one of its kinds."""
    kind, shape = type(initializer).__name__, variable.shape
    if kind in ("Zeros", "Ones"):
        return {"kind": kind.lower()}
    if kind == "Constant" and isinstance(initializer.value, (int, float)):
        return {"kind": "constant", "value": initializer.value}
    if kind == "RandomUniform":
        return {"kind": "uniform", "low": initializer.minval, "high": initializer.maxval}
    if kind in ("RandomNormal", "TruncatedNormal"):
        name = "normal" if kind == "RandomNormal" else "truncated_normal"
        return {"kind": name, "mean": initializer.mean, "stddev": initializer.stddev}
    glorot = {"GlorotUniform": "glorot_uniform", "HeUniform": "he_uniform"}
    if kind in glorot and len(shape) >= 2:
        field = math.prod(shape[:-2])
        return {"kind": glorot[kind], "fanIn": field * shape[-2], "fanOut": field * shape[-1]}
    return None


def _annotate(proto, facts):
    for key, value in facts.items():
        proto.metadata_props.add(key=f"optcmp.{key}", value=json.dumps(value))
