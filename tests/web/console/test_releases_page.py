"""Releases are compared, published and rolled back, and each change is on record."""

import json
import shutil

import pytest

from mercato.data.releases import MANIFEST, link_tree
from mercato.shop.experiments.keeping import delete_experiment, experiments_of, stop_experiment
from mercato.shop.rules import By


def measured(value, spread=0.01):
    return {"value": value, "low": value - spread, "high": value + spread}


@pytest.fixture
def second(shop):
    """A second release like the first, which answers better; gone afterwards."""
    store = shop.releases
    first = store.require_current()
    number = first + 1
    link_tree(store.folder(first), store.folder(number), leave=MANIFEST)
    manifests = {}
    for each, value in ((first, 0.20), (number, 0.30)):
        manifests[each] = json.loads((store.folder(first) / MANIFEST).read_text())
        manifests[each]["metrics"] = {
            "metrics": {"home/ndcg@20": measured(value), "cart/ndcg@20": measured(0.1)},
            "baselines": {
                "popularity": {"home/ndcg@20": measured(0.15)},
                "personal-frequency": {"home/ndcg@20": measured(0.16)},
            },
        }
        curve = {"name": "log loss", "each": "tree", "values": [0.7, 0.5, value]}
        step = {"seconds": 2.5, "joules": 5_400.0, "curves": {"home": [curve]}}
        manifests[each]["steps"] = {"shelf-rankers": step, "text": {"seconds": 1.0}}
    before = (store.folder(first) / MANIFEST).read_text()
    for each, told in manifests.items():
        (store.folder(each) / MANIFEST).write_text(json.dumps(told))
    yield first, number
    store.publish(first)
    shop.refresh()
    (store.folder(first) / MANIFEST).write_text(before)
    shutil.rmtree(store.folder(number))


def test_two_releases_stand_beside_each_other(merchant, second):
    first, number = second
    asked = {"one": number, "other": first}
    page = merchant.get("/console/releases.json", params=asked).json()
    assert [each["number"] for each in page["releases"]] == [number, first]
    home, cart = page["compared"]
    assert (home["metric"], home["better"]) == ("home/ndcg@20", "one")
    assert (home["baseline_name"], home["baseline"]["value"]) == ("personal-frequency", 0.16)
    assert cart["better"] == ""
    assert home["most"] == pytest.approx(0.31)  # the end of the widest interval
    assert merchant.get("/console/releases?one=99").status_code == 400
    chart = merchant.get("/console/releases.svg", params={**asked, "figure": "metrics"})
    assert "home/ndcg@20" in chart.text


def test_what_a_release_cost_and_how_it_learned(merchant, second):
    first, number = second
    asked = {"one": number, "other": first}
    page = merchant.get("/console/releases.json", params=asked).json()
    assert page["watt_hours"] == 1.5  # 5,400 of 3,600 joules each
    assert page["curves"] == {"curve-0": "shelf-rankers home: log loss"}
    text = merchant.get("/console/releases", params=asked).text
    assert "1.50 watt-hours" in text
    # Both releases' values after the third tree, in the table beside the drawing.
    row = text.split('id="figure-curve-0"')[1].split("<tr>")[-1]
    assert [cell in row for cell in (">3<", ">0.3<", ">0.2<")] == [True] * 3
    chart = merchant.get("/console/releases.svg", params={**asked, "figure": "curve-0"})
    assert "log loss" in chart.text and "tree" in chart.text


def test_a_release_is_published_and_rolled_back(merchant, second, shop):
    first, number = second
    answer = merchant.post("/console/releases/publish", data={"release": str(number)})
    assert "Published" in answer.text
    assert shop.live.number == number
    assert merchant.get("/search?q=milk").status_code == 200
    answer = merchant.post("/console/releases/rollback", data={})
    assert "Rolled back" in answer.text
    assert shop.live.number == first
    told = [each for each in shop.state.decisions.since() if each.kind == "release"]
    assert [(each.actor, each.key) for each in told] == [("ana", str(number)), ("ana", str(first))]
    changed = merchant.get("/console/today.json").json()["changes"]
    assert [each["key"] for each in changed if each["did"] == "published"] == [
        str(first),
        str(number),
    ]


def test_a_release_is_tried_on_some_shoppers(merchant, second, shop):
    _, number = second
    form = {"release": str(number), "share": "10"}
    answer = merchant.post("/console/releases/try", data=form)
    (begun,) = [each for each in experiments_of(shop.state) if each.name.startswith("try-release")]
    assert f"name={begun.name}" in str(answer.url)
    # A tenth is served by it, another tenth is what that is compared with.
    assert (begun.share, begun.arms[1].share, begun.arms[1].changes.release) == (0.2, 0.5, number)
    by = By("me", "test")
    stop_experiment(shop.state, begun.name, "test", by)
    delete_experiment(shop.state, begun.name, by)
    shop.refresh()
    refused = merchant.post("/console/releases/try", data=form | {"share": "a lot"})
    assert refused.status_code == 400


def test_the_search_lab_asks_another_release(merchant, second):
    _, number = second
    lab = merchant.get(
        "/console/search.json", params={"q": "milk", "against": f"release:{number}"}
    ).json()
    here = [each["card"]["id"] for each in lab["results"]]
    # It is made of the same files, so it answers the same.
    assert [card["id"] for _, card, _ in lab["other"]["cards"]] == here
    assert [each["other"] for each in lab["results"]] == [*range(1, len(here) + 1)]


def test_a_viewer_looks_only(viewer, second):
    assert "Publish<" not in viewer.get("/console/releases").text
    assert viewer.post("/console/releases/rollback", data={}).status_code == 403
