"""Filters as shoppers' programs write them: ``brand:"Acme" AND price:10..50 AND NOT color:red``.

    filter = and { OR and }
    and    = not { AND not }
    not    = [ NOT ] ( "(" filter ")" | field ":" value )
    value  = text | "quoted text" | low..high | low..<high | low.. | ..high | ..<high

``a..b`` holds both ends, ``a..<b`` not the upper one. Ends are numbers, dates or times. A text
matches without regard to case. In quotes ``\\"`` and ``\\\\`` stand for themselves, and dots mean
nothing. A field with spaces or colons is quoted too.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mercato.catalogue.values import moment_of, number_of, number_text
from mercato.core.errors import BadInput

LONGEST_FILTER = 40_000
"""Characters of one filter."""

MOST_TERMS = 1_000
"""Fields with a value, in one filter and in all filters of a request."""

_LONGEST_SHOWN = 200
"""Characters of a filter that an error repeats."""

DEEPEST_FILTER = 40
"""Brackets and NOTs inside each other."""

EXAMPLE = 'Write it like brand:"Acme" AND price:10..50 AND NOT color:red.'

_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[():])|(?P<bare>[^\s():"]+))')
_BARE = re.compile(r'[^\s():"\\]+')
_RANGE = re.compile(r"(?P<low>.*?)\.\.(?P<open><?)(?P<high>.*)")
_KEYWORDS = ("AND", "OR", "NOT")


@dataclass(frozen=True)
class Term:
    """The field has this value."""

    field: str
    value: str

    def __str__(self) -> str:
        return f"{_written(self.field)}:{_written(self.value, value=True)}"


@dataclass(frozen=True)
class Range:
    """The field has a number from low to high (with high itself unless ``half_open``)."""

    field: str
    low: float = -math.inf
    high: float = math.inf
    half_open: bool = False

    def __str__(self) -> str:
        low = "" if self.low == -math.inf else number_text(self.low)
        high = "" if self.high == math.inf else number_text(self.high)
        return f"{_written(self.field)}:{low}..{'<' if self.half_open else ''}{high}"


@dataclass(frozen=True)
class Not:
    part: "Filter"

    def __str__(self) -> str:
        return f"NOT {_bracketed(self.part, (And, Or))}"


@dataclass(frozen=True)
class And:
    parts: "tuple[Filter, ...]"

    def __str__(self) -> str:
        return " AND ".join(_bracketed(part, (And, Or)) for part in self.parts)


@dataclass(frozen=True)
class Or:
    parts: "tuple[Filter, ...]"

    def __str__(self) -> str:
        return " OR ".join(_bracketed(part, (Or,)) for part in self.parts)


Filter = Term | Range | Not | And | Or


def parse(text: str) -> Filter:
    """Read a filter; ``str`` of the answer reads back as the same.

    Raises BadInput where the text is not one.
    """
    if len(text) > LONGEST_FILTER:
        raise BadInput(
            f"a filter of at most {LONGEST_FILTER} characters",
            f"{len(text)}",
            "Give it in several filter parameters.",
        )
    return _Parser(text).whole()


def conjuncts(filters: Iterable[Filter]) -> list[Filter]:
    """The terms that all must hold, however they were bracketed."""
    found: list[Filter] = []
    for each in filters:
        found += conjuncts(each.parts) if isinstance(each, And) else [each]
    return found


def n_terms(wanted: Filter) -> int:
    """How many values or ranges a filter names."""
    if isinstance(wanted, Term | Range):
        return 1
    parts = (wanted.part,) if isinstance(wanted, Not) else wanted.parts
    return sum(n_terms(part) for part in parts)


def parse_all(texts: Iterable[str]) -> tuple[Filter, ...]:
    """Filters that all must hold. Raises BadInput, also where they are too many together."""
    found = tuple(parse(text) for text in texts)
    if (n := sum(map(n_terms, found))) > MOST_TERMS:
        raise BadInput(f"filters of at most {MOST_TERMS} terms", str(n), "Ask with fewer.")
    return found


def fields_of(term: Filter) -> set[str]:
    """The fields that a filter names."""
    if isinstance(term, Term | Range):
        return {term.field}
    parts = (term.part,) if isinstance(term, Not) else term.parts
    return set().union(*(fields_of(part) for part in parts))


def _bracketed(part: Filter, inside: tuple[type, ...]) -> str:
    return f"({part})" if isinstance(part, inside) else str(part)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def _written(text: str, *, value: bool = False) -> str:
    plain = _BARE.fullmatch(text) and text not in _KEYWORDS and not (value and ".." in text)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool
    at: int


def _tokens(text: str) -> list[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadInput(f"a filter; in {_shown(text)}", "a quote without its end", EXAMPLE)
        at = match.end()
        quoted = match["quoted"]
        if quoted is not None:
            found.append(_Token(re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.S), True, at))
        else:
            found.append(_Token(match["mark"] or match["bare"], False, at))
    return found


class _Parser:
    """Recursive descent over tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def whole(self) -> Filter:
        found = self._or(0)
        if self._next < len(self._tokens):
            raise self._bad("AND or OR")
        return found

    def _or(self, depth: int) -> Filter:
        parts = [self._and(depth)]
        while self._takes("OR"):
            parts.append(self._and(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self, depth: int) -> Filter:
        parts = [self._not(depth)]
        while self._takes("AND"):
            parts.append(self._not(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self, depth: int) -> Filter:
        if depth > DEEPEST_FILTER:
            raise self._bad(f"at most {DEEPEST_FILTER} brackets and NOTs inside each other")
        if self._takes("NOT"):
            return Not(self._not(depth + 1))
        if self._takes("("):
            found = self._or(depth + 1)
            if not self._takes(")"):
                raise self._bad("a closing bracket")
            return found
        return self._term()

    def _term(self) -> Filter:
        field = self._word("a field's name")
        if not self._takes(":"):
            raise self._bad(f"':' and a value behind {_shown(field.text)}")
        value = self._word(f"a value for {_shown(field.text)}", with_colons=True)
        match = None if value.quoted else _RANGE.fullmatch(value.text)
        if match is None:
            return Term(field.text, value.text)
        if not match["low"] and not match["high"]:
            raise BadInput(f"a range of {_shown(field.text)} with an end", value.text, EXAMPLE)
        low = self._end(field.text, match["low"], -math.inf)
        high = self._end(field.text, match["high"], math.inf)
        return Range(field.text, low, high, bool(match["open"]))

    def _end(self, field: str, text: str, without: float) -> float:
        if not text:
            return without
        number = number_of(text)
        number = moment_of(text) if math.isnan(number) else number
        if math.isnan(number):
            expected = f"a number or a date at an end of {_shown(field)}"
            raise BadInput(expected, _shown(text), EXAMPLE)
        return number

    def _word(self, expected: str, *, with_colons: bool = False) -> _Token:
        token = self._peek()
        if token is None or (not token.quoted and token.text in ("(", ")", ":", *_KEYWORDS)):
            raise self._bad(expected)
        self._next += 1
        if not token.quoted and with_colons:
            token = self._with_colons(token)
        return token

    def _with_colons(self, token: _Token) -> _Token:
        """A bare value goes on over colons that touch it, as in a time of day."""
        while (mark := self._peek()) and mark.text == ":" and mark.at == token.at + 1:
            self._next += 1
            rest = self._peek()
            if rest is None or rest.quoted or rest.at != mark.at + len(rest.text):
                raise self._bad("no space behind ':' in a value; quote values with colons")
            self._next += 1
            token = _Token(f"{token.text}:{rest.text}", False, rest.at)
        return token

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _takes(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.quoted or token.text != text:
            return False
        self._next += 1
        return True

    def _bad(self, expected: str) -> BadInput:
        token = self._peek()
        found = "its end" if token is None else _shown(token.text)
        return BadInput(f"{expected} in the filter {_shown(self._text)}", found, EXAMPLE)
