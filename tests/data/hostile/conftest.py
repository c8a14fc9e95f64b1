"""Runs kinds of malformed files through the real imports.

A kind is `(build, accepted, checks)` where rows come of it: how many, and the checks that others
fail, in the order of their lines; or `(build, error, match)` where the file is refused whole.
``build`` is given a prefix for the file's ids, and gives its bytes.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mercato.core.errors import MercatoError
from mercato.core.settings import ImportSettings, Settings
from mercato.data.importing import import_events, import_items, import_judgments
from mercato.data.report import ImportReport
from mercato.data.store import AssetStore

IMPORTS: dict[str, Callable[..., ImportReport]] = {
    "items": import_items,
    "events": import_events,
    "judgments": import_judgments,
}
LENIENT = Settings(imports=ImportSettings(max_bad_share=1.0))

Kinds = Mapping[str, tuple[Any, ...]]


def is_error(kind: tuple[Any, ...]) -> bool:
    return isinstance(kind[1], type)


def assert_sound(report: ImportReport, store: AssetStore) -> None:
    """No row was lost on the way, and nothing was left behind."""
    left_out = sum(report.left_out.values())
    assert report.read == report.accepted + report.unchanged + report.quarantined + left_out
    assert [each for each in (store.root / ".staging").iterdir() if each.is_dir()] == []


@pytest.fixture(scope="module")
def hostile_rows(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, str, Kinds], dict[str, tuple[int, tuple[str, ...]]]]:
    """Import all files of the kinds that are no errors at once, with a good one, so that a bad
    one would spoil it for all; gives what came of each."""

    def run(asset: str, suffix: str, kinds: Kinds) -> dict[str, tuple[int, tuple[str, ...]]]:
        folder = tmp_path_factory.mktemp(asset)
        store = AssetStore(folder / "assets")
        paths = {}
        for at, (name, kind) in enumerate(kinds.items()):
            if not is_error(kind):
                paths[name] = folder / f"{name.replace(' ', '-')}.{suffix}"
                paths[name].write_bytes(kind[0](f"k{at}-"))
        report = IMPORTS[asset](store, list(paths.values()), settings=LENIENT)
        assert_sound(report, store)
        assert report.unchanged == sum(name.endswith(", unchanged") for name in paths)
        return outcomes(store, asset, paths)

    return run


def outcomes(
    store: AssetStore, asset: str, paths: Mapping[str, Path]
) -> dict[str, tuple[int, tuple[str, ...]]]:
    """By the file's name: its rows in the asset, and the checks that its other rows failed."""
    rows = store.read(asset, columns=["__source"])["__source"].to_pylist()
    sources = {row["source_id"]: row["path"] for row in store.read("sources").to_pylist()}
    accepted = [sources[each] for each in rows]
    failed: dict[str, list[tuple[int, str]]] = {}
    if store.version("quarantine") is not None:
        for row in store.read("quarantine").to_pylist():
            failed.setdefault(row["source"], []).append((row["source_line"], row["check"]))
    return {
        name: (
            accepted.count(str(path)),
            tuple(check for _, check in sorted(failed.get(str(path), []))),
        )
        for name, path in paths.items()
    }


def commits(store: AssetStore) -> set[Path]:
    """What the versions of all assets stand in."""
    return set(store.root.rglob("_delta_log/*"))


@pytest.fixture(scope="session")
def hostile_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AssetStore]:
    """With an asset of each kind in its first version, which no refused file may change."""
    folder = tmp_path_factory.mktemp("standing")
    store = AssetStore(folder / "assets")
    written = {
        "items": "id,title\nstanding,x\n",
        "events": "ts,event,item_id\n2026-05-01,view_item,standing\n",
        "judgments": "query,item_id,grade\nx,standing,1\n",
    }
    for asset, text in written.items():
        (folder / f"{asset}.csv").write_text(text)
        IMPORTS[asset](store, [folder / f"{asset}.csv"], settings=LENIENT)
    yield store


@pytest.fixture
def refused_whole(
    hostile_store: AssetStore, tmp_path: Path
) -> Callable[[str, str, tuple[Any, ...]], None]:
    """Import one file of a kind that is an error: it must be that error, and change nothing."""

    def run(asset: str, suffix: str, kind: tuple[Any, ...]) -> None:
        build, error, match = kind
        path = tmp_path / f"file.{suffix}"
        path.write_bytes(build("k-"))
        assert issubclass(error, MercatoError)
        before = commits(hostile_store)
        with pytest.raises(error, match=match):
            IMPORTS[asset](hostile_store, [path], settings=LENIENT)
        assert commits(hostile_store) == before
        staged = hostile_store.root / ".staging"
        assert [each for each in staged.iterdir() if each.is_dir()] == []

    return run
