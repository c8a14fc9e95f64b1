"""What rules did to one item, for whoever asks why it stands where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mercato.catalogue.catalogue import Catalogue
from mercato.ranking.rules.actions import Hide, Narrow, Weigh
from mercato.ranking.rules.effects import Effects
from mercato.ranking.rules.selections import Selection, unknown_fields


@dataclass(frozen=True)
class Ruled:
    """One thing that one rule did to an item.

    did      : pin, boost, bury, hide or filter; filter: the item is left out by it
    factor   : of a boost or a bury
    position : of a pin
    """

    rule: str
    name: str
    did: str
    factor: float | None = None
    position: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}


def ruled(effects: Effects, catalogue: Catalogue, row: int) -> tuple[Ruled, ...]:
    """What the rules that hold did to the item of a row, kind by kind."""
    return tuple(_ruled(effects, catalogue, row))


def _ruled(effects: Effects, catalogue: Catalogue, row: int) -> Iterator[Ruled]:
    names = {rule.id: rule.name for rule in effects.rules}
    rows = np.array([row], np.int64)
    for pin in effects.pins(catalogue):
        if pin.row == row:
            yield Ruled(pin.rule, names[pin.rule], "pin", position=pin.position)
    for rule, weigh in effects.of(Weigh):
        if weigh.selection.among(rows, catalogue)[0]:
            yield Ruled(rule.id, rule.name, weigh.kind, factor=weigh.factor)
    for rule, hide in effects.of(Hide):
        if hide.selection.among(rows, catalogue)[0]:
            yield Ruled(rule.id, rule.name, "hide")
    for rule, narrow in effects.of(Narrow):
        known = not unknown_fields(narrow.filter, catalogue)
        if known and not Selection(narrow.filter).among(rows, catalogue)[0]:
            yield Ruled(rule.id, rule.name, "filter")
