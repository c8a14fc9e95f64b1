"""Rules in JSON: there and back, and every way in which one does not fit."""

import json
from typing import Any

import pytest

from mercato.core.errors import BadInput
from mercato.ranking.rules.rule import read_rule

WHOLE: dict[str, Any] = {
    "id": "boots-in-winter",
    "name": "Winter boots",
    "enabled": False,
    "priority": 10,
    "scope": "search",
    "conditions": {
        "queries": [{"match": "contains", "text": "boots"}, {"match": "exact", "text": "靴子"}],
        "categories": ["Clothing > Shoes"],
        "segments": ["champions"],
        "starts_at": "2026-11-01T00:00:00Z",
        "ends_at": "2027-03-01T00:00:00Z",
        "weekdays": ["mon", "sun"],
        "hours": {"from": "08:00", "to": "24:00"},
    },
    "actions": [
        {"type": "pin", "item": "b-1", "position": 2},
        {"type": "boost", "filter": "brand:Acme AND price:..50", "factor": 2.5},
        {"type": "bury", "items": ["b-2", "b-3"], "factor": 0.5},
        {"type": "hide", "filter": "NOT availability:in_stock"},
        {"type": "filter", "filter": "price:10.."},
        {"type": "redirect", "url": "https://shop.example/boots?a=1"},
        {
            "type": "banner",
            "title": "20% off",
            "text": "Until Sunday.",
            "image_link": "/boots.png",
            "link": "http://shop.example/sale",
        },
    ],
}


def test_a_rule_comes_back_as_it_was() -> None:
    rule = read_rule(WHOLE)
    assert rule.to_json() == WHOLE
    assert read_rule(json.loads(json.dumps(rule.to_json()))) == rule


def test_what_is_left_out_has_a_default() -> None:
    hide = {"type": "hide", "items": ["a"]}
    assert read_rule({"id": "a", "actions": [hide]}).to_json() == {
        "id": "a",
        "name": "",
        "enabled": True,
        "priority": 0,
        "scope": "search",
        "conditions": {},
        "actions": [hide],
    }


HIDE = {"type": "hide", "items": ["a"]}
WRONG: list[tuple[Any, str]] = [
    ("a rule", "the rule as an object"),
    ({"actions": [HIDE]}, "'id' of the rule"),
    ({"id": "a b", "actions": [HIDE]}, "an id of at most 64"),
    ({"id": "conflicts", "actions": [HIDE]}, "an id of at most 64"),
    ({"id": "a", "actions": []}, "an action in rule 'a'"),
    ({"id": "a", "actions": [HIDE], "prioriti": 1}, "Did you mean 'priority'"),
    ({"id": "a", "actions": [HIDE], "priority": "1"}, "a whole number"),
    ({"id": "a", "actions": [HIDE], "enabled": 1}, "true or false"),
    ({"id": "a", "actions": HIDE}, "a list of at most"),
    ({"id": "a", "actions": [{"type": "explode"}]}, "one of pin, boost"),
    ({"id": "a", "actions": [{"type": "pin", "item": "x", "position": 0}]}, "from 1 to 1000"),
    ({"id": "a", "actions": [{"type": "pin", "item": "x", "position": True}]}, "from 1 to 1000"),
    ({"id": "a", "actions": [{"type": "pin", "item": "x", "position": 1, "url": "/"}]}, "a known"),
    ({"id": "a", "actions": [{**HIDE, "filter": "brand:x"}]}, "filter or items .* found both"),
    ({"id": "a", "actions": [{"type": "hide"}]}, "filter or items .* found neither"),
    ({"id": "a", "actions": [{"type": "hide", "filter": "brand"}]}, "':' and a value"),
    ({"id": "a", "actions": [{"type": "boost", "items": ["x"], "factor": 1}]}, "a factor above 1"),
    ({"id": "a", "actions": [{"type": "bury", "items": ["x"], "factor": 0}]}, "a factor below 1"),
    ({"id": "a", "actions": [{"type": "boost", "items": ["x"], "factor": "2"}]}, "a number"),
    ({"id": "a", "actions": [HIDE], "conditions": {"query": []}}, "Did you mean 'queries'"),
    ({"id": "a", "actions": [HIDE], "conditions": {"queries": [{"text": "!!"}]}}, "a word in"),
    ({"id": "a", "actions": [HIDE], "conditions": {"queries": [{"text": " "}]}}, "not empty"),
    ({"id": "a", "actions": [HIDE], "conditions": {"categories": [" > "]}}, "path of a category"),
    ({"id": "a", "name": "\ud800", "actions": [HIDE]}, "a text of at most"),
    (
        {
            "id": "a",
            "actions": [
                {"type": "pin", "item": "x", "position": 1},
                {"type": "pin", "item": "y", "position": 1},
            ],
        },
        "one item at each position",
    ),
    (
        {
            "id": "a",
            "actions": [
                {"type": "pin", "item": "x", "position": 1},
                {"type": "pin", "item": "x", "position": 2},
            ],
        },
        "each item pinned once",
    ),
    (
        {"id": "a", "scope": "everywhere", "actions": [{"type": "redirect", "url": "/"}]},
        "only hide in rule 'a'",
    ),
    (
        {
            "id": "a",
            "scope": "everywhere",
            "actions": [HIDE],
            "conditions": {"queries": [{"text": "x"}]},
        },
        "no queries in rule 'a'",
    ),
]


@pytest.mark.parametrize(("found", "says"), WRONG)
def test_what_does_not_fit_is_refused_and_said(found: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_rule(found)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/\\evil.example",
        "https://",
        "http:shop.example",
        "ftp://shop.example",
        "sale",
        "/a\nb",
        "https://shop.example/a b",
        "http://[::1",
        "",
    ],
)
def test_browsers_are_sent_to_pages_alone(url: str) -> None:
    with pytest.raises(BadInput):
        read_rule({"id": "a", "actions": [{"type": "redirect", "url": url}]})
    with pytest.raises(BadInput):
        banner = {"type": "banner", "title": "Sale", "link": url or "x"}
        read_rule({"id": "a", "actions": [banner]})
