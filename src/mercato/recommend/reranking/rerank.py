"""The order in which a stage's candidates are picked."""

import numpy as np

from mercato.recommend.asked import Asked
from mercato.recommend.reranking.price import price_factors
from mercato.recommend.reranking.ranked import Ranked
from mercato.recommend.reranking.settings import Reranking
from mercato.recommend.reranking.variety import varied


def rerank(found: Ranked, asked: Asked, settings: Reranking) -> Ranked:
    """Candidates as ranked → as they are picked; some may be left out, none is added."""
    if len(found.rows) == 0:
        return found
    if settings.price_fit > 0:
        found = _priced(found, asked, settings.price_fit)
    if settings.variety > 0:
        found = varied(found, asked, settings.variety)
    return found


def _priced(found: Ranked, asked: Asked, strength: float) -> Ranked:
    priced = found._replace(scores=found.scores * price_factors(asked, found.rows, strength))
    return priced.at(np.argsort(-priced.scores, kind="stable"))
