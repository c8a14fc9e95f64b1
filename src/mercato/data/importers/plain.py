"""Plain CSV, TSV, JSON lines and Parquet whose columns bear our names, or are mapped to them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa

from mercato.core.errors import BadInput
from mercato.data.casts import spaced
from mercato.data.importers.csv_files import read_csv
from mercato.data.importers.json_files import read_json
from mercato.data.importers.parquet_files import read_parquet
from mercato.data.importers.raw import RawBatch, Reading, Source


class Plain:
    """Names may be spelled ``Image Link`` or ``imageLink``; unknown ones become attributes."""

    name = "plain"
    assets = frozenset({"items", "events", "judgments"})

    def holds(self, source: Source, asset: str) -> bool:
        return source.kind in ("text", "json", "parquet")

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        for batch in _read(source, reading):
            yield replace(batch, columns=_under_our_names(batch.columns, reading))


def _read(source: Source, reading: Reading) -> Iterator[RawBatch]:
    if source.kind == "json":
        return read_json(source, reading.wanted, lambda name: _known(name, reading))
    if source.kind == "parquet":
        return read_parquet(source)
    if source.kind == "text":
        return read_csv(source)
    found = "nothing" if source.kind == "empty" else f"{source.kind}"
    raise BadInput(f"CSV, TSV, JSON or Parquet in {source.path}", found, "Name its true format.")


def _under_our_names(columns: Mapping[str, pa.Array], reading: Reading) -> dict[str, pa.Array]:
    """A column that is spelled as ours is, is ours; of other spellings of it the first is, and
    further ones keep their names."""
    named = {name: column for name, column in columns.items() if name in reading.wanted}
    for name, column in columns.items():
        if name not in reading.wanted:
            ours = _known(name, reading)
            named[name if ours in named else ours] = column
    return named


def _known(name: str, reading: Reading) -> str:
    """The wanted name that ``name`` is a spelling of; else ``name`` as it is."""
    if name in reading.wanted:
        return name
    return spaced(name) if spaced(name) in reading.ours else name
