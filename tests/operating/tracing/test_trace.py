"""Cards of the tour's shop, traced to the very lines of its files."""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mercato.core.changes import Change, ItemChange
from mercato.core.errors import NotFound
from mercato.core.events import EventRow
from mercato.core.progress import Silent
from mercato.core.settings import Settings, settings_text
from mercato.data.auditing import Reader
from mercato.data.importing import import_events, import_items
from mercato.data.store import AssetStore
from mercato.data.tracing.rows import NO_SOURCE
from mercato.data.versions.retention import kept_versions, vacuum
from mercato.operating.drain import drain
from mercato.operating.item_drain import drain_items
from mercato.operating.tracing.trace import Trace, trace_answer, trace_item_alone
from mercato.ranking.reasons import ReasonCode
from mercato.shop.opened import Shop
from mercato.shop.search import SearchCall, search
from mercato.shop.shelf import ShelfCall, shelf
from mercato.training.build import build

TOUR = Path(__file__).parents[3] / "examples" / "tour"
READER = Reader("test@here", "trace", "tested")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tour's shop, built without an encoder from copies of its files beside it."""
    root = tmp_path_factory.mktemp("traced") / "shop"
    files = shutil.copytree(TOUR, root / "files")
    defaults = Settings()
    settings = replace(
        defaults,
        search=replace(defaults.search, encoder="none"),
        evaluation=replace(defaults.evaluation, days=0),
    )
    (root / "shop.toml").write_text(settings_text(settings))
    store = AssetStore(root / "assets")
    import_items(store, [files / "products.csv"], settings=settings)
    import_events(store, [files / "events.csv"], settings=settings)
    build(root, progress=Silent())
    return root


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Iterator[Shop]:
    root = Path(shutil.copytree(built, tmp_path / "shop"))
    opened = Shop.open(root)
    yield opened
    opened.close()


def lines(name: str) -> dict[int, dict[str, str]]:
    """Line of one of the tour's files → its fields; no field of theirs spans lines."""
    with (TOUR / name).open(newline="") as file:
        return dict(enumerate(csv.DictReader(file), start=2))


def line_of(name: str, **fields: str) -> tuple[int, str]:
    """The only line with these fields, and its text."""
    (number,) = [
        number
        for number, row in lines(name).items()
        if all(row[field] == value for field, value in fields.items())
    ]
    return number, (TOUR / name).read_text().splitlines()[number - 1]


def traced(shop: Shop, query_id: str, item_id: str | None = None) -> Trace:
    """With what waits in the state written."""
    shop.close()
    return trace_answer(shop.paths.root, query_id, item_id, READER)


def moved(shop: Shop) -> None:
    """Everything of the state into the assets."""
    store = AssetStore(shop.paths.assets)
    drain(shop.state, store)
    drain_items(shop.state, store)


def test_a_card_leads_to_the_items_line_and_the_shoppers_lines(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("buy-again", user_id="u03", n=5))
    found = traced(shop, answer.query_id, "tent-kestrel-2")
    assert found.place == [card.id for card in answer.items].index("tent-kestrel-2")
    assert found.same is True
    assert found.card is not None and found.card.reason.code is ReasonCode.BOUGHT_BEFORE
    then = found.item.then
    assert then is not None and then.source is not None
    assert (then.line, then.text) == line_of("products.csv", id="tent-kestrel-2")
    assert then.source.path.endswith("files/products.csv")
    (bought,) = found.evidence
    (line,) = bought.rows
    expected = {"user_id": "u03", "item_id": "tent-kestrel-2", "event": "purchase"}
    assert (line.line, line.text) == line_of("events.csv", **expected)


def test_the_release_and_its_inputs_are_named(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("home", user_id="u03"))
    found = traced(shop, answer.query_id)
    assert found.number == 1 and found.release is not None
    assert {each.name: each.version for each in found.assets} == found.release.inputs
    of_items = next(each for each in found.assets if each.name == "items")
    assert of_items.origin.told() == ("products.csv",)
    assert found.gone == ()
    assert found.item.item_id == answer.items[0].id


def test_the_item_that_a_reason_names_is_shown_in_the_shoppers_lines(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("home", user_id="u03"))
    told = [card for card in answer.items if card.reason.item is not None]
    assert told, "no card of the tour is told by an item any more"
    found = traced(shop, answer.query_id, told[0].id)
    rows = [row for each in found.evidence for row in each.rows if row.asset == "events"]
    assert rows
    for row in rows:
        assert row.row["item_id"] == told[0].reason.item
        assert row.line is not None
        assert lines("events.csv")[row.line]["event_id"] == row.row["event_id"]
        assert row.text == (TOUR / "events.csv").read_text().splitlines()[row.line - 1]


def test_an_answer_is_found_after_it_was_moved_to_its_asset(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("home", user_id="u03", visitor_id="v1"))
    shop.state.events.append([_viewed("later")]).result(10)  # the answer was written before
    moved(shop)
    assert shop.state.answers.prune(up_to=10**9, before=2**62) == 1
    found = traced(shop, answer.query_id)
    assert found.answer is not None and found.answer.visitor_id == "v1"
    assert found.same is True
    assert found.answer.item_ids == tuple(card.id for card in answer.items)


def test_what_the_shopper_did_after_the_answer_does_not_explain_it(shop: Shop) -> None:
    shop.state.events.append([_viewed("before", "tarp-drift")]).result(10)
    answer = shelf(shop, ShelfCall("home", user_id="u03"))
    later = _viewed("after", "tent-gale-1", ts=answered_after(answer.query_id))
    shop.state.events.append([later]).result(10)
    found = traced(shop, answer.query_id)
    assert found.same is True
    late = [event.event_id for each in found.evidence for event in each.late]
    assert "after" not in late


def answered_after(query_id: str) -> int:
    """Some seconds after the answer: the id begins with its milliseconds (RFC 9562)."""
    return (int(query_id[:12], 16) + 5_000) * 1_000


def _viewed(event_id: str, item_id: str = "tent-gale-1", ts: int | None = None) -> EventRow:
    return EventRow(event_id, 0, ts or 1_772_000_000_000_000, "view_item", "u03", item_id=item_id)


def test_a_change_through_the_api_is_told_with_the_line_before_it(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("buy-again", user_id="u03"))
    change = ItemChange(0, Change.PATCH, "tent-kestrel-2", {"price": 1.5}, None)
    shop.state.items.append([change]).result(10)
    moved(shop)
    found = traced(shop, answer.query_id, "tent-kestrel-2")
    assert found.item.now == {"price": (289.0, 1.5)}
    assert [each.fields for each in found.item.changes] == [{"price": 1.5}]
    assert found.item.then is not None and found.item.then.line is not None
    build(shop.paths.root, progress=Silent())
    after = trace_item_alone(shop.paths.root, "tent-kestrel-2")
    assert after.number == 2
    assert after.item.then is not None and after.item.then.trouble == NO_SOURCE
    assert after.item.imported is not None
    expected = line_of("products.csv", id="tent-kestrel-2")
    assert (after.item.imported.line, after.item.imported.text) == expected


def test_a_popular_item_leads_to_anybodys_newest_purchases(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("home"))
    found = traced(shop, answer.query_id)
    assert found.card is not None and found.card.reason.code is ReasonCode.POPULAR
    (evidence,) = found.evidence
    bought = {
        number: row["ts"]
        for number, row in lines("events.csv").items()
        if (row["item_id"], row["event"]) == (found.item.item_id, "purchase")
    }
    newest = sorted(bought, key=lambda number: bought[number], reverse=True)
    assert [row.line for row in evidence.rows] == newest[: len(evidence.rows)]
    assert len(evidence.rows) == min(5, len(bought))


def test_bought_together_leads_to_baskets_with_both(shop: Shop) -> None:
    seed = "tent-kestrel-2"
    answer = shelf(shop, ShelfCall("item-together", item_id=seed))
    found = traced(shop, answer.query_id)
    assert found.card is not None and found.card.reason.code is ReasonCode.BOUGHT_TOGETHER
    (evidence,) = found.evidence
    pairs: dict[object, set[object]] = {}
    for row in evidence.rows:
        pairs.setdefault(row.row["transaction_id"], set()).add(row.row["item_id"])
    written = lines("events.csv").values()
    both = {seed, found.item.item_id}
    for transaction, items in pairs.items():
        assert items <= both
        whole = {row["item_id"] for row in written if row["transaction_id"] == transaction}
        assert both <= whole
    assert both in pairs.values()


def test_a_search_is_traced_to_the_items_line(shop: Shop) -> None:
    answer = search(shop, SearchCall("storm tent"))
    found = traced(shop, answer.query_id, "tent-gale-1")
    assert (found.card, found.same, found.evidence) == (None, None, ())
    assert found.item.then is not None
    expected = line_of("products.csv", id="tent-gale-1")
    assert (found.item.then.line, found.item.then.text) == expected


def test_a_vacuum_leaves_what_the_release_was_made_from(shop: Shop) -> None:
    root = shop.paths.root
    store = AssetStore(shop.paths.assets)
    answer = shelf(shop, ShelfCall("buy-again", user_id="u03"))
    shop.state.events.append([_viewed("later")]).result(10)
    change = ItemChange(0, Change.PATCH, "tent-kestrel-2", {"price": 1.5}, None)
    shop.state.items.append([change]).result(10)
    moved(shop)
    kept = kept_versions(store, shop.releases)
    done = [vacuum(store, name, kept.get(name, ()), timedelta(0)) for name in store.names()]
    assert not any(each.trouble for each in done)
    assert {each.asset for each in done if each.kept} >= {"items", "events", "histories"}
    found = traced(shop, answer.query_id, "tent-kestrel-2")
    assert (found.gone, found.same) == ((), True)
    assert found.item.now == {"price": (289.0, 1.5)}
    assert [row.line is not None for each in found.evidence for row in each.rows] == [True]
    first = build(root, progress=Silent())
    for name in store.names():
        vacuum(store, name, kept_versions(store, shop.releases).get(name, ()), timedelta(0))
    again = build(root, progress=Silent())
    assert set(again.reused) >= set(first.manifest.steps)  # upkeep gives a build nothing to do


def test_readings_go_on_record(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("home", user_id="u03"))
    traced(shop, answer.query_id)
    opened = Shop.open(shop.paths.root)
    found = list(opened.state.audit.since(0))
    opened.close()
    assert [each.asset for each in found if each.action == "trace"] == ["answers", "events"]


def test_what_is_not_there_is_named(shop: Shop) -> None:
    answer = shelf(shop, ShelfCall("home", user_id="u03", n=2))
    with pytest.raises(NotFound, match="item 'no-such' in that answer"):
        traced(shop, answer.query_id, "no-such")
    with pytest.raises(NotFound, match="a logged answer 'q'"):
        trace_answer(shop.paths.root, "q", None, READER)
    with pytest.raises(NotFound, match="an item 'no-such'"):
        trace_item_alone(shop.paths.root, "no-such")
