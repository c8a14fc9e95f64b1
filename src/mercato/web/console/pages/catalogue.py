"""The catalogue: how well products are described, what is never met or bought, what was refused."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.shop.catalogue_lab import CatalogueRead, catalogue_read
from mercato.shop.opened import Live
from mercato.web.cards import Card, card
from mercato.web.console.asked import ROOT, Ask, Page
from mercato.web.console.figures import Figure, Kind, Measure

PATH = f"{ROOT}/catalogue"


@dataclass(frozen=True)
class CataloguePage:
    """worst : products whose entries lack most, and what they lack
    idle : products that are looked at and not bought: impressions, looks
    """

    template: ClassVar[str] = "console/catalogue.html"
    read: CatalogueRead
    worst: tuple[tuple[Card, int, tuple[str, ...]], ...]
    idle: tuple[tuple[Card, int, int], ...]


def catalogue(ask: Ask) -> Page:
    found, live = catalogue_read(ask.shop), ask.shop.live
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
    )
    return Page(context, _figures(ask, found))


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
