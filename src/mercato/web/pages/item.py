"""The page of one product."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from mercato.core.columns import (
    ATTRIBUTES,
    BRAND,
    COLOR,
    DESCRIPTION,
    GTIN,
    ID,
    MATERIAL,
    PRODUCT_TYPE,
    SIZE,
    STORE_ID,
    Event,
    Placement,
)
from mercato.core.errors import NotFound
from mercato.web.asked import Ask, Page
from mercato.web.bundles import Bundle, bundle
from mercato.web.cards import QUERY_ID, Card, Origin, card
from mercato.web.departments import crumbs
from mercato.web.events import EventItem, Sent, sent
from mercato.web.links import item_path
from mercato.web.recently import recently
from mercato.web.shelves import Shelf, shelf

_MOST_VARIANTS = 12
_MOST_SEEN = 6
_FACTS = (ID, BRAND, SIZE, COLOR, MATERIAL, GTIN, STORE_ID)
_PLACEMENT = re.compile(r"[a-z-]{1,32}")


@dataclass(frozen=True)
class Fact:
    """ours : whether ``fact.<name>`` is a text of ours; an attribute goes by its own name"""

    name: str
    value: str
    ours: bool


@dataclass(frozen=True)
class Variant:
    """differs : facts that this product does not share with the one shown"""

    card: Card
    differs: tuple[Fact, ...]


@dataclass(frozen=True)
class ItemPage:
    """canonical : the page's address without the way by which it was found
    crumbs : (name, address) of the category's levels
    variants : other products of the same group
    shelves : without those that would be empty
    bundle : it and what is bought with it; None where there is none
    seen : what this browser looked at before
    """

    template: ClassVar[str] = "item.html"
    card: Card
    canonical: str
    description: str
    crumbs: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]
    variants: tuple[Variant, ...]
    in_basket: int
    shelves: tuple[Shelf, ...]
    bundle: Bundle | None
    seen: tuple[Card, ...]


def item(ask: Ask) -> Page:
    """Raises NotFound for a product that the shop does not (or no longer) sell."""
    live = ask.shop.live
    item_id = ask.path_params["item_id"]
    row = live.catalogue.row(item_id)
    if row is None:
        raise NotFound("a product of this shop", repr(item_id), "Search for it by its name.")
    found = live.catalogue.item(row)
    origin = read_origin(ask.query)
    shown = card(found, ask.currency, origin)
    text = ask.visit.language.text
    together = shelf(ask, Placement.ITEM_TOGETHER, text("shelf.together"), item_id=item_id)
    shelves = (
        together,
        shelf(ask, Placement.ITEM_SIMILAR, text("shelf.similar"), item_id=item_id),
    )
    context = ItemPage(
        card=shown,
        canonical=item_path(item_id),
        description=found.get(DESCRIPTION) or "",
        crumbs=crumbs(found.get(PRODUCT_TYPE) or ""),
        facts=facts_of(found),
        variants=_variants(ask, row),
        in_basket=ask.visit.basket.quantity(item_id),
        shelves=tuple(each for each in shelves if each.cards),
        bundle=bundle(shown, together),
        seen=recently(ask, _MOST_SEEN, but=item_id).cards,
    )
    return Page(context, _events(ask, shown))


def read_origin(fields: Mapping[str, str]) -> Origin | None:
    """Where a link or a form says that the product was shown; None where it says nothing true."""
    query_id, placement = fields.get("query_id", ""), fields.get("placement", "")
    position = fields.get("position", "")
    fits = (
        QUERY_ID.fullmatch(query_id)
        and _PLACEMENT.fullmatch(placement)
        and re.fullmatch(r"[1-9][0-9]{0,5}", position)
    )
    return Origin(query_id, placement, int(position)) if fits else None


def _events(ask: Ask, shown: Card) -> tuple[Sent, ...]:
    """A view; and a click, if the shopper came by a shown answer: once, however often reloaded."""
    visit, origin = ask.visit, shown.origin
    line = EventItem(shown.id, price=shown.price.amount)
    view = sent(visit, Event.VIEW_ITEM, [line], origin=origin)
    if origin is None:
        return (view,)
    clicked = uuid5(NAMESPACE_URL, f"{visit.visitor_id}/{origin.query_id}/{shown.id}").hex
    line = EventItem(shown.id, price=shown.price.amount, position=origin.position)
    return sent(visit, Event.SELECT_ITEM, [line], event_id=clicked, origin=origin), view


def facts_of(found: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What a page says of an item in canonical columns."""
    facts = [Fact(name, str(found[name]), True) for name in _FACTS if found.get(name)]
    attributes = found.get(ATTRIBUTES) or {}
    facts += [Fact(name, _words(value), False) for name, value in attributes.items()]
    return tuple(facts)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _variants(ask: Ask, row: int) -> tuple[Variant, ...]:
    """The other products of the row's group, the most bought first."""
    catalogue = ask.shop.live.catalogue
    same = (catalogue.group == catalogue.group[row]) & catalogue.alive
    same[row] = False
    shared = set(facts_of(catalogue.item(row)))
    others = (catalogue.item(int(each)) for each in np.flatnonzero(same)[:_MOST_VARIANTS])
    return tuple(
        Variant(
            card(other, ask.currency),
            tuple(fact for fact in facts_of(other) if fact not in shared),
        )
        for other in others
    )
