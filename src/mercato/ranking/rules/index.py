"""All rules of a shop, found by what must be there for them to hold.

A query's words are looked up, not the rules gone through: a rule with queries is looked at only
where one of its words is asked for, one with categories or segments only where one of them is
given. What is left, rules that hold whenever their window is open, is looked at each time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mercato.ranking.rules.conditions import Occasion
from mercato.ranking.rules.patterns import Match, Pattern
from mercato.ranking.rules.rule import Rule

Key = tuple[str, object]
"""A kind of condition, and what must be given."""

_ALWAYS: Key = ("always", None)


@dataclass(frozen=True)
class RuleIndex:
    """Enabled rules, ready to be asked; never changed, only replaced.

    rules : in their precedence
    by_key : positions in ``rules``
    longest : units of the longest beginning that a rule asks for
    """

    rules: tuple[Rule, ...]
    by_key: Mapping[Key, Sequence[int]]
    longest: int
    zone: ZoneInfo

    @classmethod
    def of(cls, rules: Iterable[Rule], zone: ZoneInfo | None = None) -> "RuleIndex":
        """zone : of the shop, in which days and hours are meant; UTC unless given"""
        kept = sorted((rule for rule in rules if rule.enabled), key=lambda rule: rule.precedence)
        patterns = [pattern for rule in kept for pattern in rule.conditions.queries]
        usage = Counter(unit for pattern in patterns for unit in set(pattern.units))
        by_key: defaultdict[Key, list[int]] = defaultdict(list)
        for at, rule in enumerate(kept):
            for key in dict.fromkeys(_keys(rule, usage)):
                by_key[key].append(at)
        starts = [len(each.units) for each in patterns if each.match is Match.STARTS_WITH]
        return cls(tuple(kept), dict(by_key), max(starts, default=0), zone or ZoneInfo("UTC"))

    def __len__(self) -> int:
        return len(self.rules)

    def candidates(self, occasion: Occasion) -> list[int]:
        """Positions, ascending, of the rules that have to be looked at."""
        found = {at for key in self._given(occasion) for at in self.by_key.get(key, ())}
        return sorted(found)

    def holding(self, occasion: Occasion) -> tuple[Rule, ...]:
        """The rules that hold, in their precedence."""
        if not self.rules:
            return ()
        rules = (self.rules[at] for at in self.candidates(occasion))
        return tuple(rule for rule in rules if rule.conditions.hold(occasion, self.zone))

    def _given(self, occasion: Occasion) -> Iterator[Key]:
        yield _ALWAYS
        for reading in occasion.readings:
            yield str(Match.EXACT), reading
            for n in range(1, min(self.longest, len(reading)) + 1):
                yield str(Match.STARTS_WITH), reading[:n]
            for unit in reading:
                yield str(Match.CONTAINS), unit
        for category in occasion.category_keys:
            yield "category", category
        for segment in occasion.segments:
            yield "segment", segment


def _keys(rule: Rule, usage: Mapping[str, int]) -> Iterator[Key]:
    """One of which is given wherever the rule holds."""
    conditions = rule.conditions
    if conditions.queries:
        yield from (_key_of(pattern, usage) for pattern in conditions.queries)
    elif conditions.categories:
        yield from (("category", key) for key in conditions.category_keys)
    elif conditions.segments:
        yield from (("segment", segment) for segment in conditions.segments)
    else:
        yield _ALWAYS


def _key_of(pattern: Pattern, usage: Mapping[str, int]) -> Key:
    """A pattern that asks for words in any order is found by the one that the fewest ask for."""
    if pattern.match is Match.CONTAINS:
        return str(pattern.match), min(pattern.units, key=lambda unit: (usage[unit], unit))
    return str(pattern.match), pattern.units
