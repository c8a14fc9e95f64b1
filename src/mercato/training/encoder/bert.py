"""BERT in torch, to be trained; `models/bert_graph.py` is the same in ONNX, to be served.

Devlin et al. (2019), https://arxiv.org/abs/1810.04805. Parameters bear the names of a checkpoint.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mercato.models.bert_graph import BertShape


class Bert(nn.Module):
    """Token numbers of several texts → (n_texts, hidden_size) unit vectors.

    Texts are not padded: all layers but the attention work on the tokens of all texts in one
    (n_tokens, hidden_size) matrix, so short texts cost what they are long.
    """

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], shape: BertShape) -> None:
        super().__init__()
        self.shape = shape
        self.embeddings = _Embeddings(weights, shape)
        self.encoder = _Layers(weights, shape)
        known = self.state_dict()
        self.load_state_dict({name: torch.tensor(weights[name]) for name in known})
        # Measured on Home Depot: to train 12 million numbers of words, most of which no pair holds,
        # costs a third of the time and wins nothing.
        self.embeddings.requires_grad_(False)

    def forward(self, texts: Sequence[Sequence[int]]) -> Tensor:
        lengths = torch.tensor([len(text) for text in texts])
        tokens = torch.tensor([token for text in texts for token in text])
        held = torch.arange(int(lengths.max())) < lengths[:, None]  # (n_texts, longest)
        place = held.nonzero()[:, 1]
        state = self.encoder(self.embeddings(tokens, place), held)
        if self.shape.pooling == "cls":
            pooled = state[place == 0]
        else:
            text_of_token = held.nonzero()[:, 0]
            sums = state.new_zeros(len(texts), state.shape[1]).index_add(0, text_of_token, state)
            pooled = sums / lengths[:, None]
        return functional.normalize(pooled)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The parameters, by the names of a checkpoint."""
        return {name: value.detach().numpy().copy() for name, value in self.state_dict().items()}


def _table(weights: Mapping[str, NDArray[np.float32]], kind: str) -> nn.Embedding:
    return nn.Embedding(*weights[f"embeddings.{kind}_embeddings.weight"].shape)


def _linear(weights: Mapping[str, NDArray[np.float32]], name: str) -> nn.Linear:
    outputs, inputs = weights[f"{name}.weight"].shape
    return nn.Linear(inputs, outputs)


class _Embeddings(nn.Module):
    def __init__(self, weights: Mapping[str, NDArray[np.float32]], shape: BertShape) -> None:
        super().__init__()
        self.word_embeddings = _table(weights, "word")
        self.position_embeddings = _table(weights, "position")
        self.token_type_embeddings = _table(weights, "token_type")
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, tokens: Tensor, place: Tensor) -> Tensor:
        words = self.word_embeddings(tokens) + self.position_embeddings(place)
        normed: Tensor = self.LayerNorm(words + self.token_type_embeddings.weight[0])
        return normed


class _Layers(nn.Module):
    def __init__(self, weights: Mapping[str, NDArray[np.float32]], shape: BertShape) -> None:
        super().__init__()
        names = (f"encoder.layer.{number}" for number in range(shape.num_hidden_layers))
        self.layer = nn.ModuleList(_Layer(weights, shape, name) for name in names)

    def forward(self, state: Tensor, held: Tensor) -> Tensor:
        for layer in self.layer:
            state = layer(state, held)
        return state


class _Layer(nn.Module):
    def __init__(
        self, weights: Mapping[str, NDArray[np.float32]], shape: BertShape, name: str
    ) -> None:
        super().__init__()
        self.heads = shape.num_attention_heads
        own = nn.Module()
        for part in ("query", "key", "value"):
            own.add_module(part, _linear(weights, f"{name}.attention.self.{part}"))
        self.attention = nn.Module()
        self.attention.add_module("self", own)
        self.attention.output = _Output(weights, shape, f"{name}.attention.output")
        self.intermediate = nn.Module()
        self.intermediate.dense = _linear(weights, f"{name}.intermediate.dense")
        self.output = _Output(weights, shape, f"{name}.output")

    def forward(self, state: Tensor, held: Tensor) -> Tensor:
        mixed = self.attention.output(self._attended(state, held), state)
        wide = functional.gelu(self.intermediate.dense(mixed))
        narrowed: Tensor = self.output(wide, mixed)
        return narrowed

    def _attended(self, state: Tensor, held: Tensor) -> Tensor:
        own = self.attention.get_submodule("self")
        n_texts, longest = held.shape
        parts = []
        for name in ("query", "key", "value"):
            packed = own.get_submodule(name)(state)  # (n_tokens, hidden_size)
            padded = packed.new_zeros(n_texts, longest, packed.shape[1])
            padded = padded.masked_scatter(held[:, :, None], packed)
            parts.append(padded.view(n_texts, longest, self.heads, -1).transpose(1, 2))
        query, key, value = parts
        power = query @ key.transpose(2, 3) * query.shape[3] ** -0.5
        # Not torch's fused attention: its backward takes a third of all time on short texts.
        share = power.masked_fill(~held[:, None, None, :], -torch.inf).softmax(3)
        found = (share @ value).transpose(1, 2).reshape(n_texts, longest, -1)
        return found[held]


class _Output(nn.Module):
    def __init__(
        self, weights: Mapping[str, NDArray[np.float32]], shape: BertShape, name: str
    ) -> None:
        super().__init__()
        self.dense = _linear(weights, f"{name}.dense")
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, state: Tensor, before: Tensor) -> Tensor:
        normed: Tensor = self.LayerNorm(self.dense(state) + before)
        return normed
