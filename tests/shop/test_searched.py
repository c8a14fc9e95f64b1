"""One shopper's events and searches, as tables tell of them and as the state does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.history import Interactions
from mercato.data.assets.histories import HISTORIES
from mercato.data.assets.search_histories import SEARCH_HISTORIES
from mercato.data.histories import Histories
from mercato.data.releases import ReleaseStore
from mercato.data.search_histories import SearchHistories
from mercato.models.shopper_transformer.events import Read, read_events
from mercato.recommend.reranking.settings import AS_RANKED
from mercato.shop.live import Live, open_release
from mercato.shop.searched import searches_of
from mercato.shop.shelf import ShelfCall, question
from mercato.state import KnownShopper, RecentEvent

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def encode(text: str) -> NDArray[np.float32]:
    return np.array([len(text), text.count("a"), 1], np.float32)


def encode_all(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([encode(each) for each in texts], np.float32).reshape(-1, 3)


@pytest.fixture(scope="module")
def live(built_shop: Path) -> Live:
    releases = ReleaseStore(built_shop / "releases")
    number = releases.require_current()
    return open_release(releases.folder(number), number)


@pytest.fixture(scope="module")
def log(live: Live) -> list[RecentEvent]:
    """Two hours of somebody who searches, in the GA4 way by two events, views and buys."""
    ids = live.catalogue.ids(np.arange(6))
    said: list[tuple[Event, str | None, str | None, str | None]] = [
        (Event.SEARCH, None, " oat  milk", "web"),
        (Event.VIEW_SEARCH_RESULTS, None, "oat milk", "web"),
        (Event.VIEW_ITEM, ids[2], None, "web"),
        (Event.ADD_TO_CART, ids[2], None, None),
        (Event.SEARCH, None, "tea", "app"),
        (Event.VIEW_ITEM, ids[4], None, "app"),
        (Event.SEARCH, None, "oat milk", None),
        (Event.PURCHASE, ids[2], None, "App"),
    ]
    return [
        RecentEvent(f"e{at}", micro(at), str(kind), item, None, None, term, None, channel)
        for at, (kind, item, term, channel) in enumerate(said)
    ]


def micro(at: int) -> int:
    return round((BEGIN + timedelta(minutes=15 * at)).timestamp() * 1e6)


def release_of(live: Live, events: Sequence[RecentEvent]) -> Live:
    """One that has learned these events, through the assets' rows."""

    def row(event: RecentEvent, names: Sequence[str]) -> dict[str, Any]:
        ts = BEGIN + timedelta(microseconds=event.ts - micro(0))
        return {name: {**event._asdict(), "ts": ts}.get(name) for name in names}

    searched = [each for each in events if each.search_term]
    names = ("ts", "event", "item_id", "quantity", "price", "channel")
    done = [row(each, names) for each in events if each.item_id]
    asked = [row(each, ("ts", "search_term", "channel")) for each in searched]
    rows = [{"shopper_id": "ana", "events": done}] if done else []
    histories = pa.Table.from_pylist(rows, schema=HISTORIES.schema)
    rows = [{"shopper_id": "ana", "searches": asked}] if asked else []
    searches = pa.Table.from_pylist(rows, schema=SEARCH_HISTORIES.schema)
    ids = pa.array(live.catalogue.ids(np.arange(live.catalogue.n_base)), pa.string())
    clock = replace(live.clock, as_of=micro(0), made_at=micro(0))
    return replace(
        live,
        clock=clock,
        histories=Histories.from_table(histories, ids),
        searches=SearchHistories.from_table(searches, encode_all),
        encode_query=encode,
    )


def served(live: Live, events: Sequence[RecentEvent]) -> Interactions:
    who = KnownShopper(("ana",), tuple(events))
    call = ShelfCall("home", user_id="ana")
    return question(live, call, who, micro(9), reranking=AS_RANKED).context.shopper


def read(one: Interactions) -> Read:
    return read_events(one, kinds=True, gaps=True, searches=True, channel=True)


@pytest.mark.parametrize("learned", [0, 1, 4, 5, 8])
def test_a_release_and_the_state_tell_the_same_wherever_they_part(
    live: Live, log: list[RecentEvent], learned: int
) -> None:
    """Positions, kinds, gaps, channels and texts are those of a table that has all of it."""
    whole = release_of(live, log)
    expected = read(replace(whole.histories.of("ana"), searches=whole.searches.of("ana")))  # type: ignore[union-attr]
    found = read(served(release_of(live, log[:learned]), log[learned:]))
    for name in ("offsets", "item", "kind", "gap", "channel", "ts", "wish"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name
    texts = [each.texts[each.search[each.search >= 0]].tolist() for each in (found, expected)]
    assert texts[0] == texts[1] == encode_all(["oat milk", "tea", "oat milk"]).tolist()
    assert (found.search >= 0).tolist() == [True, False, False, True, False, True, False]
    assert len(set(found.channel.tolist())) == 3, "web, app and none"


def test_no_search_is_encoded_where_no_model_reads_it(live: Live, log: list[RecentEvent]) -> None:
    def refuse(text: str) -> NDArray[np.float32]:
        raise AssertionError(text)

    plain = replace(release_of(live, log[:1]), searches=None, encode_query=refuse)
    assert served(plain, log[1:]).searches is None


def test_nothing_is_known_of_who_is_hidden(live: Live, log: list[RecentEvent]) -> None:
    whole = release_of(live, log)
    assert whole.searches is not None
    hidden = replace(whole, searches=replace(whole.searches, hidden=lambda who: who == "ana"))
    assert searches_of(hidden, ("ana",), (), np.zeros(0, np.int64)) is None
