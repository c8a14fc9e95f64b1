"""A person who is signed in to the supermarket's console."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from mercato.core.roles import Role
from mercato.shop.opened import Shop
from mercato.shop.people import add_person
from mercato.shop.rules import By
from mercato.web import create_web

PASSWORD = "correct horse battery"
BY = By("me@host", "people")


@pytest.fixture(scope="session")
def merchant(shop: Shop) -> Iterator[TestClient]:
    """An owner's browser; follows redirects, runs no script."""
    add_person(shop.state, "ana", Role.OWNER, BY, PASSWORD)
    headers = {"accept-language": "en", "origin": "http://testserver"}
    with TestClient(create_web(shop), headers=headers) as opened:
        form = {"name": "ana", "password": PASSWORD}
        assert opened.post("/console/sign-in", data=form).status_code == 200
        yield opened


@pytest.fixture(scope="session")
def viewer(shop: Shop) -> Iterator[TestClient]:
    """The browser of somebody who may only look."""
    add_person(shop.state, "vic", Role.VIEWER, BY, PASSWORD)
    headers = {"accept-language": "en", "origin": "http://testserver"}
    with TestClient(create_web(shop), headers=headers) as opened:
        opened.post("/console/sign-in", data={"name": "vic", "password": PASSWORD})
        yield opened
