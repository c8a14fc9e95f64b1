"""Shops that learned from judgments, asked over HTTP for queries that they have not seen.

Part of `bench.search_quality`. Each fold's shop is a copy of the built one that imports all other
queries' judgments and builds again, by the command line; then a server answers the fold's queries.
"""

import csv
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from bench.harness import mercato, served

FOLDS = 5


def folds(queries: Sequence[str]) -> list[list[str]]:
    """The queries in FOLDS parts, drawn without bias."""
    order = np.random.default_rng(0).permutation(len(queries)).tolist()
    return [[queries[at] for at in order[number::FOLDS]] for number in range(FOLDS)]


@dataclass(frozen=True)
class TrainedShop:
    """A shop that knows the judgments of all queries but these."""

    folder: Path
    queries: list[str]

    def ask(self) -> list[list[str]]:
        """The ids of each query's first ten products, over HTTP."""
        found = []
        with served(self.folder) as server:
            for query in self.queries:
                asked = urlencode({"q": query, "per_page": 10, "distinct": "false"})
                _, body = server.get(f"/v1/search?{asked}")
                found.append([hit["id"] for hit in json.loads(body)["hits"]])
        return found


def trained_shops(
    shop: Path, judgments: Path, queries: Sequence[str], most_seconds: float
) -> Iterator[TrainedShop]:
    """One of each fold, as many as there is time for; at least one.

    shop      : built without judgments
    judgments : of all queries, those asked and others
    """
    begun = time.monotonic()
    for number, asked in enumerate(folds(queries)):
        if number and (time.monotonic() - begun) * (number + 1) / number > most_seconds:
            return
        copy = shop.parent / f"fold-{number}"
        shutil.copytree(shop, copy)
        _leave_encoder(copy / "shop.toml")
        known = copy / "known.csv"
        _write_others(judgments, set(asked), known)
        mercato("import", str(copy), "--judgments", str(known))
        mercato("build", str(copy))
        yield TrainedShop(copy, asked)
        shutil.rmtree(copy)


def _leave_encoder(settings: Path) -> None:
    """What is measured is the ranker; tuning an encoder five times would take an hour."""
    text = settings.read_text()
    assert "encoder_minutes = 10.0" in text
    settings.write_text(text.replace("encoder_minutes = 10.0", "encoder_minutes = 0.0"))


def _write_others(judgments: Path, left_out: set[str], out: Path) -> None:
    with judgments.open(encoding="utf-8") as file, out.open("w", encoding="utf-8") as written:
        rows = csv.DictReader(file)
        writer = csv.DictWriter(written, rows.fieldnames or [])
        writer.writeheader()
        writer.writerows(row for row in rows if row["query"] not in left_out)
