"""Candidates of a placement at a moment of the past, and which of them were bought after it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Placement
from mercato.core.progress import Step
from mercato.evaluation.judging import Judged
from mercato.models.saving import Saved
from mercato.ranking.shelf_features import features
from mercato.ranking.shelf_features.pairs import Pairs
from mercato.recommend.placements import PLACEMENTS
from mercato.recommend.pool import gather
from mercato.recommend.ranker import formula_scores
from mercato.recommend.shelves import may_stand
from mercato.training.shelf_ranker.moment import Moment, cases

LOOKED_AT = 20
"""Places from the top that shelves are compared by."""


@dataclass(frozen=True)
class Lessons(Saved):
    """The candidates of a shopper stand together.

    features : (n, n_features) float32, see `ranking.shelf_features`
    group    : (n_shoppers,) int64, candidates of each; 0 where there are none
    bought   : (n,) bool, after the moment
    counted  : (n,) bool, which candidates are compared by, see `evaluation.shop_split`
    formula  : (n,) float32, what the shelf is ordered by without a ranker
    wanted   : (n_shoppers,) int64, items that could have been found, candidates or not
    """

    features: NDArray[np.float32]
    group: NDArray[np.int64]
    bought: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    formula: NDArray[np.float32]
    wanted: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.group)

    def judged(self, scores: NDArray[np.floating]) -> Judged:
        """What stands on the first places of each shelf, by falling score."""
        shopper = np.repeat(np.arange(len(self)), self.group)
        rows = np.flatnonzero(self.counted)
        order = rows[np.lexsort((rows, -scores[rows], shopper[rows]))]
        of = shopper[order]
        first = np.searchsorted(of, np.arange(len(self)))
        place = np.arange(len(of)) - first[of]
        shown = place < LOOKED_AT
        grades = np.zeros((len(self), LOOKED_AT), np.float32)
        grades[of[shown], place[shown]] = self.bought[order[shown]]
        most = int(self.wanted.max(initial=0))
        ideal = (np.arange(most) < self.wanted[:, None]).astype(np.float32)
        return Judged(grades, ideal)


def gather_lessons(moment: Moment, placement: Placement, most: int, step: Step) -> Lessons | None:
    """Ask the pool of a placement for at most ``most`` shoppers, as serving asks it; None where
    nobody bought anything that counts."""
    split = moment.split()
    facts = moment.facts(split.before)
    found = cases(moment, split, placement, most)
    if not found:
        return None
    rows, said, formula, bought = [], [], [], []
    for case in found:
        asked = moment.asked(split.before, case.user, placement, case.cart)
        allowed = may_stand(asked, PLACEMENTS[placement].excluded)
        gathered = gather(placement, asked, allowed)
        rows.append(gathered.rows)
        said.append(gathered.said)
        formula.append(formula_scores(asked, gathered))
        bought.append(np.isin(gathered.rows, case.wanted))
        step.advance()
    group = np.array([len(each) for each in rows], np.int64)
    item = np.concatenate(rows)
    users = np.array([case.user for case in found], np.int64)
    sizes = [len(case.cart) for case in found]
    cart = np.array([row for case in found for row in case.cart], np.int64)
    pairs = Pairs(
        facts,
        split.before,
        np.repeat(users, group),
        item,
        moment.at,
        np.concatenate(said),
        (np.repeat(users, sizes), cart),
    )
    return Lessons(
        features(pairs),
        group,
        np.concatenate(bought),
        split.eligible[item],
        np.concatenate(formula).astype(np.float32),
        np.array([len(case.wanted) for case in found], np.int64),
    )
