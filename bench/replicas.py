"""Replicas on hosts of their own behind a balancer, and what befalls them under load.

``--data`` is a built shop (the demo, if none is named); a copy of it is served, its state in a
PostgreSQL of its own. Requests arrive by a schedule through the balancer while a replica is killed,
its host vanishes (network namespaces; as root), each is restarted in turn, another release is
published, and PostgreSQL is killed and comes back.
"""

import json
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import psutil

from bench.harness import (
    DEMO,
    Row,
    arguments,
    percentiles,
    products_in,
    shop_of,
    source_of,
    write_result,
)
from bench.hosts import have_namespaces, hosts
from bench.load import people_and_items, second_release, traffic
from bench.open_loop import Answered, Outcome, Request, as_answered, at_rate, by_schedule
from bench.postgres_server import PostgresServer
from bench.replicated import Balancer, Replica, balancers, behind, image_command, split
from mercato.core.paths import ShopPaths
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore

REPLICAS = 3
SHARE = 0.3
"""Of what the replicas answer at most on this machine, so that two of the three can do it, and
what they do beside it (a start, a release that is opened) finds a core."""

SEED = 20_261_123
LEAVE_SECONDS = 4
"""A balancer that asks each half a second has noticed after one and a half."""

PROTOCOL = (
    "{replicas} x `mercato serve`, as the image of deploy/ runs it, on {hosts}, behind {balancers} "
    "with the files of deploy/; state on one PostgreSQL, assets and releases shared; all on one "
    "machine. Mix of bench/load.py without changes of items. Open loop, Poisson arrivals at "
    f"{SHARE:.0%} of what a closed loop of six connections gets through the balancer; latency from "
    "the scheduled moment. failed: answers that are neither 2xx nor 429, or none; failed reads: "
    "those of them that were searches, shelves or suggestions. in flight: requests that were on "
    "their way at the moment. recovered after s: from that moment to the end of the last request "
    "that failed. events lost: that were answered 202 and are not in the state."
)


@dataclass(frozen=True)
class Happened:
    """at : seconds from the beginning of the load; told : what else was measured"""

    at: float
    told: dict[str, float] = field(default_factory=dict)


@dataclass
class Stage:
    """What phases act on."""

    shop: Path
    replicas: list[Replica]
    balancer: Balancer
    postgres: PostgresServer
    requests: Iterator[Request]
    rate: float = 0.0

    def loaded(self, seconds: float, befall: Callable[[], Happened]) -> tuple[Outcome, Happened]:
        """Load for at least so many seconds, a third of which has passed when it befalls."""
        found: list[Happened] = []
        over = threading.Event()
        begun = time.monotonic()

        def act() -> None:
            time.sleep(seconds / 3)
            at = time.monotonic() - begun
            try:
                happened = befall()
                found.append(replace(happened, at=at))
                time.sleep(max(0.0, begun + seconds - time.monotonic()))
            finally:
                over.set()

        acting = threading.Thread(target=act)
        acting.start()
        outcome = by_schedule("127.0.0.1", self.balancer.port, self.requests, self._moments(over))
        acting.join()
        return outcome, found[0]

    def _moments(self, over: threading.Event) -> Iterator[float]:
        for at in at_rate(self.rate, 3600.0, SEED):
            if over.is_set():
                return
            yield at

    def stored(self) -> int:
        return int(self.postgres.run("SELECT count(DISTINCT event_id) FROM events")[0][0])

    # What befalls.

    def nothing(self) -> Happened:
        return Happened(0)

    def kill(self) -> Happened:
        victim = self.replicas[0]
        victim.kill()
        victim.start()
        return Happened(0, {"ready again after s": round(victim.wait(), 2)})

    def unplug(self) -> Happened:
        self.replicas[-1].host.unplug()
        time.sleep(10)
        return Happened(0)

    def restart(self) -> Happened:
        begun = time.monotonic()
        for each in self.replicas:
            self.balancer.without(f"{each.host.address}:{each.port}")
            each.stop()
            each.start()
            each.wait()
            self.balancer.without(None)
        return Happened(0, {"took s": round(time.monotonic() - begun, 1)})

    def publish(self) -> Happened:
        store = ReleaseStore(ShopPaths(self.shop).releases)
        _, other = second_release(self.shop)
        begun = time.monotonic()
        store.publish(other)
        while self._releases() != {other}:
            time.sleep(0.05)
        return Happened(0, {"all have it after s": round(time.monotonic() - begun, 1)})

    def _releases(self) -> set[int]:
        """That replicas answer from."""
        return {int(each.ready()["release"]) for each in self.replicas}

    def lose_postgres(self) -> Happened:
        self.postgres.kill()
        begun = time.monotonic()
        self.postgres.start()
        return Happened(0, {"away s": round(time.monotonic() - begun, 2)})


READS = ("search", "shelf", "suggest")

PHASES: dict[str, Callable[[Stage], Happened]] = {
    "nothing": Stage.nothing,
    "a replica killed": Stage.kill,
    "each restarted in turn": Stage.restart,
    "a release published": Stage.publish,
    "PostgreSQL killed": Stage.lose_postgres,
    "a host vanished": Stage.unplug,
}


def failed(each: Answered) -> bool:
    return not (200 <= each.status < 300 or each.status == 429)


def told(outcome: Outcome, happened: Happened, stored: int) -> dict[str, float]:
    """stored : events that the state has more than before"""
    bad = [each for each in outcome.answered if failed(each)]
    ends = [each.at + each.seconds - happened.at for each in bad]
    answered = [each for each in outcome.answered if each.kind == "event" and each.status == 202]
    on_the_way = [e for e in outcome.answered if e.at <= happened.at < e.at + e.seconds]
    return {
        "requests": len(outcome.answered),
        "failed": len(bad),
        "failed reads": sum(each.kind in READS for each in bad),
        "in flight": len(on_the_way),
        "recovered after s": round(max(ends, default=0.0), 2),
        "events lost": max(len(answered) - stored, 0),
        **percentiles([e.seconds for e in outcome.answered if not failed(e)] or [0.0]),
        **happened.told,
    }


@contextmanager
def staged(shop: Path, kind: str, *, namespaces: bool) -> Iterator[Stage]:
    """Replicas of a shop behind a balancer."""
    command = [*image_command()[:-1], str(LEAVE_SECONDS)]
    with hosts(REPLICAS, namespaces=namespaces) as (here, there):
        scratch = Path(tempfile.mkdtemp(prefix="mercato-replicas-"))
        postgres = PostgresServer.make(here)
        try:
            folders = split(shop, scratch, REPLICAS, postgres.url())
            replicas = [
                Replica(host, folder, command) for host, folder in zip(there, folders, strict=True)
            ]
            users, items = people_and_items(shop)
            requests = traffic(_queries(shop), users, items)
            with behind(kind, scratch / "balancer", replicas) as balancer:
                asked = (each for each in requests if each.kind != "change")
                yield Stage(shop, replicas, balancer, postgres, asked)
        finally:
            postgres.delete()
            shutil.rmtree(scratch)


def _queries(shop: Path) -> Sequence[str]:
    """Words out of titles, two at a time."""
    titles = AssetStore(ShopPaths(shop).assets).read("items", columns=["title"])["title"]
    words = [str(each).split() for each in titles.to_pylist()[::7]]
    return [" ".join(each[:2]) for each in words if each][:4_000]


def measure(
    shop: Path, kind: str, phases: Sequence[str], seconds: float, *, namespaces: bool
) -> list[Row]:
    """A row for each phase, behind one balancer."""
    rows = []
    with staged(shop, kind, namespaces=namespaces) as stage:
        port = stage.balancer.port
        as_answered("127.0.0.1", port, stage.requests, 6, seconds / 3)  # warms
        found = as_answered("127.0.0.1", port, stage.requests, 6, seconds / 3)
        stage.rate = SHARE * sum(not failed(e) for e in found.answered) / found.seconds
        for name in phases:
            before = stage.stored()
            outcome, happened = stage.loaded(seconds, partial(PHASES[name], stage))
            metrics = told(outcome, happened, stage.stored() - before)
            metrics["requests/s"] = round(stage.rate, 1)
            said = Counter((e.kind, e.status) for e in outcome.answered if failed(e))
            print(kind, name, json.dumps(metrics), *said.items(), flush=True)
            rows.append(Row(f"{kind}: {name}", metrics, outcome.seconds, _peak_mb(stage)))
    return rows


def _peak_mb(stage: Stage) -> float:
    """Resident now, of all replicas."""
    alive = [each.process for each in stage.replicas if each.process]
    return float(sum(psutil.Process(each.pid).memory_info().rss for each in alive)) / 2**20


def main() -> None:
    asked = arguments(__doc__, name="replicas", data=DEMO, minutes=12)
    namespaces = have_namespaces()
    there = balancers()
    phases = [name for name in PHASES if namespaces or name != "a host vanished"]
    seconds = 9.0 if asked.quick else asked.minutes * 60 / (len(there) * (len(phases) + 1))
    rows = []
    for kind in there:
        wanted = [name for name in phases if asked.wants(f"{kind}: {name}")]
        if wanted:
            with shop_of(asked.data) as shop:
                label = f"{asked.data.name}, {products_in(shop):,} products"
                for row in measure(shop, kind, wanted, seconds, namespaces=namespaces):
                    rows.append(replace(row, model=f"{label}: {row.model}"))
    where = "network namespaces of their own" if namespaces else "addresses of the loopback"
    write_result(
        asked.out,
        name="Replicas",
        protocol=PROTOCOL.format(
            replicas=REPLICAS, hosts=where, balancers=" and ".join(there) or "none"
        ),
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
