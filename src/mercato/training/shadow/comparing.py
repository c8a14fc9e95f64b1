"""Shelves of releases side by side, for the same shoppers, against what they bought then."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Placement
from mercato.core.progress import Progress
from mercato.evaluation.intervals import Estimate, bootstrap
from mercato.evaluation.judging import as_answers, judge
from mercato.evaluation.metrics import Values
from mercato.evaluation.report import SHELF_K, shelf_metrics
from mercato.evaluation.shop_split import ShopSplit, Target
from mercato.recommend.request import MOST_ITEMS
from mercato.training.shadow.asking import Asked, Past, call_of

FEWEST = 50
"""Shoppers, or queries, below which nothing is held against a release: the interval is too short.
Assumed."""

LEVEL = 0.995
"""Of the intervals of differences. Two releases are held against a third in two metrics of two
placements and two kinds of searches: at this level all of it refuses a harmless one with a chance
of 4% at most, where intervals of 95% would refuse one in three."""

RESAMPLES = 4_000
"""So that ten lie beyond either end."""


@dataclass(frozen=True)
class Compared:
    """Of one placement, or kind of search.

    n          : shoppers, or queries
    metrics    : release → metric → its mean
    difference : release → metric → it less the published release's, paired by shopper or query
    """

    n: int
    metrics: Mapping[str, Mapping[str, Estimate]]
    difference: Mapping[str, Mapping[str, Estimate]]

    def worse(self, name: str) -> list[str]:
        """Metrics in which a release is behind by its whole interval."""
        if self.n < FEWEST:
            return []
        return [metric for metric, each in self.difference[name].items() if each.high < 0]

    def to_json(self) -> dict[str, Any]:
        def told(all_of: Mapping[str, Mapping[str, Estimate]]) -> dict[str, Any]:
            return {
                name: {metric: each.to_json() for metric, each in of.items()}
                for name, of in all_of.items()
            }

        return {
            "n": self.n,
            "metrics": told(self.metrics),
            "difference": told(self.difference),
        }


PUBLISHED = "published"


def compare_shelves(
    asked: Mapping[str, Asked],
    past: Past,
    parts: ShopSplit,
    moment: int,
    most_users: int,
    progress: Progress,
) -> dict[str, Compared]:
    """Placement → what came of it, where anybody bought what counts there.

    asked : name → release; PUBLISHED is what others are compared with
    """
    targets = {
        Placement.BUY_AGAIN: parts.bought.first(most_users),
        Placement.HOME: parts.new.first(most_users),
    }
    found = {}
    for placement, target in targets.items():
        if not len(target):
            continue
        with progress.step(f"{placement} side by side", len(target) * len(asked)) as step:
            values = {}
            for name, release in asked.items():
                values[name] = _values(release, placement, past, target, parts, moment)
                step.advance(len(target))
        found[str(placement)] = compared(values, len(target))
    return found


def compared(values: Mapping[str, Mapping[str, Values]], n: int) -> Compared:
    """values : release → metric → (n,)"""
    base = values[PUBLISHED]
    return Compared(
        n,
        {name: {m: bootstrap(each) for m, each in of.items()} for name, of in values.items()},
        {
            name: {
                m: bootstrap(each - base[m], resamples=RESAMPLES, level=LEVEL)
                for m, each in of.items()
            }
            for name, of in values.items()
            if name != PUBLISHED
        },
    )


def _values(
    release: Asked,
    placement: Placement,
    past: Past,
    target: Target,
    parts: ShopSplit,
    moment: int,
) -> dict[str, Values]:
    number = {item_id: at for at, item_id in enumerate(past.item_ids.to_pylist())}
    ranked: list[NDArray[np.int64]] = []
    for user in target.users:
        shopper_id = past.histories.shopper_ids[int(user)].as_py()
        ids = release.shelf(call_of(placement, shopper_id, MOST_ITEMS), shopper_id, moment)
        known = [number[item_id] for item_id in ids if item_id in number]
        ranked.append(np.array(known, np.int64))
    judged = judge(as_answers(ranked, SHELF_K, parts.eligible), target.truth)
    return shelf_metrics(placement, judged)
