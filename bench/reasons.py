"""Reasons of the demo shop's shelves: without the evidence that each names its item's score falls.

``--data`` is a built shop (var/demo). Shelves of all placements for households drawn by chance,
beside what they bought last; of each shelf some cards, until there are enough of each placement.
"""

import time
from collections.abc import Iterator

import numpy as np

from bench.harness import DEMO, Arguments, Row, arguments, shop_of, source_of, write_result
from mercato.core.columns import PRODUCT_TYPE, Placement
from mercato.ranking.reasons import ReasonCode
from mercato.recommend import ShelfItem, recommend
from mercato.recommend.asked import Asked
from mercato.recommend.ranker import RANKER
from mercato.recommend.removal import by_events_alone, standing
from mercato.shop.merchant import reranking_of
from mercato.shop.opened import Shop
from mercato.shop.shelf import ShelfCall, question
from mercato.state import KnownShopper

CARDS = 500
OF_A_SHELF = 3
QUICK_CARDS = 20

PLACEMENTS = tuple(each for each in Placement if each is not Placement.STORE)
"""The supermarket's products are of no store."""

PROTOCOL = (
    "{cards} cards of each placement, at most {each} of a shelf of 20, for households drawn by "
    "chance: item shelves stand beside something they bought among their last 50 lines, baskets "
    "hold three of these, categories are theirs, words searched for in vain are two words of one's "
    "title. falls: the share of items whose score is less without the events, the item or the "
    "shoppers that the reason names, as told by the same retrievers, or by the same ranker; where "
    "a ranker's does not, without the features that the reason stands for. "
    "untold: the share of cards whose reason names nothing."
)


def asked_of(shop: Shop, placement: Placement, random: np.random.Generator) -> Asked:
    """A shelf for a household drawn by chance."""
    live = shop.live
    user = str(live.histories.shopper_ids[int(random.integers(len(live.histories.shopper_ids)))])
    rows = live.catalogue.live_of[live.histories.of(user).item[-50:]]
    rows = random.permutation(rows[rows >= 0])[:3]
    items = live.catalogue.items(rows)
    ids = tuple(str(item["id"]) for item in items)
    first = items[0] if items else live.catalogue.item(0)
    call = ShelfCall(
        placement,
        user_id=user,
        item_id=str(first["id"]) if placement.startswith("item-") else None,
        cart=ids if placement is Placement.CART else (),
        category=str(first[PRODUCT_TYPE]).split(" > ")[0]
        if placement is Placement.CATEGORY
        else None,
        q=" ".join(str(first["title"]).split()[:2]),
    )
    settings = reranking_of(shop.settings.recommend)
    return question(
        live, call, KnownShopper(call.names, ()), live.manifest.as_of, reranking=settings
    )


def cards(shop: Shop, placement: Placement, most: int) -> Iterator[tuple[Asked, ShelfItem]]:
    random = np.random.default_rng(0)
    left = most
    while left > 0:
        asked = asked_of(shop, placement, random)
        items = recommend(asked.request, asked.context).items
        for at in random.permutation(len(items))[: min(OF_A_SHELF, left)].tolist():
            left -= 1
            yield asked, items[at]


def row_of(shop: Shop, placement: Placement, most: int) -> Row:
    begun = time.perf_counter()
    fell, told, untold, by_events = 0, 0, 0, 0
    for asked, item in cards(shop, placement, most):
        if item.reason.code is ReasonCode.ALSO_HERE:
            untold += 1
            continue
        told += 1
        fell += standing(asked, item).falls
        ranked = item.retriever == RANKER
        by_events += by_events_alone(asked, item).falls if ranked else standing(asked, item).falls
    found = {
        "cards": most,
        "falls": fell / max(told, 1),
        "without features taken away": by_events / max(told, 1),
        "untold": untold / most,
    }
    return Row(str(placement), found, time.perf_counter() - begun, 0.0)


def main() -> None:
    asked: Arguments = arguments(__doc__, name="reasons", data=DEMO)
    most = QUICK_CARDS if asked.quick else CARDS
    with shop_of(asked.data) as folder:
        shop = Shop.open(folder)
        rows = [row_of(shop, each, most) for each in PLACEMENTS if asked.wants(each)]
        shop.close()
    write_result(
        asked.out,
        name="reasons",
        protocol=PROTOCOL.format(cards=most, each=OF_A_SHELF),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
