"""Crashes at random moments under load: what was acknowledged is there, once, and all is whole.

``--data`` is a built shop; a small one is made of examples/tour, if none is named. ``--models``
are kinds of crashes; ``--merge`` keeps the rows of the others. ``MERCATO_SEED`` sets the moments
and the load. Two kinds need a disk of their own, which only root can mount; without it they are
left out, and the result does not name them.
"""

import os
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.disks import Disk, can_mount, own_disk
from bench.harness import (
    ROOT,
    Arguments,
    Row,
    Served,
    arguments,
    mercato,
    own_peak_mb,
    served,
    shop_copy,
    source_of,
)
from bench.merging import write_merged
from bench.postgres_server import PostgresServer
from bench.publishing import publishing
from bench.senders import Sent, sending
from bench.wire import wire_to
from mercato.core.errors import MercatoError
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.state import State

TOUR = ROOT / "examples" / "tour"
SEED = int(os.environ.get("MERCATO_SEED", "20260501"))
LONGEST_SECONDS = 0.7
"""A crash comes up to so long after the first event was taken."""

CHECKED_EVERY = 10
"""Crashes between two looks at everything; the last look is at all of it again."""

PROTOCOL = (
    "Seed {seed}. Each crash comes at a random moment up to 0.7 s after the first of four senders "
    "was answered; they send batches of 1 to 200 events, and again what was never answered. One or "
    "two workers in turn, which move events into the assets every 0.3 s. server killed, power cut: "
    "another process publishes releases meanwhile, and dies with it. server killed: SIGKILL to all "
    "processes. power cut: the same, and the disk (ext4 on a loop device) loses what was not "
    "flushed. PostgreSQL killed: SIGKILL to all its processes, up again after 0.1 s. disk full: "
    "0 to 64 kB are left of a real disk, for up to a second; the server goes on. connection cut: "
    "all connections between server and PostgreSQL. Every tenth crash: acknowledged events, lines "
    "of each event, state and asset against each other, files of assets, checksums of releases. "
    "lost: acknowledged and not there; twice: with more or fewer lines than sent; wrong: answers "
    "other than 202, 429 and 503."
)


@dataclass
class Life:
    """What one kind of crash happens to.

    sent    : over all crashes of the kind
    broken  : what was found unreadable, in words
    """

    shop: Path
    random: random.Random
    sent: Sent = field(default_factory=Sent)
    crashes: int = 0
    broken: list[str] = field(default_factory=list)
    stored: Counter[str] = field(default_factory=Counter)

    def name(self) -> str:
        return f"crash{self.crashes}"

    def workers(self) -> int:
        return 1 + self.crashes % 2

    def wait(self) -> None:
        time.sleep(self.random.uniform(0, LONGEST_SECONDS))

    def crashed(self) -> None:
        self.crashes += 1
        if self.crashes % CHECKED_EVERY == 0:
            self.check()
            print(f"{self.crashes} crashes, {len(self.broken)} broken", flush=True)

    def check(self) -> None:
        """Look at everything while no server runs beside or does; what is wrong is noted."""
        paths = ShopPaths(self.shop)
        state = State.open(load_settings(paths.settings).state.url, self.shop)
        try:
            store = AssetStore(paths.assets)
            drain(state, store)
            rows = state.events.after(0, 100_000_000).rows
            self.stored = Counter(row.event_id for row in rows)
            ids = store.read("events", columns=["event_id"])["event_id"].to_pylist()
            if Counter(each for each in ids if each.startswith("crash")) != self.stored:
                self.broken.append("the asset and the state hold other events")
            for name in store.names():
                store.read(name)
            releases = ReleaseStore(paths.releases)
            for number in {releases.require_current(), *releases.numbers()}:
                releases.verify(number)
        except (MercatoError, OSError, ValueError) as error:
            self.broken.append(f"{type(error).__name__}: {error}")
        finally:
            state.close()

    def row(self, kind: str, seconds: float) -> Row:
        self.check()
        sent = self.sent
        metrics = {
            "crashes": self.crashes,
            "acknowledged": len(sent.acknowledged),
            "lost": len(sent.lost(self.stored)),
            "twice": len(sent.misshapen(self.stored)),
            "refused": sent.refused,
            "wrong": len(sent.wrong),
            "broken": len(self.broken),
        }
        print(kind, metrics, *sent.wrong[:3], *self.broken[:3], flush=True)
        return Row(kind, metrics, seconds, own_peak_mb())


def server_killed(life: Life, crashes: int) -> None:
    for _ in range(crashes):
        with served(life.shop, life.workers()) as server, publishing(life.shop):
            with sending(_address(server), life.sent, life.name(), life.random):
                life.wait()
                server.kill()
        life.crashed()


def power_cut(life: Life, crashes: int, disk: Disk) -> None:
    for _ in range(crashes):
        with served(life.shop, life.workers()) as server, publishing(life.shop):
            with sending(_address(server), life.sent, life.name(), life.random):
                life.wait()
                server.kill()
        disk.cut_power()
        life.crashed()


def disk_full(life: Life, crashes: int, disk: Disk) -> None:
    """One server lives on through ten full disks, and is killed on the last of them."""
    while life.crashes < crashes:
        with served(life.shop, life.workers()) as server:
            for _ in range(min(CHECKED_EVERY, crashes - life.crashes) - 1):
                with sending(_address(server), life.sent, life.name(), life.random):
                    life.wait()
                    disk.fill(life.random.choice((0, 4_096, 65_536)))
                    time.sleep(life.random.uniform(0, 1))
                    disk.empty()
                    life.wait()
                life.crashes += 1
            with sending(_address(server), life.sent, life.name(), life.random):
                life.wait()
                disk.fill(0)
                time.sleep(0.1)
                server.kill()
                disk.empty()
        life.crashed()


def postgres_killed(life: Life, crashes: int, database: PostgresServer) -> None:
    while life.crashes < crashes:
        with served(life.shop, life.workers()) as server:
            for _ in range(min(CHECKED_EVERY, crashes - life.crashes)):
                with sending(_address(server), life.sent, life.name(), life.random):
                    life.wait()
                    database.kill()
                    time.sleep(0.1)
                    database.start()
                life.crashes += 1
        life.check()


def connection_cut(life: Life, crashes: int, cut: Callable[[], None]) -> None:
    while life.crashes < crashes:
        with served(life.shop, life.workers()) as server:
            for _ in range(min(CHECKED_EVERY, crashes - life.crashes)):
                with sending(_address(server), life.sent, life.name(), life.random):
                    life.wait()
                    cut()
                life.crashes += 1
        life.check()


def _address(server: Served) -> str:
    return f"http://{server.host}:{server.port}"


SHARES = {
    "server killed": 0.3,
    "power cut": 0.2,
    "disk full": 0.2,
    "PostgreSQL killed": 0.15,
    "connection cut": 0.15,
}
"""Of the crashes."""

ON_OWN_DISK = ("power cut", "disk full")

FAULTS = ("lost", "twice", "wrong", "broken")


def measure(shop: Path, kind: str, crashes: int) -> Row:
    begun = time.perf_counter()
    with ExitStack() as stack:
        if kind in ON_OWN_DISK:
            disk = stack.enter_context(own_disk())
            shop = Path(shutil.copytree(shop, disk.place / "shop"))
            os.sync()
        else:
            shop = stack.enter_context(shop_copy(shop))
        life = Life(shop, random.Random(f"{SEED} {kind}"))
        if kind == "server killed":
            server_killed(life, crashes)
        elif kind == "power cut":
            power_cut(life, crashes, disk)
        elif kind == "disk full":
            disk_full(life, crashes, disk)
        elif kind == "PostgreSQL killed":
            database = stack.enter_context(_postgres())
            _use(shop, database.url())
            postgres_killed(life, crashes, database)
        else:
            database = stack.enter_context(_postgres())
            wire = stack.enter_context(wire_to(database.port))
            _use(shop, database.url(port=wire.port))
            connection_cut(life, crashes, wire.cut)
        return life.row(kind, time.perf_counter() - begun)


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    """One that flushes, as shops run it."""
    database = PostgresServer.make()
    database.settings = tuple(each for each in database.settings if each != "fsync=off")
    database.kill()
    database.start()
    try:
        yield database
    finally:
        database.delete()


def _use(shop: Path, url: str) -> None:
    file = shop / "shop.toml"
    text = re.sub(r'(?m)^url = "sqlite:.*$', f'url = "{url}"', file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")


@contextmanager
def small_shop() -> Iterator[Path]:
    """The tour's, built without an encoder: it is up again in a second."""
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        shop = Path(scratch) / "shop"
        mercato("init", str(shop))
        _set(shop, "encoder", '"none"')
        mercato("import", str(shop), "--items", str(TOUR / "products.csv"))
        mercato("import", str(shop), "--events", str(TOUR / "events.csv"))
        mercato("build", str(shop))
        yield shop


def _set(shop: Path, key: str, value: str) -> None:
    file = shop / "shop.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text), encoding="utf-8")


def kinds(asked: Arguments) -> Sequence[str]:
    return [
        kind for kind in SHARES if asked.wants(kind) and (kind not in ON_OWN_DISK or can_mount())
    ]


def main() -> None:
    asked = arguments(__doc__, name="crashes", data=TOUR, minutes=90)
    total = int(os.environ.get("N", "100")) if asked.quick else 1_000
    faults = 0
    with ExitStack() as stack:
        is_built = (asked.data / "shop.toml").exists()
        shop = stack.enter_context(shop_copy(asked.data) if is_built else small_shop())
        _set(shop, "drain_seconds", "0.3")
        for kind in kinds(asked):
            row = measure(shop, kind, round(total * SHARES[kind]))
            faults += sum(row.metrics[each] != 0 for each in FAULTS)
            # Kind by kind, so that hours are not lost to whatever ends the last of them.
            write_merged(
                asked,
                name="Crashes",
                protocol=PROTOCOL.format(seed=SEED),
                data=[source_of(asked.data) if is_built else TOUR / "products.csv"],
                rows=[row],
            )
            asked = replace(asked, merge=True)
    if faults:
        raise SystemExit("what should not happen happened: see the rows")


if __name__ == "__main__":
    main()
