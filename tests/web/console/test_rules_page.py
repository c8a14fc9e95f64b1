"""Rules are written in a form, seen before they are kept, and stand in a calendar."""

import re

import pytest

from mercato.shop.rules import By, delete_rule, stored_rules
from mercato.web.console.rule_forms import RuleForm

BANANAS = "1082185"
FORM = {"priority": "3", "enabled": "1", "match": "exact", "name": "Fruit first"}
PIN = FORM | {"queries": "cheese", "type0": "pin", "target0": BANANAS, "number0": "1"}

WHOLE = {
    "id": "spring",
    "name": "Spring",
    "enabled": True,
    "priority": 2,
    "scope": "search",
    "conditions": {
        "queries": [{"match": "contains", "text": "tea"}, {"match": "contains", "text": "mug"}],
        "categories": ["Grocery > Tea"],
        "segments": ["champions"],
        "starts_at": "2026-03-01T00:00:00Z",
        "ends_at": "2026-04-01T12:30:00Z",
        "weekdays": ["mon", "fri"],
        "hours": {"from": "08:00", "to": "20:00"},
    },
    "actions": [
        {"type": "pin", "item": "a", "position": 2},
        {"type": "boost", "filter": 'brand:"Acme"', "factor": 1.5},
        {"type": "hide", "items": ["b", "c"]},
        {"type": "banner", "title": "Spring", "text": "is here", "link": "/browse"},
    ],
}


@pytest.fixture
def kept(shop):
    """The rules that a test made; they are gone afterwards."""
    yield lambda: [each.document for each in stored_rules(shop)]
    for each in stored_rules(shop):
        delete_rule(shop, each.id, By("me", "test"))


def test_a_form_says_all_that_a_rule_says():
    form = RuleForm.of(WHOLE)
    assert form.whole
    expected = WHOLE["conditions"] | {
        "starts_at": "2026-03-01T00:00Z",
        "ends_at": "2026-04-01T12:30Z",
    }
    assert form.document() == WHOLE | {"conditions": expected}


def test_a_form_does_not_cut_what_it_has_no_room_for():
    five = WHOLE | {"actions": [{"type": "filter", "filter": "a:b"}] * 5}
    assert not RuleForm.of(five).whole
    mixed = [{"match": "exact", "text": "a"}, {"match": "contains", "text": "b"}]
    assert not RuleForm.of(WHOLE | {"conditions": {"queries": mixed}}).whole


def test_a_rule_is_seen_before_it_is_kept(merchant, kept):
    page = merchant.get("/console/rules/edit.json", params=PIN).json()
    assert page["seen"]["q"] == "cheese"
    assert page["seen"]["after"][0][1]["id"] == BANANAS
    assert page["seen"]["after"][0][2] is None
    assert page["seen"]["before"][0][2] == 2
    assert kept() == []
    wrong = merchant.get("/console/rules/edit.json", params=PIN | {"number0": "0"}).json()
    assert wrong["seen"] is None
    assert "position" in wrong["wrong"][0]


def test_a_rule_is_kept_changed_switched_off_and_deleted(merchant, kept):
    answer = merchant.post("/console/rules/save", data=PIN)
    assert "The rule is kept" in answer.text
    (document,) = kept()
    assert document["actions"] == [{"type": "pin", "item": BANANAS, "position": 1}]
    page = merchant.get("/console/rules/edit", params={"id": document["id"]})
    revision = re.search(r'name="revision" value="(\w+)"', page.text)[1]
    change = PIN | {"id": document["id"], "revision": revision, "number0": "4"}
    merchant.post("/console/rules/save", data=change)
    assert kept()[0]["actions"][0]["position"] == 4
    # Whoever still looks at the one before undoes nothing.
    assert merchant.post("/console/rules/save", data=change).status_code == 412
    line = merchant.get("/console/rules.json").json()["lines"][0]
    assert (line["name"], line["state"], line["by"]) == ("Fruit first", "on", "ana")
    form = {"id": line["id"], "revision": line["revision"], "on": "0"}
    merchant.post("/console/rules/switch", data=form)
    assert not kept()[0]["enabled"]
    merchant.post("/console/rules/delete", data={"id": line["id"]})
    assert kept() == []


def test_the_calendar_shows_when_a_rule_holds(merchant, kept):
    assert merchant.get("/console/rules.json").json()["calendar"] == []
    merchant.post("/console/rules/save", data=PIN | {"on_sat": "1", "on_sun": "1"})
    page = merchant.get("/console/rules.json").json()
    (row,) = page["calendar"]
    assert len(row["days"]) == len(page["days"]) == 28
    assert row["days"].count("whole") == 8
    assert row["days"][:7] == row["days"][7:14]


def test_conflicts_are_named(merchant, kept):
    merchant.post("/console/rules/save", data=PIN)
    hide = FORM | {"name": "No fruit", "type0": "hide", "target0": BANANAS}
    merchant.post("/console/rules/save", data=hide)
    ((kind, rules, _),) = merchant.get("/console/rules.json").json()["conflicts"]
    assert kind == "pinned-and-hidden"
    assert {name for name, _ in rules} == {"Fruit first", "No fruit"}
    assert "What one pins, another hides." in merchant.get("/console/rules").text


def test_a_viewer_sees_rules_and_no_way_to_change_them(viewer, merchant, kept):
    merchant.post("/console/rules/save", data=PIN)
    assert "Switch off" in merchant.get("/console/rules").text
    assert "Switch off" not in viewer.get("/console/rules").text
