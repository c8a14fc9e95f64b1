"""`mercato build`: the shop's assets → a published release."""

import shutil
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mercato.cli.arguments import AsJson, ShopFolder, Until, parse_time
from mercato.cli.output import print_json, say
from mercato.cli.progress import Remembering, duration, shown
from mercato.cli.recording import on_record, opened_state
from mercato.core.errors import NotReady
from mercato.core.paths import ShopPaths

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
    as_json: AsJson = False,
) -> None:
    """Build a release from what was imported, and publish it; only what changed is redone."""
    built = run_build(folder, parse_time("--until", until) if until else None)
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


def run_build(folder: Path, until: datetime | None = None) -> "Built":
    """Build with progress; after Ctrl-C says what is kept."""
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
            built = build(folder, until=until, progress=steps)
        except KeyboardInterrupt:
            kept = ", ".join(steps.finished) or "nothing was finished yet"
            say(f"Stopped. Kept: {kept}. This goes on from there: mercato build {folder}")
            raise typer.Exit(INTERRUPTED) from None
    with opened_state(folder) as state:
        carry_out(paths, state)  # releases before this one may know shoppers who were erased
    say(f"Release {built.number} is published after {duration(time.monotonic() - started)}.")
    return built


def check_room(assets: Path) -> None:
    """Raises NotReady where the disk has no room for a build of these assets."""
    held = sum(path.stat().st_size for path in assets.rglob("*.parquet"))
    needed = max(_LEAST_ROOM, _ROOM_FACTOR * held)
    place = next(path for path in (assets, *assets.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise NotReady(
            f"{needed / 1e6:,.0f} MB free in {place}",
            f"{free / 1e6:,.0f} MB",
            "Make room, or move the shop's folder to another disk.",
        )
