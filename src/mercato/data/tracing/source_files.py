"""Files that imports have read, looked up again: are they the same still, what do they say."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercato.core.errors import MercatoError
from mercato.data.assets.sources import SOURCES
from mercato.data.importers import sources_of
from mercato.data.store import AssetStore
from mercato.data.tracing.records import records


@dataclass(frozen=True)
class SourceFile:
    """A row of the asset ``sources``: a file, or a folder in which ``lines_in`` was read."""

    path: str
    lines_in: str
    sha256: str
    format: str
    encoding: str | None
    imported_at: datetime

    @property
    def file(self) -> Path:
        """The file whose lines are counted."""
        return Path(self.path, self.lines_in) if self.lines_in else Path(self.path)


@dataclass(frozen=True)
class Texts:
    """Line → what stands there; ``trouble`` says why nothing does."""

    of_line: Mapping[int, str]
    trouble: str = ""


def source_files(store: AssetStore, ids: Collection[int]) -> dict[int, SourceFile]:
    """The sources that these ids name, as rows bear them in ``__source``."""
    if not ids or store.version(SOURCES.name) is None:
        return {}
    table = store.read(SOURCES.name)
    known = table.filter(pc.is_in(table["source_id"], pc.cast(list(ids), "int64")))
    return {row["source_id"]: _source_file(row) for row in known.to_pylist()}


def _source_file(row: Mapping[str, Any]) -> SourceFile:
    return SourceFile(
        path=row["path"],
        lines_in=row["lines_in"] or "",
        sha256=row["sha256"],
        format=row["format"],
        encoding=json.loads(row["reading"] or "{}").get("encoding"),
        imported_at=row["imported_at"],
    )


def texts(source: SourceFile, lines: Collection[int]) -> Texts:
    """What stands on these lines, where the file is still there and has the same checksum.

    Packed files are unpacked; a row of Parquet comes as JSON, its line is its place in the file.
    """
    if not Path(source.path).exists():
        return Texts({}, "the file is gone")
    try:
        (whole,) = sources_of(Path(source.path), source.encoding)
        if whole.sha256 != source.sha256:
            return Texts({}, "the file has changed since it was imported")
        (file,) = sources_of(source.file, source.encoding)
        if file.kind == "parquet":
            return Texts(_parquet_rows(source.file, lines))
        with file.open_text() as stream:
            return Texts(records(stream, file.kind, lines))
    except (MercatoError, OSError, ValueError) as error:
        return Texts({}, f"the file cannot be read: {error}")


def _parquet_rows(path: Path, lines: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    with pq.ParquetFile(path) as file:
        before = 0
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            here = sorted(line for line in lines if before < line <= before + count)
            if here:
                rows = file.read_row_group(group).take([line - before - 1 for line in here])
                found |= dict(zip(here, map(_row_json, rows.to_pylist()), strict=True))
            before += count
    return found


def _row_json(row: Mapping[str, Any]) -> str:
    return orjson.dumps(row, default=str).decode()
