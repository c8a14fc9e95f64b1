"""`mercato assets`: what a shop's tables hold, how versions differ, where an answer came from."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder, parse_time
from mercato.cli.output import say
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.data.access import Mask
    from mercato.data.asset import Asset

EXAMPLE = "Example: mercato assets my-shop events --diff 3 4"


def command(
    folder: ShopFolder,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One asset; without it all are listed.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Its versions: when, by whom, from what.")
    ] = False,
    diff: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="V1 V2", help="Rows added, removed and changed between versions."),
    ] = None,
    rows: Annotated[int, typer.Option(help="So many changed rows or sample rows at most.")] = 10,
    at: Annotated[
        str | None, typer.Option(metavar="TS", help="The version that was current then (UTC).")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it to a .csv, .jsonl or .parquet file, masked."),
    ] = None,
    unmasked: Annotated[
        bool, typer.Option("--unmasked", help="Export persons' data as it is; goes on record.")
    ] = False,
    trace: Annotated[
        str | None,
        typer.Option(metavar="QUERY_ID", help="From a logged answer back to its source lines."),
    ] = None,
    item: Annotated[
        str | None, typer.Option(metavar="ITEM_ID", help="With --trace: which of its items.")
    ] = None,
    trace_item: Annotated[
        str | None, typer.Option(metavar="ITEM_ID", help="An item's source line, without answer.")
    ] = None,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Join small files, remove old versions' files.")
    ] = False,
    keep_days: Annotated[
        int | None,
        typer.Option(metavar="N", help="With --vacuum; by default [assets] keep_days."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --vacuum: only say what would be done.")
    ] = False,
    sum_up: Annotated[
        bool, typer.Option("--sum-up", help="Bring what the console shows up to date.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List a shop's assets; describe one, compare its versions, trace an answer to its files,
    sum up, or tidy up."""
    settings = load_settings(ShopPaths(folder).settings)
    moment = parse_time("--at", at) if at else None
    traced = {"trace": trace, "item": item, "trace-item": trace_item}
    of_one = {"history": history, "diff": diff, "at": at, "export": export, "unmasked": unmasked}
    upkeep = {"vacuum": vacuum, "keep-days": keep_days, "dry-run": dry_run, "sum-up": sum_up}
    _check_use(name, of_one | traced | upkeep)
    if vacuum:
        from mercato.cli.assets_kept import vacuumed

        days = settings.assets.keep_days if keep_days is None else keep_days
        vacuumed(folder, name, days, dry_run=dry_run, as_json=as_json)
        return
    if sum_up:
        from mercato.cli.assets_kept import summed_up

        summed_up(folder, as_json=as_json)
        return
    if trace is not None or trace_item is not None:
        _trace(folder, trace, item or trace_item, as_json)
        return
    # Imported late, so that --help answers at once.
    from mercato.cli import assets_shown as shown

    if name is None:
        shown.listing(folder, moment, as_json)
    elif export is not None:
        _export(folder, name, export, moment, unmasked)
    elif history:
        shown.history(folder, name, as_json)
    elif diff is not None:
        shown.difference(folder, name, diff, rows, as_json)
    else:
        shown.description(folder, name, moment, rows, as_json)


_TOGETHER = (
    {"--export", "--unmasked", "--at"},
    {"--history"},
    {"--diff"},
    {"--trace", "--item"},
    {"--trace-item"},
    {"--vacuum", "--keep-days", "--dry-run"},
    {"--sum-up"},
)
"""Options that may be said at once."""

_NEEDS = {"--unmasked": "--export", "--item": "--trace"} | dict.fromkeys(
    ("--keep-days", "--dry-run"), "--vacuum"
)
"""Option → the one that it belongs to."""

_OF_ONE = ("--history", "--diff", "--export")
"""Options that need the name of an asset."""


def _check_use(name: str | None, given: dict[str, Any]) -> None:
    """Raises WrongUse for options that need an asset's name, or each other, or exclude others."""
    said = [f"--{option}" for option, value in given.items() if value not in (None, False)]
    for option in said:
        if option in _OF_ONE and name is None:
            remedy = "Write: mercato assets DIR NAME …"
            raise WrongUse(f"an asset's name with {option}", "none", remedy)
        if (needed := _NEEDS.get(option, option)) not in said:
            raise WrongUse(f"{option} with {needed}", "it alone", f"Say {needed} too.")
    if not any(set(said) <= together for together in _TOGETHER):
        raise WrongUse("one thing at a time", " and ".join(said), "Say one of them.")


def _trace(folder: Path, query_id: str | None, item_id: str | None, as_json: bool) -> None:
    from mercato.cli.assets_traced import traced, traced_item

    if query_id is not None:
        traced(folder, query_id, item_id, as_json)
    elif item_id is not None:
        traced_item(folder, item_id, as_json)


def _export(folder: Path, name: str, target: Path, moment: datetime | None, unmasked: bool) -> None:
    from mercato.data.store import AssetStore
    from mercato.data.versions.rows import export
    from mercato.data.versions.summary import declared, version_at

    store = AssetStore(ShopPaths(folder).assets)
    asset = declared(name)
    version = None if moment is None else version_at(store, name, moment)
    mask = None if unmasked else mask_for(folder, asset)
    if unmasked:
        on_record_export(folder, asset)
    count = export(store, asset, target, version=version, mask=mask)
    say(f"{count:,} rows of {name} in {target}")


def on_record_export(folder: Path, asset: "Asset") -> None:
    """Put an export of a person's data on record, before it is written."""
    from mercato.cli.recording import on_record

    on_record(folder, "assets --export --unmasked", [asset.name])


def mask_for(folder: Path, asset: "Asset") -> "Mask | None":
    """What hides persons in the rows of an asset; None where there are none to hide."""
    if not asset.personal:
        return None
    from mercato.cli.recording import opened_state
    from mercato.data.auditing import mask_of

    with opened_state(folder) as state:
        return mask_of(state)
