"""What every encoder of a history is. Needs torch."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

_SPREAD = 0.02
"""Standard deviation of what is to be learned from next to nothing (BERT's)."""


class History(NamedTuple):
    """Shoppers' items, a row each, the oldest first, padding behind.

    vectors : (rows, longest, width)
    item    : (rows, longest) int64, the same number where it is the same item
    kept    : (rows, longest) bool, no padding
    """

    vectors: Tensor
    item: Tensor
    kept: Tensor


class HistoryEncoder(Protocol):
    """A module whose rows do not see each other.

    every : there is a state behind each event, and all are learned from
    """

    every: bool

    def states(self, history: History) -> Tensor:
        """(rows, longest, width) where ``every``; else (rows, number, width)."""

    def answer(self, history: History) -> Tensor:
        """(rows, number, width) behind the newest event of each row."""


def place_back(kept: Tensor) -> Tensor:
    """(rows, longest) how many events lie behind each; 0 for the newest, and for padding."""
    place = torch.arange(kept.shape[1], device=kept.device)
    return (kept.sum(1, keepdim=True) - 1 - place).clamp(min=0)


def newest(states: Tensor, kept: Tensor) -> Tensor:
    """(rows, 1, width) the state of the newest event of (rows, longest, width)."""
    at = (kept.sum(1) - 1).clamp(min=0)
    return states.gather(1, at[:, None, None].expand(-1, 1, states.shape[2]))


def places(longest: int, width: int) -> nn.Embedding:
    """Of how many events lie behind, to be learned from next to nothing."""
    found = nn.Embedding(longest + 1, width)
    nn.init.normal_(found.weight, 0, _SPREAD)
    return found


class Perceptron(nn.Module):
    """Two layers; what comes out is added to what goes in."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, inner * width)
        self.narrow = nn.Linear(inner * width, width)

    def forward(self, state: Tensor) -> Tensor:
        hidden = nn.functional.gelu(self.widen(self.norm(state)))
        found: Tensor = state + self.narrow(hidden)
        return found
