"""The sample keeps the rules of UBI 1.3's JSON schemas, of which the rules here are a copy
(https://github.com/o19s/ubi/tree/main/schema/1.3.0)."""

import json
from pathlib import Path
from typing import Any

import pytest

from mercato.core.columns import Event
from mercato.data.importers.event_logs import LeftOut
from mercato.data.importers.ubi import NAMES, events_of

FIXTURE = Path(__file__).parent / "fixtures" / "ubi.jsonl"

SHORT = {"maxLength": 100}
OF_ANY = {"application": SHORT, "query_id": SHORT, "client_id": SHORT, "timestamp": {}}
QUERY: dict[str, dict[str, int]] = {
    **OF_ANY,
    "user_query": {},
    "query_attributes": {},
    "object_id_field": SHORT,
    "query_response_id": {},
    "query_response_hit_ids": {},
}
EVENT: dict[str, dict[str, int]] = {
    **OF_ANY,
    "action_name": SHORT,
    "session_id": SHORT,
    "user_id": SHORT,
    "message_type": SHORT,
    "message": {"maxLength": 1024},
    "user_query": {},
    "event_attributes": {},
}
ACTIONS = ("add_to_cart", "click", "watch", "view", "purchase", "impression")
"""The ``enum`` of ``action_name``; any other text is valid too."""


def documents() -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in FIXTURE.read_text().splitlines()]
    return [line.get("_source", line) for line in lines]


@pytest.mark.parametrize("document", documents())
def test_the_sample_keeps_the_schemas(document: dict[str, Any]) -> None:
    is_event = "action_name" in document
    rules = EVENT if is_event else QUERY
    assert {"action_name", "timestamp"} <= document.keys() if is_event else "user_query" in document
    assert document.keys() <= rules.keys()
    for name, value in document.items():
        if "maxLength" in rules[name]:
            assert isinstance(value, str) and len(value) <= rules[name]["maxLength"]
    hits = document.get("query_response_hit_ids", [])
    assert all(isinstance(hit, str) for hit in hits)
    if is_event:
        attributes = document["event_attributes"]
        assert {"ordinal", "xy"} & attributes["position"].keys()
        if "object" in attributes:
            assert isinstance(attributes["object"]["object_id"], str | int)


def test_every_action_that_ubi_proposes_is_understood_but_to_watch() -> None:
    assert {action for action in ACTIONS if action not in NAMES} == {"watch"}


def test_an_action_of_a_shops_own_is_left_out() -> None:
    assert events_of({"action_name": "product_hover", "timestamp": "2026-05-01"}) == (
        LeftOut("product_hover"),
    )


def test_a_dumped_document_keeps_its_name() -> None:
    query = {
        "event_id": "d1",
        "user_query": "milk",
        "query_response_hit_ids": ["a"],
        "timestamp": "2026-05-01T12:00:00Z",
    }
    told = [each for each in events_of(query) if isinstance(each, dict)]
    assert [(each["event"], each["event_id"]) for each in told] == [
        (Event.VIEW_SEARCH_RESULTS, "d1"),
        (Event.VIEW_ITEM_LIST, "d1-hits"),
    ]
