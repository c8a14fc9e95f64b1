"""The part of a release that knows which queries may be suggested."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mercato.catalogue.analysis import words
from mercato.catalogue.base import Base, open_base
from mercato.catalogue.suggested import key_of
from mercato.catalogue.suggested_writing import suggested_queries
from mercato.catalogue.suggestion_rules import looks_personal
from mercato.core.progress import Step
from mercato.training.workshop import Made, Workshop

MOST_EMPTY = 0.5
"""Share of a query's logged answers that may be empty: products come and go. Assumed."""

PRIOR = 5.0
"""Searches as which the shop's mean success counts for each query. Assumed."""

HALF = 0.5
"""What a search without success counts; one that led to a click counts 1 more. Assumed."""

PHRASE = 1e-4
"""What a phrase of titles scores by title: any query that shoppers typed comes before."""


@dataclass(frozen=True)
class Asked:
    """One query of the asset ``query_statistics``, or several that differ in their characters
    only; then ``shoppers`` are those of the one with the most, since they may be the same."""

    text: str
    shoppers: int
    searches: int = 0
    recent: float = 0.0
    successes: int = 0


def make_suggestions(
    workshop: Workshop, catalogue: Made, statistics: pa.Table, made_from: int, min_shoppers: int
) -> Made:
    """Queries of shoppers, then phrases of titles.

    statistics : the asset ``query_statistics``; ``made_from``: the version that made its rows
    """

    def work(folder: Path, step: Step) -> None:
        base = open_base(catalogue.folder, None)
        asked = merged(statistics.to_pylist())
        scores = phrase_scores(base) | asked_scores(asked, base, min_shoppers)
        suggested_queries(scores).save(folder)
        step.note(f"{len(scores):,} queries")

    of = {
        "catalogue": catalogue.fingerprint,
        "query_statistics": made_from,
        "min_shoppers": min_shoppers,
    }
    return workshop.make("suggestions", of, work)


def merged(rows: Iterable[Mapping[str, Any]]) -> list[Asked]:
    """Rows of the asset that were answered, traditional and simplified characters together."""
    by_key: dict[str, Asked] = {}
    for row in sorted(rows, key=lambda row: (-row["shoppers"], row["query"])):
        if (row["zero_share"] or 0.0) >= MOST_EMPTY:
            continue
        successes = row["clicks"] + row["purchases"]
        key = key_of(row["text"])
        first = by_key.get(key) or Asked(row["text"], row["shoppers"])
        by_key[key] = replace(
            first,
            searches=first.searches + row["searches"],
            recent=first.recent + row["recent_searches"],
            successes=first.successes + successes,
        )
    return list(by_key.values())


def asked_scores(asked: list[Asked], base: Base, min_shoppers: int) -> dict[str, float]:
    """Text → frequency and recency times success, of those that may be suggested.

    Left out is what fewer than ``min_shoppers`` typed, what may name a person, and what has a
    word that no product has: it would find nothing, or be a mistake.
    """
    shared = [each for each in asked if each.shoppers >= min_shoppers]
    shared = [each for each in shared if not looks_personal(each.text)]
    known = _known([each.text for each in shared], base)
    total = sum(each.searches for each in asked)
    mean = sum(each.successes for each in asked) / total if total else 0.0
    return {
        each.text: 1
        + each.recent * (HALF + (each.successes + PRIOR * mean) / (each.searches + PRIOR))
        for each, is_known in zip(shared, known, strict=True)
        if is_known
    }


def phrase_scores(base: Base) -> dict[str, float]:
    """Phrases that titles share, by how many do."""
    phrases = zip(
        base.completions.phrases.tolist(), base.completions.phrase_titles.tolist(), strict=True
    )
    most = max(base.completions.phrase_titles.tolist(), default=1)
    found = {key_of(text.decode()): PHRASE * titles / most for text, titles in phrases}
    return {text: score for text, score in found.items() if not looks_personal(text)}


def _known(texts: list[str], base: Base) -> list[bool]:
    """Whether products have every word of each text, whole or in its parts."""
    asked = [words(text) for text in texts]
    tokens = list(dict.fromkeys(t for found in asked for word in found for t in word.tokens))
    numbers = base.text.numbers(tokens) if tokens else np.zeros(0, np.int64)
    held = {token for token, number in zip(tokens, numbers.tolist(), strict=True) if number >= 0}
    return [
        bool(found)
        and all(w.whole in held or (w.parts and held.issuperset(w.parts)) for w in found)
        for found in asked
    ]
