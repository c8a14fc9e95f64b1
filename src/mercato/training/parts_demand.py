"""The part of a release that says how its items do with shoppers, beside how many bought them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.catalogue.base import open_base
from mercato.core.columns import ITEM_ID
from mercato.core.progress import Step
from mercato.ranking.demand import Demand
from mercato.training.workshop import Made, Workshop

_LEAST_RATE = 1e-4
"""A smoothed rate is not taken for less: its log would outweigh everything. Assumed."""


def make_demand(workshop: Workshop, catalogue: Made, statistics: pa.Table, made_from: int) -> Made:
    """statistics : the asset ``item_statistics``; made_from: the version that made its rows"""

    def work(folder: Path, step: Step) -> None:
        base = open_base(catalogue.folder, None)
        ids = pa.array(base.ids.many(np.arange(len(base))), pa.string())
        at = pc.index_in(ids, value_set=statistics[ITEM_ID].combine_chunks())
        rows = statistics.take(at)
        found = Demand(
            _against_mean(rows, "click_rate", "clicks", "impressions"),
            _against_mean(rows, "purchase_rate", "purchases", "views"),
        )
        found.save(folder)

    of = {"catalogue": catalogue.fingerprint, "item_statistics": made_from}
    return workshop.make("demand", of, work)


def _against_mean(rows: pa.Table, rate: str, successes: str, trials: str) -> NDArray[np.float32]:
    """(n,) log of each item's smoothed rate over that of all; zeros where nothing was tried."""
    tried = pc.sum(rows[trials]).as_py() or 0
    won = pc.sum(rows[successes]).as_py() or 0
    if not tried or not won:
        return np.zeros(rows.num_rows, np.float32)
    mean = max(won / tried, _LEAST_RATE)
    rates = pc.fill_null(rows[rate], mean).to_numpy()
    return np.asarray(np.log(np.maximum(rates, _LEAST_RATE) / mean), np.float32)
