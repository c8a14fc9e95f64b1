"""The order in which a stage's candidates are picked."""

from mercato.recommend.asked import Asked
from mercato.recommend.reranking.ranked import Ranked
from mercato.recommend.reranking.settings import Reranking


def rerank(found: Ranked, asked: Asked, settings: Reranking) -> Ranked:
    """Candidates as ranked → as they are picked; some may be left out, none is added."""
    return found
