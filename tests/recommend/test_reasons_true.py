"""Every reason is checked by removal: without the evidence that it names the item's score falls."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import quantise
from mercato.core.changes import Change, ItemChange
from mercato.core.columns import Event, Placement
from mercato.core.history import MICROSECONDS_PER_DAY, Interactions
from mercato.core.progress import Silent
from mercato.models import MODELS, Models
from mercato.ranking.reasons import ReasonCode
from mercato.recommend import ShelfContext, ShelfRequest, recommend
from mercato.recommend.asked import Asked
from mercato.recommend.placements import PLACEMENTS
from mercato.recommend.pool import POOLS
from mercato.recommend.removal import GROUPS, standing
from mercato.recommend.request import NARROWED_BY, Sought
from mercato.recommend.reranking.settings import Reranking

CARDS = 500
N_ITEMS, LEAVES, SHOPPERS, TODAY, WIDTH = 300, 30, 200, 120, 64
NOW = TODAY * MICROSECONDS_PER_DAY


def leaf(item: int) -> int:
    return item % LEAVES


def title_vector(kind: int, item: int) -> np.ndarray:
    """Titles of a category lean one way."""
    own = np.random.default_rng(item + 1).normal(size=WIDTH)
    return (own + 1.5 * np.random.default_rng(10_000 + kind).normal(size=WIDTH)).astype(np.float32)


@pytest.fixture(scope="module")
def bazaar(open_catalogue: Callable[..., Catalogue], log_of: Callable[..., Interactions]):
    """(catalogue, models, log): everybody buys of few categories, often the same, and looks
    around; some items nobody ever touched, some came after the release."""
    random = np.random.default_rng(5)
    items = [
        {
            "id": f"i{item:03}",
            "title": f"thing {item}",
            "product_type": f"Aisle {leaf(item) % 5} > Shelf {leaf(item)}",
            "brand": f"brand {item % 7}",
            "store_id": "north" if item % 2 else "south",
            "price": 1.0 + item % 13,
        }
        for item in range(N_ITEMS)
    ]
    done: list[tuple[Any, ...]] = []
    for shopper in range(SHOPPERS):
        liked = random.permutation(LEAVES)[:4]
        for _ in range(int(random.integers(1, 25))):
            day = float(random.uniform(0, TODAY))
            for _ in range(int(random.integers(1, 5))):
                item = int(random.choice(liked)) + LEAVES * int(random.zipf(1.7) % 8)
                kind = Event.PURCHASE if random.random() < 0.7 else Event.VIEW_ITEM
                done.append((shopper, day, item, kind))
                if kind is Event.VIEW_ITEM:  # and what they compare it with, of the next category
                    done.append((shopper, day, (item + 1) % N_ITEMS, kind))
    lines = np.bincount([each[2] for each in done], minlength=N_ITEMS)
    known = {f"i{item:03}": float(lines[item]) for item in range(N_ITEMS)}
    catalogue = open_catalogue(
        items,
        known,
        vector_of=lambda item: title_vector(leaf(int(item["id"][1:])), int(item["id"][1:])),
    )
    rows = np.array([catalogue.row(f"i{item:03}") for item in range(N_ITEMS)])
    log = log_of([(each[0], each[1], int(rows[each[2]]), each[3]) for each in done], N_ITEMS)
    with Silent().step("fit") as step:
        fitted = {name.replace("-", "_"): MODELS[name]().fit(log, NOW, step) for name in MODELS}
    changes = [
        ItemChange(
            seq,
            Change.PUT,
            f"new{seq}",
            {
                "id": f"new{seq}",
                "title": f"new {seq}",
                "price": 3.0,
                "product_type": f"Aisle {seq % 5} > Shelf {seq}",
                "brand": "brand 1",
            },
            quantise(title_vector(seq, 5_000 + seq)[None])[0].tobytes(),
        )
        for seq in range(1, 20)
    ]
    return catalogue.apply(changes), Models(**fitted), log


def asked_at(placement: Placement, bazaar: Any, random: np.random.Generator) -> Asked:
    """A shelf for a random shopper, in a random session, beside a random item or basket."""
    catalogue, models, log = bazaar
    shopper = log.of(int(random.integers(SHOPPERS)))
    touched = shopper.item[-int(random.integers(1, 6)) :] if random.random() < 0.5 else []
    field = NARROWED_BY.get(placement)
    values = {"product_type": f"Aisle {random.integers(5)}", "store_id": "north"}
    request = ShelfRequest(
        placement,
        n=int(random.integers(4, 90)),
        item_row=int(random.integers(N_ITEMS)) if placement.startswith("item-") else None,
        cart=tuple(random.permutation(N_ITEMS)[:3].tolist()) if placement == "cart" else (),
        filters=(f'{field}:"{values[field]}"',) if field else (),
        sought=Sought(title_vector(3, 9_999), (("Aisle 3 > Shelf 3", 0.6), ("Aisle 2", 0.2)))
        if placement == "zero-results"
        else None,
    )
    context = ShelfContext(
        catalogue=catalogue,
        shopper=shopper,
        recent_rows=tuple(map(int, touched)),
        now=NOW,
        models=models,
        reranking=Reranking(new_items=0.2),
    )
    return Asked(request, context)


def cards(bazaar: Any, placements: list[Placement]) -> Iterator[tuple[Asked, Any]]:
    random = np.random.default_rng(11)
    while True:
        for placement in placements:
            asked = asked_at(placement, bazaar, random)
            items = recommend(asked.request, asked.context).items
            told = [item for item in items if item.reason.code is not ReasonCode.ALSO_HERE]
            for at in random.permutation(len(told))[:2].tolist():
                yield asked, told[at]


def failures(bazaar: Any, n: int) -> tuple[set[ReasonCode], list[tuple[str, Any]]]:
    """Codes that were told on n cards, and the cards whose items did not fall."""
    told, failed = set(), []
    sampled = cards(bazaar, list(PLACEMENTS))
    for _ in range(n):
        asked, item = next(sampled)
        told.add(item.reason.code)
        if not standing(asked, item).falls:
            failed.append((str(asked.request.placement), item))
    return told, failed


def test_without_its_evidence_an_item_falls(bazaar: Any) -> None:
    """500 cards of all placements, with reasons of all kinds that retrievers give."""
    told, failed = failures(bazaar, CARDS)
    assert failed == []
    assert told == set(ReasonCode) - {ReasonCode.YOUR_CATEGORY, ReasonCode.ALSO_HERE}


@pytest.mark.soak
def test_without_its_evidence_an_item_falls_on_many_cards(bazaar: Any) -> None:
    assert failures(bazaar, 20 * CARDS)[1] == []


def test_every_source_of_a_pool_is_told_as_some_reason() -> None:
    told = frozenset().union(*GROUPS.values())
    assert {source.name for pool in POOLS.values() for source in pool if source.tells} <= told
