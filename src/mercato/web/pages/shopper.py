"""Through whose eyes the window is seen: shoppers of the log, or somebody new."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.data.assets.histories import HISTORIES
from mercato.web.asked import Ask, Page, Redirect, Revealed
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
    context = ShopperPage(ask.visit.user_id, picks(ask.shop.live))
    return Page(context, revealed=Revealed(HISTORIES.name))


def become(ask: Ask) -> Redirect:
    """``POST /shopper``: user_id; an empty one is a new shopper."""
    user_id = ask.form.get("user_id", "").strip() or None
    revealed = None if user_id is None else Revealed(HISTORIES.name, user_id)
    return Redirect("/", ask.visit.shopping_as(user_id), revealed=revealed)
