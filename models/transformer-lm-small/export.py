import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from transformer_lm import TransformerLm, starts  # noqa: E402


def build():
    return TransformerLm(1000, time=64, width=128, layers=2, heads=4, hidden=512)


def example():
    return torch.zeros(2, 64, dtype=torch.long)


if __name__ == "__main__":
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        example(),
        input_names=("tokens",),
        initializers={**starts(layers=2), "head.weight": {"kind": "normal", "mean": 0, "stddev": 0.02}},
        description="Small decoder-only Transformer language model: 2 pre-norm blocks of width 128 with 4 heads and 512 "
        "hidden units (GELU), learned positions, no dropout, 1000 logits for each of 64 positions.",
        source="The small sibling of transformer-lm.",
    )
