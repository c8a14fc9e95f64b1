"""Answers in Algolia's shapes, held against the tour's feed read by Python itself."""

import csv
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.shop.opened import Shop

TOUR = Path(__file__).parents[3] / "examples" / "tour" / "products.csv"
PRODUCTS = list(csv.DictReader(TOUR.read_text(encoding="utf-8").splitlines()))
PRICES = {each["id"]: float(each["price"].split()[0]) for each in PRODUCTS}

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def reading(built_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Asks a shop that no test changes."""
    folder = shutil.copytree(built_shop, tmp_path_factory.mktemp("algolia") / "shop")
    shop = Shop.open(Path(folder))
    with TestClient(create_api(shop), raise_server_exceptions=False) as asking:
        yield asking


@pytest.fixture(scope="module")
def ask(reading: TestClient) -> Ask:
    return asking(reading)


def asking(client: TestClient) -> Ask:
    """One query through the multi-query route; its result."""

    def one(index: str = "products", **parameters: Any) -> Any:
        body = {"requests": [{"indexName": index, **parameters}]}
        answer = client.post("/1/indexes/*/queries", json=body)
        assert answer.status_code == 200, answer.text
        (result,) = answer.json()["results"]
        return result

    return one


def ids(result: dict[str, Any]) -> set[str]:
    return {hit["objectID"] for hit in result["hits"]}


def test_the_shape_of_an_answer(ask: Ask) -> None:
    found = ask(query="rain jacket", hitsPerPage=2, page=1, facets=["brand"], clickAnalytics=True)
    assert (found["page"], found["hitsPerPage"], found["index"]) == (1, 2, "products")
    assert found["nbPages"] == -(-found["nbHits"] // 2)
    assert found["exhaustiveNbHits"] and found["exhaustive"]["facetsCount"]
    assert (found["query"], found["renderingContent"]) == ("rain jacket", {})
    assert found["params"].startswith("query=rain+jacket&hitsPerPage=2")
    assert len(found["queryID"]) == 32
    assert found["processingTimeMS"] >= 1
    assert "queryID" not in ask(query="rain jacket")


def test_a_record(ask: Ask) -> None:
    (hit,) = ask(filters="objectID:tent-kestrel-2")["hits"]
    row = next(each for each in PRODUCTS if each["id"] == "tent-kestrel-2")
    assert (hit["title"], hit["price"]) == (row["title"], 289.0)
    assert (hit["season"], "attributes" in hit) == ("three-season", False)
    assert hit["hierarchicalCategories"] == {"lvl0": "Camping", "lvl1": "Camping > Tents"}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["title", "hierarchicalCategories.lvl0"], {"title", "hierarchicalCategories"}),
        ("title,price", {"title", "price"}),
        ([], set()),
        (["attributes.season"], {"season"}),
    ],
)
def test_what_is_retrieved(ask: Ask, wanted: Any, names: set[str]) -> None:
    found = ask(
        filters="objectID:tent-kestrel-2", attributesToRetrieve=wanted, attributesToHighlight=[]
    )
    assert set(found["hits"][0]) == {"objectID"} | names


def test_all_but_one_is_retrieved(ask: Ask) -> None:
    (hit,) = ask(filters="objectID:tent-kestrel-2", attributesToRetrieve=["*", "-title"])["hits"]
    assert "title" not in hit and "price" in hit
    assert hit["_highlightResult"]["title"]["matchLevel"] == "none"


def test_facets_count_under_their_own_filters(ask: Ask) -> None:
    asked = {"distinct": False, "hitsPerPage": 0, "facets": ["brand", "disjunctive(color)", "no"]}
    whole = ask(**asked)["facets"]
    assert whole["brand"] == Counter(each["brand"] for each in PRODUCTS)
    assert whole["color"] == Counter(each["color"] for each in PRODUCTS if each["color"])
    assert "no" not in whole
    narrowed = ask(**asked, facetFilters=[["brand:Norrvik", "brand:Holt"]])["facets"]
    assert set(narrowed["brand"]) == {"Norrvik", "Holt"}


def test_numbers_are_counted_one_by_one_and_summed_up(ask: Ask) -> None:
    found = ask(distinct=0, facets="*", maxValuesPerFacet=1000)
    prices = PRICES.values()
    assert found["facets"]["price"] == {f"{price:g}": n for price, n in Counter(prices).items()}
    stats = found["facets_stats"]["price"]
    assert (stats["min"], stats["max"]) == (min(prices), max(prices))
    assert stats["sum"] == pytest.approx(sum(prices))
    assert stats["avg"] == pytest.approx(sum(prices) / len(PRODUCTS))
    assert "brand" not in found["facets_stats"]


def test_levels_of_categories(ask: Ask) -> None:
    names = ["hierarchicalCategories.lvl0", "hierarchicalCategories.lvl1"]
    found = ask(distinct=False, facets=names, facetFilters=[[f"{names[0]}:Camping"]])["facets"]
    inside = [each for each in PRODUCTS if each["product_type"].startswith("Camping")]
    assert found[names[0]] == {"Camping": len(inside)}
    assert found[names[1]] == Counter(each["product_type"] for each in inside)


def test_facet_values_are_cut_and_ordered(ask: Ask) -> None:
    by_count = ask(facets=["brand"], maxValuesPerFacet=2, distinct=False)["facets"]["brand"]
    most = [name for name, _ in Counter(each["brand"] for each in PRODUCTS).most_common(2)]
    assert list(by_count) == most
    by_name = ask(facets=["brand"], maxValuesPerFacet=2, sortFacetValuesBy="alpha")["facets"]
    assert list(by_name["brand"]) == ["Fernhill", "Holt"]


def test_values_of_a_facet_are_sought(reading: TestClient) -> None:
    body = {"facetQuery": "no", "maxFacetHits": 5, "distinct": "false"}
    found = reading.post("/1/indexes/products/facets/brand/query", json=body).json()
    norrvik = sum(each["brand"] == "Norrvik" for each in PRODUCTS)
    hit = {"value": "Norrvik", "highlighted": "<em>No</em>rrvik", "count": norrvik}
    assert found["facetHits"] == [hit]
    request = {"indexName": "p", "type": "facet", "facet": "brand", **body}
    both = reading.post("/1/indexes/*/queries", json={"requests": [request]}).json()["results"]
    assert both[0]["facetHits"] == [hit]
    nowhere = reading.post("/1/indexes/products/facets/nowhere/query", json=body)
    assert nowhere.status_code == 400


def test_highlights_and_snippets(ask: Ask) -> None:
    found = ask(
        query="rain JACKETS",
        hitsPerPage=1,
        highlightPreTag="__ais-highlight__",
        highlightPostTag="__/ais-highlight__",
        attributesToSnippet=["description:4"],
    )
    (hit,) = found["hits"]
    assert hit["_highlightResult"]["title"] == {
        "value": "Squall __ais-highlight__Rain__/ais-highlight__ "
        f"__ais-highlight__Jacket__/ais-highlight__ {hit['color'].title()} {hit['size']}",
        "matchLevel": "full",
        "matchedWords": ["rain", "jackets"],
        "fullyHighlighted": False,
    }
    assert hit["_highlightResult"]["product_type"]["matchLevel"] == "partial"
    assert hit["_highlightResult"]["hierarchicalCategories"]["lvl1"]["matchLevel"] == "partial"
    assert set(hit["_snippetResult"]) == {"description"}
    assert hit["_snippetResult"]["description"]["value"] == "Three-layer shell, taped seams…"


def test_a_word_may_still_be_being_typed(ask: Ask) -> None:
    found = ask(query="rain jack")
    assert found["nbHits"] == ask(query="rain jacket")["nbHits"]
    title = found["hits"][0]["_highlightResult"]["title"]
    assert title["value"].startswith("Squall <em>Rain</em> <em>Jack</em>et")
    assert (title["matchLevel"], title["matchedWords"]) == ("full", ["rain", "jack"])
    assert ask(query="ja", queryType="prefixNone")["nbHits"] < ask(query="ja")["nbHits"]


def test_a_snippet_is_where_the_words_are(ask: Ask) -> None:
    found = ask(query="helmet", attributesToSnippet=["description:3"], snippetEllipsisText="[…]")
    snippet = found["hits"][0]["_snippetResult"]["description"]
    assert snippet == {"value": "[…]fits a <em>helmet</em>.", "matchLevel": "full"}


def test_markup_in_texts_comes_as_it_is(client: TestClient) -> None:
    """Clients escape it: that of the item and not that of the tags that they asked for."""
    client.put("/v1/items/x", json={"title": "Quay lamp a<b & 'c'"})
    (hit,) = asking(client)(query="quay", filters="objectID:x")["hits"]
    assert hit["_highlightResult"]["title"]["value"] == "<em>Quay</em> lamp a<b & 'c'"


def test_lists_give_their_matching_elements(client: TestClient) -> None:
    client.put("/v1/items/x", json={"title": "Quay", "attributes": {"uses": ["quay", "boat"]}})
    asked = {"query": "quay", "filters": "objectID:x"}
    both = asking(client)(**asked)["hits"][0]["_highlightResult"]["uses"]
    assert [each["value"] for each in both] == ["<em>quay</em>", "boat"]
    one = asking(client)(**asked, restrictHighlightAndSnippetArrays=True)["hits"][0]
    assert [each["value"] for each in one["_highlightResult"]["uses"]] == ["<em>quay</em>"]


def test_url_encoded_parameters_say_the_same(reading: TestClient, ask: Ask) -> None:
    params = {
        "query": "tent",
        "facetFilters": '[["brand:Norrvik"]]',
        "numericFilters": '["price>300"]',
        "hitsPerPage": "50",
        "facets": '["brand"]',
        "highlightPreTag": "<i>",
    }
    fields = params | {"facetFilters": [["brand:Norrvik"]], "numericFilters": ["price>300"]}
    one, other = ask(params=urlencode(params)), ask(**fields)
    assert ids(one) == ids(other) == {"tent-kestrel-3", "tent-gale-1"}
    assert one["facets"] == other["facets"]
    plain = reading.post(
        "/1/indexes/products/query",
        content='{"params": "query=tent&hitsPerPage=50"}',
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert plain.json()["nbHits"] == ask(query="tent")["nbHits"]


def test_replicas_sort(ask: Ask) -> None:
    cheapest = sorted(PRICES.values())
    rising = ask("products_price_asc", distinct=False, hitsPerPage=1000)
    assert [hit["price"] for hit in rising["hits"]] == cheapest
    falling = ask("my_price_shop/price_desc", distinct=False, hitsPerPage=3)
    assert [hit["price"] for hit in falling["hits"]] == cheapest[::-1][:3]


def test_pages_and_windows(ask: Ask) -> None:
    whole = [hit["objectID"] for hit in ask(hitsPerPage=1000)["hits"]]
    paged = [ask(hitsPerPage=7, page=page)["hits"] for page in range(len(whole) // 7 + 2)]
    assert [hit["objectID"] for page in paged for hit in page] == whole
    window = ask(offset=3, length=4)
    assert [hit["objectID"] for hit in window["hits"]] == whole[3:7]
    assert (window["offset"], window["length"], "page" in window) == (3, 4, False)
    assert ask(page=10**9)["hits"] == [] == ask(hitsPerPage=0)["hits"]
    assert ask(hitsPerPage=0)["nbHits"] == len(whole)


def test_response_fields(ask: Ask) -> None:
    assert set(ask(responseFields=["nbHits"])) == {"nbHits", "index"}


def test_queries_behind_one_that_finds_enough_are_left_out(reading: TestClient) -> None:
    def processed(strategy: str) -> list[bool]:
        requests = [
            {"indexName": "p", "query": query, "hitsPerPage": 2}
            for query in ("helmet zzzz", "tent", "jacket")
        ]
        body = {"requests": requests, "strategy": strategy}
        results = reading.post("/1/indexes/*/queries", json=body).json()["results"]
        return [each.get("processed", True) for each in results]

    assert processed("none") == [True, True, True]
    assert processed("stopIfEnoughMatches") == [True, True, False]


def test_objects(reading: TestClient) -> None:
    one = reading.get("/1/indexes/p/tent-kestrel-2", params={"attributesToRetrieve": "title"})
    assert one.json() == {"objectID": "tent-kestrel-2", "title": "Kestrel 2-Person Tent"}
    missing = reading.get("/1/indexes/p/nothing")
    assert (missing.status_code, missing.json()["status"]) == (404, 404)
    assert "ObjectID does not exist" in missing.json()["message"]
    requests = [{"indexName": "p", "objectID": each} for each in ("nothing", "tarp-drift")]
    several = reading.post("/1/indexes/*/objects", json={"requests": requests}).json()["results"]
    assert several[0] is None and several[1]["objectID"] == "tarp-drift"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"hitsPerPage": -1}, "hitsPerPage"),
        ({"page": "one"}, "page"),
        ({"page": 1.5}, "page"),
        ({"facets": [1]}, "facets"),
        ({"facetFilters": '["open'}, "facetFilters"),
        ({"filters": "((("}, "filters"),
        ({"distinct": "maybe"}, "distinct"),
        ({"sortFacetValuesBy": "taste"}, "count, alpha"),
        ({"hitPerPage": 5}, "Did you mean 'hitsPerPage'?"),
        ({"params": 5}, "params"),
        ({"query": {"a": 1}}, "query"),
        ({"type": "facet"}, "type"),
        ({"highlightPreTag": "x" * 257}, "highlightPreTag of at most 256"),
        ({"facets": ["brand"] * 501}, "at most 500"),
        ({"filters": "x" * 40_001}, "filters of at most 40000"),
    ],
)
def test_what_does_not_fit_is_said(reading: TestClient, parameters: Any, said: str) -> None:
    body = {"requests": [{"indexName": "p", **parameters}]}
    answer = reading.post("/1/indexes/*/queries", json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "status"}
    assert answer.json()["status"] == 400
    assert said in answer.json()["message"]


def test_a_request_is_bounded(reading: TestClient) -> None:
    for queries, hits, status in ((2, 1000, 200), (3, 1000, 400), (50, 0, 200), (51, 0, 400)):
        body = {"requests": [{"indexName": "p", "hitsPerPage": hits}] * queries}
        assert reading.post("/1/indexes/*/queries", json=body).status_code == status
    long = {"requests": [{"indexName": "p", "query": "x" * 2**20}]}
    assert reading.post("/1/indexes/*/queries", json=long).status_code == 413


def test_of_a_long_query_the_beginning_is_read(ask: Ask) -> None:
    found = ask(query="tent " + "x" * 10_000)
    assert len(found["query"]) == 512
    assert len(found["params"]) < 6_000


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/1/nothing", 404),
        ("PUT", "/1/indexes/p/query", 405),
        ("POST", "/1/indexes/p_taste_asc/query", 404),
        ("POST", "/1/indexes/*/queries", 400),
    ],
)
def test_errors_have_algolias_shape(
    reading: TestClient, method: str, path: str, status: int
) -> None:
    answer = reading.request(method, path, json={})
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json()["message"]


def test_pages_of_the_shops_site_may_ask(reading: TestClient) -> None:
    def allowed(origin: str) -> str | None:
        headers = {"origin": origin, "access-control-request-method": "POST"}
        return reading.options("/1/indexes/*/queries", headers=headers).headers.get(
            "access-control-allow-origin"
        )

    assert allowed("https://shop.example") == "https://shop.example"
    assert allowed("https://elsewhere.example") is None


def logged(shop: Shop, expected: int) -> list[Any]:
    deadline = time.monotonic() + 10
    while shop.state.answers.count_after(0) < expected and time.monotonic() < deadline:
        time.sleep(0.02)
    return list(shop.state.answers.after(0, 100).rows)


def test_only_what_a_shopper_sees_is_logged(client: TestClient, shop: Shop) -> None:
    requests = [
        {"indexName": "p", "query": "tent", "hitsPerPage": 0, "facets": ["brand"]},
        {"indexName": "p", "query": "tent", "analytics": False},
        {"indexName": "p", "type": "facet", "facet": "brand", "facetQuery": "n"},
        {"indexName": "p", "query": "tent", "offset": 2, "length": 2, "userToken": "anonymous-1",
         "clickAnalytics": True},
    ]  # fmt: skip
    found = client.post("/1/indexes/*/queries", json={"requests": requests}).json()["results"]
    (row,) = logged(shop, 1)
    assert row.query_id == found[3]["queryID"]
    assert (row.visitor_id, row.positions) == ("anonymous-1", (3, 4))
    assert list(row.item_ids) == [hit["objectID"] for hit in found[3]["hits"]]


def test_insights(client: TestClient, shop: Shop) -> None:
    click = {
        "eventType": "click",
        "eventName": "Product clicked",
        "index": "p",
        "objectIDs": ["tent-kestrel-2"],
        "positions": [3],
        "queryID": "q1",
        "userToken": "anonymous-1",
        "timestamp": int(time.time() * 1000),
    }
    telemetry = {"eventType": "instantsearch", "eventName": "__start__", "widgets": []}
    for _ in range(2):  # sent again, it is the same event
        body = {"events": [telemetry, click]}
        answer = client.post("/1/events?X-Algolia-Application-Id=a", json=body)
        assert (answer.status_code, answer.json()["status"]) == (200, 200)
    (row,) = shop.state.events.after(0, 10).rows
    assert (row.event, row.item_id, row.position) == ("select_item", "tent-kestrel-2", 3)
    assert (row.query_id, row.visitor_id) == ("q1", "anonymous-1")
    wrong = client.post("/1/events", json={"events": [click | {"objectIDs": "tent"}]})
    assert (wrong.status_code, wrong.json()["status"]) == (422, 422)


def test_rules_show_through(client: TestClient) -> None:
    actions = [
        {"type": "banner", "title": "Sale", "link": "https://shop.example/sale"},
        {"type": "redirect", "url": "https://shop.example/tents"},
    ]
    rule = {"conditions": {"segments": ["vip"]}, "actions": actions}
    assert client.put("/v1/rules/a", json=rule).status_code in (200, 201)
    assert asking(client)(query="tent")["renderingContent"] == {}
    found = asking(client)(query="tent", ruleContexts=["vip"])
    assert found["appliedRules"] == [{"objectID": "a"}]
    assert found["renderingContent"]["redirect"] == {"url": "https://shop.example/tents"}
    (banner,) = found["renderingContent"]["widgets"]["banners"]
    assert (banner["image"]["title"], banner["link"]) == (
        "Sale",
        {"url": "https://shop.example/sale"},
    )


def test_other_names_of_fields(shop_folder: Path) -> None:
    settings = (shop_folder / "shop.toml").read_text()
    named = settings.replace("[algolia]\nattributes = []", '[algolia]\nattributes = ["name=title"]')
    (shop_folder / "shop.toml").write_text(named)
    with TestClient(create_api(Shop.open(shop_folder))) as client:
        body = {"query": "kestrel", "attributesToRetrieve": ["name"], "hitsPerPage": 1}
        (hit,) = client.post("/1/indexes/p/query", json=body).json()["hits"]
    assert hit["name"].startswith("Kestrel")
    assert "<em>Kestrel</em>" in hit["_highlightResult"]["name"]["value"]
