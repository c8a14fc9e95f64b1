"""A log that was changed behind Mercato's back is found out."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from mercato.state import State
from mercato.state.audit import Access
from mercato.state.documents import DocumentChange
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
    tampered(sealed, "DELETE FROM audit; DELETE FROM seals WHERE log = 'audit'")
    sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    found = sealed.verify("audit", head)
    assert (found.broken, found.noted) == (None, False)


def test_lines_from_before_seals_are_counted(sealed: State, tampered: Tampered) -> None:
    tampered(sealed, "DELETE FROM seals")
    sealed.audit.append(Access("x", "y", "events", (), "z")).result()
    found = sealed.verify("audit")
    assert (found.before, found.rows, found.broken) == (5, 1, None)


def test_long_logs_are_followed_in_parts(sealed: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercato.state.seals._AT_ONCE", 2)
    assert verified(sealed)["audit"].rows == 5


def test_a_nul_breaks_no_chain(sealed: State) -> None:
    sealed.audit.append(Access("a\0b", "x", "events", (), "z")).result()
    assert sealed.verify("audit").broken is None
