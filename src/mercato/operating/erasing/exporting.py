"""All that a shop knows of one person, for that person (GDPR articles 15 and 20)."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from mercato.core.paths import ShopPaths
from mercato.data.assets import ASSETS
from mercato.data.auditing import Reader, mask_of, record
from mercato.data.erasing.matching import OF_ASSET, Erased
from mercato.data.erasing.person import pseudonyms
from mercato.data.erasing.rows import whole_rows
from mercato.data.pseudonyms import pseudonyms_of
from mercato.data.store import AssetStore
from mercato.operating.erasing.asking import checked_id, found_person
from mercato.state import State
from mercato.state.erasures import Erasure


def known_of(
    paths: ShopPaths, state: State, shopper_id: str, reader: Reader
) -> Iterator[dict[str, Any]]:
    """One JSON object a row: ``asset`` and ``row``, of a user or of ``visitor:`` and a guest.

    What waits in the state is to be drained before. The reading is on record before the first
    row. Raises BadInput for what can be nobody's id.
    """
    shopper_id = pseudonyms_of(state).of(checked_id(shopper_id))
    record(state, reader, *(ASSETS[name] for name in OF_ASSET), user_id=shopper_id)
    person = found_person(paths, state, shopper_id)
    mask = mask_of(state)
    alone = Erasure(1, 0, "", "", "", pseudonyms(person, mask), at_once=False)
    theirs = Erased(mask, (alone,), frozenset({alone.number}))
    yield {
        "user_id": person.user,
        "visitor_ids": sorted(person.visitors),
        "session_ids": sorted(person.sessions),
    }
    store = AssetStore(paths.assets)
    for name in OF_ASSET:
        if (version := store.version(name)) is not None:
            for table in whole_rows(store, name, version, theirs):
                yield from _lines(name, table)


def _lines(name: str, table: pa.Table) -> Iterator[dict[str, Any]]:
    for row in table.to_pylist():
        yield {"asset": name, "row": {k: v for k, v in row.items() if v is not None}}
