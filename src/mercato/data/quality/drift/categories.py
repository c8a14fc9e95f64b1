"""Categories that got another name, or lost all their products."""

from collections import Counter
from collections.abc import Iterator, Mapping

import ibis

from mercato.core import columns as c
from mercato.core.columns import PATH_SEPARATOR
from mercato.data.quality.alarm import Alarm
from mercato.data.quality.arrival import Arrival
from mercato.data.quality.profiling import categories_of

FEWEST_MOVED = 5
"""Items that move from one path to one other, to call it a new name."""

MOST_LEFT = 0.2
"""Share of a category's items that may stay behind when it is renamed."""

FEWEST_GONE, LEAST_SHARE_GONE = 20, 0.005
"""Items, and share of the catalogue, from which a category is missed. Assumed."""

_NAMED = 5


def category_alarms(arrival: Arrival) -> Iterator[Alarm]:
    """Renamed categories first; those that are gone otherwise."""
    if arrival.asset.name != "items" or arrival.present is None:
        return
    before = _levels(categories_of(arrival.engine, arrival.present))
    after = _levels(categories_of(arrival.engine, _after(arrival)))
    if not before or not after:
        return
    renamed = _renamed(_moves(arrival), before, after)
    if renamed:
        yield _alarm(
            "category-renamed",
            "categories under the names that they had",
            [f"{old} → {new} ({items:,} items)" for (old, new), items in renamed.items()],
        )
    gone = _gone(before, after, {old for old, _ in renamed}, arrival.present_rows)
    if gone:
        yield _alarm(
            "category-gone",
            "no whole category to vanish",
            [f"{path} ({items:,} items)" for path, items in gone.items()],
        )


def _alarm(name: str, expected: str, said: list[str]) -> Alarm:
    more = f"; {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return Alarm(
        name,
        "items",
        c.PRODUCT_TYPE,
        expected,
        "; ".join(said[:_NAMED]) + more,
        "If it is meant, change rules and links that name the old path; else mend the feed.",
    )


def _after(arrival: Arrival) -> ibis.Table:
    """The catalogue's categories once the import is done."""
    rows = arrival.rows.select(c.ID, c.PRODUCT_TYPE)
    if arrival.full or arrival.present is None:
        return rows
    return arrival.present.anti_join(rows, [c.ID]).select(c.ID, c.PRODUCT_TYPE).union(rows)


def _levels(paths: Mapping[str, int]) -> Counter[str]:
    """Items at or below every level: ``A > B`` counts for ``A`` too."""
    found: Counter[str] = Counter()
    for path, items in paths.items():
        levels = path.split(PATH_SEPARATOR)
        for depth in range(1, len(levels) + 1):
            found[PATH_SEPARATOR.join(levels[:depth])] += items
    return found


def _moves(arrival: Arrival) -> dict[tuple[str, str], int]:
    """(old path, new path) → items, without the levels below that both share."""
    assert arrival.present is not None
    old = arrival.present.select(c.ID, old=c.PRODUCT_TYPE)
    pairs = arrival.rows.select(c.ID, new=c.PRODUCT_TYPE).inner_join(old, c.ID)
    pairs = pairs.filter(pairs.old != pairs.new)
    counted = pairs.group_by("old", "new").aggregate(n=pairs.count())
    moves: Counter[tuple[str, str]] = Counter()
    for row in arrival.engine.table(counted, order_by=["old", "new"]).to_pylist():
        moves[_without_shared_end(row["old"], row["new"])] += row["n"]
    return dict(moves)


def _without_shared_end(old: str, new: str) -> tuple[str, str]:
    """``A > C`` and ``B > C`` are ``A`` and ``B``: a level above got another name."""
    first, second = old.split(PATH_SEPARATOR), new.split(PATH_SEPARATOR)
    while min(len(first), len(second)) > 1 and first[-1] == second[-1]:
        first, second = first[:-1], second[:-1]
    return PATH_SEPARATOR.join(first), PATH_SEPARATOR.join(second)


def _renamed(
    moves: Mapping[tuple[str, str], int], before: Mapping[str, int], after: Mapping[str, int]
) -> dict[tuple[str, str], int]:
    """The moves that took (nearly) a whole category to a path that was not there."""
    return {
        (old, new): items
        for (old, new), items in moves.items()
        if items >= FEWEST_MOVED
        and new not in before
        and after.get(old, 0) <= MOST_LEFT * before[old]
    }


def _gone(
    before: Mapping[str, int], after: Mapping[str, int], renamed: set[str], items: int
) -> dict[str, int]:
    """Categories without an item left, the highest level of each."""
    least = max(FEWEST_GONE, LEAST_SHARE_GONE * items)
    gone: dict[str, int] = {}
    for path in sorted(before):
        if before[path] >= least and path not in after and not _is_below(path, {*gone, *renamed}):
            gone[path] = before[path]
    return gone


def _is_below(path: str, others: set[str]) -> bool:
    """At or below one of the others."""
    return any(path == each or path.startswith(each + PATH_SEPARATOR) for each in others)
