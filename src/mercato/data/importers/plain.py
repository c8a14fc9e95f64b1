"""Plain CSV, TSV, JSON lines and Parquet whose columns bear our names, or are mapped to them."""

from collections.abc import Iterator
from dataclasses import replace

from mercato.core.errors import BadInput
from mercato.data.casts import spaced
from mercato.data.importers.csv_files import CSV_SUFFIXES, read_csv
from mercato.data.importers.json_files import JSON_SUFFIXES, read_json
from mercato.data.importers.parquet_files import PARQUET_SUFFIXES, read_parquet
from mercato.data.importers.raw import RawBatch, Reading, Source


class Plain:
    """Names may be spelled ``Image Link`` or ``imageLink``; unknown ones become attributes."""

    name = "plain"
    assets = frozenset({"items", "events", "judgments"})

    def holds(self, source: Source, asset: str) -> bool:
        return source.path.is_file() and source.suffix in (
            *CSV_SUFFIXES,
            *JSON_SUFFIXES,
            *PARQUET_SUFFIXES,
        )

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        for batch in _read(source, reading):
            yield replace(batch, columns={_known(n, reading): a for n, a in batch.columns.items()})


def _read(source: Source, reading: Reading) -> Iterator[RawBatch]:
    if source.suffix in JSON_SUFFIXES:
        return read_json(source, reading.wanted)
    if source.suffix in PARQUET_SUFFIXES:
        return read_parquet(source)
    if source.suffix in CSV_SUFFIXES:
        return read_csv(source)
    raise BadInput(
        "a file that ends in .csv, .tsv, .jsonl or .parquet (maybe with .gz)",
        str(source.path),
        "Rename the file after what it holds.",
    )


def _known(name: str, reading: Reading) -> str:
    """The wanted name that ``name`` is a spelling of; else ``name`` as it is."""
    if name in reading.wanted:
        return name
    return spaced(name) if spaced(name) in reading.ours else name
