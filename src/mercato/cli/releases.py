"""`mercato releases`: what was built; publish one, or go back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.data.releases import ReleaseStore

EXAMPLE = "Example: mercato releases my-shop --rollback"


def command(
    folder: ShopFolder,
    publish: Annotated[
        int | None, typer.Option(metavar="N", help="Make this release the current one.")
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Make the release before the current one current.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the releases, publish one of them, or roll back; servers take it up at once."""
    from mercato.data.releases import ReleaseStore

    if publish is not None and rollback:
        raise WrongUse("--publish or --rollback", "both", "Say one of them.")
    paths = ShopPaths(folder)
    load_settings(paths.settings)
    releases = ReleaseStore(paths.releases)
    if publish is not None:
        releases.publish(publish)
    if rollback:
        releases.rollback()
    if publish is not None or rollback:
        say(f"Release {releases.current()} is current.")
    rows = [_described(releases, number) for number in releases.numbers()]
    if as_json:
        print_json(rows)
    else:
        print_table(
            ("release", "current", "made (UTC)", "until", "items", "events", "shoppers"),
            [_cells(row) for row in rows],
            right=("release", "items", "events", "shoppers"),
        )


def _described(releases: "ReleaseStore", number: int) -> dict[str, Any]:
    from mercato.data.releases import read_manifest

    manifest = read_manifest(releases.folder(number))
    return {
        "release": number,
        "current": number == releases.current(),
        "created_at": manifest.created_at,
        "until": manifest.until,
        "counts": dict(manifest.counts),
        "metrics": dict(manifest.metrics),
    }


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    counts = row["counts"]
    return (
        row["release"],
        "●" if row["current"] else "",
        row["created_at"][:19].replace("T", " "),
        row["until"],
        *(f"{counts.get(name, 0):,}" for name in ("items", "events", "shoppers")),
    )
