"""Errors that say what was expected, what was found and how to mend it."""

from dataclasses import dataclass


@dataclass
class MercatoError(Exception):
    """Something Mercato refuses or cannot do, in words its user can act on.

    The CLI prints the three parts and exits with ``exit_code``; the API answers an RFC 9457
    problem document with ``status``.
    """

    expected: str
    found: str
    remedy: str

    status = 500
    exit_code = 1
    title = "Mercato failed"

    def __str__(self) -> str:
        return f"expected {self.expected}; found {self.found}. {self.remedy}"


class BadInput(MercatoError):
    """The caller's input does not fit."""

    status = 400
    title = "The input does not fit"


class WrongUse(MercatoError):
    """The command line does not fit."""

    status = 400
    exit_code = 2
    title = "Wrong use"


class NotFound(MercatoError):
    """The thing that was named does not exist."""

    status = 404
    title = "Not found"


class NotReady(MercatoError):
    """Something must be done first: build a release, install a part, free some disk."""

    status = 503
    title = "Not ready"


class Busy(NotReady):
    """Another process is at the very work that was asked for."""


class Overloaded(MercatoError):
    """Too much work is waiting; the caller should come back."""

    status = 429
    title = "Too many requests"


class ChecksFailed(MercatoError):
    """Data or a release did not pass its checks; what was there before still stands."""

    status = 422
    title = "Checks failed"
