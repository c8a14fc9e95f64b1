"""Boosted trees over how often each value was clicked and seen: LightGBM fits, ONNX serves.

Friedman 2001 (https://doi.org/10.1214/aos/1013203451); log loss.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mercato.core.errors import NotReady
from mercato.core.progress import Step
from mercato.models.ctr.base import FittedClicks
from mercato.models.ctr.fields import Examples, Rows, check_examples
from mercato.models.ctr.target_statistics import TargetStatistics, out_of_fold
from mercato.models.lambdamart.graph import GRAPH_FILE, Score, graph_of, open_graph
from mercato.models.lambdamart.model import load_lightgbm, trees_of
from mercato.models.saving import Saved


@dataclass(frozen=True)
class _Encoder(Saved):
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    shown: NDArray[np.float64]
    clicked: NDArray[np.float64]
    base: float
    smoothing: float
    few: int


@dataclass(frozen=True)
class FittedBoostedTrees(FittedClicks):
    """graph : the trees as ONNX, over the features of ``statistics``"""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    statistics: TargetStatistics
    graph: bytes

    @cached_property
    def _run(self) -> Score:
        return open_graph(self.graph)

    def _score(self, rows: Rows) -> NDArray[np.float32]:
        return self._run(self.statistics.features(rows))

    def save(self, folder: Path) -> None:
        s = self.statistics
        about = _Encoder(self.names, self.sizes, s.shown, s.clicked, s.base, s.smoothing, s.few)
        about.save(folder)
        (folder / GRAPH_FILE).write_bytes(self.graph)

    @classmethod
    def load(cls, folder: Path) -> Self:
        s = _Encoder.load(folder)
        try:
            graph = (folder / GRAPH_FILE).read_bytes()
        except FileNotFoundError as error:
            raise NotReady("trees", str(error), "Fit and save them again.") from None
        statistics = TargetStatistics(s.shown, s.clicked, s.base, s.smoothing, s.few)
        return cls(tuple(s.names), tuple(s.sizes), statistics, graph)


@dataclass(frozen=True)
class BoostedTrees:
    """smoothing : rows of the mean that a value's clicks are mixed with
    folds     : parts that examples are told in, each by the others
    few       : fields of at most so many codes are told by their code too
    patience  : trees without a better one after which the fit ends
    """

    smoothing: float = 20.0
    folds: int = 10
    few: int = 32
    most_trees: int = 1_000
    n_leaves: int = 15
    learning_rate: float = 0.05
    least_rows: int = 50
    ridge: float = 5.0
    feature_share: float = 0.6
    row_share: float = 0.8
    patience: int = 50
    seed: int = 0
    fitted: ClassVar[type[FittedClicks]] = FittedBoostedTrees

    def fit(self, train: Examples, validation: Examples, step: Step) -> FittedBoostedTrees:
        check_examples(train, validation)
        lightgbm = load_lightgbm()
        told = out_of_fold(train, self.folds, self.smoothing, self.few, self.seed)
        statistics = TargetStatistics.of(train, self.smoothing, self.few)
        data = lightgbm.Dataset(told, train.clicked)
        asked = statistics.features(validation.rows)
        booster = lightgbm.train(
            self._parameters(),
            data,
            self.most_trees,
            valid_sets=[lightgbm.Dataset(asked, validation.clicked, reference=data)],
            callbacks=[
                lightgbm.early_stopping(self.patience, verbose=False),
                lambda _: step.advance(),
            ],
        )
        step.note(f"{booster.best_iteration} trees")
        dump = booster.dump_model(num_iteration=booster.best_iteration)
        graph = graph_of(trees_of(dump, told.shape[1]))
        return FittedBoostedTrees(train.rows.names, train.rows.sizes, statistics, graph)

    def _parameters(self) -> dict[str, Any]:
        return {
            "objective": "binary",
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
