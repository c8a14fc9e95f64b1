"""Judgments that a person gives while looking at results: rows of the asset ``judgments``."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.columns import GRADE, ITEM_ID, QUERY
from mercato.core.errors import BadInput
from mercato.core.folding import spaced
from mercato.data.assets.judgments import JUDGMENTS
from mercato.data.store import AssetStore, Conflict
from mercato.shop.opened import Shop
from mercato.shop.rules import By

GRADES = (0, 1, 2, 3)
"""What a person may give: wrong, related, fits, exactly what was meant."""

MOST_AT_ONCE = 100

_TRIES = 5


def grades_of(shop: Shop, query: str) -> Mapping[str, float]:
    """Item → grade that was given for a query."""
    store = AssetStore(shop.paths.assets)
    if store.version(JUDGMENTS.name) is None:
        return {}
    table = store.read(JUDGMENTS.name)
    own = table.filter(pc.equal(table[QUERY], spaced(query)))
    return dict(zip(own[ITEM_ID].to_pylist(), own[GRADE].to_pylist(), strict=True))


def judge(shop: Shop, query: str, grades: Mapping[str, int | None], by: By) -> int:
    """Give items a grade for a query, or take one back with None; the asset's version since.

    Raises BadInput for a query without words, or a grade that is none of `GRADES`; Conflict where
    others write all the time.
    """
    query = spaced(query)
    _check(query, grades)
    for attempt in range(_TRIES):
        try:
            return _commit(AssetStore(shop.paths.assets), query, grades, by)
        except Conflict:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _check(query: str, grades: Mapping[str, int | None]) -> None:
    if not query:
        raise BadInput("the words that are judged", "none", "Search for something first.")
    if not 1 <= len(grades) <= MOST_AT_ONCE:
        raise BadInput(f"1 to {MOST_AT_ONCE} items", str(len(grades)), "Judge fewer at once.")
    for item_id, grade in grades.items():
        if grade is not None and grade not in GRADES:
            allowed = ", ".join(map(str, GRADES))
            raise BadInput(f"a grade out of {allowed} for {item_id}", repr(grade), "Mend it.")


def _commit(store: AssetStore, query: str, grades: Mapping[str, int | None], by: By) -> int:
    version = store.version(JUDGMENTS.name)
    kept = (
        JUDGMENTS.stored.empty_table()
        if version is None
        else store.read(JUDGMENTS.name, version, hidden=True)
    )
    named = pc.is_in(kept[ITEM_ID], pa.array(list(grades), pa.string()))
    kept = kept.filter(pc.invert(pc.and_(pc.equal(kept[QUERY], query), named)))
    rows = [
        {QUERY: query, ITEM_ID: item_id, GRADE: float(grade)}
        for item_id, grade in grades.items()
        if grade is not None
    ]
    given = pa.Table.from_pylist(rows, JUDGMENTS.stored)
    whole = pa.concat_tables([kept.select(JUDGMENTS.stored.names).cast(JUDGMENTS.stored), given])
    ordered = whole.sort_by([(key, "ascending") for key in JUDGMENTS.keys])
    note = {"made_by": by.action, "actor": by.actor}
    return store.commit(JUDGMENTS.name, ordered, note=note, base=-1 if version is None else version)
