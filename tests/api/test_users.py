"""A shopper is erased, and given what is known of them, over HTTP."""

import http.client
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from starlette.testclient import TestClient

from mercato.shop.opened import Shop

Serve = Callable[..., AbstractContextManager[Any]]


def items(client: TestClient, user: str) -> list[str]:
    found = client.get("/v1/recommend/buy-again", params={"user_id": user}).json()
    return [each["id"] for each in found["items"]]


def test_a_shopper_is_erased_and_unknown_in_the_next_answer(client: TestClient) -> None:
    assert items(client, "u03") != items(client, "nobody")
    sent = {"event_id": "e-x", "event": "view_item", "user_id": "u03", "visitor_id": "v-x"}
    assert client.post("/v1/events", json=sent).status_code == 202
    told = client.delete("/v1/users/u03")
    assert told.status_code == 202
    receipt = told.json()
    assert receipt["number"] == 1
    assert {each["place"]: each["removed"] for each in receipt["places"]}["state/links"] == 1
    assert items(client, "u03") == items(client, "nobody")
    assert client.get("/v1/erasures/1").json()["pseudonym"] == receipt["pseudonym"]
    assert client.get("/v1/erasures/2").status_code == 404
    assert client.delete("/v1/users/" + "x" * 513).status_code == 400


@pytest.mark.parametrize("user", ["a/b", "a/export", "../x", "a//", "a\nb", "ü /?#"])
def test_ids_are_any_text(quiet: Path, client: TestClient, user: str) -> None:
    def known(of: str) -> list[str]:
        who, *rest = client.get(f"/v1/users/{quote(of, safe='')}/export").json()["known"]
        assert who["user_id"] == of
        return [each["row"]["event_id"] for each in rest if each["asset"] == "events"]

    for each in (user, "a"):
        sent = {"event_id": f"of {each}", "event": "view_item", "user_id": each, "item_id": "x"}
        assert client.post("/v1/events", json=sent).json()["accepted"] == 1
    assert known(user) == [f"of {user}"]
    assert client.delete(f"/v1/users/{quote(user, safe='')}?now=true").status_code == 202
    assert known("a") == ["of a"], "nobody else is erased"
    assert client.get("/v1/users/").status_code == 404


def test_a_server_takes_them_as_they_are_sent(shop_folder: Path, serve: Serve) -> None:
    """What decodes an address, and what might put it straight, is the server's protocol."""
    with serve(shop_folder) as server:
        host = urlsplit(server.address).netloc
        for user in ("a/b", "../x", "a/../b", "50%2F50"):
            with closing(http.client.HTTPConnection(host, timeout=30)) as connection:
                connection.request("GET", f"/v1/users/{quote(user, safe='')}/export")
                assert json.loads(connection.getresponse().read())["user_id"] == user


def test_all_that_is_known_is_given_out_and_on_record(
    client: TestClient, shop: Shop, shop_folder: Path
) -> None:
    who, *known = client.get("/v1/users/u03/export").json()["known"]
    assert who["user_id"] == "u03"
    assert {each["row"]["user_id"] for each in known if each["asset"] == "events"} == {"u03"}
    client.delete("/v1/users/u03")
    said = [*shop.state.audit.since(), *shop.state.decisions.since(), *shop.state.erasures.all()]
    actions = {each.action for each in shop.state.audit.since()}
    assert actions == {"GET /v1/users/{user_id}/export", "DELETE /v1/users/{user_id}"}
    assert not any("u03" in str(each) for each in said)
