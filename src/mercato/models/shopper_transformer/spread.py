"""Items of which each process holds some. Needs torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mercato.models.neural.processes import Processes
from mercato.models.neural.shards import RowsHeld
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.network import SPREAD, ItemVectors
from mercato.models.shopper_transformer.settings import Inputs, Shape


class SpreadItemVectors(ItemVectors):
    """Each process adds up the vectors of the items that it holds, and the sum over all processes
    has every vector that is asked for; all ask for the same items. With its rows of the table a
    process holds their gradients, their moments and what is told of them, and no others.
    """

    def __init__(
        self,
        shape: Shape,
        inputs: Inputs,
        known: NDArray[np.bool_],
        content: ItemContent,
        rows: RowsHeld,
        members: Processes,
        seed: int,
    ) -> None:
        part = slice(rows.first, rows.last)
        told = ItemContent(content.vectors[part], content.codes[part], content.sizes)
        own = HeldRows(rows.begun(shape.width, SPREAD, seed))
        super().__init__(shape, inputs, known[part], told, own)
        self.rows, self.members = rows, members

    def forward(self, items: Tensor) -> Tensor:
        here = ((items >= self.rows.first) & (items < self.rows.last)).nonzero()[:, 0]
        found = items.new_zeros((len(items), self.shape.width), dtype=torch.float32)
        held = self.added_up(items[here] - self.rows.first)
        return self.scaled(self.members.summed(found.index_add(0, here, held)))


class HeldRows(nn.Module):
    """As an embedding, whose rows have begun."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(rows)

    def forward(self, items: Tensor) -> Tensor:
        return functional.embedding(items, self.weight)
