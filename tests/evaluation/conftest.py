"""The demo's supermarket as a log of purchases, and models asked by the shop protocol."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from mercato.core.columns import Event
from mercato.core.errors import NotReady
from mercato.core.history import EVENT_CODES, Interactions
from mercato.core.progress import Silent
from mercato.data.importers.complete_journey import package_folder
from mercato.evaluation.judging import Judged, as_answers, judge
from mercato.evaluation.shop_split import ShopSplit, Target, shop_split

DECEMBER = 1_512_086_400_000_000
JANUARY = 1_514_764_800_000_000
"""2017-12-01 and 2018-01-01 UTC, in microseconds since 1970."""

K = 20


@dataclass(frozen=True)
class Demo:
    """The year before December, and what the households bought in it."""

    split: ShopSplit

    def fit(self, model: Any) -> Any:
        with Silent().step("fit") as step:
            return model.fit(self.split.before, DECEMBER, step)

    def ask(
        self, target: Target, ranked: Callable[[Interactions], np.ndarray], *, new: bool
    ) -> Judged:
        """Judge what ``ranked`` answers for each shopper; with ``new`` less what they bought."""
        answers = []
        for user in target.users.tolist():
            one = self.split.before.of(user)
            items = ranked(one)
            answers.append(items[~np.isin(items, one.item)] if new else items)
        return judge(as_answers(answers, K, self.split.eligible), target.truth)


@pytest.fixture(scope="session")
def demo() -> Demo:
    try:
        folder = package_folder()
    except NotReady as error:
        pytest.skip(str(error.remedy))
    columns = ["household_id", "product_id", "quantity", "transaction_timestamp"]
    table = pq.read_table(folder / "transactions.parquet", columns=columns)
    products = pc.unique(table["product_id"]).to_numpy()
    households = table["household_id"].to_numpy()
    ts = table["transaction_timestamp"].cast("timestamp[us]").cast("int64").to_numpy()
    order = np.lexsort((ts, households))
    households = households[order]
    log = Interactions(
        offsets=np.append(np.flatnonzero(np.diff(households, prepend=-1)), len(households)),
        item=np.searchsorted(np.sort(products), table["product_id"].to_numpy()[order]).astype(
            np.int32
        ),
        ts=ts[order],
        event=np.full(len(order), EVENT_CODES[Event.PURCHASE], np.int8),
        quantity=table["quantity"].to_numpy()[order].astype(np.float32),
        n_items=len(products),
    )
    return Demo(shop_split(log, DECEMBER, JANUARY))
