"""Sums over shoppers that are added to at each look, so that a look reads new rows alone.

No id stands in them, but keyed hashes of 63 bits: among a million shoppers two share one with a
chance of 1 in 20 million.
"""

import os
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ARMS = ("control", "candidate")

COUNTS = ("answers", "empty", "clicked", "bought")
_ANSWERS, _EMPTY, _CLICKED, _BOUGHT = range(len(COUNTS))

WAITS = 3_600_000_000
"""Microseconds that an event waits for its answer, which may be logged later. Assumed."""

Hashes = NDArray[np.uint64]
"""Even; of a shopper in an arm the arm's number is added."""

Records = NDArray[Any]

ASKED = np.dtype([("query", "<u8"), ("shopper", "<u8"), ("empty", "?"), ("ts", "<i8")])
BOUGHT = np.dtype([("user", "<u8"), ("visitor", "<u8"), ("ts", "<i8")])
"""0 where there is no such id."""

_OPEN = np.dtype([("query", "<u8"), ("shopper", "<u8")])
_CLICK = np.dtype([("query", "<u8"), ("read", "<i8")])
_BUY = np.dtype([*BOUGHT.descr, ("read", "<i8")])


@dataclass(frozen=True)
class News:
    """What came into the logs. answers, events : the newest numbers read

    asked  : (n,) ASKED; shoppers of arms alone
    clicks : (m,) query of each
    bought : (k,) BOUGHT
    programs : (l,) users and visitors who are no shoppers
    """

    answers: int
    events: int
    asked: Records
    clicks: Hashes
    bought: Records
    programs: Hashes


@dataclass(frozen=True)
class Sums:
    """Up to certain numbers of both logs.

    shopper : (n,) ascending
    first   : (n,) microseconds, of their first answer
    counts  : (n, `COUNTS`)
    unclicked : answers without a click yet
    clicks, bought : that were read less than `WAITS` ago: clicks whose answer is not known
    programs : users and visitors who are no shoppers, ascending; they have rows like others, since
               it is told of them at any time
    """

    answers: int
    events: int
    shopper: Hashes
    first: NDArray[np.int64]
    counts: NDArray[np.int32]
    unclicked: Records
    clicks: Records
    bought: Records
    programs: Hashes

    @classmethod
    def nothing(cls, answers: int, events: int) -> "Sums":
        return cls(
            answers,
            events,
            np.zeros(0, np.uint64),
            np.zeros(0, np.int64),
            np.zeros((0, len(COUNTS)), np.int32),
            np.zeros(0, _OPEN),
            np.zeros(0, _CLICK),
            np.zeros(0, _BUY),
            np.zeros(0, np.uint64),
        )

    @property
    def arm(self) -> NDArray[np.int64]:
        """(n,) place in `ARMS`."""
        return (self.shopper & np.uint64(1)).astype(np.int64)

    def of_people(self, others: Hashes) -> NDArray[np.bool_]:
        """(n,) whether a row is of a shopper; others : who are known not to be, beside those who
        were marked."""
        known = np.union1d(self.programs, others)
        return ~np.isin(self.shopper - (self.shopper & np.uint64(1)), known)

    def after(self, news: News, moment: int) -> "Sums":
        """With what was read at ``moment``, microseconds."""
        shopper = np.union1d(self.shopper, news.asked["shopper"])
        first = np.full(len(shopper), np.iinfo(np.int64).max)
        counts = np.zeros((len(shopper), len(COUNTS)), np.int32)
        known = np.searchsorted(shopper, self.shopper)
        first[known], counts[known] = self.first, self.counts
        at = np.searchsorted(shopper, news.asked["shopper"])
        np.minimum.at(first, at, news.asked["ts"])
        np.add.at(counts[:, _ANSWERS], at, 1)
        np.add.at(counts[:, _EMPTY], at, news.asked["empty"])
        unclicked, clicks, clicked = self._clicked(news, moment)
        np.add.at(counts[:, _CLICKED], np.searchsorted(shopper, clicked), 1)
        bought = np.concatenate([self.bought, _with(news.bought, _BUY, read=moment)])
        counts[_buyers(shopper, first, bought), _BOUGHT] = 1
        bought = bought[bought["read"] > moment - WAITS]
        programs = np.union1d(self.programs, news.programs)
        return Sums(
            news.answers, news.events, shopper, first, counts, unclicked, clicks, bought, programs
        )  # fmt: skip

    def _clicked(self, news: News, moment: int) -> tuple[Records, Records, Hashes]:
        """Answers without a click, clicks without an answer, and whose answers were clicked now;
        a second click counts no more."""
        fresh = np.zeros(len(news.clicks), _CLICK)
        fresh["query"], fresh["read"] = news.clicks, moment
        unclicked = np.concatenate([self.unclicked, news.asked[["query", "shopper"]].astype(_OPEN)])
        clicks = np.concatenate([self.clicks, fresh])
        clicks = clicks[np.unique(clicks["query"], return_index=True)[1]]
        _, answer, click = np.intersect1d(
            unclicked["query"], clicks["query"], assume_unique=True, return_indices=True
        )
        left = np.delete(clicks, click)
        left = left[left["read"] > moment - WAITS]
        return np.delete(unclicked, answer), left, unclicked["shopper"][answer]


def _with(rows: Records, dtype: "np.dtype[Any]", **more: int) -> Records:
    found = np.zeros(len(rows), dtype)
    for name in rows.dtype.names or ():
        found[name] = rows[name]
    for name, value in more.items():
        found[name] = value
    return found


def _buyers(shopper: Hashes, first: NDArray[np.int64], bought: Records) -> NDArray[np.int64]:
    """Rows of those who bought after their first answer. Whoever was asked for as a visitor and has
    logged in since is still who they were."""
    if not len(shopper):
        return np.zeros(0, np.int64)
    found = []
    for arm in range(len(ARMS)):
        rows = np.full(len(bought), -1)
        for name in ("visitor", "user"):  # the user's own row goes before the visitor's
            key = bought[name] + np.uint64(arm)
            at = np.minimum(np.searchsorted(shopper, key), len(shopper) - 1)
            there = (bought[name] > 0) & (shopper[at] == key) & (first[at] <= bought["ts"])
            rows[there] = at[there]
        found.append(rows[rows >= 0])
    return np.concatenate(found)


class Kept:
    """Sums between two looks, in a file of the shop. Where it is lost, or is of something else, all
    is read anew.

    of : what the sums are of
    """

    def __init__(self, root: Path, of: str) -> None:
        self._file = root / "state.db-canary.npz"
        self._of = of

    def read(self) -> Sums | None:
        try:
            with self._file.open("rb") as file, np.load(file) as found:
                if str(found["of"]) != self._of:
                    return None
                arrays = {each.name: found[each.name] for each in fields(Sums)}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        numbers = {name: int(arrays[name]) for name in ("answers", "events")}
        return Sums(**arrays | numbers)

    def write(self, sums: Sums) -> None:
        part = self._file.with_suffix(f".{os.getpid()}.npz")
        arrays: dict[str, Any] = {each.name: getattr(sums, each.name) for each in fields(Sums)}
        try:
            np.savez(part, of=np.array(self._of), **arrays)
            part.replace(self._file)
        finally:
            part.unlink(missing_ok=True)

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)
