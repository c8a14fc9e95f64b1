"""Who comes in to the console, from where, and who does not."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from mercato.core.errors import MercatoError
from mercato.core.roles import Permission, Role
from mercato.core.settings import Settings
from mercato.shop.people import add_person, make_link, remove_person, set_role
from mercato.shop.rules import By
from mercato.state import State
from mercato.web.console.access import access_routes, admitted, guards
from mercato.web.console.access.following import safe_next

BY = By("me@host", "people")
PASSWORD = "correct horse battery"
HOST = "http://shop.example"

Browser = Callable[..., TestClient]


@pytest.fixture(scope="module")
def with_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access")
    state = State.open("sqlite:///state.db", folder)
    add_person(state, "ana", Role.OWNER, BY, PASSWORD)
    add_person(state, "vic", Role.VIEWER, BY, PASSWORD)
    state.close()
    return folder / "state.db"


@pytest.fixture
def kept(with_people: Path, tmp_path: Path) -> Iterator[State]:
    shutil.copy(with_people, tmp_path)
    state = State.open("sqlite:///state.db", tmp_path)
    yield state
    state.close()


async def refuse(request: Request, error: MercatoError) -> Response:
    return PlainTextResponse(str(error), error.status)


async def today(request: Request) -> Response:
    return JSONResponse({"by": admitted(request, Permission.LOOK)[0].actor})


async def people(request: Request) -> Response:
    return JSONResponse({"by": admitted(request, Permission.MANAGE)[0].actor})


@pytest.fixture
def browser(kept: State) -> Iterator[Browser]:
    """Browsers at a console of two pages, on as many workers of one state."""
    opened: list[TestClient] = []
    shop: Any = SimpleNamespace(state=kept, settings=Settings())

    def made(address: str = HOST, client: str = "10.0.0.1") -> TestClient:
        console = Starlette(
            routes=[
                *access_routes(shop),
                Route("/today", today, methods=["GET", "POST"]),
                Route("/people", people),
            ],
            middleware=guards(shop, refuse),
            exception_handlers={MercatoError: refuse},  # type: ignore[dict-item]
        )
        headers = {"accept-language": "en", "origin": address}
        made = TestClient(
            Starlette(routes=[Mount("/console", console)]),
            address,
            headers=headers,
            client=(client, 50_000),
            follow_redirects=False,
        )
        opened.append(made.__enter__())
        return made

    yield made
    for each in opened:
        each.__exit__()


def enter(at: TestClient, name: str = "ana", password: str = PASSWORD, **form: str) -> Any:
    return at.post("/console/sign-in", data={"name": name, "password": password, **form})


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(browser: Browser) -> None:
    at = browser()
    led = at.get("/console/today?days=7&q=a%20b")
    assert led.status_code == 303
    assert (
        led.headers["location"]
        == "/console/sign-in?next=%2Fconsole%2Ftoday%3Fdays%3D7%26q%3Da%2520b"
    )
    page = at.get(led.headers["location"])
    assert 'value="/console/today?days=7&amp;q=a%20b"' in page.text
    entered = enter(at, next="/console/today?days=7&q=a%20b")
    assert (entered.status_code, entered.headers["location"]) == (
        303,
        "/console/today?days=7&q=a%20b",
    )
    assert at.get("/console/today").json() == {"by": "ana"}
    assert at.get("/console/sign-in").headers["location"] == "/console/"


def test_every_address_stands_behind_the_door(browser: Browser) -> None:
    at = browser()
    for path in ("/console/", "/console/today", "/console/nothing", "/console/sign-in/x"):
        assert at.get(path).headers["location"].startswith("/console/sign-in")
    assert at.get("/console/today.json").status_code == 401
    assert at.post("/console/today").headers["location"] == "/console/sign-in"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/console//evil.example",
        "/console/..//evil.example",
        "/console/\\evil.example",
        "/console/a\r\nset-cookie: b=c",
        "/console/\t/evil.example",
        "javascript:alert(1)",
        "/consoles",
        "",
        None,
    ],
)
def test_nobody_is_led_out_of_the_console(wanted: str | None) -> None:
    assert safe_next(wanted) == "/console/"


def test_a_page_asks_for_its_permission_and_says_who_may(browser: Browser) -> None:
    at = browser()
    enter(at, "vic")
    assert at.get("/console/today").status_code == 200
    refused = at.get("/console/people")
    assert refused.status_code == 403
    assert refused.text.startswith("expected one of: owner; found vic, viewer.")


def test_a_wrong_password_is_told_kindly_and_guessing_ends(browser: Browser) -> None:
    at = browser()
    for name in ("ana", "nobody", '"><script>'):
        wrong = enter(at, name, "something else")
        assert wrong.status_code == 401
        assert "do not belong together" in wrong.text
        assert "<script" not in wrong.text
    for _ in range(4):
        enter(at, "ana", "something else")
    often = enter(at)
    assert (often.status_code, often.headers["retry-after"]) == (429, "900")
    assert "Too many tries" in often.text
    assert enter(browser(client="10.0.0.2")).status_code == 303


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(browser: Browser) -> None:
    plain = enter(browser()).headers["set-cookie"]
    assert plain.startswith("mercato_console=")
    assert "; path=/console; Max-Age=604800; httponly; samesite=lax" in plain
    secure = enter(browser("https://shop.example")).headers["set-cookie"]
    assert secure.startswith("__Host-mercato_console=")
    assert secure.endswith("; path=/; Max-Age=604800; httponly; samesite=lax; secure")


def test_a_session_is_another_one_after_each_sign_in(browser: Browser) -> None:
    at, stolen = browser(), browser()
    enter(at)
    stolen.cookies.update(at.cookies)
    assert stolen.get("/console/today").status_code == 200
    enter(at, "vic")
    assert at.get("/console/today").json() == {"by": "vic"}
    assert stolen.get("/console/today").status_code == 303


def test_a_cookie_that_was_made_up_opens_nothing(browser: Browser) -> None:
    at = browser()
    enter(at)
    name, value = next(iter(at.cookies.items()))
    for made_up in (value[:-2], value[1:], "null", "e30=.x.y", "\u00e9"):
        other = browser()
        header = {"cookie": f"{name}={made_up}".encode("latin-1")}
        assert other.get("/console/today", headers=header).status_code == 303  # type: ignore[arg-type]


@pytest.mark.parametrize("change", ["sign out", "role", "removal"])
def test_a_session_ends_at_once(browser: Browser, kept: State, change: str) -> None:
    at, worker = browser(), browser()
    enter(at, "vic")
    worker.cookies.update(at.cookies)
    assert worker.get("/console/today").status_code == 200
    if change == "sign out":
        out = at.post("/console/sign-out")
        assert out.headers["location"] == "/console/sign-in"
        assert "expires=Thu, 01 Jan 1970" in out.headers["set-cookie"]
    elif change == "role":
        set_role(kept, "vic", Role.ANALYST, BY)
    else:
        remove_person(kept, "vic", BY)
    assert worker.get("/console/today").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://evil.shop.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://shop.example.evil.example"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/console/sign-in", "/console/sign-out", "/console/today"])
def test_no_other_site_sends_a_form(browser: Browser, path: str, headers: dict[str, str]) -> None:
    at = browser()
    enter(at)
    del at.headers["origin"]
    refused = at.post(path, data={"name": "vic", "password": PASSWORD}, headers=headers)
    assert refused.status_code == 403
    assert at.get("/console/today").json() == {"by": "ana"}


def test_a_link_signs_in_once_after_a_press_of_its_button(browser: Browser, kept: State) -> None:
    at, path = browser(), f"/console/link?token={make_link(kept, 'vic', BY)}"
    for _ in range(2):  # whoever looks ahead, as mail programs do, uses nothing up
        page = at.get(path)
        assert "Welcome, vic" in page.text and "Your role: viewer" in page.text
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == (
        "same-origin",
        "no-store",
    )
    form = {"token": path.partition("=")[2], "password": "short"}
    refused = at.post("/console/link", data=form)
    assert refused.status_code == 400 and "too easily guessed" in refused.text
    assert (
        at.post("/console/link", data=form | {"password": "another good password"}).status_code
        == 303
    )
    assert at.get("/console/today").json() == {"by": "vic"}
    for answer in (at.get(path), at.post("/console/link", data=form)):
        assert answer.status_code == 404 and "has ended" in answer.text
    assert enter(browser(), "vic", "another good password").status_code == 303


def test_the_pages_speak_chinese(browser: Browser) -> None:
    at = browser()
    page = at.get("/console/sign-in?lang=zh")
    assert '<html lang="zh">' in page.text and "登录" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_form_that_is_too_large_is_refused(browser: Browser) -> None:
    assert enter(browser(), "a" * 20_000).status_code == 400


def test_it_is_on_record_who_came_and_who_did_not(browser: Browser, kept: State) -> None:
    at = browser()
    before = len(list(kept.decisions.since()))
    enter(at, "vic", "something else")
    enter(at, "my other password", "x")
    enter(at, "vic")
    at.post("/console/sign-out")
    told = [(each.actor, each.action, each.key) for each in kept.decisions.since()][before:]
    assert told == [
        ("10.0.0.1", "POST /console/sign-in", "vic"),
        ("10.0.0.1", "POST /console/sign-in", "nobody of this name"),
        ("vic", "POST /console/sign-in", "vic"),
        ("vic", "POST /console/sign-out", "vic"),
    ]
    assert kept.verify("decisions").broken is None
