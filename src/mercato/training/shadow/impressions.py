"""What a release would have earned of what was shown: told from logged shelves with their chances.

Where a shop explores (`[recommend] explore`), each place of an answered shelf has the chance with
which its item stood there. A release that has not learned from these answers says what it would
have put there; clicks on places where both agree count as often as they were unlikely.

Those chances are of a place whatever the others show. A bandit logs the chance of a place given
those above it, under which places do not add up to what a place earns: its shelves are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

import ibis
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core.columns import Event
from mercato.core.progress import Step
from mercato.data.assets import ASSETS
from mercato.data.engines import open_engine
from mercato.data.programs import FLAGS, answers_to_people
from mercato.data.store import AssetStore
from mercato.evaluation.off_policy.inverse_propensity import self_normalised
from mercato.evaluation.off_policy.logged import Logged
from mercato.evaluation.off_policy.terms import (
    LEAST_EFFECTIVE,
    OffPolicyEstimate,
    advantage,
    effective_size,
)
from mercato.shop.shelf import ShelfCall
from mercato.training.shadow.asking import GUEST, Asked, microseconds

MOST_ANSWERS = 2_000
"""Of the newest, spread over all; asking anew takes some milliseconds each."""

LEAST_SUPPORT = 0.9
"""Mean importance weight below which nothing is claimed. Where the log could show all that a
release would show it is 1 in the mean; what the log never draws, as from below its pool, earns
nothing in an estimate. Assumed."""

_OWN_PICK = 0.5
"""A place whose chance is above shows what the release itself put there: as long as less than half
of the places are explored, no other has more."""

_UNTELLING = ('"features":', '"degraded":[', '"teams":[', '"varied":[')
"""In what was logged as asked of a bandit, of a busy server that left something out or gave an
older answer again, of two rankings interleaved, of an experiment's arm or a canary that changes
something: chances are not those of a place by itself, or not the served release's. In a text that
a shopper wrote a quote has a backslash before it."""


@dataclass(frozen=True)
class Impressions:
    """Answers with explored places, and what of them was clicked.

    clicked : query_id → items
    """

    answers: Sequence[Mapping[str, Any]]
    clicked: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Told:
    """Clicks a place, self-normalised.

    support   : mean importance weight of the release's places
    differing : effective sample size of the places where it puts something else than the release
                that answered; None where it never does
    advantage : of the release over the one that answered
    """

    answers: int
    support: float
    differing: float | None
    candidate: OffPolicyEstimate
    logged: OffPolicyEstimate
    advantage: OffPolicyEstimate

    @property
    def claims(self) -> bool:
        """Whether the log says enough to be relied on, also where the two differ: there each row
        is one that was drawn by chance, and counts for many."""
        drawn = self.differing is None or self.differing >= LEAST_EFFECTIVE
        return self.advantage.claims and drawn and self.support >= LEAST_SUPPORT

    @property
    def is_worse(self) -> bool:
        return self.claims and self.advantage.high < 0

    def to_json(self) -> dict[str, Any]:
        return {
            "answers": self.answers,
            "support": self.support,
            "differing": self.differing,
            "claims": self.claims,
            "candidate": self.candidate.to_json(),
            "logged": self.logged.to_json(),
            "advantage": self.advantage.to_json(),
        }


def read_impressions(store: AssetStore, since: int, most: int = MOST_ANSWERS) -> Impressions:
    """Explored shelves answered to people at or after ``since`` (microseconds), but for those
    whose chances tell nothing (`_UNTELLING`)."""
    if store.version("answers") is None or store.version("events") is None:
        return Impressions((), {})
    wanted = _explored(store, datetime.fromtimestamp(since / 1e6, UTC))
    kept = np.unique(np.linspace(0, len(wanted) - 1, min(most, len(wanted))).astype(int))
    chosen = wanted.take(pa.array(kept, pa.int64())).to_pylist()
    return Impressions(chosen, _clicks(store, [row["query_id"] for row in chosen]))


def _explored(store: AssetStore, since: datetime) -> pa.Table:
    """By query_id, the columns that are read of answers."""
    names = [name for name in ("answers", "events", FLAGS) if store.version(name) is not None]
    columns = ["query_id", "ts", "request", "item_ids", "propensities"]
    schema = pa.schema([ASSETS["answers"].schema.field(name) for name in columns])
    with open_engine() as engine:
        tables = {name: engine.files(store.files(name), ASSETS[name].schema) for name in names}
        answers = tables["answers"]
        shelves = answers.filter(
            (answers.kind == "shelf")
            & (answers.ts >= ibis.literal(since))
            & (answers.propensities.mins() < 1)
            & ~ibis.or_(*map(answers.request.contains, _UNTELLING))
        )
        return engine.table(answers_to_people(shelves, tables), schema, ["query_id"])


def _clicks(store: AssetStore, asked: Sequence[str]) -> dict[str, frozenset[str]]:
    lines = store.read("events", columns=["event", "query_id", "item_id"])
    theirs = pc.is_in(lines["query_id"], value_set=pa.array(asked, pa.string()))
    clicks = lines.filter(pc.and_(theirs, pc.equal(lines["event"], str(Event.SELECT_ITEM))))
    found: dict[str, set[str]] = {}
    for line in clicks.to_pylist():
        found.setdefault(line["query_id"], set()).add(line["item_id"])
    return {query_id: frozenset(items) for query_id, items in found.items()}


class _Places(NamedTuple):
    """A row a place of a shelf. would : the candidate puts the same there"""

    reward: float
    chance: float
    would: bool
    unit: str


def told_by(impressions: Impressions, candidate: Asked, step: Step) -> Told | None:
    """None where nothing was explored, the two never agree on a place, or half of the places or
    more are explored, so that nobody knows which the release put there itself."""
    places: list[_Places] = []
    for answer in impressions.answers:
        clicked = impressions.clicked.get(answer["query_id"], frozenset())
        places += _places(answer, clicked, candidate)
        step.advance()
    if not any(each.would for each in places):
        return None
    reward, chance, would, unit = map(np.array, zip(*places, strict=True))
    units = np.unique(unit, return_inverse=True)[1]
    own = chance > _OWN_PICK
    if not own.any():
        return None
    new = self_normalised(Logged.of(reward, chance, would.astype(float), units))
    old = self_normalised(Logged.of(reward, chance, own.astype(float), units))
    other = (would & ~own) / chance
    return Told(
        len(impressions.answers),
        float((would / chance).mean()),
        effective_size(other) if (would != own).any() else None,
        new.estimate(),
        old.estimate(),
        advantage(new, old),
    )


def _places(
    answer: Mapping[str, Any], clicked: frozenset[str], candidate: Asked
) -> Iterator[_Places]:
    call = _call(answer["request"])
    shopper_id = call.user_id or (GUEST + call.visitor_id if call.visitor_id else None)
    would = candidate.shelf(call, shopper_id, microseconds(answer["ts"]))
    shown = zip(answer["item_ids"], answer["propensities"], strict=True)
    for place, (item_id, chance) in enumerate(shown):
        agrees = place < len(would) and would[place] == item_id
        unit = shopper_id or str(answer["query_id"])
        yield _Places(float(item_id in clicked), chance, agrees, unit)


_TUPLES = {each.name for each in fields(ShelfCall) if str(each.type).startswith("tuple")}
_KNOWN = {each.name for each in fields(ShelfCall)}


def _call(request: str) -> ShelfCall:
    """What was asked; fields of another Mercato are left out."""
    found: dict[str, Any] = orjson.loads(request)
    said: dict[str, Any] = {
        name: tuple(value) if name in _TUPLES else value
        for name, value in found.items()
        if name in _KNOWN
    }
    return ShelfCall(**said)
