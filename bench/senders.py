"""Clients that send events until they are told to stop, and remember what was acknowledged."""

import http.client
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

SENDERS = 4

_REFUSED = (429, 503)
"""A server that cannot write says so; all else is an error of its own."""


@dataclass
class Sent:
    """What the senders know, over several lives of a server.

    lines        : event_id → number of its lines
    acknowledged : ids of events that were answered 202
    unanswered   : events to be sent again
    refused      : batches that were answered 429 or 503
    wrong        : answers that should not be
    """

    lines: dict[str, int] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    unanswered: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lost(self, stored: Mapping[str, int]) -> list[str]:
        """Acknowledged events that are not stored."""
        return sorted(each for each in self.acknowledged if each not in stored)

    def misshapen(self, stored: Mapping[str, int]) -> list[str]:
        """Stored events with more or fewer lines than they were sent with."""
        return sorted(each for each, lines in stored.items() if lines != self.lines.get(each))


class Sender(threading.Thread):
    """Posts batches until `gone`; sends again what was never answered."""

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
                    self._note(batch, answer.status, orjson.loads(answer.read()))
                except (OSError, http.client.HTTPException):
                    connection.close()
                    with self.sent.lock:
                        self.sent.unanswered += batch
                    time.sleep(0.02)

    def _note(self, batch: list[dict[str, Any]], status: int, body: dict[str, Any]) -> None:
        with self.sent.lock:
            if status in _REFUSED:
                self.sent.refused += 1
                self.sent.unanswered += batch
            elif status == 202 and body["accepted"] + body["duplicates"] == len(batch):
                self.sent.acknowledged |= {event["event_id"] for event in batch}
            else:
                self.sent.wrong.append(f"{status} {body}")
        if status in _REFUSED:
            time.sleep(0.02)

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


@contextmanager
def sending(address: str, sent: Sent, name: str, random_: random.Random) -> Iterator[None]:
    """Senders load a server meanwhile; they begin to be heard before the block begins."""
    senders = [
        Sender(address, sent, f"{name}-{n}", random.Random(random_.random()))
        for n in range(SENDERS)
    ]
    known = len(sent.acknowledged)
    for sender in senders:
        sender.start()
    try:
        deadline = time.monotonic() + 60
        while len(sent.acknowledged) == known:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no event was taken within a minute: {sent.wrong[:3]}")
            time.sleep(0.005)
        yield
    finally:
        for sender in senders:
            sender.gone.set()
        for sender in senders:
            sender.join(timeout=60)
