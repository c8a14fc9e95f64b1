"""Facets and filter chips of a listing, as pages show them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mercato.core.columns import AVAILABILITY, PATH_SEPARATOR, PRICE, PRODUCT_TYPE
from mercato.web.languages import Language
from mercato.web.links import FACETS, Listing
from mercato.web.money import money

_SHOWN = 8
"""Values of a facet that stand open; the rest unfold."""

_MOST = 60
"""Values that a page carries; a longer list is no help to anybody."""


@dataclass(frozen=True)
class FacetValue:
    """url : the listing with this value chosen, or no longer chosen"""

    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """shown, more : values that stand open, and those that unfold"""

    name: str
    title: str
    shown: tuple[FacetValue, ...]
    more: tuple[FacetValue, ...]


@dataclass(frozen=True)
class Chip:
    """An active filter; url : the listing without it"""

    label: str
    url: str


@dataclass(frozen=True)
class Labels:
    """How values read in a language; ``currency`` for the ranges of prices."""

    language: Language
    currency: str

    def of(self, name: str, value: str) -> str:
        """The label of a chosen value of one of `FACETS`."""
        field = FACETS[name]
        if field == PRICE:
            return self._price(value)
        if field == PRODUCT_TYPE:
            return value.rpartition(PATH_SEPARATOR)[2]
        if field == AVAILABILITY:
            return self.language.texts.get(f"availability.{value}", value)
        return value

    def _price(self, label: str) -> str:
        """A range's label as the facet counts it: ``..<5``, ``5..<10``, ``50..``; or an amount."""
        low, dots, high = label.partition("..")
        high = high.removeprefix("<")
        try:
            ends = [self._money(end) if end else "" for end in (low, high)]
        except ValueError:
            return label
        if not dots:
            return ends[0]
        key = "between" if all(ends) else "from" if ends[0] else "under"
        return self.language.text(f"price.{key}", low=ends[0], high=ends[1])

    def _money(self, amount: str) -> str:
        return money(float(amount), self.currency, self.language.code, whole=True)


def facets(
    listing: Listing, counts: Mapping[str, Mapping[str, int]], labels: Labels
) -> tuple[Facet, ...]:
    """The facets with a choice to offer: more than one value, or a chosen one."""
    made = (_facet(listing, name, counts.get(field, {}), labels) for name, field in FACETS.items())
    return tuple(each for each in made if each is not None)


def _facet(listing: Listing, name: str, counts: Mapping[str, int], labels: Labels) -> Facet | None:
    if name == "category":
        values = tuple(_below(listing, counts))
    else:
        chosen = listing.values(name)
        gone = (value for value in chosen if value not in counts)
        order = [*gone, *(counts if name == "price" else _fullest(counts, chosen))]
        values = tuple(
            FacetValue(
                labels.of(name, value),
                counts.get(value, 0),
                listing.toggled(name, value).url(),
                value in chosen,
            )
            for value in order
        )
        if len(values) < 2 and not chosen:
            return None
    if not values:
        return None
    shown = len(values) if name == "price" else _SHOWN
    title = labels.language.text(f"facet.{name}")
    return Facet(name, title, values[:shown], values[shown:_MOST])


def _fullest(counts: Mapping[str, int], chosen: tuple[str, ...]) -> list[str]:
    """Chosen values first, then by falling count; ties by name."""
    return sorted(counts, key=lambda value: (value not in chosen, -counts[value], value.lower()))


def _below(listing: Listing, counts: Mapping[str, int]) -> Iterator[FacetValue]:
    """The categories one level below the chosen one."""
    prefix = "" if listing.category is None else listing.category + PATH_SEPARATOR
    names = (
        path
        for path in counts
        if path.startswith(prefix) and PATH_SEPARATOR not in path[len(prefix) :]
    )
    for path in sorted(names, key=lambda path: (-counts[path], path)):
        yield FacetValue(path[len(prefix) :], counts[path], listing.within(path).url(), False)


def chips(listing: Listing, labels: Labels) -> tuple[Chip, ...]:
    """Everything that narrows the listing, each with the way to take it off."""
    return tuple(_chips(listing, labels))


def _chips(listing: Listing, labels: Labels) -> Iterator[Chip]:
    for name, value in listing.chosen:
        if name == "category" and listing.path == "/browse":
            continue  # it is what the page is about; its breadcrumbs lead out
        less = listing.toggled(name, value)
        if name == "category" and PATH_SEPARATOR in value:
            less = listing.within(value.rpartition(PATH_SEPARATOR)[0])
        yield Chip(labels.of(name, value), less.url())
    if listing.low or listing.high:
        less = replace(listing, low="", high="", page=1)
        yield Chip(labels.of("price", f"{listing.low}..{listing.high}"), less.url())
    for expression in listing.filters:
        rest = tuple(each for each in listing.filters if each != expression)
        yield Chip(expression, replace(listing, filters=rest, page=1).url())
