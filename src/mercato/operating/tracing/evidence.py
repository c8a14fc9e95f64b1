"""The event lines that a reason refers to, with the lines of the files that they came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ibis

from mercato.core.columns import Event
from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.engines import Engine
from mercato.data.shoppers import SHOPPER_ID, with_shopper
from mercato.data.store import AssetStore
from mercato.data.tracing.rows import TracedRow, traced_rows
from mercato.ranking.reasons import Reason, ReasonCode
from mercato.state import RecentEvent

MOST = 5
"""Rows that are shown of each kind of evidence."""


@dataclass(frozen=True)
class Evidence:
    """What was known of the shopper and the item when the shelf was filled.

    what : in words
    rows : of the assets that the release was made from, the newest first
    late : the shopper's events since then, out of the state, the newest first
    """

    what: str
    rows: tuple[TracedRow, ...]
    late: tuple[RecentEvent, ...] = ()


@dataclass(frozen=True)
class Subject:
    """Whom and what a reason is about.

    shoppers : ids under which the shopper's events stand; none for a shopper who is not known
    versions : of the assets that the release was made from
    late     : the shopper's events between the release and the answer
    """

    item_id: str
    shoppers: tuple[str, ...]
    versions: Mapping[str, int]
    late: tuple[RecentEvent, ...]


@dataclass(frozen=True)
class Finder:
    """Looks evidence up in the assets."""

    engine: Engine
    store: AssetStore
    subject: Subject

    def find(self, reason: Reason | None) -> tuple[Evidence, ...]:
        """What a reason refers to; without one, the newest that the shopper did."""
        if reason is None:
            return self._own_newest(None)
        return _BY_CODE[reason.code](self, reason)

    def bought_before(self, reason: Reason) -> tuple[Evidence, ...]:
        return (self._own("the shopper bought it", self.subject.item_id, Event.PURCHASE),)

    def seed(self, reason: Reason) -> tuple[Evidence, ...]:
        if reason.item is None:
            return self._own_newest(reason)
        own = self._own(f"what the shopper did with {reason.item}", reason.item)
        if own.rows or own.late:
            return (own,)
        return (self._together(reason.item),)

    def alike(self, reason: Reason) -> tuple[Evidence, ...]:
        assert reason.item is not None

        def wanted(rows: ibis.Table) -> ibis.Table:
            return rows.filter(rows.id == reason.item)

        found = Evidence(f"the item it reads like, {reason.item}", self._items(wanted))
        return (found, *self._done_with(reason.item))

    def anybody(self, reason: Reason) -> tuple[Evidence, ...]:
        def wanted(rows: ibis.Table) -> ibis.Table:
            return rows.filter(
                (rows.item_id == self.subject.item_id) & (rows.event == Event.PURCHASE)
            )

        return (Evidence("the newest purchases of it, by any shopper", self._events(wanted)),)

    def _done_with(self, item_id: str) -> tuple[Evidence, ...]:
        own = self._own(f"what the shopper did with {item_id}", item_id)
        return (own,) if own.rows or own.late else ()

    def _own_newest(self, reason: Reason | None) -> tuple[Evidence, ...]:
        return (self._own("what the shopper did last", None),) if self.subject.shoppers else ()

    def _own(self, what: str, item_id: str | None, event: Event | None = None) -> Evidence:
        def wanted(rows: ibis.Table) -> ibis.Table:
            rows = with_shopper(rows)
            kept = rows[SHOPPER_ID].isin(self.subject.shoppers) & rows.item_id.notnull()
            if item_id is not None:
                kept &= rows.item_id == item_id
            if event is not None:
                kept &= rows.event == event
            return rows.filter(kept)

        late = [
            each
            for each in reversed(self.subject.late)
            if each.item_id is not None
            and item_id in (None, each.item_id)
            and event in (None, each.event)
        ]
        rows = self._events(wanted) if self.subject.shoppers else ()
        return Evidence(what, rows, tuple(late[:MOST]))

    def _together(self, other: str) -> Evidence:
        """Purchases of both items in one transaction, by anybody."""

        def wanted(rows: ibis.Table) -> ibis.Table:
            basket = ibis.coalesce(rows.transaction_id, rows.event_id)
            pair = rows.mutate(__basket=basket).filter(
                (rows.event == Event.PURCHASE) & rows.item_id.isin([self.subject.item_id, other])
            )
            kinds = pair.group_by("__basket").aggregate(n=pair.item_id.nunique())
            return pair.semi_join(kinds.filter(kinds.n == 2), "__basket")

        return Evidence(f"baskets with it and {other}, by any shopper", self._events(wanted))

    def _events(self, wanted: Callable[[ibis.Table], ibis.Table]) -> tuple[TracedRow, ...]:
        def newest(rows: ibis.Table) -> ibis.Table:
            found = wanted(rows).select(EVENTS.stored.names)
            return found.order_by([found.ts.desc(), found.event_id, found.line]).limit(MOST)

        version = self.subject.versions.get(EVENTS.name)
        if version is None:
            return ()
        return tuple(traced_rows(self.engine, self.store, EVENTS, version, newest))

    def _items(self, wanted: Callable[[ibis.Table], ibis.Table]) -> tuple[TracedRow, ...]:
        version = self.subject.versions.get(ITEMS.name)
        if version is None:
            return ()
        return tuple(traced_rows(self.engine, self.store, ITEMS, version, wanted))


_BY_CODE: Mapping[ReasonCode, Callable[[Finder, Reason], tuple[Evidence, ...]]] = {
    ReasonCode.BOUGHT_BEFORE: Finder.bought_before,
    ReasonCode.BECAUSE_BOUGHT: Finder.seed,
    ReasonCode.BECAUSE_VIEWED: Finder.seed,
    ReasonCode.BOUGHT_TOGETHER: Finder.seed,
    ReasonCode.SIMILAR_TO: Finder.alike,
    ReasonCode.POPULAR_IN_CATEGORY: Finder.anybody,
    ReasonCode.POPULAR: Finder.anybody,
    ReasonCode.ALSO_HERE: Finder.anybody,
    ReasonCode.VIEWED_INSTEAD: Finder.alike,
    ReasonCode.YOUR_CATEGORY: Finder._own_newest,
    ReasonCode.NEW_IN_CATEGORY: Finder._own_newest,
    ReasonCode.NEAR_QUERY: Finder._own_newest,
}
"""What each reason refers to."""
