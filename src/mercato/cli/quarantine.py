"""`mercato quarantine`: rows that failed a check: looked through, mended, retried, discarded."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from mercato.data.mending.held import HeldRow, Selection
    from mercato.data.mending.retrying import RetryReport

EXAMPLE = "Example: mercato quarantine my-shop --check price-readable --export mend.jsonl"

_COLUMN_WIDTH = 60
"""Characters of a value that a table shows."""


def command(
    folder: ShopFolder,
    asset: Annotated[str | None, typer.Option(help="Only rows meant for this asset.")] = None,
    check: Annotated[str | None, typer.Option(help="Only rows that failed this check.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="FILE", help="Only rows of this source.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Rows shown at most.")] = 20,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rows as JSON lines, to mend.")
    ] = None,
    retry: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Import mended lines the way they were read first."),
    ] = None,
    discard: Annotated[
        bool, typer.Option("--discard", help="Drop the rows; the audit remembers how many.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the rows that imports refused, and why; mend them and import them again."""
    from mercato.data.mending.held import Selection

    if sum((export is not None, retry is not None, discard)) > 1:
        raise WrongUse("one of --export, --retry and --discard", "several", f"{EXAMPLE}.")
    selection = Selection(asset, check, source)
    if retry is not None:
        if selection != Selection():
            raise WrongUse("--retry alone", "a selection", "The file says which rows it is about.")
        _retry(folder, retry, as_json)
    elif discard:
        _discard(folder, selection, as_json)
    elif export is not None:
        _export(folder, selection, export)
    else:
        _browse(folder, selection, limit, as_json)


def _table(folder: Path, selection: "Selection", purpose: str | None) -> "pa.Table":
    """The selected rows, once it is on record who reads them."""
    from mercato.data.mending.held import quarantine_table
    from mercato.data.store import AssetStore

    on_record(folder, "quarantine", ("quarantine",), purpose=purpose)
    store = AssetStore(ShopPaths(folder).assets)
    return selection.of(quarantine_table(store, store.version("quarantine")))


def _browse(folder: Path, selection: "Selection", limit: int, as_json: bool) -> None:
    from mercato.data.mending.held import counts, held_rows

    table = _table(folder, selection, None)
    rows = list(held_rows(table.slice(0, limit)))
    if as_json:
        by_check = [{"asset": a, "check": name, "rows": n} for a, name, n in counts(table)]
        print_json({"counts": by_check, "rows": [_as_json(row) for row in rows]})
        return
    print_table(("asset", "check", "rows"), counts(table), right=("rows",))
    print_table(
        ("at", "check", "column", "found", "expected", "remedy"),
        [
            (
                row.place,
                row.check,
                row.column,
                (row.value or "")[:_COLUMN_WIDTH],
                row.declared.expected,
                row.declared.remedy,
            )
            for row in rows
        ],
    )
    if len(table) > len(rows):
        say(f"{len(rows):,} of {len(table):,} rows; --limit shows more.")
    if rows:
        say(f"Next: mercato quarantine {folder} --export FILE, mend it, then --retry FILE")


def _as_json(row: "HeldRow") -> dict[str, Any]:
    from mercato.data.mending.exchange import ABOUT, exchanged

    fields = exchanged(row)
    about: dict[str, Any] = fields.pop(ABOUT)
    return about | {"row": fields}


def _export(folder: Path, selection: "Selection", file: Path) -> None:
    from mercato.data.mending.exchange import exchanged
    from mercato.data.mending.held import held_rows

    if file.exists():
        raise WrongUse(f"a new file at {file}", "one that is there", "Name another one.")
    table = _table(folder, selection, "mending")
    part = file.with_name(f".{file.name}.partial")
    with part.open("w", encoding="utf-8") as lines:
        for row in held_rows(table):
            lines.write(json.dumps(exchanged(row), ensure_ascii=False) + "\n")
    part.rename(file)
    say(
        f"{len(table):,} rows in {file}. Mend them there, then: "
        f"mercato quarantine {folder} --retry {file}"
    )


def _retry(folder: Path, file: Path, as_json: bool) -> None:
    from mercato.data.mending.exchange import read_mended
    from mercato.data.mending.retrying import retry
    from mercato.data.store import AssetStore
    from mercato.operating.settling import settle

    paths = ShopPaths(folder)
    settings = load_settings(paths.settings)
    mended = list(read_mended(file))
    on_record(folder, "quarantine", ("quarantine",), purpose="retry")
    # What was changed through the API before this must not undo it later.
    settle(paths)
    with shown() as progress:
        report = retry(AssetStore(paths.assets), mended, settings, progress)
    _show(report, as_json)
    for problem in report.problems:
        say(f"Could not be read: {problem}")
    if report.accepted:
        say(f"Next: mercato build {folder}")
    if report.failed or report.stayed:
        raise typer.Exit(1)


def _show(report: "RetryReport", as_json: bool) -> None:
    numbers = {name: getattr(report, name) for name in ("accepted", "failed", "stayed", "gone")}
    if as_json:
        checks = [
            {"asset": asset, "check": check, "rows": rows}
            for (asset, check), rows in report.checks.items()
        ]
        print_json(numbers | {"checks": checks, "problems": list(report.problems)})
        return
    names = tuple(numbers)
    print_table(names, [tuple(f"{number:,}" for number in numbers.values())], right=names)
    if report.checks:
        rows = [(asset, check, f"{n:,}") for (asset, check), n in report.checks.items()]
        print_table(("asset", "failed check", "rows"), rows, right=("rows",))


def _discard(folder: Path, selection: "Selection", as_json: bool) -> None:
    from mercato.data.mending.held import quarantine_table
    from mercato.data.mending.settling import discard
    from mercato.data.store import AssetStore

    store = AssetStore(ShopPaths(folder).assets)
    wanted = selection.of(quarantine_table(store, store.version("quarantine")))
    on_record(folder, "quarantine", ("quarantine",), purpose=f"discard of {len(wanted):,} rows")
    gone = discard(store, selection)
    if as_json:
        print_json({"discarded": gone})
    else:
        say(f"{gone:,} rows discarded.")
