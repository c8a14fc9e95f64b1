"""What the rules that hold do together, as sets of rows: pure functions of a catalogue.

A hidden item is never shown, whatever else is said of it. A rule's filter says what may be found;
a pinned item stands in spite of it. Of two pins of one item the first rule's counts; of two pins
at one position the first rule's item stands there and the other one behind it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.ranking.rules.actions import Banner, Hide, Narrow, Pin, Redirect, Weigh
from mercato.ranking.rules.rule import Rule, Scope
from mercato.ranking.rules.selections import Selection, unknown_fields

Rows = NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True)
class Pinned:
    """position : counted from 1"""

    row: int
    position: int
    rule: str


@dataclass(frozen=True)
class Effects:
    """rules : that hold, in their precedence"""

    rules: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)

    def of(self, kind: type[T]) -> Iterator[tuple[Rule, T]]:
        """The actions of one class, in the order in which they count."""
        for rule in self.rules:
            for action in rule.actions:
                if isinstance(action, kind):
                    yield rule, action

    @property
    def redirect(self) -> str | None:
        """Where the first rule that leads away leads to."""
        return next((action.url for _, action in self.of(Redirect)), None)

    @property
    def banners(self) -> tuple[Banner, ...]:
        """All, those that share a slot among them."""
        found, of_rule = [], Counter[str]()
        for rule, banner in self.of(Banner):
            of_rule[rule.id] += 1
            number = of_rule[rule.id]
            found.append(replace(banner, id=rule.id if number == 1 else f"{rule.id}:{number}"))
        return tuple(found)

    @property
    def everywhere(self) -> "Effects":
        """What holds on shelves, too."""
        return Effects(tuple(rule for rule in self.rules if rule.scope is Scope.EVERYWHERE))

    @cached_property
    def restricting(self) -> tuple[Rule, ...]:
        """The rules because of which other items are found than without them."""
        kinds = (Hide, Narrow, Pin)
        found = (any(isinstance(each, kinds) for each in rule.actions) for rule in self.rules)
        return tuple(rule for rule, restricts in zip(self.rules, found, strict=True) if restricts)

    @cached_property
    def changes_scores(self) -> bool:
        return any(True for _ in self.of(Weigh))

    def hidden(self, rows: Rows, catalogue: Catalogue) -> NDArray[np.bool_]:
        """(n,) which of ``rows``, ascending, must not be shown."""
        mask = np.zeros(len(rows), bool)
        for _, action in self.of(Hide):
            mask |= action.selection.among(rows, catalogue)
        return mask

    def admitted(self, rows: Rows, catalogue: Catalogue) -> NDArray[np.bool_]:
        """(n,) which of ``rows``, ascending, are still found, pins aside.

        A filter on a field that no item has any more lets everything through: else a rule of last
        season would empty every answer.
        """
        mask = ~self.hidden(rows, catalogue)
        for _, action in self.of(Narrow):
            if not unknown_fields(action.filter, catalogue):
                mask &= Selection(action.filter).among(rows, catalogue)
        return mask

    def pins(self, catalogue: Catalogue) -> tuple[Pinned, ...]:
        """The pinned items that are there and not hidden, each once, in their precedence."""
        found: dict[int, Pinned] = {}
        for rule, action in self.of(Pin):
            row = catalogue.row(action.item)
            if row is not None:
                found.setdefault(row, Pinned(row, action.position, rule.id))
        if not found:
            return ()
        rows = np.array(sorted(found), np.int64)
        gone = set(rows[self.hidden(rows, catalogue)].tolist())
        return tuple(pin for row, pin in found.items() if row not in gone)

    def weighed(
        self, scores: NDArray[np.float32], rows: Rows, catalogue: Catalogue
    ) -> NDArray[np.float32]:
        """(n,) scores of ``rows``, ascending, as boosted and buried.

        A score below zero is divided, so that a boost raises it as it does any other.
        """
        if not self.changes_scores or len(rows) == 0:
            return scores
        factor = np.ones(len(rows), np.float64)
        for _, action in self.of(Weigh):
            chosen = action.selection.among(rows, catalogue)
            np.multiply(factor, action.factor, out=factor, where=chosen)
        return np.where(scores < 0, scores / factor, scores * factor).astype(np.float32)


NO_EFFECTS = Effects()
