"""As export.py, for Keras 3 with TensorFlow: exports by tf2onnx in training form, and by Keras itself.

Forms: `tf2onnx` is tf2onnx.convert.from_function of model(x, training=True), `keras` model.export(format="onnx"),
`optcmp` python/optcmp_export/optcmp_export_keras.py.
Needs tensorflow, keras and tf2onnx.
"""

import itertools
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402
from keras import layers  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python/optcmp_export"))
from optcmp_export_keras import export  # noqa: E402

MODELS = {}


def model(*inputs):
    """Registers a function from inputs to an output, with the shape of one example of each; `tokens` are below 12."""

    def register(build):
        MODELS[build.__name__] = (build, inputs)
        return build

    return register


@model((16, 16, 3))
def cnn(x):
    x = layers.Conv2D(4, 3, activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(4, 3, padding="same", strides=2, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.LeakyReLU()(x)
    x = layers.AveragePooling2D(3, 2, padding="same")(x)
    return layers.Dense(5)(layers.Dense(8, activation="relu")(layers.Flatten()(x)))


@model((16, 16, 3))
def dropout(x):
    """The rate is next to nothing, as gradients are compared."""
    x = layers.Dropout(1e-9)(layers.Conv2D(4, 3, activation="relu")(x))
    return layers.Dense(5)(layers.Dropout(1e-9)(layers.GlobalAveragePooling2D()(layers.SpatialDropout2D(1e-9)(x))))


@model((12,))
def mlp(x):
    for _ in range(3):
        x = layers.Dense(8, activation="tanh")(x)
    return layers.Dense(3, activation="softmax")(x)


@model((16, 16, 4))
def residual(x):
    y = layers.SeparableConv2D(4, 3, padding="same", activation="swish")(x)
    y = layers.DepthwiseConv2D(3, padding="same")(y)
    y = layers.PReLU(shared_axes=[1, 2])(layers.GroupNormalization(2)(y))
    s = layers.Dense(4, activation="sigmoid")(layers.Dense(2, activation="relu")(layers.GlobalAveragePooling2D()(y)))
    x = layers.Add()([x, layers.Multiply()([y, layers.Reshape((1, 1, 4))(s)])])
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(layers.ZeroPadding2D(1)(x))
    return layers.GlobalMaxPooling2D()(layers.Cropping2D(1)(x))


@model(("tokens", 7))
def lstm(x):
    x = layers.Embedding(12, 6)(x)
    x = layers.LSTM(5, return_sequences=True)(x)
    return layers.Dense(4)(layers.LSTM(6)(x))


@model(("tokens", 7))
def gru(x):
    x = layers.Embedding(12, 6)(x)
    x = layers.Bidirectional(layers.GRU(5, return_sequences=True))(x)
    return layers.Dense(4)(layers.GRU(6, reset_after=False)(x))


@model(("tokens", 6))
def simple_rnn(x):
    x = layers.Embedding(12, 6)(x)
    return layers.Dense(4)(layers.SimpleRNN(6)(layers.TimeDistributed(layers.Dense(5))(x)))


class Places(layers.Layer):
    """Adds an embedding of positions."""

    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], name="table")

    def call(self, x):
        return x + self.table


@model(("tokens", 8))
def transformer(x):
    x = Places()(layers.Embedding(12, 8)(x))
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)
        y = layers.Dense(8)(layers.Dense(16, activation="gelu")(layers.LayerNormalization()(x)))
        x = x + y
    return layers.Dense(12)(x)


@model((10, 6), (8, 6))
def cross_attention(x, memory):
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3)(x, memory))
    x = layers.Concatenate()([x, layers.Attention(use_scale=True)([x, x])])
    return layers.Dense(3)(layers.GlobalAveragePooling1D()(layers.UnitNormalization()(x)))


@model((20, 3))
def sequence(x):
    x = layers.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="elu")(x)
    x = layers.MaxPooling1D(2)(layers.SpatialDropout1D(0)(layers.Conv1D(6, 3, padding="same", activation="selu")(x)))
    return layers.Dense(4)(layers.Flatten()(x))


@model((6, 8, 8, 2))
def volumes(x):
    x = layers.Conv3D(4, 3, activation="softplus")(x)
    return layers.Dense(3)(layers.Flatten()(layers.AveragePooling3D(2)(x)))


@model((4, 8, 8, 2))
def conv_lstm(x):
    return layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.ConvLSTM2D(3, 3, padding="same")(x)))


def application(name, size, **options):
    kind = getattr(keras.applications, name)
    MODELS[name] = (lambda: kind(weights=None, classes=5, input_shape=(size, size, 3), classifier_activation=None, **options), None)


# Examples in a batch, where two are too few: batch norm of hardly any values makes gradients of rounding errors.
BATCHES = {"ResNet50V2": 8, "EfficientNetB0": 8}


application("MobileNetV2", 64, alpha=0.35)
application("MobileNet", 64, alpha=0.25)
application("ResNet50V2", 64)
application("EfficientNetB0", 64)
application("EfficientNetV2B0", 64)
application("DenseNet121", 64)
application("Xception", 96)
application("NASNetMobile", 64)
application("ConvNeXtTiny", 64)


def build(name):
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    make, shapes = MODELS[name]
    if shapes is None:
        whole = make()
        for layer in whole._flatten_layers():
            if isinstance(layer, layers.Dropout):
                layer.rate = 0.0
        shape = (BATCHES.get(name, 2), *whole.input_shape[1:])
        return whole, [np.random.uniform(0, 255, shape).astype("float32")]
    tokens = [shape[0] == "tokens" for shape in shapes]
    inputs = [
        layers.Input(shape[1:], dtype="int32") if whole else layers.Input(shape) for shape, whole in zip(shapes, tokens)
    ]
    values = [
        np.random.randint(0, 12, (2, *shape[1:])).astype("int32") if whole else np.random.randn(2, *shape).astype("float32")
        for shape, whole in zip(shapes, tokens)
    ]
    return keras.Model(inputs, make(*inputs)), values


def to_file(whole, inputs, path, form):
    if form == "optcmp":
        return export(whole, path)
    if form == "keras":
        return whole.export(path, format="onnx", verbose=False)
    signature = [tf.TensorSpec((None, *x.shape[1:]), x.dtype, name=f"input{k}") for k, x in enumerate(inputs)]
    training = tf.function(lambda *x: whole(x if len(x) > 1 else x[0], training=True))
    tf2onnx.convert.from_function(training, input_signature=signature, opset=18, output_path=path)


def gradients(whole, inputs, labels, trains):
    kept = [v.numpy() for v in whole.variables]
    with tf.GradientTape() as tape:
        output = whole(inputs if len(inputs) > 1 else inputs[0], training=trains)
        loss = tf.reduce_mean((output - labels) ** 2)
    found = tape.gradient(loss, [v.value for v in whole.trainable_variables])
    for variable, value in zip(whole.variables, kept):
        variable.assign(value)
    return float(loss), {v.path: tf.convert_to_tensor(g).numpy() for v, g in zip(whole.trainable_variables, found)}


def exactly(name, whole, inputs, labels, trains):
    """As `gradients`, in float64, by the same paths."""
    kind = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        exact, _ = build(name)
    finally:
        keras.config.set_floatx(kind)
    exact.set_weights(whole.get_weights())
    inputs = [x.astype("float64") if x.dtype.kind == "f" else x for x in inputs]
    loss, found = gradients(exact, inputs, labels.astype("float64"), trains)
    return loss, dict(zip([v.path for v in whole.trainable_variables], found.values()))


def distances(rounded, exact):
    """The relative error of each variable's gradient; one that is next to nothing counts by all of them."""
    whole = np.linalg.norm([np.linalg.norm(g) for g in exact.values()])
    return {n: float(np.linalg.norm(rounded[n] - g) / max(np.linalg.norm(g), 1e-4 * whole)) for n, g in exact.items()}


class Writer:
    def __init__(self):
        self.parts, self.offset = [], 0

    def add(self, array):
        place = {"shape": list(array.shape), "offset": self.offset}
        self.parts.append(np.ascontiguousarray(array, dtype="<f8").reshape(-1))
        self.offset += array.size
        return place


def reordered(array):
    """The gates of an LSTM from Keras's order (i, f, c, o) to ONNX's (i, o, f, c)."""
    if array.ndim == 0 or array.shape[-1] % 4:
        return array
    i, f, c, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)


def stored_as(value, variables):
    """The variables that a stored tensor may be, each with what is made of it there."""
    for variable in variables:
        array = variable.numpy()
        for perm in itertools.permutations(range(array.ndim)):
            for gates in (lambda x: x, reordered):
                turned = gates(array).transpose(perm)
                if turned.size == value.size and np.array_equal(turned.reshape(-1), value.reshape(-1)):
                    yield variable, lambda x, gates=gates, perm=perm: gates(x).transpose(perm)
                    break
            else:
                continue
            break


def answer(request):
    folder = pathlib.Path(request["folder"])
    path = str(folder / "model.onnx")
    whole, inputs = build(request["model"].removeprefix("keras/"))
    trains = request["form"] != "keras"
    output = whole(inputs if len(inputs) > 1 else inputs[0])
    labels = np.random.RandomState(1).randn(*output.shape).astype("float32")
    to_file(whole, inputs, path, request["form"])
    _, rounded = gradients(whole, inputs, labels, trains)
    loss, found = exactly(request["model"].removeprefix("keras/"), whole, inputs, labels, trains)
    rounding = distances(rounded, found)
    proto = onnx.load(path)
    writer, named = Writer(), {}
    for tensor in proto.graph.initializer:
        value = onnx.numpy_helper.to_array(tensor)
        if value.size < 2 or value.dtype.kind != "f":
            continue
        known = [v for v in whole.trainable_variables if v.path == tensor.name]
        fits = list(stored_as(value, known or whole.trainable_variables))
        # Of several that hold the same numbers, the one of the layer that the name names.
        named_so = [fit for fit in fits if f"/{fit[0].path.rsplit('/', 1)[0]}/" in f"/{tensor.name}"]
        chosen = named_so if len(fits) > 1 else fits
        if len(chosen) == 1:
            variable, change = chosen[0]
            gradient = change(found[variable.path]).reshape(value.shape)
            named[tensor.name] = {**writer.add(gradient), "rounding": rounding[variable.path]}
    about = {
        "inputs": [
            {**writer.add(x), "whole": x.dtype.kind == "i", "name": proto.graph.input[k].name} for k, x in enumerate(inputs)
        ],
        "labels": writer.add(labels),
        "loss": loss,
        "parameters": sum(g.size for g in found.values()),
        "gradients": named,
        "frozen": [],
    }
    np.concatenate(writer.parts).tofile(folder / "reference.bin")
    (folder / "reference.json").write_text(json.dumps(about))


def main():
    if "--list" in sys.argv:
        return print(*(f"keras/{name}" for name in MODELS), sep="\n")
    # What the libraries print, in C++ too, is no answer.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        result = {}
        try:
            answer(json.loads(line))
        except Exception as error:  # noqa: BLE001
            result["error"] = " ".join((str(error).strip() or type(error).__name__).split())[:300]
        print(json.dumps(result), file=out, flush=True)


if __name__ == "__main__":
    main()
