"""Read a JSON object field by field, with errors that say where it does not fit."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mercato.core.errors import BadInput

T = TypeVar("T")

LONGEST_TEXT = 2_000
"""Characters of any text of a rule."""

MOST_VALUES = 1_000
"""Values of any list of a rule."""


@dataclass(frozen=True)
class Fields:
    """where : what the object is, as an error names it"""

    found: Mapping[str, Any]
    where: str

    @classmethod
    def of(cls, found: object, where: str, known: Sequence[str]) -> "Fields":
        """Raises BadInput where it is no object, or has a field that is not known."""
        if not isinstance(found, Mapping):
            raise BadInput(f"{where} as an object", _shown(found), "Write {…}.")
        for name in found:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(known)}."
                raise BadInput(f"a known field of {where}", _shown(name), hint)
        return cls(found, where)

    def has(self, name: str) -> bool:
        return self.found.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A text without spaces around it; not empty unless the default is."""
        value = self.found.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or len(value) > LONGEST_TEXT or not _is_text(value):
            raise self._bad(f"a text of at most {LONGEST_TEXT} characters", name)
        if not value.strip() and default != "":
            raise self._bad("a text that is not empty", name)
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Different texts in their order; none where the field is absent."""
        values = self._list(name)
        read = [Fields({name: value}, self.where).text(name) for value in values]
        return tuple(dict.fromkeys(read))

    def each(self, name: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """The parts of a list, read one by one."""
        parts = enumerate(self._list(name))
        return tuple(read(part, f"{name}[{at}] of {self.where}") for at, part in parts)

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        value = self.found.get(name, default)
        if type(value) is not int or not low <= value <= high:
            raise self._bad(f"a whole number from {low} to {high}", name)
        return value

    def number(self, name: str) -> float:
        """Any finite number that JSON can say."""
        value = self.found.get(name)
        if type(value) not in (int, float) or not abs(value) < 1e300:  # type: ignore[arg-type]
            raise self._bad("a number", name)
        return float(value)  # type: ignore[arg-type]

    def flag(self, name: str, default: bool) -> bool:
        value = self.found.get(name, default)
        if type(value) is not bool:
            raise self._bad("true or false", name)
        return value

    def one_of(self, name: str, known: Sequence[str], default: str | None = None) -> str:
        value = self.found.get(name, default)
        if value not in known:
            raise self._bad(f"one of {', '.join(known)}", name)
        return str(value)

    def _list(self, name: str) -> Sequence[Any]:
        values = self.found.get(name)
        if values is None:
            return ()
        if not isinstance(values, list | tuple) or len(values) > MOST_VALUES:
            raise self._bad(f"a list of at most {MOST_VALUES}", name)
        return values

    def _bad(self, expected: str, name: str) -> BadInput:
        found = _shown(self.found[name]) if name in self.found else "nothing"
        return BadInput(f"{expected} as {name!r} of {self.where}", found, "Mend it and try again.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _is_text(value: str) -> bool:
    """Whether it can be stored: half of a surrogate pair can not."""
    return not any("\ud800" <= sign <= "\udfff" for sign in value)
