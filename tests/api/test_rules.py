"""Rules over HTTP: kept, tried out, live at once, on record, their conflicts told."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.shop.opened import Shop
from mercato.state.rules import RuleChange

PIN = {
    "name": "Stoves first",
    "conditions": {"queries": [{"match": "contains", "text": "tents"}]},
    "actions": [{"type": "pin", "item": "stove-ember", "position": 1}],
}


def ids(client: TestClient, **asked: Any) -> list[str]:
    return [hit["id"] for hit in found(client, **asked)["hits"]]


def found(client: TestClient, **asked: Any) -> Any:
    answer = client.get("/v1/search", params={"q": "tent", **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def some_item(client: TestClient) -> str:
    """An item that the word tent does not find."""
    tents = ids(client, per_page=100)
    others = ids(client, q="", per_page=100)
    return next(item for item in others if item not in tents)


def test_a_rule_is_made_read_replaced_and_deleted(client: TestClient, some_item: str) -> None:
    rule = {**PIN, "actions": [{"type": "pin", "item": some_item, "position": 1}]}
    before = found(client)
    made = client.post("/v1/rules", json=rule)
    assert made.status_code == 201, made.text
    rule_id = made.json()["id"]
    assert made.json()["conflicts"] == [] and made.json()["updated_by"] == "testclient"
    after = found(client)
    assert after["hits"][0]["id"] == some_item
    assert after["total"] == before["total"] + 1
    assert after["applied"]["rules"] == [rule_id]
    listed = client.get("/v1/rules").json()["rules"]
    assert [each["id"] for each in listed] == [rule_id]
    one = client.get(f"/v1/rules/{rule_id}").json()
    assert one == listed[0] and one["conditions"] == PIN["conditions"]
    off = client.put(f"/v1/rules/{rule_id}", json={**rule, "enabled": False})
    assert off.status_code == 200 and found(client)["hits"] == before["hits"]
    assert client.delete(f"/v1/rules/{rule_id}").status_code == 204
    assert client.get(f"/v1/rules/{rule_id}").status_code == 404
    assert client.delete(f"/v1/rules/{rule_id}").status_code == 404


def test_a_change_that_rests_on_what_is_no_more_is_refused(client: TestClient) -> None:
    made = client.put("/v1/rules/a", json=PIN)
    seen = client.get("/v1/rules/a").headers["etag"]
    assert seen == made.headers["etag"]
    mine = client.put("/v1/rules/a", json=PIN | {"priority": 5}, headers={"if-match": seen})
    assert mine.status_code == 200 and mine.headers["etag"] != seen
    for late in (
        client.put("/v1/rules/a", json=PIN | {"priority": 9}, headers={"if-match": seen}),
        client.delete("/v1/rules/a", headers={"if-match": seen}),
        client.put("/v1/rules/new", json=PIN, headers={"if-match": seen}),
    ):
        assert late.status_code == 412 and "If-Match" in late.json()["remedy"]
    assert client.get("/v1/rules/a").json()["priority"] == 5
    assert (
        client.delete("/v1/rules/a", headers={"if-match": mine.headers["etag"]}).status_code == 204
    )


def test_who_changed_what_is_on_record(client: TestClient, shop: Shop) -> None:
    client.put("/v1/rules/a", json=PIN)
    client.put("/v1/rules/a", json={**PIN, "priority": 5})
    client.delete("/v1/rules/a")
    told = list(shop.state.decisions.since())
    assert [each.action for each in told] == [
        "PUT /v1/rules/a",
        "PUT /v1/rules/a",
        "DELETE /v1/rules/a",
    ]
    assert [each.actor for each in told] == ["testclient"] * 3
    priorities = [
        tuple(side and side["priority"] for side in (each.before, each.after)) for each in told
    ]
    assert priorities == [(None, 0), (0, 5), (5, None)]


def test_another_worker_follows_within_a_second(client: TestClient, shop: Shop) -> None:
    other = Shop.open(shop.paths.root)
    with_rule = other.state.rules
    assert with_rule.version() == 0
    try:
        from mercato.shop.rules import By, create_rule

        hide = {"id": "h", "actions": [{"type": "hide", "items": [ids(client)[0]]}]}
        first, total = ids(client)[0], found(client)["total"]
        create_rule(other, hide, By("ana@host", "rules"))
        deadline = time.monotonic() + 1
        while found(client)["total"] == total and time.monotonic() < deadline:
            time.sleep(0.02)
        assert first not in ids(client) and found(client)["total"] == total - 1
    finally:
        other.close()


def test_banners_and_redirects_are_told(client: TestClient) -> None:
    actions = [
        {"type": "banner", "title": "Sale", "link": "/search?q=sale"},
        {"type": "redirect", "url": "https://shop.example/tents"},
    ]
    client.put("/v1/rules/a", json={**PIN, "actions": actions})
    applied = found(client)["applied"]
    assert applied["redirect"] == "https://shop.example/tents"
    assert applied["banners"] == [
        {
            "id": "a",
            "title": "Sale",
            "text": "",
            "image_link": "",
            "link": "/search?q=sale",
            "slot": "",
        }
    ]
    assert found(client, q="stove")["applied"]["redirect"] is None


def test_segments_are_named_by_the_caller(client: TestClient) -> None:
    banner = {"type": "banner", "title": "For you"}
    client.put("/v1/rules/a", json={"conditions": {"segments": ["vip"]}, "actions": [banner]})
    assert found(client)["applied"]["banners"] == []
    assert found(client, segment=["x", "vip"])["applied"]["rules"] == ["a"]


def test_shoppers_are_in_the_segments_that_the_release_knows(
    client: TestClient, shop: Shop
) -> None:
    segments = shop.live.segments
    assert segments is not None
    user_id, names = next(
        (user.as_py(), known.as_py())
        for user, known in zip(segments.shopper_ids, segments.names, strict=True)
        if not user.as_py().startswith("visitor:") and known.as_py()
    )
    banner = {"type": "banner", "title": "For you"}
    client.put("/v1/rules/a", json={"conditions": {"segments": [names[0]]}, "actions": [banner]})
    assert found(client, user_id=user_id)["applied"]["rules"] == ["a"]
    assert found(client, user_id="nobody")["applied"]["rules"] == []


def test_a_preview_changes_nothing(client: TestClient, some_item: str, shop: Shop) -> None:
    first, second = ids(client)[:2]
    actions = [
        {"type": "pin", "item": some_item, "position": 2},
        {"type": "hide", "items": [first]},
    ]
    sent = {"rule": {**PIN, "id": "draft", "actions": actions}, "q": "tent", "n": 3}
    answer = client.post("/v1/rules:preview", json=sent)
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    total = found(client)["total"]
    assert seen["before"]["ids"] == ids(client)[:3] and seen["before"]["total"] == total
    assert seen["after"]["ids"][:2] == [second, some_item] and seen["after"]["total"] == total
    moved = {each["id"]: (each["before"], each["after"]) for each in seen["moved"]}
    assert moved[some_item] == (None, 2) and moved[first] == (1, None) and moved[second] == (2, 1)
    assert shop.state.rules.all() == [] and list(shop.state.decisions.since()) == []


def test_a_preview_looks_into_the_future_and_leaves_rules_out(client: TestClient) -> None:
    starts = datetime.now(UTC) + timedelta(days=3)
    hide = {"type": "hide", "items": [ids(client)[0]]}
    rule = {"conditions": {"starts_at": starts.isoformat()}, "actions": [hide]}
    assert client.put("/v1/rules/a", json=rule).status_code == 201
    sent = {"without": "a", "q": "tent"}
    assert client.post("/v1/rules:preview", json=sent).json()["moved"] == []
    later = {**sent, "at": (starts + timedelta(hours=1)).isoformat()}
    seen = client.post("/v1/rules:preview", json=later).json()
    assert seen["before"]["total"] == seen["after"]["total"] - 1
    assert (seen["before"]["rules"], seen["after"]["rules"]) == (["a"], [])


def test_conflicts_are_told_when_they_are_made(client: TestClient) -> None:
    first, second = ids(client)[:2]
    client.put("/v1/rules/a", json={**PIN, "actions": [pin(first)]})
    answer = client.put("/v1/rules/b", json={**PIN, "actions": [pin(second), pin("gone", 2)]})
    kinds = [(each["kind"], each["rules"]) for each in answer.json()["conflicts"]]
    assert kinds == [("same-position", ["a", "b"]), ("missing-item", ["b"])]
    everything = client.get("/v1/rules/conflicts").json()["conflicts"]
    assert everything == answer.json()["conflicts"]


def pin(item: str, position: int = 1) -> dict[str, Any]:
    return {"type": "pin", "item": item, "position": position}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/v1/rules", {"actions": []}, 400),
        ("POST", "/v1/rules", [PIN], 400),
        ("PUT", "/v1/rules/a", {**PIN, "id": "b"}, 400),
        ("PUT", "/v1/rules/conflicts", PIN, 400),
        ("PUT", "/v1/rules/a%20b", PIN, 400),
        ("POST", "/v1/rules:preview", {"q": "tent"}, 400),
        ("POST", "/v1/rules:preview", {"rule": {**PIN, "id": "a"}, "filter": ["brnd:x"]}, 400),
        ("GET", "/v1/rules/nothing", None, 404),
    ],
)
def test_what_does_not_fit_is_a_problem(
    client: TestClient, method: str, path: str, sent: Any, status: int
) -> None:
    answer = client.request(method, path, json=sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/rules").json() == {"rules": []}


def test_an_id_that_is_taken_is_not_made_anew(client: TestClient) -> None:
    assert client.post("/v1/rules", json={**PIN, "id": "a"}).status_code == 201
    assert client.post("/v1/rules", json={**PIN, "id": "a"}).status_code == 409


def test_a_rule_that_goes_as_it_is_saved_was_saved(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = shop.refresh

    def deleted_first() -> None:
        shop.state.rules.change([RuleChange("brief", None)], actor="b", action="b").result(10)
        refresh()

    monkeypatch.setattr(shop, "refresh", deleted_first)
    answer = client.put("/v1/rules/brief", json=PIN)
    assert (answer.status_code, answer.json()["id"]) == (201, "brief")
    assert client.get("/v1/rules/brief").status_code == 404


def test_pages_of_other_sites_change_no_rule(client: TestClient) -> None:
    headers = {"origin": "https://evil.example"}
    assert client.put("/v1/rules/a", json=PIN, headers=headers).status_code == 403
    assert client.delete("/v1/rules/a", headers=headers).status_code == 403


def test_what_is_hidden_everywhere_stands_on_no_shelf(client: TestClient) -> None:
    def shelf(placement: str) -> list[str]:
        asked = {"n": 50, "item_id": "tent-kestrel-2"}
        answer = client.get(f"/v1/recommend/{placement}", params=asked)
        return [item["id"] for item in answer.json()["items"]]

    placements = ("home", "item-similar", "buy-again")
    before = {each: shelf(each) for each in placements}
    for gone in {shown[0] for shown in before.values()}:
        hide = {"type": "hide", "items": [gone]}
        client.put("/v1/rules/a", json={"actions": [hide]})
        assert {each: shelf(each) for each in placements} == before
        assert gone not in ids(client, q="", per_page=100)
        client.put("/v1/rules/a", json={"actions": [hide], "scope": "everywhere"})
        assert not [each for each in placements if gone in shelf(each)]
        assert gone not in ids(client, q="", per_page=100)
