"""A shopper transformer as served: onnxruntime and numpy, without torch."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.core.history import Interactions, one_shopper
from mercato.core.searches import Searches
from mercato.models.base import FittedModel, Scored
from mercato.models.neural.outcome import Outcome
from mercato.models.saving import Saved
from mercato.models.shopper_transformer.content import Content, ItemContent
from mercato.models.shopper_transformer.events import Read, read_events, window_start
from mercato.models.shopper_transformer.running import Network, Past
from mercato.models.shopper_transformer.tables import Tables

_NOTHING = Scored(np.zeros(0, np.int32), np.zeros(0, np.float32))


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
    searches, channel : what was searched for, and where things were done, are read
    """

    kinds: bool
    gaps: bool
    again: bool
    network: Network
    tables: Tables
    content: Content
    actions: Actions
    outcome: Outcome
    searches: bool = False
    channel: bool = False

    def state(self, one: Interactions) -> NDArray[np.float32] | None:
        """(width,) what one shopper is about to do; None where nothing was read of them."""
        self._check_one(one)
        return self._state(self._read(one))

    def searching(self, one: Interactions, searched: Searches) -> NDArray[np.float32]:
        """(width,) what a shopper is about to do who searches for something now, behind all else:
        `of_state` scores items for the search as for a shelf.

        searched : that one search

        Raises BadInput where searches are not read, or the search is earlier than an event.
        """
        self._check_one(one)
        return Reading(self, one).searching(searched)

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
        return read_events(
            one, kinds=self.kinds, gaps=self.gaps, searches=self.searches, channel=self.channel
        )

    def _state(self, read: Read) -> NDArray[np.float32] | None:
        n = len(read.item)
        if n == 0:
            return None
        part = slice(window_start(n, self.network.longest), None)
        events = self.tables.events(read, part, 0, self.content)
        return self.network.state(events, read.ts[part])


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
        self._events = one_shopper(self._events, more)
        self.state, self._past, self.n = self._stepped(self._events)

    def searching(self, searched: Searches) -> NDArray[np.float32]:
        """As `FittedShopperTransformer.searching`; nothing of it is kept."""
        more = replace(Interactions.empty(self._events.n_items), searches=searched)
        if not self._model.searches or not self._comes_behind(more):
            raise BadInput(
                "a search behind all events, and a model that reads searches",
                "an earlier one" if self._model.searches else "one that does not",
                "Ask at the present moment, or fit one with searches.",
            )
        state, _, _ = self._stepped(one_shopper(self._events, more))
        assert state is not None
        return state

    def behind(self, whole: Interactions) -> Interactions | None:
        """What a shopper did after the events that were read; None where ``whole`` does not begin
        with these."""
        read, n = self._events, len(self._events.item)
        asked, m = read.searches, 0 if read.searches is None else len(read.searches.ts)
        if not (_begins(whole, read, n) and _searches_begin(whole.searches, asked, m)):
            return None
        more = whole.where(np.arange(len(whole.item)) >= n)
        if whole.searches is not None:
            later = whole.searches.where(np.arange(len(whole.searches.ts)) >= m)
            more = replace(more, searches=later)
        return more if self._comes_behind(more) else None

    def _stepped(self, events: Interactions) -> tuple[NDArray[np.float32] | None, Past, int]:
        """The state behind events of which the first ``n`` are read, what is kept of all, and how
        many they are."""
        model = self._model
        read = model._read(events)
        n = len(read.item)
        if n == self.n:
            return self.state, self._past, n
        start, past = window_start(n, model.network.longest), self._past
        if start > self.n - len(past.ts):
            past = model.network.nothing
        else:
            start = self.n
        part = slice(start, None)
        given = model.tables.events(read, part, len(past.ts), model.content)
        return *model.network.read(given, read.ts[part], past), n

    def _comes_behind(self, more: Interactions) -> bool:
        """Whether events come behind those that were read once all stand by time; a search stands
        before what else was done at its moment."""
        read, asked, later = self._events, self._events.searches, more.searches
        if later is not None and len(later.ts) and len(read.ts) and later.ts[0] <= read.ts[-1]:
            return False
        if asked is None or not len(asked.ts) or not len(more.ts):
            return True
        return bool(more.ts[0] >= asked.ts[-1])

    def scored(self) -> Scored:
        """Every item that the model proposes, in no order."""
        if self.state is None:
            return _NOTHING
        return self._model._proposed(self.state, self._model._read(self._events).item)


def _begins(whole: Interactions, read: Interactions, n: int) -> bool:
    """Whether the first n events with items are those that were read."""
    same = len(whole.item) >= n and all(
        np.array_equal(getattr(whole, name)[:n], getattr(read, name))
        for name in ("item", "ts", "event")
    )
    return same and np.array_equal(_channels(whole, n), _channels(read, n))


def _channels(of: Interactions, n: int) -> NDArray[np.int16]:
    return np.zeros(n, np.int16) if of.channel is None else of.channel[:n]


def _searches_begin(whole: Searches | None, read: Searches | None, m: int) -> bool:
    if whole is None or read is None:
        return m == 0
    same = np.array_equal(whole.ts[:m], read.ts) and np.array_equal(whole.key[:m], read.key)
    return same and np.array_equal(whole.channel[:m], read.channel)
