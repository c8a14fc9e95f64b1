"""Servers on hosts of their own, with a balancer before them: nobody notices which one answers."""

import http.client
import json
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bench.hosts import have_namespaces, hosts
from bench.replicas import PHASES, measure
from bench.replicated import Balancer, Replica, behind, image_command, image_healthcheck, split
from mercato.state import State

needs_haproxy = pytest.mark.skipif(
    shutil.which("haproxy") is None, reason="no HAProxy; install it: apt install haproxy"
)


def ask(port: int, path: str, host: str = "127.0.0.1", **sent: Any) -> tuple[int, Any]:
    """Status and what the JSON says, over a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=30)
    method = sent.pop("method", "POST" if sent else "GET")
    connection.request(method, path, json.dumps(sent.get("body")) if sent else None)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    return answer.status, json.loads(said) if said.startswith((b"{", b"[")) else said.decode()


@dataclass
class Trickle:
    """Requests through a balancer, one after the other on one connection each."""

    statuses: Counter[int] = field(default_factory=Counter)
    accepted: int = 0

    @contextmanager
    def running(self, port: int, clients: int = 2) -> Iterator[None]:
        over = threading.Event()

        def go_on(client: int) -> None:
            number = 0
            while not over.is_set():
                number += 1
                event = {"event_id": f"{client}-{number}", "event": "view_item", "visitor_id": "v"}
                for status in (
                    ask(port, f"/v1/search?q=tent&visitor_id=v{client}")[0],
                    ask(port, "/v1/events", body=event)[0],
                ):
                    self.statuses[status] += 1
                self.accepted += status == 202
                time.sleep(0.01)

        threads = [threading.Thread(target=go_on, args=(each,)) for each in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()


@dataclass
class Fleet:
    balancer: Balancer
    replicas: list[Replica]

    def ask_all(self, path: str, **sent: Any) -> list[tuple[int, Any]]:
        """Each of them directly."""
        return [ask(each.port, path, each.host.address, **sent) for each in self.replicas]

    def until_all(self, path: str, wanted: Callable[[Any], bool], seconds: float = 5.0) -> None:
        """All of them answer so, soon: within a second on a machine that does nothing else."""
        begun = time.monotonic()
        while not all(status == 200 and wanted(said) for status, said in self.ask_all(path)):
            assert time.monotonic() < begun + seconds
            time.sleep(0.02)


@pytest.fixture
def fleet(built_shop: Path, postgres_url: str, tmp_path: Path) -> Iterator[Fleet]:
    """Two of them behind HAProxy, as the image runs them."""
    shop = Path(shutil.copytree(built_shop, tmp_path / "shop"))
    folders = split(shop, tmp_path, 2, postgres_url)
    command = [*image_command()[:-1], "3"]  # seconds for which they answer on
    with hosts(2, namespaces=False) as (_, there):
        replicas = [
            Replica(host, folder, command) for host, folder in zip(there, folders, strict=True)
        ]
        with behind("haproxy", tmp_path / "balancer", replicas) as balancer:
            yield Fleet(balancer, replicas)


@needs_haproxy
def test_replicas_are_one_shop_and_may_be_stopped(fleet: Fleet, postgres_url: str) -> None:
    port = fleet.balancer.port
    first, second = fleet.ask_all("/v1/search?q=tent&facet=brand")
    assert {**first[1], "query_id": 0} == {**second[1], "query_id": 0}
    change, one = {"method": "PUT", "body": {"title": "Qwertz"}}, fleet.replicas[0]
    assert ask(port, "/v1/items/kettle", **change)[0] == 403, "without a key, of another machine"
    assert ask(one.port, "/v1/items/kettle", one.host.address, **change)[0] in (200, 201)
    fleet.until_all("/v1/search?q=qwertz", lambda said: said["total"] == 1)
    assert ask(port, "/metrics")[0] == 404
    for each in fleet.replicas:
        subprocess.run(image_healthcheck(each.host.address), check=True, timeout=30)

    trickle = Trickle()
    with trickle.running(port):
        time.sleep(0.5)
        fleet.replicas[0].stop()
        time.sleep(0.5)
    assert set(trickle.statuses) == {200, 202}, trickle.statuses
    assert trickle.accepted
    state = State.open(postgres_url, fleet.replicas[0].folder)
    stored = [row.event_id for row in state.events.after(0, 10_000).rows]
    assert sorted(stored) == sorted({*stored})
    assert len(stored) == trickle.accepted
    state.close()


@pytest.mark.soak
@needs_haproxy
def test_whatever_befalls_one_of_them_no_shopper_notices(built_shop: Path, tmp_path: Path) -> None:
    shop = Path(shutil.copytree(built_shop, tmp_path / "shop"))
    namespaces = have_namespaces()
    phases = [name for name in PHASES if namespaces or name != "a host vanished"]
    for row in measure(shop, "haproxy", phases, 15.0, namespaces=namespaces):
        told = dict(row.metrics)
        assert told["events lost"] == 0, row
        if "PostgreSQL" in row.model:  # reads need it: 503 until it is back
            assert cast(float, told["recovered after s"]) < 10, row
        else:
            assert told["failed reads"] == 0, row
            assert cast(int, told["failed"]) <= cast(int, told["in flight"]), row
