"""What rules do to scores and items, and how it is told of one item."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.ranking.rules.effects import Effects
from mercato.ranking.rules.explaining import Ruled, ruled
from mercato.ranking.rules.rule import read_rule


@pytest.fixture(scope="module")
def lamps(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(
        [
            {"id": "a", "title": "lamp", "brand": "Acme", "price": 5.0},
            {"id": "b", "title": "lamp", "brand": "Bolt", "price": 15.0},
            {"id": "c", "title": "lamp", "brand": "Acme", "price": 25.0},
        ]
    )


def effects(*actions: dict[str, Any]) -> Effects:
    return Effects(tuple(rule(f"r{at}", action) for at, action in enumerate(actions)))


def rule(rule_id: str, *actions: dict[str, Any]) -> Any:
    return read_rule({"id": rule_id, "name": rule_id.upper(), "actions": list(actions)})


ROWS = np.arange(3)
BOOST = {"type": "boost", "filter": "brand:acme", "factor": 2.0}
BURY = {"type": "bury", "items": ["a", "b"], "factor": 0.25}


def test_factors_multiply_and_a_boost_raises_scores_below_zero(lamps: Catalogue) -> None:
    both = effects(BOOST, BURY)
    scores = np.array([1.0, 1.0, 1.0], np.float32)
    assert both.weighed(scores, ROWS, lamps).tolist() == [0.5, 0.25, 2.0]
    assert both.weighed(-scores, ROWS, lamps).tolist() == [-2.0, -4.0, -0.5]


def test_a_field_that_no_item_has_moves_nothing(lamps: Catalogue) -> None:
    gone = effects(
        {"type": "filter", "filter": "season:winter"},
        {"type": "hide", "filter": "season:winter"},
        {"type": "boost", "filter": "season:winter", "factor": 2},
    )
    assert gone.admitted(ROWS, lamps).all()
    scores = np.ones(3, np.float32)
    assert gone.weighed(scores, ROWS, lamps).tolist() == [1, 1, 1]


def test_a_hidden_item_is_not_pinned(lamps: Catalogue) -> None:
    pins = [{"type": "pin", "item": each, "position": 1} for each in ("b", "a", "nowhere")]
    found = effects(*pins, {"type": "hide", "items": ["a"]}).pins(lamps)
    assert [(pin.row, pin.rule) for pin in found] == [(1, "r0")]


def test_an_item_is_told_what_rules_did_to_it(lamps: Catalogue) -> None:
    pin = {"type": "pin", "item": "c", "position": 3}
    all_of_them = effects(BOOST, BURY, pin, {"type": "filter", "filter": "price:10.."})
    assert ruled(all_of_them, lamps, 0) == (
        Ruled("r0", "R0", "boost", factor=2.0),
        Ruled("r1", "R1", "bury", factor=0.25),
        Ruled("r3", "R3", "filter"),
    )
    assert [each.to_json() for each in ruled(all_of_them, lamps, 2)] == [
        {"rule": "r2", "name": "R2", "did": "pin", "position": 3},
        {"rule": "r0", "name": "R0", "did": "boost", "factor": 2.0},
    ]
