"""Keep the people of a shop's console: durable, on record, and true at once on every worker."""

import hashlib
import hmac
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from mercato.core.errors import BadInput, NotFound
from mercato.core.roles import Role
from mercato.shop.passwords import hashed
from mercato.shop.rules import AlreadyThere, By
from mercato.state import State
from mercato.state.documents import DocumentChange

LONGEST_NAME = 64
MOST_PEOPLE = 1_000

LINK_HOURS = 24.0
MOST_LINK_HOURS = 168.0

FIRST_OWNER = "owner"
"""The name of who is made so that somebody can begin."""

_MICROSECONDS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Link:
    """A way to sign in once, without a password. expires_at : microseconds since 1970 UTC"""

    sha256: str
    expires_at: int

    def opened_by(self, token: str, now: int) -> bool:
        return now < self.expires_at and hmac.compare_digest(self.sha256, digest(token))


@dataclass(frozen=True)
class Person:
    """Times in microseconds since 1970 UTC.

    password    : an Argon2id hash; None: signs in by a link
    holds_from  : sessions that began before are over
    disabled_at : when this person was removed; None: may sign in
    """

    name: str
    role: Role
    created_at: int
    holds_from: int
    password: str | None = None
    link: Link | None = None
    disabled_at: int | None = None

    @property
    def active(self) -> bool:
        return self.disabled_at is None

    def to_json(self) -> dict[str, Any]:
        link = self.link
        return {
            "role": self.role,
            "created_at": self.created_at,
            "holds_from": self.holds_from,
            "password": self.password,
            "link": None if link is None else {"sha256": link.sha256, "ends": link.expires_at},
            "disabled_at": self.disabled_at,
        }


def digest(token: str) -> str:
    """What is stored of a secret of 256 random bits, which need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def people_of(state: State) -> list[Person]:
    """By their names, those who were removed among them."""
    return [_stored(each.id, each.document) for each in state.people.all()]


def person_of(state: State, name: str) -> Person | None:
    """Whoever has this name, however it is written."""
    stored = state.people.get(plain_name(name))
    return None if stored is None else _stored(stored.id, stored.document)


def plain_name(name: str) -> str:
    """As names are held against each other: without regard to case and kinds of width."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def add_person(state: State, name: str, role: Role, by: By, password: str | None = None) -> Person:
    """Add a person, or bring one back who was removed.

    Raises BadInput for a name or password that is none, AlreadyThere where the name is taken.
    """
    name = _checked_name(name)
    now = _now()
    hash_ = None if password is None else hashed(password, name)

    def plan() -> tuple[list[DocumentChange], Person]:
        known = person_of(state, name)
        if known is not None and known.active:
            raise AlreadyThere("a name that is free", repr(name), "Take another one.")
        if known is None and len(state.people.all()) >= MOST_PEOPLE:
            raise BadInput(f"at most {MOST_PEOPLE:,} people", "as many", "Nobody needs more.")
        made = Person(name, role, known.created_at if known else now, now, hash_)
        return [DocumentChange(name, made.to_json())], made

    return state.people.rewrite(plan, actor=by.actor, action=by.action)


def set_role(state: State, name: str, role: Role, by: By) -> Person:
    """Give a person another role; they sign in anew. Raises NotFound, and BadInput where nobody
    would be an owner any more."""
    return _changed(state, name, by, lambda known: replace(known, role=role))


def set_password(state: State, name: str, password: str, by: By) -> Person:
    """Give a person another password; they sign in anew. Raises NotFound, and BadInput where it is
    easily guessed."""
    hash_ = hashed(password, plain_name(name))
    return _changed(state, name, by, lambda known: replace(known, password=hash_, link=None))


def remove_person(state: State, name: str, by: By) -> Person:
    """A person signs in no more, and is signed out. Raises as `set_role`."""
    now = _now()
    return _changed(
        state, name, by, lambda known: replace(known, password=None, link=None, disabled_at=now)
    )


def make_link(state: State, name: str, by: By, *, hours: float = LINK_HOURS) -> str:
    """A secret with which a person signs in once, within some hours; the one before holds no more.
    Raises NotFound, and BadInput for a time that is none."""
    if not 0 < hours <= MOST_LINK_HOURS:
        raise BadInput(f"up to {MOST_LINK_HOURS:g} hours", f"{hours:g}", "Say how long it holds.")
    token = secrets.token_urlsafe(32)
    link = Link(digest(token), _now() + round(hours * _MICROSECONDS_AN_HOUR))
    _changed(state, name, by, lambda known: replace(known, link=link), stays_signed_in=True)
    return token


def use_link(state: State, token: str, password: str | None, by: By) -> Person:
    """Whoever a link is for; it holds no more, and ``password`` is theirs from now on.

    Raises NotFound where it holds for nobody, BadInput where the password is easily guessed; then
    the link still holds.
    """

    def plan() -> tuple[list[DocumentChange], Person]:
        known = link_holder(state, token)
        if password is None:
            left = replace(known, link=None)
        else:
            hash_ = hashed(password, known.name)
            left = replace(known, link=None, password=hash_, holds_from=_now())
        return [DocumentChange(known.name, left.to_json())], left

    return state.people.rewrite(plan, actor=by.actor, action=by.action)


def link_holder(state: State, token: str) -> Person:
    """Whoever a link is for. Raises NotFound where it holds for nobody."""
    now = _now()
    for each in people_of(state):
        if each.active and each.link is not None and each.link.opened_by(token, now):
            return each
    raise NotFound(
        "a link that holds",
        "one that was used, has ended, or was never made",
        "Ask for a new one: mercato people DIR link NAME",
    )


def first_owner_link(state: State, by: By) -> str | None:
    """A link for an owner, who is made where there is none; None where an owner has a password,
    or somebody else has an owner's name."""
    if not _owners(people_of(state)):
        with suppress(AlreadyThere):  # perhaps a server that started in the same moment made one
            add_person(state, FIRST_OWNER, Role.OWNER, by)
    owners = _owners(people_of(state))
    if not owners or any(each.password is not None for each in owners):
        return None
    return make_link(state, owners[0].name, by)


def _checked_name(name: str) -> str:
    plain = plain_name(name)
    if not (0 < len(plain) <= LONGEST_NAME and plain.isprintable() and " " not in plain):
        raise BadInput(
            f"a name of 1 to {LONGEST_NAME} characters without spaces",
            repr(name[: LONGEST_NAME + 1]),
            "Take a short name or an e-mail address.",
        )
    return plain


def _changed(
    state: State,
    name: str,
    by: By,
    change: Callable[[Person], Person],
    *,
    stays_signed_in: bool = False,
) -> Person:
    def plan() -> tuple[list[DocumentChange], Person]:
        people = {each.name: each for each in people_of(state)}
        known = people.get(plain_name(name))
        if known is None or not known.active:
            raise NotFound("a person of this shop", repr(name), "mercato people DIR lists them.")
        changed = change(known)
        if not stays_signed_in:
            changed = replace(changed, holds_from=_now())
        _require_owner(people.values(), {**people, known.name: changed}.values())
        return [DocumentChange(known.name, changed.to_json())], changed

    return state.people.rewrite(plan, actor=by.actor, action=by.action)


def _require_owner(before: Iterable[Person], after: Iterable[Person]) -> None:
    if _owners(before) and not _owners(after):
        raise BadInput(
            "an owner who is left", "the last one", "Add another owner: mercato people DIR add"
        )


def _owners(people: Iterable[Person]) -> list[Person]:
    return [each for each in people if each.active and each.role is Role.OWNER]


def _stored(name: str, document: Mapping[str, Any]) -> Person:
    link = document["link"]
    return Person(
        name,
        Role(document["role"]),
        document["created_at"],
        document["holds_from"],
        document["password"],
        None if link is None else Link(link["sha256"], link["ends"]),
        document["disabled_at"],
    )


def _now() -> int:
    return time.time_ns() // 1000
