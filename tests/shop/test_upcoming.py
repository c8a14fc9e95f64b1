"""A release that cannot be opened keeps a server from nothing else."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mercato.core.errors import NotReady
from mercato.core.scopes import Scope
from mercato.shop import upcoming
from mercato.shop.items import Operation, change
from mercato.shop.keys import create_key
from mercato.shop.opened import Shop
from mercato.shop.publishing import publish
from mercato.shop.rules import By

ME = By("me@here", "test")


@pytest.fixture
def folder(built_shop: Path, tmp_path: Path) -> Path:
    """The built shop with a second release that is not published and has a broken manifest."""
    folder = tmp_path / "shop"
    shutil.copytree(built_shop, folder, copy_function=os.link)
    shutil.copytree(folder / "releases" / "1", folder / "releases" / "2", copy_function=os.link)
    broken(folder).unlink()
    broken(folder).write_text('{"format": 99}')
    for state in folder.glob("state.db*"):  # what is written to is a file of its own
        state.unlink()
        shutil.copy(built_shop / state.name, state)
    return folder


def broken(folder: Path) -> Path:
    return folder / "releases" / "2" / "manifest.json"


def point_to(folder: Path, number: int) -> None:
    current = folder / "releases" / "current"
    current.unlink()
    current.write_text(f"{number}\n")


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    opened = Shop.open(folder)
    yield opened
    opened.close()


def test_keys_and_items_are_taken_up_and_the_release_before_goes_on(
    shop: Shop, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    point_to(folder, 2)
    before = shop.keys.version
    create_key(shop.state, "new", [Scope.SEARCH], ME)
    change(shop, Operation("delete", "tent-kestrel-2", {}))
    for _ in range(3):
        shop.refresh()
    assert shop.keys.version != before
    assert shop.live.catalogue.row("tent-kestrel-2") is None
    assert shop.live.number == 1
    assert caplog.text.count("release 2 is published and cannot be opened") == 1
    assert shop.upcoming.failures == 1  # the second try waits


def test_one_that_was_mended_is_taken_up(
    shop: Shop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upcoming, "AGAIN_SECONDS", 0.0)
    point_to(folder, 2)
    shop.refresh()
    shutil.copy(folder / "releases" / "1" / "manifest.json", broken(folder))
    shop.refresh()
    assert shop.live.number == 2
    assert shop.upcoming.why_not(2) == ""


def test_a_pointer_that_cannot_be_read_keeps_no_key_from_being_revoked(
    shop: Shop, folder: Path
) -> None:
    before = shop.keys.version
    (folder / "releases" / "current").unlink()
    (folder / "releases" / "current").mkdir()
    create_key(shop.state, "new", [Scope.SEARCH], ME)
    with pytest.raises(OSError, match="current"):
        shop.refresh()
    assert shop.keys.version != before


def test_who_publishes_one_that_is_whole_and_cannot_be_opened_is_told(
    shop: Shop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(folder / "releases" / "1" / "manifest.json", broken(folder))

    def of_another_time(*args: object) -> None:
        raise ValueError("secret words of a file")

    monkeypatch.setattr(upcoming, "open_release", of_another_time)
    with pytest.raises(NotReady, match=r"release 2.*ValueError\. Release 1 goes on answering"):
        publish(shop, 2, ME)
    assert shop.live.number == 1
