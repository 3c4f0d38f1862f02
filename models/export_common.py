"""Writes a workload model as ONNX without its weights, and its model.json.

Needs torch, onnx and onnxscript. Exporting again with the versions in model.json gives the same bytes.
"""

import hashlib
import json
import pathlib
import sys

import onnx
import onnxscript
import torch

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python/optcmp_export"))
import optcmp_export  # noqa: E402


def export(folder, model, example, *, description, source, input_names=("image",), output_names=("logits",), **options):
    """Exports `model` to folder/model.onnx and describes it in folder/model.json.

    `example` is a batch of two examples, a tensor or a tuple of tensors, or the shape of one image. Weights become graph
    inputs, so the engine starts them. `options` are those of optcmp_export.export.
    """
    folder = pathlib.Path(folder)
    path = folder / "model.onnx"
    if not torch.is_tensor(example) and not torch.is_tensor(example[0]):
        example = torch.zeros(2, *example)
    proto = optcmp_export.export(
        model,
        example,
        path,
        input_names=list(input_names),
        output_names=list(output_names),
        weights=False,
        name=folder.resolve().name,
        **options,
    )
    metadata = {p.key: json.loads(p.value) for p in proto.metadata_props}
    shapes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in proto.graph.input}
    parameters = {name: shapes[name] for name in metadata["optcmp.parameters"]}
    trained = dict(model.named_parameters())
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
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": parameters,
        "parameter_count": sum(trained[name].numel() for name in parameters),
        "states": {name: shapes[name] for name in metadata["optcmp.states"]},
    }
    (folder / "model.json").write_text(json.dumps(record, indent=2) + "\n")
