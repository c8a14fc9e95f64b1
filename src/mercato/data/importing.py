"""Imports: sources → checks → one commit, or none.

Rows are read and checked in batches and staged on disk; then what they change is committed at
once. Whatever happens before the commit leaves the asset as it was.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from mercato.core.errors import BadInput
from mercato.core.progress import Progress, Silent
from mercato.core.settings import Settings
from mercato.data.asset import Asset
from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.assets.judgments import JUDGMENTS
from mercato.data.cleaning.contexts import cleaning_context
from mercato.data.cleaning.dates import day_first
from mercato.data.cleaning.step import added
from mercato.data.cleaning.whole import cleaned_whole
from mercato.data.committing import ImportOrder, commit_import, refuse_if_bad
from mercato.data.consenting import agreed
from mercato.data.engines import open_engine
from mercato.data.identity import with_event_ids
from mercato.data.importers import dialect_of, sources_of
from mercato.data.importers.consent import CONSENT
from mercato.data.importers.raw import Dialect, Reading, Source
from mercato.data.lineage.runs import import_run
from mercato.data.merging import unique_rows
from mercato.data.pseudonyms import Pseudonyms, pseudonyms_at, unlinked_at
from mercato.data.report import ImportReport
from mercato.data.rows import Conversion, PriceUnit, checked
from mercato.data.staging import Staging, open_staging
from mercato.data.store import AssetStore

_SHOWN = 500
"""Signs of a source's column names that an error repeats."""


def import_items(
    store: AssetStore,
    paths: Sequence[Path],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    price_unit: PriceUnit = "major",
    date_format: str | None = None,
    encoding: str | None = None,
    full: bool = False,
    settings: Settings,
    progress: Progress | None = None,
) -> ImportReport:
    """Import products. A row replaces the whole item of its id; items that are absent stay,
    or are withdrawn with ``full``.

    paths       : files, folders of files, and patterns such as ``feeds/*.csv.gz``
    date_format : strptime format of the sources' times, where it is not ISO 8601
    encoding    : of the sources' texts, where they are neither UTF-8 nor bear a mark

    Raises BadInput for a source that cannot be read or mapped, ImportRefused where more than
    the settings' share of rows failed; then nothing was changed.
    """
    order = ImportOrder(
        ITEMS, paths, format, mapping or {}, price_unit, full, date_format, encoding
    )
    return _import(store, order, settings, progress or Silent())


def import_events(
    store: AssetStore,
    paths: Sequence[Path],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    price_unit: PriceUnit = "major",
    date_format: str | None = None,
    encoding: str | None = None,
    settings: Settings,
    progress: Progress | None = None,
) -> ImportReport:
    """Import event lines. A line that is known by (event_id, line) is replaced where it now
    says something else. Errors as with `import_items`."""
    order = ImportOrder(
        EVENTS, paths, format, mapping or {}, price_unit, False, date_format, encoding
    )
    return _import(store, order, settings, progress or Silent())


def import_judgments(
    store: AssetStore,
    paths: Sequence[Path],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    settings: Settings,
    progress: Progress | None = None,
) -> ImportReport:
    """Import grades of products for queries. Errors as with `import_items`."""
    order = ImportOrder(JUDGMENTS, paths, format, mapping or {}, "major", False, None, encoding)
    return _import(store, order, settings, progress or Silent())


def _import(
    store: AssetStore, order: ImportOrder, settings: Settings, progress: Progress
) -> ImportReport:
    _check_mapping(order)
    sources = [source for path in order.paths for source in sources_of(Path(path), order.encoding)]
    dialects = [dialect_of(source, order.asset.name, order.format) for source in sources]
    with import_run(store, settings, order.asset, sources) as reports:
        reports.append(_imported(store, order, settings, progress, sources, dialects))
    return reports[0]


def _imported(
    store: AssetStore,
    order: ImportOrder,
    settings: Settings,
    progress: Progress,
    sources: Sequence[Source],
    dialects: Sequence[Dialect],
) -> ImportReport:
    context = cleaning_context(settings, order.date_format)
    how = Conversion(order.asset, order.mapping, order.price_unit, context.currency, context)
    ids = _ids(store, order.asset, settings)
    unlinked = partial(unlinked_at, settings, store.shop)
    with open_staging(store.storage.scratch, order.asset) as staging, open_engine() as engine:
        staging.reading = order.reading
        with progress.step(f"Reading {order.asset.name}") as step:
            for source, dialect in zip(sources, dialects, strict=True):
                for rows in _stage(staging, source, dialect, how, ids, unlinked):
                    step.advance(rows)
            step.note(f"{staging.read:,} rows")
        with progress.step(f"Comparing {order.asset.name} with what is there") as step:
            rows = unique_rows(engine, staging)
            rows, counts = cleaned_whole(store, engine, order.asset, rows)
            staging.cleaned = added(staging.cleaned, counts)
            refuse_if_bad(order, staging, settings.imports.max_bad_share)
            report = commit_import(store, engine, staging, rows, order, settings.quality)
            step.note(f"{report.accepted:,} new or changed")
    return report


def _check_mapping(order: ImportOrder) -> None:
    known = (*order.asset.schema.names, *([CONSENT] if order.asset is EVENTS else []))
    for ours in order.mapping:
        if ours not in known:
            raise BadInput(
                f"a column of {order.asset.name}: {', '.join(known)}",
                repr(ours),
                "Write --map our=theirs, as in --map brand=supplier.",
            )


def _ids(store: AssetStore, asset: Asset, settings: Settings) -> Pseudonyms:
    return pseudonyms_at(settings, store.shop) if asset is EVENTS else Pseudonyms()


def _stage(
    staging: Staging,
    source: Source,
    dialect: Dialect,
    how: Conversion,
    ids: Pseudonyms,
    unlinked: Callable[[], Pseudonyms],
) -> Iterator[int]:
    """Read, check and stage one source; yields the rows of each batch."""
    asset = how.asset
    theirs = frozenset(how.mapping.values())
    reading = reading_of(asset, theirs)
    how = _of_source(how, source, dialect, reading)
    seen: set[str] = set()
    number = staging.begin(source, dialect.name)
    for batch in dialect.read(source, reading):
        if not seen and (batch.columns or len(batch.lines)):
            _check_required(source, how, set(batch.columns))
        seen |= set(batch.columns)
        if asset is EVENTS:
            batch = agreed(batch, how.mapping, unlinked)
        found = checked(batch, how)
        if asset is EVENTS:
            found = replace(found, rows=with_event_ids(found.rows))
            found = ids.checked(found, how.mapping)
        staging.add(number, found, batch.lines_in)
        staging.leave_out(number, batch.left_out)
        yield len(batch.lines) + len(batch.refusals) + sum(batch.left_out.values())
    if missing := theirs - seen:
        raise BadInput(
            f"the mapped columns in {source.path}",
            f"no column {', '.join(sorted(missing))}",
            "Write the names as the source spells them; name the --format where it is plain.",
        )


def reading_of(asset: Asset, mapped: frozenset[str]) -> Reading:
    """What a dialect is asked for; of events also what their shoppers agreed to.

    mapped : further columns of the source
    """
    beside = {CONSENT} if asset is EVENTS else set()
    return Reading(asset.name, frozenset(asset.schema.names) | beside, mapped)


def _of_source(how: Conversion, source: Source, dialect: Dialect, reading: Reading) -> Conversion:
    """With the order of day and month in the dates of one source, which is read for it once, and
    only where a step asks."""

    @cache
    def order(column: str) -> bool | None:
        theirs = how.mapping.get(column, column)
        batches = (batch.columns for batch in dialect.read(source, reading))
        return day_first(columns[theirs] for columns in batches if theirs in columns)

    return replace(how, context=replace(how.context, day_first=order))


def _check_required(source: Source, how: Conversion, found: set[str]) -> None:
    named = {how.mapping.get(name, name): name for name in how.asset.required_columns}
    missing = [ours for theirs, ours in named.items() if theirs not in found]
    if missing:
        raise BadInput(
            f"the columns {', '.join(named.values())} in {source.path}",
            ", ".join(sorted(found))[:_SHOWN] or "no columns",
            " ".join(f"Map it with --map {ours}=THEIRS." for ours in missing[:1]),
        )
