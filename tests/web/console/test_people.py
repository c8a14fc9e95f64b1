"""Owners add, change and remove people; everybody changes their own password."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.core.roles import Permission, Role, may
from mercato.shop.opened import Shop
from mercato.web import create_web

PASSWORD = "another good password"


@pytest.fixture
def newcomer(shop: Shop) -> Any:
    """The browser of somebody who is not signed in."""
    headers = {"accept-language": "en", "origin": "http://testserver"}
    with TestClient(create_web(shop), headers=headers) as opened:
        yield opened


def listed(browser: TestClient) -> dict[str, Any]:
    return {each["name"]: each for each in browser.get("/console/people.json").json()["people"]}


def test_a_person_is_told_in_works_and_is_removed(
    merchant: TestClient, newcomer: TestClient
) -> None:
    made = merchant.post("/console/people/add", data={"name": "Ben", "role": "analyst"})
    assert made.status_code == 201 and "is not shown again" in made.text
    assert "token=" not in str(made.url)
    link = re.search(r'href="(/console/link\?token=[^"]+)"', made.text)
    assert link is not None
    assert "token=" not in merchant.get("/console/people").text
    assert listed(merchant)["ben"]["signs_in"] == "link"
    token = link[1].partition("=")[2]
    newcomer.post("/console/link", data={"token": token, "password": PASSWORD})
    account = newcomer.get("/console/account.json").json()
    assert (account["name"], account["role"], account["has_password"]) == ("ben", "analyst", True)
    assert [name for name, has in account["may"] if has] == [
        each for each in Permission if may(Role.ANALYST, each)
    ]
    assert newcomer.get("/console/people").status_code == 403
    assert listed(merchant)["ben"]["signs_in"] == "password"
    assert listed(merchant)["ana"]["me"]

    refused = merchant.post("/console/people/role", data={"name": "ben", "role": "king"})
    assert refused.status_code == 400 and "a role out of" in refused.text
    set_ = merchant.post("/console/people/role", data={"name": "ben", "role": "viewer"})
    assert "The role holds from now on" in set_.text
    assert "/console/sign-in" in str(newcomer.get("/console/account").url)
    newcomer.post("/console/sign-in", data={"name": "ben", "password": PASSWORD})

    wrong = {"current": "not this one", "password": "a third good password"}
    assert newcomer.post("/console/account/password", data=wrong).status_code == 401
    right = wrong | {"current": PASSWORD}
    assert "/console/sign-in" in str(newcomer.post("/console/account/password", data=right).url)
    newcomer.post("/console/sign-in", data={"name": "ben", "password": "a third good password"})
    assert newcomer.get("/console/account").status_code == 200

    gone = merchant.post("/console/people/remove", data={"name": "ben"})
    assert "signed out everywhere" in gone.text
    assert listed(merchant)["ben"]["removed"] is not None
    assert "/console/sign-in" in str(newcomer.get("/console/account").url)


def test_the_last_owner_stays(merchant: TestClient) -> None:
    kept = merchant.post("/console/people/remove", data={"name": "ana"})
    assert kept.status_code == 400 and "an owner who is left" in kept.text
