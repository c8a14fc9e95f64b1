"""Sign people in to the console and out of it; sessions end at once on every worker."""

import hmac
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from mercato.core.errors import MercatoError, Overloaded
from mercato.core.settings import ConsoleSettings
from mercato.shop.passwords import matches
from mercato.shop.people import Person, digest, person_of, plain_name, use_link
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.decisions import Decision
from mercato.state.people import SIGNING_IN, StoredSession

FAILED = "failed"
"""Under ``outcome`` in the log of decisions."""

_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE

_WINDOW = 15 * _MINUTE

_MOST_OF_BOTH, _MOST_OF_PERSON, _MOST_OF_ADDRESS = 5, 30, 30
"""Failures within `_WINDOW` of one person from one address, of one person from anywhere, of
anybody from one address. So nobody can lock a person out from one place; whoever does it from many
is got round by a link. Assumed."""

_UNKNOWN = "nobody of this name"
"""What is typed as a name may be a password; so it is in no log."""

_MOST_WAITING = 4
_waiting = threading.BoundedSemaphore(_MOST_WAITING)
_one_at_a_time = threading.Lock()
"""Failures are counted before a password is looked at; beside each other many could be tried."""


class SignInFailed(MercatoError):
    """Name and password do not belong together, whichever of them is wrong."""

    status = 401
    title = "Not signed in"


class TooManyFailures(Overloaded):
    """Guessing."""

    title = "Too many tries"


@dataclass(frozen=True)
class SignedIn:
    """token : what the browser keeps; told once"""

    person: Person
    token: str


def sign_in(state: State, name: str, password: str, address: str, action: str) -> SignedIn:
    """Begin a session by a password.

    address : where the request comes from

    Raises SignInFailed, and TooManyFailures where there were too many before, also where the
    password is right.
    """
    place = _place(address)
    return _begin(state, require_password(state, name, password, place, action), place, action)


def require_password(state: State, name: str, password: str, place: str, action: str) -> Person:
    """Whose name and password these are. ``place``: where failures are counted. Raises as
    `sign_in`."""
    guessed = _keyed(state, name)
    with _turn():
        now = _now()
        _check_failures(state, now, guessed, place)
        person = person_of(state, name)
        known = person is not None and person.active
        stored = person.password if person is not None and known else None
        if matches(stored, password) and person is not None:
            return person
        told = person.name if person is not None else _UNKNOWN
        failed = Decision(
            place, action, SIGNING_IN, told, None, {"outcome": FAILED, "address": place}, now
        )
        state.sessions.fail(guessed, place, failed)
    raise SignInFailed(
        "a name and the password that belongs to it",
        "others",
        "Try again, or ask an owner for a link: mercato people DIR link NAME",
    )


def sign_in_by_link(
    state: State, token: str, password: str | None, address: str, action: str
) -> SignedIn:
    """Begin a session by a link, which then holds no more; ``password``: theirs from now on, None:
    the one before. Raises as `use_link`."""
    place = _place(address)
    return _begin(state, use_link(state, token, password, By(place, action)), place, action)


def signed_in(state: State, token: str, settings: ConsoleSettings) -> Person | None:
    """Whose session it is; None where there is none, or none any more."""
    session = state.sessions.get(digest(token))
    if session is None:
        return None
    person, now = person_of(state, session.person), _now()
    if (
        person is None
        or not person.active
        or session.begun_at < person.holds_from
        or now - session.begun_at >= settings.session_hours * _HOUR
        or now - session.seen_at >= settings.idle_hours * _HOUR
    ):
        return None
    if now - session.seen_at > _MINUTE:
        with suppress(Overloaded):  # the next request notes it
            state.sessions.seen(session.sha256, now)
    return person


def sign_out(state: State, token: str, person: str, action: str) -> None:
    """End a session; nothing where it has ended."""
    told = {"outcome": "signed in"}
    over = Decision(person, action, SIGNING_IN, person, told, None, _now())
    state.sessions.end(digest(token), over)


def forget_sessions(state: State, settings: ConsoleSettings) -> None:
    """Take out sessions that are over."""
    now = _now()
    oldest = now - round(settings.session_hours * _HOUR)
    state.sessions.forget(oldest, now - round(settings.idle_hours * _HOUR))


def _begin(state: State, person: Person, place: str, action: str) -> SignedIn:
    token, now = secrets.token_urlsafe(32), _now()
    told = {"outcome": "signed in", "role": person.role, "address": place}
    begun = Decision(person.name, action, SIGNING_IN, person.name, None, told, now)
    state.sessions.begin(StoredSession(digest(token), person.name, now, now), begun)
    return SignedIn(person, token)


@contextmanager
def _turn() -> Iterator[None]:
    """One password of a process at a time; a few wait, others are told to come back."""
    if not _waiting.acquire(blocking=False):
        raise TooManyFailures("a few people who sign in at once", "more", "Try again in a moment.")
    try:
        with _one_at_a_time:
            yield
    finally:
        _waiting.release()


def _check_failures(state: State, now: int, guessed: str, place: str) -> None:
    both, of_person, of_address = state.sessions.failures(now - _WINDOW, guessed, place)
    if both >= _MOST_OF_BOTH or of_person >= _MOST_OF_PERSON or of_address >= _MOST_OF_ADDRESS:
        raise TooManyFailures(
            "a few wrong passwords at most",
            "too many in the last minutes",
            "Wait a quarter of an hour, or ask an owner for a link: mercato people DIR link NAME",
        )


def _keyed(state: State, name: str) -> str:
    """What is typed as a name, as it is kept for counting."""
    secret = state.secret("sign-in")
    return hmac.new(secret, plain_name(name).encode(), sha256).hexdigest()


def _place(address: str) -> str:
    """Whoever has one address of IPv6 has the 2^64 beside it."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, 64), strict=False))
    return address


def _now() -> int:
    return time.time_ns() // 1000
