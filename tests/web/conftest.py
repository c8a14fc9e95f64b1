"""A storefront to ask, and its shop to look into."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mercato.core.events import EventRow
from mercato.shop.opened import Shop
from mercato.web import create_web


@pytest.fixture(scope="session")
def shop(supermarket: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The supermarket, open; a copy, so that what is done here is seen nowhere else."""
    folder = tmp_path_factory.mktemp("web") / "supermarket"
    shutil.copytree(supermarket, folder)
    opened = Shop.open(folder)
    yield opened
    opened.close()


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    """A browser that nobody has used before; follows redirects, runs no script."""
    with TestClient(create_web(shop), headers={"accept-language": "en"}) as opened:
        yield opened


@pytest.fixture
def events_of(shop: Shop) -> Callable[[TestClient], list[EventRow]]:
    """The stored lines of a client's visitor, in the order in which they came."""

    def find(client: TestClient) -> list[EventRow]:
        visitor = client.cookies["mercato_visitor"]
        rows = shop.state.events.after(0, 1_000_000).rows
        return [row for row in rows if row.visitor_id == visitor]

    return find


@pytest.fixture
def twin() -> Callable[..., Any]:
    """The context of a page, by its JSON twin."""

    def read(client: TestClient, path: str, **parameters: Any) -> Any:
        answer = client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read
