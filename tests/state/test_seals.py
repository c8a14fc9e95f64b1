"""A log that was changed behind Mercato's back is found out."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy.exc import DBAPIError

from mercato.state import State
from mercato.state.audit import Access
from mercato.state.documents import DocumentChange
from mercato.state.heads import FILE, noted_heads
from mercato.state.seals import FIRST, SEALED, Verified

Tampered = Callable[..., None]


@pytest.fixture
def sealed(url: str, tmp_path: Path) -> Iterator[State]:
    """Of each log five lines, some in one transaction."""
    state = State.open(url, tmp_path)
    for number in range(3):
        line = Access("me@here", "users", "events", ("user_id",), "looking", subject=f"p{number}")
        state.audit.append(line, *([line] * (number == 1) * 2)).result()
    changes = [DocumentChange(f"r{number}", {"n": number}) for number in range(4)]
    state.rules.change(changes, actor="me@here", action="rules").result()
    state.rules.change([DocumentChange("r1", None)], actor="me@here", action="rules").result()
    yield state
    state.close()


def verified(state: State) -> dict[str, Verified]:
    return {log: state.verify(log) for log in SEALED}


def test_what_was_only_written_is_in_order(sealed: State, url: str, tmp_path: Path) -> None:
    for found in verified(sealed).values():
        assert (found.rows, found.before, found.broken) == (5, 0, None)
    other = State.open(url, tmp_path)  # as another process adds to it
    other.audit.append(Access("x", "y", "events", (), "z")).result()
    other.close()
    assert sealed.verify("audit").rows == 6


def test_a_seal_is_a_sha256_anybody_can_reckon(sealed: State) -> None:
    with sealed.database.read() as connection:
        found = connection.exec_driver_sql("SELECT * FROM audit WHERE seq = 1")
        (row,) = found.mappings().all()
        told = connection.exec_driver_sql(
            "SELECT seal FROM seals WHERE log = 'audit' AND seq = 1"
        ).scalar()
    said = orjson.dumps(dict(row), option=orjson.OPT_SORT_KEYS)
    assert told == hashlib.sha256(FIRST.encode() + said).hexdigest()


@pytest.mark.parametrize("log", list(SEALED))
@pytest.mark.parametrize(
    ("harm", "word"),
    [
        ("UPDATE {log} SET actor = 'nobody' WHERE seq = 3", "row 3 is not as it was"),
        ("DELETE FROM {log} WHERE seq = 3", "row 3 is missing"),
        ("DELETE FROM {log} WHERE seq = 5", "row 5 is missing"),
        ("DELETE FROM seals WHERE log = '{log}' AND seq = 3", "row 3 has no seal"),
        ("UPDATE seals SET seal = '{zeros}' WHERE log = '{log}' AND seq = 2", "row 2 is not"),
        (
            "DELETE FROM {log} WHERE seq = 3; DELETE FROM seals WHERE log = '{log}' AND seq = 3",
            "row 4 is not as it was",
        ),
    ],
)
def test_any_harm_is_found(
    sealed: State, tampered: Tampered, log: str, harm: str, word: str
) -> None:
    tampered(sealed, harm.format(log=log, zeros="0" * 64))
    found = verified(sealed)
    assert word in str(found.pop(log).broken)
    assert [each.broken for each in found.values()] == [None]


def test_a_seal_noted_down_shows_a_log_that_was_written_anew(
    sealed: State, tampered: Tampered
) -> None:
    head = sealed.verify("audit").head
    assert sealed.verify("audit", head).noted is True
    sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    assert sealed.verify("audit", head).noted is True, "an older one stays in the chain"
    begun = "UPDATE meta SET value = '7' WHERE key = 'sealed-from-audit'"
    tampered(sealed, f"DELETE FROM audit; DELETE FROM seals WHERE log = 'audit'; {begun}")
    sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    found = sealed.verify("audit", head)
    assert (found.broken, found.noted) == (None, False)


@pytest.mark.parametrize(
    ("harm", "broken"),
    [
        ("DELETE FROM seals WHERE log = 'audit'", "row 1 has no seal"),
        ("DELETE FROM audit; DELETE FROM seals WHERE log = 'audit'", "row 1 is missing"),
    ],
)
@pytest.mark.parametrize("more", [False, True])
def test_a_log_without_any_seal_has_lost_them(
    harm: str, broken: str, more: bool, sealed: State, tampered: Tampered
) -> None:
    tampered(sealed, harm)
    if more:
        sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    assert sealed.verify("audit").broken == broken


@pytest.mark.parametrize("table", [*SEALED, "seals"])
@pytest.mark.parametrize(
    "harm", ["UPDATE {} SET seq = seq + 100", "DELETE FROM {}", "DELETE FROM {} WHERE seq = 5"]
)
def test_the_database_refuses_to_change_or_delete_a_line(
    table: str, harm: str, sealed: State
) -> None:
    with (
        pytest.raises(DBAPIError, match="is only ever added to"),
        sealed.database.writing.begin() as connection,
    ):
        connection.exec_driver_sql(harm.format(table))
    assert [found.rows for found in verified(sealed).values()] == [5, 5]


def test_what_was_noted_outside_must_be_there(
    sealed: State, tampered: Tampered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (0, 0, 1):  # once a day
        monkeypatch.setattr("mercato.state.heads.time.time", lambda at=days: at * 86_400.0)
        sealed.note_heads(tmp_path)
        sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    heads = noted_heads(tmp_path, "audit")
    assert list(heads) == [5, 7]
    assert sealed.verify("audit", heads=heads).heads == 2
    newest = "DELETE FROM {} WHERE {} seq > 6"
    tampered(sealed, newest.format("audit", "") + ";" + newest.format("seals", "log='audit' AND"))
    assert sealed.verify("audit").broken is None
    assert sealed.verify("audit", heads=heads).broken == ("row 7, whose seal was noted, is missing")
    assert sealed.verify("audit", heads={5: "0" * 64}).broken == (
        "row 5 has another seal than was noted of it"
    )


def test_a_note_that_a_kill_cut_off_spoils_no_other(sealed: State, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"ts": "2026-01-')
    sealed.note_heads(tmp_path)
    assert list(noted_heads(tmp_path, "audit")) == [5]


def test_old_lines_are_retired_and_the_chain_goes_on(
    sealed: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("mercato.state.audit.PRUNED_AT_ONCE", 2)
    sealed.note_heads(tmp_path)
    monkeypatch.setattr("mercato.state.audit.time.time_ns", lambda: 2**62)
    for _ in range(2):
        sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    assert sealed.audit.retire(2**61 // 1000, "me@here") == 5
    assert [each.actor for each in sealed.audit.since()] == ["x", "x"]
    found = sealed.verify("audit", heads=noted_heads(tmp_path, "audit"))
    assert (found.rows, found.broken) == (2, None)
    assert sealed.verify("decisions").broken is None
    assert [each.kind for each in sealed.decisions.since()][-1] == "retention"
    assert sealed.audit.retire(2**61 // 1000, "me@here") == 0
    assert sealed.audit.retire(2**62, "me@here") == 1, "the newest stays"
    assert sealed.verify("audit").broken is None


def test_a_retirement_that_nobody_decided_is_found(sealed: State) -> None:
    head = sealed.verify("audit").head
    sealed.set("retired-audit", f"4 {head}")
    with sealed.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE seq < 5")
    assert "no line of the decisions" in str(sealed.verify("audit").broken)


def test_a_state_from_before_knows_where_its_seals_begin(
    sealed: State, tampered: Tampered, url: str, tmp_path: Path
) -> None:
    tampered(
        sealed,
        "DELETE FROM meta WHERE key LIKE 'sealed-from-%%';"
        "DELETE FROM seals WHERE seq < 3;"
        "UPDATE meta SET value = '8' WHERE key = 'format';"
        "UPDATE alembic_version SET version_num = '8'",
    )
    State.open(url, tmp_path).close()
    assert sealed.get("sealed-from-audit") == "3"
    with pytest.raises(DBAPIError), sealed.database.writing.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit")


def test_lines_from_before_seals_are_counted(sealed: State, tampered: Tampered) -> None:
    tampered(sealed, "DELETE FROM seals; DELETE FROM meta WHERE key LIKE 'sealed-from-%%'")
    sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    found = sealed.verify("audit")
    assert (found.before, found.rows, found.broken) == (5, 1, None)


def test_long_logs_are_followed_in_parts(sealed: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercato.state.seals._AT_ONCE", 2)
    assert verified(sealed)["audit"].rows == 5


def test_a_nul_breaks_no_chain(sealed: State) -> None:
    sealed.audit.append(Access("a\0b", "x", "events", (), "z")).result()
    assert sealed.verify("audit").broken is None
