"""The whole network. Needs torch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from mercato.core.history import EVENT_CODES
from mercato.core.searches import N_CHANNELS
from mercato.models.neural.dropout import Dropout
from mercato.models.shopper_transformer.blocks import BLOCKS, Between
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.events import N_GAPS
from mercato.models.shopper_transformer.losses import ActionHead
from mercato.models.shopper_transformer.settings import Inputs, Shape

SPREAD = 0.02
"""Standard deviation of weights in the beginning (BERT's)."""


@dataclass(frozen=True)
class Batch:
    """Rows of events, all (rows, longest) int64 tensors but ``items`` and ``texts``.

    items : (k,) different items, those of the events among them
    item  : places in ``items``; piece, place: see `packing`; ts: microseconds
    channel : None where it is not read
    search  : rows of ``texts``, -1 of events with items; None where nothing was searched for
    texts   : (t, d) float32
    """

    items: Tensor
    item: Tensor
    kind: Tensor
    gap: Tensor
    ts: Tensor
    piece: Tensor
    place: Tensor
    channel: Tensor | None = None
    search: Tensor | None = None
    texts: Tensor | None = None


class ItemVectors(nn.Module):
    """Items → (k, width): what they are told by, and a vector of their own.

    own : items → (k, width), where not a vector for each is to be begun here
    """

    def __init__(
        self,
        shape: Shape,
        inputs: Inputs,
        known: NDArray[np.bool_],
        content: ItemContent,
        own: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.shape, self.inputs = shape, inputs
        width = shape.width
        self.own = (own or nn.Embedding(len(known), width)) if inputs.ids else None
        vectors = content.vectors.shape[1] if inputs.content else 0
        fields = content.codes.shape[1] if inputs.content else 0
        self.project = nn.Linear(vectors, width, bias=False) if vectors else None
        self.codes = nn.Embedding(int(content.sizes.sum()), width) if fields else None
        self.register_buffer("known", torch.from_numpy(known), persistent=False)
        self.register_buffer("told", torch.from_numpy(content.vectors), persistent=False)
        self.register_buffer("coded", torch.from_numpy(content.shared), persistent=False)
        untold = ItemContent(
            content.vectors[:0], np.zeros((1, len(content.sizes)), np.int64), content.sizes
        )
        self.register_buffer("untold", torch.from_numpy(untold.shared[0]), persistent=False)

    def forward(self, items: Tensor) -> Tensor:
        return self.scaled(self.added_up(items))

    def added_up(self, items: Tensor) -> Tensor:
        found = items.new_zeros((len(items), self.shape.width), dtype=torch.float32)
        if self.own is not None:
            found = found + self.own(items) * self._kept(items)[:, None]
        if self.project is not None:
            found = found + self.project(self.told[items])
        if self.codes is not None:
            found = found + self.codes(self.coded[items]).sum(1)
        return found

    def of_text(self, texts: Tensor) -> Tensor:
        """(t, width) of texts (t, d), where an item that is told by its text alone would stand."""
        assert self.project is not None
        found: Tensor = self.project(texts)
        if self.codes is not None:
            found = found + self.codes(self.untold).sum(0)
        return self.scaled(found)

    def scaled(self, vectors: Tensor) -> Tensor:
        return functional.normalize(vectors) if self.shape.cosine else vectors

    def _kept(self, items: Tensor) -> Tensor:
        """(k,) whether an item's own vector counts: nobody learned it of one that is not known."""
        kept = self.known[items].float()
        told = self.project is not None or self.codes is not None
        if self.training and told and self.inputs.forgotten:
            kept = kept * (torch.rand_like(kept) >= self.inputs.forgotten)
        return kept


class ShopperNetwork(nn.Module):
    """Events → states, of which those of the same shopper saw what came before."""

    def __init__(self, shape: Shape, inputs: Inputs, items: ItemVectors) -> None:
        super().__init__()
        self.shape, self.inputs = shape, inputs
        width = shape.width
        self.items = items
        self.kinds = nn.Embedding(len(EVENT_CODES), width) if inputs.kinds else None
        self.gaps = nn.Embedding(N_GAPS, width) if inputs.gaps else None
        self.channels = nn.Embedding(N_CHANNELS, width) if inputs.channel else None
        absolute = shape.positions == "absolute"
        self.places = nn.Embedding(shape.longest, width) if absolute else None
        self.norm = nn.LayerNorm(width)
        self.drop = Dropout(shape.dropout)
        self.blocks = nn.ModuleList(
            BLOCKS[shape.block](shape, gaps=inputs.gaps) for _ in range(shape.layers)
        )
        self.norm_out = nn.LayerNorm(width)
        self.actions = ActionHead(width, len(EVENT_CODES)) if inputs.kinds else None
        self.apply(_begun)

    def forward(self, batch: Batch, vectors: Tensor) -> Tensor:
        """(rows, longest, width); ``vectors`` are those of ``batch.items``."""
        state = self._met(batch, vectors)
        for table, codes in (
            (self.kinds, batch.kind),
            (self.gaps, batch.gap),
            (self.places, batch.place),
            (self.channels, batch.channel),
        ):
            if table is not None and codes is not None:
                state = state + table(codes)
        state = self.drop(self.norm(state))
        timed = self.inputs.gaps and self.shape.positions == "relative"
        between = Between.of(batch.piece, batch.ts if timed else None, batch.piece.shape[1])
        for block in self.blocks:
            state = block(state, between)
        return self.head(state)

    def _met(self, batch: Batch, vectors: Tensor) -> Tensor:
        """(rows, longest, width) the item of each event, or what was searched for."""
        found = functional.embedding(batch.item, vectors)
        if batch.search is None or batch.texts is None:
            return found
        asked = functional.embedding(batch.search.clamp(min=0), self.items.of_text(batch.texts))
        return torch.where((batch.search >= 0)[..., None], asked, found)

    def head(self, state: Tensor) -> Tensor:
        """What is multiplied with items' vectors."""
        found: Tensor = self.norm_out(state)
        if self.shape.cosine:
            return functional.normalize(found, dim=-1) / self.shape.cosine
        return found


def _begun(part: nn.Module) -> None:
    if isinstance(part, nn.Linear | nn.Embedding):
        nn.init.normal_(part.weight, 0, SPREAD)
    if isinstance(part, nn.Linear) and part.bias is not None:
        nn.init.zeros_(part.bias)
