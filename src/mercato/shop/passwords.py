"""Passwords of people: what is asked of one, and its Argon2id hash."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from mercato.core.errors import BadInput

SHORTEST, LONGEST = 12, 1_000
"""Characters. Long ones instead of rules about signs (NIST SP 800-63B-4, 3.1.1.2)."""

_LEAST_DIFFERENT = 5

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's least for Argon2id: 19 MiB, so that a server within 600 MB can check several. 30 ms."""


def hashed(password: str, name: str) -> str:
    """The hash of a new password. Raises BadInput where it is easily guessed."""
    remedy = "Take three or four words that have nothing to do with each other."
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(
            f"a password of {SHORTEST} to {LONGEST:,} characters", f"{len(password)}", remedy
        )
    if len(set(password)) < _LEAST_DIFFERENT or name.casefold() in password.casefold():
        raise BadInput(
            f"a password of at least {_LEAST_DIFFERENT} different characters, without the name",
            "one that is easily guessed",
            remedy,
        )
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the one of a hash. None never matches, and takes as long to say so,
    so that nobody learns by the clock which names there are."""
    try:
        return _HASHER.verify(stored or _of_nobody(), password[:LONGEST]) and stored is not None
    except VerifyMismatchError:
        return False


@cache
def _of_nobody() -> str:
    return _HASHER.hash("of nobody")
