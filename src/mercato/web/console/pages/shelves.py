"""The shelf lab: what a shelf shows to somebody, what brought each product, and what moved it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import ClassVar
from urllib.parse import urlencode

from mercato.core.columns import TITLE, Placement
from mercato.core.errors import BadInput
from mercato.core.roles import Permission
from mercato.data.assets.histories import HISTORIES
from mercato.recommend.request import NARROWED_BY
from mercato.shop.opened import Live
from mercato.shop.shelf import Card as Shown
from mercato.shop.shelf import ShelfCall
from mercato.shop.shelf_lab import Looked, look
from mercato.web.asked import Revealed
from mercato.web.cards import Card, card
from mercato.web.console.asked import ROOT, Ask, Page
from mercato.web.departments import departments
from mercato.web.reasons import reason_text
from mercato.web.shoppers import Pick, picks

PATH = f"{ROOT}/shelves"

SHOWN = 12
_LONGEST_SESSION = 20
_OF_ITEM = (Placement.ITEM_SIMILAR, Placement.ITEM_TOGETHER)
_TABS = tuple(each for each in Placement if each not in (Placement.STORE, Placement.EMAIL))
_DEPARTMENTS = 12


@dataclass(frozen=True)
class Stood:
    """One product on a shelf.

    plain  : its place without re-ranking and rules; None where it would not stand there
    other  : the same on the other side of a comparison
    look   : this page after the shopper looked at it
    """

    position: int
    card: Card
    score: float
    retriever: str
    plain: int | None
    other: int | None
    look: str


@dataclass(frozen=True)
class ShelvesPage:
    """placements : (name, address, whether it is the one shown)
    session   : (id, title) of what was looked at, the last one last
    without   : this page without the session
    needs     : what the placement needs and lacks: ``item`` or ``category``; empty otherwise
    fallback  : the retriever that had to fill the shelf; empty where none had to
    reranking : what the merchant asks of re-ranking, by its name in shop.toml
    other     : products of the release that is compared with, with their places here
    shoppers  : to see it through the eyes of; empty for those who may not
    """

    template: ClassVar[str] = "console/shelves.html"
    placement: str
    placements: tuple[tuple[str, str, bool], ...]
    user_id: str
    item: str
    category: str
    release: str
    releases: tuple[int, ...]
    session: tuple[tuple[str, str], ...]
    without: str
    needs: str
    shelf: tuple[Stood, ...]
    fallback: str
    reranking: Mapping[str, float]
    other: tuple[tuple[int, Card, int | None], ...]
    shoppers: tuple[Pick, ...]
    may_pick: bool
    categories: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Asked:
    """The page's parameters, checked."""

    placement: Placement
    user_id: str
    item: str
    category: str
    release: str
    viewed: tuple[str, ...]

    @classmethod
    def of(cls, ask: Ask) -> "_Asked":
        def text(name: str) -> str:
            return ask.query.get(name, "").strip()

        return cls(
            _placement(text("placement") or Placement.HOME),
            ask.shopper(),
            text("item"),
            text("category"),
            text("release"),
            tuple(ask.query.getlist("viewed"))[-_LONGEST_SESSION:],
        )

    def url(self, **changed: str | tuple[str, ...]) -> str:
        said: dict[str, str | tuple[str, ...]] = {**vars(self), **changed}
        pairs = [
            (name, each)
            for name, value in said.items()
            for each in (value if isinstance(value, tuple) else (value,))
            if each
        ]
        return f"{PATH}?{urlencode(pairs)}"

    @property
    def needs(self) -> str:
        if self.placement in _OF_ITEM and not self.item:
            return "item"
        return "category" if self.placement in NARROWED_BY and not self.category else ""

    def call(self) -> ShelfCall:
        return ShelfCall(
            self.placement,
            user_id=self.user_id or None,
            item_id=self.item or None,
            cart=self.viewed if self.placement is Placement.CART else (),
            n=SHOWN,
            distinct=True,
            category=self.category or None,
        )


def shelf_lab(ask: Ask) -> Page:
    """Parameters: ``placement``, ``user_id``, ``item``, ``category``, ``viewed`` (repeatable, the
    last one last), ``release`` to compare with."""
    asked = _Asked.of(ask)
    live, may_pick = ask.shop.live, Permission.SHOPPERS in ask.may
    found = None if asked.needs else look(ask.shop, live, asked.call(), asked.viewed)
    other = _other(ask, asked)
    places = {each.id: place for place, each in enumerate(other, 1)}
    context = ShelvesPage(
        placement=asked.placement,
        placements=tuple(
            (each, asked.url(placement=each), each is asked.placement) for each in _TABS
        ),
        user_id=asked.user_id,
        item=asked.item,
        category=asked.category,
        release=asked.release,
        releases=tuple(n for n in reversed(ask.shop.releases.numbers()) if n != live.number),
        session=tuple((each, _title(live, each)) for each in asked.viewed),
        without=asked.url(viewed=()),
        needs=asked.needs,
        shelf=() if found is None else _stood(ask, asked, found, places),
        fallback=(found and found.shelf.fallback) or "",
        reranking={} if found is None else asdict(found.reranking),
        other=_beside(ask, other, found),
        shoppers=picks(live) if may_pick else (),
        may_pick=may_pick,
        categories=tuple(
            (each.name, each.path) for each in departments(live.catalogue)[:_DEPARTMENTS]
        ),
    )
    of = asked.user_id or None
    return Page(context, revealed=Revealed(HISTORIES.name, of) if may_pick else None)


def _placement(name: str) -> Placement:
    if name not in list(Placement):
        known = ", ".join(Placement)
        raise BadInput(f"a placement out of {known}", repr(name), "Choose one of them.")
    return Placement(name)


def _other(ask: Ask, asked: _Asked) -> Sequence[Shown]:
    if not asked.release or asked.needs:
        return ()
    if not (asked.release.isascii() and asked.release.isdigit()):
        raise BadInput("a release's number", repr(asked.release), "Choose one of the list.")
    live = ask.look.at(int(asked.release))
    return look(ask.shop, live, asked.call(), asked.viewed).shelf.cards


def _stood(ask: Ask, asked: _Asked, found: Looked, places: Mapping[str, int]) -> tuple[Stood, ...]:
    live = ask.shop.live
    now = live.clock.now(ask.shop.wall())
    plain = {each.id: place for place, each in enumerate(found.plain.cards, 1)}
    return tuple(
        Stood(
            position=place,
            card=card(
                each.item,
                ask.currency,
                reason=reason_text(
                    each.reason, ask.language, live.catalogue, now, asked.item or None
                ),
            ),
            score=each.score,
            retriever=each.retriever,
            plain=plain.get(each.id),
            other=places.get(each.id),
            look=asked.url(viewed=(*asked.viewed, each.id)),
        )
        for place, each in enumerate(found.shelf.cards, 1)
    )


def _beside(
    ask: Ask, other: Sequence[Shown], found: Looked | None
) -> tuple[tuple[int, Card, int | None], ...]:
    here = () if found is None else found.shelf.cards
    places = {each.id: place for place, each in enumerate(here, 1)}
    return tuple(
        (place, card(each.item, ask.currency), places.get(each.id))
        for place, each in enumerate(other, 1)
    )


def _title(live: Live, item_id: str) -> str:
    row = live.catalogue.row(item_id)
    return item_id if row is None else str(live.catalogue.item(row)[TITLE])
