"""What the quarantine holds, by check, with examples that name nobody."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from mercato.data.assets import ASSETS
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.labels import Sensitivity
from mercato.data.store import AssetStore

EXAMPLES = 3
_LONGEST = 120
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Example:
    """place : ``file:line``; value : None where there is none, or it is hidden, since it may
    belong to a person"""

    place: str
    value: str | None
    hidden: bool


@dataclass(frozen=True)
class SetAside:
    """The rows of one asset that one check refused."""

    asset: str
    check: str
    rows: int
    examples: tuple[Example, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def set_aside(store: AssetStore) -> tuple[SetAside, ...]:
    """Counts by asset and check, the most frequent first."""
    if store.version(QUARANTINE.name) is None:
        return ()
    wanted = ["asset", "check", "column", "value", "source", "source_line"]
    by_check: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in store.read(QUARANTINE.name, columns=wanted).to_pylist():
        by_check[row["asset"], row["check"]].append(row)
    counts = [
        SetAside(asset, check, len(rows), tuple(_example(row) for row in rows[:EXAMPLES]))
        for (asset, check), rows in by_check.items()
    ]
    return tuple(sorted(counts, key=lambda each: (-each.rows, each.asset, each.check)))


def _example(row: dict[str, Any]) -> Example:
    place = f"{row['source']}:{row['source_line']}"
    if row["value"] is None:
        return Example(place, None, hidden=False)
    hidden = _is_personal(row)
    return Example(place, None if hidden else str(row["value"])[:_LONGEST], hidden)


def _is_personal(row: dict[str, Any]) -> bool:
    """A personal column's value, or a whole line of a personal asset."""
    asset = ASSETS[row["asset"]]
    if row["column"] is None:
        return asset.sensitivity is Sensitivity.PERSONAL
    return row["column"] in asset.personal
