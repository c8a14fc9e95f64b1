"""The keys of a shop's API as they are at one moment."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercato.core.scopes import Scope
from mercato.state import State

PREFIX = "mk"
"""Begins every key, so that one that was committed by accident is found."""


@dataclass(frozen=True)
class Secret:
    """sha256 : of the secret's text, in hexadecimal; 256 random bits need no slow hash
    expires_at : microseconds since 1970 UTC; None: never
    """

    sha256: str
    expires_at: int | None = None

    def holds(self, now: int) -> bool:
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True)
class Key:
    """name   : whose it is, as people know it
    rate    : requests a second, over all workers; None: as many as come
    secrets : the newest last; several while a key is changed for another one
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    secrets: tuple[Secret, ...]
    rate: float | None = None

    def may(self, wanted: Scope) -> bool:
        return wanted in self.scopes or Scope.ADMIN in self.scopes

    def opened_by(self, secret: str, now: int) -> bool:
        told = digest(secret)
        return any(
            hmac.compare_digest(each.sha256, told) and each.holds(now) for each in self.secrets
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "scopes": sorted(self.scopes),
            "rate": self.rate,
            "secrets": [
                {"sha256": each.sha256, "expires_at": each.expires_at} for each in self.secrets
            ],
        }


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def written(key_id: str, secret: str) -> str:
    """A key as it is sent: ``mk_<id>_<secret>``."""
    return f"{PREFIX}_{key_id}_{secret}"


def stored_key(key_id: str, document: Mapping[str, Any]) -> Key:
    """What `Key.to_json` gave."""
    return Key(
        key_id,
        document["name"],
        frozenset(Scope(each) for each in document["scopes"]),
        tuple(Secret(each["sha256"], each["expires_at"]) for each in document["secrets"]),
        document["rate"],
    )


@dataclass(frozen=True)
class KeyBook:
    """Never changed, only swapped.

    version : of the state's keys that these are, or older ones
    """

    version: int
    keys: Mapping[str, Key]

    @property
    def opens_by_itself(self) -> bool:
        """Whether no key was ever made. Revoking the last one leaves nobody in."""
        return self.version == 0

    def find(self, sent: str, now: int) -> Key | None:
        """The key of this text; None where there is none such, or none any more."""
        prefix, _, rest = sent.partition("_")
        key_id, _, secret = rest.partition("_")
        key = self.keys.get(key_id) if prefix == PREFIX else None
        return key if key is not None and key.opened_by(secret, now) else None


def read_key_book(state: State) -> KeyBook:
    """The keys as they are in the state now."""
    version = state.keys.version()
    found = (stored_key(each.id, each.document) for each in state.keys.all())
    return KeyBook(version, {key.id: key for key in found})
