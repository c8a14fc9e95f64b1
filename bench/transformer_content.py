"""What the shopper transformer knows of items by their content: new ones, and another shop's.

``--data`` is a built shop with a year of purchases. Nothing is published: models learn from a part
of its log, and are asked about the rest.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.harness import DEMO, Row, arguments, forget_peak, own_peak_mb, source_of
from bench.merging import write_merged
from mercato.catalogue.base import open_base
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.facts import KEYS, NUMBERS
from mercato.catalogue.vectors import VectorIndex
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.data.histories import Histories
from mercato.evaluation.intervals import paired_difference
from mercato.evaluation.judging import Truth, as_answers, judge
from mercato.evaluation.metrics import Values, ndcg, recall
from mercato.evaluation.report import estimates
from mercato.models.neural.learning import Learning
from mercato.models.neural.next_item.model import NextItemNetwork
from mercato.models.neural.next_item.settings import Examples, Items, Pooled, Sizes
from mercato.models.preference import Forgetting, preferences
from mercato.models.shopper_transformer.content import ItemContent
from mercato.models.shopper_transformer.described import Description
from mercato.models.shopper_transformer.model import ShopperTransformer
from mercato.models.text_encoder import TextEncoder
from mercato.recommend.retrievers.transformer import TOLD, told_of
from mercato.training.encoder_strength import TEXTS, strength
from mercato.training.parts_transformer import OF_SHOP

_ALONE = replace(OF_SHOP, loss=replace(OF_SHOP.loss, log_q=True), int8=False)
"""As in a shop, but for what stands alone here: how popular items are is learned too."""

_DAYS = 28
_COLD_EVERY = 10
_LEAST_BUYERS = 5
_FEW_EVERY = 5
_K = 20
_QUICK = 100

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

Score = Callable[[Interactions], NDArray[np.float32]]
"""One shopper → (n_items,)"""

_HOW = (
    f"The newest {_DAYS} days decide; what is new to a shopper and bought in them is to be found; "
    "nothing is chosen on them. cold: one item in "
    f"{_COLD_EVERY} of those of at least {_LEAST_BUYERS} shoppers is held out of all that models "
    "learn from, and held-out items alone are ranked. transfer: products are parted into two shops "
    f"by their top category; of the second only one shopper in {_FEW_EVERY} is learned from, with "
    "or without what was learned from the other shoppers in the first. "
    "queries: three words of a title find their product among others that were bought, by the text "
    "encoder and by its vectors in the transformer's space. "
    "content kNN: cosine with the mean of the texts of what the shopper bought, the newest most."
)


@dataclass(frozen=True)
class Asked:
    """A catalogue's log up to a moment, and what was bought after it.

    counted : (n_items,) which items are ranked
    vectors : (n_items, c) of texts
    """

    before: Interactions
    at: int
    users: NDArray[np.int64]
    truth: Truth
    counted: NDArray[np.bool_]
    told: ItemContent

    def values(self, score: Score) -> dict[str, Values]:
        rows = np.flatnonzero(self.counted)
        ranked = []
        for user in self.users.tolist():
            one = self.before.of(user)
            scores = score(one)[rows]
            scores[np.isin(rows, one.item)] = -np.inf
            ranked.append(rows[np.argsort(-scores, kind="stable")[: 2 * _K]])
        judged = judge(as_answers(ranked, _K, self.counted), self.truth)
        return {f"recall@{_K}": recall(judged, _K), f"ndcg@{_K}": ndcg(judged, _K)}


def asked_of(
    log: Interactions, at: int, counted: NDArray[np.bool_], told: ItemContent, most: int | None
) -> Asked:
    """Of what was new to each shopper and bought from ``at`` on, what is counted."""
    before, after = log.where(log.ts < at), log.where(log.ts >= at)
    key = np.unique(after.user * log.n_items + after.item)
    key = key[~np.isin(key, before.user * log.n_items + before.item)]
    user, item = key // log.n_items, key % log.n_items
    kept = counted[item] & np.isin(user, np.flatnonzero(np.diff(before.offsets)))
    users = np.unique(user[kept])
    users = users[np.unique(np.linspace(0, len(users) - 1, most or len(users)).astype(int))]
    kept &= np.isin(user, users)
    truth = Truth.of_pairs(np.searchsorted(users, user[kept]), item[kept], len(users))
    return Asked(before, at, users, truth, counted, told)


def content_knn(one: Asked) -> Score:
    def score(shopper: Interactions) -> NDArray[np.float32]:
        cares = preferences(shopper, one.at, Forgetting())
        mean = cares.weight @ one.told.vectors[cares.item]
        return np.asarray(one.told.vectors @ mean, np.float32)

    return score


def transformer(one: Asked, model: ShopperTransformer) -> Score:
    with Silent().step("learn") as step:
        fitted = model.fit(one.before, one.at, step, one.told)

    def score(shopper: Interactions) -> NDArray[np.float32]:
        state = fitted.state(shopper)
        return np.zeros(fitted.n_items, np.float32) if state is None else fitted.of_state(state)

    return score


def two_towers(one: Asked, minutes: float) -> Score:
    network = NextItemNetwork(
        Pooled(),
        Sizes(longest=128, dropout=0.2),
        Items(content=True, forgotten=0.5),
        examples=Examples(batch=2_048, again=False),
        learning=Learning(passes=4, learning_rate=3e-3, minutes=minutes),
    )
    with Silent().step("learn") as step:
        fitted = network.fit(one.before, one.at, step, one.told)

    def score(shopper: Interactions) -> NDArray[np.float32]:
        states = fitted.states(shopper)
        if states is None:
            return np.zeros(fitted.n_items, np.float32)
        return np.asarray((fitted.items @ states.T).max(1))

    return score


def measured(name: str, one: Asked, learn: Callable[[], Score]) -> tuple[Row, dict[str, Values]]:
    forget_peak()
    begun = time.perf_counter()
    score = learn()
    seconds, peak = time.perf_counter() - begun, own_peak_mb()
    values = one.values(score)
    metrics = {key: each.to_json() for key, each in estimates(values).items()}
    print(
        name, {key: round(float(each.mean()), 4) for key, each in values.items()}, file=sys.stderr
    )
    return Row(name, metrics, seconds, peak), values


def cold_rows(
    shop: Catalogue, log: Interactions, told: ItemContent, most: int | None, minutes: float
) -> Iterator[Row]:
    at = int(log.ts.max()) + 1 - _DAYS * MICROSECONDS_PER_DAY
    buyers = np.unique(log.user * log.n_items + log.item) % log.n_items
    known = np.flatnonzero(np.bincount(buyers, minlength=log.n_items) >= _LEAST_BUYERS)
    cold = np.zeros(log.n_items, bool)
    cold[np.random.default_rng(0).permutation(known)[: len(known) // _COLD_EVERY]] = True
    one = asked_of(log, at, cold, told, most)
    without = one.before.where(~cold[one.before.item])
    one = replace(one, before=without)
    knn, values = measured("cold content kNN", one, lambda: content_knn(one))
    yield knn
    model = _ALONE.within(minutes)
    model = replace(model, inputs=replace(model.inputs, forgotten=0.5))
    for name, learn in (
        ("cold shopper transformer", lambda: transformer(one, model)),
        ("cold two towers with texts", lambda: two_towers(one, minutes)),
    ):
        row, own = measured(name, one, learn)
        yield _above(row, own, values, "kNN")


def _above(row: Row, own: dict[str, Values], base: dict[str, Values], than: str) -> Row:
    """With what it is above another on the same shoppers."""
    more: dict[str, object] = {
        f"{name} above {than}": paired_difference(each, base[name]).to_json()
        for name, each in own.items()
    }
    return replace(row, metrics={**row.metrics, **more})


def transfer_rows(
    shop: Catalogue, log: Interactions, told: ItemContent, most: int | None, minutes: float
) -> Iterator[Row]:
    keys = shop.facts.of(np.arange(shop.n_base)).keys[:, KEYS.index("top category")]
    second = keys % 2 == 1
    at = int(log.ts.max()) + 1 - _DAYS * MICROSECONDS_PER_DAY
    few = log.user % _FEW_EVERY == 0
    of_first = part(log, ~second, ~few, told)
    of_second = part(log, second, few, told)
    counted = np.ones(of_second[0].n_items, bool)
    one = asked_of(of_second[0], at, counted, of_second[1], most)
    model = _ALONE.within(minutes)
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        place = str(Path(scratch) / "first")
        first = replace(model, learning=replace(model.learning, checkpoint=place))
        before = of_first[0].where(of_first[0].ts < at)
        with Silent().step("learn") as step:
            first.fit(before, at, step, of_first[1])
        alone, values = measured("transfer from nothing", one, lambda: transformer(one, model))
        yield alone
        begun = replace(model, learning=replace(model.learning, start=place))
        row, own = measured("transfer from the other", one, lambda: transformer(one, begun))
        yield _above(row, own, values, "nothing")


def query_rows(
    shop: Catalogue,
    log: Interactions,
    told: ItemContent,
    most: int | None,
    minutes: float,
    encode: Encode,
) -> Iterator[Row]:
    """Queries by the encoder, and by the same vectors in the space of shoppers and items."""
    at = int(log.ts.max()) + 1
    with Silent().step("learn") as step:
        model = _ALONE.within(minutes)
        fitted = model.fit(log, at, step, told)
    bought = np.flatnonzero(np.bincount(log.item, minlength=log.n_items))
    rows = np.random.default_rng(0).permutation(bought)[: most or TEXTS]
    titles = [str(item["title"]) for item in shop.items(rows.tolist())]
    spaces: dict[str, tuple[NDArray[np.float32], Encode]] = {
        "encoder": (told.vectors[rows], encode),
        "transformer": (
            fitted.tables.vectors(rows),
            lambda texts: fitted.content.of_text(encode(texts)),
        ),
    }
    for name, (vectors, ask) in spaces.items():
        begun = time.perf_counter()
        found = {"mrr@10": round(strength(titles, vectors, ask), 4), "products": len(rows)}
        print(name, found, file=sys.stderr)
        yield Row(f"queries {name}", found, time.perf_counter() - begun, own_peak_mb())


def part(
    log: Interactions, items: NDArray[np.bool_], events: NDArray[np.bool_], told: ItemContent
) -> tuple[Interactions, ItemContent]:
    """A shop of some of the items, and those events that are of them."""
    kept = log.where(items[log.item] & events)
    number = (np.cumsum(items) - 1).astype(np.int32)
    own = replace(kept, item=number[kept.item], n_items=int(items.sum()))
    return own, ItemContent(told.vectors[items], told.codes[items], told.sizes)


def main() -> None:
    asked = arguments(__doc__, name="transformer_content", data=DEMO, minutes=30)
    release = source_of(asked.data).parent
    shop = Catalogue.over(
        open_base(release / "catalogue", VectorIndex.open(release / "vectors")), 0
    )
    log = Histories.open(release / "histories").interactions
    facts = shop.facts.of(np.arange(shop.n_base))
    described = Description.of(facts.keys[:, TOLD], facts.numbers[:, NUMBERS.index("price")])
    told = told_of(shop, np.arange(shop.n_base), described)
    minutes = 0.2 if asked.quick else asked.minutes / 6
    most = _QUICK if asked.quick else None
    found: list[Row] = []
    encode = TextEncoder.open(release / "encoder").encode_queries
    for name, rows in (
        ("cold", cold_rows),
        ("transfer", transfer_rows),
        ("queries", partial(query_rows, encode=encode)),
    ):
        if asked.wants(name):
            found += rows(shop, log, told, most, minutes)
            write_merged(
                asked,
                name="transformer_content",
                protocol=_HOW,
                data=[source_of(asked.data)],
                rows=found,
            )


if __name__ == "__main__":
    main()
