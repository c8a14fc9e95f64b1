"""Which ranker a shop gets: each is measured on queries that it has not learned from."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.core.progress import Step
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.evaluation.metrics import Values
from mercato.models.curves import Curve
from mercato.models.lambdamart.model import LambdaMart, load_lightgbm
from mercato.models.lambdamart.trees import Trees
from mercato.models.listwise import Listwise, WeightedSum
from mercato.models.ranking_data import RankingData
from mercato.ranking.known_answers import KnownAnswers
from mercato.training.search_ranker.examples import Examples

FOLDS = 5

FEWEST_QUERIES = 20
"""Assumed: from fewer nothing general is learned, and nothing can be compared."""

FEWEST_FOR_TREES = 200
"""On Icecat's 57 queries trees lost against the sum by .01 to .02."""

LIKELY = 0.8
"""A ranker is kept that is better than the default with this chance. Assumed."""

FILE = "comparison.json"


@dataclass(frozen=True)
class Fitted:
    """A weighted sum, trees that correct it, if any, and the answers that it knows.

    curves : how the trees were learned
    """

    sum: WeightedSum
    trees: Trees | None = None
    known: KnownAnswers | None = None
    curves: tuple[Curve, ...] = ()

    def score(self, examples: Examples) -> NDArray[np.float64]:
        """(n,) of other queries than it learned from."""
        return self.score_features(examples.knowing(self.known).features)

    def score_features(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n,) of rows of features (n, n_features)."""
        total = self.sum.score(features).astype(np.float64)
        return total if self.trees is None else total + self.trees.score(features)


Fit = Callable[[Examples], Fitted]


def fits(default: WeightedSum, *, trees: bool) -> dict[str, Fit]:
    """How a ranker may be learned, by name; each starts from the default's weights."""

    def fit_with(trees: bool) -> Fit:
        def fit(examples: Examples) -> Fitted:
            known = examples.known()
            found = fit_data(examples.knowing(known, own=True), default, trees=trees)
            return replace(found, known=known)

        return fit

    found = {"weighted sum": fit_with(False)}
    return found | {"trees": fit_with(True)} if trees else found


def fit_data(data: RankingData, default: WeightedSum, *, trees: bool) -> Fitted:
    """A weighted sum and, if wanted, trees that correct it."""
    first = Listwise().fit(data, default.weights)
    if not trees:
        return Fitted(first)
    start = first.score(data.features).astype(np.float64)
    found, curve = LambdaMart().fit_told(data, start)
    return Fitted(first, found, curves=(curve,))


@dataclass(frozen=True)
class Comparison:
    """What was measured, cross-validated over queries.

    chosen     : the ranker's name; ``default`` where none was better
    source     : ``judgments``, ``clicks`` or ``none``
    ndcg       : name → {"value", "low", "high"}, nDCG@10 over the whole catalogue
    difference : name → the same, minus the default's, paired by query
    left_out   : why some rankers were not tried
    position   : how likely each place was looked at, against the first, as estimated from the
                 clicks that were learned from; empty where none were
    """

    chosen: str
    source: str
    queries: int
    ndcg: Mapping[str, Mapping[str, float]]
    difference: Mapping[str, Mapping[str, float]]
    left_out: str = ""
    position: tuple[float, ...] = ()

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def open(cls, folder: Path) -> "Comparison":
        found = json.loads((folder / FILE).read_text())
        return cls(**found | {"position": tuple(found.get("position", ()))})

    def told(self) -> str:
        """One line for a terminal."""
        if not self.ndcg:
            return f"default weights: {self.left_out}"
        values = ", ".join(f"{name} {of['value']:.3f}" for name, of in self.ndcg.items())
        return f"{self.chosen} chosen; nDCG@10 on {self.queries:,} queries: {values}"


def choose(
    examples: Examples, default: WeightedSum, source: str, step: Step
) -> tuple[Fitted, Comparison]:
    """The ranker that does best on queries it has not seen; the default unless it is likely
    better. ``step`` advances by fits, see `n_fits`."""
    tried, left_out = _possible(default, examples)
    values = {"default": examples.ndcg(Fitted(default).score(examples))}
    for name, fit in tried.items():
        values[name] = _cross_validated(examples, fit, step)
    best = max(tried, key=lambda name: float(values[name].mean()))
    gain = values[best] - values["default"]
    better = bootstrap(gain, level=2 * LIKELY - 1).low > 0
    comparison = Comparison(
        best if better else "default",
        source,
        len(examples),
        {name: bootstrap(of).to_json() for name, of in values.items()},
        {name: paired_difference(values[name], values["default"]).to_json() for name in tried},
        left_out,
    )
    fitted = tried[best](examples) if better else Fitted(default)
    step.advance()
    return fitted, comparison


def n_fits(examples: Examples) -> int:
    return FOLDS * (1 + (len(examples) >= FEWEST_FOR_TREES)) + 1


def _possible(default: WeightedSum, examples: Examples) -> tuple[dict[str, Fit], str]:
    if len(examples) < FEWEST_FOR_TREES:
        return fits(default, trees=False), f"trees need {FEWEST_FOR_TREES} queries"
    try:
        load_lightgbm()
    except NotReady as error:
        return fits(default, trees=False), str(error)
    return fits(default, trees=True), ""


def _cross_validated(examples: Examples, fit: Fit, step: Step) -> Values:
    """(n_queries,) of each query by a ranker that has not seen it."""
    fold = np.random.default_rng(0).permutation(len(examples)) % FOLDS
    values = np.zeros(len(examples))
    for number in range(FOLDS):
        held_out = np.flatnonzero(fold == number)
        fitted = fit(examples.some(np.flatnonzero(fold != number)))
        some = examples.some(held_out)
        values[held_out] = some.ndcg(fitted.score(some))
        step.advance()
    return values
