"""`mercato releases`: what was built; publish one, or go back."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.recording import opened_state, who
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.data.releases import ReleaseStore

EXAMPLE = "Example: mercato releases my-shop publish 3"


class Action(StrEnum):
    LIST = "list"
    PUBLISH = "publish"
    ROLLBACK = "rollback"


def command(
    folder: ShopFolder,
    action: Annotated[
        Action,
        typer.Argument(
            help="list; publish: make release N the current one; rollback: make the one before the "
            "current one current."
        ),
    ] = Action.LIST,
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="The release to publish.")
    ] = None,
    publish: Annotated[int | None, typer.Option(metavar="N", hidden=True)] = None,
    rollback: Annotated[bool, typer.Option("--rollback", hidden=True)] = False,
    as_json: AsJson = False,
) -> None:
    """List the releases, publish one of them, or roll back; servers take it up at once."""
    from mercato.data.releases import ReleaseStore

    if publish is not None and rollback:
        raise WrongUse("--publish or --rollback", "both", "Say one of them.")
    if publish is not None:
        action, number = Action.PUBLISH, publish
    elif rollback:
        action = Action.ROLLBACK
    if action is Action.PUBLISH and number is None:
        raise WrongUse("the release to publish", "none", f"mercato releases {folder} publish 3")
    paths = ShopPaths(folder)
    load_settings(paths.settings)
    releases = ReleaseStore(paths.releases)
    if action is not Action.LIST:
        _decide(folder, releases, None if action is Action.ROLLBACK else number)
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


def _decide(folder: Path, releases: "ReleaseStore", number: int | None) -> None:
    """Publish that release; None: go back to the one before."""
    from mercato.shop import release_decisions
    from mercato.shop.rules import By

    by = By(who(), "releases")
    with opened_state(folder) as state:
        if number is not None:
            release_decisions.publish(releases, state, number, by)
        else:
            release_decisions.roll_back(releases, state, by)


def _described(releases: "ReleaseStore", number: int) -> dict[str, Any]:
    manifest = releases.manifest(number)
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
