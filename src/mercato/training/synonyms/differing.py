"""Where two queries that mean the same differ: the terms that then stand for each other."""

from collections.abc import Iterable
from dataclasses import dataclass

from mercato.catalogue.analysis import STOP_WORDS, surface_words
from mercato.ranking.synonyms.synonym import Status, Synonym, term_key

MOST_WORDS = 3
"""Words of a term."""

MOST_EXAMPLES = 3
"""Pairs of queries that are told as evidence."""

HALF_SURE = 3.0
"""Pieces of evidence by which a score reaches half of its height. Assumed."""


@dataclass(frozen=True)
class Pair:
    """Two queries that are thought to mean the same.

    weight  : pieces of evidence
    likeness : 0 to 1
    broader : whether the first finds what the second does, and more
    """

    first: str
    second: str
    weight: float
    likeness: float
    broader: bool = False


def differing_terms(first: str, second: str) -> tuple[str, str] | None:
    """The one term of each query that the other lacks; None unless both have one, in one piece."""
    words = [[(each, term_key(each)) for each in surface_words(query)] for query in (first, second)]
    words = [[(each, key) for each, key in side if each not in STOP_WORDS] for side in words]
    keys = [{key for _, key in side} for side in words]
    terms = []
    for side, others in zip(words, reversed(keys), strict=True):
        at = [place for place, (_, key) in enumerate(side) if key not in others]
        if not at or at[-1] - at[0] + 1 != len(at) or len(at) > MOST_WORDS:
            return None
        term = " ".join(side[place][0] for place in at)
        if any(sign.isdigit() for sign in term):
            return None
        terms.append(term)
    return terms[0], terms[1]


def proposals(pairs: Iterable[Pair], source: str) -> list[Synonym]:
    """One proposal for each two terms, of all pairs of queries that differ in them."""
    gathered: dict[frozenset[tuple[str, ...]], list[tuple[tuple[str, str], Pair]]] = {}
    for pair in pairs:
        terms = differing_terms(pair.first, pair.second)
        if terms is not None:
            key = frozenset(map(term_key, terms))
            if len(key) == 2:
                gathered.setdefault(key, []).append((terms, pair))
    return [_proposal(found, source) for found in gathered.values()]


def _proposal(found: list[tuple[tuple[str, str], Pair]], source: str) -> Synonym:
    weight = sum(pair.weight for _, pair in found)
    likeness = sum(pair.weight * pair.likeness for _, pair in found) / weight
    terms = max(found, key=lambda each: each[1].weight)[0]
    broad: dict[tuple[str, ...], float] = {}
    for (one, other), pair in found:
        if pair.broader:
            named = term_key(one), term_key(other)
            broad[named[0]] = broad.get(named[0], 0.0) + pair.weight
    one_way = [term for term in terms if broad.get(term_key(term), 0) > weight / 2]
    examples = sorted((pair for _, pair in found), key=lambda pair: -pair.weight)
    evidence = {
        "queries": [f"{pair.first} / {pair.second}" for pair in examples[:MOST_EXAMPLES]],
        "times": round(weight),
    }
    score = round(likeness * weight / (weight + HALF_SURE), 4)
    left, right = tuple(sorted(terms)), tuple[str, ...]()
    if one_way:
        left, right = (one_way[0],), tuple(term for term in terms if term != one_way[0])
    return Synonym(left, right, None, Status.PROPOSED, source, score, evidence)
