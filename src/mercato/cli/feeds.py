"""`mercato feeds`: the feeds that a shop fetches by itself."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record, opened_state
from mercato.core.errors import WrongUse
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.operating.feeds.due import Feed
    from mercato.state.fetches import Fetch

EXAMPLE = "Example: mercato feeds my-shop --run"


def command(
    folder: ShopFolder,
    run: Annotated[bool, typer.Option("--run", help="Fetch and import what is due.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --run: fetch all of them, due or not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the feeds of shop.toml with what came of them and when they are due, or fetch them."""
    if everything and not run:
        raise WrongUse("--all with --run", "it alone", f"Say: mercato feeds {folder} --run --all")
    failed = _run(folder, everything) if run else False
    _show(folder, as_json)
    if failed:
        raise typer.Exit(1)


def _run(folder: Path, everything: bool) -> bool:
    """Whether a feed failed."""
    # Imported late, so that --help answers at once.
    from mercato.operating.feeds.run import run_feeds
    from mercato.state.fetches import Outcome

    on_record(folder, "feeds", ("events", "answers"), purpose="import")
    with shown() as progress:
        done = run_feeds(folder, everything=everything, progress=progress)
    if done is None:
        say("Another process is fetching; nothing was done here.")
        return False
    for each in done:
        say(f"{each.url}: {_came(each)}")
    if any(each.rows for each in done):
        say(f"Next: mercato build {folder}")
    return any(each.outcome is Outcome.FAILED for each in done)


def _came(fetch: "Fetch") -> str:
    if fetch.detail:
        return f"{fetch.outcome}: {fetch.detail}"
    return fetch.outcome if fetch.rows is None else f"{fetch.outcome}, {fetch.rows:,} rows changed"


def _show(folder: Path, as_json: bool) -> None:
    from mercato.operating.feeds.due import feeds_of

    settings = load_settings(ShopPaths(folder).settings)
    with opened_state(folder) as state:
        feeds = feeds_of(settings, state)
        if as_json:
            print_json([_described(feed, state.fetches.of(feed.key)) for feed in feeds])
            return
    print_table(
        ("feed", "asset", "every", "last (UTC)", "outcome", "next (UTC)"),
        [_cells(feed) for feed in feeds],
    )


def _described(feed: "Feed", history: "Sequence[Fetch]") -> dict[str, Any]:
    return {
        "url": feed.settings.url,
        "asset": feed.settings.asset,
        "every_minutes": feed.settings.every_minutes,
        "due": _moment(feed.due),
        "fetches": [
            {
                "ts": _moment(each.ts),
                "outcome": each.outcome,
                "rows": each.rows,
                "bytes": each.bytes,
                "sha256": each.sha256,
                "etag": each.etag,
                "last_modified": each.last_modified,
                "detail": each.detail,
            }
            for each in history
        ],
    }


def _cells(feed: "Feed") -> tuple[str | None, ...]:
    last = feed.last
    return (
        feed.settings.url,
        feed.settings.asset,
        f"{feed.settings.every_minutes} min",
        None if last is None else _moment(last.ts),
        None if last is None else _came(last),
        _moment(feed.due) or "now",
    )


def _moment(microseconds: int) -> str | None:
    if not microseconds:
        return None
    return f"{datetime.fromtimestamp(microseconds / 1e6, UTC):%Y-%m-%d %H:%M:%S}"
