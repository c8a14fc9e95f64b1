"""The basket, and what shoppers do to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from mercato.core.columns import Event, Placement
from mercato.core.errors import BadInput, NotFound
from mercato.web.asked import Ask, Page, Redirect
from mercato.web.basket import Basket
from mercato.web.cards import Card, card
from mercato.web.events import EventItem, Sent, sent
from mercato.web.forms import pieces, require
from mercato.web.pages.item import read_origin
from mercato.web.shelves import Shelf, shelf
from mercato.web.visit import random_id

_MOST_AT_ONCE = 12


@dataclass(frozen=True)
class Line:
    """total : of all pieces; None where the product has no price"""

    card: Card
    quantity: int
    total: float | None


@dataclass(frozen=True)
class Total:
    amount: float
    currency: str


@dataclass(frozen=True)
class BasketPage:
    """totals : of the lines with a price, one in each currency
    unpriced : pieces without a price
    order : a fresh id; a form that is sent twice with it counts as one purchase
    goes_with : None while the basket is empty
    """

    template: ClassVar[str] = "basket.html"
    lines: tuple[Line, ...]
    pieces: int
    totals: tuple[Total, ...]
    unpriced: int
    order: str
    goes_with: Shelf | None


def basket(ask: Ask) -> Page:
    lines = basket_lines(ask)
    goes_with = None
    if lines:
        cart = tuple(line.card.id for line in lines)
        title = ask.visit.language.text("shelf.goes_with")
        goes_with = shelf(ask, Placement.CART, title, cart=cart)
    return Page(
        BasketPage(
            lines=lines,
            pieces=sum(line.quantity for line in lines),
            totals=totals(lines),
            unpriced=sum(line.quantity for line in lines if line.total is None),
            order=random_id(),
            goes_with=goes_with,
        )
    )


def basket_lines(ask: Ask) -> tuple[Line, ...]:
    """The basket's products that the shop still sells, at today's prices."""
    catalogue = ask.shop.live.catalogue
    found = []
    for line in ask.visit.basket.lines:
        row = catalogue.row(line.item_id)
        if row is not None:
            shown = card(catalogue.item(row), ask.currency)
            each = shown.price.amount
            found.append(Line(shown, line.quantity, None if each is None else each * line.quantity))
    return tuple(found)


def totals(lines: tuple[Line, ...]) -> tuple[Total, ...]:
    """What the lines with a price cost together, currency by currency."""
    amounts: dict[str, float] = {}
    for line in lines:
        if line.total is not None:
            currency = line.card.price.currency
            amounts[currency] = amounts.get(currency, 0.0) + line.total
    return tuple(Total(amount, currency) for currency, amount in amounts.items())


def add(ask: Ask) -> Redirect:
    """``POST /basket/add``: item_id, quantity, and where the product was shown."""
    shown = _product(ask)
    if not shown.buyable:
        raise BadInput("a product in stock", f"{shown.title!r} out of stock", "Try another one.")
    before = ask.visit.basket
    after = before.add(shown.id, max(1, pieces(ask.form)))
    notice = ask.visit.language.text("basket.added", title=shown.title)
    return _changed(ask, shown, before, after, notice)


def add_all(ask: Ask) -> Redirect:
    """``POST /basket/add-all``: items, ids with their places on the shelf that they come from as
    ``id*place`` joined by dots (place 0: from nowhere), query_id and placement of that shelf."""
    lines = Basket.from_cookie(require(ask.form, "items"), least=0).lines
    if not 0 < len(lines) <= _MOST_AT_ONCE:
        found = f"{len(lines)} of them"
        raise BadInput(f"1 to {_MOST_AT_ONCE} products", found, "Add them one by one.")
    before, after, events = ask.visit.basket, ask.visit.basket, list[Sent]()
    for line in lines:
        shown = _shown(ask, line.item_id, {**ask.form, "position": str(line.quantity)})
        if shown.buyable:
            after = before.add(shown.id, 1)
            events += _events(ask, shown, after.quantity(shown.id) - before.quantity(shown.id))
            before = after
    notice = ask.visit.language.count("basket.added_all", len(events))
    return Redirect("/basket", replace(ask.visit, basket=after), tuple(events), notice)


def change(ask: Ask) -> Redirect:
    """``POST /basket/change``: item_id and its new quantity; 0 takes it out."""
    shown = _product(ask)
    before = ask.visit.basket
    return _changed(ask, shown, before, before.put(shown.id, pieces(ask.form)))


def check_out(ask: Ask) -> Redirect:
    """``POST /basket/checkout``: the purchase as one event; no money moves in this window."""
    lines = basket_lines(ask)
    if not lines:
        raise BadInput("something in the basket", "an empty basket", "Put a product in first.")
    order = require(ask.form, "order")
    if read_order(order) is None:
        raise BadInput("the order's id", "something else", "Check out from the basket's page.")
    bought = [
        EventItem(line.card.id, quantity=line.quantity, price=line.card.price.amount)
        for line in lines
    ]
    sums = totals(lines)
    paid = sums[0] if len(sums) == 1 else None
    purchase = sent(
        ask.visit,
        Event.PURCHASE,
        bought,
        event_id=order,
        transaction_id=order,
        currency=paid and paid.currency,
        value=paid and paid.amount,
    )
    return Redirect(
        f"/thanks?order={order}", replace(ask.visit, basket=Basket()), events=(purchase,)
    )


def read_order(text: str) -> str | None:
    """An order's id as `basket` makes them, else None."""
    fits = len(text) == 32 and all(each in "0123456789abcdef" for each in text)
    return text if fits else None


def _product(ask: Ask) -> Card:
    return _shown(ask, require(ask.form, "item_id"), ask.form)


def _shown(ask: Ask, item_id: str, origin: Mapping[str, str]) -> Card:
    """Raises NotFound for a product that the shop does not sell."""
    catalogue = ask.shop.live.catalogue
    row = catalogue.row(item_id)
    if row is None:
        raise NotFound("a product of this shop", repr(item_id), "Search for it by its name.")
    return card(catalogue.item(row), ask.currency, read_origin(origin))


def _changed(ask: Ask, shown: Card, before: Basket, after: Basket, notice: str = "") -> Redirect:
    return Redirect(
        "/basket",
        replace(ask.visit, basket=after),
        _events(ask, shown, after.quantity(shown.id) - before.quantity(shown.id)),
        notice,
    )


def _events(ask: Ask, shown: Card, more: int) -> tuple[Sent, ...]:
    if more == 0:
        return ()
    kind = Event.ADD_TO_CART if more > 0 else Event.REMOVE_FROM_CART
    line = EventItem(
        shown.id,
        quantity=abs(more),
        price=shown.price.amount,
        position=None if shown.origin is None else shown.origin.position,
    )
    return (sent(ask.visit, kind, [line], origin=shown.origin, currency=shown.price.currency),)
