"""Vectors of all that an event can be made of, and what they say of a state."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numkong
import numpy as np
from numpy.typing import NDArray

from mercato.models.saving import Saved
from mercato.models.shopper_transformer.content import Content
from mercato.models.shopper_transformer.events import Read

_LEVELS = 127


@dataclass(frozen=True)
class Tables(Saved):
    """What is not read has zeros.

    items    : (n_items, width) float32, or int8, in which case a row is to be multiplied by its
    scale    : (n_items,) float32
    proposed : (n_items,) bool, somebody met the item, or something is told of it
    kinds    : (n_kinds, width); gaps : (N_GAPS, width); places : (longest, width)
    channels : (N_CHANNELS, width); None where they are not read
    """

    items: NDArray[np.float32] | NDArray[np.int8]
    scale: NDArray[np.float32]
    proposed: NDArray[np.bool_]
    kinds: NDArray[np.float32]
    gaps: NDArray[np.float32]
    places: NDArray[np.float32]
    channels: NDArray[np.float32] | None = None

    @cached_property
    def all_proposed(self) -> NDArray[np.int32]:
        """The numbers of items that are proposed, rising."""
        return np.flatnonzero(self.proposed).astype(np.int32)

    def vectors(self, items: NDArray[np.integer]) -> NDArray[np.float32]:
        """(n, width)."""
        found: NDArray[np.float32] = self.items[items] * self.scale[items, None]
        return found

    def events(self, read: Read, part: slice, place: int, content: Content) -> NDArray[np.float32]:
        """(t, width) of some events, the first of which is the ``place``-th that is read."""
        item, kind, gap = read.item[part], read.kind[part], read.gap[part]
        met = self.vectors(item)
        asked = read.search[part]
        if (searched := asked >= 0).any():
            met[searched] = content.of_text(read.texts[asked[searched]])
        places = self.places[place : place + len(item)]
        found: NDArray[np.float32] = met + self.kinds[kind] + self.gaps[gap] + places
        return found if self.channels is None else found + self.channels[read.channel[part]]

    def scores(self, state: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n_items,) inner products with a state (width,)."""
        if self.items.dtype != np.int8:
            return np.asarray(self.items @ state, np.float32)
        codes, scale = coded(state[None])
        found = numkong.cdist(codes, self.items, metric="inner", out_dtype="float32")
        return np.asarray(found, np.float32).ravel() * (self.scale * scale[0])

    def with_items(self, vectors: NDArray[np.float32]) -> Self:
        """The same with items more, which are proposed."""
        n = len(vectors)
        items, scale = coded(vectors) if self.items.dtype == np.int8 else (vectors, np.ones(n))
        return replace(
            self,
            items=np.concatenate([self.items, items]),
            scale=np.concatenate([self.scale, scale]).astype(np.float32),
            proposed=np.concatenate([self.proposed, np.ones(n, bool)]),
        )

    def in_int8(self) -> Self:
        """A quarter of the memory."""
        items, scale = coded(np.asarray(self.items, np.float32))
        return replace(self, items=items, scale=scale)


def coded(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(n, width) int8 and (n,) what each row is to be multiplied by."""
    scale = np.abs(vectors).max(axis=1, initial=0.0) / _LEVELS
    codes = np.rint(vectors / np.where(scale > 0, scale, 1)[:, None])
    return codes.astype(np.int8), scale.astype(np.float32)
