"""Who signs in to the console, and as what: added, told in by a link, changed, removed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from mercato.core.errors import BadInput
from mercato.core.roles import Role
from mercato.shop.people import (
    Person,
    add_person,
    make_link,
    people_of,
    plain_name,
    remove_person,
    set_role,
)
from mercato.web.console.access.door import LINK
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.forms import require

PATH = f"{ROOT}/people"


@dataclass(frozen=True)
class Listed:
    """One person.

    signs_in : by ``password``, ``link`` or ``nothing``
    added, removed : days, as 2026-11-22; None of those who were not removed
    me       : whether it is who looks
    """

    name: str
    role: str
    signs_in: str
    added: str
    removed: str | None
    me: bool


@dataclass(frozen=True)
class PeoplePage:
    """people : those who may sign in before those who were removed, each by name
    roles : that there are
    link  : address of a link that was just made, and whom it is for; it is shown this once
    """

    template: ClassVar[str] = "console/people.html"
    people: tuple[Listed, ...]
    roles: tuple[str, ...]
    link: tuple[str, str] | None = None


def people(ask: Ask) -> Page:
    return Page(_shown(ask))


def add(ask: Ask) -> Page:
    """``POST``: name, role. The page shows the link that tells the person in."""
    name = require(ask.form, "name")
    add_person(ask.shop.state, name, _role(ask), ask.by)
    return _with_link(ask, name)


def link(ask: Ask) -> Page:
    """``POST``: name. The page shows a link for somebody whose password is forgotten."""
    return _with_link(ask, require(ask.form, "name"))


def change_role(ask: Ask) -> Redirect:
    """``POST``: name, role."""
    set_role(ask.shop.state, require(ask.form, "name"), _role(ask), ask.by)
    return Redirect(PATH, "role")


def remove(ask: Ask) -> Redirect:
    """``POST``: name."""
    remove_person(ask.shop.state, require(ask.form, "name"), ask.by)
    return Redirect(PATH, "removed")


def _with_link(ask: Ask, name: str) -> Page:
    token = make_link(ask.shop.state, name, ask.by)
    return Page(_shown(ask, (f"{LINK}?token={token}", plain_name(name))), status=201)


def _shown(ask: Ask, made: tuple[str, str] | None = None) -> PeoplePage:
    found = [_listed(each, ask.by.actor) for each in people_of(ask.shop.state)]
    found.sort(key=lambda each: (each.removed is not None, each.name))
    return PeoplePage(tuple(found), tuple(Role), made)


def _listed(person: Person, me: str) -> Listed:
    way = "password" if person.password else "link" if person.link else "nothing"
    removed = None if person.disabled_at is None else _day(person.disabled_at)
    added = _day(person.created_at)
    return Listed(person.name, person.role, way, added, removed, person.name == me)


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).date().isoformat()


def _role(ask: Ask) -> Role:
    role = require(ask.form, "role")
    if role not in list(Role):
        raise BadInput(f"a role out of {', '.join(Role)}", repr(role), "Choose one of them.")
    return Role(role)
