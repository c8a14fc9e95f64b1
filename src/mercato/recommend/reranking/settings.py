"""What a merchant asks of re-ranking."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reranking:
    """Each at its default changes nothing."""


AS_RANKED = Reranking()
