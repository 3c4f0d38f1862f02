"""Writes a workload model as ONNX without its weights, and its model.json.

Needs torch, onnx and onnxscript. Exporting again with the versions in model.json gives the same bytes.
"""

import hashlib
import json
import pathlib
import tempfile

import onnx
import onnxscript
import torch


def export(folder, model, example_shape, *, description, source):
    """Exports `model` to folder/model.onnx and describes it in folder/model.json.

    `example_shape` is the shape of one example. The batch axis is symbolic. Weights become graph inputs, so
    the engine starts them.
    """
    folder = pathlib.Path(folder)
    model.eval()
    parameters = {name: list(p.shape) for name, p in model.named_parameters()}
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "model.onnx"
        torch.onnx.export(
            model,
            (torch.zeros(2, *example_shape),),
            path,
            input_names=["image"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            external_data=False,
            verbose=False,
        )
        proto = onnx.load(path)
    strip(proto)
    proto.graph.name = folder.resolve().name
    weights_to_inputs(proto.graph, parameters)
    onnx.checker.check_model(proto, full_check=True)
    data = proto.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(data)
    record = {
        "description": description,
        "source": source,
        "licence": "Apache-2.0",
        "opset": next(o.version for o in proto.opset_import if o.domain == ""),
        "exporter": {
            "torch": torch.__version__.split("+")[0],
            "onnx": onnx.__version__,
            "onnxscript": onnxscript.__version__,
        },
        "sha256": hashlib.sha256(data).hexdigest(),
        "parameters": parameters,
        "parameter_count": sum(p.numel() for p in model.parameters()),
    }
    (folder / "model.json").write_text(json.dumps(record, indent=2) + "\n")


def strip(proto):
    """Removes what tells of the machine and the run that exported, which would change the checksum."""
    proto.producer_version = torch.__version__.split("+")[0]
    del proto.metadata_props[:]
    proto.doc_string = ""
    graph = proto.graph
    graph.doc_string = ""
    del graph.metadata_props[:]
    del graph.value_info[:]
    for item in [*graph.node, *graph.input, *graph.output, *graph.initializer]:
        del item.metadata_props[:]
        item.doc_string = ""


def weights_to_inputs(graph, parameters):
    """Turns the initializers that are parameters into graph inputs of the same name and shape."""
    kept = [t for t in graph.initializer if t.name not in parameters]
    for name, shape in parameters.items():
        graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    del graph.initializer[:]
    graph.initializer.extend(kept)
