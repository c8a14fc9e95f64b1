"""The server dies at random moments under load; what it acknowledged is there, once and whole."""

import http.client
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.state import State

Serve = Callable[..., AbstractContextManager[Any]]

SENDERS = 4
SEED = int(os.environ.get("MERCATO_SEED", "20260501"))
"""The moments and the load come from it; set MERCATO_SEED to see others."""


@dataclass
class Sent:
    """What the senders know. lines : event_id → number of its lines"""

    lines: dict[str, int] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Sender(threading.Thread):
    """Posts batches until the server is gone; sends again what was never answered."""

    def __init__(self, address: str, sent: Sent, name: str, random_: random.Random) -> None:
        super().__init__(name=name)
        self.host = urlsplit(address).netloc
        self.sent = sent
        self.random = random_
        self.gone = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        with closing(connection):
            number = 0
            while not self.gone.is_set():
                number += 1
                batch = self._batch(number)
                try:
                    connection.request("POST", "/v1/events", body=orjson.dumps(batch))
                    answer = connection.getresponse()
                    body = orjson.loads(answer.read())
                except (OSError, http.client.HTTPException):
                    connection.close()
                    with self.sent.lock:
                        self.sent.unanswered += batch
                    time.sleep(0.02)
                else:
                    self._note(batch, answer.status, body)

    def _note(self, batch: list[dict[str, Any]], status: int, body: dict[str, Any]) -> None:
        assert status == 202, body
        assert body["accepted"] + body["duplicates"] == len(batch)
        with self.sent.lock:
            self.sent.acknowledged |= {event["event_id"] for event in batch}

    def _batch(self, number: int) -> list[dict[str, Any]]:
        size = self.random.choice((1, 5, 50, 200))
        fresh = [self._event(f"{self.name}-{number}-{n}") for n in range(size)]
        with self.sent.lock:
            again = self.sent.unanswered[:50]
            del self.sent.unanswered[:50]
            self.sent.lines |= {event["event_id"]: len(event["items"]) for event in fresh}
        return fresh + again

    def _event(self, event_id: str) -> dict[str, Any]:
        items = [{"item_id": "spork"}] * self.random.choice((1, 1, 1, 4))
        return {"event_id": event_id, "event": "purchase", "user_id": "u", "items": items}


def one_life(server: Any, sent: Sent, name: str, random_: random.Random) -> None:
    """Load a server, and kill it in the middle."""
    senders = [
        Sender(server.address, sent, f"{name}-{n}", random.Random(random_.random()))
        for n in range(SENDERS)
    ]
    known = len(sent.acknowledged)
    for sender in senders:
        sender.start()
    deadline = time.monotonic() + 60
    while len(sent.acknowledged) == known:  # until it takes events at all
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(random_.uniform(0, 0.7))
    server.kill()
    for sender in senders:
        sender.gone.set()
    for sender in senders:
        sender.join(timeout=60)


@pytest.mark.parametrize("lives", [5, pytest.param(50, marks=pytest.mark.soak)])
@pytest.mark.timeout(3600)
def test_what_was_acknowledged_is_there_once_and_whole(
    shop_folder: Path, serve: Serve, lives: int
) -> None:
    random_ = random.Random(SEED)
    sent = Sent()
    for number in range(lives):
        # One process, and two that share the database.
        with serve(shop_folder, "--workers", str(1 + number % 2)) as server:
            one_life(server, sent, f"life{number}", random_)
    assert len(sent.acknowledged) > 20 * lives
    state = State.open("sqlite:///state.db", shop_folder)
    stored = Counter(row.event_id for row in state.events.after(0, 10_000_000).rows)
    assert [each for each in sent.acknowledged if each not in stored] == []
    assert [each for each, lines in stored.items() if lines != sent.lines[each]] == []
    _check_asset(shop_folder, state, stored)
    state.close()
    with sqlite3.connect(shop_folder / "state.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _check_asset(folder: Path, state: State, stored: Counter[str]) -> None:
    """The drain was killed too; it goes on where it was, and no line comes twice."""
    store = AssetStore(folder / "assets")
    drain(state, store)
    ids = store.read("events", columns=["event_id"])["event_id"].to_pylist()
    found = Counter(each for each in ids if each.startswith("life"))
    assert found == stored


def test_two_workers_count_an_event_once(shop_folder: Path, serve: Serve) -> None:
    """Senders race with the very same events; the database decides which of them came first."""
    events = [
        {"event_id": f"e{n}", "event": "view_item", "items": [{"item_id": "spork"}] * (1 + n % 3)}
        for n in range(600)
    ]
    batches = [orjson.dumps(events[at : at + 20]) for at in range(0, len(events), 20)]
    counts: list[tuple[int, int]] = []
    with serve(shop_folder, "--workers", "2") as server:

        def send(seed: int) -> None:
            connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=60)
            for body in random.Random(seed).sample(batches, len(batches)):
                connection.request("POST", "/v1/events", body=body)
                found = orjson.loads(connection.getresponse().read())
                counts.append((found["accepted"], found["duplicates"]))
            connection.close()

        threads = [threading.Thread(target=send, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(accepted for accepted, _ in counts) == len(events)
    assert sum(duplicates for _, duplicates in counts) == 5 * len(events)
    state = State.open("sqlite:///state.db", shop_folder)
    keys = [(row.event_id, row.line) for row in state.events.after(0, 10_000).rows]
    expected = [
        (event["event_id"], line) for event in events for line in range(len(event["items"]))
    ]
    assert sorted(keys) == sorted(expected)
    state.close()
