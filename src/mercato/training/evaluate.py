"""How good the answers are as served: asked through `shop`, as shoppers would ask."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mercato.core.columns import GRADE, ITEM_ID, QUERY, Event, Placement
from mercato.core.errors import NotReady
from mercato.core.progress import Progress, Silent, Step
from mercato.core.settings import Settings
from mercato.data.derive import derive
from mercato.data.histories import Histories
from mercato.data.store import AssetStore
from mercato.evaluation.judging import Truth, as_answers, judge
from mercato.evaluation.metrics import GAINS, Values
from mercato.evaluation.report import (
    SEARCH_K,
    SHELF_K,
    Report,
    estimates,
    search_metrics,
    shelf_metrics,
)
from mercato.evaluation.shop_split import ShopSplit, Target, shop_split
from mercato.models.base import FittedModel, Model
from mercato.models.personal_frequency import PersonalFrequency
from mercato.models.popularity import Popularity
from mercato.recommend.request import MOST_ITEMS
from mercato.shop.opened import Live, Shop
from mercato.shop.search import SearchCall, search
from mercato.shop.shelf import ShelfCall, shelf

Ranked = NDArray[np.integer]
"""(m,) base rows, the best first."""


def measure_shelves(
    shop: Shop,
    store: AssetStore,
    settings: Settings,
    split: datetime,
    end: datetime | None,
    most_users: int | None,
    progress: Progress,
) -> Report:
    """Hold the shelves of a draft that learned up to ``split`` against what was bought then.

    end        : purchases at or after it are not looked at
    most_users : at most so many shoppers are asked for each placement

    Raises NotReady where nobody bought anything after ``split``.
    """
    histories = _histories(shop.live, store, settings, end)
    until = None if end is None else _microseconds(end)
    parts = shop_split(histories.interactions, _microseconds(split), until)
    targets = {
        Placement.BUY_AGAIN: parts.bought.first(most_users),
        Placement.HOME: parts.new.first(most_users),
    }
    if not len(parts.bought):
        raise NotReady(
            f"purchases at or after {split.isoformat()}",
            "none of items that were bought before",
            "Choose an earlier split, or import more events.",
        )
    metrics: dict[str, Values] = {}
    for placement, target in targets.items():
        with progress.step(f"asking for {placement}", len(target)) as step:
            ranked = [
                _served(shop, placement, histories.shopper_ids[int(user)].as_py(), step)
                for user in target.users
            ]
        metrics |= _shelf_values(placement, ranked, target, parts)
    return Report(
        metrics=estimates(metrics),
        baselines={name: estimates(values) for name, values in _baselines(parts, targets).items()},
        n={placement: len(target) for placement, target in targets.items()},
        protocol=parts.protocol,
    )


def _histories(
    live: Live, store: AssetStore, settings: Settings, end: datetime | None
) -> Histories:
    ids = pa.array(live.catalogue.ids(np.arange(live.catalogue.n_base)), pa.string())
    table = derive(store, ("histories",), until=end, settings=settings, progress=Silent())
    return Histories.from_table(table["histories"], ids)


def _served(shop: Shop, placement: Placement, shopper_id: str, step: Step) -> Ranked:
    """What the shop answers to one shopper, as base rows."""
    guest = shopper_id.removeprefix("visitor:") if shopper_id.startswith("visitor:") else None
    call = ShelfCall(
        placement, user_id=None if guest else shopper_id, visitor_id=guest, n=MOST_ITEMS
    )
    catalogue = shop.live.catalogue
    rows = (catalogue.row(card.id) for card in shelf(shop, call).items)
    step.advance()
    return catalogue.base_of[[row for row in rows if row is not None]]


def _shelf_values(
    placement: Placement, ranked: Sequence[Ranked], target: Target, parts: ShopSplit
) -> dict[str, Values]:
    if not len(target):
        return {}
    judged = judge(as_answers(ranked, SHELF_K, parts.eligible), target.truth)
    return shelf_metrics(placement, judged)


def _baselines(parts: ShopSplit, targets: dict[Placement, Target]) -> dict[str, dict[str, Values]]:
    """Popularity over all time and, where purchases repeat, how often the shopper bought."""
    split = int(parts.before.ts.max(initial=0))
    popular = _fitted(Popularity(days=0), parts, split)
    frequent = _fitted(PersonalFrequency(power=0), parts, split)
    order = popular.candidates(parts.before.of(0), popular.n_items).items
    bought = parts.before.of_kinds(Event.PURCHASE)

    def unknown(user: int) -> Ranked:
        return order[~np.isin(order, bought.of(user).item)]

    def ranked(rank: Callable[[int], Ranked], placement: Placement) -> dict[str, Values]:
        target = targets[placement]
        answers = [rank(int(user)) for user in target.users]
        return _shelf_values(placement, answers, target, parts)

    return {
        "popularity": ranked(lambda user: order, Placement.BUY_AGAIN)
        | ranked(unknown, Placement.HOME),
        "personal-frequency": ranked(
            lambda user: frequent.candidates(parts.before.of(user), MOST_ITEMS).items,
            Placement.BUY_AGAIN,
        ),
    }


def _fitted(model: Model, parts: ShopSplit, as_of: int) -> FittedModel:
    with Silent().step("baseline") as step:
        return model.fit(parts.before, as_of, step)


def measure_search(shop: Shop, judgments: pa.Table, gain: str, progress: Progress) -> Report:
    """Hold the shop's search results against judgments (query, item_id, grade).

    gain : ``exp`` or ``exp1``, see `evaluation.metrics.GAINS`

    Queries without any item that is worth something are left out; items without a judgment are
    worth nothing. Raises NotReady where no query is left.
    """
    worth = GAINS[gain](judgments[GRADE].to_numpy().astype(np.float32)) > 0
    positive = judgments.filter(pa.array(worth))
    queries = pc.unique(positive[QUERY]).sort().to_pylist()
    if not queries:
        raise NotReady("a query with a relevant item", "none", "Check the judgments' grades.")
    numbers = _numbers(shop.live, positive)
    truth = Truth.of_pairs(
        pc.index_in(positive[QUERY], value_set=pa.array(queries)).to_numpy(),
        np.array([numbers[item_id] for item_id in positive[ITEM_ID].to_pylist()]),
        len(queries),
        positive[GRADE].to_numpy(),
    )
    modes = {"hybrid": "hybrid", "bm25": "lexical"}
    if shop.live.encoder is not None:
        modes["encoder"] = "semantic"
    found: dict[str, dict[str, Values]] = {}
    for name, mode in modes.items():
        with progress.step(f"asking {name}", len(queries)) as step:
            judged = judge(_answers(shop, queries, mode, numbers, step), truth)
        found[name] = search_metrics(judged, gain)
    return Report(
        metrics=estimates(found.pop("hybrid")),
        baselines={name: estimates(values) for name, values in found.items()},
        n={"queries": len(queries)},
        protocol=f"whole catalogue, unjudged items worth nothing, gain {gain}",
    )


def _numbers(live: Live, positive: pa.Table) -> dict[str, int]:
    """A number for each judged item: its row, or one behind all rows where it is not sold."""
    numbers: dict[str, int] = {}
    for item_id in pc.unique(positive[ITEM_ID]).to_pylist():
        row = live.catalogue.row(item_id)
        numbers[item_id] = live.catalogue.n_rows + len(numbers) if row is None else row
    return numbers


def _answers(
    shop: Shop, queries: Sequence[str], mode: str, numbers: dict[str, int], step: Step
) -> NDArray[np.int64]:
    catalogue = shop.live.catalogue
    ranked = []
    for query in queries:
        answer = search(shop, SearchCall(q=query, per_page=SEARCH_K, mode=mode))
        rows = [catalogue.row(hit.id) for hit in answer.hits]
        ranked.append(np.array([row for row in rows if row is not None], np.int64))
        step.advance()
    return as_answers(ranked, SEARCH_K)


def _microseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1_000_000)
