"""`mercato import`: items, events and judgments into a shop's assets."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mercato.cli.alarms import print_alarms
from mercato.cli.arguments import AsJson, ShopFolder, parse_pairs
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.data.report import ImportReport

EXAMPLE = "Example: mercato import my-shop --items feed.csv --events log.jsonl --map brand=supplier"

Paths = list[str] | None

_MOST_KINDS = 20
"""Kinds of left out rows that are shown one by one."""


class PriceUnit(StrEnum):
    MAJOR = "major"
    CENTS = "cents"


@dataclass(frozen=True)
class Files:
    """What is to be imported, by the asset it goes to."""

    items: Sequence[Path] = ()
    events: Sequence[Path] = ()
    judgments: Sequence[Path] = ()


@dataclass(frozen=True)
class Reading:
    """How files are read. ``mapping``: our column → theirs."""

    format: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    price_unit: Literal["major", "cents"] = "major"
    full: bool = False
    date_format: str | None = None
    encoding: str | None = None


def command(
    folder: ShopFolder,
    items: Annotated[
        Paths, typer.Option(metavar="FILE|URL", help="Products: a feed. May be repeated.")
    ] = None,
    events: Annotated[
        Paths, typer.Option(metavar="FILE|URL", help="What shoppers did. May be repeated.")
    ] = None,
    judgments: Annotated[
        Paths, typer.Option(metavar="FILE|URL", help="CSV: query,item_id,grade. May be repeated.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The files' format (docs/dialects.md); else it is detected."
        ),
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(metavar="OUR=THEIRS", help="Read our column from theirs. May be repeated."),
    ] = None,
    price_unit: Annotated[PriceUnit, typer.Option(help="Unit of the prices.")] = PriceUnit.MAJOR,
    date_format: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="Form of the files' times, as %d/%m/%Y %H:%M."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoding of the files' text, as cp1252; else UTF-8."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full/--partial", help="--full withdraws items that are absent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check files and take them over; a row that fails a check goes to quarantine, with why."""
    if not (items or events or judgments):
        raise WrongUse(
            "something to import", "none of --items, --events, --judgments", f"{EXAMPLE}."
        )
    # Imported late, so that --help answers at once.
    from mercato.data.report import ImportRefused

    mapping = parse_pairs("--map", map or [])
    reading = Reading(format, mapping, price_unit.value, full, date_format, encoding)
    try:
        with _at_hand(folder, items or (), events or (), judgments or ()) as files:
            reports = run_import(ShopPaths(folder), files, reading)
    except ImportRefused as refused:
        _show([refused.report], as_json)
        raise
    _show(reports, as_json)
    say(f"Next: mercato build {folder}")


@contextmanager
def _at_hand(folder: Path, *given: Sequence[str]) -> Iterator[Files]:
    """The files that are named; what stands at an address is fetched first, and goes again."""
    from mercato.data.fetching.address import is_address
    from mercato.operating.feeds.run import fetched_once

    urls = [text for texts in given for text in texts if is_address(text)]
    with ExitStack() as stack:
        with shown() as progress:
            fetched = stack.enter_context(fetched_once(folder, urls, progress))
        yield Files(*([fetched.get(text) or Path(text) for text in texts] for texts in given))


def run_import(paths: ShopPaths, files: Files, reading: Reading) -> "list[ImportReport]":
    """Import with progress; items first.

    Raises BadInput for a file that cannot be read, ImportRefused where too many rows failed.
    """
    from mercato.data.importing import import_events, import_items, import_judgments
    from mercato.data.store import AssetStore
    from mercato.operating.settling import settle

    on_record(paths.root, "import", ("events", "answers"), purpose="import")
    # What was changed through the API before this import must not undo it later.
    settle(paths)
    store = AssetStore(paths.assets)
    reports = []
    with shown() as progress:
        common: dict[str, Any] = {
            "format": reading.format,
            "encoding": reading.encoding,
            "settings": load_settings(paths.settings),
            "progress": progress,
        }
        forms: dict[str, Any] = {
            "price_unit": reading.price_unit,
            "date_format": reading.date_format,
        }
        if files.items:
            common["mapping"] = _columns_of("items", files, reading)
            reports.append(import_items(store, files.items, full=reading.full, **forms, **common))
        if files.events:
            common["mapping"] = _columns_of("events", files, reading)
            reports.append(import_events(store, files.events, **forms, **common))
        if files.judgments:
            common["mapping"] = _columns_of("judgments", files, reading)
            reports.append(import_judgments(store, files.judgments, **common))
    return reports


def _columns_of(asset: str, files: Files, reading: Reading) -> dict[str, str]:
    """The part of the mapping that is meant for one asset.

    A column that no asset of this import has goes to all of them, to be refused by name.
    """
    from mercato.data.assets import ASSETS

    given = {"items": files.items, "events": files.events, "judgments": files.judgments}
    others = [ASSETS[name].schema.names for name, some in given.items() if some and name != asset]
    own = ASSETS[asset].schema.names
    return {
        ours: theirs
        for ours, theirs in reading.mapping.items()
        if ours in own or not any(ours in names for names in others)
    }


def _show(reports: "Sequence[ImportReport]", as_json: bool) -> None:
    if as_json:
        print_json([_as_json(report) for report in reports])
        return
    numbers = ("read", "accepted", "unchanged", "quarantined", "withdrawn")
    print_table(
        ("asset", *numbers),
        [(of.asset, *(f"{getattr(of, name):,}" for name in numbers)) for of in reports],
        right=numbers,
    )
    _show_left_out(reports)
    _show_cleaned(reports)
    print_alarms(alarm for of in reports for alarm in of.alarms)
    failed = [(of.asset, check) for of in reports for check in of.checks]
    if failed:
        print_table(
            ("asset", "failed check", "rows", "expected", "found", "for example at"),
            [
                (asset, c.check.name, f"{c.rows:,}", c.check.expected, c.value, c.places[0])
                for asset, c in failed
            ],
            right=("rows",),
        )


def _show_left_out(reports: "Sequence[ImportReport]") -> None:
    rows = [(of.asset, kind, count) for of in reports for kind, count in of.left_out.items()]
    table = [(asset, kind, f"{count:,}") for asset, kind, count in rows[:_MOST_KINDS]]
    if further := rows[_MOST_KINDS:]:
        table.append(("", f"{len(further):,} more kinds", f"{sum(row[2] for row in further):,}"))
    if table:
        print_table(("asset", "left out: no place of ours", "rows"), table, right=("rows",))


def _show_cleaned(reports: "Sequence[ImportReport]") -> None:
    rows = [
        (of.asset, each.step, f"{each.rows:,}", each.before, each.after)
        for of in reports
        for each in of.cleaned
    ]
    if rows:
        columns = ("asset", "cleaned", "rows", "for example", "is now")
        print_table(columns, rows, right=("rows",))


def _as_json(report: "ImportReport") -> dict[str, Any]:
    return {
        "asset": report.asset,
        "sources": list(report.sources),
        "read": report.read,
        "accepted": report.accepted,
        "unchanged": report.unchanged,
        "quarantined": report.quarantined,
        "withdrawn": report.withdrawn,
        "left_out": dict(report.left_out),
        "version": report.version,
        "cleaned": [
            {"step": each.step, "rows": each.rows, "before": each.before, "after": each.after}
            for each in report.cleaned
        ],
        "alarms": [alarm.to_json() for alarm in report.alarms],
        "checks": [
            {
                "check": count.check.name,
                "rows": count.rows,
                "expected": count.check.expected,
                "found": count.value,
                "remedy": count.check.remedy,
                "places": list(count.places),
            }
            for count in report.checks
        ],
    }
