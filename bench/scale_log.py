"""A shop's log of any length, made up part by part: what is in memory does not grow with it.

Shoppers come in visits of ten lines: lists, clicks, views, carts, searches with answers, and every
fifth ends in an order of three lines. Some log in later, some never; few are programs. The same
seed gives the same log.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator
from numpy.typing import NDArray

from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore, Mode

PART_ROWS = 1_000_000
VISIT_ROWS = 10
ORDER_ROWS = 3
FIRST_DAY = np.datetime64("2025-01-01", "us")
DAYS = 365
TERMS = 2_000
SHOWN = 10
"""Items of an answer."""

_KINDS = np.array(
    ["view_item_list", "select_item", "view_item", "add_to_cart", "search", "remove_from_cart"]
)
_CHANCES = (0.25, 0.12, 0.45, 0.10, 0.06, 0.02)
_AGENT = '{"user_agent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}'
_CRAWLER = '{"user_agent":"Mozilla/5.0 (compatible; Googlebot/2.1)"}'

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Moments = NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """How much of everything there is."""

    events: int
    items: int = 50_000

    @property
    def shoppers(self) -> int:
        """As many as come on average every month."""
        return max(self.events // (VISIT_ROWS * 12), 10)


def fill(store: AssetStore, size: Size) -> None:
    """Commit items, events and answers, part by part."""
    store.commit("items", items(size.items))
    mode: Mode = "overwrite"
    for events, answers in parts(size):
        store.commit("events", events, mode=mode)
        store.commit("answers", answers, mode=mode)
        mode = "append"


def items(count: int) -> pa.Table:
    chance = np.random.default_rng(1)
    number = np.arange(count)
    words = np.array([f"word{n}" for n in range(900)])
    title = [" ".join(words[each]) for each in chance.integers(0, len(words), (count, 4))]
    price = np.round(np.exp(chance.normal(2.5, 0.8, count)), 2)
    columns = {
        "id": _named("i", number),
        "title": pa.array(title),
        "product_type": [f"Top {n % 12} > Middle {n % 144} > Leaf {n % 1000}" for n in number],
        "brand": [f"Brand {n % 700}" for n in number],
        "price": pa.array(price),
        "sale_price": pa.array(np.round(price * 0.8, 2), mask=chance.random(count) > 0.1),
        "currency": pa.array(np.full(count, "USD")),
        "gtin": [None if n % 3 else f"{n:013}" for n in number],
        "link": pa.array(np.full(count, "/p")),
    }
    return _table("items", columns, count)


def parts(size: Size) -> Iterator[tuple[pa.Table, pa.Table]]:
    """(events, answers) of one stretch of time after the other."""
    seconds = DAYS * 86_400
    for first in range(0, size.events, PART_ROWS):
        rows = min(PART_ROWS, size.events - first)
        chance = np.random.default_rng(first + 7)
        begin, end = (seconds * at / size.events for at in (first, first + rows))
        yield _part(chance, size, first, rows, begin, end)


def _part(
    chance: Generator, size: Size, first: int, rows: int, begin: float, end: float
) -> tuple[pa.Table, pa.Table]:
    visits = -(-rows // VISIT_ROWS)
    visit = np.arange(rows) // VISIT_ROWS
    slot = np.arange(rows) % VISIT_ROWS
    ordering = chance.random(visits) < 0.2
    is_order = ordering[visit] & (slot >= VISIT_ROWS - ORDER_ROWS)
    line = np.where(is_order, slot - (VISIT_ROWS - ORDER_ROWS), 0)
    kind = np.where(is_order, "purchase", chance.choice(_KINDS, rows, p=_CHANCES))
    is_search = kind == "search"
    start = chance.uniform(begin, end, visits)
    at = start[visit] + (slot - line) * 40.0 + chance.uniform(0, 30, visits)[visit]
    ts = FIRST_DAY + (at * 1e6).astype("timedelta64[us]")
    item = _popular(chance, rows, size.items)
    price = np.round(2.0 + (item % 97) * 0.75, 2)
    event = first + np.arange(rows) - line
    asked = first // VISIT_ROWS + visit
    answered = chance.random(visits) < 0.3
    follows = answered[visit] & ~is_search & (chance.random(rows) < 0.5)
    columns = {
        "event_id": _named("e", event),
        "line": pa.array(line, pa.int32()),
        "ts": pa.array(ts).cast(pa.timestamp("us", "UTC")),
        "event": pa.array(kind),
        **_who(chance, size, visits, visit),
        "item_id": _named("i", item, without=is_search),
        "quantity": pa.array(chance.integers(1, 4, rows).astype(float), mask=~is_order),
        "price": pa.array(price, mask=is_search),
        "currency": pa.array(np.full(rows, "USD")),
        "search_term": _named("term ", chance.integers(0, TERMS, rows), without=~is_search),
        "query_id": _named("q", asked, without=~follows),
        "transaction_id": _named("t", event, without=~(is_order & (event % 2 == 0))),
        "coupon": _named("c", item % 9, without=~(is_order & (item % 20 == 0))),
        "channel": _named("channel ", asked % 3),
        "attributes": _attributes(chance, visits, visit),
    }
    events = _table("events", columns, rows)
    return events, _answers(chance, size, first, np.flatnonzero(answered), start)


def _who(chance: Generator, size: Size, visits: int, visit: Numbers) -> dict[str, pa.Array]:
    """Half of the visits are of users who are known, most of browsers that are."""
    shopper = _popular(chance, visits, size.shoppers)
    known, browser = chance.random(visits) < 0.5, chance.random(visits) < 0.8
    session = chance.random(visits) < 0.1
    return {
        "user_id": _named("u", shopper[visit], without=~known[visit]),
        "visitor_id": _named("v", (shopper * 3)[visit], without=~browser[visit]),
        "session_id": _named("s", visit, without=~session[visit]),
    }


def _answers(chance: Generator, size: Size, first: int, of: Numbers, start: Moments) -> pa.Table:
    n = len(of)
    shown = _named("i", _popular(chance, n * SHOWN, size.items))
    offsets = pa.array(np.arange(n + 1) * SHOWN, pa.int32())
    positions = pa.array(np.tile(np.arange(1, SHOWN + 1), n), pa.int32())
    ts = FIRST_DAY + ((start[of] - 1.0) * 1e6).astype("timedelta64[us]")
    term = _named('{"page":1,"q":"term ', chance.integers(0, TERMS, n))
    visitor = _named('","visitor_id":"v', 3 * (of % size.shoppers))
    columns = {
        "query_id": _named("q", first // VISIT_ROWS + of),
        "ts": pa.array(ts).cast(pa.timestamp("us", "UTC")),
        "kind": pa.array(np.where(of % 3 > 0, "search", "shelf")),
        "request": pc.binary_join_element_wise(term, visitor, '"}', ""),
        "session_id": _named("s", of // 2),
        "item_ids": pa.ListArray.from_arrays(offsets, shown),
        "positions": pa.ListArray.from_arrays(offsets, positions),
    }
    return _table("answers", columns, n)


def _attributes(chance: Generator, visits: int, visit: Numbers) -> pa.Array:
    told = np.full(visits, _AGENT, object)
    told[chance.random(visits) < 0.001] = _CRAWLER
    told[chance.random(visits) > 0.1] = None
    return pa.array(told, pa.string()).take(pa.array(visit))


def _popular(chance: Generator, count: int, of: int) -> Numbers:
    """Numbers below ``of``, small ones often: as a power law's."""
    return (of * chance.random(count) ** 2.5).astype(np.int64)


def _named(prefix: str, number: Numbers, without: Flags | None = None) -> pa.Array:
    texts = pc.binary_join_element_wise(prefix, pa.array(number).cast(pa.string()), "")
    return texts if without is None else pc.if_else(pa.array(without), None, texts)


def _table(asset: str, columns: dict[str, object], rows: int) -> pa.Table:
    """Columns that are not given are null."""
    schema = ASSETS[asset].schema
    arrays = [
        pa.array(columns[field.name], field.type)
        if isinstance(columns.get(field.name), list)
        else columns[field.name].cast(field.type)  # type: ignore[attr-defined]
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)
