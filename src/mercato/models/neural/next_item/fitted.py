"""A network of the next item as served: onnxruntime and numpy, without torch."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.history import Interactions
from mercato.models.base import FittedModel, Scored
from mercato.models.neural.next_item.running import EncoderGraph
from mercato.models.neural.outcome import Outcome
from mercato.models.shopper_transformer.content import Content, ItemContent
from mercato.models.shopper_transformer.events import read_events

_NOTHING = Scored(np.zeros(0, np.int32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class FittedNextItem(FittedModel):
    """
    again    : what the shopper has met is proposed too
    longest  : newest events that are read
    items    : (n_items, width) float32
    proposed : (n_items,) bool, somebody met the item, or something is told of it
    outcome  : of the training
    """

    again: bool
    longest: int
    encoder: EncoderGraph
    items: NDArray[np.float32]
    proposed: NDArray[np.bool_]
    content: Content
    outcome: Outcome

    def states(self, one: Interactions) -> NDArray[np.float32] | None:
        """(number, width) what one shopper may be about to do; None where nothing was read."""
        self._check_one(one)
        item = _read(one)[-self.longest :]
        return self.encoder.states(self.items[item], item) if len(item) else None

    def with_items(self, told: ItemContent) -> Self:
        """The same with items more, behind those there are, known by their content alone.

        Raises BadInput where the content has other fields than was learned from.
        """
        self.content.check(told)
        items = np.concatenate([self.items, self.content.vectors(told)])
        proposed = np.concatenate([self.proposed, np.ones(len(told), bool)])
        return replace(self, n_items=self.n_items + len(told), items=items, proposed=proposed)

    def _scored(self, one: Interactions) -> Scored:
        states = self.states(one)
        if states is None:
            return _NOTHING
        scores = (self.items @ states.T).max(1)
        proposed = self.proposed
        if not self.again:
            proposed = proposed.copy()
            proposed[_read(one)] = False
        items = np.flatnonzero(proposed).astype(np.int32)
        return Scored(items, scores[items])


def _read(one: Interactions) -> NDArray[np.int64]:
    return read_events(one, kinds=False, gaps=False).item
