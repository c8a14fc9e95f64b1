"""A person who is signed in to the supermarket's console."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from mercato.core.roles import Role
from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore
from mercato.shop.opened import Shop
from mercato.shop.people import add_person
from mercato.shop.rules import By
from mercato.web import create_web

PASSWORD = "correct horse battery"
BY = By("me@host", "people")


@contextmanager
def signed_in(shop: Shop, name: str, role: Role) -> Iterator[TestClient]:
    """The browser of somebody new at the console; follows redirects, runs no script."""
    add_person(shop.state, name, role, BY, PASSWORD)
    headers = {"accept-language": "en", "origin": "http://testserver"}
    with TestClient(create_web(shop), headers=headers) as opened:
        form = {"name": name, "password": PASSWORD}
        assert opened.post("/console/sign-in", data=form).status_code == 200
        yield opened


@pytest.fixture(scope="session")
def sign_in() -> Callable[[Shop, str, Role], AbstractContextManager[TestClient]]:
    return signed_in


@pytest.fixture(scope="session")
def merchant(shop: Shop) -> Iterator[TestClient]:
    """An owner's browser."""
    with signed_in(shop, "ana", Role.OWNER) as opened:
        yield opened


@pytest.fixture(scope="session")
def viewer(shop: Shop) -> Iterator[TestClient]:
    """The browser of somebody who may only look."""
    with signed_in(shop, "vic", Role.VIEWER) as opened:
        yield opened


@pytest.fixture
def owner(supermarket: Path, tmp_path: Path) -> Iterator[TestClient]:
    """The owner of a shop that nobody else asks: an erasure stays open, and refuses releases."""
    folder = tmp_path / "supermarket"
    shutil.copytree(supermarket, folder)
    opened = Shop.open(folder)
    with signed_in(opened, "eve", Role.OWNER) as browser:
        yield browser
    opened.close()


class Saying(Protocol):
    def __call__(
        self, rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> AbstractContextManager[None]: ...


@pytest.fixture(scope="session")
def saying(shop: Shop) -> Saying:
    """``saying({asset: rows})``: for a while the shop's assets say this, and then what they did."""

    @contextmanager
    def said(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[None]:
        store = AssetStore(shop.paths.assets)
        kept = {
            name: store.read(name, hidden=True) for name in rows if store.version(name) is not None
        }
        for name, each in rows.items():
            store.commit(name, pa.Table.from_pylist(list(each), ASSETS[name].stored))
        yield
        for name in rows:
            if name in kept:
                store.commit(name, kept[name])
            else:
                assert isinstance(store.root, Path)
                shutil.rmtree(store.root / name)

    return said
