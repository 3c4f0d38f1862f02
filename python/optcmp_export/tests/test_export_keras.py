import json
import os
import pathlib
import sys

import numpy as np
import onnx
import onnx.reference
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
tensorflow = pytest.importorskip("tensorflow", reason="the exporter for Keras needs tensorflow")
pytest.importorskip("tf2onnx", reason="the exporter for Keras needs tf2onnx")
keras = pytest.importorskip("keras", minversion="3", reason="the exporter for Keras needs keras 3")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the exporter for Keras needs its TensorFlow backend", allow_module_level=True)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from keras import layers  # noqa: E402
from optcmp_export_keras import export  # noqa: E402


def convolutional(rate=0.25, **dense):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((6, 6, 2), name="image"),
            layers.Conv2D(3, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(momentum=0.8, name="norm"),
            layers.ReLU(),
            layers.Dropout(rate),
            layers.Flatten(),
            layers.Dense(4, name="head", **dense),
        ],
        name="net",
    )


def attention():
    keras.utils.set_random_seed(0)
    tokens = keras.Input((7,), dtype="int32", name="tokens")
    x = layers.Embedding(9, 6)(tokens)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
    return keras.Model(tokens, layers.Dense(9)(x))


def recurrent():
    keras.utils.set_random_seed(0)
    tokens = keras.Input((7,), dtype="int32", name="tokens")
    x = layers.LSTM(5, return_sequences=True)(layers.Embedding(9, 6)(tokens))
    return keras.Model(tokens, layers.Dense(9)(layers.GRU(5)(x)))


def facts(proto):
    return {p.key.removeprefix("optcmp."): json.loads(p.value) for p in proto.metadata_props}


def stored(proto):
    return {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}


def nodes(proto, kind):
    return [node for node in proto.graph.node if node.op_type == kind]


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def test_batch_norm_and_dropout_train(tmp_path):
    proto = export(convolutional(), str(tmp_path / "m.onnx"))
    (norm,) = nodes(proto, "BatchNormalization")
    assert attributes(norm)["training_mode"] == 1
    assert attributes(norm)["momentum"] == pytest.approx(0.8)
    assert attributes(norm)["epsilon"] == pytest.approx(1e-3)
    assert list(norm.input[1:]) == [f"net/norm/{part}" for part in ("gamma", "beta", "moving_mean", "moving_variance")]
    assert len(norm.output) == 3
    (dropout,) = nodes(proto, "Dropout")
    constants = stored(proto)
    assert constants[dropout.input[1]] == pytest.approx(0.25)
    assert bool(constants[dropout.input[2]])


@pytest.mark.parametrize("make", [convolutional, attention, recurrent])
def test_every_variable_is_kept_under_its_path(tmp_path, make):
    model = make()
    proto = export(model, str(tmp_path / "m.onnx"))
    kept, told = stored(proto), facts(proto)
    trained = [v.path for v in model.trainable_variables]
    assert told["parameters"] == trained
    for variable in model.trainable_variables:
        np.testing.assert_array_equal(kept[variable.path], variable.numpy())
    statistics = {v.path for v in model.non_trainable_variables if "moving" in v.path}
    assert set(told["states"]) == statistics
    assert told["frozen"] == []
    assert [value.name for value in proto.graph.input] == [model.inputs[0].name]


@pytest.mark.parametrize(("make", "kind"), [(lambda: convolutional(rate=0), "float32"), (attention, "int32")])
def test_the_file_computes_what_the_model_does_in_training(tmp_path, make, kind):
    model = make()
    path = str(tmp_path / "m.onnx")
    export(model, path)
    onnx.checker.check_model(path, full_check=True)
    drawn = np.random.RandomState(0)
    shape = (3, *model.inputs[0].shape[1:])
    x = drawn.randn(*shape).astype(kind) if kind == "float32" else drawn.randint(0, 9, shape).astype(kind)
    (actual, *_) = onnx.reference.ReferenceEvaluator(path).run(None, {model.inputs[0].name: x})
    np.testing.assert_allclose(actual, model(x, training=True), rtol=1e-4, atol=1e-5)


def test_the_batch_is_symbolic(tmp_path):
    proto = export(convolutional(), str(tmp_path / "m.onnx"))
    first, *others = proto.graph.input[0].type.tensor_type.shape.dim
    assert first.dim_param
    assert [d.dim_value for d in others] == [6, 6, 2]


def test_layers_that_are_not_trained_are_frozen(tmp_path):
    model = convolutional()
    model.get_layer("conv").trainable = False
    told = facts(export(model, str(tmp_path / "m.onnx")))
    assert told["frozen"] == [model.get_layer("conv").kernel.path]
    assert model.get_layer("conv").kernel.path not in told["parameters"]


def test_without_weights_variables_and_statistics_are_inputs(tmp_path):
    model = convolutional()
    proto = export(model, str(tmp_path / "m.onnx"), weights=False)
    variables = [v.path for v in model.variables if v.dtype == "float32"]
    assert {value.name for value in proto.graph.input} == {"image", *variables}
    assert not set(variables) & set(stored(proto))
    told = facts(proto)
    fans = {"fanIn": 2 * 9, "fanOut": 3 * 9}
    assert told["initializers"]["net/conv/kernel"] == {"kind": "glorot_uniform", **fans}
    assert told["initializers"]["net/norm/gamma"] == {"kind": "ones"}
    assert told["initializers"]["net/head/bias"] == {"kind": "zeros"}
    assert told["states"] == {"net/norm/moving_mean": {"kind": "zeros"}, "net/norm/moving_variance": {"kind": "ones"}}


def test_a_start_that_is_not_known(tmp_path):
    model = convolutional(kernel_initializer="orthogonal")
    assert "net/head/kernel" not in facts(export(model, str(tmp_path / "m.onnx")))["initializers"]
    with pytest.raises(ValueError, match="net/head/kernel start cannot be recorded: export with weights=True"):
        export(model, str(tmp_path / "m.onnx"), weights=False)


def test_the_model_stays_as_it_was(tmp_path):
    model = convolutional()
    before = [v.numpy() for v in model.variables]
    norm = layers.BatchNormalization.call
    export(model, str(tmp_path / "m.onnx"))
    assert layers.BatchNormalization.call is norm
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
