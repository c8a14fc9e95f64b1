"""Whose newest word is that they do not want to be known, and what is logged of them."""

import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from mercato.state import Answer, EventRow, State, denied
from mercato.state.consents import Word


def said(state: State, *words: tuple[str, int, bool]) -> list[str]:
    state.consents.note([Word(*word) for word in words]).result(30)
    return state.consents.denied()


def test_the_newest_word_counts_in_whatever_order_they_come(state: State) -> None:
    assert said(state, ("u", 5, True), ("visitor:v", 5, True)) == ["u", "visitor:v"]
    assert said(state, ("u", 4, False)) == ["u", "visitor:v"]
    assert said(state, ("u", 6, False)) == ["visitor:v"]
    assert said(state, ("u", 5, True)) == ["visitor:v"]
    assert said(state, ("u", 9, False), ("u", 8, True), ("u", 7, False)) == ["visitor:v"]
    assert said(state, ("u", 10, True)) == ["u", "visitor:v"]


def test_who_only_ever_granted_is_not_written_down(state: State) -> None:
    said(state, *((f"u{n}", 1, False) for n in range(600)), ("u7", 2, True))
    assert state.counts()["consents"] == 1


def test_it_is_read_without_opening_the_state(state: State, url: str, tmp_path: Path) -> None:
    said(state, ("u", 5, True))
    assert denied(url, tmp_path) == ["u"]
    assert denied("sqlite:///none.db", tmp_path) == []
    assert not (tmp_path / "none.db").exists()


ANSWER = Answer(
    query_id="",
    ts=5,
    kind="search",
    placement=None,
    request="",
    release=3,
    variant="x:y",
    user_id=None,
    visitor_id=None,
    session_id="s",
    item_ids=("a",),
    positions=(1,),
    scores=(0.5,),
    propensities=(1.0,),
)


@pytest.mark.parametrize(
    ("user", "visitor", "is_named"),
    [
        ("denied", None, False),
        ("denied", "other", False),
        ("u", "gone", False),
        (None, "gone", False),
        (None, "of-denied", False),  # the user whom the visitor was last seen with
        ("u", "other", True),
        (None, "other", True),
        (None, "denied", True),  # a visitor is no user of the same name
    ],
)
def test_answers_to_who_denied_are_nobodys(
    user: str | None, visitor: str | None, is_named: bool, state: State
) -> None:
    state.events.append([EventRow("e", 0, 1, "search", "denied", "of-denied")]).result(30)
    said(state, ("denied", 5, True), ("visitor:gone", 5, True))
    who = {"user_id": user, "visitor_id": visitor, "session_id": "s"}
    asked = orjson.dumps({"q": "tea", **who}).decode()
    state.answers.append(replace(ANSWER, query_id="q", request=asked, **who))
    deadline = time.monotonic() + 10
    while not state.answers.count_after(0) and time.monotonic() < deadline:
        time.sleep(0.01)
    (found,) = state.answers.after(0, 10).rows
    kept = who if is_named else dict.fromkeys(who)
    assert {name: getattr(found, name) for name in who} == kept
    assert orjson.loads(found.request) == {"q": "tea", **kept}
    assert found.item_ids == ("a",)


def test_who_denied_is_answered_as_if_they_had_done_nothing(state: State) -> None:
    rows = [EventRow("e", 0, 1, "search", "u", "v"), EventRow("f", 0, 1, "search", None, "w")]
    state.events.append(rows).result(30)

    def lines(user: str | None, visitor: str | None) -> int:
        found = state.events.known(user, visitor, after_seq=0, limit=9).events
        assert found == state.events.recent(user, visitor)
        return len(found)

    asked = (("u", None), ("u", "w"), (None, "v"), (None, "w"))
    assert [lines(*who) for who in asked] == [1, 2, 1, 1]
    said(state, ("visitor:w", 5, True))
    assert [lines(*who) for who in asked] == [1, 0, 1, 0]
    said(state, ("u", 5, True), ("visitor:w", 6, False))
    assert [lines(*who) for who in asked] == [0, 0, 0, 1]
