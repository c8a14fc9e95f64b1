"""LambdaMART (Burges 2010, "From RankNet to LambdaRank to LambdaMART: An Overview",
https://www.microsoft.com/en-us/research/publication/from-ranknet-to-lambdarank-to-lambdamart-an-overview/):
boosted trees whose gradients are what a swap of two candidates would change in nDCG.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.models.curves import Curve
from mercato.models.lambdamart.trees import LEAF, Trees
from mercato.models.ranking_data import RankingData

GAIN_LEVELS = 31
"""Different gains that LightGBM is told apart; they are spread over the range that was seen."""

_LEARNED_FROM = "learned from"


@dataclass(frozen=True)
class LambdaMart:
    """Hyperparameters.

    objective          : lambdarank; or binary, the log loss of gains that are 0 or 1: its scores
                         are log odds, comparable between queries, learned in half the time
    n_trees, n_leaves  : 100 trees of 8 leaves order 200 candidates in .36 ms
    learning_rate      : of each tree
    least_rows         : in a leaf
    ridge              : L2 penalty on leaves
    feature_share      : of features that a tree may ask
    row_share          : of rows that a tree sees
    bins               : into which a feature's values are put; fewer are faster to learn from
    looked_at          : places from the top in which swaps count
    """

    objective: Literal["lambdarank", "binary"] = "lambdarank"
    n_trees: int = 100
    n_leaves: int = 8
    learning_rate: float = 0.08
    least_rows: int = 100
    ridge: float = 5.0
    feature_share: float = 0.6
    row_share: float = 0.8
    bins: int = 255
    looked_at: int = 20
    seed: int = 0

    def fit(self, data: RankingData, start: NDArray[np.float64] | None = None) -> Trees:
        """Learn to correct ``start`` (n,), the scores that the trees' are added to.

        Raises NotReady where LightGBM cannot be loaded.
        """
        return self.fit_told(data, start)[0]

    def fit_told(
        self, data: RankingData, start: NDArray[np.float64] | None = None
    ) -> tuple[Trees, Curve]:
        """The same, and what the rows that were learned from had after each tree: nDCG@10, or the
        log loss of ``binary``."""
        lightgbm = load_lightgbm()
        labels, gains = _labels(data.gain)
        dataset = lightgbm.Dataset(
            data.features,
            labels,
            params={"max_bin": self.bins, "verbose": -1},
            group=data.group[data.group > 0] if self.objective == "lambdarank" else None,
            weight=data.weight,
            init_score=start,
        )
        seen: dict[str, dict[str, list[float]]] = {}
        booster = lightgbm.train(
            self._parameters(gains),
            dataset,
            self.n_trees,
            valid_sets=[dataset],
            valid_names=[_LEARNED_FROM],
            callbacks=[lightgbm.record_evaluation(seen)],
        )
        measured = next(iter(seen[_LEARNED_FROM].values()))
        name = "log loss" if self.objective == "binary" else "nDCG@10"
        trees = trees_of(booster.dump_model(), data.features.shape[1])
        return trees, Curve(name, "tree", tuple(measured))

    def _parameters(self, gains: list[float]) -> dict[str, Any]:
        return {
            **self._objective(gains),
            "num_leaves": self.n_leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.least_rows,
            "lambda_l2": self.ridge,
            "feature_fraction": self.feature_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }

    def _objective(self, gains: list[float]) -> dict[str, Any]:
        if self.objective == "binary":
            return {"objective": "binary", "metric": "binary_logloss"}
        return {
            "objective": "lambdarank",
            "metric": "ndcg",
            "eval_at": [10],
            "label_gain": gains,
            "lambdarank_truncation_level": self.looked_at,
        }


def load_lightgbm() -> Any:
    """The module. Raises NotReady where it cannot be loaded."""
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise NotReady(
            "LightGBM, to learn an order from judgments or clicks",
            str(error).splitlines()[0],
            "Install the system's OpenMP library (Debian: apt install libgomp1; macOS: brew "
            "install libomp), then: pip install --force-reinstall lightgbm",
        ) from None
    return lightgbm


def _labels(gain: NDArray[np.floating]) -> tuple[NDArray[np.int64], list[float]]:
    """(n,) each row's level, and what each level is worth."""
    levels = np.unique(gain)
    if len(levels) > GAIN_LEVELS:
        levels = np.linspace(0, float(gain.max()), GAIN_LEVELS)
    labels = np.abs(gain[:, None] - levels).argmin(axis=1)
    return labels, [float(level) for level in levels]


@dataclass
class _Nodes:
    """Arrays of nodes as they are read."""

    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    cover: list[float] = field(default_factory=list)

    def add(self, node: Mapping[str, Any]) -> int:
        """A node of LightGBM's dump with all below it; where it stands."""
        at = len(self.feature)
        inner = "split_feature" in node
        self.feature.append(node["split_feature"] if inner else LEAF)
        self.threshold.append(_below(node["threshold"]) if inner else 0.0)
        self.value.append(0.0 if inner else node["leaf_value"])
        self.cover.append(node["internal_count"] if inner else node.get("leaf_count", 1))
        self.left.append(-1)
        self.right.append(-1)
        if inner:
            self.left[at] = self.add(node["left_child"])
            self.right[at] = self.add(node["right_child"])
        return at


def _below(threshold: float) -> float:
    """The greatest float32 that is not above it: float32 features then go the same way."""
    nearest = np.float32(threshold)
    above = float(nearest) > threshold
    return float(np.nextafter(nearest, np.float32(-np.inf)) if above else nearest)


def trees_of(dump: Mapping[str, Any], n_features: int) -> Trees:
    """The trees of what LightGBM's ``Booster.dump_model`` gave."""
    nodes = _Nodes()
    roots = [nodes.add(tree["tree_structure"]) for tree in dump["tree_info"]]
    return Trees(
        n_features,
        np.array(roots, np.int32),
        np.array(nodes.feature, np.int32),
        np.array(nodes.threshold, np.float32),
        np.array(nodes.left, np.int32),
        np.array(nodes.right, np.int32),
        np.array(nodes.value, np.float32),
        np.array(nodes.cover, np.float32),
    )
