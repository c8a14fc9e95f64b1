"""Which items a query finds, before filters, and how well each fits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.analysis import Word
from mercato.catalogue.catalogue import Catalogue
from mercato.core.errors import BadInput
from mercato.ranking.fusion import fuse
from mercato.search.request import Mode, SearchContext


@dataclass(frozen=True)
class Matches:
    """Living rows.

    rows   : (n,) int64, ascending
    scores : (n,) float32, higher is better
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


def mode_of(asked: str, context: SearchContext) -> Mode:
    """The mode that can be served: without a query's vector, words alone.

    Raises BadInput where meaning alone was asked for and there is no vector.
    """
    if context.query_vector is not None and context.catalogue.vectors is not None:
        return Mode(asked)
    if asked == Mode.SEMANTIC:
        raise BadInput(
            "a release with an encoder for mode=semantic", "none", "Ask with mode=lexical."
        )
    return Mode.LEXICAL


def everything(catalogue: Catalogue) -> Matches:
    """All living items, scored by their popularity: the answer to no words."""
    rows = catalogue.living
    return Matches(rows, catalogue.popularity[rows])


def matches(words: tuple[Word, ...], mode: Mode, context: SearchContext) -> Matches:
    """R before filters: rows with enough of the words, and the nearest rows by meaning.

    The nearest are at most ``semantic_most`` living rows above the release's threshold.
    """
    catalogue, calibration = context.catalogue, context.calibration
    found = np.zeros(catalogue.n_rows, bool)
    if mode is not Mode.SEMANTIC:
        text = catalogue.text.match(words, catalogue.alive)
        found[text.rows] = True
        if mode is Mode.LEXICAL:
            rows = np.flatnonzero(found)
            return Matches(rows, text.scores_of(rows) / np.float32(text.best or 1.0))
    vectors, query = catalogue.vectors, context.query_vector
    assert vectors is not None and query is not None
    cosines = vectors.cosines(query)
    near, _ = vectors.nearest_of(
        cosines, calibration.semantic_most, calibration.semantic_threshold, catalogue.alive
    )
    found[near] = True
    rows = np.flatnonzero(found)
    cosine = vectors.cosines_of(rows, cosines)
    if mode is Mode.SEMANTIC:
        return Matches(rows, cosine)
    known_share = text.n_known / len(words)
    scores = fuse(text.scores_of(rows), text.best, known_share, cosine, calibration)
    return Matches(rows, scores)
