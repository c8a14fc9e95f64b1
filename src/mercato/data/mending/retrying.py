"""Imports mended rows the way they were read first, and takes them out of the quarantine.

Rows that pass are committed to their asset before they leave the quarantine: whoever is killed in
between finds them there again, and the same rows again change nothing. No share of bad rows stops
a retry: what fails once more only stays, with what is wrong with it now.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from mercato.core.errors import BadInput
from mercato.core.progress import Progress
from mercato.core.settings import Settings
from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.assets.events import EVENTS
from mercato.data.assets.quarantine import QUARANTINE
from mercato.data.cleaning.contexts import cleaning_context
from mercato.data.cleaning.dates import day_first
from mercato.data.cleaning.whole import cleaned_whole
from mercato.data.consenting import agreed
from mercato.data.engines import Engine, open_engine
from mercato.data.identity import with_event_ids
from mercato.data.importers.raw import RawBatch, Reading, Source
from mercato.data.importers.signatures import Kind
from mercato.data.importing import reading_of
from mercato.data.mending.clashes import without_clashes
from mercato.data.mending.exchange import Fields, Mended
from mercato.data.mending.held import RowReading, held_rows, quarantine_table
from mercato.data.mending.lines import FreeLines
from mercato.data.mending.rereading import Retried, reread, retried
from mercato.data.mending.settling import commit_rows, replace_rows
from mercato.data.merging import unique_rows
from mercato.data.pseudonyms import Pseudonyms, pseudonyms_at, unlinked_at
from mercato.data.rows import Conversion, checked
from mercato.data.staging import Staging, open_staging
from mercato.data.store import AssetStore


@dataclass(frozen=True)
class RetryReport:
    """Counts of rows of the quarantine: those retried are accepted, failed or stayed.

    failed   : failed a check again, and stay with what is wrong now
    stayed   : said nothing new that could be read, and stay as they were
    gone     : were not in the quarantine any more, and are not looked at
    checks   : (asset, check) → rows that fail it now
    problems : why rows could not be read at all
    """

    accepted: int = 0
    failed: int = 0
    stayed: int = 0
    gone: int = 0
    checks: Mapping[tuple[str, str], int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def __add__(self, other: "RetryReport") -> "RetryReport":
        return RetryReport(
            self.accepted + other.accepted,
            self.failed + other.failed,
            self.stayed + other.stayed,
            self.gone + other.gone,
            Counter(self.checks) + Counter(other.checks),
            self.problems + other.problems,
        )


@dataclass(frozen=True)
class _Original(Source):
    """The source from which a row came first; it need not be there any more."""

    digest: str = ""
    looked_like: Kind = "empty"

    @property
    def sha256(self) -> str:
        return self.digest

    @property
    def kind(self) -> Kind:
        return self.looked_like


@dataclass(frozen=True)
class _Task:
    """Rows of one asset that were read in one way.

    how : that way; of a row that was one of the asset already, that it is read as such
    """

    store: AssetStore
    engine: Engine
    asset: Asset
    how: RowReading
    settings: Settings
    free: FreeLines
    ids: Pseudonyms

    @property
    def reading(self) -> Reading:
        theirs = frozenset(self.how.mapping.values())
        return reading_of(self.asset, theirs)

    def conversion(self, batches: Sequence[RawBatch]) -> Conversion:
        context = cleaning_context(self.settings, self.how.date_format)

        @cache
        def order(column: str) -> bool | None:
            theirs = self.how.mapping.get(column, column)
            return day_first(each.columns[theirs] for each in batches if theirs in each.columns)

        how, context = self.how, replace(context, day_first=order)
        return Conversion(self.asset, how.mapping, how.price_unit, context.currency, context)


def retry(
    store: AssetStore, mended: Sequence[Mended], settings: Settings, progress: Progress
) -> RetryReport:
    """Import mended rows; what came of them. The same rows again change nothing.

    Raises Conflict where other writers were faster each time; then call it again.
    """
    table = quarantine_table(store, store.version(QUARANTINE.name))
    fields = {each.key: each.fields for each in mended}
    held = {row.key: row for row in held_rows(table) if row.key in fields}
    groups: dict[tuple[str, str | None], list[Retried]] = {}
    for key, row in held.items():
        said = retried(row, RowReading.from_json(row.reading), fields[key])
        groups.setdefault((row.asset, row.reading), []).append(said)
    report = RetryReport(gone=len(fields) - len(held))
    ids = pseudonyms_at(settings, store.shop)
    with progress.step("Retrying rows", len(held)) as step:
        for (asset, reading), rows in groups.items():
            how = RowReading.from_json(reading)
            if how.level == "asset":
                how = RowReading(how.format, how.kind, how.level)
            with open_engine() as engine:
                free = FreeLines(store, engine)
                task = _Task(store, engine, ASSETS[asset], how, settings, free, ids)
                report += _retried(task, rows)
            step.advance(len(rows))
    return report


def _retried(task: _Task, rows: Sequence[Retried]) -> RetryReport:
    how, store, engine = task.how, task.store, task.engine
    readable = [row for row in rows if row.said is not None]
    with open_staging(store.storage.scratch, task.asset) as staging:
        staging.reading = {"mapping": dict(how.mapping), "price_unit": how.price_unit}
        if how.date_format is not None:
            staging.reading |= {"date_format": how.date_format}
        found = [_staged(task, staging, group) for group in _by_source(readable)]
        passed = {key for each in found for key in each.passed}
        refused = {key for each in found for key in each.refused}
        before = staging.refused
        unique = without_clashes(store, engine, staging, unique_rows(engine, staging))
        twice = staging.refused - before
        unique, _ = cleaned_whole(store, engine, task.asset, unique)
        commit_rows(store, engine, staging, unique)
        again = engine.table(staging.quarantined(engine), QUARANTINE.schema)
        replace_rows(store, passed | refused, again)
        checks = {(task.asset.name, name): each.rows for name, each in staging.failed.items()}
    failed = len(refused) + min(twice, len(passed - refused))
    looked_at = len(passed | refused)
    problems = tuple(each.problem for each in found if each.problem)
    return RetryReport(looked_at - failed, failed, len(rows) - looked_at, 0, checks, problems)


def _by_source(rows: Sequence[Retried]) -> Iterator[list[Retried]]:
    """The rows of each source, in its order."""
    ordered = sorted(
        rows, key=lambda row: (row.held.source, row.held.source_sha256, row.held.source_line)
    )
    for _, group in groupby(ordered, key=lambda row: (row.held.source, row.held.source_sha256)):
        yield list(group)


@dataclass(frozen=True)
class _Staged:
    """Keys of the rows that passed and that were refused; why none of them could be read."""

    passed: set[str]
    refused: set[str]
    problem: str = ""


def _staged(task: _Task, staging: Staging, rows: Sequence[Retried]) -> _Staged:
    """Read, check and stage the rows of one source."""
    held = [row.held for row in rows]
    first = held[0]
    source = _Original(
        Path(first.source), (), digest=first.source_sha256, looked_like=task.how.kind
    )
    number = staging.begin(source, task.how.format or "plain")
    try:
        batches = list(reread([_fields(row) for row in rows], task.how, task.reading))
    except BadInput as error:
        return _Staged(set(), set(), f"{first.source}: {error}")
    conversion = task.conversion(batches)
    passed: set[str] = set()
    refused: set[str] = set()
    for batch in batches:
        if task.asset is EVENTS:
            before = batch.lines.to_pylist()
            unlinked = partial(unlinked_at, task.settings, task.store.shop)
            batch = agreed(batch, task.how.mapping, unlinked)
            gone = {*batch.lines.to_pylist(), *(each.line for each in batch.refusals)}
            passed |= {held[at].key for at in before if at not in gone}
        found = checked(batch, conversion)
        if task.asset is EVENTS:
            found = task.ids.checked(found, task.how.mapping)
        positions = found.lines.to_pylist()
        lines = [held[at].source_line for at in positions]
        typed = found.rows
        if task.asset is EVENTS:
            typed = with_event_ids(typed)
            typed = task.free.filled(typed, number, lines)
        passed |= {held[at].key for at in positions}
        refused |= {held[each.line].key for each in found.refusals}
        refusals = tuple(replace(each, line=held[each.line].source_line) for each in found.refusals)
        at_home = pa.array(lines, pa.int64())
        staging.add(number, replace(found, rows=typed, lines=at_home, refusals=refusals))
    return _Staged(passed, refused)


def _fields(row: Retried) -> Fields:
    assert row.said is not None
    return row.said
