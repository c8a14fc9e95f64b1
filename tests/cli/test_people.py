"""`mercato people`: added, told in by a link or a password, changed, removed."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from mercato.cli import app
from mercato.cli.people import first_owner
from mercato.cli.recording import opened_state
from mercato.core.errors import BadInput, WrongUse
from mercato.core.roles import Role
from mercato.core.settings import Settings, settings_text
from mercato.shop.people import link_holder
from mercato.shop.signing_in import SignInFailed, sign_in, sign_in_by_link

run = CliRunner().invoke
PASSWORD = "correct horse battery"


@pytest.fixture
def empty_shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.toml").write_text(settings_text(Settings()))
    return tmp_path


def told(shop: Path, *words: str, stdin: str | None = None) -> dict:  # type: ignore[type-arg]
    found = run(app, ["people", str(shop), *words, "--json"], input=stdin)
    if found.exception is not None:
        raise found.exception
    return json.loads(found.stdout)  # type: ignore[no-any-return]


def token_of(link: str) -> str:
    (token,) = parse_qs(urlsplit(link).query)["token"]
    return token


def test_a_person_is_added_by_a_link_changed_and_removed(empty_shop: Path) -> None:
    made = told(empty_shop, "add", "Ana", "--role", "owner", "--address", "https://shop.example/")
    assert made["link"].startswith("https://shop.example/console/link?token=")
    (ana,) = made["people"]
    assert (ana["name"], ana["role"], ana["password"], ana["removed"]) == (
        "ana",
        "owner",
        False,
        None,
    )
    with opened_state(empty_shop) as state:
        assert link_holder(state, token_of(made["link"])).name == "ana"
    listed = told(empty_shop)
    assert listed["people"] == [ana] and "link" not in listed
    told(empty_shop, "add", "ben", "--role", "viewer", "--password", stdin=f"{PASSWORD}\n")
    assert told(empty_shop, "role", "ben", "--role", "analyst")["people"][1]["role"] == "analyst"
    with opened_state(empty_shop) as state:
        assert sign_in(state, "ben", PASSWORD, "::1", "POST").person.role is Role.ANALYST
    told(empty_shop, "password", "ben", stdin="another good password\n")
    with opened_state(empty_shop) as state, pytest.raises(SignInFailed):
        sign_in(state, "ben", PASSWORD, "::1", "POST")
    assert told(empty_shop, "remove", "ben")["people"][1]["removed"] is not None
    table = run(app, ["people", str(empty_shop)]).stdout
    assert "a link until" in table and "argon2" not in table


def test_what_is_missing_is_said_and_no_secret_is_an_argument(empty_shop: Path) -> None:
    with pytest.raises(WrongUse, match="a role out of viewer, merchandiser, analyst, owner"):
        told(empty_shop, "add", "ana")
    with pytest.raises(WrongUse, match="the name of a person"):
        told(empty_shop, "link")
    with pytest.raises(BadInput, match="a password of 12"):
        told(empty_shop, "add", "ana", "--role", "owner", "--password", stdin="short\n")
    assert run(app, ["people", str(empty_shop), "password", "ana", PASSWORD]).exit_code == 2


def test_a_server_prints_a_link_until_an_owner_has_a_password(empty_shop: Path) -> None:
    link = first_owner(empty_shop, "http://localhost:8001")
    assert link is not None and link.startswith("http://localhost:8001/console/link?token=")
    with opened_state(empty_shop) as state:
        sign_in_by_link(state, token_of(link), PASSWORD, "127.0.0.1", "POST")
        changes = [(each.action, each.kind) for each in state.decisions.since()]
    assert ("serve", "person") in changes
    assert first_owner(empty_shop, "http://localhost:8001") is None
