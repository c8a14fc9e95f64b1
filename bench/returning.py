"""Logs of simulated shops whose shoppers return: what monitors are held against.

Each shop is a placement of one log, so that one look judges all of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mercato.data.assets.answers import ANSWERS
from mercato.data.assets.events import EVENTS

DAYS = 31
"""The newest is too new for its purchases to be known, and the day before is not whole when it
ends: day `JUDGED` is the newest that can be judged."""

JUDGED = 28
SHOPPERS, ITEMS, SHELF = 600, 50, 5

_DAY = 86_400_000_000
_BEGINS = int(datetime(2026, 1, 4, tzinfo=UTC).timestamp()) * 1_000_000
_WEEKEND = (0, 6)
"""Days of the week; the log begins on a Sunday, and a Sunday is judged."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shops:
    """What shoppers do: each comes on a quarter of the days in the mean (beta 1, 3) and is shown
    five items.

    buys    : how often they buy the first one within half a day, in the mean (beta, of 10 in all)
    later   : how often they buy it two to twenty days after
    guests  : share of answers that know the visitor alone; purchases name visitor and user
    weekend : times as many purchases on Saturdays and Sundays
    restless : spread of the logarithm of a day's purchases, the same for all who come
    lost    : share of the judged day's purchases that are lost
    """

    buys: float = 0.1
    later: float = 0.15
    guests: float = 0.5
    weekend: float = 1.0
    restless: float = 0.0
    lost: float = 0.0


def simulated(random: np.random.Generator, shops: int, done: Shops) -> dict[str, pa.Table]:
    """``answers`` and ``events``; placements are ``shop-0`` and so on."""
    comes = random.beta(1, 3, (shops, SHOPPERS))
    eager = random.beta(10 * done.buys, 10 * (1 - done.buys), (shops, SHOPPERS))
    shop, shopper, day = np.nonzero(random.random((shops, SHOPPERS, DAYS)) < comes[..., None])
    n = len(shop)
    ts = _BEGINS + day * _DAY + random.integers(0, _DAY, n)
    items = (random.integers(0, ITEMS, n)[:, None] + np.arange(SHELF)) % ITEMS
    of_day = np.exp(done.restless * random.standard_normal((shops, DAYS)))
    of_day[:, np.isin(np.arange(DAYS) % 7, _WEEKEND)] *= done.weekend
    of_day[:, JUDGED] *= 1 - done.lost
    soon = random.random(n) < eager[shop, shopper] * of_day[shop, day]
    later = random.random(n) < done.later
    who = shop * SHOPPERS + shopper
    after = [random.integers(1, _DAY // 2, n), random.integers(2 * _DAY, 20 * _DAY, n)]
    answers = _answers(shop, who, ts, items, random.random(n) < done.guests)
    buys = np.concatenate([np.flatnonzero(soon), np.flatnonzero(later)])
    bought_at = np.concatenate([(ts + after[0])[soon], (ts + after[1])[later]])
    return {"answers": answers, "events": _purchases(who[buys], items[buys, 0], bought_at)}


def _answers(shop: Ints, who: Ints, ts: Ints, items: Ints, guest: NDArray[np.bool_]) -> pa.Table:
    n = len(shop)
    lists = pa.array(np.arange(n + 1) * SHELF, pa.int32())
    scores = np.tile(np.linspace(1, 0.2, SHELF), n)
    requests = [f'{{"visitor_id":"v{each}"}}' for each in who]
    columns = {
        "query_id": pa.array([f"q{each}" for each in range(n)]),
        "ts": pa.array(ts).cast(ANSWERS.schema.field("ts").type),
        "kind": pa.repeat("shelf", n),
        "placement": pa.array([f"shop-{each}" for each in shop]),
        "request": pa.array(requests),
        "release": pa.repeat(1, n),
        "user_id": pa.array([f"u{each}" for each in who], mask=guest),
        "item_ids": pa.ListArray.from_arrays(lists, _names(items.ravel())),
        "scores": pa.ListArray.from_arrays(lists, pa.array(scores, pa.float32())),
    }
    return _table(columns, ANSWERS.schema)


def _purchases(who: Ints, item: Ints, ts: Ints) -> pa.Table:
    columns = {
        "event_id": pa.array([f"e{each}" for each in range(len(who))]),
        "line": pa.repeat(0, len(who)),
        "ts": pa.array(ts).cast(EVENTS.schema.field("ts").type),
        "event": pa.repeat("purchase", len(who)),
        "user_id": pa.array([f"u{each}" for each in who]),
        "visitor_id": pa.array([f"v{each}" for each in who]),
        "item_id": _names(item),
    }
    return _table(columns, EVENTS.schema)


def _names(items: Ints) -> pa.Array:
    return pa.array([f"i{each}" for each in range(ITEMS)]).take(pa.array(items))


def _table(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    """With what is not known as null."""
    n = len(next(iter(columns.values())))
    return pa.table(
        [columns.get(each.name, pa.nulls(n, each.type)) for each in schema], names=schema.names
    ).cast(schema)
