"""A shopper transformer as served: onnxruntime and numpy, without torch."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.models.base import FittedModel, Scored
from mercato.models.neural.outcome import Outcome
from mercato.models.saving import Saved
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.events import Read, read_events, window_start
from mercato.models.shopper_transformer.running import Network, Past
from mercato.models.shopper_transformer.tables import Tables

_NOTHING = Scored(np.zeros(0, np.int32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Content(Saved):
    """From what is told of an item to its vector.

    project : (c, width); codes : (all values of all fields, width); sizes : (f,)
    unit    : vectors have length 1
    """

    project: NDArray[np.float32]
    codes: NDArray[np.float32]
    sizes: NDArray[np.int64]
    unit: bool

    def of_text(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, width) of texts (n, c) alone, as of what somebody searches for: in the space of items
        and of states, so that either is asked for what is near it."""
        n, fields = len(vectors), len(self.sizes)
        return self.vectors(ItemContent(vectors, np.zeros((n, fields), np.int64), self.sizes))

    def check(self, told: ItemContent) -> None:
        """Raise BadInput where it has other fields than was learned from."""
        told.check(len(told))
        width = len(self.project)
        if told.vectors.shape[1] != width or told.sizes.tolist() != self.sizes.tolist():
            raise BadInput(
                f"vectors of {width} numbers and fields of {self.sizes.tolist()} values",
                f"{told.vectors.shape[1]} and {told.sizes.tolist()}",
                "Describe new items as those that were learned from.",
            )

    def vectors(self, told: ItemContent) -> NDArray[np.float32]:
        """(n, width)."""
        return self.scaled(self.added_up(told))

    def added_up(self, told: ItemContent) -> NDArray[np.float32]:
        """(n, width) what all that is told adds up to, before it is `scaled`."""
        found = told.vectors @ self.project + self.codes[told.shared].sum(1)
        return np.asarray(found, np.float32)

    def scaled(self, sums: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self.unit:
            return sums
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), np.float32(1e-12))


@dataclass(frozen=True)
class Actions(Saved):
    """What is done with an item if it comes next: a perceptron of one layer.

    state, item : (width, width); bias : (width,); kind : (width, n_kinds); kind_bias : (n_kinds,)
    """

    state: NDArray[np.float32]
    item: NDArray[np.float32]
    bias: NDArray[np.float32]
    kind: NDArray[np.float32]
    kind_bias: NDArray[np.float32]

    def chances(
        self, state: NDArray[np.float32], items: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """(n, n_kinds) for each of ``items`` (n, width); rows sum up to 1."""
        hidden = items @ self.item + (state @ self.state + self.bias)
        hidden = hidden / (1 + np.exp(-hidden))
        logits = hidden @ self.kind + self.kind_bias
        shares = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(shares / shares.sum(1, keepdims=True), np.float32)


@dataclass(frozen=True)
class FittedShopperTransformer(FittedModel):
    """
    kinds, gaps : what was done, and the time between, are read
    again       : what the shopper has met is proposed too
    outcome     : of the training
    """

    kinds: bool
    gaps: bool
    again: bool
    network: Network
    tables: Tables
    content: Content
    actions: Actions
    outcome: Outcome

    def state(self, one: Interactions) -> NDArray[np.float32] | None:
        """(width,) what one shopper is about to do; None where nothing was read of them."""
        self._check_one(one)
        return self._state(self._read(one))

    def begin(self, one: Interactions) -> "Reading":
        """Read one shopper's events, to go on with more of them one by one."""
        self._check_one(one)
        return Reading(self, one)

    def of_state(self, state: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n_items,) scores: logits of the next item."""
        return self.tables.scores(state)

    def action_chances(
        self, state: NDArray[np.float32], items: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """(len(items), n_kinds) of what will be done with each, if it is the next, by event code.

        Raises BadInput where kinds of events are not read.
        """
        if not self.kinds:
            raise BadInput("a model that reads kinds of events", "one that does not", "Fit one.")
        return self.actions.chances(state, self.tables.vectors(items))

    def with_items(self, told: ItemContent) -> Self:
        """The same with items more, behind those there are, known by their content alone.

        Raises BadInput where the content has other fields than was learned from.
        """
        self.content.check(told)
        tables = self.tables.with_items(self.content.vectors(told))
        return replace(self, n_items=self.n_items + len(told), tables=tables)

    def _scored(self, one: Interactions) -> Scored:
        read = self._read(one)
        state = self._state(read)
        return _NOTHING if state is None else self._proposed(state, read.item)

    def _proposed(self, state: NDArray[np.float32], met: NDArray[np.int64]) -> Scored:
        items = self.tables.all_proposed
        if not self.again:
            items = items[~np.isin(items, met)]
        scores = self.of_state(state)
        return Scored(items, scores if len(items) == len(scores) else scores[items])

    def _read(self, one: Interactions) -> Read:
        return read_events(one, kinds=self.kinds, gaps=self.gaps)

    def _state(self, read: Read) -> NDArray[np.float32] | None:
        n = len(read.item)
        if n == 0:
            return None
        part = slice(window_start(n, self.network.longest), None)
        return self.network.state(self.tables.events(read, part, 0), read.ts[part])


class Reading:
    """One shopper's events so far; a new one costs one step of the network.

    n     : events read since the first
    state : (width,), None before the first event
    """

    def __init__(self, model: FittedShopperTransformer, one: Interactions) -> None:
        self._model = model
        self._past: Past = model.network.nothing
        self._events = Interactions.empty(one.n_items)
        self.n = 0
        self.state: NDArray[np.float32] | None = None
        self.add(one)

    def add(self, more: Interactions) -> None:
        """Read events that came behind those before; see `FittedShopperTransformer.state`, which
        says the same of all of them."""
        model = self._model
        self._events = _joined(self._events, more)
        read = model._read(self._events)
        n = len(read.item)
        if n == self.n:
            return
        start, before = window_start(n, model.network.longest), len(self._past.ts)
        if start > self.n - before:
            self._past, before = model.network.nothing, 0
        else:
            start = self.n
        part = slice(start, None)
        events = model.tables.events(read, part, before)
        self.state, self._past = model.network.read(events, read.ts[part], self._past)
        self.n = n

    def behind(self, whole: Interactions) -> Interactions | None:
        """What a shopper did after the events that were read; None where ``whole`` does not begin
        with these."""
        n, read = len(self._events.item), self._events
        if len(whole.item) < n or not (
            np.array_equal(whole.item[:n], read.item)
            and np.array_equal(whole.ts[:n], read.ts)
            and np.array_equal(whole.event[:n], read.event)
        ):
            return None
        return whole.where(np.arange(len(whole.item)) >= n)

    def scored(self) -> Scored:
        """Every item that the model proposes, in no order."""
        if self.state is None:
            return _NOTHING
        return self._model._proposed(self.state, self._model._read(self._events).item)


def _joined(before: Interactions, more: Interactions) -> Interactions:
    n = len(before.item) + len(more.item)
    return Interactions(
        np.array([0, n]),
        np.concatenate([before.item, more.item]),
        np.concatenate([before.ts, more.ts]),
        np.concatenate([before.event, more.event]),
        np.concatenate([before.quantity, more.quantity]),
        before.n_items,
    )
