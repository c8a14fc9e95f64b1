"""Rules in the state: all or none of a change, a rising version, who changed what."""

from pathlib import Path

from mercato.state import State
from mercato.state.rules import RuleChange, Wanted


def change(state: State, *changes: RuleChange, actor: str = "ana@host") -> RuleChange | None:
    return state.rules.change(changes, actor=actor, action="rules").result(30)


def test_a_rule_is_kept_replaced_and_deleted(state: State) -> None:
    assert (state.rules.all(), state.rules.version()) == ([], 0)
    assert change(state, RuleChange("a", {"priority": 1})) is None
    first = state.rules.version()
    (kept,) = state.rules.all()
    assert (kept.id, kept.document, kept.updated_by) == ("a", {"priority": 1}, "ana@host")
    assert change(state, RuleChange("a", {"priority": 2}), actor="ben@host") is None
    again = state.rules.get("a")
    assert again is not None and again.document == {"priority": 2}
    assert (again.created_at, again.updated_by) == (kept.created_at, "ben@host")
    assert state.rules.version() > first
    second = state.rules.version()
    assert change(state, RuleChange("a", None)) is None
    assert state.rules.get("a") is None and state.rules.version() > second


def test_every_change_says_who_made_it_and_what_was_before(state: State) -> None:
    change(state, RuleChange("a", {"n": 1}), RuleChange("b", {"n": 7}))
    change(state, RuleChange("a", {"n": 2}), actor="ben@host")
    change(state, RuleChange("a", None), actor="cleo@host")
    told = [(each.actor, each.key, each.before, each.after) for each in state.decisions.since()]
    assert told == [
        ("ana@host", "a", None, {"n": 1}),
        ("ana@host", "b", None, {"n": 7}),
        ("ben@host", "a", {"n": 1}, {"n": 2}),
        ("cleo@host", "a", {"n": 2}, None),
    ]
    assert {each.kind for each in state.decisions.since()} == {"rule"}


def test_a_change_that_does_not_find_what_it_wants_writes_nothing(state: State) -> None:
    change(state, RuleChange("a", {"n": 1}))
    refused = change(state, RuleChange("new", {"n": 2}), RuleChange("a", {"n": 3}, Wanted.NEW))
    assert refused is not None and refused.id == "a"
    absent = change(state, RuleChange("gone", None, Wanted.KNOWN))
    assert absent is not None and absent.id == "gone"
    assert [(rule.id, rule.document) for rule in state.rules.all()] == [("a", {"n": 1})]
    assert len(list(state.decisions.since())) == 1


def test_another_process_sees_the_version_rise(state: State, url: str, tmp_path: Path) -> None:
    other = State.open(url, tmp_path)
    before = other.rules.version()
    change(state, RuleChange("a", {"n": 1}))
    assert other.rules.version() > before
    assert [rule.id for rule in other.rules.all()] == ["a"]
    other.close()
