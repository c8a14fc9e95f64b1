"""Layers of the network. Needs torch.

States are (rows, longest, width), several shoppers' pieces in a row, see `packing`. `graph` is the
same in ONNX.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mercato.models.neural.dropout import Dropout
from mercato.models.shopper_transformer.events import N_DISTANCES, N_GAPS, distance_bucket
from mercato.models.shopper_transformer.settings import Shape

NEVER = -1e9
"""What stands for minus infinity before a softmax or a SiLU: both make an exact 0 of it."""


@dataclass(frozen=True)
class Between:
    """What lies between the events of a row.

    hidden   : (rows, 1, longest, longest) bool, the second is of another shopper or comes later
    distance : (longest, longest) int64, bucket of how many events lie between
    time     : (rows, longest, longest) int64, bucket of the time between; None: not read
    """

    hidden: Tensor
    distance: Tensor
    time: Tensor | None

    @classmethod
    def of(cls, piece: Tensor, ts: Tensor | None, longest: int) -> "Between":
        place = np.arange(piece.shape[1])
        back = place[:, None] - place
        later = torch.from_numpy(back < 0).to(piece.device)
        bucket = torch.from_numpy(distance_bucket(np.maximum(back, 0), longest))
        hidden = (piece[:, :, None] != piece[:, None, :]) | later
        return cls(hidden[:, None], bucket.to(piece.device), None if ts is None else _time(ts))


def _time(ts: Tensor) -> Tensor:
    """(rows, longest, longest) as `events.time_bucket`."""
    seconds = (ts[:, :, None] - ts[:, None, :]).clamp(min=0) / 1_000_000
    return (1 + torch.log2(1 + seconds.double())).clamp(max=N_GAPS - 1).long()


class ByPosition(nn.Module):
    """What two events say to each other by where they stand, a number a head.

    -> (1 or rows, heads, longest, longest), hidden pairs at NEVER
    """

    def __init__(self, heads: int, *, distance: bool, time: bool) -> None:
        super().__init__()
        self.distance = nn.Parameter(torch.zeros(N_DISTANCES, heads)) if distance else None
        self.time = nn.Parameter(torch.zeros(N_GAPS, heads)) if time else None

    def forward(self, scores: Tensor | None, between: Between) -> Tensor:
        told = scores
        if self.distance is not None:
            near = functional.embedding(between.distance, self.distance).permute(2, 0, 1)[None]
            told = near if told is None else told + near
        if self.time is not None and between.time is not None:
            late = functional.embedding(between.time, self.time).permute(0, 3, 1, 2)
            told = late if told is None else told + late
        assert told is not None
        return told.masked_fill(between.hidden, NEVER)


def _split(state: Tensor, heads: int) -> Tensor:
    """(rows, longest, width) → (rows, heads, longest, width / heads)."""
    rows, longest, width = state.shape
    return state.view(rows, longest, heads, width // heads).transpose(1, 2)


def _joined(state: Tensor) -> Tensor:
    """The other way round."""
    rows, heads, longest, width = state.shape
    return state.transpose(1, 2).reshape(rows, longest, heads * width)


class AttentionBlock(nn.Module):
    """SASRec's: softmax attention, then a perceptron."""

    def __init__(self, shape: Shape, *, gaps: bool) -> None:
        super().__init__()
        width = shape.width
        relative = shape.positions == "relative"
        self.shape = shape
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.position = ByPosition(shape.heads, distance=relative, time=relative and gaps)
        self.mean = ByPosition(shape.heads, distance=True, time=False) if shape.mean else None
        self.out = nn.Linear(width, width)
        self.norm_inner = nn.LayerNorm(width)
        self.widen = nn.Linear(width, shape.inner * width)
        self.narrow = nn.Linear(shape.inner * width, width)
        self.drop = Dropout(shape.dropout)

    def forward(self, state: Tensor, between: Between) -> Tensor:
        if self.shape.norm == "pre":
            state = state + self.drop(self._attended(self.norm(state), between))
            return state + self.drop(self._widened(self.norm_inner(state)))
        state = self.norm(state + self.drop(self._attended(state, between)))
        found: Tensor = self.norm_inner(state + self.drop(self._widened(state)))
        return found

    def _attended(self, state: Tensor, between: Between) -> Tensor:
        heads = self.shape.heads
        query, key, value = (_split(each, heads) for each in self.qkv(state).chunk(3, -1))
        scores = query @ key.transpose(2, 3) * query.shape[3] ** -0.5
        share = self.drop(self.position(scores, between).softmax(-1))
        found: Tensor = self.out(_joined(share @ value))
        if self.mean is None:
            return found
        alone = self.mean(None, between).softmax(-1)
        mean = _joined(alone @ _split(state, heads))
        return (1 - self.shape.mean) * found + self.shape.mean * mean

    def _widened(self, state: Tensor) -> Tensor:
        found: Tensor = self.narrow(self.drop(functional.gelu(self.widen(state))))
        return found


class PointwiseBlock(nn.Module):
    """HSTU's: attention by SiLU, whose sum is normalised and gated."""

    def __init__(self, shape: Shape, *, gaps: bool) -> None:
        super().__init__()
        relative = shape.positions == "relative"
        self.shape = shape
        self.norm = nn.LayerNorm(shape.width)
        self.uvqk = nn.Linear(shape.width, 4 * shape.width)
        self.position = ByPosition(shape.heads, distance=relative, time=relative and gaps)
        self.norm_inner = nn.LayerNorm(shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.drop = Dropout(shape.dropout)

    def forward(self, state: Tensor, between: Between) -> Tensor:
        heads = self.shape.heads
        gate, value, query, key = functional.silu(self.uvqk(self.norm(state))).chunk(4, -1)
        query, key = _split(query, heads), _split(key, heads)
        scores = query @ key.transpose(2, 3) * query.shape[3] ** -0.5
        share = functional.silu(self.position(scores, between))
        found = _joined(share @ _split(value, heads))
        added: Tensor = self.out(self.drop(gate * self.norm_inner(found)))
        return state + added


BLOCKS = {"attention": AttentionBlock, "pointwise": PointwiseBlock}
