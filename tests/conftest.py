"""What all tests share."""

import json
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import numpy as np
import psutil
import pyarrow as pa
import pytest
from filelock import FileLock
from numpy.typing import NDArray

from bench.buckets import Buckets, buckets
from bench.postgres_server import PostgresServer
from bench.wire import Wire, wire_to
from mercato.catalogue.base import open_base, write_catalogue
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import VectorIndex, write_vectors
from mercato.core.columns import Event
from mercato.core.errors import NotReady
from mercato.core.history import EVENT_CODES, MICROSECONDS_PER_DAY, Interactions
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.settings import (
    Identity,
    SearchSettings,
    ServeSettings,
    Settings,
    settings_text,
)
from mercato.data.assets.items import ITEMS

TOUR = Path(__file__).parent.parent / "examples" / "tour"

# How long an example takes is the machine's business.
hypothesis.settings.register_profile("mercato", deadline=None, max_examples=40)
hypothesis.settings.load_profile("mercato")

pytest_plugins = ["not_run"]

_LONGEST_FIRST = ("test_docs.py", "e2e", "cli", "training", "data", "operating", "api")
"""Folders whose tests take long, one by one: where tests run in several processes, none of them is
left with a long one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: at for at, name in enumerate(_LONGEST_FIRST)}
    here = Path(__file__).parent
    items.sort(key=lambda item: order.get(item.path.relative_to(here).parts[0], len(order)))


OpenCatalogue = Callable[..., Catalogue]


@pytest.fixture(scope="session")
def open_catalogue(tmp_path_factory: pytest.TempPathFactory) -> OpenCatalogue:
    """Write items as a release has them and open them.

    items      : dicts by column; attributes as a JSON text
    popularity : item id → number; without it the items stand as given
    vector_of  : item → (d,) vector of its text; without it the catalogue has no vectors
    """

    def make(
        items: Sequence[Mapping[str, Any]],
        popularity: Mapping[str, float] | None = None,
        vector_of: Callable[[Mapping[str, Any]], NDArray[np.float32]] | None = None,
    ) -> Catalogue:
        folder = tmp_path_factory.mktemp("catalogue")
        given = popularity or {item["id"]: -at for at, item in enumerate(items)}
        table = pa.Table.from_pylist([dict(item) for item in items], schema=ITEMS.schema)
        weights = np.array([given[item["id"]] for item in items], np.float32)
        with Silent().step("catalogue") as step:
            order = write_catalogue(folder, table, weights, step)
        if vector_of is None:
            return Catalogue.over(open_base(folder, None), release=1)
        vectors = np.stack([vector_of(items[at]) for at in order.tolist()])
        write_vectors(folder / "vectors", vectors, np.arange(len(items), dtype=np.int32))
        base = open_base(folder, VectorIndex.open(folder / "vectors"))
        return Catalogue.over(base, release=1)

    return make


MadeOnce = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """``made_once(name, make)``: a folder that ``make`` fills. Where tests run in several processes
    the first that needs it makes it, and each works on a copy of its own."""
    own = tmp_path_factory.mktemp("made")
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    # Each process has its folder in one that all share.
    shared = own if alone else tmp_path_factory.getbasetemp().parent / "made"
    shared.mkdir(exist_ok=True)

    def made(name: str, make: Callable[[Path], None]) -> Path:
        whole, unfinished = shared / name, shared / f"{name}.unfinished"
        with FileLock(shared / f"{name}.lock"):
            if not whole.exists():
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(whole)
        return whole if alone else Path(shutil.copytree(whole, own / name))

    return made


@pytest.fixture(scope="session")
def supermarket(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's shop made smaller and built: the 1,500 products that most households buy, and
    every sixteenth household. Tests that write into it open a copy."""
    # Imported late: no other test waits for what a build needs.
    from mercato.data.importers.complete_journey import package_folder
    from mercato.data.importing import import_events, import_items
    from mercato.data.store import AssetStore
    from mercato.training.build import build

    try:
        whole = package_folder()
    except NotReady as error:
        pytest.skip(str(error.remedy))
    settings = Settings()
    settings = replace(
        settings,
        shop=replace(settings.shop, name="Mercato Supermarket"),
        serve=replace(settings.serve, degrade=False),  # machines of tests are busy
        evaluation=replace(settings.evaluation, days=0),
    )

    def make(folder: Path) -> None:
        part = tmp_path_factory.mktemp("supermarket-data")
        _sample(whole, part)
        paths = ShopPaths(folder)
        paths.settings.write_text(settings_text(settings))
        store = AssetStore(paths.assets)
        for load in (import_items, import_events):
            load(store, [part], format="complete-journey", settings=settings)
        build(folder, progress=Silent())

    return made_once("supermarket", make)


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[Buckets]:
    """Object storage on this machine, with an empty bucket ``shops``."""
    with buckets() as served:
        served.make("shops")
        yield served


@pytest.fixture
def bucket_wire(bucket_server: Buckets) -> Iterator[Wire]:
    """A way to it that can be cut."""
    with wire_to(bucket_server.port) as wire:
        yield wire


@pytest.fixture
def told_of(bucket_server: Buckets, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let this process reach the bucket by a port."""

    def tell(port: int) -> None:
        for name, value in bucket_server.environment(port).items():
            monkeypatch.setenv(name, value)

    tell(bucket_server.port)
    return tell


@pytest.fixture(scope="session")
def built_shop(made_once: MadeOnce) -> Path:
    """The tour's outdoor shop, built without an encoder. Tests that write into it open a copy."""
    from mercato.data.importing import import_events, import_items
    from mercato.data.store import AssetStore
    from mercato.training.build import build

    settings = Settings(
        shop=Identity(name="Hill & Harbour", currency="EUR"),
        search=SearchSettings(encoder="none"),
        serve=ServeSettings(
            cors_origins=("https://shop.example",), drain_seconds=0.3, degrade=False
        ),
    )

    def make(folder: Path) -> None:
        (folder / "shop.toml").write_text(settings_text(settings))
        store = AssetStore(folder / "assets")
        import_items(store, [TOUR / "products.csv"], settings=settings)
        import_events(store, [TOUR / "events.csv"], settings=settings)
        build(folder, progress=Silent())

    return made_once("wordless tour", make)


def _sample(whole: Path, part: Path) -> None:
    """Write the four tables that the demo's importer reads, with fewer rows."""
    with duckdb.connect() as database:
        lines = f"'{whole}/transactions.parquet'"
        database.sql(
            f"CREATE TABLE kept AS SELECT product_id FROM {lines} GROUP BY product_id "
            "ORDER BY count(DISTINCT household_id) DESC, product_id LIMIT 1500"
        )
        bought, joined = "product_id IN (FROM kept)", "household_id % 16 = 0"
        for table, where in (
            ("transactions", f"{bought} AND {joined}"),
            ("products", bought),
            ("coupons", bought),
            ("coupon_redemptions", joined),
        ):
            rows = f"SELECT * FROM '{whole}/{table}.parquet' WHERE {where}"
            database.sql(f"COPY ({rows}) TO '{part}/{table}.parquet'")


Did = tuple[int, float, int] | tuple[int, float, int, Event]
"""Shopper, day, item; a purchase unless an event is named."""


@pytest.fixture(scope="session")
def log_of() -> Callable[..., Interactions]:
    """Interactions written as a list of what was done."""

    def made(done: Sequence[Did], n_items: int, n_users: int | None = None) -> Interactions:
        done = sorted(done, key=lambda each: each[:2])
        users = np.array([each[0] for each in done], np.int64)
        n_users = int(users.max(initial=-1)) + 1 if n_users is None else n_users
        kinds = [each[3] if len(each) == 4 else Event.PURCHASE for each in done]
        return Interactions(
            offsets=np.searchsorted(users, np.arange(n_users + 1)),
            item=np.array([each[2] for each in done], np.int32),
            ts=np.array([round(each[1] * MICROSECONDS_PER_DAY) for each in done], np.int64),
            event=np.array([EVENT_CODES[kind] for kind in kinds], np.int8),
            quantity=np.ones(len(done), np.float32),
            n_items=n_items,
        )

    return made


@dataclass
class FeedServer:
    """A real HTTP server on this machine, whose answers a test writes down.

    answers : path → (status, headers, body); others are answered by 404
    asked   : (path, headers) of every request so far
    """

    port: int = 0
    answers: dict[str, tuple[int, Mapping[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    made = FeedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = made.answers.get(self.path, (404, {}, b"nothing"))
            if self.headers.get("If-None-Match") == headers.get("ETag", "-"):
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


_TEMPLATE = "mercato_template"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One server for all processes of a test run; the last one ends it."""
    from mercato.state import State

    alone = "PYTEST_XDIST_WORKER" not in os.environ
    base = tmp_path_factory.getbasetemp()
    told = (base if alone else base.parent) / "postgres.json"
    lock = FileLock(told.with_suffix(".lock"))
    with lock:
        if told.exists():
            known = json.loads(told.read_text())
            server = PostgresServer(Path(known["folder"]), known["port"], known["pid"])
        else:
            known = {"users": 0}
            server = PostgresServer.make()
            server.run(f"CREATE DATABASE {_TEMPLATE}")
            State.open(server.url(_TEMPLATE), base).close()
            known |= {"folder": str(server.folder), "port": server.port, "pid": server.pid}
        told.write_text(json.dumps(known | {"users": known["users"] + 1}))
    yield server
    with lock:
        known = json.loads(told.read_text())
        known["users"] -= 1
        told.write_text(json.dumps(known))
        if not known["users"]:
            server.delete()
            told.unlink()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database of the test's own, with the state's tables."""
    name = f"test_{uuid.uuid4().hex}"
    postgres_server.run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield postgres_server.url(name)
    postgres_server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server that a test may kill."""
    server = PostgresServer.make()
    yield server
    if not psutil.pid_exists(server.pid):
        server.start()
    server.delete()
