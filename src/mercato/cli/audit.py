"""`mercato audit`: who read personal data, when and what for."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder, parse_time
from mercato.cli.output import print_json, print_table
from mercato.cli.recording import opened_state
from mercato.core.errors import ChecksFailed

if TYPE_CHECKING:
    from mercato.state.audit import Access

_SAID = ("ts", "actor", "action", "kind", "key")
"""What a change says besides what was before and after."""

EXAMPLE = "Example: mercato audit my-shop --since 2026-05-01 --user 42"


def command(
    folder: ShopFolder,
    since: Annotated[
        str | None, typer.Option(metavar="TS", help="Only at or after this time (UTC).")
    ] = None,
    user: Annotated[str | None, typer.Option(help="Only what was read of this user alone.")] = None,
    changes: Annotated[
        bool,
        typer.Option("--changes", help="List who changed rules instead: before and after."),
    ] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Check instead that no line was changed or taken out."),
    ] = False,
    noted: Annotated[
        str | None,
        typer.Option(metavar="SEAL", help="With --verify: a seal noted down that must be there."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every reading of personal data: who, what, of whom, what for. Persons stand under
    their pseudonyms."""
    from mercato.data.auditing import mask_of

    if verify:
        _verify(folder, noted, as_json)
        return

    after = int(parse_time("--since", since).timestamp() * 1_000_000) if since else 0
    if changes:
        _show_changes(folder, after, as_json)
        return
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


def _verify(folder: Path, noted: str | None, as_json: bool) -> None:
    """Raises ChecksFailed where a log is not as it was written."""
    from mercato.state.heads import noted_heads
    from mercato.state.seals import SEALED

    with opened_state(folder) as state:
        found = [state.verify(log, noted, noted_heads(folder, log)) for log in SEALED]
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        print_table(
            ("log", "lines in order", "from before seals", "days noted", "newest seal"),
            [
                (each.log, f"{each.rows:,}", f"{each.before:,}", f"{each.heads:,}", each.head)
                for each in found
            ],
        )
    for each in found:
        if each.broken is not None:
            raise ChecksFailed(
                f"the log {each.log} as it was written",
                each.broken,
                "Take the log of a backup from before, and see who could write to the state.",
            )
    if noted is not None and not any(each.noted for each in found):
        raise ChecksFailed(
            "the seal that was noted down",
            "none like it in any log",
            "The log was written anew, or the seal is of another shop.",
        )


def _shown(access: "Access") -> dict[str, Any]:
    return asdict(access) | {"ts": _moment(access.ts), "columns": list(access.columns)}


def _show_changes(folder: Path, after: int, as_json: bool) -> None:
    with opened_state(folder) as state:
        rows = [
            {name: getattr(each, name) for name in (*_SAID, "before", "after")}
            | {"ts": _moment(each.ts)}
            for each in state.decisions.since(after)
        ]
    if as_json:
        print_json(rows)
        return
    sides = [[_written(row[name]) for name in ("before", "after")] for row in rows]
    cells = [[*(row[name] for name in _SAID), *side] for row, side in zip(rows, sides, strict=True)]
    print_table((*_SAID, "before", "after"), cells)


def _written(document: Mapping[str, Any] | None) -> str:
    return "" if document is None else json.dumps(document, ensure_ascii=False)


def _moment(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1_000_000, UTC).isoformat()
