"""Packs the node tests (and those of gradients) of the ONNX project (Apache-2.0) into cases.jsonl.gz.

    python3 test/conformance/pack.py        # needs onnx (1.23.2 made the committed file) and numpy

One line a test: its name, the model and, for its first data set, inputs and outputs, all as base64 of their protobuf
messages. Left out are tests of other things than tensors (sequences and optionals as inputs, strings, images), of
operators of other domains than ONNX's own and its training preview, and tests of more than 64 KiB.
"""

import base64
import gzip
import io
import json
import pathlib
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.model import collect_testcases as collect_models
from onnx.backend.test.case.node import collect_testcases

HERE = pathlib.Path(__file__).parent
DOMAINS = {"", "ai.onnx", "ai.onnx.preview.training"}
LARGEST = 64 * 1024


def encode(message):
    return base64.b64encode(message.SerializeToString()).decode()


def tensors(values, infos):
    """The values as tensors; None where one is something else."""
    protos = []
    for value, info in zip(values, infos):
        if isinstance(value, onnx.TensorProto):
            protos.append(value)
        elif isinstance(value, (np.ndarray, np.generic)) and np.asarray(value).dtype.kind in "biuf":
            protos.append(numpy_helper.from_array(np.asarray(value), info.name))
        else:
            return None
        protos[-1].name = info.name
    return protos


def record(case):
    graph = case.model.graph
    if not {node.domain for node in graph.node} <= DOMAINS or not case.data_sets:
        return None
    inputs, outputs = case.data_sets[0]
    packed = [tensors(inputs, graph.input), tensors(outputs, graph.output)]
    if None in packed:
        return None
    line = {"name": case.name, "model": encode(case.model)}
    line["inputs"], line["outputs"] = [[encode(tensor) for tensor in side] for side in packed]
    text = json.dumps(line, separators=(",", ":"))
    return text if len(text) <= LARGEST * 4 / 3 else None


def main():
    warnings.simplefilter("ignore")
    gradients = [case for case in collect_models() if case.name.startswith("test_gradient_")]
    cases = [*collect_testcases(None), *gradients]
    lines = [line for case in cases if (line := record(case))]
    lines.sort(key=lambda line: json.loads(line)["name"])
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as file:
        file.write("\n".join(lines).encode())
    (HERE / "cases.jsonl.gz").write_bytes(buffer.getvalue())
    print(f"{len(lines)} tests, {len(buffer.getvalue())} bytes")


main()
