"""What the rules over whole tables find odd, counted by kind."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import ibis

from mercato.core.progress import Progress
from mercato.core.settings import Settings
from mercato.data.access import personal_columns
from mercato.data.assets import ASSETS, event_flags, item_flags, shopper_flags
from mercato.data.derive import derive_versions
from mercato.data.engines import Engine, open_engine
from mercato.data.store import AssetStore

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "item_flags": item_flags.MEANINGS,
    "event_flags": event_flags.MEANINGS,
    "shopper_flags": shopper_flags.MEANINGS,
}
"""Asset of flags → flag → what it means."""

IMPORTED = ("items", "events")
"""What flags are about; a shop without either has none."""


@dataclass(frozen=True)
class FlagCount:
    """rows : products, event lines or shoppers; example : the first of them, None for persons"""

    asset: str
    flag: str
    rows: int
    example: str | None
    meaning: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def flag_counts(store: AssetStore, settings: Settings, progress: Progress) -> tuple[FlagCount, ...]:
    """Of the newest versions, the most frequent kind of each asset first; made where needed."""
    if all(store.version(name) is None for name in IMPORTED):
        return ()
    versions = derive_versions(store, list(MEANINGS), settings=settings, progress=progress)
    with open_engine() as engine:
        return tuple(
            count
            for name in MEANINGS
            for count in _counted(engine, name, store.files(name, versions[name]))
        )


def _counted(engine: Engine, name: str, files: list[str]) -> Iterator[FlagCount]:
    asset = ASSETS[name]
    key = asset.keys[0]
    rows = engine.files(files, asset.schema)
    counted = rows.group_by("flag").aggregate(rows=rows.count(), example=rows[key].min())
    for row in engine.table(counted.order_by([ibis.desc("rows"), "flag"])).to_pylist():
        example = None if key in personal_columns(asset) else row["example"]
        yield FlagCount(name, row["flag"], row["rows"], example, MEANINGS[name][row["flag"]])
