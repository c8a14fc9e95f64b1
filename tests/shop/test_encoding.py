"""Many new items are found by words at once, by meaning when their texts have been come to."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mercato.catalogue import compaction
from mercato.operating.tending import Encoding
from mercato.shop.encoding import encode_awaiting
from mercato.shop.items import MOST_ENCODED_AT_ONCE, Operation, change, change_many
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search

MANY = MOST_ENCODED_AT_ONCE + 1


@pytest.fixture
def shop(supermarket: Path, tmp_path: Path) -> Iterator[Shop]:
    opened = Shop.open(Path(shutil.copytree(supermarket, tmp_path / "shop")))
    yield opened
    opened.close()


def found(shop: Shop, q: str, mode: str) -> set[str]:
    return {hit.id for hit in search(shop, SearchCall(q=q, mode=mode, per_page=100)).hits}


def test_a_great_batch_waits_for_its_vectors(shop: Shop) -> None:
    ids = [f"n{number}" for number in range(MANY)]
    puts = [Operation("put", each, {"title": f"Ukulele strings {each}"}) for each in ids]
    change_many(shop, puts)
    assert set(ids) <= found(shop, "ukulele", "lexical")
    assert not set(ids) & found(shop, "ukulele strings", "semantic")
    change(shop, Operation("patch", ids[0], {"title": "Garden hose"}))  # encoded at once
    change(shop, Operation("delete", ids[1], {}))
    assert [encode_awaiting(shop, 8), encode_awaiting(shop, MANY)] == [8, MANY - 10]
    assert encode_awaiting(shop, MANY) == 0
    assert set(ids[2:]) <= found(shop, "ukulele strings", "semantic")

    again = Shop.open(shop.paths.root)
    vectors, others = shop.live.catalogue.vectors, again.live.catalogue.vectors
    assert vectors is not None and others is not None
    rows = np.array([shop.live.catalogue.row(each) for each in (ids[0], *ids[2:])])
    assert np.array_equal(vectors.of(rows), others.of(rows))
    again.close()


def test_a_vector_of_a_text_that_was_changed_meanwhile_is_not_taken(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_many(shop, [Operation("put", f"n{at}", {"title": f"Lute {at}"}) for at in range(MANY)])
    append = shop.state.items.append

    def changed_first(changes):  # type: ignore[no-untyped-def]
        monkeypatch.undo()
        change_many(shop, [Operation("patch", "n0", {"title": "Oboe"})] * 2)
        return append(changes)

    monkeypatch.setattr(shop.state.items, "append", changed_first)
    encode_awaiting(shop, MANY)
    catalogue = shop.live.catalogue
    assert catalogue.vectors is not None and shop.live.encoder is not None
    row = catalogue.row("n0")
    wanted = shop.live.encoder.encode(["Oboe"])
    assert float((catalogue.vectors.of(np.array([row])) @ wanted.T).item()) > 0.99


def test_of_two_workers_one_encodes(shop: Shop) -> None:
    change_many(shop, [Operation("put", f"n{at}", {"title": f"Lute {at}"}) for at in range(MANY)])
    other = Shop.open(shop.paths.root)
    with other.state.alone("encoding") as is_mine:
        assert is_mine
        Encoding(shop).look()
        assert len(shop.live.catalogue.awaiting(MANY)) == MANY
    Encoding(other).look()
    Encoding(shop).look()
    assert shop.live.catalogue.awaiting(1) == other.live.catalogue.awaiting(1) == []
    assert shop.live.catalogue.vectors is not None
    assert len(shop.live.catalogue.vectors.tail) == MANY
    other.close()


def test_compaction_keeps_what_came_meanwhile(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "FEWEST_DEAD", 2)
    for title in ("Lute", "Lyre", "Harp"):
        change(shop, Operation("put", "new", {"title": title}))
    whole = shop.live.catalogue
    compact = type(whole).compacted

    def slowly(catalogue):  # type: ignore[no-untyped-def]
        change(shop, Operation("put", "late", {"title": "Harp strings"}))
        return compact(catalogue)

    monkeypatch.setattr(type(whole), "compacted", slowly)
    assert shop.compact()
    catalogue = shop.live.catalogue
    assert {"new", "late"} == found(shop, "harp", "lexical")
    assert catalogue.n_rows == whole.n_base + 3, "one dead row is kept, for the words it taught"
    assert not shop.compact()
