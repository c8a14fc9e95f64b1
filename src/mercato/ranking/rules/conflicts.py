"""What is odd about a shop's rules, and which of them get in each other's way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.ranking.rules.actions import Hide, Narrow, Pin, Redirect, Weigh
from mercato.ranking.rules.meeting import can_meet
from mercato.ranking.rules.patterns import Unit, units_of
from mercato.ranking.rules.rule import Rule
from mercato.ranking.rules.selections import Selection, unknown_fields

T = TypeVar("T")


class Kind(StrEnum):
    SAME_POSITION = "same-position"
    """Different items are pinned to one position."""
    PINNED_TWICE = "pinned-twice"
    """One item is pinned to different positions."""
    PINNED_AND_HIDDEN = "pinned-and-hidden"
    """An item that one pins, another hides: it is not shown."""
    PINNED_AND_FILTERED = "pinned-and-filtered"
    """An item that one pins does not pass another's filter: it is shown."""
    TWO_REDIRECTS = "two-redirects"
    BOOSTED_AND_BURIED = "boosted-and-buried"
    """An item that one boosts, another buries."""
    FILTERS_EXCLUDE = "filters-exclude"
    """No item passes the filters of both."""
    OUTDATED = "outdated"
    """It will never hold again."""
    MISSING_ITEM = "missing-item"
    """An item that it pins is not in the catalogue."""
    NO_ITEMS = "no-items"
    """No item passes a filter of it, or none of the items that it names is in the catalogue."""
    UNKNOWN_FIELD = "unknown-field"
    """No item has a field that its filter names: the filter does nothing."""
    REDIRECT_CHAIN = "redirect-chain"
    """One leads to a search from which another, or itself, leads on."""


@dataclass(frozen=True)
class Conflict:
    """rules : ids, one or two; detail : for a person, in English"""

    kind: Kind
    rules: tuple[str, ...]
    detail: str


def conflicts(rules: Iterable[Rule], catalogue: Catalogue, now: int) -> list[Conflict]:
    """Everything odd about enabled rules, by kind, then by id.

    now : microseconds since 1970 UTC
    """
    kept = sorted((rule for rule in rules if rule.enabled), key=lambda rule: rule.precedence)
    look = _Look(catalogue, now)
    found = [conflict for rule in kept for conflict in look.alone(rule)]
    live = [rule for rule in kept if not rule.conditions.window.is_over(now)]
    for one, other in combinations(live, 2):
        found += look.together(one, other)
    return _in_order(found)


def conflicts_of(
    rule: Rule, rules: Iterable[Rule], catalogue: Catalogue, now: int
) -> list[Conflict]:
    """What is odd about one rule and others; as `conflicts`."""
    if not rule.enabled:
        return []
    look = _Look(catalogue, now)
    found = list(look.alone(rule))
    over = rule.conditions.window.is_over(now)
    for other in sorted(rules, key=lambda each: each.precedence):
        if other.enabled and other.id != rule.id and not over:
            if not other.conditions.window.is_over(now):
                found += look.together(*sorted((rule, other), key=lambda each: each.precedence))
    return _in_order(found)


def _in_order(found: list[Conflict]) -> list[Conflict]:
    order = list(Kind)
    return sorted(found, key=lambda each: (order.index(each.kind), each.rules, each.detail))


@dataclass(frozen=True)
class _Look:
    """What one pass over the rules finds; which rows a selection has is worked out once."""

    catalogue: Catalogue
    now: int
    known: dict[Selection, NDArray[np.bool_]] = field(default_factory=dict)

    def alone(self, rule: Rule) -> Iterator[Conflict]:
        if rule.conditions.window.is_over(self.now):
            yield Conflict(Kind.OUTDATED, (rule.id,), "Its ends_at has passed.")
        for pin in _of(rule, Pin):
            if self.catalogue.row(pin.item) is None:
                detail = f"The catalogue has no item {pin.item!r}."
                yield Conflict(Kind.MISSING_ITEM, (rule.id,), detail)
        for selection in _selections(rule):
            yield from self._selected(rule, selection)
        yield from self._pins_against(rule, rule)
        yield from self._led_on(rule, rule)

    def _selected(self, rule: Rule, selection: Selection) -> Iterator[Conflict]:
        unknown = selection.filter and unknown_fields(selection.filter, self.catalogue)
        for name in unknown or ():
            detail = f"No item has a field {name!r}."
            yield Conflict(Kind.UNKNOWN_FIELD, (rule.id,), detail)
        if not unknown and not self._rows(selection).any():
            what = selection.filter or ", ".join(selection.items[:3])
            yield Conflict(Kind.NO_ITEMS, (rule.id,), f"{what}: no item.")

    def together(self, one: Rule, other: Rule) -> Iterator[Conflict]:
        found = [
            *self._positions(one, other),
            *self._pins_against(one, other),
            *self._pins_against(other, one),
            *self._redirects(one, other),
            *self._weights(one, other),
            *self._filters(one, other),
        ]
        if found and can_meet(one, other):
            yield from found
        yield from self._led_on(one, other)
        yield from self._led_on(other, one)

    def _positions(self, one: Rule, other: Rule) -> Iterator[Conflict]:
        ids = (one.id, other.id)
        for first in _of(one, Pin):
            for second in _of(other, Pin):
                if first.item == second.item and first.position != second.position:
                    detail = f"{first.item!r} at {first.position} and at {second.position}."
                    yield Conflict(Kind.PINNED_TWICE, ids, detail)
                if first.item != second.item and first.position == second.position:
                    detail = f"{first.item!r} and {second.item!r} at {first.position}."
                    yield Conflict(Kind.SAME_POSITION, ids, detail)

    def _pins_against(self, pinning: Rule, other: Rule) -> Iterator[Conflict]:
        """Pins of one against what the other hides and filters."""
        ids = (pinning.id,) if pinning is other else (pinning.id, other.id)
        for pin in _of(pinning, Pin):
            row = self.catalogue.row(pin.item)
            for hide in _of(other, Hide) if row is not None else ():
                if self._rows(hide.selection)[row]:
                    yield Conflict(Kind.PINNED_AND_HIDDEN, ids, f"{pin.item!r}.")
            for narrow in _of(other, Narrow) if row is not None else ():
                known = not unknown_fields(narrow.filter, self.catalogue)
                if known and not self._rows(Selection(narrow.filter))[row]:
                    detail = f"{pin.item!r} does not pass {narrow.filter}."
                    yield Conflict(Kind.PINNED_AND_FILTERED, ids, detail)

    def _redirects(self, one: Rule, other: Rule) -> Iterator[Conflict]:
        for first in _of(one, Redirect):
            for second in _of(other, Redirect):
                if first.url != second.url:
                    detail = f"To {first.url} and to {second.url}; the first one counts."
                    yield Conflict(Kind.TWO_REDIRECTS, (one.id, other.id), detail)

    def _led_on(self, one: Rule, other: Rule) -> Iterator[Conflict]:
        ids = (one.id,) if one is other else (one.id, other.id)
        for redirect in _of(one, Redirect):
            words = _query_of(redirect.url)
            led_on = words and other.conditions.queries and other.conditions.fit((words,))
            if led_on and _of(other, Redirect):
                detail = f"{redirect.url} leads on to {_of(other, Redirect)[0].url}."
                yield Conflict(Kind.REDIRECT_CHAIN, ids, detail)

    def _weights(self, one: Rule, other: Rule) -> Iterator[Conflict]:
        for first in _of(one, Weigh):
            for second in _of(other, Weigh):
                if first.kind == second.kind:
                    continue
                both = self._rows(first.selection) & self._rows(second.selection)
                if n := int(both.sum()):
                    example = self.catalogue.ids(np.flatnonzero(both)[:1])[0]
                    detail = f"{n} items, {example!r} among them."
                    yield Conflict(Kind.BOOSTED_AND_BURIED, (one.id, other.id), detail)

    def _filters(self, one: Rule, other: Rule) -> Iterator[Conflict]:
        for first in _of(one, Narrow):
            for second in _of(other, Narrow):
                alone = [self._rows(Selection(each.filter)) for each in (first, second)]
                if all(mask.any() for mask in alone) and not (alone[0] & alone[1]).any():
                    detail = f"No item passes {first.filter} and {second.filter}."
                    yield Conflict(Kind.FILTERS_EXCLUDE, (one.id, other.id), detail)

    def _rows(self, selection: Selection) -> NDArray[np.bool_]:
        """(n_rows,) living rows that are selected."""
        if selection not in self.known:
            mask = np.zeros(self.catalogue.n_rows, bool)
            living = self.catalogue.living
            mask[living] = selection.among(living, self.catalogue)
            self.known[selection] = mask
        return self.known[selection]


def _selections(rule: Rule) -> list[Selection]:
    """All that its actions are about, each once."""
    found = [Selection(narrow.filter) for narrow in _of(rule, Narrow)]
    found += [hide.selection for hide in _of(rule, Hide)]
    found += [weigh.selection for weigh in _of(rule, Weigh)]
    return list(dict.fromkeys(found))


def _of(rule: Rule, kind: type[T]) -> Sequence[T]:
    return [action for action in rule.actions if isinstance(action, kind)]


def _query_of(url: str) -> tuple[Unit, ...]:
    """The units of the words that a page of this shop's own is asked for; none of other pages."""
    if not url.startswith("/"):
        return ()
    return units_of(parse_qs(urlsplit(url).query).get("q", [""])[0])
