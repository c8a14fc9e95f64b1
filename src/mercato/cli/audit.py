"""`mercato audit`: who read personal data, when and what for."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder, parse_time
from mercato.cli.output import print_json, print_table
from mercato.cli.recording import opened_state

if TYPE_CHECKING:
    from mercato.state.audit import Access

EXAMPLE = "Example: mercato audit my-shop --since 2026-05-01 --user 42"


def command(
    folder: ShopFolder,
    since: Annotated[
        str | None, typer.Option(metavar="TS", help="Only at or after this time (UTC).")
    ] = None,
    user: Annotated[str | None, typer.Option(help="Only what was read of this user alone.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every reading of personal data: who, what, of whom, what for. Persons stand under
    their pseudonyms."""
    from mercato.data.auditing import mask_of

    after = int(parse_time("--since", since).timestamp() * 1_000_000) if since else 0
    with opened_state(folder) as state:
        subject = None if user is None else mask_of(state).pseudonym(user)
        rows = [_shown(access) for access in state.audit.since(after, subject)]
    if as_json:
        print_json(rows)
        return
    names = ("ts", "actor", "action", "asset", "columns", "purpose", "subject")
    print_table(
        names,
        [
            [row[name] if name != "columns" else ", ".join(row[name]) for name in names]
            for row in rows
        ],
    )


def _shown(access: "Access") -> dict[str, Any]:
    moment = datetime.fromtimestamp(access.ts / 1_000_000, UTC)
    return asdict(access) | {"ts": moment.isoformat(), "columns": list(access.columns)}
