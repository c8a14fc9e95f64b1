"""When a rule holds. Of each kind of condition one must hold; a kind that is absent always does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from mercato.catalogue.texts import category_levels
from mercato.catalogue.values import key_of
from mercato.core.errors import BadInput
from mercato.ranking.rules import windows
from mercato.ranking.rules.fields import Fields
from mercato.ranking.rules.patterns import Match, Pattern, Unit
from mercato.ranking.rules.windows import Window


@dataclass(frozen=True)
class Occasion:
    """What is asked, by whom and when.

    readings   : the units of the query as typed, and as it was put right; none without words
    categories : paths that are browsed, or that the query is after
    segments   : of the shopper
    now        : microseconds since 1970 UTC
    """

    readings: tuple[tuple[Unit, ...], ...] = ()
    categories: tuple[str, ...] = ()
    segments: frozenset[str] = frozenset()
    now: int = 0

    @cached_property
    def category_keys(self) -> frozenset[str]:
        """The categories and all above them, as they are compared."""
        return frozenset(key for path in self.categories for key in _levels(path))


@dataclass(frozen=True)
class Conditions:
    """queries    : one must hold for a reading of the query
    categories : one must be that of the occasion, or stand above it
    segments   : the shopper must be in one
    """

    queries: tuple[Pattern, ...] = ()
    categories: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    window: Window = field(default_factory=Window)

    @classmethod
    def read(cls, found: object) -> "Conditions":
        """Raises BadInput where something does not fit."""
        known = ("queries", "categories", "segments", *windows.FIELDS)
        fields = Fields.of(found, "conditions", known)
        categories = fields.texts("categories")
        if unnamed := [path for path in categories if not category_levels(path)]:
            raise BadInput("the path of a category", repr(unnamed[0]), "Write it like A > B.")
        return cls(
            fields.each("queries", _pattern),
            categories,
            fields.texts("segments"),
            Window.read(fields),
        )

    def to_json(self) -> dict[str, Any]:
        """What is set, and nothing else."""
        said: dict[str, Any] = {
            "queries": [each.to_json() for each in self.queries],
            "categories": list(self.categories),
            "segments": list(self.segments),
        }
        return {name: value for name, value in said.items() if value} | self.window.to_json()

    @cached_property
    def category_keys(self) -> frozenset[str]:
        return frozenset([*_levels(path)][-1] for path in self.categories)

    @cached_property
    def with_levels(self) -> frozenset[str]:
        """The categories and all above them, as they are compared."""
        return frozenset(key for path in self.categories for key in _levels(path))

    def hold(self, occasion: Occasion, zone: ZoneInfo) -> bool:
        return (
            self.fit(occasion.readings)
            and (not self.categories or not self.category_keys.isdisjoint(occasion.category_keys))
            and (not self.segments or not occasion.segments.isdisjoint(self.segments))
            and self.window.holds(occasion.now, zone)
        )

    def fit(self, readings: Sequence[tuple[Unit, ...]]) -> bool:
        """Whether a query with these readings is one that is meant."""
        return not self.queries or any(
            pattern.holds(reading) for pattern in self.queries for reading in readings
        )


def _pattern(found: object, where: str) -> Pattern:
    fields = Fields.of(found, where, ("match", "text"))
    kind = fields.one_of("match", list(Match), Match.EXACT)
    pattern = Pattern(Match(kind), fields.text("text"))
    if not pattern.units:
        raise BadInput(f"a word in {where}", repr(pattern.text), "Leave it out for any query.")
    return pattern


def _levels(path: str) -> Iterable[str]:
    return map(key_of, category_levels(path))
