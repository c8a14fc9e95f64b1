"""Every kind of conflict, found where it is and not where it cannot come about."""

from collections.abc import Callable
from typing import Any

import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.ranking.rules.conflicts import Kind, conflicts, conflicts_of
from mercato.ranking.rules.rule import Rule, read_rule

NOW = 1_790_000_000_000_000  # 2026-09-21
WEEKEND, MONDAY = {"weekdays": ["sat", "sun"]}, {"weekdays": ["mon"]}


@pytest.fixture(scope="module")
def lamps(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    return open_catalogue(
        [
            {"id": "a", "title": "lamp", "brand": "Acme"},
            {"id": "b", "title": "lamp", "brand": "Bolt"},
        ]
    )


def words(text: str, match: str = "contains") -> dict[str, Any]:
    return {"queries": [{"match": match, "text": text}]}


def pin(item: str, position: int = 1) -> dict[str, Any]:
    return {"type": "pin", "item": item, "position": position}


HIDE_A = {"type": "hide", "items": ["a"]}
ACME = {"type": "filter", "filter": "brand:acme"}
BOLT = {"type": "filter", "filter": "brand:bolt"}
BOOST = {"type": "boost", "filter": "brand:acme", "factor": 2}
BURY = {"type": "bury", "items": ["a"], "factor": 0.5}


def redirect(url: str) -> dict[str, Any]:
    return {"type": "redirect", "url": url}


PAIRS = [
    (pin("a"), pin("b"), Kind.SAME_POSITION),
    (pin("a", 1), pin("a", 2), Kind.PINNED_TWICE),
    (pin("a"), HIDE_A, Kind.PINNED_AND_HIDDEN),
    (pin("b"), ACME, Kind.PINNED_AND_FILTERED),
    (redirect("/a"), redirect("/b"), Kind.TWO_REDIRECTS),
    (BOOST, BURY, Kind.BOOSTED_AND_BURIED),
    (ACME, BOLT, Kind.FILTERS_EXCLUDE),
]
FINE = [
    (pin("a"), pin("a")),
    (pin("a", 1), pin("b", 2)),
    (pin("b"), HIDE_A),
    (pin("a"), ACME),
    (redirect("/a"), redirect("/a")),
    (BOOST, {**BURY, "items": ["b"]}),
    (ACME, {"type": "filter", "filter": "NOT brand:bolt"}),
]
TOGETHER = [
    ({}, {}),
    ({}, words("lamp")),
    (words("lamp", "exact"), words("lamps")),
    (words("red lamp", "exact"), words("red", "starts_with")),
    (words("red", "starts_with"), words("red lamp", "starts_with")),
    (words("red"), words("blue")),
    ({"categories": ["A"]}, {"categories": ["a > B"]}),
    ({"segments": ["new"]}, {"segments": ["guest"]}),
    (WEEKEND, {"hours": {"from": "08:00", "to": "09:00"}}),
]
APART = [
    (words("lamp", "exact"), words("mug", "exact")),
    (words("lamp", "exact"), words("red lamp")),
    (words("red", "starts_with"), words("blue", "starts_with")),
    ({"categories": ["A > C"]}, {"categories": ["A > B"]}),
    (WEEKEND, MONDAY),
    ({"starts_at": "2027-01-01"}, {"ends_at": "2026-12-31"}),
]


def rule(rule_id: str, action: dict[str, Any], when: dict[str, Any], **fields: Any) -> Rule:
    return read_rule({"id": rule_id, "actions": [action], "conditions": when, **fields})


def kinds(lamps: Catalogue, *rules: Rule) -> list[tuple[Kind, tuple[str, ...]]]:
    found = [(each.kind, each.rules) for each in conflicts(rules, lamps, NOW)]
    assert found == [(each.kind, each.rules) for each in conflicts_of(rules[0], rules, lamps, NOW)]
    return found


@pytest.mark.parametrize(("one", "other", "kind"), PAIRS)
def test_rules_that_meet_are_told(lamps: Catalogue, one: Any, other: Any, kind: Kind) -> None:
    for first, second in TOGETHER:
        assert kinds(lamps, rule("x", one, first), rule("y", other, second)) == [(kind, ("x", "y"))]


@pytest.mark.parametrize(("one", "other", "kind"), PAIRS)
def test_rules_that_never_meet_are_not(lamps: Catalogue, one: Any, other: Any, kind: Kind) -> None:
    for first, second in APART:
        assert kinds(lamps, rule("x", one, first), rule("y", other, second)) == []
    assert kinds(lamps, rule("x", one, {}), rule("y", other, {}, enabled=False)) == []


@pytest.mark.parametrize(("one", "other"), FINE)
def test_rules_that_go_together_are_not(lamps: Catalogue, one: Any, other: Any) -> None:
    assert kinds(lamps, rule("x", one, {}), rule("y", other, {})) == []


@pytest.mark.parametrize(
    ("action", "when", "kind"),
    [
        (HIDE_A, {"ends_at": "2026-01-01"}, Kind.OUTDATED),
        (pin("nowhere"), {}, Kind.MISSING_ITEM),
        ({"type": "hide", "filter": "season:winter"}, {}, Kind.UNKNOWN_FIELD),
        ({"type": "hide", "filter": "brand:akme"}, {}, Kind.NO_ITEMS),
        ({"type": "boost", "items": ["gone"], "factor": 2}, {}, Kind.NO_ITEMS),
        (redirect("/search?q=red+lamps"), words("lamp"), Kind.REDIRECT_CHAIN),
    ],
)
def test_what_is_odd_about_a_rule_alone(
    lamps: Catalogue, action: Any, when: Any, kind: Kind
) -> None:
    assert kinds(lamps, rule("x", action, when)) == [(kind, ("x",))]


def test_a_redirect_to_where_another_leads_on(lamps: Catalogue) -> None:
    first = rule("x", redirect("/search?q=lamp"), words("light", "exact"))
    second = rule("y", redirect("/browse"), words("lamp", "exact"))
    assert kinds(lamps, first, second) == [(Kind.REDIRECT_CHAIN, ("x", "y"))]


def test_one_rule_against_itself(lamps: Catalogue) -> None:
    both = read_rule({"id": "x", "actions": [pin("a"), HIDE_A]})
    assert kinds(lamps, both) == [(Kind.PINNED_AND_HIDDEN, ("x",))]
