import pathlib
import sys

import torch
from torch import nn


class CharLstm(nn.Module):
    def __init__(self, vocabulary=83, units=128, layers=2):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, units)
        self.lstm = nn.LSTM(units, units, layers, batch_first=True)
        self.head = nn.Linear(units, vocabulary)

    def forward(self, tokens, h0, c0):
        y, (hn, cn) = self.lstm(self.embedding(tokens), (h0, c0))
        return self.head(y), hn, cn


def build():
    return CharLstm()


def example():
    return torch.zeros(2, 50, dtype=torch.long), torch.zeros(2, 2, 128), torch.zeros(2, 2, 128)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from export_common import export

    export(
        pathlib.Path(__file__).parent,
        build(),
        example(),
        input_names=("tokens", "h0", "c0"),
        output_names=("logits", "hn", "cn"),
        batch_axes=(0, 1, 1),
        carry={"hn": "h0", "cn": "c0"},
        description="Character-level language model: embedding of 128, two LSTM layers of 128 whose state goes on to the "
        "next batch, 83 logits for each of 50 positions.",
        source="DeepOBS (Schneider, Balles, Hennig 2019, arXiv 1903.05499), test problem tolstoi_char_rnn, without its "
        "dropout; a workload of Choi et al. 2019 (arXiv 1910.05446).",
    )
