"""Shoppers of a served shop see what their arms say, everywhere and always the same."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from mercato.core.errors import NotReady
from mercato.core.settings import ExperimentSettings, load_settings, settings_text
from mercato.shop.experiments.keeping import begin_experiment, stop_arm, widen
from mercato.shop.experiments.serving import live_for, serving_shelf
from mercato.shop.items import Operation, change
from mercato.shop.opened import Shop
from mercato.shop.rules import By, put_rule
from mercato.shop.search import SearchCall, search
from mercato.shop.shelf import ShelfCall, shelf
from mercato.state import Answer

ME = By("me@here", "test")
UNITS = [f"visitor-{n}" for n in range(400)]

Begin = Callable[..., Shop]


@pytest.fixture
def tour(built_shop: Path, tmp_path: Path) -> Path:
    """The built shop, with a second release like its first."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in ("shop.toml", "state.db"):
        if (built_shop / name).exists():
            shutil.copy(built_shop / name, folder / name)
    # Nobody writes into a release; what only builds need is left away.
    for number in ("1", "2"):
        first = built_shop / "releases" / "1"
        shutil.copytree(first, folder / "releases" / number, copy_function=os.link)
    (folder / "releases" / "current").write_text("1\n")
    return folder


@pytest.fixture
def open_tour(tour: Path) -> Iterator[Callable[[], Shop]]:
    shops: list[Shop] = []

    def opened() -> Shop:
        shops.append(Shop.open(tour))
        return shops[-1]

    yield opened
    for shop in shops:
        shop.close()


def begin(shop: Shop, name: str, *changes: dict[str, Any], **more: Any) -> None:
    arms = [{"name": "control", "share": 1 / (len(changes) + 1)}]
    for n, each in enumerate(changes):
        arms.append({"name": f"v{n}", "share": 1 / (len(changes) + 1), "changes": each})
    document = {"name": name, "goal": "click-rate", "arms": arms} | more
    begin_experiment(shop, document, ME)


def arms_of(shop: Shop) -> dict[str, str | None]:
    return {unit: serving_shelf(shop, "home", None, unit).variant for unit in UNITS}


def answers(shop: Shop, n: int) -> list[Answer]:
    """The ``n`` answers of the log, which nobody waits for."""
    deadline = time.monotonic() + 10
    while len(found := shop.state.answers.after(0, 10_000).rows) < n:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return list(found)


def test_arms_stay_over_a_restart_in_other_workers_and_as_the_range_grows(
    open_tour: Callable[[], Shop],
) -> None:
    one, other = open_tour(), open_tour()
    begin(one, "a", {"variety": 0.4}, share=0.5)
    other.refresh()
    seen = arms_of(one)
    assert arms_of(other) == seen == arms_of(open_tour())
    count = {arm: list(seen.values()).count(arm) for arm in ("a:control", "a:v0", None)}
    # 400 units, of which 100, 100 and 200 are expected: four standard deviations are 35 and 40.
    assert abs(count["a:control"] - 100) < 35 and abs(count["a:v0"] - 100) < 35
    assert count[None] == 400 - count["a:control"] - count["a:v0"]
    widen(one.state, "a", 1.0, ME)
    one.refresh()
    wider = arms_of(one)
    assert all(wider[unit] == arm for unit, arm in seen.items() if arm)
    assert None not in wider.values()


def test_nobody_is_in_two_experiments_of_a_layer(open_tour: Callable[[], Shop]) -> None:
    shop = open_tour()
    begin(shop, "a", {"variety": 0.4}, share=0.4)
    begin(shop, "b", {"variety": 0.8}, share=0.4)
    begin(shop, "c", {"explore": 0.2}, layer="other")
    seen = arms_of(shop).values()
    both = {arm.split(",")[0][0] + arm.split(",")[-1][0] for arm in seen if arm}
    assert both == {"ac", "bc", "cc"}  # with one of a layer and with none, never with two
    pairs = {arm for arm in seen if arm and "," in arm}
    assert len(pairs) == 8  # layers are independent: each of a's and b's arms with each of c's


def test_the_holdout_is_touched_by_nothing(tour: Path, open_tour: Callable[[], Shop]) -> None:
    settings = load_settings(tour / "shop.toml")
    held = replace(settings, experiments=ExperimentSettings(holdout=0.2))
    shop = open_tour()
    begin(shop, "a", {"release": 2}, {"release": 2, "variety": 1.0})
    without = arms_of(shop)
    (tour / "shop.toml").write_text(settings_text(held))
    shop = open_tour()
    seen = arms_of(shop)
    out = [unit for unit, arm in seen.items() if arm == "holdout"]
    assert 48 < len(out) < 112  # 80 of 400, four standard deviations
    assert {live_for(shop, None, unit).number for unit in out} == {1}
    assert all(seen[unit] == without[unit] for unit in UNITS if unit not in out)


def test_an_arm_is_answered_by_its_release_and_says_so(open_tour: Callable[[], Shop]) -> None:
    shop = open_tour()
    begin(shop, "canary", {"release": 2})
    both = {unit: live_for(shop, None, unit).number for unit in UNITS[:20]}
    assert set(both.values()) == {1, 2}
    for unit in both:
        search(shop, SearchCall(q="tent", visitor_id=unit))
        shelf(shop, ShelfCall("home", visitor_id=unit))
    logged = answers(shop, 40)
    assert {each.kind for each in logged} == {"search", "shelf"}
    for each in logged:
        assert each.release == both[str(each.visitor_id)]
        assert each.variant == ("canary:v0" if each.release == 2 else "canary:control")
        told = orjson.loads(each.request).get("varied", [])
        assert told == (["release"] if each.release == 2 else [])
    shelf(shop, ShelfCall("home"))
    assert answers(shop, 41)[-1].variant is None  # nobody in particular


def test_a_pseudonym_is_the_same_unit_as_whoever_it_stands_for(
    tour: Path, open_tour: Callable[[], Shop]
) -> None:
    settings = load_settings(tour / "shop.toml")
    hiding = replace(settings, privacy=replace(settings.privacy, pseudonyms=True))
    (tour / "shop.toml").write_text(settings_text(hiding))
    shop = open_tour()
    begin(shop, "canary", {"release": 2})
    told = {unit: live_for(shop, None, unit).number for unit in UNITS[:20]}
    for unit in told:
        shelf(shop, ShelfCall("home", visitor_id=unit))
    logged = {each.visitor_id: each.release for each in answers(shop, 20)}
    assert logged == {shop.pseudonyms.of(unit): number for unit, number in told.items()}
    assert not set(logged) & set(told) and set(told.values()) == {1, 2}


def test_changes_of_items_reach_the_release_beside(open_tour: Callable[[], Shop]) -> None:
    shop = open_tour()
    begin(shop, "canary", {"release": 2})
    row = shop.beside[2].catalogue.row("tent-kestrel-2")
    assert row is not None
    change(shop, Operation("delete", "tent-kestrel-2", {}))
    shop.refresh()
    assert shop.beside[2].catalogue.row("tent-kestrel-2") is None


def test_some_are_held_back_with_the_release_before(open_tour: Callable[[], Shop]) -> None:
    shop = open_tour()
    arms = [
        {"name": "control", "share": 0.25, "changes": {"release": 2}},
        {"name": "candidate", "share": 0.75},
    ]
    begin_experiment(shop, {"name": "watch-1-1", "goal": "click-rate", "arms": arms}, ME)
    shop.refresh()
    found = {(live_for(shop, None, unit).number, arm) for unit, arm in arms_of(shop).items()}
    assert found == {(2, "watch-1-1:control"), (1, "watch-1-1:candidate")}


def test_a_release_that_cannot_be_opened_leaves_everybody_with_the_live_one(
    tour: Path, open_tour: Callable[[], Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_tour()
    (tour / "releases" / "2" / "manifest.json").unlink()
    (tour / "releases" / "2" / "manifest.json").write_text('{"format": 99}')
    begin(shop, "canary", {"release": 2})
    for _ in range(3):
        shop.refresh()
    assert caplog.text.count("release 2 is not served") == 1
    seen = arms_of(shop)
    assert {live_for(shop, None, unit).number for unit in UNITS} == {1}
    assert set(seen.values()) == {"canary:control", None}  # it does not count as the candidate


def test_a_release_that_could_not_be_fetched_is_asked_for_again(
    open_tour: Callable[[], Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_tour()

    def away(number: int) -> Path:
        raise NotReady("an answer of the bucket", "none", "Try again.")

    with monkeypatch.context() as patched:
        patched.setattr(shop.releases, "folder", away)
        begin(shop, "canary", {"release": 2})
        assert shop.beside == {}
    shop.refresh()
    assert set(shop.beside) == {2}


def test_a_variant_that_was_stopped_is_served_as_without_it(
    open_tour: Callable[[], Shop],
) -> None:
    shop = open_tour()
    begin(shop, "canary", {"release": 2}, {"variety": 1.0})
    stop_arm(shop.state, "canary", "v0", "slow", ME)
    shop.refresh()
    assert set(arms_of(shop).values()) == {"canary:control", "canary:v1", None}
    assert shop.beside == {}


def test_arms_change_searches(open_tour: Callable[[], Shop]) -> None:
    shop = open_tour()
    begin(shop, "a", {"search_sort": "price:asc"})
    found = {}
    for unit in UNITS[:20]:
        answer = search(shop, SearchCall(q="tent", visitor_id=unit))
        found[serving_shelf(shop, "home", None, unit).variant, answer.applied.sort] = answer
    # Shelves say nothing of an experiment on searches.
    assert {variant for variant, _ in found} == {None}
    prices = [hit.item["price"] for hit in found[None, "price:asc"].hits]
    assert prices == sorted(prices)
    assert {hit.id for hit in found[None, None].hits} == {
        hit.id for hit in found[None, "price:asc"].hits
    }
    assert {each.variant for each in answers(shop, 20)} == {"a:control", "a:v0"}


def test_rules_for_a_segment_hold_in_the_arm_that_names_it(open_tour: Callable[[], Shop]) -> None:
    shop = open_tour()
    rule = {
        "scope": "everywhere",
        "conditions": {"segments": ["try-banner"]},
        "actions": [{"type": "hide", "items": ["tent-kestrel-2"]}],
    }
    put_rule(shop, "hidden", rule, ME)
    begin(shop, "a", {"segments": ["try-banner"]})
    hits: dict[str | None, set[bool]] = {}
    for unit in UNITS[:20]:
        search(shop, SearchCall(q="tent kestrel", visitor_id=unit))
    for logged in answers(shop, 20):
        hits.setdefault(logged.variant, set()).add("tent-kestrel-2" in logged.item_ids)
    assert hits == {"a:control": {True}, "a:v0": {False}}


def test_a_bandit_orders_its_shelf_with_chances_that_are_logged(
    open_tour: Callable[[], Shop],
) -> None:
    shop = open_tour()
    orders = ({"order": "lin-ucb"}, {"order": "linear-thompson"})
    begin(shop, "b", *orders, kind="bandit", placement="home")
    seen: dict[str | None, list[Answer]] = {}
    shown = [shelf(shop, ShelfCall("home", visitor_id=unit, n=5)) for unit in UNITS[:30]]
    for logged, answer in zip(answers(shop, 30), shown, strict=True):
        seen.setdefault(logged.variant, []).append(logged)
        assert logged.propensities == tuple(card.propensity for card in answer.items)
    assert set(seen) == {"b:control", "b:v0", "b:v1"}
    assert {len(set(each.item_ids)) for of in seen.values() for each in of} == {5}
    for arm in ("b:v0", "b:v1"):
        for each in seen[arm]:
            assert len(orjson.loads(each.request)["features"]) == 5
            assert all(0 < chance < 1 for chance in each.propensities)
    assert all(each.propensities == (1.0,) * 5 for each in seen["b:control"])
    shelf(shop, ShelfCall("buy-again", visitor_id=UNITS[0]))
    assert answers(shop, 31)[-1].variant is None  # another shelf than the bandit's


def test_two_rankings_make_one_answer_whose_pages_hold_all(open_tour: Callable[[], Shop]) -> None:
    shop = open_tour()
    rankings = {"semantic_weight": 1.0}
    begin(shop, "i", rankings, kind="interleaving")
    call = SearchCall(q="tent", visitor_id="v", per_page=3)
    whole = search(shop, replace(call, per_page=100, visitor_id=None))
    pages = [search(shop, replace(call, page=n + 1)) for n in range(-(-whole.total // 3))]
    shown = [hit.id for page in pages for hit in page.hits]
    assert sorted(shown) == sorted(hit.id for hit in whole.hits)
    assert {page.total for page in pages} == {whole.total}
    by_id = {each.query_id: each for each in answers(shop, 1 + len(pages))}
    logged = by_id[pages[0].query_id]
    assert logged.variant == "i:interleaved"
    teams = orjson.loads(logged.request)["teams"]
    assert len(teams) == len(logged.item_ids) and set(teams) <= {0, 1, 2}
    assert [hit.id for hit in search(shop, call).hits] == [hit.id for hit in pages[0].hits]
