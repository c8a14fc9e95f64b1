"""Looks through all of a shop for somebody who was erased, and holds it against the receipt."""

import hmac
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from mercato.core.errors import BadInput, ChecksFailed
from mercato.core.paths import ShopPaths
from mercato.data.auditing import mask_of
from mercato.data.erasing.matching import NOBODY, OF_ASSET, Erased
from mercato.data.erasing.past import held_files, log_texts
from mercato.data.erasing.releases import persons_of
from mercato.data.erasing.rows import persons_in
from mercato.data.releases import ReleaseStore
from mercato.data.store import LOG, AssetStore
from mercato.operating.erasing.asking import is_of
from mercato.operating.erasing.receipt import SEAL, seal_of
from mercato.state import State
from mercato.state.erasures import Erasure

_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_BESIDE = ("lineage", "fetched")


def verify_receipt(
    paths: ShopPaths, state: State, told: Mapping[str, Any], shopper_id: str
) -> list[dict[str, Any]]:
    """Each place where something of the person stands: what, and whether the receipt says so.

    What came of a person after the erasure is of somebody new, and is not looked for.

    Raises BadInput for what is no receipt of this shop, or is another person's; ChecksFailed for
    one that was changed.
    """
    erasure = _checked(state, told, shopper_id)
    erased = Erased(mask_of(state), (erasure,))
    announced = {
        each["place"] for each in told["places"] if isinstance(each, dict) and each["remaining"]
    }
    found = Counter[str]()
    for place, count in _everywhere(paths, state, erased, shopper_id):
        found[place] += count
    return [
        {"place": place, "found": count, "announced": place in announced}
        for place, count in sorted(found.items())
        if count
    ]


def _checked(state: State, told: Mapping[str, Any], shopper_id: str) -> Erasure:
    number = told.get("number") if isinstance(told, dict) else None
    erasure = state.erasures.find(number) if isinstance(number, int) else None
    if erasure is None or not isinstance(told.get("places"), list):
        raise BadInput("a receipt of an erasure of this shop", "none", "Is it of another shop?")
    if not hmac.compare_digest(str(told.get(SEAL)), seal_of(state, told)):
        raise ChecksFailed(
            "a receipt as this shop gave it",
            "another seal than its words have",
            f"Print it again: mercato users DIR --receipt {number}",
        )
    if not is_of(erasure, mask_of(state), shopper_id):
        raise BadInput(
            f"the shopper of erasure {number}", "another one", "Name whom the receipt is of."
        )
    return erasure


def _everywhere(
    paths: ShopPaths, state: State, erased: Erased, shopper_id: str
) -> Iterator[tuple[str, int]]:
    """(place, how much of the person is there)"""
    for log, _, ts, who in state.erasures.seen():
        yield f"state/{log}", int(erased.line(who, ts) != NOBODY)
    store = AssetStore(paths.assets)
    for name in OF_ASSET:
        if (version := store.version(name)) is not None:
            yield f"assets/{name}", _in_asset(store, name, version, erased)
            yield f"assets/{name}/old", sum(held_files(store, name, erased).values())
            yield f"assets/{name}/log", sum(_in_log(store, name, erased))
    releases = ReleaseStore(paths.releases)
    for number in releases.numbers():
        yield f"releases/{number}", persons_of(releases.folder(number), erased).total()
    for folder in sorted(paths.build.iterdir()) if paths.build.is_dir() else ():
        if folder.is_dir():
            yield f"build/{folder.name}", persons_of(folder, erased).total()
    for name in _BESIDE:
        yield name, sum(_in_texts(paths.root / name, shopper_id))


def _in_asset(store: AssetStore, name: str, version: int, erased: Erased) -> int:
    return persons_in(store, name, version, erased).total()


def _in_log(store: AssetStore, name: str, erased: Erased) -> Iterator[int]:
    for line in log_texts(store, name):
        yield _ids(_said(orjson.loads(line)), erased)
    there = (entry.name for entry in store.storage.entries(f"{name}/{LOG}"))
    checkpoints = [each for each in there if ".checkpoint" in each and each.endswith(".parquet")]
    for file in store.storage.copies(f"{name}/{LOG}", checkpoints):
        for add in pq.read_table(file, columns=["add"])["add"].to_pylist():
            if add is not None and add.get("stats"):
                yield _ids(_said(orjson.loads(add["stats"])), erased)


def _said(entry: object) -> Iterator[str]:
    """Texts in an entry of a log: those in texts that are JSON, and those quoted in conditions."""
    if isinstance(entry, dict):
        for each in entry.values():
            yield from _said(each)
    elif isinstance(entry, list):
        for each in entry:
            yield from _said(each)
    elif isinstance(entry, str):
        if entry.startswith("{"):
            try:
                yield from _said(orjson.loads(entry))
            except orjson.JSONDecodeError:
                yield entry
        else:
            yield entry
            yield from (quoted.replace("''", "'") for quoted in _QUOTED.findall(entry))


def _ids(texts: Iterable[str], erased: Erased) -> int:
    return sum(
        any(erased.number(n, text) for n in ("user_id", "visitor_id")) or bool(erased.shopper(text))
        for text in texts
    )


def _in_texts(folder: Path, shopper_id: str) -> Iterator[int]:
    """Lines in which the id stands as a word of its own."""
    word = re.compile(rb"(?<![\w-])" + re.escape(shopper_id.encode()) + rb"(?![\w-])")
    for file in folder.rglob("*") if folder.is_dir() else ():
        if file.is_file():
            with file.open("rb") as lines:
                yield sum(1 for line in lines if word.search(line))
