"""`mercato events`: all events of a shop, each once."""

import json
from typing import Annotated

import typer

from mercato.cli.arguments import ShopFolder, parse_time
from mercato.cli.output import say
from mercato.cli.recording import reader

EXAMPLE = "Example: mercato events my-shop --user 42 --since 2026-05-01"


def command(
    folder: ShopFolder,
    user: Annotated[str | None, typer.Option(help="Only events that name this user.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TS", help="Only at or after this time (UTC).")
    ] = None,
    mask: Annotated[
        bool,
        typer.Option("--mask", help="Pseudonyms instead of ids; what people wrote is left out."),
    ] = False,
) -> None:
    """Print all events as JSON lines, one an event, by time; also while the shop is served."""
    # Imported late, so that --help answers at once.
    from mercato.operating.export import export_events

    moment = parse_time("--since", since) if since else None
    count = 0
    for event in export_events(folder, reader("events"), user_id=user, since=moment, masked=mask):
        print(json.dumps(event, ensure_ascii=False))
        count += 1
    say(f"{count:,} events")
