"""A shop under load: what it can answer, a long run at 70% of it, and 300% of it for a minute.

``--data`` is a built shop (the demo, if none is named); its copy is served. Capacity is measured
first. Then requests arrive by a schedule: at 20 and 40% of it for a minute each; at 70% for
``--minutes``, while releases are swapped, items are changed and events come in; at 300% for a
minute; then at 70% again.
"""

import itertools
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np
import orjson

from bench.asking import mixed
from bench.harness import (
    DEMO,
    Row,
    Served,
    arguments,
    percentiles,
    products_in,
    served,
    shop_of,
    source_of,
    write_result,
)
from bench.open_loop import (
    Answered,
    Outcome,
    Request,
    as_answered,
    at_rate,
    by_schedule,
    get,
    send,
)
from bench.search_latency import queries_of
from mercato.core.paths import ShopPaths
from mercato.data.releases import MANIFEST, ReleaseStore, link_tree, read_manifest
from mercato.data.store import AssetStore

WORKERS = 2
CLIENTS = 6
"""Of the closed loop: as many as keep the workers busy without anybody waiting for long."""

QUERIES = 4_000
SHARES = {"search": 0.55, "shelf": 0.2, "suggest": 0.1, "event": 0.1, "change": 0.05}
"""Assumed. Half of the shoppers are known."""

SHELVES = ("home", "buy-again", "cart", "email")
LIGHT = (0.2, 0.4)
STEADY = 0.7
OVER = 3.0
IN_TIME_SECONDS = 1.0
"""An answer that comes later than this is nobody's any more: it is no goodput."""

SIXTHS = 6
SAMPLE_SECONDS = 2.0
SEED = 20_260_501

PROTOCOL = (
    f"`mercato serve --workers {WORKERS}`, everything on one machine. Mix: "
    + ", ".join(f"{share:.0%} {kind}" for kind, share in SHARES.items())
    + ". capacity: {capacity:.0f} s of a closed loop of {clients} connections, before which it is "
    "warmed for as long; only answers that lack nothing count. The rest are open loops: Poisson "
    "arrivals, latency from the scheduled moment. 20%, 40%: {light:.0f} s at so much of the "
    "capacity. 70%: {steady:.0f} s, while a release is published every {swap:.0f} s. 300%: "
    f"{{over:.0f}} s. goodput: answers with 2xx within {IN_TIME_SECONDS:.0f} s, as a share of the "
    "capacity. after it: 70% again; seconds from the end of the overload until a second in which "
    "99% of the answers lack nothing and come in time. MB: of all workers, without what is mapped "
    "from files. generator: its share of one "
    "core. peak_mb is the server's, all workers together."
)


@dataclass(frozen=True)
class Times:
    """Seconds of each phase, and between two swaps of releases."""

    capacity: float
    light: float
    steady: float
    over: float
    after: float
    swap: float


QUICK = Times(capacity=8, light=5, steady=30, over=15, after=12, swap=10)


def whole(minutes: float) -> Times:
    return Times(capacity=20, light=60, steady=60 * minutes, over=60, after=20, swap=60)


def traffic(
    queries: Sequence[str], users: Sequence[str], items: Sequence[str]
) -> Iterator[Request]:
    """Requests without end, in the shares of `SHARES`."""
    chance = random.Random(SEED)
    searches = mixed(queries, SEED)
    kinds, weights = list(SHARES), list(SHARES.values())

    def who() -> str:
        if users and chance.random() < 0.5:
            return f"user_id={quote(chance.choice(users))}"
        return f"visitor_id=v{chance.randrange(5_000)}"

    for number in itertools.count():
        kind = chance.choices(kinds, weights)[0]
        if kind == "search":
            yield get(kind, f"{next(searches)}&{who()}")
        elif kind == "shelf":
            basket = f"&cart={quote(chance.choice(items))}"
            yield get(kind, f"/v1/recommend/{chance.choice(SHELVES)}?{who()}{basket}")
        elif kind == "suggest":
            typed = chance.choice(queries)[: chance.randrange(2, 6)]
            yield get(kind, f"/v1/suggest?q={quote(typed)}&{who()}")
        elif kind == "event":
            yield send(kind, "POST", "/v1/events", _event(chance, users, items))
        else:
            path = f"/v1/items/{quote(chance.choice(items), safe='')}"
            price = round(chance.uniform(1, 50), 2)
            yield send(kind, "PATCH", path, orjson.dumps({"price": price, "stock": number % 100}))


def _event(chance: random.Random, users: Sequence[str], items: Sequence[str]) -> bytes:
    event = {
        "event_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "event": chance.choice(("view_item", "add_to_cart", "purchase")),
        "visitor_id": f"v{chance.randrange(5_000)}",
        "items": [{"item_id": chance.choice(items), "quantity": 1, "price": 2.5}],
    }
    if users and chance.random() < 0.5:
        event["user_id"] = chance.choice(users)
    return orjson.dumps(event)


def second_release(shop: Path) -> tuple[int, int]:
    """The published release, and a sealed copy of it."""
    store = ReleaseStore(ShopPaths(shop).releases)
    number = store.require_current()
    with store.draft() as draft:
        link_tree(store.folder(number), draft, leave=MANIFEST)
        return number, store.seal(draft, read_manifest(store.folder(number)))


@dataclass
class Watch:
    """Beside a phase: swaps releases, and looks at the server's memory.

    at, mb : seconds from the beginning, and the memory of all processes then, without mapped files
    """

    server: Served
    at: list[float] = field(default_factory=list)
    mb: list[float] = field(default_factory=list)
    swaps: int = 0

    @contextmanager
    def watching(self, shop: Path, releases: Sequence[int], every: float) -> Iterator[None]:
        ended = threading.Event()
        store, begun = ReleaseStore(ShopPaths(shop).releases), time.monotonic()

        def watch() -> None:
            due = every
            while not ended.wait(SAMPLE_SECONDS):
                now = time.monotonic() - begun
                self.at.append(now)
                self.mb.append(self.server.own_mb())
                if releases and now >= due:
                    due += every
                    self.swaps += 1
                    store.publish(releases[self.swaps % len(releases)])

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def slope(self) -> float:
        """MB an hour, over the last two thirds: before that, caches fill."""
        start = len(self.at) // 3
        if len(self.at) - start < 3:
            return 0.0
        slope: float = np.polyfit(np.array(self.at[start:]), np.array(self.mb[start:]), 1)[0]
        return round(slope * 3600, 1)

    def course(self) -> dict[str, float]:
        """The median MB of each sixth: whether it levels off, whatever comes for a moment."""
        parts = np.array_split(np.array(self.mb), SIXTHS)
        return {
            f"MB, sixth {at}": round(float(np.median(part)), 1)
            for at, part in enumerate(parts, 1)
            if part.size
        }


def counts(answered: Sequence[Answered]) -> dict[str, float]:
    """Shares of all requests, and the latency of those that were answered."""
    good = [each for each in answered if 200 <= each.status < 300]
    refused = sum(each.status == 429 for each in answered)
    most = max(len(answered), 1)
    by_kind = {
        f"{kind} {name}": value
        for kind in ("search", "shelf")
        for name, value in percentiles([e.seconds for e in good if e.kind == kind] or [0.0]).items()
    }
    return {
        "requests": len(answered),
        "failed": len(answered) - len(good) - refused,
        "429": round(refused / most, 4),
        "degraded": round(sum(each.degraded for each in good) / most, 4),
        **percentiles([each.seconds for each in good] or [0.0]),
        **by_kind,
    }


def _is_expected(each: Answered) -> bool:
    return 200 <= each.status < 300 or each.status == 429


def in_time(answered: Sequence[Answered]) -> list[Answered]:
    return [e for e in answered if 200 <= e.status < 300 and e.seconds <= IN_TIME_SECONDS]


def recovered_after(answered: Sequence[Answered]) -> float:
    """Seconds until the first second in which 99% of the answers lack nothing and come in time;
    infinite where there is none."""
    last = int(max((each.at for each in answered), default=0))
    good = [e for e in in_time(answered) if not e.degraded]
    for start in np.arange(0, last, 0.1):
        due = sum(start <= each.at < start + 1 for each in answered)
        found = sum(start <= each.at < start + 1 for each in good)
        if due and found >= 0.99 * due:
            return round(float(start), 1)
    return float("inf")


def measure(data: Path, shop: Path, times: Times) -> list[Row]:
    """A row for each phase."""
    releases = second_release(shop)
    users, items = people_and_items(shop)
    with served(shop, WORKERS) as server:
        requests = traffic(queries_of(data, server, QUERIES), users, items)
        label = f"{data.name}, {products_in(shop):,} products"
        as_answered(server.host, server.port, requests, CLIENTS, times.capacity)  # warms
        rows = []

        def phase(name: str, outcome: Outcome, metrics: dict[str, float]) -> None:
            generator = {"generator": round(outcome.own_cpu / outcome.seconds, 3)}
            metrics = {**counts(outcome.answered), **metrics, **generator}
            said = Counter((e.kind, e.status) for e in outcome.answered if not _is_expected(e))
            print(name, json.dumps(metrics), *said.items(), flush=True)
            rows.append(Row(f"{label}: {name}", metrics, outcome.seconds, server.peak_mb()))

        def arriving(share: float, seconds: float) -> Outcome:
            moments = at_rate(share * capacity, seconds, SEED)
            return by_schedule(server.host, server.port, requests, moments)

        found = as_answered(server.host, server.port, requests, CLIENTS, times.capacity)
        whole = [each for each in in_time(found.answered) if not each.degraded]
        capacity = len(whole) / found.seconds
        phase("capacity", found, {"requests/s": round(capacity, 1)})

        for share in LIGHT:
            phase(
                f"{share:.0%}",
                arriving(share, times.light),
                {"requests/s": round(share * capacity, 1)},
            )

        watch = Watch(server)
        with watch.watching(shop, releases, times.swap):
            found = arriving(STEADY, times.steady)
        told = {"swaps": watch.swaps, "MB/hour": watch.slope(), "MB at end": round(watch.mb[-1], 1)}
        told |= watch.course()
        phase("70%", found, {"requests/s": round(STEADY * capacity, 1), **told})

        found = arriving(OVER, times.over)
        share = len(in_time(found.answered)) / times.over / capacity
        phase("300%", found, {"requests/s": round(OVER * capacity, 1), "goodput": round(share, 3)})

        found = arriving(STEADY, times.after)
        phase("after it", found, {"recovered after s": recovered_after(found.answered)})
    return rows


def people_and_items(shop: Path) -> tuple[list[str], list[str]]:
    """Users and items of the shop's events; items of its catalogue where there are none."""
    store = AssetStore(ShopPaths(shop).assets)
    chance = random.Random(SEED)
    items = store.read("items", columns=["id"])["id"].to_pylist()
    users: list[str] = []
    if "events" in store.names():
        users = sorted(
            set(store.read("events", columns=["user_id"])["user_id"].to_pylist()) - {None}
        )
    return (
        chance.sample(users, min(len(users), 2_000)),
        chance.sample(items, min(len(items), 2_000)),
    )


def main() -> None:
    asked = arguments(__doc__, name="load", data=DEMO, minutes=30)
    times = QUICK if asked.quick else whole(asked.minutes)
    with shop_of(asked.data) as shop:
        rows = measure(asked.data, shop, times)
    write_result(
        asked.out,
        name="Load",
        protocol=PROTOCOL.format(
            capacity=times.capacity,
            clients=CLIENTS,
            light=times.light,
            steady=times.steady,
            swap=times.swap,
            over=times.over,
        ),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
