"""Keep the keys of a shop's API: durable, on record, followed by every worker within a second."""

import math
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mercato.core.errors import BadInput, NotFound
from mercato.core.scopes import Scope
from mercato.shop.key_book import Key, Secret, digest, read_key_book, stored_key, written
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.documents import DocumentChange, Wanted

LONGEST_NAME = 64
MOST_KEYS = 1_000
MOST_HOURS = 87_600
"""Ten years."""

GRACE_HOURS = 24.0
"""For which the old secret of a key that is changed still opens."""

_MICROSECONDS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Made:
    """text : the key as it is sent; it is told once, and kept nowhere"""

    key: Key
    text: str


def all_keys(state: State) -> list[Key]:
    """By their names."""
    return sorted(read_key_book(state).keys.values(), key=lambda key: (key.name, key.id))


def create_key(
    state: State,
    name: str,
    scopes: Sequence[str],
    by: By,
    *,
    rate: float | None = None,
    hours: float | None = None,
) -> Made:
    """Make a key.

    rate  : requests a second, over all workers
    hours : after which it opens no more; None: never

    Raises BadInput for a name, scope, rate or time that is none, or too many keys.
    """
    if not re.fullmatch(r"\S(.*\S)?", name) or len(name) > LONGEST_NAME:
        raise BadInput(f"a name of 1 to {LONGEST_NAME} characters", repr(name), "Say whose it is.")
    if len(read_key_book(state).keys) >= MOST_KEYS:
        raise BadInput(f"at most {MOST_KEYS} keys", "as many", "Revoke those that nobody uses.")
    if rate is not None and not 0 < rate < math.inf:
        raise BadInput("a rate above 0", f"{rate:g}", "Say requests a second, or leave it out.")
    if hours == 0:
        raise BadInput("a time above 0", "0 hours", "Say when it ends, or leave it out.")
    secret = secrets.token_urlsafe(32)
    key = Key(
        secrets.token_hex(4), name, _scopes(scopes), (Secret(digest(secret), _in(hours)),), rate
    )
    _write(state, DocumentChange(key.id, key.to_json(), Wanted.NEW), by)
    return Made(key, written(key.id, secret))


def rotate_key(state: State, key_id: str, by: By, *, hours: float = GRACE_HOURS) -> Made:
    """Give a key a new secret; the old one opens for some hours more, 0 for none.

    Raises NotFound where there is no such key.
    """
    now, end = _now(), _in(hours)
    assert end is not None
    secret = secrets.token_urlsafe(32)

    def plan() -> tuple[list[DocumentChange], Key]:
        stored = state.keys.get(key_id)
        if stored is None:
            raise _no_such(key_id)
        known = stored_key(key_id, stored.document)
        old = [
            replace(each, expires_at=min(end, each.expires_at or end))
            for each in known.secrets
            if each.holds(now)
        ]
        key = replace(known, secrets=(*old, Secret(digest(secret))))
        return [DocumentChange(key_id, key.to_json())], key

    key = state.keys.rewrite(plan, actor=by.actor, action=by.action)
    return Made(key, written(key_id, secret))


def revoke_key(state: State, key_id: str, by: By) -> None:
    """A key opens no more. Raises NotFound where there is no such key."""
    _write(state, DocumentChange(key_id, None, Wanted.KNOWN), by)


def _scopes(names: Sequence[str]) -> frozenset[Scope]:
    known = ", ".join(Scope)
    if not names:
        raise BadInput(f"a scope out of {known}", "none", "Say what the key is for.")
    for name in names:
        if name not in list(Scope):
            raise BadInput(f"a scope out of {known}", repr(name), "Say one of them.")
    return frozenset(Scope(name) for name in names)


def _now() -> int:
    return time.time_ns() // 1000


def _in(hours: float | None) -> int | None:
    if hours is None:
        return None
    if not 0 <= hours <= MOST_HOURS:
        raise BadInput(f"at most {MOST_HOURS:,} hours", f"{hours:g}", "Leave it out: no end.")
    return _now() + round(hours * _MICROSECONDS_AN_HOUR)


def _write(state: State, change: DocumentChange, by: By) -> None:
    refused = state.keys.change([change], actor=by.actor, action=by.action).result()
    if refused is not None:
        raise _no_such(change.id)


def _no_such(key_id: str) -> NotFound:
    return NotFound("a key of this shop", repr(key_id), "mercato keys DIR lists them.")
