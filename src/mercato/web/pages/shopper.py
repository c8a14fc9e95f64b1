"""Through whose eyes the window is seen: shoppers of the log, or somebody new."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.web.asked import Ask, Page, Redirect
from mercato.web.shoppers import Pick, picks


@dataclass(frozen=True)
class ShopperPage:
    """user_id : None for a new shopper
    picks : shoppers with habits that differ from each other's
    """

    template: ClassVar[str] = "shopper.html"
    user_id: str | None
    picks: tuple[Pick, ...]


def shopper(ask: Ask) -> Page:
    return Page(ShopperPage(ask.visit.user_id, picks(ask.shop.live)))


def become(ask: Ask) -> Redirect:
    """``POST /shopper``: user_id; an empty one is a new shopper."""
    user_id = ask.form.get("user_id", "").strip() or None
    return Redirect("/", ask.visit.shopping_as(user_id))
