"""Rows of an asset's version, each with the line of the file that it came from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from mercato.data.asset import Asset
from mercato.data.engines import Engine
from mercato.data.provenance import SOURCE, SOURCE_LINE
from mercato.data.store import AssetStore
from mercato.data.tracing.source_files import SourceFile, Texts, source_files, texts
from mercato.data.versions.summary import opened_files

NO_SOURCE = "it came through the API, or before rows kept where they came from"

Wanted = Callable[[ibis.Table], ibis.Table]
"""Narrows a version's rows to those that are traced."""


@dataclass(frozen=True)
class TracedRow:
    """A row, and where it came from.

    row     : the columns that say something
    source  : None where the row came another way than by an import
    text    : what the file says there; None where it cannot be told, then ``trouble`` says why
    """

    asset: str
    version: int
    row: Mapping[str, Any]
    source: SourceFile | None
    line: int | None
    text: str | None
    trouble: str


def traced_rows(
    engine: Engine, store: AssetStore, asset: Asset, version: int, wanted: Wanted
) -> list[TracedRow]:
    """The ``wanted`` rows of a version, in their order.

    Raises NotFound where the version's files are no longer there.
    """
    stored = engine.files(opened_files(store, asset.name, version), asset.stored)
    rows = engine.table(wanted(stored)).to_pylist()
    lines: dict[int, set[int]] = {}
    for row in rows:
        if row[SOURCE] is not None:
            lines.setdefault(row[SOURCE], set()).add(row[SOURCE_LINE])
    sources = source_files(store, lines.keys())
    said = {number: texts(source, lines[number]) for number, source in sources.items()}
    return [_traced(asset, version, row, sources, said) for row in rows]


def _traced(
    asset: Asset,
    version: int,
    row: Mapping[str, Any],
    sources: Mapping[int, SourceFile],
    said: Mapping[int, Texts],
) -> TracedRow:
    number, line = row[SOURCE], row[SOURCE_LINE]
    source = sources.get(number)
    text = None if source is None else said[number].of_line.get(line)
    trouble = ""
    if source is None:
        trouble = NO_SOURCE if number is None else "its source is not in the asset sources"
    elif text is None:
        trouble = said[number].trouble or f"the file has no line {line}"
    return TracedRow(
        asset=asset.name,
        version=version,
        row=_said(row, asset.schema.names),
        source=source,
        line=line,
        text=text,
        trouble=trouble,
    )


def _said(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] is not None}
