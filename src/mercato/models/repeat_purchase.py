"""The chance that a shopper buys an item again soon, learned from the shop's own newest weeks.

A logistic regression, for each item that the shopper bought before, on

- the log of its personal frequency with forgetting (`personal_frequency`),
- the log of the item's share of repeats among all its purchases,
- the log of its shoppers, and of those of the newest weeks: what is out of season or no longer
  sold is not bought again.

The newest ``horizon_days`` of the log are the labels, what came before them the features; then the
features are taken again at the log's end. On November 2017 of Complete Journey recall@20 rises
from .318 (personal frequency with forgetting) to .328. Intervals between purchases, several
forgetting curves, counts of occasions and co-purchase scores beside these four add nothing there.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import MICROSECONDS_PER_DAY, History, Interactions, history
from mercato.core.progress import Step
from mercato.models.base import FittedModel, Scored, check_log
from mercato.models.logistic import fit_logistic
from mercato.models.popularity import newest

_UNLEARNED = np.array([-1.6, 1.24, 0.32, -0.24, 0.36])
"""Intercept and weights where the log is too short to learn from: those that December 2017 of
Complete Journey is scored with."""

_LEAST_REPEATS = 500
"""So many labels must be true before the shop's own weights are trusted. Assumed."""


@dataclass(frozen=True)
class FittedRepeatPurchase(FittedModel):
    """Scores are chances, 0 to 1.

    recency_weight : of the log of a pair's recency
    item_part      : (n_items,) float32, the rest of the log odds
    new_item_part  : the same for an item newer than the log: the mean over what was bought
    """

    scale_days: float
    power: float
    recency_weight: float
    item_part: NDArray[np.float32]
    new_item_part: float

    def of_new_items(self, recency: NDArray[np.float64]) -> NDArray[np.float32]:
        """(k,) chances of items that the log does not know, from the recency of each."""
        return self._chance(recency, self.new_item_part)

    def _scored(self, one: Interactions) -> Scored:
        bought = one.of_kinds(Event.PURCHASE)
        found = history(bought, self.as_of, scale_days=self.scale_days, power=self.power)
        return Scored(found.item, self._chance(found.recency, self.item_part[found.item]))

    def _chance(
        self, recency: NDArray[np.float64], item_part: NDArray[np.float32] | float
    ) -> NDArray[np.float32]:
        log_odds = self.recency_weight * np.log(recency) + item_part
        return (1 / (1 + np.exp(-log_odds))).astype(np.float32)


@dataclass(frozen=True)
class RepeatPurchase:
    """horizon_days : "soon"; least_shoppers : items with fewer are not learned from"""

    scale_days: float = 30.0
    power: float = 0.7
    horizon_days: float = 28.0
    least_shoppers: int = 5
    fitted: ClassVar[type[FittedModel]] = FittedRepeatPurchase

    def fit(self, interactions: Interactions, as_of: int, step: Step) -> FittedRepeatPurchase:
        check_log(interactions, as_of)
        bought = interactions.of_kinds(Event.PURCHASE)
        weights = self._learned(bought, as_of)
        step.note("too few repeats, default weights" if weights is None else "weights learned")
        weights = _UNLEARNED if weights is None else weights
        whole = history(bought, as_of)
        item_part = weights[0] + self._item_features(bought, whole, as_of) @ weights[2:]
        return FittedRepeatPurchase(
            interactions.n_items,
            as_of,
            self.scale_days,
            self.power,
            float(weights[1]),
            item_part.astype(np.float32),
            float(item_part[whole.item].mean()) if len(whole.item) else float(weights[0]),
        )

    def _learned(self, bought: Interactions, as_of: int) -> NDArray[np.float64] | None:
        """(5,) intercept and weights; None where the log holds too little."""
        split = as_of - round(self.horizon_days * MICROSECONDS_PER_DAY)
        before = bought.where(bought.ts < split)
        pairs = history(before, split, scale_days=self.scale_days, power=self.power)
        again = _pair_keys(history(bought.where(bought.ts >= split), as_of))
        shoppers = np.bincount(pairs.item, minlength=bought.n_items)
        learned = shoppers[pairs.item] >= self.least_shoppers
        labels = np.isin(_pair_keys(pairs), again)[learned]
        if labels.sum() < _LEAST_REPEATS:
            return None
        of_items = self._item_features(before, pairs, split)[pairs.item]
        features = np.column_stack([np.log(pairs.recency), of_items])[learned]
        return fit_logistic(features, labels)

    def _item_features(
        self, bought: Interactions, pairs: History, as_of: int
    ) -> NDArray[np.float64]:
        """(n_items, 3) log share of repeats, log shoppers, log shoppers of the newest weeks."""
        n_items = bought.n_items
        occasions = np.bincount(pairs.item, pairs.occasions, n_items)
        shoppers = np.bincount(pairs.item, minlength=n_items)
        lately = history(newest(bought, as_of, self.horizon_days), as_of)
        recent = np.bincount(lately.item, minlength=n_items)
        # A quarter of one purchase more was a repeat: an item bought once has no share of 0.
        repeats = (occasions - shoppers + 0.25) / (occasions + 1)
        return np.column_stack([np.log(repeats), np.log(np.maximum(shoppers, 1)), np.log1p(recent)])


def _pair_keys(pairs: History) -> NDArray[np.int64]:
    """(n_pairs,) one number for each (shopper, item)."""
    users = np.repeat(np.arange(pairs.n_users), np.diff(pairs.offsets))
    return users * pairs.n_items + pairs.item
