"""What the first stage made of words and meaning."""

from mercato.ranking.features.asked import Asked
from mercato.ranking.features.family import Column, Family


def _compute(asked: Asked) -> list[Column]:
    return [asked.candidates.scores]


FIRST_STAGE = Family("first stage", {"score": "The score of the first stage"}, _compute)
