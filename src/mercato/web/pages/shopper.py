"""Through whose eyes the window is seen: shoppers of the log, or somebody new."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.data.assets.histories import HISTORIES
from mercato.web.asked import Ask, Page, Redirect, Revealed
from mercato.web.security import Forbidden
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
    _require_choice(ask)
    context = ShopperPage(ask.visit.user_id, picks(ask.shop.live))
    return Page(context, revealed=Revealed(HISTORIES.name))


def become(ask: Ask) -> Redirect:
    """``POST /shopper``: user_id; an empty one is a new shopper."""
    _require_choice(ask)
    user_id = ask.form.get("user_id", "").strip() or None
    revealed = None if user_id is None else Revealed(HISTORIES.name, user_id)
    return Redirect("/", ask.visit.shopping_as(user_id), revealed=revealed)


def _require_choice(ask: Ask) -> None:
    """Raises Forbidden where whoever asks may be on another machine: what somebody bought is
    nobody else's business."""
    if not ask.chooses:
        raise Forbidden(
            "a browser on the machine that serves this shop",
            "one that may be on another",
            "Open the shop there, or through a tunnel to its port; the console's shelf lab shows "
            "shoppers to whoever may see them.",
        )
