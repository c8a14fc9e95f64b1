"""``GET /v1/explain`` against the search that it explains."""

from starlette.testclient import TestClient


def test_every_hit_is_explained_where_it_stands(client: TestClient) -> None:
    hits = client.get("/v1/search", params={"q": "rain jacket"}).json()["hits"]
    for place, hit in enumerate(hits, 1):
        answer = client.get("/v1/explain", params={"q": "rain jacket", "item_id": hit["id"]})
        assert answer.status_code == 200
        found = answer.json()
        assert found["position"] == place
        assert found["score"] == hit["score"]
        assert found["membership"]["shown"]


def test_an_item_that_is_not_there(client: TestClient) -> None:
    answer = client.get("/v1/explain", params={"q": "tent", "item_id": "nobody"})
    assert answer.status_code == 404
    assert "'nobody'" in answer.json()["detail"]
    assert client.get("/v1/explain", params={"q": "tent"}).status_code == 400


def test_explaining_logs_no_answer(client: TestClient) -> None:
    found = client.get("/v1/explain", params={"q": "tent", "item_id": "tent-gale-1"}).json()
    assert "query_id" not in found
