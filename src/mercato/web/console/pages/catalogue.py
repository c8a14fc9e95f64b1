"""The catalogue: how well products are described, what is never met or bought, what was refused."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.columns import PATH_SEPARATOR
from mercato.core.roles import Permission
from mercato.shop.catalogue_lab import CatalogueRead, catalogue_read
from mercato.shop.opened import Live
from mercato.shop.product_map import WIDE, Bubble, product_map
from mercato.web.cards import Card, card
from mercato.web.console.asked import ROOT, Ask, Page
from mercato.web.console.figures import Figure, Kind, Measure
from mercato.web.links import listing_path

PATH = f"{ROOT}/catalogue"

_MAP_HEIGHT = 560
_HUES = 8
_FEWEST = 4
"""Signs of a label that still say something."""

_SIGN = 6.4
"""Pixels that a sign of a label takes."""


@dataclass(frozen=True)
class Spot:
    """A category on the map, in pixels of its drawing.

    name : without the levels above it; label : what fits into the bubble, empty where nothing does
    hue  : of its department, 0 to 7
    bought : share of its products that were bought; near : the category that reads most like it
    url  : of its products in the storefront
    """

    name: str
    department: str
    items: int
    bought: float
    near: str
    x: float
    y: float
    radius: float
    hue: int
    label: str
    url: str


@dataclass(frozen=True)
class CataloguePage:
    """worst : products whose entries lack most, and what they lack
    idle : products that are looked at and not bought: impressions, looks
    unmet : some of those that nobody ever met
    doubles : pairs that read alike, and how much
    map : of the largest categories, near where their products read alike; see `shop.product_map`
    """

    template: ClassVar[str] = "console/catalogue.html"
    read: CatalogueRead
    worst: tuple[tuple[Card, int, tuple[str, ...]], ...]
    idle: tuple[tuple[Card, int, int], ...]
    unmet: tuple[Card, ...]
    doubles: tuple[tuple[Card, Card, float], ...]
    may_mend: bool
    map: tuple[Spot, ...]
    wide: int = round(_MAP_HEIGHT * WIDE)
    high: int = _MAP_HEIGHT


def catalogue(ask: Ask) -> Page:
    found, live = catalogue_read(ask.shop), ask.shop.live
    unmet = (_card(ask, live, each) for each in found.unmet)
    doubles = (
        (_card(ask, live, each.item_id), _card(ask, live, each.other_id), each.similarity)
        for each in found.doubles
    )
    context = CataloguePage(
        read=found,
        worst=tuple(
            (shown, each.score, each.lacks)
            for each in found.worst
            if (shown := _card(ask, live, each.item_id)) is not None
        ),
        idle=tuple(
            (shown, each.impressions, each.views)
            for each in found.idle
            if (shown := _card(ask, live, each.item_id)) is not None
        ),
        unmet=tuple(each for each in unmet if each is not None),
        doubles=tuple(
            (one, other, how)
            for one, other, how in doubles
            if one is not None and other is not None
        ),
        may_mend=Permission.ITEMS in ask.may,
        map=_spots(product_map(ask.shop)),
    )
    return Page(context, _figures(ask, found))


def _spots(bubbles: tuple[Bubble, ...]) -> tuple[Spot, ...]:
    departments = [each.path.partition(PATH_SEPARATOR)[0] for each in bubbles]
    hues = {name: at % _HUES for at, name in enumerate(dict.fromkeys(departments))}
    return tuple(
        _spot(each, department, hues[department])
        for each, department in zip(bubbles, departments, strict=True)
    )


def _spot(each: Bubble, department: str, hue: int) -> Spot:
    name = each.path.rpartition(PATH_SEPARATOR)[2]
    radius = _MAP_HEIGHT * each.radius
    fits = int(2 * radius / _SIGN)
    return Spot(
        name,
        department,
        each.items,
        each.bought / each.items,
        each.nearest.rpartition(PATH_SEPARATOR)[2],
        round(_MAP_HEIGHT * each.x, 1),
        round(_MAP_HEIGHT * each.y, 1),
        round(radius, 1),
        hue,
        name if len(name) <= fits else f"{name[: fits - 1]}…" if fits > _FEWEST else "",
        listing_path(each.path),
    )


def _card(ask: Ask, live: Live, item_id: str) -> Card | None:
    row = live.catalogue.row(item_id)
    return None if row is None else card(live.catalogue.item(row), ask.currency)


def _figures(ask: Ask, found: CatalogueRead) -> dict[str, Figure]:
    text = ask.language.text
    figures = {}
    if found.lacking:
        figures["lacking"] = Figure(
            Kind.BARS,
            Measure.SHARE,
            (text("console.catalogue.part"), text("console.catalogue.lack")),
            tuple((text(f"quality.part.{name}"), share) for name, share in found.lacking),
            text("console.catalogue.says_lacking"),
        )
    if found.departments:
        figures["departments"] = Figure(
            Kind.BARS,
            Measure.COUNT,
            tuple(text(f"console.catalogue.{each}") for each in ("department", "items", "bought")),
            tuple((each.name, each.items, each.bought) for each in found.departments),
            text("console.catalogue.says_departments"),
        )
    return figures
