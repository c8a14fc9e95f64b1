"""Which items a query finds, before filters, and how well each fits."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.query import n_words
from mercato.catalogue.text_matching import match
from mercato.catalogue.vectors import MOST_ROWS_EXACT
from mercato.core.errors import BadInput
from mercato.core.tracing import span
from mercato.ranking.evidence import Evidence
from mercato.ranking.fusion import ASKED_FOR, PREFERRED, fuse
from mercato.ranking.preferences import preferred
from mercato.ranking.understood import Understood
from mercato.search.request import Mode, SearchContext

RESCUE_SHARE = 0.75
"""Assumed: where nothing else is found, this share of the threshold by meaning is enough."""


@dataclass(frozen=True)
class Matches:
    """Living rows.

    rows   : (n,) int64, ascending
    scores : (n,) float32, higher is better
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """R before filters, and what it was found by."""

    matches: Matches
    evidence: Evidence


def mode_of(asked: str, context: SearchContext) -> Mode:
    """The mode that can be served: without a query's vector, words alone.

    Raises BadInput where meaning alone was asked for and there is no vector.
    """
    if context.encode is not None and context.catalogue.vectors is not None:
        return Mode(asked)
    if asked == Mode.SEMANTIC:
        raise BadInput(
            "a release with an encoder for mode=semantic", "none", "Ask with mode=lexical."
        )
    return Mode.LEXICAL


def everything(catalogue: Catalogue) -> Found:
    """All living items, scored by their popularity: the answer to no words."""
    rows = catalogue.living
    return Found(Matches(rows, catalogue.living_popularity), Evidence())


def matches(understood: Understood, mode: Mode, context: SearchContext) -> Found:
    """R before filters: rows with enough of the words, and the nearest rows by meaning.

    The nearest are at most ``semantic_most`` living rows above the release's threshold.
    """
    evidence = _evidence(understood, mode, context)
    found = np.zeros(context.catalogue.n_rows, bool)
    if evidence.text is not None:
        found[evidence.text.rows] = True
    found[_near(evidence, context, context.calibration.semantic_threshold)] = True
    found[list(understood.exact)] = True
    rows = np.flatnonzero(found)
    return Found(Matches(rows, _scores(rows, evidence, understood, context)), evidence)


def nearest_of_all(found: Found, understood: Understood, context: SearchContext) -> Found:
    """Where nothing was found: what is near enough by a lower threshold."""
    lower = context.calibration.semantic_threshold * RESCUE_SHARE
    rows = np.sort(_near(found.evidence, context, lower))
    scores = _scores(rows, found.evidence, understood, context)
    return replace(found, matches=Matches(rows, scores))


def _evidence(understood: Understood, mode: Mode, context: SearchContext) -> Evidence:
    catalogue = context.catalogue
    text, cosines = None, None
    if mode is not Mode.SEMANTIC:
        with span("match"):
            text = match(catalogue.text, understood.sought, catalogue.alive)
    if mode is Mode.SEMANTIC or (mode is Mode.HYBRID and understood.by_meaning):
        assert catalogue.vectors is not None and context.encode is not None
        with span("encode"):
            vector = context.encode(understood.text or understood.q)
        with span("match.vectors"):
            cosines = catalogue.vectors.cosines(vector)
    return Evidence(text, cosines)


def _near(evidence: Evidence, context: SearchContext, threshold: float) -> NDArray[np.int64]:
    vectors = context.catalogue.vectors
    if evidence.cosines is None or vectors is None:
        return np.zeros(0, np.int64)
    most = context.calibration.semantic_most
    rows, _ = vectors.nearest_of(evidence.cosines, most, threshold, context.catalogue.alive)
    return rows


def _scores(
    rows: NDArray[np.int64], evidence: Evidence, understood: Understood, context: SearchContext
) -> NDArray[np.float32]:
    """The first stage: by words, by meaning, or both fused, and a little for what is preferred
    and for the categories that are asked for; first what the query names."""
    scores = _fused(rows, evidence, understood, context)
    if any(not each.hard for each in understood.meant):
        scores += np.float32(PREFERRED) * preferred(rows, understood, context.catalogue)
    if understood.intent is not None:
        scores += np.float32(ASKED_FOR) * understood.intent.agreement(rows, context.catalogue)
    scores[np.isin(rows, understood.exact)] += 1
    return scores


def first_stage_parts(
    row: int, evidence: Evidence, understood: Understood, context: SearchContext
) -> dict[str, float]:
    """What the first stage's score of a row is made of; it is their sum."""
    rows, catalogue = np.array([row]), context.catalogue
    lexical = float(evidence.lexical(rows)[0])
    cosine = evidence.cosine(rows, catalogue)
    parts = {"words": lexical}
    if evidence.cosines is not None and evidence.text is None:
        parts = {"meaning": float(cosine[0])}
    elif evidence.cosines is not None and evidence.text is not None:
        known_share = evidence.text.n_known / max(n_words(understood.sought), 1)
        weight = (1 - context.calibration.semantic_weight) * known_share
        nearness = float(context.calibration.nearness(cosine)[0])
        parts = {"words": weight * lexical, "meaning": (1 - weight) * nearness}
    if any(not each.hard for each in understood.meant):
        parts["preferred"] = PREFERRED * float(preferred(rows, understood, catalogue)[0])
    if understood.intent is not None:
        agreement = float(understood.intent.agreement(rows, catalogue)[0])
        parts["category asked for"] = ASKED_FOR * agreement
    if row in understood.exact:
        parts["named by its code"] = 1.0
    return parts


def _fused(
    rows: NDArray[np.int64], evidence: Evidence, understood: Understood, context: SearchContext
) -> NDArray[np.float32]:
    lexical = evidence.lexical(rows)
    if evidence.cosines is None:
        return lexical
    cosine = evidence.cosine(rows, context.catalogue)
    if evidence.text is None:
        return cosine
    known_share = evidence.text.n_known / max(n_words(understood.sought), 1)
    scores = fuse(lexical, known_share, cosine, context.calibration)
    if evidence.cosines.texts is not None and len(rows) > MOST_ROWS_EXACT:
        best = np.argpartition(-scores, MOST_ROWS_EXACT)[:MOST_ROWS_EXACT]
        cosine = evidence.cosine(rows[best], context.catalogue)
        scores[best] = fuse(lexical[best], known_share, cosine, context.calibration)
    return scores
