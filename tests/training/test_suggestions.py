"""What of the shoppers' searches may be suggested to others, and in which order."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.suggested import SuggestedQueries
from mercato.catalogue.suggested_writing import sounds, suggested_queries
from mercato.catalogue.suggestion_rules import Blocked, looks_personal
from mercato.search.search import SearchContext, SearchRequest, search
from mercato.search.suggest import Own, SuggestContext, suggest
from mercato.shop.opened import Shop
from mercato.shop.suggest import suggest as suggest_to
from mercato.state.events import EventRow
from mercato.training.parts_suggestions import asked_scores, merged, phrase_scores

K = 3
TOUR = Path(__file__).parents[2] / "examples" / "tour"


def row(query: str, shoppers: int = K, searches: int = 9, **fields: Any) -> dict[str, Any]:
    plain = {"query": query, "text": query, "shoppers": shoppers, "searches": searches}
    numbers = {"recent_searches": float(searches), "clicks": 0, "purchases": 0}
    rest = {"zero_share": None, "last_ts": datetime(2026, 1, 1, tzinfo=UTC)}
    return plain | numbers | rest | fields


@pytest.fixture(scope="module")
def lamps(open_catalogue: Callable[..., Catalogue]) -> Catalogue:
    titles = ["red lamp", "blue lamp 1234567", "green lamp", "red rug", "手机壳", "手机"]
    return open_catalogue([{"id": f"i{at}", "title": title} for at, title in enumerate(titles)])


def found(rows: list[dict[str, Any]], catalogue: Catalogue, prefix: str) -> list[str]:
    scores = asked_scores(merged(rows), catalogue.base, K)
    return suggested_queries(scores).find(prefix, 8)


def test_success_frequency_and_recency_order(lamps: Catalogue) -> None:
    rows = [
        row("red lamp"),
        row("red rug", clicks=9, purchases=3),
        row("red lamp rug", recent_searches=1.0, clicks=9, purchases=9),
        row("red", searches=90),
    ]
    assert found(rows, lamps, "red") == ["red", "red rug", "red lamp", "red lamp rug"]


@pytest.mark.parametrize(
    "left_out",
    [
        row("red lamp", shoppers=K - 1, searches=500),
        row("red lamp", zero_share=0.5),
        row("red sofa"),
        row("blue lamp 1234567"),
        row("lamp red@lamp.com"),
    ],
)
def test_what_few_typed_or_nothing_answered_or_names_somebody_is_left_out(
    lamps: Catalogue, left_out: dict[str, Any]
) -> None:
    rows = [left_out, row("green lamp", zero_share=0.4)]
    kept = asked_scores(merged(rows), lamps.base, K)
    assert list(kept) == ["green lamp"]


def test_both_writings_of_chinese_are_one_query_of_no_more_shoppers(lamps: Catalogue) -> None:
    rows = [row("手机壳", 2), row("手機殼", 2)]
    assert asked_scores(merged(rows), lamps.base, K) == {}
    (both,) = merged([row("手机壳", 3), row("手機殼", 2)])
    assert (both.text, both.shoppers, both.searches) == ("手机壳", 3, 18)


def test_pinyin_is_whole_or_by_first_letters() -> None:
    # 手 shǒu, 机 jī, 壳 ké; 女 nǚ, 鞋 xié; 重庆 Chóngqìng (Xinhua dictionary)
    assert sounds("手机壳") == ("shoujike", "sjk")
    assert sounds("iphone 15手机") == ("iphone15shouji", "iphone15sj")
    assert sounds("女鞋") == ("nvxie", "nx")
    assert sounds("重庆")[0] == "chongqing"


def test_queries_are_the_same_once_written(tmp_path) -> None:
    made = suggested_queries({"手机": 2.0, "red lamp": 3.0})
    made.save(tmp_path)
    opened = SuggestedQueries.open(tmp_path)
    for typed in ("sj", "red", "lam", "rde l", "rad la"):
        assert opened.find(typed, 5) == made.find(typed, 5) != []


WORDS = ["red", "blue", "lamp", "rug", "sofa", "手机", "壳", "sex", "a@b.de", "0170 1234567", "12"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
ROWS = st.builds(
    row,
    TEXTS,
    st.integers(0, 5),
    st.integers(1, 50),
    zero_share=st.sampled_from([None, 0.0, 0.3, 0.6, 1.0]),
    clicks=st.integers(0, 20),
)
BLOCKED = Blocked.of(["Sex", "壳"])


@settings(max_examples=150, deadline=None)
@given(st.lists(ROWS, max_size=20, unique_by=lambda each: each["query"]), TEXTS, TEXTS)
def test_nothing_that_is_suggested_breaks_a_rule(
    lamps: Catalogue, rows: list[dict[str, Any]], typed: str, mine: str
) -> None:
    phrases = phrase_scores(lamps.base)
    queries = suggested_queries(phrases | asked_scores(merged(rows), lamps.base, K))
    context = SuggestContext(lamps, queries, BLOCKED, Own(queries=(mine,)))
    by_text = {each["text"]: each for each in rows}
    for length in range(1, len(typed) + 1):
        shown = suggest(typed[:length], context)
        for query in shown.queries:
            assert not BLOCKED(query) and not looks_personal(query)
            assert search(SearchRequest(query), SearchContext(lamps)).total > 0
            if query not in phrases and query != mine:
                assert by_text[query]["shoppers"] >= K
                assert (by_text[query]["zero_share"] or 0) < 0.5
        for item in shown.items:
            assert not BLOCKED(item.title)


def searched(who: str, term: str) -> EventRow:
    fields = dict.fromkeys(EventRow._fields)
    key = f"{who}{term}"
    fields |= {"event_id": key, "line": 0, "ts": 1, "event": "search", "search_term": term}
    return EventRow(**fields | {"visitor_id": who})


def test_a_shop_suggests_what_its_log_has(tour: Path) -> None:
    shoppers: dict[str, set[str]] = {}
    with (TOUR / "events.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            if line["search_term"]:
                shoppers.setdefault(line["search_term"], set()).add(line["user_id"])
    shared = {term for term, who in shoppers.items() if len(who) >= K}
    assert shared and shared != set(shoppers)
    shop = Shop.open(tour)
    try:
        phrases = phrase_scores(shop.live.catalogue.base)
        for term in shoppers:
            told = term in suggest_to(shop, term[:3]).queries
            assert told == (term in shared or term in phrases)
        others = suggest_to(shop, "tent").queries
        shop.state.events.append([searched("v9", "Tents red"), searched("v9", "x")]).result()
        assert suggest_to(shop, "tent", visitor_id="v9").queries[:2] == ("tents red", others[0])
        assert suggest_to(shop, "tent", visitor_id="v8").queries == others
    finally:
        shop.close()
