"""People of the console and their sessions: who gets in, who does not, and when it ends."""

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mercato.core.errors import BadInput, NotFound
from mercato.core.roles import Permission, Role, may
from mercato.core.settings import ConsoleSettings
from mercato.shop import people, signing_in
from mercato.shop.people import (
    add_person,
    first_owner_link,
    link_holder,
    make_link,
    people_of,
    person_of,
    remove_person,
    set_password,
    set_role,
)
from mercato.shop.rules import AlreadyThere, By
from mercato.shop.signing_in import (
    SignInFailed,
    TooManyFailures,
    forget_sessions,
    sign_in,
    sign_in_by_link,
    sign_out,
    signed_in,
)
from mercato.state import State

BY = By("me@host", "people")
PASSWORD = "correct horse battery"
HOURS = ConsoleSettings(session_hours=168, idle_hours=12)


@pytest.fixture(scope="module")
def with_ana(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a state with an owner, ana."""
    folder = tmp_path_factory.mktemp("people")
    state = State.open("sqlite:///state.db", folder)
    add_person(state, "ana", Role.OWNER, BY, PASSWORD)
    state.close()
    return folder / "state.db"


@pytest.fixture
def kept(with_ana: Path, tmp_path: Path) -> Iterator[State]:
    shutil.copy(with_ana, tmp_path)
    state = State.open("sqlite:///state.db", tmp_path)
    yield state
    state.close()


def enter(state: State, password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    return sign_in(state, "ana", password, address, "POST").token


def test_a_password_is_kept_as_argon2id_and_opens_however_the_name_is_written(kept: State) -> None:
    stored = person_of(kept, "ana")
    assert stored is not None and stored.password is not None
    assert stored.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    for name in ("ana", " ANA ", "\uff41\uff4e\uff41"):  # the last is fullwidth
        assert sign_in(kept, name, PASSWORD, "10.0.0.1", "POST").person.name == "ana"


@pytest.mark.parametrize("name", ["ana", "nobody", ""])
def test_a_wrong_name_is_told_as_a_wrong_password_is(kept: State, name: str) -> None:
    with pytest.raises(SignInFailed, match="a name and the password that belongs to it"):
        sign_in(kept, name, "another password", "10.0.0.1", "POST")
    (told,) = [each for each in kept.decisions.since() if each.kind == "sign-in"]
    assert told.key == ("ana" if name == "ana" else "nobody of this name")
    assert told.after == {"outcome": "failed", "address": "10.0.0.1"}


def test_a_wrong_name_takes_as_long_as_a_wrong_password(
    kept: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what is computed rather than by a clock: one hash is verified either way."""
    looked: list[str | None] = []
    real = signing_in.matches

    def counted(stored: str | None, password: str) -> bool:
        looked.append(stored)
        return real(stored, password)

    monkeypatch.setattr(signing_in, "matches", counted)
    for name in ("ana", "nobody"):
        with pytest.raises(SignInFailed):
            sign_in(kept, name, "another password", "10.0.0.1", "POST")
    assert [each is None for each in looked] == [False, True]


def test_guessing_ends_with_five_failures_from_one_address(kept: State) -> None:
    for _ in range(5):
        with pytest.raises(SignInFailed):
            enter(kept, "another password", "2001:db8::1")
    with pytest.raises(TooManyFailures, match="Wait a quarter of an hour"):
        enter(kept, PASSWORD, "2001:db8::2")  # one network has 2^64 addresses
    assert enter(kept, PASSWORD, "2001:db8:0:1::1")


def test_guessing_from_many_addresses_and_of_many_names_ends_too(
    kept: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "_MOST_OF_PERSON", 3)
    monkeypatch.setattr(signing_in, "_MOST_OF_ADDRESS", 2)
    monkeypatch.setattr(signing_in, "matches", lambda stored, password: False)
    for at in range(3):
        with pytest.raises(SignInFailed):
            enter(kept, "wrong", f"10.0.0.{at}")
    with pytest.raises(TooManyFailures):
        enter(kept, "wrong", "10.0.0.9")
    for name in ("ben", "cleo"):
        with pytest.raises(SignInFailed):
            sign_in(kept, name, "wrong", "10.1.0.0", "POST")
    with pytest.raises(TooManyFailures):
        sign_in(kept, "dan", "wrong", "10.1.0.0", "POST")


def test_a_session_ends_with_a_sign_out(kept: State) -> None:
    token, other = enter(kept), enter(kept)
    person = signed_in(kept, token, HOURS)
    assert person is not None and person.name == "ana"
    assert signed_in(kept, token[:-1], HOURS) is None
    sign_out(kept, token, "ana", "POST /console/sign-out")
    assert signed_in(kept, token, HOURS) is None
    assert signed_in(kept, other, HOURS) is not None
    last = list(kept.decisions.since())[-1]
    assert (last.actor, last.kind, last.after) == ("ana", "sign-in", None)


@pytest.mark.parametrize("change", ["password", "role", "removal", "back again"])
def test_a_session_ends_where_the_person_changes(kept: State, tmp_path: Path, change: str) -> None:
    add_person(kept, "ben", Role.OWNER, BY)
    token = enter(kept)
    worker = State.open("sqlite:///state.db", tmp_path)  # another process
    assert signed_in(worker, token, HOURS) is not None
    if change == "password":
        set_password(kept, "ana", "another good password", BY)
    elif change == "role":
        set_role(kept, "ana", Role.VIEWER, BY)
    else:
        remove_person(kept, "ana", BY)
    if change == "back again":
        add_person(kept, "ana", Role.OWNER, BY, PASSWORD)
    assert signed_in(worker, token, HOURS) is None
    worker.close()


def test_a_session_ends_after_its_time_and_after_silence(
    kept: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, begun = enter(kept), time.time_ns() // 1000
    hour = 3_600_000_000

    def after(hours: float) -> bool:
        monkeypatch.setattr(signing_in, "_now", lambda: begun + round(hours * hour))
        return signed_in(kept, token, HOURS) is not None

    assert after(11.9) and after(23.8)  # the first look counts as a sign of life
    assert not after(36)
    assert all(after(hours) for hours in range(24, 168, 11))
    assert not after(168.1)
    forget_sessions(kept, HOURS)
    assert kept.sessions.get(people.digest(token)) is None


def test_a_link_opens_once_and_sets_a_password(kept: State) -> None:
    add_person(kept, "ben", Role.ANALYST, BY)
    first, token = make_link(kept, "ben", BY), make_link(kept, "ben", BY)
    with pytest.raises(NotFound, match="a link that holds"):
        link_holder(kept, first)  # the newer one took its place
    with pytest.raises(BadInput, match="a password of 12"):
        sign_in_by_link(kept, token, "short", "10.0.0.1", "POST")
    assert link_holder(kept, token).name == "ben"
    entered = sign_in_by_link(kept, token, "another good password", "10.0.0.1", "POST")
    assert signed_in(kept, entered.token, HOURS) is not None
    assert sign_in(kept, "ben", "another good password", "10.0.0.1", "POST").person.name == "ben"
    with pytest.raises(NotFound):
        sign_in_by_link(kept, token, None, "10.0.0.1", "POST")


def test_a_link_ends(kept: State, monkeypatch: pytest.MonkeyPatch) -> None:
    token, now = make_link(kept, "ana", BY, hours=1), time.time_ns() // 1000
    monkeypatch.setattr(people, "_now", lambda: now + 3_700_000_000)
    with pytest.raises(NotFound, match="has ended"):
        link_holder(kept, token)


def test_the_first_owner_comes_by_a_link_until_there_is_a_password(tmp_path: Path) -> None:
    state = State.open("sqlite:///state.db", tmp_path)
    assert first_owner_link(state, BY) is not None
    token = first_owner_link(state, BY)  # the server was started again
    assert token is not None
    assert [(each.name, each.role) for each in people_of(state)] == [("owner", Role.OWNER)]
    sign_in_by_link(state, token, None, "127.0.0.1", "POST")
    token = first_owner_link(state, BY)
    assert token is not None
    sign_in_by_link(state, token, PASSWORD, "127.0.0.1", "POST")
    assert first_owner_link(state, BY) is None
    state.close()


def test_a_server_starts_where_others_were_faster(tmp_path: Path) -> None:
    states = [State.open("sqlite:///state.db", tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(len(states)) as pool:
        links = list(pool.map(lambda each: first_owner_link(each, BY), states))
    assert all(links)
    assert [each.name for each in people_of(states[0])] == ["owner"]
    for each in states:
        each.close()


def test_a_server_starts_where_an_owners_name_is_anothers(tmp_path: Path) -> None:
    state = State.open("sqlite:///state.db", tmp_path)
    add_person(state, "owner", Role.VIEWER, BY)
    assert first_owner_link(state, BY) is None
    state.close()


def test_the_last_owner_stays(kept: State) -> None:
    with pytest.raises(BadInput, match="an owner who is left"):
        remove_person(kept, "ana", BY)
    with pytest.raises(BadInput, match="an owner who is left"):
        set_role(kept, "ana", Role.ANALYST, BY)
    add_person(kept, "ben", Role.OWNER, BY)
    remove_person(kept, "ana", BY)
    with pytest.raises(NotFound):
        set_role(kept, "ana", Role.OWNER, BY)
    with pytest.raises(SignInFailed):
        enter(kept)


def test_names_that_are_none_are_refused(kept: State) -> None:
    for name in ("", "a b", "x" * 65, "a\x00", "a\nb"):
        with pytest.raises(BadInput, match="a name of 1 to 64"):
            add_person(kept, name, Role.VIEWER, BY)


def test_a_name_is_taken_once(kept: State) -> None:
    with pytest.raises(AlreadyThere):
        add_person(kept, "Ana", Role.VIEWER, BY)


def test_passwords_that_are_easily_guessed_are_refused(kept: State) -> None:
    for password in ("short", "x" * 1_001, "aaaaaaaaaaaaaaa", "anaanaana-2026"):
        with pytest.raises(BadInput, match="a password of"):
            set_password(kept, "ana", password, BY)


def test_no_log_repeats_a_secret(kept: State) -> None:
    token, link = enter(kept), make_link(kept, "ana", BY)
    told = repr(list(kept.decisions.since()))
    for secret in ("argon2", PASSWORD, token, link, people.digest(token), people.digest(link)):
        assert secret not in told


def test_an_owner_may_everything_and_a_viewer_look() -> None:
    assert all(may(Role.OWNER, each) for each in Permission)
    assert [each for each in Permission if may(Role.VIEWER, each)] == [Permission.LOOK]
    assert not may(Role.MERCHANDISER, Permission.RELEASES)
    assert not may(Role.ANALYST, Permission.RULES)
