"""What comes back is the shop that was backed up, also one that was being served."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from mercato.core.errors import NotFound, WrongUse
from mercato.core.progress import Silent, Step
from mercato.core.settings import Settings
from mercato.data.derive import derive
from mercato.data.store import AssetStore
from mercato.operating.backup import snapshot
from mercato.operating.backup.holding import Busy
from mercato.operating.backup.making import make_backup, verify_backup
from mercato.operating.drain import Moved, drain
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search
from mercato.shop.shelf import Card, ShelfCall, shelf
from mercato.state import EventRow, State

URL = "sqlite:///state.db"
NOON = 1_777_636_800_000_000

Restore = Callable[..., Path | None]


def drained_events(root: Path) -> list[str]:
    """The ids of all events of a shop, after what waited was moved."""
    state = State.open(URL, root)
    drain(state, AssetStore(root / "assets"))
    state.close()
    found = AssetStore(root / "assets").read("events", columns=["event_id"])
    ids: list[str] = found["event_id"].to_pylist()
    return ids


def add(root: Path, *names: str) -> None:
    state = State.open(URL, root)
    rows = [EventRow(name, 0, NOON, "view_item", "bo", item_id="pot") for name in names]
    state.events.append(rows).result(30)
    state.close()


def test_a_small_shop_comes_back(
    small_shop: Path, backed_up: Path, tmp_path: Path, restored: Restore
) -> None:
    (small_shop / "build").mkdir()
    (small_shop / "build" / "cache").write_text("can be made again")
    root = tmp_path / "new" / "shop"
    assert restored(backed_up, root) is None
    assert (root / "shop.toml").read_bytes() == (small_shop / "shop.toml").read_bytes()
    for name in ("items", "events", "sources"):
        here, there = AssetStore(root / "assets"), AssetStore(small_shop / "assets")
        assert here.read(name, hidden=True) == there.read(name, hidden=True)
        assert here.history(name) == there.history(name)
    assert sorted(drained_events(root)) == ["a", "b", "c"]
    assert not (root / "build").exists()
    state = State.open(URL, root)
    assert {each.action for each in state.audit.since()} == {"restore"}
    state.close()


def test_its_file_is_a_tar_that_others_read_and_only_its_owner(backed_up: Path) -> None:
    if shutil.which("zstd") is None:
        pytest.skip("install zstd: apt install zstd")
    listed = subprocess.run(
        ["tar", "--zstd", "-tf", backed_up], capture_output=True, text=True, check=True
    )
    names = listed.stdout.splitlines()
    assert {"shop.toml", "state.db", "manifest.json"} <= set(names)
    assert listed.stderr == ""
    assert backed_up.stat().st_mode & 0o777 == 0o600


def _shown(card: Card) -> dict[str, object]:
    """A card without its score, which moves with the clock."""
    return asdict(card) | {"score": None}


def test_a_built_shop_answers_as_before(
    supermarket: Path, tmp_path: Path, restored: Restore
) -> None:
    shop = shutil.copytree(supermarket, tmp_path / "shop")
    manifest = make_backup(shop, tmp_path / "b", Silent())
    assert (manifest.releases, manifest.current) == ((1,), 1)
    assert not (shop / ".backup").exists()
    root = tmp_path / "again"
    restored(tmp_path / "b", root)
    answers, scores = [], []
    for folder in (shop, root):
        opened = Shop.open(folder)
        user = str(opened.live.histories.shopper_ids[0])
        found = search(opened, SearchCall(q="milk"))
        home = shelf(opened, ShelfCall(placement="home", user_id=user))
        ids = [hit.id for hit in found.hits]
        answers.append((found.total, ids, [_shown(card) for card in home.items]))
        scores.append([card.score for card in home.items])
        opened.close()
    assert answers[0] == answers[1]
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)
    assert answers[0][0] > 0


def test_events_that_come_and_are_drained_while_it_runs_are_there_once_or_not_at_all(
    small_shop: Path, tmp_path: Path, restored: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state's copy gave number 3; the asset has meanwhile got as far as 5."""
    real = snapshot.copy_state

    def slow(source: Path, target: Path, step: Step) -> Mapping[str, int]:
        given = real(source, target, step)
        add(small_shop, "d", "e")
        assert sorted(drained_events(small_shop)) == ["a", "b", "c", "d", "e"]
        return given

    monkeypatch.setattr(snapshot, "copy_state", slow)
    make_backup(small_shop, tmp_path / "b", Silent())
    root = tmp_path / "again"
    restored(tmp_path / "b", root)
    assert sorted(drained_events(root)) == ["a", "b", "c"]
    add(root, "f", "g", "h")  # with numbers that the first shop gave to others
    assert sorted(drained_events(root)) == ["a", "b", "c", "f", "g", "h"]


def test_what_was_derived_from_newer_versions_is_left_out(
    small_shop: Path, tmp_path: Path, restored: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inputs' version numbers will be other rows' in the restored shop."""
    real = snapshot.copy_state
    store = AssetStore(small_shop / "assets")
    derive(store, ["histories"], settings=Settings())

    def slow(source: Path, target: Path, step: Step) -> Mapping[str, int]:
        given = real(source, target, step)
        add(small_shop, "d")
        drained_events(small_shop)
        derive(store, ["histories"], settings=Settings())
        return given

    monkeypatch.setattr(snapshot, "copy_state", slow)
    manifest = make_backup(small_shop, tmp_path / "b", Silent())
    assert (store.version("histories"), manifest.assets["histories"].version) == (1, 0)
    restored(tmp_path / "b", tmp_path / "again")
    store = AssetStore(tmp_path / "again" / "assets")
    assert sorted(drained_events(tmp_path / "again")) == ["a", "b", "c"]
    derive(store, ["histories"], settings=Settings())
    (history,) = store.read("histories").to_pylist()
    assert (history["shopper_id"], len(history["events"])) == ("ana", 3)


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_a_shop_that_takes_events_comes_back_with_all_of_some_moment(
    small_shop: Path, tmp_path: Path, restored: Restore, rounds: int
) -> None:
    program = f"""
from pathlib import Path
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.state import EventRow, State
root = Path({str(small_shop)!r})
state, store = State.open({URL!r}, root), AssetStore(root / "assets")
for n in range(100_000):
    state.events.append([EventRow(str(n), 0, {NOON}, "view_item")]).result()
    print(n, flush=True)
    if n % 7 == 0:
        drain(state, store)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        for number in range(rounds):
            accepted = int(server.stdout.readline())
            make_backup(small_shop, tmp_path / f"b{number}", Silent())
            root = tmp_path / f"again{number}"
            restored(tmp_path / f"b{number}", root)
            assert Moved() == drain_again(root)
            found = [name for name in drained_events(root) if name not in "abc"]
            assert sorted(map(int, found)) == list(range(len(found)))  # none twice, no gap
            assert len(found) > accepted  # all that was accepted before it began
            add(root, "later")
            assert drained_events(root).count("later") == 1
        server.kill()


def drain_again(root: Path) -> Moved:
    """What a second drain finds to do."""
    drained_events(root)
    state = State.open(URL, root)
    try:
        return drain(state, AssetStore(root / "assets"))
    finally:
        state.close()


def test_a_shop_that_is_there_is_moved_aside_only_where_asked(
    small_shop: Path, backed_up: Path, restored: Restore
) -> None:
    add(small_shop, "d")
    with pytest.raises(WrongUse, match="--force"):
        restored(backed_up, small_shop)
    aside = restored(backed_up, small_shop, force=True)
    assert aside is not None
    assert sorted(drained_events(small_shop)) == ["a", "b", "c"]
    assert sorted(drained_events(aside)) == ["a", "b", "c", "d"]


def test_a_shop_that_is_open_and_a_folder_that_is_none_stay(
    small_shop: Path, backed_up: Path, tmp_path: Path, restored: Restore
) -> None:
    state = State.open(URL, small_shop)
    with pytest.raises(Busy, match="Stop the server"):
        restored(backed_up, small_shop, force=True)
    state.close()
    other = tmp_path / "photos"
    other.mkdir()
    (other / "holiday.jpg").write_bytes(b"1")
    with pytest.raises(WrongUse, match="something else"):
        restored(backed_up, other, force=True)
    assert [path.name for path in other.iterdir()] == ["holiday.jpg"]
    (tmp_path / "empty").mkdir()
    restored(backed_up, tmp_path / "empty")
    assert (tmp_path / "empty" / "shop.toml").is_file()


def test_without_a_shop_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="a shop at"):
        make_backup(tmp_path / "none", tmp_path / "b", Silent())
    assert not list(tmp_path.iterdir())


def test_a_second_backup_at_the_same_time_is_refused(
    small_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = snapshot.copy_state

    def meanwhile(source: Path, target: Path, step: Step) -> Mapping[str, int]:
        with pytest.raises(Busy):
            make_backup(small_shop, tmp_path / "second", Silent())
        return real(source, target, step)

    monkeypatch.setattr(snapshot, "copy_state", meanwhile)
    make_backup(small_shop, tmp_path / "first", Silent())
    assert verify_backup(tmp_path / "first", Silent()).shop == "My shop"
    assert not (tmp_path / "second").exists()
    with pytest.raises(WrongUse, match="one that is there"):
        make_backup(small_shop, tmp_path / "first", Silent())


def test_what_was_tidied_up_meanwhile_makes_it_begin_again(
    small_shop: Path, tmp_path: Path, restored: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vacuum takes a file away between its listing and its link: here, the first time."""
    real, begun = snapshot.pin_asset, time.monotonic()
    left = [True]

    def vanishing(*given: object) -> None:
        if left.pop() if left else False:
            raise FileNotFoundError("gone")
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "pin_asset", vanishing)
    make_backup(small_shop, tmp_path / "b", Silent())
    restored(tmp_path / "b", tmp_path / "again")
    assert sorted(drained_events(tmp_path / "again")) == ["a", "b", "c"]
    assert time.monotonic() - begun < 60
