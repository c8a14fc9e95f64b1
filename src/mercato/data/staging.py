"""Rows of an import between reading and committing, on disk beside the assets."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mercato.data.asset import Asset
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.cleaning.step import CleanCount, added
from mercato.data.engines import Engine
from mercato.data.importers.raw import Level, Refusal, Source
from mercato.data.provenance import source_id
from mercato.data.rows import Checked
from mercato.data.scratch import scratch_in

ORDER = "__order"
"""A staged row's place in the import, beside what every stored row has."""

MOST_KINDS = 1_000
"""Kinds of left out rows that are counted by name."""

OTHER_KINDS = "(other kinds)"

EXAMPLES = 3
"""Places that are remembered of the rows that fail a check."""

_FOLDER = ".staging"


@dataclass
class StagedSource:
    """A source of an import, and what was read of it."""

    source: Source
    format: str
    lines_in: str = ""
    rows: int = 0


@dataclass
class Failed:
    """The rows that failed one check so far.

    value  : what the first of them said
    places : the first few, as ``file:line``
    """

    rows: int
    value: str | None
    places: list[str]


class Staging:
    """Collects what passed and what was refused; nothing of it is seen by readers of assets.

    reading : how the sources are read, beside their formats; as JSON values
    """

    def __init__(self, folder: Path, asset: Asset) -> None:
        self.folder = folder
        self.asset = asset
        self.reading: Mapping[str, object] = {}
        self.sources: dict[int, StagedSource] = {}
        self.schema = pa.schema([*asset.stored, (ORDER, pa.int64())])
        self.read = 0
        self.passed = 0
        self.refused = 0
        self.failed: dict[str, Failed] = {}
        self.left_out: Counter[str] = Counter()
        self.cleaned: tuple[CleanCount, ...] = ()
        self.imported_at = datetime.now(UTC)
        self._rows_file = folder / "rows.parquet"
        self._quarantine_file = folder / "quarantine.parquet"
        self._passed = pq.ParquetWriter(self._rows_file, self.schema)
        self._refused = pq.ParquetWriter(self._quarantine_file, QUARANTINE.schema)

    def file(self, name: str) -> Path:
        """A place for a table in between."""
        return self.folder / f"{name}.parquet"

    def begin(self, source: Source, format: str) -> int:
        """The id under which rows of ``source``, read as ``format``, are added."""
        number = source_id(self.asset.name, str(source.path), source.sha256)
        self.sources[number] = StagedSource(source, format)
        return number

    def add(self, source: int, checked: Checked, lines_in: str = "") -> None:
        """Keep a batch of the source with the id ``source``."""
        count = checked.rows.num_rows
        order = np.arange(self.passed, self.passed + count)
        places = [pa.repeat(pa.scalar(source, pa.int64()), count), checked.lines, pa.array(order)]
        arrays = [*checked.rows.columns, *places]
        self._passed.write_batch(pa.record_batch(arrays, schema=self.schema))
        self.passed += count
        self.read += count + len(checked.refusals)
        self.sources[source].rows += count + len(checked.refusals)
        self.sources[source].lines_in = lines_in
        self.cleaned = added(self.cleaned, checked.cleaned)
        self.refuse(checked.refusals, source)

    def leave_out(self, source: int, kinds: Mapping[str, int]) -> None:
        """Count rows of the source with the id ``source`` that have no place in the asset."""
        for kind, count in kinds.items():
            known = kind in self.left_out or len(self.left_out) < MOST_KINDS
            self.left_out[kind if known else OTHER_KINDS] += count
            self.read += count
            self.sources[source].rows += count

    def refuse(self, refusals: Sequence[Refusal], source: int) -> None:
        """Keep rows of the source with the id ``source`` for the quarantine."""
        if refusals:
            self.refused += len(refusals)
            self._refused.write_table(self._quarantined(refusals, self.sources[source]))
        for each in refusals:
            failed = self.failed.setdefault(each.check, Failed(0, each.value, []))
            failed.rows += 1
            if len(failed.places) < EXAMPLES:
                failed.places.append(f"{self.sources[source].source.path}:{each.line}")

    def rows(self, engine: Engine) -> ibis.Table:
        """What passed; nothing can be added any more."""
        self._passed.close()
        return engine.files([self._rows_file], self.schema)

    def quarantined(self, engine: Engine) -> ibis.Table:
        """What was refused; nothing can be refused any more."""
        self._refused.close()
        return engine.files([self._quarantine_file], QUARANTINE.schema)

    def close(self) -> None:
        self._passed.close()
        self._refused.close()

    def _quarantined(self, refusals: Sequence[Refusal], staged: StagedSource) -> pa.Table:
        source = staged.source
        how = dict(self.reading) | {"format": staged.format, "kind": source.kind}
        readings = {
            level: json.dumps(how | {"level": level}, sort_keys=True) for level in get_args(Level)
        }
        return pa.Table.from_pylist(
            [
                {
                    "source": str(source.path),
                    "source_line": refusal.line,
                    "asset": self.asset.name,
                    "check": refusal.check,
                    "column": refusal.column,
                    "value": refusal.value,
                    "row": refusal.row,
                    "imported_at": self.imported_at,
                    "source_sha256": source.sha256,
                    "reading": readings[refusal.level],
                }
                for refusal in refusals
            ],
            schema=QUARANTINE.schema,
        )


@contextmanager
def open_staging(root: Path, asset: Asset) -> Iterator[Staging]:
    """A staging area under ``root``; see `scratch_in`."""
    with scratch_in(root / _FOLDER) as folder:
        staging = Staging(folder, asset)
        try:
            yield staging
        finally:
            staging.close()
