"""The next release does not know who was erased, and none that does is left."""

import shutil
from pathlib import Path

import pytest

from mercato.core.errors import NotReady
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.settings import load_settings
from mercato.data.auditing import Reader
from mercato.data.importing import import_events
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.operating.erasing.asking import ask_erasure
from mercato.operating.erasing.carrying_out import carry_out
from mercato.operating.erasing.receipt import receipt
from mercato.operating.erasing.verifying import verify_receipt
from mercato.shop.opened import Shop
from mercato.shop.shelf import ShelfCall, shelf
from mercato.state import State
from mercato.training.build import build

OFFICER = Reader("officer", "test", "erasure")


@pytest.fixture
def folder(built_shop: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built_shop, tmp_path / "shop"))


def test_answers_know_nobody_who_was_erased_on_any_worker(folder: Path) -> None:
    here, there = Shop.open(folder), Shop.open(folder)
    known = ShelfCall("buy-again", user_id="u03", n=5)
    stranger = ShelfCall("buy-again", user_id="nobody", n=5)

    def shown(shop: Shop, call: ShelfCall) -> list[str]:
        return [card.id for card in shelf(shop, call).items]

    assert shown(there, known) != shown(there, stranger)
    ask_erasure(here.paths, here.state, "u03", OFFICER)
    for shop in (here, there):
        shop.refresh()
        assert shown(shop, known) == shown(shop, stranger)
        assert shop.live.histories.find("u03") is None
        assert shop.live.histories.find("u04") is not None
    releases = ReleaseStore(folder / "releases")
    with pytest.raises(NotReady, match="knows somebody who was erased"):
        releases.publish(1)
    assert releases.current() == 1
    here.close()
    there.close()


def test_the_next_build_publishes_one_without(folder: Path) -> None:
    paths, releases = ShopPaths(folder), ReleaseStore(folder / "releases")
    state = State.open("sqlite:///state.db", folder)
    number = ask_erasure(paths, state, "u03", OFFICER, at_once=True).number
    carry_out(paths, state)
    assert receipt(paths, state, number)["done_at"] is None  # release 1 answers meanwhile
    build(folder, progress=Silent())
    carry_out(paths, state)
    told = receipt(paths, state, number)
    assert (releases.numbers(), releases.current()) == ([2], 2)
    assert told["done_at"] is not None
    assert verify_receipt(paths, state, told, "u03") == []
    state.close()
    shop = Shop.open(folder)
    assert shop.live.histories.hidden is None
    assert shop.live.histories.find("u03") is None
    shop.close()


@pytest.mark.soak
def test_after_builds_and_an_erasure_no_byte_is_left(folder: Path, tmp_path: Path) -> None:
    user = "user-with-a-long-name-like-no-other"
    file = tmp_path / "more.csv"
    lines = [f"m{n},2026-04-0{n},purchase,{user},device-{user},tent-kestrel-2" for n in (1, 2, 3)]
    file.write_text("\n".join(["event_id,ts,event,user_id,visitor_id,item_id", *lines]) + "\n")
    paths = ShopPaths(folder)
    settings = load_settings(paths.settings)
    import_events(AssetStore(paths.assets), [file], settings=settings)
    build(folder, progress=Silent())
    state = State.open("sqlite:///state.db", folder)
    assert _held(folder, user)
    ask_erasure(paths, state, user, OFFICER, at_once=True)
    carry_out(paths, state)
    build(folder, progress=Silent())
    carry_out(paths, state)
    state.close()
    assert _held(folder, user) == []


def _held(root: Path, text: str) -> list[str]:
    files = [each for each in root.rglob("*") if each.is_file()]
    return [str(each.relative_to(root)) for each in files if text.encode() in each.read_bytes()]
