"""The receipt of an erasure: what was found where, what went, what remains and when that goes.

Sealed with HMAC-SHA256 (RFC 2104) under a secret of the shop's own, so that a receipt that was
changed, or is another shop's, is told from one that this shop gave.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from mercato.core.errors import NotFound
from mercato.core.paths import ShopPaths
from mercato.data.erasing.releases import CLEAN
from mercato.operating.erasing.carrying_out import BUILD, FOUND, OLD, PAGES, RELEASES, goes_at
from mercato.state import State
from mercato.state.erasures import Erasure

SECRET = "receipts"
SEAL = "seal"

_SOON = "with the next round of a server, or the next import or build"
_NEXT = "with the next release: mercato build"
_OUTSIDE = "backups, exports and logs of proxies lie outside of the shop and are not looked at"

Receipt = dict[str, Any]


def receipt(paths: ShopPaths, state: State, number: int) -> Receipt:
    """The receipt as it stands now. Raises NotFound where there is no such erasure."""
    erasure = state.erasures.find(number)
    if erasure is None:
        newest = state.erasures.newest()
        known = f"numbers up to {newest}" if newest else "no erasure at all"
        raise NotFound(f"an erasure of number {number}", known, "Check the number.")
    told: Receipt = {
        "number": erasure.number,
        "pseudonym": erasure.subject,
        "asked_at": _moment(erasure.ts),
        "by": erasure.actor,
        "places": list(_places(erasure, _moment(goes_at(paths, erasure)))),
        "outside": _OUTSIDE,
        "done_at": None if erasure.done_at is None else _moment(erasure.done_at),
    }
    return told | {SEAL: seal_of(state, told)}


def seal_of(state: State, told: Mapping[str, Any]) -> str:
    """Over all that a receipt says but its seal."""
    said = {name: value for name, value in told.items() if name != SEAL}
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return hmac.new(state.secret(SECRET), text, hashlib.sha256).hexdigest()


def _places(erasure: Erasure, retention: str) -> Iterator[Receipt]:
    told = erasure.told
    old_goes = _SOON if erasure.at_once else retention
    for name, count in told.get("state", {}).items():
        yield _place(f"state/{name}", count, 0)
    pages = not told.get(PAGES, False)
    yield _place("state/pages", int(pages), int(pages), _SOON, unit="files")
    for name, count in told.get(FOUND, {}).items():
        yield _place(f"assets/{name}", count, 0 if CLEAN in told else count, _SOON)
    for name, past in told.get(OLD, {}).items():
        rows = past["rows"]
        yield _place(f"assets/{name}/old", rows, rows, old_goes)
        entries = int(past["log"])
        yield _place(f"assets/{name}/log", entries, entries, old_goes, unit="logs")
    for number in told.get(RELEASES, ()):
        yield _place(f"releases/{number}", 1, 1, _NEXT, unit="releases")
    for step in told.get(BUILD, ()):
        yield _place(f"build/{step}", 1, 1, _SOON, unit="steps")


def _place(
    place: str, found: int, remaining: int, goes: str = "", *, unit: str = "rows"
) -> Receipt:
    return {
        "place": place,
        "unit": unit,
        "found": found,
        "removed": found - remaining,
        "remaining": remaining,
        "goes": goes if remaining else None,
    }


def _moment(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1_000_000, UTC).isoformat()
