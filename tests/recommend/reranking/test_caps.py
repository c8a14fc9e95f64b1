"""At most so many of a kind, over all stages of a shelf."""

from collections import Counter

import numpy as np

from mercato.core.changes import Change
from mercato.core.columns import Placement
from mercato.recommend.reranking.settings import Reranking


def test_at_most_so_many_of_a_group(corner_shop) -> None:
    """Crisps come in two sizes, which are one group."""
    free = corner_shop.ids(corner_shop.ask(Placement.HOME, n=100))
    assert {"crisps", "crisps-xl"} <= set(free)
    capped = corner_shop.ask(Placement.HOME, n=100, reranking=Reranking(most_per_group=1))
    assert [each for each in free if each != "crisps-xl"] == corner_shop.ids(capped)


def test_both_caps_hold_over_stages_and_arrivals(corner_shop) -> None:
    changes = [
        (
            Change.PUT,
            f"bun-{n}",
            {"id": f"bun-{n}", "title": "bun", "product_type": "Food > Bakery"},
        )
        for n in range(5)
    ]
    shop = corner_shop.after(*changes)
    settings = Reranking(most_per_category=2, most_per_group=1, new_items=0.5, variety=0.3)
    did = [(90, "bread"), (95, "bread")]
    shelf = shop.ask(
        Placement.CATEGORY,
        did,
        n=100,
        reranking=settings,
        filters=("NOT id:x OR product_type:Food",),
    )
    rows = np.array([each.row for each in shelf.items])
    leaves = Counter(item.get("product_type") for item in shop.catalogue.items(rows))
    assert max(leaves[leaf] for leaf in leaves if leaf) <= 2
    assert len(set(shop.catalogue.group[rows].tolist())) == len(rows)
    assert any(id_.startswith("bun") for id_ in shop.ids(shelf))
