"""The assets of the shop: what each holds, how fresh it is, and what is made of what."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from mercato.data.assets import ASSETS
from mercato.data.meanings import meaning
from mercato.data.store import AssetStore
from mercato.data.versions.notes import origin
from mercato.data.versions.summary import Summary, declared, summaries
from mercato.web.console.asked import ROOT, Ask, Page
from mercato.web.console.lineage import Drawn, drawn

PATH = f"{ROOT}/data"

_VERSIONS = 15


@dataclass(frozen=True)
class Line:
    """One asset. changed_at : None where the log no longer tells, or there is no version yet"""

    name: str
    owner: str
    sensitivity: str
    rows: int | None
    version: int | None
    changed_at: datetime | None
    megabytes: float
    made_of: str
    url: str
    chosen: bool


@dataclass(frozen=True)
class Column:
    """mask : what an export makes of it; empty where it stays"""

    name: str
    type: str
    meaning: str
    mask: str


@dataclass(frozen=True)
class Committed:
    """One version, from what it was made."""

    version: int
    at: datetime
    rows: int | None
    made_by: str
    made_of: str


@dataclass(frozen=True)
class Shown:
    """checks : name and what a row must be, of each"""

    name: str
    description: str
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    checks: tuple[tuple[str, str], ...]
    versions: tuple[Committed, ...]


@dataclass(frozen=True)
class DataPage:
    """lineage : what is made of what, with the chosen asset's in front"""

    template: ClassVar[str] = "console/data.html"
    lines: tuple[Line, ...]
    shown: Shown
    lineage: Drawn


def data(ask: Ask) -> Page:
    """Parameters: ``asset``."""
    asset = declared(ask.query.get("asset", "items"))
    store = AssetStore(ask.shop.paths.assets)
    found = {each.name: each for each in summaries(store)}
    lines = tuple(_line(name, found.get(name), asset.name) for name in ASSETS)
    versions = tuple(
        Committed(
            each.version,
            each.ts,
            each.rows,
            origin(each.note).made_by,
            ", ".join(origin(each.note).told()),
        )
        for each in store.history(asset.name, limit=_VERSIONS)
    )
    columns = tuple(
        Column(
            field.name,
            str(field.type),
            meaning(asset.name, field.name),
            str(asset.personal.get(field.name, "")),
        )
        for field in asset.schema
    )
    shown = Shown(
        asset.name,
        asset.description,
        asset.keys,
        columns,
        tuple((check.name, check.expected) for check in asset.checks),
        versions,
    )
    inputs = {name: each.inputs for name, each in ASSETS.items()}
    return Page(DataPage(lines, shown, drawn(inputs, asset.name)))


def _line(name: str, found: Summary | None, chosen: str) -> Line:
    asset = ASSETS[name]
    return Line(
        name=name,
        owner=asset.owner,
        sensitivity=asset.sensitivity,
        rows=None if found is None else found.rows,
        version=None if found is None else found.version,
        changed_at=None if found is None else found.committed_at,
        megabytes=0.0 if found is None else found.size / 1e6,
        made_of="" if found is None else ", ".join(found.origin.told()) or found.origin.made_by,
        url=f"{PATH}?{urlencode({'asset': name})}",
        chosen=name == chosen,
    )
