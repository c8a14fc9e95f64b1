"""A row of the quarantine, mended by a person in the console and tried again beside the server."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa

from mercato.core.errors import BadInput, NotFound
from mercato.data.asset import Asset
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.mending.exchange import ABOUT, exchanged
from mercato.data.mending.held import held_rows, quarantine_table
from mercato.data.store import AssetStore
from mercato.operating.answered import answered
from mercato.shop.opened import Shop

ASSET: Asset = QUARANTINE


@dataclass(frozen=True)
class Tried:
    """What came of a row. checks : that it fails now, none where it was accepted"""

    accepted: bool
    checks: tuple[str, ...]
    problem: str


def quarantine_of(shop: Shop) -> pa.Table:
    """All rows of the quarantine, by asset, source and line."""
    store = AssetStore(shop.paths.assets)
    return quarantine_table(store, store.version(QUARANTINE.name))


def try_again(shop: Shop, key: str, said: Mapping[str, str]) -> Tried:
    """Import a row with what a person wrote into its fields; others stay as they were.

    Raises NotFound for a row that is not there any more, BadInput for a field that it has not.
    """
    held = next((each for each in held_rows(quarantine_of(shop)) if each.key == key), None)
    if held is None:
        raise NotFound("a row of the quarantine", repr(key), "Look at the list again.")
    row = exchanged(held)
    for name, text in said.items():
        if name == ABOUT or isinstance(row.get(name), dict | list):
            raise BadInput("a field that can be written", repr(name), "Mend it in the source.")
        # What nobody changed keeps its type.
        if text != shown(row.get(name)):
            row[name] = text
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mended.jsonl"
        file.write_bytes(orjson.dumps(row) + b"\n")
        found = answered("quarantine", str(shop.paths.root), "--retry", str(file))
    checks = tuple(each["check"] for each in found["checks"])
    return Tried(bool(found["accepted"]), checks, " ".join(found["problems"]))


def shown(value: object) -> str:
    """A field's value as a form shows it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
