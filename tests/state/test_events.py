from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mercato.core.columns import EVENT_COLUMNS
from mercato.core.events import EventRow
from mercato.state import Appended, RecentEvent, State
from mercato.state.tables import events

Stored = Callable[..., None]


def view(event_id: str, user: str | None = None, visitor: str | None = None, **more) -> EventRow:
    return EventRow(event_id, 0, more.pop("ts", 0), "view_item", user, visitor, **more)


def ids(rows: Sequence[EventRow | RecentEvent]) -> list[str]:
    return [row.event_id for row in rows]


def test_the_row_the_table_and_the_columns_agree() -> None:
    assert EventRow._fields == EVENT_COLUMNS
    assert [column.name for column in events.columns] == ["seq", *EVENT_COLUMNS]


def test_a_row_comes_back_as_it_went_in(state: State, stored: Stored) -> None:
    row = EventRow(
        "e1", 3, 1_700_000_000_000_001, "purchase", "u", "v", "s", "i", 2.0, 1.25, "EUR", 2.5,
        "père", "q", "home", 7, "C", "t", "app", '{"a":1}',
    )  # fmt: skip
    stored(row)
    assert state.events.after(0, 10).rows == (row,)
    recent = state.events.recent("u", None)[0]
    assert recent._asdict() == {name: getattr(row, name) for name in recent._fields}


def test_an_event_counts_once(state: State) -> None:
    first = state.events.append([view("a", "u"), view("b", "u"), view("a", "u")]).result(30)
    again = state.events.append([view("b", "u"), view("c", "u")]).result(30)
    assert first == Appended(accepted=2, duplicates=1)
    assert again == Appended(accepted=1, duplicates=1)
    assert ids(state.events.recent("u", None)) == ["a", "b", "c"]


def test_events_not_lines_are_counted(state: State) -> None:
    basket = [EventRow("p", line, 0, "purchase", "u", item_id=f"i{line}") for line in range(3)]
    assert state.events.append(basket).result(30) == Appended(1, 0)
    assert state.events.append(basket).result(30) == Appended(0, 1)
    longer = [*basket, EventRow("p", 3, 0, "purchase", "u", item_id="i3")]
    assert state.events.append(longer).result(30) == Appended(1, 0)  # one of its lines is new
    assert len(state.events.recent("u", None)) == 4
    assert state.events.append([]).result(30) == Appended(0, 0)


def test_a_user_sees_also_what_they_did_before_logging_in(state: State, stored: Stored) -> None:
    stored(view("guest", visitor="phone"), view("other", visitor="laptop"))
    assert ids(state.events.recent("anna", None)) == []
    stored(view("login", "anna", "phone"))
    assert ids(state.events.recent("anna", None)) == ["guest", "login"]
    assert ids(state.events.recent(None, "phone")) == ["guest", "login"]
    assert ids(state.events.recent("anna", "laptop")) == ["guest", "other", "login"]
    assert ids(state.events.recent(None, "laptop")) == ["other"]
    assert ids(state.events.recent(None, None)) == []


def test_a_visitor_belongs_to_the_user_they_were_last_seen_with(
    state: State, stored: Stored
) -> None:
    stored(view("g", visitor="v"), view("a", "anna", "v", ts=20))
    stored(view("b", "bert", "v", ts=10))  # arrives later, happened before
    assert state.events.user_of("v") == "anna"
    assert ids(state.events.recent("bert", None)) == ["b"]
    stored(view("b2", "bert", "v", ts=30))
    assert state.events.user_of("v") == "bert"
    assert ids(state.events.recent("anna", None)) == ["a"]  # the guest's line went with the visitor
    assert ids(state.events.recent("bert", None)) == ["g", "b", "b2"]
    assert state.events.user_of("nobody") is None


def test_recent_takes_the_newest_after_a_mark(state: State, stored: Stored) -> None:
    stored(*(view(f"e{n}", "u") for n in range(10)))
    assert ids(state.events.recent("u", None, limit=3)) == ["e7", "e8", "e9"]
    assert ids(state.events.recent("u", None, after_seq=8)) == ["e8", "e9"]


def test_recent_reads_through_the_indexes_of_sqlite(tmp_path: Path) -> None:
    state = State.open("sqlite:///state.db", tmp_path)
    with state.database.read() as connection:
        text = str(
            state.events._recent.compile(
                dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
            )
        )
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?")
        ).all()
    steps = " ".join(row[-1] for row in plan)
    assert "events_of_user (user_id=? AND seq>?)" in steps
    assert "events_of_guest (visitor_id=? AND seq>?)" in steps
    assert "SCAN events" not in steps
    state.close()


def test_recent_reads_through_the_indexes_of_postgresql(postgres_url: str, tmp_path: Path) -> None:
    state = State.open(postgres_url, tmp_path)
    rows = [view(f"e{n}", f"u{n}" if n % 3 else None, f"v{n}") for n in range(2_000)]
    state.events.append(rows).result(30)
    with state.database.read() as connection:
        compiled = state.events._recent.compile(dialect=connection.dialect)
        asked = compiled.params | {"user": "u1", "visitor": "v3", "after": 0, "most": 200}
        found = connection.exec_driver_sql(f"EXPLAIN {compiled}", asked).all()
    steps = " ".join(row[0] for row in found)
    assert "events_of_user" in steps
    assert "(visitor_id = ANY" in steps
    assert "Seq Scan on events" not in steps
    state.close()


def test_after_walks_the_log_in_order(state: State, stored: Stored) -> None:
    stored(*(view(f"e{n}") for n in range(5)))
    first = state.events.after(0, 2)
    rest = state.events.after(first.last, 10)
    assert ids(first.rows) == ["e0", "e1"]
    assert ids(rest.rows) == ["e2", "e3", "e4"]
    assert state.events.after(rest.last, 10) == type(rest)(rest.last, ())
    assert state.events.count_after(first.last) == 3


def test_a_pruned_seq_is_never_given_again(state: State, stored: Stored) -> None:
    stored(*(view(f"e{n}", ts=n) for n in range(10)))
    assert state.events.prune(up_to=6, before=4) == 4  # e0 to e3 are old enough
    assert state.events.prune(up_to=6, before=100) == 2  # e4 and e5 are drained
    assert state.events.prune(up_to=10, before=100) == 4
    stored(view("new"))
    assert state.events.after(0, 10).last == 11
    assert state.events.prune(up_to=0, before=100) == 0


rows_of_lines = st.lists(
    st.builds(
        lambda event_id, lines: [EventRow(event_id, line, 0, "purchase") for line in range(lines)],
        st.sampled_from("abcdef"),
        st.integers(1, 3),
    ),
    max_size=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(rows_of_lines, max_size=4))
def test_counts_equal_a_plain_set(state: State, batches: list[list[list[EventRow]]]) -> None:
    log = state.events
    log.prune(up_to=log.after(0, 1000).last, before=1)  # all of the last example
    known: set[tuple[str, int]] = set()
    waiting = [state.events.append([row for event in batch for row in event]) for batch in batches]
    for batch, future in zip(batches, waiting, strict=True):
        accepted = 0
        for event in batch:
            lines = {(row.event_id, row.line) for row in event}
            accepted += bool(lines - known)
            known |= lines
        assert future.result(30) == Appended(accepted, len(batch) - accepted)
    assert {(row.event_id, row.line) for row in state.events.after(0, 1000).rows} == known


def test_a_value_that_no_column_holds_spoils_no_other_write(state: State) -> None:
    good = [state.events.append([view(f"g{n}", "u")]) for n in range(20)]
    bad = state.events.append([view("bad", "u", ts=1 << 70)])
    good += [state.events.append([view(f"h{n}", "u")]) for n in range(20)]
    assert [future.result(30) for future in good] == [Appended(1, 0)] * 40
    with pytest.raises((OverflowError, TypeError)):
        bad.result(30)
    assert "bad" not in ids(state.events.recent("u", None))
