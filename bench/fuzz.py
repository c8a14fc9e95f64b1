"""A million requests made up from the OpenAPI document: no 5xx, no answer that it does not know,
and the server's memory stays.

    python -m bench.fuzz --requests 1000000 --seed 1

A million takes hours; ``--merge`` adds a run with another seed to what was measured before, and
one that is told to end (SIGTERM) keeps what it has asked.
Several processes make requests up and ask one server (`bench/made_up.py` says how). Things that
they leave behind, as items and rules, are taken away again between chunks: else memory would grow
as the catalogue does.
"""

import argparse
import multiprocessing
import os
import random
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import requests
from schemathesis import GenerationMode

from bench.harness import DEMO, ROOT, Arguments, Row, Served, served, shop_copy, source_of
from bench.made_up import GENERATED, TOGETHER, Asker, Broken, Chunk, Told, everything_in
from bench.merging import write_merged

_KEPT = 50
"""Rules, experiments and synonyms beyond which they are taken away."""

_LINE_SECONDS = 30

PROTOCOL = (
    "Requests to every operation of the OpenAPI document, made up by schemathesis, fitting and "
    "not, and put together of these; a server of its own for each seed. Answers that do not fit: "
    "of a status, type or form that the document does not know, or 5xx. MB per 100,000 requests: "
    "the slope of the server's own memory over the last two thirds of them."
)

KNOWN_RULE: dict[str, Any] = {
    "conditions": {"queries": [{"match": "exact", "text": "known"}]},
    "actions": [{"type": "boost", "filter": "price:1..", "factor": 2}],
}
KNOWN_EXPERIMENT: dict[str, Any] = {
    "name": "known",
    "goal": "conversion",
    "share": 0.1,
    "arms": [
        {"name": "control", "share": 0.5},
        {"name": "varied", "share": 0.5, "changes": {"variety": 0.4}},
    ],
}


@dataclass
class Outcome:
    """at, mb : requests so far, and the server's own memory then"""

    told: Told = field(default_factory=Told)
    broken: dict[tuple[str, str], Broken] = field(default_factory=dict)
    at: list[int] = field(default_factory=list)
    mb: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, told: Told, mb: float) -> None:
        self.told.statuses.update(told.statuses)
        for each in told.broken:
            if (each.operation, each.title) not in self.broken:
                self.broken[each.operation, each.title] = each
                print(f"{each.operation}: {each.message}\n{each.request[:2_000]}\n", flush=True)
        self.at.append(self.told.requests)
        self.mb.append(mb)

    def points(self) -> Iterator[tuple[int, float]]:
        """Memory at every 100,000 requests."""
        for part in range(1, self.at[-1] // 100_000 + 1):
            yield part * 100_000, round(self.mb[bisect_left(self.at, part * 100_000)], 1)

    def slope(self) -> float:
        """MB more per 100,000 requests, over the last two thirds: before that, caches fill."""
        start = len(self.at) // 3
        if len(self.at) - start < 3:
            return 0.0
        fit = np.polyfit(np.array(self.at[start:]), np.array(self.mb[start:]), 1)
        return float(fit[0]) * 100_000


def run(address: str, server: Served | None, wanted: int, seed: int, processes: int) -> Outcome:
    """Ask a server ``wanted`` requests or some more."""
    known = _things_that_are_there(address)
    work = list(everything_in(Asker(address, known).schema))
    outcome, begun, told_at = Outcome(), time.monotonic(), 0.0
    chance = random.Random(seed)
    context = multiprocessing.get_context("spawn")
    # Whoever is told to end keeps what was asked until then.
    with suppress(SystemExit), context.Pool(processes, _begin, (address, known)) as pool:
        while outcome.told.requests < wanted:
            left = wanted - outcome.told.requests
            chunks = _chunks(work, left, chance)
            for told in pool.imap_unordered(_ask, chunks):
                outcome.add(told, 0.0 if server is None else server.own_mb())
                outcome.seconds = time.monotonic() - begun
                if outcome.seconds - told_at > _LINE_SECONDS:
                    told_at = outcome.seconds
                    print(_line(outcome, wanted), flush=True)
                if outcome.told.requests >= wanted:
                    break
    print(_line(outcome, wanted), flush=True)
    return outcome


def _chunks(
    work: Sequence[tuple[str, GenerationMode]], left: int, chance: random.Random
) -> list[Chunk]:
    """All operations in turn, in another order each time."""
    chunks: list[Chunk] = []
    while len(chunks) * (GENERATED + TOGETHER) < left:
        for operation, mode in chance.sample(work, len(work)):
            chunks.append(Chunk(operation, mode, chance.getrandbits(32)))
    return chunks


def _line(outcome: Outcome, wanted: int) -> str:
    done = outcome.told.requests
    rate = done / max(outcome.seconds, 1e-9)
    left = timedelta(seconds=round(max(wanted - done, 0) / max(rate, 1e-9)))
    return (
        f"{done:,} of {wanted:,} requests, {rate:.0f}/s, {left} left, {outcome.mb[-1]:.0f} MB, "
        f"{len(outcome.broken)} kinds of answers that do not fit"
    )


_asker: Asker | None = None


def _begin(address: str, known: dict[str, str]) -> None:
    """A process of its own begins."""
    global _asker
    _asker = Asker(address, known)


def _ask(chunk: Chunk) -> Told:
    assert _asker is not None
    told = _asker.ask(chunk)
    _tidy(_asker, told.items)
    return told


def _things_that_are_there(address: str) -> dict[str, str]:
    """Names by the parameter of an address that takes them."""
    with requests.Session() as session:
        found = session.get(f"{address}/v1/search", timeout=60).json()["hits"]
        _put_back(session, address)
        terms = {"terms": ["known", "familiar"]}
        session.post(f"{address}/v1/synonyms", json=terms, timeout=60)
        synonyms = session.get(f"{address}/v1/synonyms", timeout=60).json()["synonyms"]
    return {
        "rule_id": "known",
        "name": "known",
        "item_id": found[0]["id"],
        "synonym_id": next(each["id"] for each in synonyms if each["id"]),
        "user_id": "known",
        "number": "1",
        "placement": "home",
    }


def _put_back(session: requests.Session, address: str) -> None:
    session.put(f"{address}/v1/rules/known", json=KNOWN_RULE, timeout=60)
    session.post(f"{address}/v1/experiments", json=KNOWN_EXPERIMENT, timeout=60)


def _tidy(asker: Asker, items: set[str]) -> None:
    """Take away what a chunk left behind, and put back what it took."""
    session = asker.session
    address = str(asker.schema.get_base_url()).rstrip("/")
    for item in sorted(items - {"", asker.known["item_id"]}):
        session.delete(f"{address}/v1/items/{quote(item, safe='')}", timeout=60)
    for path in _too_many(session, address):
        session.post(f"{address}{path}:stop", timeout=60)
        session.delete(f"{address}{path}", timeout=60)
    _put_back(session, address)


def _too_many(session: requests.Session, address: str) -> Iterator[str]:
    for kind, key in (("rules", "id"), ("experiments", "name"), ("synonyms", "id")):
        answer = session.get(f"{address}/v1/{kind}", timeout=60)
        names = [each[key] for each in answer.json().get(kind, ()) if each[key]]
        if len(names) > _KEPT:
            yield from (f"/v1/{kind}/{quote(each, safe='')}" for each in names if each != "known")


def row_of(seed: int, outcome: Outcome, server: Served) -> Row:
    statuses = Counter(outcome.told.statuses)
    metrics = {
        "requests": outcome.told.requests,
        "answers that do not fit": len(outcome.broken),
        "5xx": sum(n for status, n in statuses.items() if status >= 500),
        **{f"{kind}xx": sum(n for s, n in statuses.items() if s // 100 == kind) for kind in (2, 4)},
        "429": statuses[429],
        "requests/s": round(outcome.told.requests / outcome.seconds, 1),
        "MB per 100,000 requests": round(outcome.slope(), 2),
        "MB at the end": round(outcome.mb[-1], 1),
        **{f"MB at {n:,}": mb for n, mb in outcome.points()},
    }
    return Row(f"seed {seed}", metrics, outcome.seconds, server.peak_mb())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shop", type=Path, default=DEMO, help="a shop that was built")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / "fuzz.json")
    parser.add_argument("--merge", action="store_true", help="keep the rows of other seeds")
    asked = parser.parse_args()
    with shop_copy(asked.shop) as shop, served(shop) as server:
        address = f"http://{server.host}:{server.port}"
        outcome = run(address, server, asked.requests, asked.seed, asked.processes)
        row = row_of(asked.seed, outcome, server)
    source = source_of(asked.shop)
    result = Arguments((asked.shop,), asked.out, (), 0.0, False, asked.merge)
    write_merged(result, name="fuzz", protocol=PROTOCOL, data=[source], rows=[row])


if __name__ == "__main__":
    main()
