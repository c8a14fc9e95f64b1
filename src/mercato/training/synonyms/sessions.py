"""Queries that shoppers typed instead, after one that led to nothing."""

import pyarrow as pa

from mercato.ranking.synonyms.synonym import Synonym
from mercato.training.synonyms.differing import Pair, proposals

FEWEST_SESSIONS = 2
"""In which one query followed the other, before the two are looked at. Assumed."""


def from_sessions(reformulations: pa.Table) -> list[Synonym]:
    """Proposals from the asset ``reformulations``.

    One way: who typed the first meant the second; nothing tells that it goes the other way.
    """
    rows = [row for row in reformulations.to_pylist() if row["sessions"] >= FEWEST_SESSIONS]
    of_first: dict[str, int] = {}
    for row in rows:
        of_first[row["query"]] = of_first.get(row["query"], 0) + row["sessions"]
    return proposals(
        (
            Pair(
                row["query"],
                row["next_query"],
                row["sessions"],
                row["sessions"] / of_first[row["query"]],
                broader=True,
            )
            for row in rows
        ),
        "sessions",
    )
