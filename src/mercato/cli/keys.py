"""`mercato keys`: keys of the API, listed, made, changed and revoked."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.recording import opened_state, who
from mercato.core.errors import WrongUse
from mercato.core.scopes import Scope

if TYPE_CHECKING:
    from mercato.shop.key_book import Key
    from mercato.shop.keys import Made
    from mercato.state import State

EXAMPLE = "Example: mercato keys my-shop create website --scope search --scope events"


class Action(StrEnum):
    LIST = "list"
    CREATE = "create"
    ROTATE = "rotate"
    REVOKE = "revoke"


def command(
    folder: ShopFolder,
    action: Annotated[
        Action,
        typer.Argument(
            help="list; create: make a key, shown once; rotate: give one a new text, the old one "
            "opens for 24 hours; revoke: end one at once."
        ),
    ] = Action.LIST,
    which: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Of the new key; else the id of a key.")
    ] = None,
    scopes: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What the new key is for. May be repeated.", metavar="SCOPE"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(metavar="N", help="Requests a second that the new key allows, all in all."),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(metavar="H", help="After so many hours the new key, or a changed one, ends."),
    ] = None,
    create: Annotated[str | None, typer.Option(metavar="NAME", hidden=True)] = None,
    rotate: Annotated[str | None, typer.Option(metavar="ID", hidden=True)] = None,
    revoke: Annotated[str | None, typer.Option(metavar="ID", hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """List the keys of the API, make one, give one a new text, or end one. Servers follow within a
    second. Without any key the API is open on loopback; see docs/keys.md."""
    options = {Action.CREATE: create, Action.ROTATE: rotate, Action.REVOKE: revoke}
    chosen = {each: text for each, text in options.items() if text is not None}
    if len(chosen) > 1:
        raise WrongUse("one of --create, --rotate, --revoke", "several", "Do them one by one.")
    action, which = next(iter(chosen.items()), (action, which))
    with opened_state(folder) as state:
        made = _changed(state, action, which, scopes or [], rate, hours)
        _show(state, made, as_json)


def _changed(
    state: "State",
    action: Action,
    which: str | None,
    scopes: list[Scope],
    rate: float | None,
    hours: float | None,
) -> "Made | None":
    from mercato.shop.keys import GRACE_HOURS, create_key, revoke_key, rotate_key
    from mercato.shop.rules import By

    by = By(who(), "keys")
    if action is Action.LIST:
        return None
    if which is None:
        wanted = "a name for the key" if action is Action.CREATE else "the id of a key"
        raise WrongUse(wanted, "none", f"Write it behind {action}; ids: mercato keys DIR")
    if action is Action.CREATE:
        return create_key(state, which, scopes, by, rate=rate, hours=hours)
    if action is Action.ROTATE:
        return rotate_key(state, which, by, hours=GRACE_HOURS if hours is None else hours)
    revoke_key(state, which, by)
    return None


def _show(state: "State", made: "Made | None", as_json: bool) -> None:
    from mercato.shop.keys import all_keys

    keys = [_told(key) for key in all_keys(state)]
    if as_json:
        print_json({"keys": keys} | ({} if made is None else {"key": made.text}))
        return
    if made is not None:
        say(f"{made.text}\nKeep it now: it is not shown again.")
    print_table(
        ("id", "name", "for", "a second", "ends (UTC)"),
        [
            (key["id"], key["name"], ", ".join(key["scopes"]), key["rate"], _ends(key))
            for key in keys
        ],
        right=("a second",),
    )


def _told(key: "Key") -> dict[str, Any]:
    """Without what a secret could be checked by."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "rate": key.rate,
        "ends": [_iso(each.expires_at) for each in key.secrets],
    }


def _iso(moment: int | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment / 1e6, UTC).isoformat()


def _ends(key: dict[str, Any]) -> str:
    return ", ".join(
        "never" if end is None else end[:16].replace("T", " ") for end in reversed(key["ends"])
    )
