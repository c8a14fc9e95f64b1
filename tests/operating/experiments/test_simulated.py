"""Shoppers who ask a served shop and click what they like: a true effect is found, A/A is not."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mercato.core.paths import ShopPaths
from mercato.evaluation.experiments.decisions import Verdict
from mercato.operating.experiments.looking import look_at_all
from mercato.shop.events import accept
from mercato.shop.experiments.keeping import begin_experiment
from mercato.shop.opened import Shop
from mercato.shop.rules import By
from mercato.shop.search import SearchCall, search

SHOPPERS = 300


@pytest.fixture
def served(built_shop: Path, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop.open(Path(shutil.copytree(built_shop, tmp_path / "shop")))
    yield shop
    shop.close()


def begin(shop: Shop, name: str, changes: dict[str, object]) -> None:
    arms = [{"name": "control", "share": 0.5}, {"name": "v", "share": 0.5, "changes": changes}]
    document = {"name": name, "layer": name, "goal": "click-rate", "arms": arms}
    begin_experiment(shop, document | {"planned_units": SHOPPERS, "salt": "s"}, By("me", "test"))


def test_a_true_effect_is_found_and_none_is_not(served: Shop) -> None:
    begin(served, "cheap-first", {"search_sort": "price:asc"})
    begin(served, "nothing", {"segments": ["nobody-is-asked-for"]})
    random = np.random.default_rng(7)
    sent = []
    for n in range(SHOPPERS):
        call = SearchCall(q="tent", visitor_id=f"shopper-{n}", per_page=2)
        answer = search(served, call)
        # They like what is below their own limit, and look at two.
        limit = random.uniform(50, 400)
        for hit in answer.hits:
            if hit.item["price"] < limit:
                item = {"item_id": hit.id}
                event = {"event_id": f"{n}", "event": "select_item", "visitor_id": f"shopper-{n}"}
                sent.append(event | {"query_id": answer.query_id, "items": [item]})
                break
    assert accept(served, sent).result(30).accepted == len(sent)
    readings = {each.experiment: each for each in look_at_all(ShopPaths(served.paths.root))}
    cheap, nothing = (readings[name].variants[0] for name in ("cheap-first", "nothing"))
    assert cheap.verdict is Verdict.SHIP and cheap.metrics[0].low > 0
    assert nothing.verdict in (Verdict.FLAT, Verdict.GO_ON)
    assert nothing.metrics[0].low < 0 < nothing.metrics[0].high
    assert all(sum(each.units.values()) == SHOPPERS for each in readings.values())
    assert not any(each.mismatch for each in readings.values())
