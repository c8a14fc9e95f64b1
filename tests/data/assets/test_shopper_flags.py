"""Programs and the shop's own people: seeded into a log of people, and found, and left out."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from mercato.core.settings import CleaningSettings, Settings
from mercato.data.assets import ASSETS
from mercato.data.derive import derive
from mercato.state import State
from mercato.state.consents import Word

START = datetime(2026, 1, 5, 8, tzinfo=UTC)

Row = dict[str, Any]


def line(who: str, number: int, seconds: float, **more: Any) -> Row:
    return {
        "event_id": f"{who}-{number}",
        "line": 0,
        "ts": START + timedelta(seconds=seconds),
        "event": "view_item",
        "user_id": who,
        "item_id": f"i{number % 40}",
    } | more


@pytest.fixture(scope="module")
def people() -> list[Row]:
    """Twenty shoppers whose pauses spread as people's do, among them a very busy one."""
    chance = random.Random(5)
    rows = []
    for shopper in range(20):
        seconds = 0.0
        for number in range(600 if shopper == 0 else 150):
            seconds += chance.expovariate(1 / 20)
            rows.append(line(f"person{shopper}", number, seconds))
    return rows


@pytest.fixture
def flags(store, settings):
    """The flags of a log, as (shopper, flag) → (value, bound)."""

    def find(rows: list[Row], how: Settings = settings) -> dict[tuple[str, str], tuple[Any, Any]]:
        store.commit("events", pa.Table.from_pylist(rows, schema=ASSETS["events"].schema))
        found = derive(store, ["shopper_flags"], settings=how)["shopper_flags"].to_pylist()
        return {(r["shopper_id"], r["flag"]): (r["value"], r["bound"]) for r in found}

    return find


def test_people_are_not_flagged(flags, people) -> None:
    assert flags(people) == {}


def test_more_than_sixty_events_in_each_of_five_minutes(flags, people) -> None:
    def burst(who: str, minutes: int, a_minute: int) -> list[Row]:
        chance = random.Random(who)
        return [
            line(who, n, 60 * (n // a_minute) + chance.random() * 59)
            for n in range(minutes * a_minute)
        ]

    rows = [*people, *burst("fast", 5, 61), *burst("short", 4, 200), *burst("busy", 10, 60)]
    assert flags(rows) == {("fast", "bot-rate"): (5, 5)}


def test_a_clock_that_is_years_ahead(flags) -> None:
    # Seconds since 1970 no longer fit into 32 bits from 2038 on.
    ahead, chance = datetime(2040, 1, 5, tzinfo=UTC) - START, random.Random(7)
    seconds = (n // 61 * 60 + chance.random() * 59 for n in range(5 * 61))
    rows = [line("ahead", n, ahead.total_seconds() + s) for n, s in enumerate(seconds)]
    assert flags(rows) == {("ahead", "bot-rate"): (5, 5)}


def test_what_is_shown_unasked_is_not_counted(flags) -> None:
    shown = [line("scroller", n, n / 5, event="view_item_list") for n in range(3_000)]
    assert flags(shown) == {}


def test_even_intervals(flags, people) -> None:
    rows = people + [line("clock", n, n * 30 + (n % 3)) for n in range(101)]
    found = flags(rows)
    # Gaps of 31, 31 and 28 seconds in turn: mean 30, standard deviation √2.
    assert list(found) == [("clock", "bot-regular")]
    assert found["clock", "bot-regular"] == (pytest.approx(2**0.5 / 30, rel=0.02), 0.1)


def test_a_thousand_items_a_day_without_a_purchase(flags) -> None:
    def visit(who: str, items: int) -> list[Row]:
        chance = random.Random(who)
        seconds = sorted(chance.random() * 50_000 for _ in range(items))
        return [line(who, n, at, item_id=f"i{n}") for n, at in enumerate(seconds)]

    buyer = [line("buyer", 5_000, 60_000, event="purchase")]
    rows = [*visit("reader", 1_000), *visit("browser", 999), *visit("buyer", 1_200), *buyer]
    assert flags(rows) == {("reader", "bot-breadth"): (1_000, 1_000)}


def test_what_crawlers_call_themselves(flags) -> None:
    agents = {
        "crawler": '{"user_agent":"Mozilla/5.0 (compatible; Googlebot/2.1)"}',
        "script": '{"device.userAgent":"python-requests/2.32"}',
        "human": '{"user_agent":"Mozilla/5.0 (X11; Linux) Firefox/140"}',
        "reader": '{"page":"robots are fun","user_agent":"Safari"}',
    }
    rows = [line(who, 1, 0, attributes=attributes) for who, attributes in agents.items()]
    assert set(flags(rows)) == {("crawler", "bot-agent"), ("script", "bot-agent")}


def test_those_who_were_marked_as_they_sent_their_events(flags) -> None:
    marks = {
        "googlebot": '{"bot":"true"}',
        "anna": '{"own":"true","x":1}',
        "bert": '{"bot":"false"}',
    }
    marks["carl"] = '{"user_agent":"Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE)"}'
    rows = [line(who, 1, 0, attributes=attributes) for who, attributes in marks.items()]
    assert set(flags(rows)) == {("googlebot", "bot-agent"), ("anna", "own-address")}


def test_the_shops_own_people(flags, settings) -> None:
    own = CleaningSettings(
        own_users=("anna",), own_channels=("till-test",), own_addresses=("10.0.0.7",)
    )
    rows = [
        line("anna", 1, 0),
        line("anna", 2, 5),
        line("bert", 1, 0, channel="till-test"),
        line("carl", 1, 0, attributes='{"ip":"10.0.0.7"}'),
        line("dora", 1, 0, attributes='{"ip":"10.0.0.77"}', channel="web"),
    ]
    assert flags(rows) == {}
    assert flags(rows, replace(settings, cleaning=own)) == {
        ("anna", "own-user"): (2, None),
        ("bert", "own-channel"): (1, None),
        ("carl", "own-address"): (1, None),
    }


def test_who_denied_it_by_the_newest_word(flags, store, settings) -> None:
    rows = [
        line("anna", 0, 0, visitor_id="phone"),
        line("bert", 0, 0),
        line("guest", 0, 0, user_id=None, visitor_id="tablet"),
        line("carl", 0, 0, visitor_id="laptop"),
        line("carl-before", 0, 0, user_id=None, visitor_id="laptop"),
        line("tablet", 0, 0),  # a user of the same name
    ]
    assert flags(rows) == {}
    state = State.open(settings.state.url, store.shop)
    names = ("anna", "bert", "visitor:tablet", "visitor:laptop", "visitor:nobody")
    state.consents.note([Word(name, 1, True) for name in names]).result(30)
    state.consents.note([Word("bert", 2, False)]).result(30)
    state.close()
    assert flags(rows) == {
        ("anna", "denied"): (1, None),
        ("visitor:tablet", "denied"): (1, None),
        ("carl", "denied"): (1, None),  # the line before they signed in
    }
    assert derive(store, ["histories"], settings=settings)["histories"][
        "shopper_id"
    ].to_pylist() == ["bert", "tablet"]


LEFT_OUT = ("sessions", "histories", "item_statistics", "co_purchase", "popularity")


def test_statistics_are_those_of_a_log_without_them(store, settings, people) -> None:
    bought = [
        row | {"event": "purchase", "transaction_id": f"t{n // 3}"} for n, row in enumerate(people)
    ]
    robot = [line("robot", n, n * 5, event="purchase", transaction_id="t0") for n in range(300)]
    nobody = [
        line("x", n, n, user_id=None, event="purchase", channel="till-test") for n in range(9)
    ]
    nobody += [
        line("y", n, n, user_id=None, event="purchase", attributes='{"bot":"true"}')
        for n in range(9)
    ]
    items = pa.Table.from_pylist(
        [{"id": f"i{n}", "title": "x", "product_type": "Food"} for n in range(40)],
        schema=ASSETS["items"].schema,
    )
    store.commit("items", items)
    own = replace(settings, cleaning=CleaningSettings(own_channels=("till-test",)))
    tables = []
    for rows in ([*bought, *robot, *nobody], bought):
        store.commit("events", pa.Table.from_pylist(rows, schema=ASSETS["events"].schema))
        tables.append(derive(store, LEFT_OUT, settings=own))
    for name in LEFT_OUT:
        assert tables[0][name].equals(tables[1][name]), name
        assert tables[0][name].num_rows > 0
