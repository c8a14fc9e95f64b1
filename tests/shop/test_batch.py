"""Shelves of all shoppers: whole, resumable, the same as asked one by one."""

import csv
import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Silent, Step
from mercato.shop import batch as module
from mercato.shop.batch import Batch, write_batch
from mercato.shop.opened import Shop
from mercato.shop.shelf import shelf

LETTER = Batch("email", "jsonl", n=4)


@pytest.fixture(scope="module")
def tour_shop(built_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = Shop.open(Path(shutil.copytree(built_shop, tmp_path_factory.mktemp("batch") / "shop")))
    yield opened
    opened.close()


class Stopping:
    """Progress that ends the run as a kill would, after so many shoppers."""

    def __init__(self, after: int) -> None:
        self.left = after

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        return self._step()

    @contextmanager
    def _step(self) -> Iterator[Step]:
        yield self

    def advance(self, amount: int = 1) -> None:
        self.left -= amount
        if self.left < 0:
            raise KeyboardInterrupt

    def note(self, text: str) -> None: ...


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def plain(path: Path) -> list[tuple[str, list[str]]]:
    """Who got what: answers have ids of their own, and scores fade with the clock."""
    return [(line["user_id"], [item["id"] for item in line["items"]]) for line in lines(path)]


def test_every_shopper_gets_what_they_would_be_shown(tour_shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "letters.jsonl"
    count = write_batch(tour_shop, out, LETTER, Silent())
    found = lines(out)
    users = [each["user_id"] for each in found]
    assert len(found) == count == len(set(users))
    known = tour_shop.live.histories.shopper_ids.to_pylist()
    assert users == [each for each in known if not each.startswith("visitor:")]
    for line in found[:5]:
        cards = shelf(tour_shop, LETTER.call(line["user_id"])).items
        assert [each["id"] for each in line["items"]] == [card.id for card in cards]
        assert line["items"][0]["reason"] == cards[0].reason.to_json()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letters.jsonl"]


def test_an_interrupted_run_goes_on(
    tour_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EACH", 2)
    whole, out = tmp_path / "whole.jsonl", tmp_path / "letters.jsonl"
    count = write_batch(tour_shop, whole, LETTER, Silent())
    with pytest.raises(KeyboardInterrupt):
        write_batch(tour_shop, out, LETTER, Stopping(5))
    assert not out.exists()
    left = tmp_path / "letters.jsonl.unfinished"
    with left.open("ab") as file:
        file.write(b'{"user_id": "half a li')
    steps = Stopping(count)
    assert write_batch(tour_shop, out, LETTER, steps) == count
    assert steps.left == 0, "those who were done count as done, the others were asked"
    assert plain(out) == plain(whole)
    assert not left.exists()


def test_several_processes_write_the_same_file(
    tour_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EACH", 2)
    alone, together = tmp_path / "alone.jsonl", tmp_path / "together.jsonl"
    count = write_batch(tour_shop, alone, LETTER, Silent())
    assert write_batch(tour_shop, together, LETTER, Silent(), workers=2) == count
    assert plain(together) == plain(alone)
    for line in lines(together):
        logged = tour_shop.state.answers.find(line["query_id"])
        assert logged is not None, "every shelf is logged, whoever answered"
        assert list(logged.item_ids) == [item["id"] for item in line["items"]]


def test_what_was_begun_otherwise_is_not_mixed(
    tour_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EACH", 2)
    out = tmp_path / "letters.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_batch(tour_shop, out, LETTER, Stopping(5))
    longer = Batch("email", "jsonl", n=5)
    with pytest.raises(NotReady, match="--restart"):
        write_batch(tour_shop, out, longer, Silent())
    write_batch(tour_shop, out, longer, Silent(), anew=True)
    assert max(len(line["items"]) for line in lines(out)) == 5
    with pytest.raises(BadInput, match="is there"):
        write_batch(tour_shop, out, longer, Silent())


def test_a_table_has_a_line_an_item(tour_shop: Shop, tmp_path: Path) -> None:
    count = write_batch(tour_shop, tmp_path / "a.jsonl", LETTER, Silent())
    write_batch(tour_shop, tmp_path / "a.csv", Batch("email", "csv", n=4), Silent())
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [
        (line["user_id"], str(position), item["id"])
        for line in lines(tmp_path / "a.jsonl")
        for position, item in enumerate(line["items"], 1)
    ]
    assert [(row["user_id"], row["position"], row["item_id"]) for row in rows] == expected
    assert len({row["user_id"] for row in rows}) == count
    assert all(row["reason"] for row in rows)


def test_an_unknown_format_is_refused(tour_shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="jsonl, csv"):
        write_batch(tour_shop, tmp_path / "a", Batch("email", "xml"), Silent())
