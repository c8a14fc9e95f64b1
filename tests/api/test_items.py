"""Changes of items are there in the next answer, on this worker and on others."""

import time
from pathlib import Path

from starlette.testclient import TestClient

from mercato.shop.opened import Shop


def found(client: TestClient, q: str) -> list[str]:
    answer = client.get("/v1/search", params={"q": q, "mode": "lexical"})
    return [hit["id"] for hit in answer.json()["hits"]]


def test_put_patch_delete(client: TestClient) -> None:
    made = client.put("/v1/items/kettle", json={"title": "Samowar kettle", "price": 20})
    assert (made.status_code, made.json()) == (201, {"id": "kettle", "seq": 1})
    assert found(client, "samowar") == ["kettle"]
    again = client.put("/v1/items/kettle", json={"title": "Samovar kettle", "price": 20})
    assert (again.status_code, again.json()["seq"]) == (200, 2)
    assert (found(client, "samowar"), found(client, "samovar")) == ([], ["kettle"])
    cheaper = client.patch("/v1/items/kettle", json={"price": 15, "handle": "wood"})
    assert cheaper.status_code == 200
    hit = client.get("/v1/search", params={"filter": "handle:wood"}).json()["hits"][0]
    assert (hit["item"]["price"], hit["item"]["title"]) == (15, "Samovar kettle")
    gone = client.delete("/v1/items/kettle")
    assert (gone.status_code, gone.content) == (204, b"")
    assert found(client, "samovar") == []
    assert client.delete("/v1/items/kettle").status_code == 404
    assert client.patch("/v1/items/kettle", json={"price": 1}).status_code == 404


def test_ids_may_hold_slashes_and_other_signs(client: TestClient) -> None:
    assert client.put("/v1/items/a%2Fb%20c%3F", json={"title": "Samowar"}).status_code == 201
    assert found(client, "samowar") == ["a/b c?"]
    assert client.delete("/v1/items/a%2Fb%20c%3F").status_code == 204


def test_an_item_that_fails_a_check_is_refused(client: TestClient) -> None:
    for body in ({}, {"title": "x", "price": "cheap"}, {"title": "x", "id": "other"}):
        answer = client.put("/v1/items/kettle", json=body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.put("/v1/items/kettle", json=["title"]).status_code == 400
    assert client.put("/v1/items/", json={"title": "x"}).status_code == 400
    assert client.put(f"/v1/items/{'x' * 513}", json={"title": "x"}).status_code == 400


def test_a_batch_answers_for_each_operation(client: TestClient) -> None:
    answer = client.post(
        "/v1/items:batch",
        json=[
            {"op": "put", "id": "k1", "item": {"title": "Samowar small"}},
            {"op": "put", "id": "k2", "item": {"title": ""}},
            {"op": "patch", "id": "k1", "item": {"price": 5}},
            {"op": "delete", "id": "nothing"},
        ],
    )
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["id"] for result in results] == ["k1", "k2", "k1", "nothing"]
    assert ["seq" in result for result in results] == [True, False, True, False]
    assert results[1]["error"]["status"] == 400
    assert results[3]["error"]["status"] == 404
    assert found(client, "samowar") == ["k1"]


def test_a_batch_that_is_no_list_of_operations_changes_nothing(client: TestClient) -> None:
    good = {"op": "put", "id": "k1", "item": {"title": "Samowar"}}
    for body in (
        {},
        [good, {"op": "move", "id": "a"}],
        [good, 1],
        [good, {"op": "put", "id": "a"}],
    ):
        assert client.post("/v1/items:batch", json=body).status_code == 400
    assert client.post("/v1/items:batch", json=[good] * 1001).status_code == 400
    assert found(client, "samowar") == []


def test_another_worker_sees_the_change_in_under_a_second(
    client: TestClient, shop_folder: Path
) -> None:
    from mercato.api import create_api

    with TestClient(create_api(Shop.open(shop_folder))) as other:
        client.put("/v1/items/kettle", json={"title": "Samowar"})
        begun = time.monotonic()
        while found(other, "samowar") != ["kettle"]:
            assert time.monotonic() < begun + 30
            time.sleep(0.02)
        assert time.monotonic() < begun + 1


def test_pages_of_other_sites_change_nothing(client: TestClient) -> None:
    put = {"op": "put", "id": "kettle", "item": {"title": "Samowar"}}

    def send(origin: str) -> int:
        headers = {"origin": origin, "content-type": "text/plain"}  # which browsers ask nobody for
        return client.post("/v1/items:batch", json=[put], headers=headers).status_code

    assert send("https://evil.example") == 403
    assert client.delete("/v1/items/lantern", headers={"origin": "null"}).status_code == 403
    assert found(client, "samowar") == []
    assert send("https://shop.example") == 200  # cors_origins of the settings
    assert send("http://testserver") == 200  # where the shop itself is
    assert found(client, "samowar") == ["kettle"]
