"""What shoppers searched for, from the log into a transformer and into what is served."""

import importlib.util
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mercato.core.progress import Silent
from mercato.core.searches import text_key
from mercato.core.settings import Settings, TrainSettings
from mercato.data.derive import derive
from mercato.data.histories import Histories
from mercato.data.search_histories import SearchHistories
from mercato.data.store import AssetStore
from mercato.models.shopper_transformer.of_shop import ShopTransformer
from mercato.models.text_encoder import TextEncoder
from mercato.recommend.reranking.settings import AS_RANKED
from mercato.shop.live import open_release
from mercato.shop.shelf import ShelfCall, question
from mercato.state import KnownShopper, RecentEvent
from mercato.training import parts_transformer
from mercato.training.parts_searches import make_searches
from mercato.training.parts_transformer import log_of, make_transformer
from mercato.training.workshop import Made, Workshop

FIRST_SEARCH = datetime(2026, 3, 1, 11, 13, tzinfo=UTC)


@pytest.fixture
def release(tour: Path) -> Path:
    return tour / "releases" / (tour / "releases" / "current").read_text().strip()


@pytest.fixture
def table(tour: Path) -> pa.Table:
    store = AssetStore(tour / "assets")
    return derive(store, ("search_histories",), settings=Settings())["search_histories"]


@pytest.fixture
def parts(release: Path) -> dict[str, Made]:
    places = ("catalogue", "histories", "encoder", "vectors", "calibration")
    return {each: Made(each, each, release / each, 0.0, reused=True) for each in places}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "build", Silent())


def test_searches_are_held_with_the_vectors_of_the_release(
    table: pa.Table, parts: dict[str, Made], workshop: Workshop
) -> None:
    made = make_searches(workshop, table, 0, parts)
    assert made is not None
    first = SearchHistories.open(made.folder).of("u03")
    assert first is not None
    assert first.ts[0] == round(FIRST_SEARCH.timestamp() * 1e6)
    assert first.key[0] == text_key("tent for two")
    expected = TextEncoder.open(parts["encoder"].folder).encode_query("tent for two")
    assert np.array_equal(first.vectors[first.text[0]], expected)


def test_nothing_is_held_where_nothing_would_be_read(
    table: pa.Table, parts: dict[str, Made], workshop: Workshop
) -> None:
    wordless = {place: each for place, each in parts.items() if place != "encoder"}
    assert make_searches(workshop, None, None, parts) is None
    assert make_searches(workshop, table.slice(0, 0), 0, parts) is None
    assert make_searches(workshop, table, 0, wordless) is None


@pytest.mark.soak
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch learns it")
def test_the_next_search_counts_in_the_next_answer(
    table: pa.Table,
    parts: dict[str, Made],
    workshop: Workshop,
    release: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts_transformer, "_LEAST_EVENTS", 1)
    searches = make_searches(workshop, table, 0, parts)
    assert searches is not None
    log = log_of(Histories.open(parts["histories"].folder), searches)
    assert log.searches is not None and len(log.searches.ts)
    train = TrainSettings(transformer_minutes=0.05)
    of = parts["catalogue"], parts["vectors"], parts["histories"]
    made = make_transformer(workshop, "network", *of, int(log.ts.max()) + 1, train, searches)
    assert made is not None
    found = ShopTransformer.load(made.folder)
    assert found.model.searches and not found.model.channel, "the tour names no channel"

    found.save(release / "models" / "shopper-transformer")
    searches.folder.rename(release / "searches")
    live = open_release(release, 1)
    network = live.models.transformer
    assert network is not None
    searched = RecentEvent(
        "e", live.clock.made_at + 10**6, "search", None, None, None, "warm sleeping bag"
    )

    def state(*events: RecentEvent) -> np.ndarray:
        asked = question(
            live,
            ShelfCall("home", user_id="u03"),
            KnownShopper(("u03",), events),
            live.clock.made_at + 10**7,
            reranking=AS_RANKED,
        )
        said = network.state(asked.context.shopper)
        assert said is not None
        return said

    before, after = state(), state(searched)
    other = state(searched._replace(search_term="stove"))
    assert np.abs(after - before).max() > 1e-3
    assert np.abs(other - after).max() > 1e-3
    unsaid = replace(live.histories.of("u03"), searches=None)
    forgetful = network.state(unsaid)
    assert forgetful is not None
    assert np.abs(before - forgetful).max() > 1e-3, "those of the release are read too"
