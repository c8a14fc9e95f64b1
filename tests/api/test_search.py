"""The shape of answers; what is in them is held by the tests of `search`."""

import time

import pytest
from starlette.testclient import TestClient

from mercato.shop.opened import Shop

JACKETS = 8  # of the tour's products: three colours of a rain jacket in sizes, one down jacket


def test_the_shape_of_an_answer(client: TestClient) -> None:
    answer = client.get("/v1/search", params={"q": "rain jacket", "facet": ["color", "brand"]})
    assert answer.status_code == 200
    found = answer.json()
    assert list(found) == [
        "query_id",
        "total",
        "page",
        "per_page",
        "hits",
        "facets",
        "did_you_mean",
        "applied",
    ]
    assert (found["page"], found["per_page"]) == (1, 24)
    assert set(found["facets"]) == {"color", "brand"}
    first = found["hits"][0]
    assert list(first) == ["id", "score", "item"]
    assert first["item"]["item_group_id"] == "jacket-rain"
    assert first["item"]["id"] == first["id"]


def test_parameters_reach_the_search(client: TestClient) -> None:
    def total(**asked: object) -> int:
        return int(client.get("/v1/search", params=asked).json()["total"])

    jackets = 'product_type:"Clothing > Jackets"'
    assert total(filter=jackets, distinct=False) == JACKETS + 2
    assert total(filter=jackets) == 2
    assert total(filter=[jackets, "color:red"], distinct=False) == 2
    page = client.get("/v1/search", params={"sort": "price:asc", "per_page": 2, "page": 2}).json()
    assert (page["page"], page["per_page"], len(page["hits"])) == (2, 2, 2)
    cheapest = client.get("/v1/search", params={"sort": "price:asc", "per_page": 4}).json()
    assert [hit["id"] for hit in page["hits"]] == [hit["id"] for hit in cheapest["hits"]][2:]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("per_pag=10", "Did you mean 'per_page'?"),
        ("filters=color:red", "Did you mean 'filter'?"),
        ("xyzzy=1", "Known are: user_id, visitor_id"),
        ("per_page=101", "less than or equal to 100; found '101'"),
        ("per_page=0", "greater than or equal to 1"),
        ("page=0", "greater than or equal to 1"),
        ("page=one", "a valid integer"),
        ("distinct=maybe", "a valid boolean"),
        ("mode=psychic", "found 'psychic'"),
        ("page=99", "found 99"),
        ("sort=price:sideways", "sideways"),
        ("filter=colour:red", "'color'"),
        ("filter=color:", "color"),
        ("facet=colour", "'color'"),
        ("q=" + "x" * 1001, "1000 characters"),
    ],
)
def test_what_does_not_fit_is_said(client: TestClient, asked: str, said: str) -> None:
    answer = client.get(f"/v1/search?{asked}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_the_answer_is_logged(client: TestClient, shop: Shop) -> None:
    asked = {"q": "tent", "user_id": "anna", "session_id": "s", "per_page": 2, "page": 2}
    found = client.get("/v1/search", params=asked).json()
    deadline = time.monotonic() + 10
    while not shop.state.answers.count_after(0) and time.monotonic() < deadline:
        time.sleep(0.02)
    (logged,) = shop.state.answers.after(0, 10).rows
    assert logged.query_id == found["query_id"]
    assert list(logged.item_ids) == [hit["id"] for hit in found["hits"]]
    assert logged.positions == (3, 4)[: len(found["hits"])]
    assert (logged.kind, logged.user_id, logged.session_id) == ("search", "anna", "s")


def test_suggestions(client: TestClient) -> None:
    found = client.get("/v1/suggest", params={"q": "jack", "n": 3}).json()
    assert list(found) == ["queries", "items", "categories"]
    assert "Clothing > Jackets" in found["categories"]
    assert all(set(item) == {"id", "title"} for item in found["items"])
    searched = {"event": "search", "search_term": "Jacket red", "visitor_id": "v77"}
    assert client.post("/v1/events", json={"event_id": "s1", **searched}).status_code == 202
    own = client.get("/v1/suggest", params={"q": "jack", "n": 3, "visitor_id": "v77"}).json()
    assert own["queries"] == ["jacket red", *found["queries"][:2]]
    assert client.get("/v1/suggest", params={"q": ""}).status_code == 200
    assert client.get("/v1/suggest", params={"n": 0}).status_code == 400
