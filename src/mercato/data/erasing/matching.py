"""Which rows belong to somebody who was erased, found by pseudonyms: their ids are kept nowhere."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.core import columns as c
from mercato.data.access import GUEST, Mask
from mercato.data.erasing.person import SEEN, Seen
from mercato.data.shoppers import SHOPPER_ID
from mercato.state.erasures import Erasure

NOBODY = 0
"""In the place of an erasure's number."""

_ALWAYS = np.iinfo(np.int64).max
_NUMBERS = frozenset({c.LINE, c.TS, c.QUANTITY, c.PRICE, c.VALUE, c.POSITION})
"""Columns in which a value that equals an id is none."""


@dataclass(frozen=True)
class Erased:
    """Everybody who was erased.

    mask : the shop's
    everything : numbers of erasures of which all lines go, not only those up to the erasure's time
    """

    mask: Mask
    erasures: tuple[Erasure, ...]
    everything: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.erasures)

    @cached_property
    def _numbers(self) -> Mapping[str, Mapping[str, int]]:
        """Column out of `SEEN` → pseudonym → number of the newest erasure that names it."""
        return {
            name: {p: each.number for each in self.erasures for p in each.persons[name]}
            for name in SEEN
        }

    @cached_property
    def _until(self) -> Mapping[int, int]:
        """Number → lines up to this time go; microseconds since 1970."""
        return {
            each.number: _ALWAYS if each.number in self.everything else each.ts
            for each in self.erasures
        }

    def number(self, column: str, value: str | None) -> int:
        """Of the erasure that an id belongs to; `NOBODY` for others."""
        if value is None or not self._numbers[column]:
            return NOBODY
        return self._numbers[column].get(self.mask.pseudonym(value), NOBODY)

    def line(self, seen: Seen, ts: int) -> int:
        """As `lines`, of one."""
        for name, value in zip(SEEN, seen, strict=True):
            if value is not None:
                number = self.number(name, value)
                return number if number and ts <= self._until[number] else NOBODY
        return NOBODY

    def shopper(self, shopper_id: str) -> int:
        """As `number`, of a shopper's id: a user, or ``visitor:`` and a guest."""
        if shopper_id.startswith(GUEST):
            return self.number(c.VISITOR_ID, shopper_id.removeprefix(GUEST))
        return self.number(c.USER_ID, shopper_id)

    def lines(self, seen: Mapping[str, pa.Array], ts: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) number of the erasure that each line belongs to, else `NOBODY`.

        seen : columns out of `SEEN`; ts : (n,) microseconds since 1970
        """
        found = np.zeros(len(ts), np.int64)
        open_ = np.ones(len(ts), bool)  # no column before this one named anybody
        for name in SEEN:
            column = seen.get(name)
            if column is None:
                continue
            named = pc.is_valid(column).to_numpy(zero_copy_only=False)
            found = np.where(open_ & named, self._each(name, column), found)
            open_ &= ~named
        return self._in_time(found, ts)

    def events(self, rows: pa.Table) -> NDArray[np.int64]:
        """As `lines`, of rows of the asset ``events``."""
        return self.lines({name: _whole(rows[name]) for name in SEEN}, _times(rows))

    def answers(self, rows: pa.Table) -> NDArray[np.int64]:
        """As `lines`, of rows of the asset ``answers``; the visitor stands in the request."""
        visitors = pa.array([_asked(text) for text in rows["request"].to_pylist()], pa.string())
        seen = {name: _whole(rows[name]) for name in (c.USER_ID, c.SESSION_ID)}
        return self.lines(seen | {c.VISITOR_ID: visitors}, _times(rows))

    def shoppers(self, rows: pa.Table) -> NDArray[np.int64]:
        """As `lines`, of rows that each describe one shopper."""
        distinct = _whole(rows[SHOPPER_ID]).dictionary_encode()
        numbers = [self.shopper(value) for value in distinct.dictionary.to_pylist()]
        return _taken(numbers, distinct)

    def refused(self, rows: pa.Table) -> NDArray[np.int64]:
        """As `lines`, of the quarantine: events that say an id as a whole value."""
        numbers = [
            max((self._value(value) for value in values(row["row"], row["value"])), default=NOBODY)
            if row["asset"] == "events"
            else NOBODY
            for row in rows.select(["asset", "row", "value"]).to_pylist()
        ]
        found = np.array(numbers, np.int64).reshape(len(rows))
        imported = rows["imported_at"].cast(pa.int64())
        return self._in_time(found, pc.fill_null(imported, 0).to_numpy())

    def _value(self, value: str) -> int:
        return max(self.number(name, value) for name in (c.USER_ID, c.VISITOR_ID))

    def _each(self, name: str, column: pa.Array) -> NDArray[np.int64]:
        distinct = column.dictionary_encode()
        return _taken([self.number(name, v) for v in distinct.dictionary.to_pylist()], distinct)

    def _in_time(self, found: NDArray[np.int64], ts: NDArray[np.int64]) -> NDArray[np.int64]:
        for number in np.unique(found[found != NOBODY]).tolist():
            found = np.where((found == number) & (ts > self._until[number]), NOBODY, found)
        return found


def values(row: str | None, value: str | None = None) -> Iterable[str]:
    """What a refused row says, value by value; no amounts."""
    if value is not None:
        yield value
    if row is None:
        return
    try:
        said = orjson.loads(row)
    except orjson.JSONDecodeError:
        yield from (word.strip("\"' ") for word in row.replace(";", ",").split(","))
        return
    yield from _texts(said)


def _texts(said: object) -> Iterable[str]:
    if isinstance(said, dict):
        for name, each in said.items():
            if name not in _NUMBERS:
                yield from _texts(each)
    elif isinstance(said, list):
        for each in said:
            yield from _texts(each)
    elif said is not None:
        yield str(said)


def _asked(request: str | None) -> str | None:
    said = orjson.loads(request) if request else None
    visitor = said.get(c.VISITOR_ID) if isinstance(said, dict) else None
    return None if visitor is None else str(visitor)


def _whole(column: Any) -> pa.Array:
    found = column.combine_chunks()
    return found.cast(pa.string()) if found.type != pa.string() else found


def _times(rows: pa.Table) -> NDArray[np.int64]:
    found: NDArray[np.int64] = pc.fill_null(rows[c.TS].cast(pa.int64()), 0).to_numpy()
    return found


def _taken(numbers: list[int], distinct: Any) -> NDArray[np.int64]:
    table = np.array([*numbers, NOBODY], np.int64)
    places = pc.fill_null(distinct.indices, len(numbers)).to_numpy(zero_copy_only=False)
    found: NDArray[np.int64] = table[places]
    return found


OF_ASSET: Mapping[str, Callable[[Erased, pa.Table], NDArray[np.int64]]] = {
    "answers": Erased.answers,
    "quarantine": Erased.refused,
    "events": Erased.events,
    "shopper_flags": Erased.shoppers,
    "histories": Erased.shoppers,
    "search_histories": Erased.shoppers,
    "sessions": Erased.shoppers,
    "users": Erased.shoppers,
}
"""Asset with rows of persons → whose they are. In the order in which they are erased: what is made
from cleaned events was made after all that it is made from was clean."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "answers": (c.QUERY_ID, c.USER_ID, c.SESSION_ID, c.TS, "request"),
    "quarantine": ("asset", "row", "value", "imported_at"),
    "events": (*SEEN, c.TS),
}
"""What of an asset is read to tell; of others their shopper alone."""
