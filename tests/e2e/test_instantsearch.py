"""Algolia's own clients ask a shop: `algoliasearch` in Node, `instantsearch.js` in a browser.

npm installs them once into var/instantsearch.
"""

import csv
import functools
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from mercato.core.progress import Silent
from mercato.core.settings import Identity, SearchSettings, ServeSettings, Settings, settings_text
from mercato.data.importing import import_items
from mercato.data.store import AssetStore
from mercato.training.build import build

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "instantsearch"
TOUR = ROOT / "examples" / "tour" / "products.csv"
PHOTOGRAPHED = os.environ.get("MERCATO_SCREENSHOTS")

PRODUCTS = list(csv.DictReader(TOUR.read_text(encoding="utf-8").splitlines()))
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def packages(npm: Callable[[Path, str], Path]) -> Path:
    """A folder with node_modules as examples/instantsearch/package-lock.json has them."""
    return npm(EXAMPLE, "instantsearch")


@dataclass(frozen=True)
class Front:
    """A page of the example, and the shop that it asks."""

    page: str
    shop: str


@pytest.fixture(scope="module")
def front(
    packages: Path,
    tmp_path_factory: pytest.TempPathFactory,
    serve_shop: Callable[..., AbstractContextManager[str]],
) -> Iterator[Front]:
    built = tmp_path_factory.mktemp("page")
    handler = functools.partial(_Quiet, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        page = f"http://127.0.0.1:{server.server_port}"
        folder = tmp_path_factory.mktemp("shops") / "outdoor"
        _build(folder, ServeSettings(cors_origins=(page,)))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        with serve_shop(folder) as address:
            _bundle(packages, built, address)
            yield Front(page, address)
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *said: object) -> None:
        pass


def _build(folder: Path, serve: ServeSettings) -> None:
    settings = replace(
        Settings(shop=Identity(name="Hill & Harbour", currency="EUR")),
        search=SearchSettings(encoder="none"),
        serve=serve,
    )
    folder.mkdir()
    (folder / "shop.toml").write_text(settings_text(settings))
    import_items(AssetStore(folder / "assets"), [TOUR], settings=settings)
    build(folder, progress=Silent())


def _bundle(packages: Path, out: Path, address: str) -> None:
    """Copied beside node_modules, where Node looks for what a module imports."""
    for name in ("build.mjs", "app.js", "index.html", "style.css"):
        shutil.copy(EXAMPLE / name, packages / name)
    subprocess.run(
        ["node", "build.mjs", "--out", str(out)],
        cwd=packages,
        env=os.environ | {"MERCATO": address},
        check=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def asked(packages: Path, front: Front) -> Any:
    """What `algoliasearch` was answered."""
    script = Path(__file__).parent / "instantsearch" / "client.mjs"
    shutil.copy(script, packages / script.name)
    done = subprocess.run(
        ["node", script.name, front.shop],
        cwd=packages,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_client_searches(asked):
    hits, values, dearest = asked["several"]["results"]
    tents = {
        each["id"]
        for each in PRODUCTS
        if "tent" in each["title"].lower()
        and each["brand"] in ("Norrvik", "Fernhill")
        and float(each["price"].split()[0]) <= 300
    }
    found = {hit["objectID"] for hit in hits["hits"]}
    assert tents <= found
    assert hits["nbHits"] == len(found)
    assert set(hits["facets"]["brand"]) <= {"Norrvik", "Fernhill"}
    assert [each["highlighted"] for each in values["facetHits"]] == ["<em>Nor</em>rvik"]
    prices = sorted((float(each["price"].split()[0]) for each in PRODUCTS), reverse=True)
    assert [hit["price"] for hit in dearest["hits"]] == prices[:3]


def test_the_client_reads_hits_values_and_objects(asked):
    first = asked["one"]["hits"][0]
    assert "<em>helmet</em>" in first["_snippetResult"]["description"]["value"]
    assert asked["one"]["queryID"]
    assert {each["value"] for each in asked["values"]["facetHits"]} == {"green", "grey"}
    title = "Kestrel 2-Person Tent"
    assert asked["object"] == {"objectID": "tent-kestrel-2", "title": title}
    assert [each and each["objectID"] for each in asked["objects"]["results"]] == [
        "tarp-drift",
        None,
    ]


def test_the_client_understands_refusals(asked):
    assert (asked["missing"]["status"], asked["wrong"]["status"]) == (404, 400)
    assert "ObjectID does not exist" in asked["missing"]["message"]
    assert "filters" in asked["wrong"]["message"]


@pytest.fixture
def visit(browser: Browser, front: Front) -> Iterator[Callable[..., Page]]:
    """Open the example; whatever its console complains of fails the test."""
    contexts, complaints = [], []

    def open_page(viewport: dict[str, int] = DESKTOP, address: str = "/") -> Page:
        context = browser.new_context(base_url=front.page, viewport=viewport, locale="en-IE")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.goto(address)
        expect(page.locator(".card").first).to_be_visible()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def photograph(page: Page, name: str) -> None:
    if PHOTOGRAPHED:
        page.screenshot(path=ROOT / "docs" / "screenshots" / f"instantsearch-{name}.png")


def search_for(page: Page, words: str) -> None:
    page.get_by_role("searchbox", name="Search", exact=True).fill(words)
    expect(page.locator("#stats")).to_contain_text(f"for “{words}”")


def titles(page: Page) -> list[str]:
    return page.locator(".card h2").all_inner_texts()


def test_words_are_marked_where_they_were_found(visit):
    page = visit()
    search_for(page, "rain jackets")
    expect(page.locator(".card").first.locator("h2 mark")).to_have_text(["Rain", "Jacket"])
    photograph(page, "search")
    search_for(page, "<img src=x>")
    expect(page.locator("#hits")).to_contain_text("Nothing found for “<img src=x>”")


def test_brands_join_and_other_facets_narrow(visit):
    page = visit()
    brands = page.locator("#brand")
    norrvik = brands.locator("li", has_text="Norrvik")
    before = norrvik.locator(".ais-RefinementList-count").inner_text()
    norrvik.get_by_role("checkbox").check()
    expect(page.locator("#stats")).to_have_text(f"{before} products")
    brands.locator("li", has_text="Holt").get_by_role("checkbox").check()
    expect(page.locator(".ais-CurrentRefinements-category")).to_have_count(2)
    expect(norrvik.locator(".ais-RefinementList-count")).to_have_text(before)
    page.locator("#category").get_by_role("link", name=re.compile("Clothing")).click()
    expect(page.locator("#category")).to_contain_text("Jackets")
    page.locator("#category").get_by_role("link", name=re.compile("Jackets")).click()
    expect(page.locator("#stats")).to_have_text("2 products")
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#stats")).to_have_text(re.compile(r"^5\d products$"))


def test_values_of_a_facet_are_sought(visit):
    page = visit()
    page.get_by_placeholder("Find a brand").fill("tin")
    expect(page.locator("#brand li")).to_have_count(1)
    expect(page.locator("#brand li mark")).to_have_text("Tin")


def test_prices_sort_and_bound(visit):
    page = visit()
    page.locator("#sort-by select").select_option(label="Price, highest first")
    expect(page.locator(".card h2").first).to_have_text("Gale One-Person Storm Tent")
    page.get_by_role("slider").nth(1).press("PageDown")
    expect(page.locator(".ais-CurrentRefinements-item")).to_contain_text("Price")
    expect(page.locator(".card h2").first).not_to_have_text("Gale One-Person Storm Tent")


def test_pages_turn_and_the_address_leads_back(visit):
    page = visit()
    first = titles(page)
    page.get_by_role("link", name="Page 2").click()
    expect(page.locator(".card h2").first).not_to_have_text(first[0])
    second = titles(page)
    assert not set(first) & set(second)
    page.wait_for_url(re.compile("page"))
    again = visit(address=page.url.removeprefix(page.evaluate("location.origin")))
    expect(again.locator(".card h2").first).to_have_text(second[0])


def test_a_click_becomes_an_event(visit, front):
    def accepted() -> float:
        with urlopen(f"{front.shop}/metrics") as metrics:
            found = re.search(
                r'mercato_events_total{result="accepted"} (\S+)', metrics.read().decode()
            )
        return float(found[1]) if found else 0.0

    page = visit()
    search_for(page, "tent")
    time.sleep(1)  # views are sent a little later
    before = accepted()
    with page.expect_response(re.compile("/1/events")) as answer:
        page.locator(".card").first.click()
    assert answer.value.status == 200
    (event,) = answer.value.request.post_data_json["events"]
    assert (event["eventType"], event["positions"], len(event["queryID"])) == ("click", [1], 32)
    assert accepted() == before + 1


def test_filters_open_above_the_products_on_a_phone(visit):
    page = visit(PHONE)
    photograph(page, "phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.locator("#filters")).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    page.locator("#brand li", has_text="Larder").get_by_role("checkbox").check()
    page.get_by_role("button", name="Show 6 products").click()
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#stats")).to_have_text("6 products")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
