"""A state comes to the other database whole: rows, numbers, chains and secrets."""

from dataclasses import replace
from pathlib import Path

import pytest

from mercato.core.changes import Change, ItemChange
from mercato.core.errors import WrongUse
from mercato.core.progress import Silent
from mercato.core.settings import Settings, load_settings, settings_text
from mercato.state import EventRow, State
from mercato.state.audit import Access
from mercato.state.documents import DocumentChange
from mercato.state.moving import copy_into, write_url

SQLITE = "sqlite:///other.db"
PUT = ItemChange(0, Change.PUT, "a", {"title": "Tea"}, b"\x00\x01")


def fill(state: State) -> bytes:
    lines = [EventRow(f"e{n}", 0, n, "view_item", "ana", "v", price=0.1) for n in range(2_500)]
    state.events.append(lines).result(60)
    state.events.prune(up_to=2_500, before=2_400)
    state.items.append([PUT, replace(PUT, change=Change.DELETE, vector=None)]).result(30)
    state.items.prune(2)
    state.audit.append(Access("x", "y", "events", ("user_id",), "z")).result(30)
    state.rules.change([DocumentChange("r", {"n": 1})], actor="x", action="y").result(30)
    return state.secret("mask")


def copy(source: str, target: str, root: Path) -> dict[str, int]:
    with Silent().step("copying") as step:
        return dict(copy_into(source, target, root, step))


def test_there_and_back(url: str, postgres_url: str, tmp_path: Path) -> None:
    target = SQLITE if url == postgres_url else postgres_url
    state = State.open(url, tmp_path)
    secret = fill(state)
    assert copy(url, target, tmp_path) == {"events": 2_500, "answers": 0, "item_changes": 2}
    other = State.open(target, tmp_path)
    assert other.events.after(0, 9_999) == state.events.after(0, 9_999)
    assert other.events.user_of("v") == "ana"
    assert other.secret("mask") == secret
    assert other.rules.all() == state.rules.all()
    for log in ("audit", "decisions"):
        assert other.verify(log) == state.verify(log)
    assert other.items.append([PUT]).result(30) == [3], "numbers go on where all were pruned"
    assert other.events.append([EventRow("new", 0, 0, "search")]).result(30).accepted == 1
    assert other.events.after(0, 9_999).last == 2_501
    other.audit.append(Access("x", "y", "events", (), "z")).result(30)
    assert other.verify("audit").rows == 2
    for each in (state, other):
        each.close()


def test_a_database_with_rows_is_left_alone(url: str, tmp_path: Path) -> None:
    State.open("sqlite:///source.db", tmp_path).close()
    state = State.open(url, tmp_path)
    fill(state)
    before = state.counts()
    with pytest.raises(WrongUse, match="an empty database"):
        copy("sqlite:///source.db", url, tmp_path)
    assert state.counts() == before
    state.close()


@pytest.mark.parametrize(
    "text",
    [
        "format = 1\n",
        'format = 1\n[state]\n# mine\nurl = "sqlite:///state.db"\nkeep_days = 3\n[serve]\n',
        "format = 1\n[state]\nkeep_days = 3\n\n[shop]\nname = 'A'\n",
        settings_text(Settings()),
    ],
)
def test_the_settings_name_another_database(text: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(text)
    before = load_settings(file)
    url = "postgresql+psycopg://me:p%40ss@h/db?x=\\1"
    write_url(file, url)
    after = load_settings(file)
    assert after == replace(before, state=replace(before.state, url=url))
    assert ("# mine" in file.read_text()) == ("# mine" in text)
