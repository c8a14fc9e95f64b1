"""Whatever shows a person's data, as a command or over HTTP, leaves a record of who looked.

The shop's persons have ids that nothing else contains: an output with one of them, which was not
given with the question, is personal. A command or a route that is not asked here fails the test.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient
from typer.testing import CliRunner

from mercato.api import create_api
from mercato.cli import COMMANDS, app
from mercato.core.progress import Silent
from mercato.core.settings import (
    EvaluationSettings,
    ImportSettings,
    SearchSettings,
    Settings,
    settings_text,
)
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop
from mercato.shop.shelf import ShelfCall, shelf
from mercato.state import State
from mercato.state.audit import Access
from mercato.training.build import build
from mercato.web.app import FORMS, PAGES

TOUR = Path(__file__).parents[2] / "examples" / "tour"
MARK = "canary7f3a"
USER = f"{MARK}-u03"

TRIED = (
    '{{"name": "tried", "goal": "conversion", "arms": [{{"name": "control", "share": 0.5}}, '
    '{{"name": "tried", "share": 0.5, "changes": {{"variety": 0.4}}}}]}}'
)
"""Braces are doubled: commands are formatted."""

ASKED: dict[str, Sequence[Sequence[str]]] = {
    "import": [["import", "{shop}", "--events", "{bad}"]],
    "check": [["check", "{shop}", "--html", "{new}/check.html"]],
    "evaluate": [["evaluate", "{shop}", "--split", "2026-05-01", "--json"]],
    "search": [["search", "{shop}", "tent", "--json"]],
    "recommend": [["recommend", "{shop}", "buy-again", "--user", USER, "--json"]],
    "batch": [["batch", "{shop}", "--out", "{new}/letters.jsonl"]],
    "releases": [["releases", "{shop}", "--json"]],
    "users": [
        ["users", "{shop}", "--user", USER],
        ["users", "{shop}", "--export", USER],
        ["users", "{shop}", "--definitions"],
    ],
    "events": [["events", "{shop}"], ["events", "{shop}", "--mask"]],
    "assets": [
        ["assets", "{shop}"],
        *(["assets", "{shop}", name] for name in ("events", "answers", "sessions", "histories")),
        ["assets", "{shop}", "quarantine", "--json"],
        ["assets", "{shop}", "events", "--history", "--json"],
        ["assets", "{shop}", "events", "--diff", "0", "1", "--json"],
        ["assets", "{shop}", "events", "--export", "{new}/masked.csv"],
        ["assets", "{shop}", "sessions", "--export", "{new}/plain.jsonl", "--unmasked"],
        ["assets", "{shop}", "--trace", "{query_id}", "--json"],
        ["assets", "{shop}", "--trace-item", "tent-kestrel-2", "--json"],
    ],
    "audit": [["audit", "{shop}", "--json"], ["audit", "{shop}", "--user", USER]],
    "quarantine": [
        ["quarantine", "{shop}"],
        ["quarantine", "{shop}", "--json"],
        ["quarantine", "{shop}", "--export", "{new}/mend.jsonl"],
        ["quarantine", "{shop}", "--retry", "{new}/mend.jsonl"],
    ],
    "feeds": [["feeds", "{shop}", "--json"]],
    "rules": [
        ["rules", "{shop}", "--export", "{new}/rules.json"],
        ["rules", "{shop}", "--conflicts", "--json"],
    ],
    "synonyms": [["synonyms", "{shop}", "--propose", "--json"]],
    "experiments": [
        ["experiments", "{shop}", "plan", "--goal", "revenue", "--days", "3000", "--json"],
        ["experiments", "{shop}", "create", "--definition", TRIED],
        ["experiments", "{shop}", "look", "--json"],
        ["experiments", "{shop}", "show", "tried", "--json"],
    ],
    "backup": [["backup", "{shop}", "{new}/backup", "--json"]],
    "restore": [["restore", "{new}/backup", "--verify"]],
    "keys": [["keys", "{shop}", "--json"]],
    "people": [["people", "{shop}", "--json"]],
    "learn": [["learn", "{shop}", "--status", "--json"]],
    "state": [["state", "{shop}", "--json"]],
    "doctor": [["doctor", "{shop}", "--json"]],
}
"""In this order: a later command finds what an earlier one has made."""

NOT_ASKED = {
    "build": "its pages are asked below, and it prints the release's counts alone",
    "init": "a new shop knows nobody",
    "serve": "its routes are asked below",
    "demo": "init, import, build and serve",
}

SHOWS = {"events", "quarantine", "assets", "import", "batch"}
"""Commands of which at least one way to ask shows persons whom nobody named."""

PATHS = {
    "/v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:collect": (
        "/v2/projects/p/locations/l/catalogs/c/userEvents:collect"
    ),
    "/v1/users/{user_id:any_id}/export": f"/v1/users/{USER}/export",
    "/v1/erasures/{number}": "/v1/erasures/1",
    "/v1/search": "/v1/search?q=tent",
    "/v1/suggest": "/v1/suggest?q=te",
    "/v1/recommend/{placement}": f"/v1/recommend/buy-again?user_id={USER}",
    "/v1/rules/{rule_id}": "/v1/rules/a",
    "/v1/experiments/{name}": "/v1/experiments/tried",
    "/item/{item_id:path}": "/item/tent-kestrel-2",
    "/banner/{banner_id}": "/banner/summer",
    "/search": "/search?q=tent",
    "/suggest": "/suggest?q=te",
    "/static/{name}": "/static/style.css",
}
"""Routes that are asked under another address than their own."""


@pytest.fixture(scope="module")
def canary_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tour's shop with marked persons, built, with a logged answer."""
    folder = tmp_path_factory.mktemp("canary")
    root, log = folder / "shop", folder / "events.csv"
    root.mkdir()
    settings = Settings(
        imports=ImportSettings(max_bad_share=0.9),
        search=SearchSettings(encoder="none"),
        evaluation=EvaluationSettings(days=0),
    )
    (root / "shop.toml").write_text(settings_text(settings))
    text = (TOUR / "events.csv").read_text().replace(",u0", f",{MARK}-u0")
    for n in range(12):  # a habit, so that the page of shoppers lists them
        text += f"c{n},0,2026-03-0{n % 9 + 1}T10:00:00Z,purchase,{USER},s{n},tent-kestrel-2,1,9,,\n"
    log.write_text(text)
    store = AssetStore(root / "assets")
    import_items(store, [TOUR / "products.csv"], settings=settings)
    import_events(store, [log], settings=settings)
    log.write_text(text + text.splitlines()[1].replace("e0009", "e9999") + "\n")
    import_events(store, [log], settings=settings)
    build(root, progress=Silent())
    (folder / "bad.csv").write_text(
        "event_id,ts,event,user_id\n"
        f"b1,2026-05-01,no such event,{USER}\n"
        f"b2,2026-05-01T10:00:00Z,view_item,{MARK}{'x' * 600}\n"
        f"b3,2026-05-01T10:00:00Z,view_item,{USER}\n"
    )
    return root


def recorded(root: Path) -> list[Access]:
    state = State.open("sqlite:///state.db", root)
    try:
        return list(state.audit.since())
    finally:
        state.close()


@pytest.fixture(scope="module")
def query_id(canary_shop: Path) -> str:
    """Of a shelf for one of the persons."""
    shop = Shop.open(canary_shop)
    try:
        return shelf(shop, ShelfCall(placement="home", user_id=USER)).query_id
    finally:
        shop.close()


def written(folder: Path, before: set[Path]) -> str:
    files = [path for path in folder.iterdir() if path not in before and path.name != "backup"]
    return "".join(path.read_text() for path in files)


def test_every_command_is_asked() -> None:
    assert set(COMMANDS) - set(ASKED) - set(NOT_ASKED) == set()


def test_commands_that_show_a_person_leave_a_record(
    canary_shop: Path, query_id: str, tmp_path: Path
) -> None:
    places = {
        "shop": canary_shop,
        "new": tmp_path,
        "bad": canary_shop.parent / "bad.csv",
        "query_id": query_id,
    }
    showed = set()
    asked = [(name, way) for name in ASKED if name in COMMANDS for way in ASKED[name]]
    for name, way in asked:
        arguments = [part.format(**places) for part in way]
        count, files = len(recorded(canary_shop)), set(tmp_path.iterdir())
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code in (0, 1), (way, done.output, done.exception)
        output = done.output.replace(USER, "") if USER in way else done.output
        new = recorded(canary_shop)[count:]
        if MARK in output + written(tmp_path, files):
            showed.add(name)
            assert new, f"{' '.join(way)} shows persons and leaves no record"
        if "--user" in way and name != "audit":
            assert any(access.subject for access in new), way
    assert showed == SHOWS


@pytest.fixture
def http(canary_shop: Path) -> Iterator[TestClient]:
    """A client of everything that `mercato serve` serves."""
    from mercato.web import create_web

    shop = Shop.open(canary_shop)
    api = create_api(shop)
    api.mount("/", create_web(shop))
    with TestClient(api, follow_redirects=False) as client:
        yield client


def addresses(client: TestClient) -> list[str]:
    """Of every route that shows something."""
    routes = [route for route in client.app.routes if isinstance(route, Route)]  # type: ignore[attr-defined]
    asked = [route.path for route in routes if "GET" in (route.methods or ())]
    return [
        *asked,
        *PAGES,
        *(f"{path}.json" for path in PAGES if path not in PATHS and path != "/"),
    ]


def test_routes_that_show_a_person_leave_a_record(canary_shop: Path, http: TestClient) -> None:
    showed = set()
    for path in addresses(http):
        address = PATHS.get(path, path)
        assert "{" not in address, f"say in PATHS how to ask {path}"
        count = len(recorded(canary_shop))
        answer = http.get(address)
        assert answer.status_code < 500, address
        text = answer.text.replace(USER, "") if USER in address else answer.text
        if MARK in text:
            showed.add(path)
            assert recorded(canary_shop)[count:], f"{address} shows persons and leaves no record"
    assert showed == {"/shopper", "/shopper.json"}


def test_seeing_the_shop_as_somebody_leaves_a_record(canary_shop: Path, http: TestClient) -> None:
    keeps = {"/basket/add", "/basket/add-all", "/basket/change", "/basket/checkout"}
    keeps |= {"/compare/add", "/compare/remove", "/personal", "/less"}
    assert set(FORMS) == keeps | {"/shopper"}  # which alone shows what is known of somebody
    count = len(recorded(canary_shop))
    http.post("/shopper", data={"user_id": USER}, headers={"origin": "http://testserver"})
    (access,) = recorded(canary_shop)[count:]
    assert (access.action, access.asset) == ("POST /shopper", "histories")
    assert access.subject is not None and access.subject.startswith("p-")
    assert json.dumps(USER) not in json.dumps(access.__dict__)
    http.post("/shopper", data={"user_id": ""}, headers={"origin": "http://testserver"})
    assert len(recorded(canary_shop)) == count + 1
