"""`mercato build`: the shop's assets → a published release."""

import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mercato.cli.arguments import AsJson, ShopFolder, Until, parse_time
from mercato.cli.output import print_json, say
from mercato.cli.progress import Remembering, duration, shown
from mercato.cli.recording import on_record, opened_state
from mercato.core.errors import NotReady
from mercato.core.paths import Location, ShopPaths

if TYPE_CHECKING:
    from mercato.training.build import Built

EXAMPLE = "Example: mercato build my-shop --until 2017-12-01"

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells give it: 128 + SIGINT."""

_ROOM_FACTOR = 4
"""A build writes about as much as the assets hold, twice over: steps and draft; doubled."""

_LEAST_ROOM = 500_000_000
"""Bytes; the encoder and its copy take 120 MB, a small shop's release far less."""


def command(
    folder: ShopFolder,
    until: Until = None,
    engine: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What makes derived tables: duckdb, or spark on the master or Spark Connect "
            "server that shop.toml names; by default what shop.toml says.",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Build a release from what was imported, and publish it; only what changed is redone."""
    built = run_build(folder, parse_time("--until", until) if until else None, engine)
    if as_json:
        manifest = built.manifest
        print_json(
            {
                "release": built.number,
                "reused": list(built.reused),
                "counts": dict(manifest.counts),
                "metrics": dict(manifest.metrics),
            }
        )
    else:
        say(f"Next: mercato serve {folder}")


def run_build(folder: Path, until: datetime | None = None, engine: str = "") -> "Built":
    """Build with progress; after Ctrl-C says what is kept."""
    from mercato.data.storage.choosing import storage_of
    from mercato.operating.erasing.carrying_out import carry_out
    from mercato.operating.settling import settle
    from mercato.training.build import build

    paths = ShopPaths(folder)
    check_room(paths.assets)
    on_record(folder, "build", ("events", "answers"), purpose="build")
    settle(paths)
    started = time.monotonic()
    with shown() as progress:
        steps = Remembering(progress)
        try:
            built = build(folder, until=until, engine=engine, progress=steps)
        except KeyboardInterrupt:
            kept = ", ".join(steps.finished) or "nothing was finished yet"
            say(f"Stopped. Kept: {kept}. This goes on from there: mercato build {folder}")
            raise typer.Exit(INTERRUPTED) from None
    with opened_state(folder) as state:
        carry_out(paths, state)  # releases before this one may know shoppers who were erased
    for place in (paths.assets, paths.releases):
        storage_of(place).sweep()  # and so may copies on this host, where others have erased
    say(f"Release {built.number} is published after {duration(time.monotonic() - started)}.")
    return built


def check_room(assets: Location) -> None:
    """Raises NotReady where the disk has no room for a build of these assets."""
    from mercato.data.store import AssetStore

    store = AssetStore(assets)
    needed = max(_LEAST_ROOM, _ROOM_FACTOR * store.size())
    place = next(path for path in (store.shop, *store.shop.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise NotReady(
            f"{needed / 1e6:,.0f} MB free in {place}",
            f"{free / 1e6:,.0f} MB",
            "Make room, or move the shop's folder to another disk.",
        )
