"""What is never suggested, whoever typed it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from mercato.catalogue.suggested import key_of

MOST_DIGITS = 5
"""Digits in one number; longer ones are orders, phones, cards, accounts, or codes that nobody
needs to be told."""

MOST_PARTED_DIGITS = {"-": 6, " ": 8}
"""The same over parts, by what parts them: ``555-1234`` is a phone, ``1920 1080`` is none."""

_ADDRESS = re.compile(r"@|https?:|www\.")
_NUMBER = re.compile(rf"\d{{{MOST_DIGITS + 1},}}")
_PARTED = re.compile(r"\+?\(?\d(?:[ ().\-]{0,2}\d)+")
_CODED = re.compile(r"(?=\w*\d)(?=\w*[^\W\d_])\w{12,}")


def looks_personal(text: str) -> bool:
    """Whether it may be an address of mail or net, a phone, an order or an account."""
    folded = key_of(text)
    if _ADDRESS.search(folded) or _NUMBER.search(folded) or _CODED.search(folded):
        return True
    return any(_is_phone(match.group()) for match in _PARTED.finditer(folded))


def _is_phone(number: str) -> bool:
    digits = sum(sign.isdigit() for sign in number)
    most = MOST_PARTED_DIGITS["-" if "-" in number or "(" in number else " "]
    return digits > most or number.startswith("+")


@dataclass(frozen=True)
class Blocked:
    """Words and phrases that no suggestion may contain; in any case, accent and width."""

    terms: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, terms: Iterable[str]) -> "Blocked":
        return cls(frozenset(key for key in map(key_of, terms) if key))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.terms:
            return None
        either = "|".join(_bounded(term) for term in sorted(self.terms, key=len, reverse=True))
        return re.compile(either)

    def __call__(self, text: str) -> bool:
        """Whether a text contains one of them."""
        return self._pattern is not None and bool(self._pattern.search(key_of(text)))


def _bounded(term: str) -> str:
    """Words of letters as whole words; Chinese, which has no spaces, anywhere."""
    escaped = re.escape(term)
    if term.isascii() or term[0] < "\u2e80":
        escaped = rf"(?<!\w){escaped}"
    return rf"{escaped}(?!\w)" if term[-1] < "\u2e80" else escaped
