"""The server dies at random moments under load; what it acknowledged is there, once and whole."""

import http.client
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from bench.senders import Sent, sending
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.state import State

Serve = Callable[..., AbstractContextManager[Any]]

SEED = int(os.environ.get("MERCATO_SEED", "20260501"))
"""The moments and the load come from it; set MERCATO_SEED to see others."""


def one_life(server: Any, sent: Sent, name: str, random_: random.Random) -> None:
    """Load a server, and kill it in the middle."""
    with sending(server.address, sent, name, random_):
        time.sleep(random_.uniform(0, 0.7))
        server.kill()


@pytest.mark.parametrize("lives", [3, pytest.param(50, marks=pytest.mark.soak)])
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
    assert sent.wrong == []
    assert sent.lost(stored) == []
    assert sent.misshapen(stored) == []
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
