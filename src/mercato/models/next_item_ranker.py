"""The next item in two stages: a blend proposes some, boosted trees learn their order.

The blend adds up what a network and sessions like this one say, the same way for everybody. Trees
learn from what came next when to believe which: how sure each of the two is, how often an item is
met at all and lately, whether the shopper has met it before. What they learn from is held back from
the blend that proposes it: the newest events of the log; then the blend learns from all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import BadInput
from mercato.core.history import Interactions
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.lambdamart.graph import Score, graph_of, open_graph
from mercato.models.lambdamart.model import LambdaMart
from mercato.models.lambdamart.trees import Trees
from mercato.models.neural.outcome import Outcome
from mercato.models.next_item_blend import FittedNextItemBlend, NextItemBlend
from mercato.models.ranking_data import RankingData
from mercato.models.saving import Saved

_NEW = 1.0, 0.05, 0.01
"""Shares of the log, its newest events, in which it is counted how often an item was met."""

_SURE = 1e-6
"""Added to chances before their logarithm."""


class Gathered(NamedTuple):
    """Candidates of one shopper.

    items    : (m,) int32
    features : (m, n_features) float32
    start    : (m,) float64, logarithms of the blend's chances
    """

    items: NDArray[np.int32]
    features: NDArray[np.float32]
    start: NDArray[np.float64]


@dataclass(frozen=True)
class Candidates(Saved):
    """What the blend proposes, and what is known of it.

    most : items, the likeliest
    met  : (3, n_items) float32, logarithms of how often each was met, in all and lately
    """

    most: int
    blend: FittedNextItemBlend
    met: NDArray[np.float32]

    @classmethod
    def learned(
        cls, blend: NextItemBlend, most: int, log: Interactions, as_of: int, step: Step
    ) -> Self:
        newest_first = log.item[np.argsort(log.ts, kind="stable")][::-1]
        counts = [
            np.bincount(newest_first[: round(share * len(newest_first))], minlength=log.n_items)
            for share in _NEW
        ]
        return cls(most, blend.fit(log, as_of, step), np.log1p(counts).astype(np.float32))

    def of(self, one: Interactions, now: int) -> Gathered:
        said = self.blend.at(now).said(one)
        total = said.total
        if not self.blend.network.again:
            total[one.item] = 0
        found = np.flatnonzero(total)
        items = Scored(found.astype(np.int32), total[found]).best(self.most).items
        columns = [column for each in said for column in _of_one(each, items)]
        columns += [*self.met[:, items], *self._of_history(one, items)]
        features = np.stack(columns, 1).astype(np.float32)
        return Gathered(items, features, np.log(total[items].astype(np.float64) + _SURE))

    def _of_history(
        self, one: Interactions, items: NDArray[np.int32]
    ) -> Iterator[NDArray[np.floating]]:
        """1 over the events since each was met last (0: never), how often it was met, how long the
        history is, and how often its last item was met by all."""
        n = len(one.item)
        same = one.item[None, :] == items[:, None]
        yield (same / np.arange(n, 0, -1)).max(1, initial=0.0)
        yield same.sum(1).astype(np.float64)
        yield np.full(len(items), float(n))
        yield np.full(len(items), self.met[0, one.item[-1]] if n else 0.0)


def _of_one(
    values: NDArray[np.float32], items: NDArray[np.int32]
) -> Iterator[NDArray[np.floating]]:
    """What is said of each, its place by that among the candidates, and the most said of any."""
    told = values[items]
    place = np.empty(len(items))
    place[np.argsort(-told, kind="stable")] = np.arange(len(items))
    yield told
    yield place
    yield np.full(len(items), values.max(initial=0.0))


@dataclass(frozen=True)
class Order(Saved):
    """Trees and what runs them."""

    trees: Trees

    @cached_property
    def _run(self) -> Score:
        return open_graph(graph_of(self.trees))

    def score(self, gathered: Gathered) -> NDArray[np.float32]:
        """(m,)."""
        if not len(gathered.items) or not len(self.trees.roots):
            return gathered.start.astype(np.float32)
        return (gathered.start + self._run(gathered.features)).astype(np.float32)


@dataclass(frozen=True)
class FittedNextItemRanker(FittedModel):
    proposed: Candidates
    order: Order

    @property
    def outcome(self) -> Outcome:
        """Of the network's training."""
        return self.proposed.blend.outcome

    def _scored(self, one: Interactions) -> Scored:
        gathered = self.proposed.of(one, self.as_of)
        return Scored(gathered.items, self.order.score(gathered))


@dataclass(frozen=True)
class NextItemRanker:
    """
    most   : candidates
    newest : share of the log's events, the newest, that trees learn from
    last   : events of each shopper, their newest, that trees learn from instead; for a log whose
             times say an order and nothing more
    asked  : of these events, spread evenly over all
    """

    blend: NextItemBlend = field(default_factory=NextItemBlend)
    trees: LambdaMart = LambdaMart(
        "binary", n_trees=200, n_leaves=15, learning_rate=0.05, ridge=10.0
    )
    most: int = 60
    newest: float = 0.05
    last: int = 0
    asked: int = 20_000
    fitted: ClassVar[type[FittedModel]] = FittedNextItemRanker

    def within(self, minutes: float) -> Self:
        """The same, its network learned twice in so many minutes at most."""
        return replace(self, blend=self.blend.within(minutes / 2))

    def seeded(self, seed: int) -> Self:
        """The same from another beginning."""
        return replace(self, blend=self.blend.seeded(seed), trees=replace(self.trees, seed=seed))

    def on(self, device: str) -> Self:
        """The same, its network learned on "cpu", "cuda", "cuda:1"…"""
        return replace(self, blend=self.blend.on(device))

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedNextItemRanker:
        """Learn from a log.

        Raises BadInput where the log does not fit together or nothing may be held back.
        """
        check_log(interactions, as_of)
        if not (self.last > 0 or 0 < self.newest < 1):
            raise BadInput(
                "a share of events between 0 and 1, or events of each shopper, to learn order from",
                f"newest {self.newest:g}, last {self.last}",
                "Set newest or last.",
            )
        order = Order(self._trees(interactions, step))
        proposed = Candidates.learned(self.blend, self.most, interactions, as_of, step)
        return FittedNextItemRanker(interactions.n_items, as_of, proposed, order)

    def _trees(self, log: Interactions, step: Step) -> Trees:
        earlier, held = self._halves(log)
        asked = held[log.offsets[log.user[held]] < held]
        if len(asked) > self.asked:
            asked = asked[np.linspace(0, len(asked) - 1, self.asked).astype(np.int64)]
        if not len(asked) or not len(earlier.item):
            return Trees.none()
        until = int(earlier.ts.max()) + 1
        proposed = Candidates.learned(self.blend, self.most, earlier, until, step)
        step.note(f"order from {len(asked):,} events")
        rows, gains = [], []
        for at in asked.tolist():
            moment = int(log.ts[at])
            one = log.of(int(np.searchsorted(log.offsets, at, "right")) - 1).before(moment)
            gathered = proposed.of(one, moment)
            rows.append(gathered)
            gains.append((gathered.items == log.item[at]).astype(np.float32))
        gain = np.concatenate(gains)
        if not gain.any():
            return Trees.none()
        group = np.array([len(each) for each in gains])
        features = np.concatenate([each.features for each in rows])
        start = np.concatenate([each.start for each in rows])
        return self.trees.fit(RankingData(features, group, gain), start)

    def _halves(self, log: Interactions) -> tuple[Interactions, NDArray[np.int64]]:
        """What the first blend learns from, and which events are held back from it."""
        if self.last:
            left = np.repeat(log.offsets[1:], np.diff(log.offsets)) - np.arange(len(log.item))
            held = left <= self.last
            return log.where(~held), np.flatnonzero(held)
        if not len(log.ts):
            return log, np.zeros(0, np.int64)
        cut = int(np.quantile(log.ts, 1 - self.newest))
        return log.before(cut), np.flatnonzero(log.ts >= cut)
