"""The basket: a value that lives in a cookie, so that every replica can serve it."""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from mercato.core.errors import BadInput

MOST_PIECES = 99
"""Pieces of one product in a basket."""

MOST_BYTES = 3_500
"""Length of the basket's cookie; browsers keep at least 4,096 bytes a cookie (RFC 6265 §6.1)."""


@dataclass(frozen=True)
class BasketLine:
    item_id: str
    quantity: int


@dataclass(frozen=True)
class Basket:
    """Lines in the order in which they were added; each product once."""

    lines: tuple[BasketLine, ...] = ()

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def item_ids(self) -> tuple[str, ...]:
        return tuple(line.item_id for line in self.lines)

    def quantity(self, item_id: str) -> int:
        """Pieces of a product; 0 of one that is not in the basket."""
        return next((line.quantity for line in self.lines if line.item_id == item_id), 0)

    def put(self, item_id: str, quantity: int) -> "Basket":
        """The basket with exactly so many pieces of a product; 0 takes it out.

        Raises BadInput where the basket would no longer fit into its cookie.
        """
        kept = min(quantity, MOST_PIECES)
        line = BasketLine(item_id, kept)
        known = item_id in self.item_ids
        lines = [line if each.item_id == item_id else each for each in self.lines]
        basket = Basket(
            tuple(each for each in (lines if known else [*lines, line]) if each.quantity > 0)
        )
        if len(basket.cookie()) > MOST_BYTES:
            raise BadInput(
                "a basket that fits into a cookie",
                f"{len(basket.lines)} different products",
                "Check out first, or take something out.",
            )
        return basket

    def add(self, item_id: str, quantity: int) -> "Basket":
        return self.put(item_id, self.quantity(item_id) + quantity)

    def cookie(self) -> str:
        """``id*pieces`` joined by ``.``; what else stands in an id is percent-encoded."""
        return ".".join(f"{quoted(line.item_id)}*{line.quantity}" for line in self.lines)

    @classmethod
    def from_cookie(cls, text: str, least: int = 1) -> "Basket":
        """Read `cookie` back. What does not fit, or is of less than ``least`` pieces, is left out:
        the shopper may have edited it."""
        lines: dict[str, int] = {}
        for part in text[:MOST_BYTES].split("."):
            item_id, _, quantity = part.rpartition("*")
            if item_id and quantity.isascii() and quantity.isdigit() and int(quantity) >= least:
                lines[unquote(item_id)] = min(int(quantity), MOST_PIECES)
        return cls(tuple(BasketLine(*line) for line in lines.items()))


def quoted(item_id: str) -> str:
    """An id as it may stand in a cookie between dots."""
    return quote(item_id, safe="").replace(".", "%2E")
