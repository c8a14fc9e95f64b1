"""What a merchant asks of re-ranking."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reranking:
    """Each at its default changes nothing; shares are from 0 to 1.

    most_per_category : at most so many items of one leaf category on a shelf; 0: no cap
    most_per_group    : at most so many items of one group; 0: no cap
    variety           : 0: the likeliest first; 1: as different from each other as may be
    new_items         : share of places for what hardly anybody bought yet, where it fits
    explore           : share of places that show something further down, drawn by chance
    price_fit         : how much it counts that an item is priced as what the shopper buys
    """

    most_per_category: int = 0
    most_per_group: int = 0
    variety: float = 0.0
    new_items: float = 0.0
    explore: float = 0.0
    price_fit: float = 0.0


AS_RANKED = Reranking()
