"""What an asset tells, worked out once a version: the table itself is not kept."""

from collections.abc import Callable
from typing import Any, TypeVar

import pyarrow as pa

from mercato.data.store import AssetStore

Told = TypeVar("Told")

_TOLD: dict[tuple[object, str, str], tuple[int, Any]] = {}
"""Of the assets of the shops that this process has open: version, and what it told."""


def of_newest(
    store: AssetStore,
    name: str,
    make: Callable[[pa.Table], Told],
    columns: tuple[str, ...] | None = None,
) -> Told | None:
    """What ``make`` tells of an asset's newest version; None where there is none.

    make    : a function with a name of its own, by which what it told is kept
    columns : those that it reads; None: all
    """
    version = store.version(name)
    if version is None:
        return None
    key = (store.root, name, make.__qualname__)
    kept = _TOLD.get(key)
    if kept is None or kept[0] != version:
        kept = _TOLD[key] = (version, make(store.read(name, version, columns)))
    told: Told = kept[1]
    return told
