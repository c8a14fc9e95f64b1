"""The parameter ``filters``: ``brand:Acme AND (price < 50 OR NOT color:"dark red")``.

    filter    = not { OR not } | not { AND not }
    not       = [ NOT ] ( "(" filter ")" | condition )
    condition = attribute ":" value | attribute ":" low TO high | attribute operator number | tag

https://www.algolia.com/doc/api-reference/api-parameters/filters. Values with spaces or brackets
stand in quotes of either kind. AND and OR side by side need brackets here: which of them binds
first is told nowhere, and to guess wrong would show what was to be hidden. Scores (``<score=2>``)
are read over: they order optional filters.
"""

import re
from dataclasses import dataclass

from mercato.api.algolia.attributes import Attributes, negated
from mercato.api.algolia.conditions import EXAMPLE, OPERATORS, between, compared, tag
from mercato.api.algolia.filter_lists import MOST_CONDITIONS
from mercato.catalogue.filters import DEEPEST_FILTER, And, Filter, Or
from mercato.core.errors import BadInput

LONGEST_FILTERS = 40_000
"""Characters."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<score><score=\d+>)
    |(?P<mark>[():]|<=|>=|!=|<|>|=)|(?P<bare>[^\s()"'<>=!:][^\s()<>=!:]*))""",
    re.VERBOSE | re.DOTALL,
)
_VALUE = re.compile(r"\s*(?P<bare>[^\s()\"'][^\s()]*?)(?=<score=\d+>|[\s()]|$)")


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool
    end: int


def read_filters(text: str, attributes: Attributes) -> Filter | None:
    """None for a text of spaces. Raises BadInput where it is no filter."""
    if len(text) > LONGEST_FILTERS:
        expected = f"filters of at most {LONGEST_FILTERS} characters"
        raise BadInput(expected, str(len(text)), "Ask with fewer.")
    return _Parser(text, attributes).whole() if text.strip() else None


class _Parser:
    """Recursive descent over the text, one token ahead."""

    def __init__(self, text: str, attributes: Attributes) -> None:
        self._text = text
        self._attributes = attributes
        self._at = 0
        self._left = MOST_CONDITIONS

    def whole(self) -> Filter:
        found = self._or(0)
        if self._peek() is not None:
            raise self._bad("AND or OR")
        return found

    def _or(self, depth: int) -> Filter:
        parts = [self._and(depth)]
        while self._takes("OR"):
            parts.append(self._and(depth))
        if len(parts) > 1 and any(len(each) > 1 for each in parts):
            raise self._bad("brackets where AND and OR meet, as in a AND (b OR c),")
        joined = [each[0] if len(each) == 1 else And(each) for each in parts]
        return joined[0] if len(joined) == 1 else Or(tuple(joined))

    def _and(self, depth: int) -> tuple[Filter, ...]:
        parts = [self._not(depth)]
        while self._takes("AND"):
            parts.append(self._not(depth))
        return tuple(parts)

    def _not(self, depth: int) -> Filter:
        if depth > DEEPEST_FILTER:
            raise self._bad(f"at most {DEEPEST_FILTER} brackets and NOTs inside each other")
        if self._takes("NOT"):
            return negated(self._not(depth + 1))
        if self._takes("("):
            found = self._or(depth + 1)
            if not self._takes(")"):
                raise self._bad("a closing bracket")
            return found
        self._left -= 1
        if self._left < 0:
            raise self._bad(f"at most {MOST_CONDITIONS} conditions")
        found = self._condition()
        self._skip_score()
        return found

    def _condition(self) -> Filter:
        name = self._word("an attribute")
        token = self._peek()
        if token is None or token.quoted or token.text not in (":", *OPERATORS):
            return tag(name, self._attributes)
        self._at = token.end
        value = self._value(name)
        if token.text != ":":
            return compared(name, token.text, value.text, self._attributes)
        if not value.quoted and self._takes("TO"):
            return between(name, value.text, self._value(name).text, self._attributes)
        return self._attributes.term(name, value.text)

    def _word(self, expected: str) -> str:
        token = self._peek()
        if token is None or (
            not token.quoted and token.text in ("(", ")", ":", "AND", "OR", "NOT", *OPERATORS)
        ):
            raise self._bad(expected)
        self._at = token.end
        return token.text

    def _value(self, name: str) -> _Token:
        token = self._peek()
        if token is None or not token.quoted:
            match = _VALUE.match(self._text, self._at)
            if match is None or match["bare"] in ("AND", "OR", "NOT"):
                raise self._bad(f"a value for {name[:100]!r}")
            token = _Token(match["bare"], False, match.end())
        self._at = token.end
        return token

    def _skip_score(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is not None and match["score"]:
            self._at = match.end()

    def _peek(self) -> _Token | None:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            if self._text[self._at :].strip():
                raise self._bad("a filter")
            return None
        if match["quoted"] is not None:
            text = re.sub(r"\\(.)", r"\1", match["quoted"][1:-1], flags=re.DOTALL)
            return _Token(text, True, match.end())
        return _Token(match["score"] or match["mark"] or match["bare"], False, match.end())

    def _takes(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.quoted or token.text != text:
            return False
        self._at = token.end
        return True

    def _bad(self, expected: str) -> BadInput:
        found = self._text[self._at : self._at + 40].strip() or "its end"
        return BadInput(f"{expected} in filters", repr(found), EXAMPLE)
