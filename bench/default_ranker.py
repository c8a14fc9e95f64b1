"""The weights that searches start with: learned from what a supermarket's households bought.

Nothing but the demo shop (Complete Journey, CC0) is learned from. A household's purchase of the
last month stands for what it sought, some words of the product's title for what it typed; what all
households bought before, and what this one did, are what the shop knows of demand and of taste.
Weights of words and of meaning are left to the first stage: such as were learned from simulated
queries, or from Icecat's judgments, made other catalogues worse (docs/LOG.md).

``--data`` is a built demo shop. Writes ``src/mercato/ranking/default_weights.json``.
"""

import json
import resource
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.harness import DEMO, Arguments, Row, arguments, shop_of, source_of, write_result
from mercato.catalogue.analysis import STOP_WORDS, surface_words
from mercato.catalogue.catalogue import Catalogue
from mercato.data.store import AssetStore
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.models.listwise import Listwise
from mercato.models.ranking_data import RankingData
from mercato.ranking.defaults import FILE
from mercato.ranking.features import NAMES, features
from mercato.ranking.taste import Taste
from mercato.search.request import SearchContext
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search_context
from mercato.training.search_ranker.examples import Examples, Question, candidates_for

PROTOCOL = (
    "Complete Journey (CC0): {n:,} purchases of December 2017, each sought by one to three words "
    "of its title; nDCG@10 of the bought product over the whole catalogue, on households that were "
    "not learned from. Demand and taste are from purchases before December."
)
SPLIT = datetime(2017, 12, 1, tzinfo=UTC)
QUERIES = 4_000
QUICK_QUERIES = 200
MOST_WORDS = 3
FIRST_STAGE = NAMES[0]
FIRST_STAGE_WEIGHT = 10.0
"""The best score of the first stage is e**10 times as likely as none: the scale of all others. On
Icecat's judgments weighted sums that start from 8 to 10 did best, from 5 and 15 worse."""

LEARNED = (
    FIRST_STAGE,
    "demand: buyers",
    "taste: own item",
    "taste: own brand",
    "taste: own category",
    "taste: own top category",
)
ASSUMED = {"offer: in stock": 0.5}
"""What the supermarket cannot tell: all of its products are there. As much as .05 of a first-stage
score, as for what a query's words prefer."""


@dataclass(frozen=True)
class Purchases:
    """household, row, before: (n,) of each line; before: whether it is from before the split"""

    household: NDArray[np.object_]
    row: NDArray[np.int64]
    before: NDArray[np.bool_]

    @classmethod
    def read(cls, shop: Path, catalogue: Catalogue) -> "Purchases":
        wanted = ["ts", "event", "user_id", "item_id"]
        table = AssetStore(shop / "assets").read("events", columns=wanted)
        table = table.filter(pc.equal(table["event"], "purchase"))
        ids = pa.array(catalogue.ids(np.arange(catalogue.n_base)), pa.string())
        row = pc.fill_null(pc.index_in(table["item_id"], value_set=ids), -1).to_numpy()
        before = pc.less(table["ts"], pa.scalar(SPLIT, table.schema.field("ts").type)).to_numpy()
        known = row >= 0
        household = np.array(table["user_id"].to_pylist(), object)
        return cls(household[known], row[known].astype(np.int64), before[known])

    def of_households(self) -> dict[str, NDArray[np.int64]]:
        """Household → rows that it bought before the split."""
        rows, names = self.row[self.before], self.household[self.before]
        order = np.argsort(names.astype(str), kind="stable")
        distinct, starts = np.unique(names[order].astype(str), return_index=True)
        return dict(zip(distinct.tolist(), np.split(rows[order], starts[1:]), strict=True))


def known_before(catalogue: Catalogue, purchases: Purchases) -> Catalogue:
    """The catalogue as popular as it was at the split."""
    pairs = np.unique(
        np.stack([purchases.row, np.unique(purchases.household, return_inverse=True)[1]])[
            :, purchases.before
        ],
        axis=1,
    )
    buyers = np.bincount(pairs[0], minlength=catalogue.n_base).astype(np.float32)
    return replace(catalogue, base=replace(catalogue.base, popularity=buyers))


def typed(title: str, random: np.random.Generator) -> str:
    """One to three words of a title, in its order."""
    words = [word for word in surface_words(title) if word not in STOP_WORDS]
    n = min(int(random.integers(1, MOST_WORDS + 1)), len(words))
    return " ".join(words[at] for at in np.sort(random.permutation(len(words))[:n]))


def simulate(shop: Shop, purchases: Purchases, most: int) -> tuple[Examples, list[str]]:
    """Queries with their candidates, and the household of each."""
    live = shop.live
    catalogue = known_before(live.catalogue, purchases)
    context = replace(search_context(shop, live, SearchCall()), catalogue=catalogue)
    bought, random = purchases.of_households(), np.random.default_rng(0)
    later = np.flatnonzero(~purchases.before)
    parts, gains, households, queries = [], [], [], []
    for at in random.permutation(later).tolist():
        household, row = str(purchases.household[at]), int(purchases.row[at])
        query = typed(catalogue.item(row)["title"], random)
        mine = replace(context, taste=taste(catalogue, bought.get(household)))
        found = of_query(query, row, mine) if query else None
        if found is not None:
            parts.append(found[0])
            gains.append(found[1])
            households.append(household)
            queries.append(query)
        if len(parts) == most:
            break
    group = np.array([len(part) for part in parts])
    data = RankingData(np.concatenate(parts), group, np.concatenate(gains))
    no_rows = np.zeros(0, np.int32)
    questions = tuple(Question(query, None, no_rows, {}) for query in queries)
    return Examples(questions, data, np.ones(len(parts))), households


def taste(catalogue: Catalogue, rows: NDArray[np.int64] | None) -> Taste | None:
    return None if rows is None else Taste.of(rows, catalogue.facts.of(rows), np.ones(len(rows)))


def of_query(
    query: str, row: int, context: SearchContext
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Features and gains; None where the first stage does not find the product."""
    candidates = candidates_for(query, context)
    if candidates is None or row not in candidates.rows:
        return None
    return features(candidates), (candidates.rows == row).astype(np.float32)


def learn(examples: Examples, which: tuple[str, ...]) -> NDArray[np.float32]:
    """(n_features,) weights, of some features alone."""
    kept = np.isin(NAMES, which)
    data = examples.data
    alone = RankingData(data.features * kept, data.group, data.gain)
    start = np.where(np.array(NAMES) == FIRST_STAGE, FIRST_STAGE_WEIGHT, 0.0)
    found = Listwise(ridge=0.001).fit(alone, start).weights
    # The first stage sets the scale, so that what is assumed of others stands beside it.
    scale = FIRST_STAGE_WEIGHT / float(found[NAMES.index(FIRST_STAGE)])
    return (found * scale * kept).astype(np.float32)


def write_weights(weights: NDArray[np.float32], means: NDArray[np.float32]) -> None:
    named: dict[str, Mapping[str, float]] = {
        name: {"weight": round(float(weights[at]), 4), "mean": round(float(means[at]), 4)}
        for at, name in enumerate(NAMES)
        if weights[at]
    }
    for name in named:
        if name.startswith("taste"):  # an average candidate is one that nobody in particular seeks
            named[name] = {**named[name], "mean": 0.0}
    for name, weight in ASSUMED.items():
        named[name] = {"weight": weight, "mean": 1.0}
    told = {"made_by": "bench/default_ranker.py", "assumed": sorted(ASSUMED), "features": named}
    FILE.write_text(json.dumps(told, indent=1) + "\n")


def measure(asked: Arguments, shop: Shop, folder: Path) -> tuple[list[Row], int]:
    purchases = Purchases.read(folder, shop.live.catalogue)
    begun = time.perf_counter()
    examples, households = simulate(shop, purchases, QUICK_QUERIES if asked.quick else QUERIES)
    learned = np.array([zlib.crc32(each.encode()) % 2 == 0 for each in households])
    known, other = (examples.some(np.flatnonzero(part)) for part in (learned, ~learned))
    first = other.ndcg(other.data.features[:, 0])
    rows = [_row("first stage", {"ndcg@10": bootstrap(first).to_json()}, begun)]
    for name, which in (("demand", LEARNED[:2]), ("demand and taste", LEARNED)):
        weights = learn(known, which)
        values = other.ndcg(other.data.features @ weights)
        metrics = {
            "ndcg@10": bootstrap(values).to_json(),
            "minus first stage": paired_difference(values, first).to_json(),
        }
        rows.append(_row(name, metrics, begun, chosen=which is LEARNED))
    if not asked.quick:
        write_weights(weights, known.data.features.mean(axis=0))
    return rows, len(other)


def _row(name: str, metrics: Mapping[str, object], begun: float, *, chosen: bool = False) -> Row:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(name, metrics, time.perf_counter() - begun, peak, chosen)


def main() -> None:
    asked = arguments(__doc__, name="default_ranker", data=DEMO, minutes=5)
    with shop_of(asked.data) as folder:
        shop = Shop.open(folder)
        try:
            rows, n = measure(asked, shop, folder)
        finally:
            shop.close()
    write_result(
        asked.out,
        name="default_ranker",
        protocol=PROTOCOL.format(n=n),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
