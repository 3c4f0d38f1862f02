import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from transformer_lm import TransformerLm, starts  # noqa: E402


def build():
    return TransformerLm(32000, time=64, width=512, layers=6, heads=8, hidden=2048, dropout=0.1, tied=True)


def example():
    return torch.zeros(2, 64, dtype=torch.long)


if __name__ == "__main__":
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        example(),
        input_names=("tokens",),
        initializers=starts(layers=6),
        description="Decoder-only Transformer language model: 6 pre-norm blocks of width 512 with 8 heads and 2048 hidden "
        "units (GELU), learned positions, dropout of 0.1, embedding shared with the output, 32000 logits for each of 64 "
        "positions.",
        source="Vaswani et al. 2017 (arXiv 1706.03762), base shape, as a language model; a workload of Choi et al. 2019 "
        "(arXiv 1910.05446) on LM1B. Our reading, where we could not confirm a detail: sequences of 64, 32000 word "
        "pieces; pre-norm, learned positions and starts are GPT-2's (Radford et al. 2019).",
    )
