"""Results as they are published: named metrics with intervals, baselines beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercato.evaluation.intervals import Estimate, bootstrap
from mercato.evaluation.judging import Judged
from mercato.evaluation.metrics import Values, ndcg, recall

SHELF_K = 20
SEARCH_K = 10

PerRow = Mapping[str, Values]
"""Name of a metric, as in ``home/recall@20`` → one value a shopper or query."""


def shelf_metrics(placement: str, judged: Judged, k: int = SHELF_K) -> dict[str, Values]:
    """Recall and nDCG with binary gain."""
    return {
        f"{placement}/recall@{k}": recall(judged, k),
        f"{placement}/ndcg@{k}": ndcg(judged, k),
    }


def search_metrics(judged: Judged, gain: str, k: int = SEARCH_K) -> dict[str, Values]:
    """nDCG with graded gain (``exp`` or ``exp1``) and recall of what is relevant."""
    return {
        f"search/ndcg@{k}": ndcg(judged, k, gain),
        f"search/recall@{k}": recall(judged, k),
    }


def estimates(values: PerRow) -> dict[str, Estimate]:
    """Each metric's mean and 95% interval."""
    return {name: bootstrap(each) for name, each in values.items()}


@dataclass(frozen=True)
class Report:
    """What ``mercato evaluate`` shows.

    baselines : name of a baseline → its metrics, on the same shoppers
    n         : name of a part → shoppers or queries
    """

    metrics: Mapping[str, Estimate]
    baselines: Mapping[str, Mapping[str, Estimate]]
    n: Mapping[str, int]
    protocol: str

    def to_json(self) -> dict[str, Any]:
        return {
            "metrics": {name: each.to_json() for name, each in self.metrics.items()},
            "baselines": {
                name: {metric: each.to_json() for metric, each in found.items()}
                for name, found in self.baselines.items()
            },
            "n": dict(self.n),
            "protocol": self.protocol,
        }
