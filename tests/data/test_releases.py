"""Releases: sealed with checksums, published by one swap, never half."""

import json
from pathlib import Path

import pytest

from mercato.core.errors import ChecksFailed, NotFound, NotReady
from mercato.data.releases import KNOWS_ERASED, MANIFEST, Manifest, ReleaseStore, read_manifest


def manifest() -> Manifest:
    return Manifest(
        created_at="2024-01-02T03:04:05+00:00",
        as_of=1,
        until=None,
        watermark=0,
        changes=0,
        inputs={"items": 3},
        steps={},
        counts={"items": 2},
    )


def sealed(store: ReleaseStore, text: str) -> int:
    with store.draft() as draft:
        (draft / "models").mkdir()
        (draft / "models" / "weights.npy").write_text(text)
        return store.seal(draft, manifest())


def test_sealing_numbers_and_keeps_everything(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    assert (sealed(store, "one"), sealed(store, "two")) == (1, 2)
    assert store.numbers() == [1, 2]
    assert (store.folder(1) / "models" / "weights.npy").read_text() == "one"
    found = read_manifest(store.folder(2))
    assert found.inputs == {"items": 3}
    # printf two | sha256sum
    assert found.files["models/weights.npy"] == {
        "bytes": 3,
        "sha256": "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3",
    }


def test_publishing_swaps_the_pointer_and_back(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    first, second = sealed(store, "one"), sealed(store, "two")
    assert store.current() is None
    store.publish(first)
    store.publish(second)
    assert store.current() == second
    assert store.rollback() == first
    assert store.current() == first
    with pytest.raises(NotFound, match="older than 1"):
        store.rollback()


def test_a_changed_file_is_not_published(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    first, second = sealed(store, "one"), sealed(store, "two")
    store.publish(first)
    (store.folder(second) / "models" / "weights.npy").write_text("tow")
    with pytest.raises(ChecksFailed, match=r"models/weights\.npy"):
        store.publish(second)
    assert store.current() == first


def test_an_abandoned_draft_leaves_nothing(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    with pytest.raises(RuntimeError), store.draft() as draft:
        (draft / "half").write_text("x")
        raise RuntimeError
    assert store.numbers() == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_published(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="mercato build"):
        ReleaseStore(tmp_path / "releases").require_current()


def test_another_format_is_refused(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    number = sealed(store, "one")
    path = store.folder(number) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(ChecksFailed, match="format 99"):
        read_manifest(store.folder(number))


def test_old_releases_go_but_never_the_current_one(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    for text in "abcd":
        sealed(store, text)
    store.publish(1)
    assert store.prune(keep=2) == [2]
    assert store.numbers() == [1, 3, 4]


def test_a_release_that_knows_who_was_erased_may_only_be_gone_back_to(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    for text in "abcd":
        sealed(store, text)
    store.publish(3)
    store.refuse([1, 2, 3], KNOWS_ERASED)
    store.refuse([2], "it is worse")
    store.refuse([2], KNOWS_ERASED)
    assert store.refused() == {1: KNOWS_ERASED, 2: "it is worse", 3: KNOWS_ERASED}
    store.publish(4)
    with pytest.raises(NotReady, match="knows somebody"):
        store.publish(3)
    with pytest.raises(NotReady, match="it is worse"):
        store.publish(2, back=True)
    assert store.rollback() == 3
    assert store.rollback() == 1, "one that is worse is left out"


def test_a_number_that_is_refused_is_not_given_again(tmp_path: Path) -> None:
    store = ReleaseStore(tmp_path)
    assert [sealed(store, text) for text in "ab"] == [1, 2]
    store.refuse([2], "it knows somebody")
    store.remove(2)
    store.publish(sealed(store, "c"))
    assert (store.numbers(), store.current()) == ([1, 3], 3)
