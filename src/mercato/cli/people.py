"""`mercato people`: who signs in to the console, and as what."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mercato.cli.arguments import AsJson, ShopFolder
from mercato.cli.output import print_json, print_table, say
from mercato.cli.recording import opened_state, who
from mercato.core.errors import WrongUse
from mercato.core.roles import Role

if TYPE_CHECKING:
    from mercato.shop.people import Person
    from mercato.shop.rules import By
    from mercato.state import State

EXAMPLE = "Example: mercato people my-shop add ana --role merchandiser"

ADDRESS = "http://localhost:8000"


class Action(StrEnum):
    LIST = "list"
    ADD = "add"
    ROLE = "role"
    PASSWORD = "password"
    LINK = "link"
    REMOVE = "remove"


def command(
    folder: ShopFolder,
    action: Annotated[
        Action,
        typer.Argument(
            metavar="ACTION",
            help="list; add: they come in by a link, or with --password; role: another --role; "
            "password: another one; link: to sign in once, where the password is forgotten; "
            "remove: they sign in no more.",
        ),
    ] = Action.LIST,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Of the person.")] = None,
    role: Annotated[
        Role | None, typer.Option(help="What they may do, see docs/access.md (add, role).")
    ] = None,
    password: Annotated[
        bool,
        typer.Option("--password", help="Ask for a password instead of making a link (add)."),
    ] = False,
    hours: Annotated[
        float, typer.Option(metavar="H", help="For which a link holds (add, link).")
    ] = 24.0,
    address: Annotated[
        str, typer.Option(metavar="URL", help="Of the server, for links (add, link).")
    ] = ADDRESS,
    as_json: AsJson = False,
) -> None:
    """List who may sign in to the console, add people, change their roles and passwords. Passwords
    are asked for, or read from stdin. Roles and sessions change at once on every server."""
    from mercato.shop.rules import By

    with opened_state(folder) as state:
        token = None
        if action is not Action.LIST:
            by = By(who(), f"people {action}")
            token = _changed(state, action, _named(name), role, password, hours, by)
        link = None if token is None else link_address(address, token)
        _show(state, link, hours, as_json)


def link_address(address: str, token: str) -> str:
    """Where a browser opens a link. ``address``: of the server."""
    return f"{address.rstrip('/')}/console/link?token={token}"


def first_owner(folder: Path, address: str) -> str | None:
    """Where an owner signs in for the first time; None where one has a password already."""
    from mercato.shop.people import first_owner_link
    from mercato.shop.rules import By

    with opened_state(folder) as state:
        token = first_owner_link(state, By(who(), "serve"))
    return None if token is None else link_address(address, token)


def _named(name: str | None) -> str:
    if name is None:
        raise WrongUse("the name of a person", "none", "Write it behind what to do.")
    return name


def _wanted(role: Role | None) -> Role:
    if role is None:
        raise WrongUse(f"a role out of {', '.join(Role)}", "none", "Say: --role viewer")
    return role


def _read_password() -> str:
    """Typed twice without being shown, or the first line of stdin."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")


def _changed(
    state: "State",
    action: Action,
    name: str,
    role: Role | None,
    password: bool,
    hours: float,
    by: "By",
) -> str | None:
    """Make a change; the link's secret where there is one now."""
    from mercato.shop import people

    match action:
        case Action.ADD:
            people.add_person(
                state, name, _wanted(role), by, _read_password() if password else None
            )
        case Action.ROLE:
            people.set_role(state, name, _wanted(role), by)
        case Action.PASSWORD:
            people.set_password(state, name, _read_password(), by)
        case Action.REMOVE:
            people.remove_person(state, name, by)
    if action is Action.LINK or (action is Action.ADD and not password):
        return people.make_link(state, name, by, hours=hours)
    return None


def _show(state: "State", link: str | None, hours: float, as_json: bool) -> None:
    from mercato.shop.people import people_of

    people = [_told(each) for each in people_of(state)]
    if as_json:
        print_json({"people": people} | ({} if link is None else {"link": link}))
        return
    if link is not None:
        say(f"{link}\nOpens the console once, within {hours:g} hours; it is not shown again.")
    print_table(
        ("name", "role", "signs in by", "added (UTC)", "removed (UTC)"),
        [
            (each["name"], each["role"], _way(each), each["added"], each["removed"])
            for each in people
        ],
    )


def _told(person: "Person") -> dict[str, Any]:
    """Without what a secret could be checked by."""
    return {
        "name": person.name,
        "role": person.role,
        "password": person.password is not None,
        "link_ends": None if person.link is None else _minute(person.link.expires_at),
        "added": _minute(person.created_at),
        "removed": _minute(person.disabled_at),
    }


def _way(person: dict[str, Any]) -> str:
    ways = ["password"] if person["password"] else []
    if person["link_ends"] is not None:
        ways.append(f"a link until {person['link_ends']}")
    return ", ".join(ways)


def _minute(moment: int | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
