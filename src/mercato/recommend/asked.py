"""What is worked out once for a shelf: which items may stand on it, what the shopper did."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import conjuncts, parse_all
from mercato.core.columns import AVAILABILITY, Availability, Event
from mercato.core.history import EVENT_CODES, History, Interactions, history, unwanted
from mercato.models.base import Scored
from mercato.models.preference import Forgetting, Preferences, preferences
from mercato.ranking.rules.effects import Effects
from mercato.recommend.request import ShelfContext, ShelfRequest

_SOLD = (Availability.IN_STOCK, Availability.PREORDER, Availability.BACKORDER)

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """A request and its context, with what retrievers ask of both."""

    request: ShelfRequest
    context: ShelfContext

    @property
    def catalogue(self) -> Catalogue:
        return self.context.catalogue

    @cached_property
    def shown(self) -> NDArray[np.bool_]:
        """(n_rows,) which rows can be sold, pass the filters, are not hidden by a rule and were
        not dismissed."""
        may = _not_hidden(sold(self.catalogue), self.context.effects, self.catalogue)
        for term in conjuncts(parse_all(self.request.filters)):
            may = may & self.catalogue.mask(term)
        return without(may, self.dismissed, self.catalogue, groups=self.request.distinct)

    @cached_property
    def bought(self) -> Rows:
        """Rows that the shopper bought."""
        return self._rows_of(Event.PURCHASE)

    @cached_property
    def was_bought(self) -> NDArray[np.bool_]:
        """(n_rows,) whether the shopper bought it."""
        found = np.zeros(self.catalogue.n_rows, bool)
        found[self.bought] = True
        return found

    @cached_property
    def dismissed(self) -> Rows:
        """Rows that the shopper does not want to see."""
        shopper, late = self.context.shopper, self.context.late
        known = unwanted(shopper.item, shopper.event, shopper.quantity)
        rows = self.catalogue.live_of[known]
        new = unwanted(
            np.array([each.row for each in late], np.int64),
            np.array([EVENT_CODES[each.event] for each in late], np.int8),
            np.array([each.said for each in late], np.float32),
        )
        return np.concatenate([rows[rows >= 0].astype(np.int64), new])

    @cached_property
    def cares(self) -> Preferences:
        """What the shopper cares for, items as base rows."""
        return self.cares_by(Forgetting())

    def cares_by(self, forgetting: Forgetting) -> Preferences:
        """The same, where a model forgets otherwise."""
        if forgetting not in self._cared:
            found = preferences(self.context.shopper, self.context.now, forgetting)
            self._cared[forgetting] = found
        return self._cared[forgetting]

    @cached_property
    def _cared(self) -> dict[Forgetting, Preferences]:
        return {}

    @cached_property
    def by_ease(self) -> Scored:
        """What EASE says to the shopper, items as base rows."""
        model = self.context.models.ease
        cares = self.cares_by(model.forgetting)
        return model.of_items(cares.item, cares.weight)

    @cached_property
    def recent(self) -> Rows:
        """Rows touched in this session and not dismissed, each once, the newest last."""
        newest_first = dict.fromkeys(reversed(self.context.recent_rows))
        rows = as_rows(reversed(newest_first))
        return rows[self.catalogue.alive[rows] & ~np.isin(rows, self.dismissed)]

    @cached_property
    def late_purchases(self) -> History:
        """Purchases of items newer than the release; items are rows."""
        late = [each for each in self.context.late if each.event is Event.PURCHASE]
        late.sort(key=lambda each: each.ts)
        events = Interactions(
            offsets=np.array([0, len(late)]),
            item=np.array([each.row for each in late], np.int32),
            ts=np.array([each.ts for each in late], np.int64),
            event=np.full(len(late), EVENT_CODES[Event.PURCHASE], np.int8),
            quantity=np.ones(len(late), np.float32),
            n_items=self.catalogue.n_rows,
        )
        model = self.context.models.repeat_purchase
        return history(events, self.context.now, scale_days=model.scale_days, power=model.power)

    @cached_property
    def memo(self) -> dict[object, Any]:
        """What a retriever keeps from its proposals for its reasons."""
        return {}

    def _rows_of(self, event: Event) -> Rows:
        items = self.context.shopper.of_kinds(event).item
        rows = self.catalogue.live_of[items]
        late = [each.row for each in self.context.late if each.event is event]
        return np.concatenate([rows[rows >= 0].astype(np.int64), as_rows(late)])


def as_rows(rows: Iterable[int]) -> Rows:
    return np.fromiter(rows, np.int64)


def without(
    may: NDArray[np.bool_], rows: Rows, catalogue: Catalogue, *, groups: bool
) -> NDArray[np.bool_]:
    """``may`` (n_rows,) less some rows, and with ``groups`` less all that share their group."""
    if len(rows) == 0:
        return may
    kept = may.copy()
    if groups:
        gone = np.zeros(catalogue.n_rows, bool)
        gone[catalogue.group[rows]] = True
        kept &= ~gone[catalogue.group]
    else:
        kept[rows] = False
    return kept


def _not_hidden(
    may: NDArray[np.bool_], effects: Effects, catalogue: Catalogue
) -> NDArray[np.bool_]:
    if not effects:
        return may
    rows = np.flatnonzero(may)
    kept = np.zeros(len(may), bool)
    kept[rows[~effects.hidden(rows, catalogue)]] = True
    return kept


def sold(catalogue: Catalogue) -> NDArray[np.bool_]:
    """(n_rows,) living rows that can be bought; an item without ``availability`` can."""
    return catalogue.memo.get(("sold",), lambda: _sold(catalogue), frozenset({AVAILABILITY}))


def _sold(catalogue: Catalogue) -> NDArray[np.bool_]:
    column = catalogue.columns[AVAILABILITY]
    refused = np.ones(len(column.numbers), bool)
    for value in _SOLD:
        code = column.code(value)
        if code is not None:
            refused[code] = False
    may = catalogue.alive.copy()
    for rows in column.rows_where(refused):
        may[rows] = False
    return may
