"""Searches as shoppers ask them, and a closed loop of clients in processes of their own."""

import http.client
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from urllib.parse import quote

REPEATED = 0.4
"""Share of searches that were asked before: shoppers page, filter, go back. Assumed."""

WITH_FACETS = 0.5
SECOND_PAGE = 0.1
BROWSING = 0.1
"""Assumed: shares of searches with the counts of two facets, of a second page, without words."""

FACETS = "&facet=brand&facet=product_type"

_LATELY = 500
"""Searches among which a repeated one is found."""


def mixed(queries: Sequence[str], seed: int) -> Iterator[str]:
    """Addresses without end: new queries in a random order, some of them asked again."""
    chance = random.Random(seed)
    unasked = list(queries)
    chance.shuffle(unasked)
    asked: list[str] = []
    while True:
        if asked and (chance.random() < REPEATED or not unasked):
            yield chance.choice(asked[-_LATELY:])
            continue
        asked.append(_address(unasked.pop(), chance))
        yield asked[-1]


def _address(query: str, chance: random.Random) -> str:
    q = "" if chance.random() < BROWSING else quote(query)
    page = "&page=2" if not q and chance.random() < SECOND_PAGE else ""
    facets = FACETS if chance.random() < WITH_FACETS else ""
    return f"/v1/search?q={q}{page}{facets}"


@dataclass(frozen=True)
class Asked:
    """What one client measured.

    at      : seconds since the epoch at which each search began
    seconds : how long each took
    refused : answers with a status other than 200
    """

    at: list[float]
    seconds: list[float]
    refused: int


@dataclass(frozen=True)
class Client:
    """Asks one search after the other on one connection."""

    host: str
    port: int
    queries: Sequence[str]
    seconds: float
    seed: int
    pause: float

    def run(self, told: Connection) -> None:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        addresses = mixed(self.queries, self.seed)
        at, seconds, refused = [], [], 0
        deadline = time.monotonic() + self.seconds
        while time.monotonic() < deadline:
            address = next(addresses)
            at.append(time.time())
            begun = time.perf_counter()
            connection.request("GET", address)
            answer = connection.getresponse()
            answer.read()
            seconds.append(time.perf_counter() - begun)
            refused += answer.status != 200
            if self.pause:
                time.sleep(self.pause)
        told.send(Asked(at, seconds, refused))


class Crowd:
    """Clients that ask at the same time, each in a process of its own.

    Each has its share of the queries, so that what is new to one is new to the server.

    pause : seconds that a client waits after each answer
    """

    def __init__(
        self,
        host: str,
        port: int,
        queries: Sequence[str],
        clients: int,
        seconds: float,
        pause: float = 0.0,
    ) -> None:
        context = get_context("spawn")
        self._ends = []
        self._processes = []
        for number in range(clients):
            client = Client(host, port, queries[number::clients], seconds, number, pause)
            receiving, sending = context.Pipe(duplex=False)
            process = context.Process(target=client.run, args=(sending,))
            process.start()
            self._ends.append(receiving)
            self._processes.append(process)

    def asked(self) -> list[Asked]:
        """Waits for all."""
        found: list[Asked] = [end.recv() for end in self._ends]
        for process in self._processes:
            process.join()
        return found
