"""A shopper is erased while a release that was published is looked after: it still comes back."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mercato.core.errors import NotReady
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.data.auditing import Reader
from mercato.data.releases import MANIFEST, ReleaseStore, link_tree
from mercato.operating.erasing.asking import ask_erasure
from mercato.operating.erasing.carrying_out import carry_out
from mercato.operating.erasing.receipt import receipt
from mercato.operating.learning.comparison import read_begun
from mercato.operating.learning.learn import learn
from mercato.operating.learning.round import Round, Stage
from mercato.shop.opened import Shop
from mercato.shop.shelf import ShelfCall, shelf
from mercato.state import State

OFFICER = Reader("officer", "test", "erasure")
KNOWN, STRANGER = (ShelfCall("buy-again", user_id=who, n=5) for who in ("u03", "nobody"))


@pytest.fixture
def small_shop(built_shop: Path, tmp_path: Path) -> Path:
    """The tour's shop: release 1 is published, and 2, which is the same, sealed."""
    folder = Path(shutil.copytree(built_shop, tmp_path / "shop"))
    releases = ReleaseStore(folder / "releases")
    with releases.draft() as draft:
        link_tree(releases.folder(1), draft, leave=MANIFEST)
        assert releases.seal(draft, releases.manifest(1)) == 2
    return folder


def look(folder: Path) -> Round:
    return learn(folder, actor="test@host", once=True, progress=Silent())


def shown(shop: Shop, call: ShelfCall) -> list[str]:
    return [card.id for card in shelf(shop, call).items]


@pytest.fixture
def poisoned(
    small_shop: Path, shop_state: State, watched: Round, visits_of: Callable[..., None]
) -> Round:
    """Release 2 is published, and its next look finds that hardly anybody clicks any more."""
    found = look(small_shop)
    assert found.stage is Stage.WATCH and found.watch is not None
    name = read_begun(found.watch).experiment
    visits_of(name, "control", 150, clicks=75)
    visits_of(name, "candidate", 150, clicks=15)
    return found


def test_the_release_before_answers_and_knows_nobody_who_was_erased(
    small_shop: Path, shop_state: State, poisoned: Round
) -> None:
    paths, releases = ShopPaths(small_shop), ReleaseStore(small_shop / "releases")
    shop = Shop.open(small_shop)
    assert (shop.live.number, shown(shop, KNOWN) != shown(shop, STRANGER)) == (2, True)
    number = ask_erasure(paths, shop_state, "u03", OFFICER).number
    carry_out(paths, shop_state)
    worse = "once published, click rate is worse than the control's"
    ended = look(small_shop)
    assert (ended.stage, ended.reason) == (Stage.ROLLED_BACK, worse)
    assert releases.current() == 1
    assert releases.refused()[2] == worse, "nobody goes back to it"
    shop.look()
    shop.refresh()
    assert shop.live.number == 1
    assert shop.live.histories.find("u03") is None
    assert shop.live.histories.find("u04") is not None
    assert shown(shop, KNOWN) == shown(shop, STRANGER)
    shop.close()
    with pytest.raises(NotReady, match="knows somebody who was erased"):
        releases.publish(1)
    carry_out(paths, shop_state)
    told = receipt(paths, shop_state, number)
    left = {each["place"] for each in told["places"] if each["remaining"]}
    assert told["done_at"] is None and {"releases/1", "releases/2"} <= left
