"""Synonyms over HTTP: added, decided on, live at once and on other workers, on record."""

import os
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.shop.opened import Shop
from mercato.shop.synonym_book import FILE


def ids(client: TestClient, q: str) -> list[str]:
    answer = client.get("/v1/search", params={"q": q, "per_page": 100})
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def listed(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/synonyms", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["synonyms"]  # type: ignore[no-any-return]


def test_a_synonym_is_sought_with_at_once(client: TestClient) -> None:
    assert ids(client, "wigwam") == []
    made = client.post("/v1/synonyms", json={"terms": ["wigwam", "tent"]})
    assert made.status_code == 201, made.text
    (synonym,) = made.json()["synonyms"]
    assert (synonym["terms"], synonym["also"]) == (["wigwam", "tent"], [])
    assert (synonym["status"], synonym["source"]) == ("accepted", "person")
    assert set(ids(client, "wigwam")) == set(ids(client, "tent")) != set()
    assert listed(client) == [synonym]
    again = client.post("/v1/synonyms", json={"terms": ["Tents", "wigwams"]})
    assert again.json() == {"synonyms": []}  # it says the same
    assert client.delete(f"/v1/synonyms/{synonym['id']}").status_code == 204
    assert (ids(client, "wigwam"), listed(client)) == ([], [])


def test_a_proposal_waits_for_a_person(client: TestClient) -> None:
    sent = {"terms": ["wigwam"], "also": ["tent"], "status": "proposed"}
    (proposed,) = client.post("/v1/synonyms", json=sent).json()["synonyms"]
    assert ids(client, "wigwam") == []
    assert listed(client, status="proposed") == [proposed]
    accepted = client.post(f"/v1/synonyms/{proposed['id']}:accept")
    assert accepted.json() == {**proposed, "status": "accepted"}
    assert ids(client, "wigwam") != []
    rejected = client.post(f"/v1/synonyms/{proposed['id']}:reject")
    assert rejected.json()["status"] == "rejected"
    assert ids(client, "wigwam") == []
    # It is not proposed again, but a person may still add it.
    assert client.post("/v1/synonyms", json=sent).json() == {"synonyms": []}
    added = client.post("/v1/synonyms", json={**sent, "status": "accepted"}).json()["synonyms"]
    assert [each["id"] for each in added] == [proposed["id"]]


def test_other_workers_and_the_log_of_decisions_see_it(client: TestClient, shop: Shop) -> None:
    other = Shop.open(shop.paths.root)
    try:
        client.post("/v1/synonyms", json={"terms": ["wigwam", "tent"]})
        assert "wigwam" not in other.synonyms.synonyms.words
        other.refresh()
        assert "wigwam" in other.synonyms.synonyms.words
        (decision,) = other.state.decisions.since()
    finally:
        other.close()
    assert (decision.actor, decision.action) == ("testclient", "POST /v1/synonyms")
    assert (decision.kind, decision.before) == ("synonym", None)
    assert decision.after is not None and decision.after["terms"] == ["wigwam", "tent"]


def test_the_file_of_the_shop_is_followed(
    client: TestClient, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    file = shop.paths.root / FILE
    file.write_text("terms,also\nwigwam|tent,\n")
    shop.refresh()
    assert ids(client, "wigwam") != []
    assert [(each["id"], each["source"]) for each in listed(client)] == [(None, "file")]
    file.write_text("terms,also\nwigwam,\n")
    os.utime(file, ns=(time.time_ns(), time.time_ns() + 1_000_000))
    shop.refresh()
    assert "line 2 of synonyms.csv" in caplog.text
    answer = client.get("/v1/synonyms")
    assert answer.status_code == 400
    assert "line 2 of synonyms.csv" in answer.json()["expected"]
    assert client.get("/v1/search", params={"q": "tent"}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"terms": ["tent"]}, "two terms"),
        ([], "a JSON object"),
        ({"terms": ["a", "b"], "score": 1}, "fields out of also, language, status, terms"),
        ({"terms": ["a", "b"], "status": "open"}, "status as one of"),
    ],
)
def test_what_does_not_fit_is_refused(client: TestClient, sent: Any, expected: str) -> None:
    answer = client.post("/v1/synonyms", json=sent)
    assert answer.status_code == 400
    assert expected in answer.json()["expected"]


def test_what_is_not_there_is_said(client: TestClient) -> None:
    for answer in (
        client.post("/v1/synonyms/none:accept"),
        client.post("/v1/synonyms/none:reject"),
        client.delete("/v1/synonyms/none"),
    ):
        assert answer.status_code == 404, answer.text
    assert client.get("/v1/synonyms", params={"status": "open"}).status_code == 400
