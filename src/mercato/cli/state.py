"""`mercato state`: where a shop's state lies and what is in it, and its way to another database."""

from pathlib import Path
from typing import Annotated

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.progress import shown
from mercato.cli.recording import on_record, opened_state
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

EXAMPLE = "Example: mercato state my-shop --to postgresql+psycopg://me@localhost/my_shop"


def command(
    folder: ShopFolder,
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Copy it into this empty database, then use that."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the state lies and how much is in it; with --to, move it to SQLite or PostgreSQL.
    Stop the server first: what it takes meanwhile stays behind."""
    if to is not None:
        _move(folder, to)
    with opened_state(folder) as state:
        place, counts = state.database.place, state.counts()
    if as_json:
        print_json({"place": place, "rows": counts})
        return
    rows = [(name, f"{count:,}") for name, count in counts.items()]
    print_table(("table", "rows"), rows, right=("rows",))
    say(f"In {place}.")


def _move(folder: Path, to: str) -> None:
    from mercato.data.assets import ASSETS
    from mercato.state.moving import copy_into, write_url

    paths = ShopPaths(folder)
    url = load_settings(paths.settings).state.url
    on_record(folder, "state", tuple(ASSETS), purpose="move")
    with shown() as progress, progress.step("Copying the state") as step:
        copy_into(url, to, folder, step)
    write_url(paths.settings, to)
    say(f"{paths.settings} names the new database; the old one is as it was.")
