"""Whoever looks: their role, what it lets them do, and another password."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.errors import NotFound
from mercato.core.roles import Permission
from mercato.shop.people import Person, person_of, set_password
from mercato.shop.signing_in import require_password
from mercato.web.console.asked import ROOT, Ask, Page, Redirect
from mercato.web.forms import require

PATH = f"{ROOT}/account"


@dataclass(frozen=True)
class AccountPage:
    """may : each permission, and whether this person has it
    has_password : whether there is one, which must be told to change it
    """

    template: ClassVar[str] = "console/account.html"
    name: str
    role: str
    may: tuple[tuple[str, bool], ...]
    has_password: bool


def account(ask: Ask) -> Page:
    person = _person(ask)
    may = tuple((str(each), each in ask.may) for each in Permission)
    return Page(AccountPage(person.name, person.role, may, person.password is not None))


def change_password(ask: Ask) -> Redirect:
    """``POST``: password, and current where there is one. Every session of this person ends, also
    this one."""
    person = _person(ask)
    if person.password is not None:
        current = require(ask.form, "current")
        require_password(ask.shop.state, person.name, current, person.name, ask.by.action)
    set_password(ask.shop.state, person.name, require(ask.form, "password"), ask.by)
    return Redirect(PATH)


def _person(ask: Ask) -> Person:
    person = person_of(ask.shop.state, ask.by.actor)
    if person is None:
        raise NotFound("somebody who is signed in", "nobody", "Sign in again.")
    return person
