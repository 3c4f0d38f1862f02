import json
import pathlib
import sys

import numpy as np
import onnx
import onnx.reference
import pytest
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from optcmp_export import METADATA, export  # noqa: E402


class Convolutional(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 3, 3, bias=False),
            nn.BatchNorm2d(3),
            nn.ReLU(),
            nn.Dropout(0.4),
            nn.Flatten(),
            nn.Linear(12, 2),
        )


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.lstm = nn.LSTM(4, 4, batch_first=True)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens, h, c):
        y, (h, c) = self.lstm(self.embedding(tokens), (h, c))
        return self.head(y), h, c


class Padded(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Embedding(5, 4, padding_idx=-1), nn.Flatten(), nn.Linear(12, 2))


IMAGE = torch.zeros(2, 1, 4, 4)


def metadata(proto):
    return {p.key.removeprefix("optcmp."): json.loads(p.value) for p in proto.metadata_props}


def nodes(proto, kind):
    return [n for n in proto.graph.node if n.op_type == kind]


def test_padding_is_recorded(tmp_path):
    proto = export(Padded(), torch.zeros(2, 3, dtype=torch.int64), tmp_path / "m.onnx")
    assert metadata(proto)["padding"] == {"0.weight": 4}


@pytest.mark.parametrize("padding_idx", [None, 2])
@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_embeddings_are_picks(tmp_path, mode, padding_idx):
    bag = nn.EmbeddingBag(5, 4, mode=mode, padding_idx=padding_idx)
    tokens = torch.tensor([[0, 2, 4], [1, 1, 2]])
    proto = export(bag, tokens, tmp_path / "m.onnx")
    assert not nodes(proto, "Loop")
    (computed,) = onnx.reference.ReferenceEvaluator(proto).run(None, {proto.graph.input[0].name: tokens.numpy()})
    np.testing.assert_allclose(computed, bag(tokens).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_batch_norm_and_dropout_train(tmp_path):
    proto = export(Convolutional(), IMAGE, tmp_path / "m.onnx")
    (norm,) = nodes(proto, "BatchNormalization")
    assert {a.name: a.i for a in norm.attribute}["training_mode"] == 1
    assert len(norm.output) == 3
    (dropout,) = nodes(proto, "Dropout")
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}
    assert constants[dropout.input[2]].item() is True
    assert constants[dropout.input[1]] == pytest.approx(0.4)


def test_dropout_of_attention_trains(tmp_path):
    class Attention(nn.Module):
        def forward(self, x):
            return functional.scaled_dot_product_attention(x, x, x, dropout_p=0.1)

    proto = export(Attention(), torch.zeros(2, 1, 3, 4), tmp_path / "m.onnx")
    (dropout,) = nodes(proto, "Dropout")
    assert len(dropout.input) == 3


def test_tensors_are_told_apart(tmp_path):
    model = Convolutional()
    model[5].weight.requires_grad_(False)
    record = metadata(export(model, IMAGE, tmp_path / "m.onnx"))
    assert record["parameters"] == ["0.weight", "1.weight", "1.bias", "5.bias"]
    assert record["frozen"] == ["5.weight"]
    assert record["states"] == {"1.running_mean": {"kind": "zeros"}, "1.running_var": {"kind": "ones"}}
    assert record["initializers"]["0.weight"] == {"kind": "pytorch", "fanIn": 9, "fanOut": 27}
    assert record["initializers"]["1.weight"] == {"kind": "ones"}
    assert {f"optcmp.{key}" for key in record} == set(METADATA)


def test_the_file_computes_what_the_module_does(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.GELU(), nn.Flatten(), nn.Linear(12, 2))
    path = tmp_path / "m.onnx"
    export(model, IMAGE, path)
    x = torch.randn(5, 1, 4, 4)
    session = onnx.reference.ReferenceEvaluator(str(path))
    (y,) = session.run(None, {session.input_names[0]: x.numpy()})
    np.testing.assert_allclose(y, model(x).detach().numpy(), atol=1e-5)


def test_without_weights_parameters_and_states_are_inputs(tmp_path):
    proto = export(Convolutional(), IMAGE, tmp_path / "m.onnx", weights=False, input_names=["image"])
    names = [value.name for value in proto.graph.input]
    assert names[0] == "image"
    record = metadata(proto)
    assert names[1:] == [*record["parameters"], *record["states"]]
    assert not set(names) & {t.name for t in proto.graph.initializer}


def test_carried_state_and_tied_weights(tmp_path):
    proto = export(
        Recurrent(),
        (torch.zeros(2, 3, dtype=torch.long), torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)),
        tmp_path / "m.onnx",
        input_names=["tokens", "h0", "c0"],
        output_names=["logits", "hn", "cn"],
        batch_axes=(0, 1, 1),
        carry={"hn": "h0", "cn": "c0"},
    )
    record = metadata(proto)
    assert record["carry"] == {"hn": "h0", "cn": "c0"}
    assert record["tied"] == {"head.weight": "embedding.weight"}
    assert "head.weight" not in {t.name for t in proto.graph.initializer}
    shape = proto.graph.input[1].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in shape] == [1, "batch", 4]


def test_the_same_bytes_each_time_and_the_module_as_it_was(tmp_path):
    model = Convolutional().eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    export(model, IMAGE, tmp_path / "a.onnx", name="m")
    export(model, IMAGE, tmp_path / "b.onnx", name="m")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert not any(module.training for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_starts_that_are_given_or_not_known(tmp_path):
    model = Convolutional()
    with torch.no_grad():
        model[5].weight.normal_(0, 20)
    assert "5.weight" not in metadata(export(model, IMAGE, tmp_path / "m.onnx"))["initializers"]
    with pytest.raises(ValueError, match="5.weight: its values are not what its layer's default would give"):
        export(model, IMAGE, tmp_path / "m.onnx", weights=False)
    start = {"kind": "normal", "mean": 0, "stddev": 20}
    proto = export(model, IMAGE, tmp_path / "m.onnx", weights=False, initializers={"5.w*": start})
    assert metadata(proto)["initializers"]["5.weight"] == start


def test_names_that_match_nothing(tmp_path):
    with pytest.raises(ValueError, match="'x.weight' matches none of"):
        export(Convolutional(), IMAGE, tmp_path / "m.onnx", initializers={"x.weight": {"kind": "zeros"}})
    with pytest.raises(ValueError, match="carry 'hn' to 'h0'"):
        export(Convolutional(), IMAGE, tmp_path / "m.onnx", carry={"hn": "h0"})
