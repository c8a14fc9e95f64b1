"""`mercato import`: items, events and judgments into a shop's assets."""

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mercato.cli.arguments import AsJson, ShopFolder, parse_pairs
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.data.importing import ImportReport

EXAMPLE = "Example: mercato import my-shop --items feed.csv --events log.jsonl --map brand=supplier"


class PriceUnit(StrEnum):
    MAJOR = "major"
    CENTS = "cents"


Paths = list[Path] | None


def command(
    folder: ShopFolder,
    items: Annotated[
        Paths, typer.Option(metavar="FILE", help="Products: a feed. May be repeated.")
    ] = None,
    events: Annotated[
        Paths, typer.Option(metavar="FILE", help="What shoppers did. May be repeated.")
    ] = None,
    judgments: Annotated[
        Paths, typer.Option(metavar="FILE", help="CSV: query,item_id,grade. May be repeated.")
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="NAME", help="The files' format; else it is detected.")
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(metavar="OUR=THEIRS", help="Read our column from theirs. May be repeated."),
    ] = None,
    price_unit: Annotated[PriceUnit, typer.Option(help="Unit of the prices.")] = PriceUnit.MAJOR,
    full: Annotated[
        bool,
        typer.Option("--full/--partial", help="--full withdraws items that the files lack."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check files and take them over; a row that fails a check goes to quarantine, with why."""
    if not (items or events or judgments):
        raise WrongUse(
            "something to import", "none of --items, --events, --judgments", f"{EXAMPLE}."
        )
    # Imported late, so that --help answers at once.
    from mercato.data import importing
    from mercato.data.store import AssetStore

    paths = ShopPaths(folder)
    settings = load_settings(paths.settings)
    store = AssetStore(paths.assets)
    mapping = parse_pairs("--map", map or [])
    reports = {}
    with shown() as progress:
        if items:
            reports["items"] = importing.import_items(
                store,
                items,
                format=format,
                mapping=mapping,
                price_unit=price_unit.value,
                full=full,
                settings=settings,
                progress=progress,
            )
        if events:
            reports["events"] = importing.import_events(
                store,
                events,
                format=format,
                mapping=mapping,
                price_unit=price_unit.value,
                settings=settings,
                progress=progress,
            )
        if judgments:
            reports["judgments"] = importing.import_judgments(
                store, judgments, mapping=mapping, settings=settings, progress=progress
            )
    if as_json:
        print_json({name: asdict(report) for name, report in reports.items()})
    else:
        _print_reports(reports)
        say(f"Next: mercato build {folder}")


def _print_reports(reports: "Mapping[str, ImportReport]") -> None:
    """How many rows came in, and how many failed which check."""
    print_table(
        ("what", "read", "accepted", "unchanged", "quarantined"),
        [
            (name, *(f"{n:,}" for n in (of.read, of.accepted, of.unchanged, of.quarantined)))
            for name, of in reports.items()
        ],
        right=("read", "accepted", "unchanged", "quarantined"),
    )
    failed = [
        (name, check, f"{count:,}")
        for name, report in reports.items()
        for check, count in sorted(report.checks.items())
    ]
    if failed:
        print_table(
            ("what", "check", "rows that failed it"), failed, right=("rows that failed it",)
        )
