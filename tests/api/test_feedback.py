"""What shoppers say and who they are counts in the next answer, whichever worker gives it."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from mercato.api import create_api
from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.core.settings import ServeSettings, load_settings, settings_text
from mercato.data.histories import Histories
from mercato.shop.opened import Shop
from mercato.shop.shelf import ShelfCall, shelf
from mercato.state import EventRow

_NUMBERS = itertools.count()


@dataclass
class Shopper:
    """Somebody new, who tells one worker things and asks another, which shares nothing with it
    but the shop's folder."""

    told: TestClient
    asked: TestClient
    user: str = field(default_factory=lambda: f"user{next(_NUMBERS)}")

    @property
    def phone(self) -> str:
        return f"phone-of-{self.user}"

    def tell(self, event: str, item: str, **more: Any) -> None:
        who = {} if "visitor_id" in more else {"user_id": self.user}
        sent = {"event": event, **who, "items": [{"item_id": item}], **more}
        assert self.told.post("/v1/events", json=sent).json()["accepted"] == 1

    def home(self) -> list[str]:
        asked = {"user_id": self.user, "n": "5"}
        found = self.asked.get("/v1/recommend/home", params=asked).json()["items"]
        return [card["id"] for card in found]

    def hits(self, *, known: bool = True) -> list[str]:
        asked = {"q": "tent", "per_page": "100"} | ({"user_id": self.user} if known else {})
        return [hit["id"] for hit in self.asked.get("/v1/search", params=asked).json()["hits"]]

    def again(self, **who: str) -> str:
        found = self.asked.get("/v1/recommend/buy-again", params=who).json()["items"]
        return str(found[0]["id"]) if found and "bought" in found[0]["reason"]["code"] else ""


@pytest.fixture(scope="module")
def workers(
    built_shop: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, TestClient]]:
    folder = Path(shutil.copytree(built_shop, tmp_path_factory.mktemp("feedback") / "shop"))
    settings = load_settings(folder / "shop.toml")
    settings = replace(settings, serve=ServeSettings(drain_seconds=3600.0))
    (folder / "shop.toml").write_text(settings_text(settings))
    with ExitStack() as opened:
        one, other = (
            opened.enter_context(TestClient(create_api(Shop.open(folder)))) for _ in range(2)
        )
        yield one, other


@pytest.fixture
def shopper(workers: tuple[TestClient, TestClient]) -> Shopper:
    return Shopper(*workers)


@pytest.mark.parametrize(
    ("how", "more"), [("dismiss", {}), ("rate", {"value": 2}), ("review", {"rating": "1"})]
)
def test_what_is_not_liked_leaves_shelves_and_comes_last_in_searches(
    shopper: Shopper, how: str, more: dict[str, Any]
) -> None:
    shelf, found = shopper.home(), shopper.hits()
    for item in (shelf[0], found[0]):
        shopper.tell(how, item, **more)
    assert shelf[0] not in shopper.home()
    assert shopper.hits() == [*found[1:], found[0]]
    assert shopper.hits(known=False)[0] == found[0]


def test_a_better_word_takes_it_back(shopper: Shopper) -> None:
    first = shopper.hits()
    shopper.tell("dismiss", first[0])
    shopper.tell("rate", first[0], value=5)
    assert shopper.hits() == first


def test_stars_say_what_a_shopper_cares_for(shopper: Shopper) -> None:
    shelf = shopper.home()
    shopper.tell("rate", "gas-230", value=5)
    assert shelf != shopper.home()


def test_a_login_joins_what_was_done_before_it(shopper: Shopper) -> None:
    shopper.tell("purchase", "lantern", visitor_id=shopper.phone)
    assert shopper.again(user_id=shopper.user) == ""
    login = {"type": "identify", "anonymousId": shopper.phone, "userId": shopper.user}
    assert shopper.told.post("/v1/identify", json=login).status_code == 200
    assert shopper.again(user_id=shopper.user) == "lantern"
    assert shopper.again(visitor_id=shopper.phone) == "lantern"
    assert shopper.again(user_id="somebody else") == ""


def test_ga4s_login_joins_too(shopper: Shopper) -> None:
    shopper.tell("purchase", "lantern", visitor_id=shopper.phone)
    login = {"client_id": shopper.phone, "user_id": shopper.user, "events": [{"name": "login"}]}
    assert shopper.told.post("/mp/collect", json=login).status_code == 204
    assert shopper.again(user_id=shopper.user) == "lantern"


def test_what_a_release_knows_of_a_guest_is_the_users_after_a_login(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is made to know one shopper of the tour as a guest."""
    known = shop.live.histories
    buyer = next(n for n in range(known.interactions.n_users) if _buys(known.interactions.of(n)))
    guest = Histories(pa.array(["visitor:phone"]), known.interactions.of(buyer))
    monkeypatch.setattr(shop, "live", replace(shop.live, histories=guest))
    asked = ShelfCall("buy-again", user_id="anna")
    assert "bought" not in shelf(shop, asked).items[0].reason.code
    shop.state.events.append([EventRow("l", 0, 1, "login", "anna", "phone")]).result(30)
    assert "bought" in shelf(shop, asked).items[0].reason.code


def _buys(did: Interactions) -> bool:
    return bool(len(did.of_kinds(Event.PURCHASE).item))
