"""``/v1/experiments``: begun, followed, told and ended over HTTP."""

from typing import Any

from starlette.testclient import TestClient

from mercato.core.paths import ShopPaths
from mercato.core.scopes import Scope
from mercato.data.store import AssetStore
from mercato.operating.experiments.holdout import look_at_holdout
from mercato.operating.experiments.looking import look_at_all
from mercato.shop.keys import create_key
from mercato.shop.opened import Shop
from mercato.shop.rules import By

VARIED: dict[str, Any] = {
    "name": "varied",
    "goal": "conversion",
    "share": 0.5,
    "guardrails": [{"metric": "revenue", "margin": 0.05}],
    "arms": [
        {"name": "control", "share": 0.5},
        {"name": "varied", "share": 0.5, "changes": {"variety": 0.4}},
    ],
}


def test_an_experiment_lives_over_http(client: TestClient, shop: Shop) -> None:
    made = client.post("/v1/experiments", json=VARIED)
    assert made.status_code == 201
    told = made.json()
    assert (told["status"], told["begin"], told["reading"]) == ("running", 0.0, None)
    assert told["arms"][1]["changes"] == {"variety": 0.4} and told["salt"]
    assert client.post("/v1/experiments", json=VARIED).status_code == 409
    for n in range(20):
        client.get("/v1/recommend/home", params={"visitor_id": f"v{n}"})
    seen = {"if-match": made.headers["etag"]}
    wider = client.patch("/v1/experiments/varied", json={"share": 1}, headers=seen)
    assert wider.json()["share"] == 1
    assert client.post("/v1/experiments/varied:stop", headers=seen).status_code == 412
    look_at_all(ShopPaths(shop.paths.root))
    (listed,) = client.get("/v1/experiments").json()["experiments"]
    units = listed["reading"]["units"]
    assert set(units) == {"control", "varied"} and 0 < sum(units.values()) <= 20
    metrics = client.get("/metrics").text
    series = f'mercato_experiment_units{{arm="varied",experiment="varied"}} {units["varied"]}'
    assert series in metrics
    assert 'mercato_experiment_mismatch{experiment="varied"} 0.0' in metrics
    assert "mercato_experiments_running 1.0" in metrics
    ended = client.post("/v1/experiments/varied:end", params={"reason": "decided"}).json()
    assert (ended["status"], ended["reason"]) == ("ended", "decided")
    assert client.post("/v1/experiments/varied:stop").status_code == 409
    assert "mercato_experiments_running 0.0" in client.get("/metrics").text
    assert client.get("/v1/experiments/varied").json() == ended
    assert client.delete("/v1/experiments/varied").status_code == 204
    assert client.get("/v1/experiments/varied").status_code == 404


def test_the_holdout_is_told_as_of_the_last_look(client: TestClient, shop: Shop) -> None:
    assert client.get("/v1/holdout").json() == {"holdout": None}
    read = look_at_holdout(AssetStore(shop.paths.assets), shop.state, 0.1, shop.wall())
    told = client.get("/v1/holdout").json()["holdout"]
    assert (told["share"], told["units"]) == (0.1, dict(read.units))


def test_a_variant_is_stopped_by_its_name(client: TestClient) -> None:
    client.post("/v1/experiments", json=VARIED)
    assert client.post("/v1/experiments/varied:stop", params={"arm": "x"}).status_code == 404
    stopped = client.post("/v1/experiments/varied:stop", params={"arm": "varied"}).json()
    assert stopped["status"] == "stopped" and stopped["arms"][1]["stopped"] == "by hand"


def arm(**changes: object) -> list[dict[str, Any]]:
    return [VARIED["arms"][0], {"name": "v", "share": 0.5, "changes": changes}]


def test_what_does_not_fit_is_a_problem(client: TestClient) -> None:
    for changed, expected in (
        ({"arms": VARIED["arms"][:1]}, "two or more arms"),
        ({"status": "ended"}, "an experiment with fields out of"),
        ({"arms": arm(search_sort="title:asc")}, "a field of numbers to sort by in arm 'v'"),
        ({"arms": arm(release=99)}, "a release that may be served in arm 'v'"),
    ):
        refused = client.post("/v1/experiments", json=VARIED | changed)
        assert refused.status_code == 400 and expected in refused.json()["expected"]
    assert client.patch("/v1/experiments/varied", json={"share": "all"}).status_code == 400
    assert client.get("/v1/experiments").json() == {"experiments": []}


def test_only_an_admins_key_opens_experiments(client: TestClient, shop: Shop) -> None:
    made = create_key(shop.state, "site", [Scope.SEARCH, Scope.EVENTS, Scope.ITEMS], By("me", "t"))
    shop.refresh()
    headers = {"Authorization": f"Bearer {made.text}"}
    assert client.get("/v1/experiments", headers=headers).status_code == 403
    assert client.post("/v1/experiments", json=VARIED, headers=headers).status_code == 403
