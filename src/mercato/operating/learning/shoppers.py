"""What shoppers did under two releases that are compared, by the arm that answered them."""

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.events import EventRow
from mercato.core.paths import ShopPaths
from mercato.core.programs import is_marked
from mercato.data.programs import FLAGS, GUEST
from mercato.data.shoppers import SHOPPER_ID
from mercato.data.store import AssetStore
from mercato.operating.learning.due import now
from mercato.operating.learning.tally import (
    ARMS,
    ASKED,
    BOUGHT,
    COUNTS,
    Hashes,
    Kept,
    News,
    Records,
    Sums,
)
from mercato.shop.experiments.serving import BETWEEN, unit_of
from mercato.state import Answer, State

_AT_ONCE = 5_000

CONTROL, CANDIDATE = ARMS
"""Names of the arms: the release before, and the new one."""


@dataclass(frozen=True)
class Arm:
    """A user, or a visitor where nobody is logged in, is a row; they count from their first answer
    on. Programs and the shop's own people are none.

    counts : (n, `COUNTS`) answers; those that showed nothing; those of which something was clicked;
             1 where they bought
    """

    counts: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.counts)

    def column(self, name: str) -> NDArray[np.float64]:
        """(n,) one count a shopper."""
        return self.counts[:, COUNTS.index(name)].astype(np.float64)


@dataclass(frozen=True)
class Since:
    """The experiment, and the newest numbers (``seq``) of both logs before it."""

    experiment: str
    answers: int
    events: int


def arms_of(state: State, since: Since, paths: ShopPaths | None = None) -> dict[str, Arm]:
    """Both arms, from what came into the logs since.

    paths : where the sums of the last look are kept, so that each row is read once, and whom a
            build has found to be a program; None: all is read anew, and nothing kept
    """
    flagged = frozenset[str]() if paths is None else _flagged(AssetStore(paths.assets), state)
    kept = None if paths is None else Kept(paths.root, _named(state, since))
    known = None if kept is None else kept.read()
    sums = Sums.nothing(since.answers, since.events) if known is None else known
    sums = sums.after(_news(state, since, sums, flagged), now())
    if kept is not None:
        kept.write(sums)
    key = state.secret("canary")
    people = sums.of_people(np.array([_hash(each, key) for each in flagged], np.uint64))
    return {name: Arm(sums.counts[people & (sums.arm == at)]) for at, name in enumerate(ARMS)}


def forget(paths: ShopPaths) -> None:
    """Nothing is kept of an experiment that is over."""
    Kept(paths.root, "").remove()


def arm_of(variant: str | None, experiment: str) -> str:
    """Which arm of an experiment an answer was of; empty where it was of none."""
    said = (each.partition(":") for each in (variant or "").split(BETWEEN))
    return next((arm for name, _, arm in said if name == experiment), "")


def _named(state: State, since: Since) -> str:
    """What sums are of; others once a shopper was erased, who is to count no more."""
    erased = state.erasures.newest()
    return f"{since.experiment} {since.answers} {since.events} {erased}"


def _news(state: State, since: Since, sums: Sums, flagged: Set[str]) -> News:
    """Events before answers, so that of an event that is read its answer is mostly read too."""
    key = state.secret("canary")
    events, clicks, bought, programs = sums.events, [], [], []
    for last, lines in _batches(state.events.after, sums.events):
        events = last
        clicks.append(_clicks(lines, key))
        bought.append(_purchases(lines, key))
        programs.append(_programs(lines, flagged, key))
    answers, asked = sums.answers, []
    for last, rows in _batches(state.answers.after, sums.answers):
        answers = last
        asked.append(_asked(rows, since.experiment, key))
    return News(
        answers,
        events,
        np.concatenate([np.zeros(0, ASKED), *asked]),
        np.concatenate([np.zeros(0, np.uint64), *clicks]),
        np.concatenate([np.zeros(0, BOUGHT), *bought]),
        np.concatenate([np.zeros(0, np.uint64), *programs]),
    )


class _Read(Protocol):
    """``last`` is the number of the newest row."""

    @property
    def last(self) -> int: ...
    @property
    def rows(self) -> tuple[Any, ...]: ...


def _batches(after: Callable[[int, int], _Read], seq: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    while (found := after(seq, _AT_ONCE)).last != seq:
        yield found.last, found.rows
        seq = found.last


def _asked(answers: Iterable[Answer], experiment: str, key: bytes) -> Records:
    rows = []
    for answer in answers:
        arm, unit = arm_of(answer.variant, experiment), unit_of(answer.user_id, answer.visitor_id)
        if arm in ARMS and unit is not None:
            shopper = _hash(unit, key) + ARMS.index(arm)
            rows.append((_hash(answer.query_id, key), shopper, not answer.item_ids, answer.ts))
    return np.array(rows, ASKED)


def _clicks(lines: Iterable[EventRow], key: bytes) -> Hashes:
    named = (line.query_id for line in lines if line.event == Event.SELECT_ITEM)
    return np.array([_hash(each, key) for each in named if each], np.uint64)


def _purchases(lines: Iterable[EventRow], key: bytes) -> Records:
    found = [
        (_hash(line.user_id, key), _hash(line.visitor_id, key), line.ts)
        for line in lines
        if line.event == Event.PURCHASE
    ]
    return np.array(found, BOUGHT)


def _flagged(store: AssetStore, state: State) -> frozenset[str]:
    """Users and visitors whom the last build found to be programs or the shop's own people, and
    the visitors that such users were last seen as, whenever that was."""
    if store.version(FLAGS) is None:
        return frozenset()
    names = pc.unique(store.read(FLAGS, columns=[SHOPPER_ID])[SHOPPER_ID])
    found = pc.replace_substring_regex(names, GUEST, "").to_pylist()
    return frozenset(found) | state.events.visitors_of(found)


def _programs(lines: Iterable[EventRow], flagged: Set[str], key: bytes) -> Hashes:
    """Of lines that were marked as they came in, or are of users whom a build has found: who sent
    them, as `data.programs` has it."""
    told = {
        name
        for line in lines
        if is_marked(line.attributes) or line.user_id in flagged
        for name in (line.user_id, line.visitor_id)
        if name is not None
    }
    return np.array([_hash(each, key) for each in told], np.uint64)


def _hash(name: str | None, key: bytes) -> int:
    """Even, and above 0; 0 for nobody."""
    if name is None:
        return 0
    digest = blake2b(name.encode(errors="surrogatepass"), digest_size=8, key=key).digest()
    return max(int.from_bytes(digest, "little") & ~1, 2)
