"""What a page is given and what it gives back."""

from collections.abc import Mapping
from dataclasses import Field, dataclass
from typing import Any, ClassVar, Protocol

from starlette.datastructures import QueryParams

from mercato.shop.opened import Shop
from mercato.web.events import Sent
from mercato.web.visit import Visit


@dataclass(frozen=True)
class Ask:
    """One request, read and checked.

    chooses : whether this browser may look through any shopper's eyes
    path_params : parts of the path by name
    form : fields of a form that was sent; empty for a page that is only looked at
    back : address of the page of this shop that it was sent from; else of the first one
    """

    shop: Shop
    visit: Visit
    chooses: bool
    path: str
    path_params: Mapping[str, str]
    query: QueryParams
    form: Mapping[str, str]
    back: str = "/"

    @property
    def currency(self) -> str:
        return self.shop.settings.shop.currency


class Context(Protocol):
    """All that a page's template reads, and its JSON twin shows: a frozen dataclass of plain
    values whose docstring says what they are."""

    template: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@dataclass(frozen=True)
class Revealed:
    """What an answer shows of persons: of one user, or of several."""

    asset: str
    user_id: str | None = None


@dataclass(frozen=True)
class Page:
    """events : what looking at the page says about the shopper
    revealed : what it shows of others; goes on record before it is shown
    leads_to : a page of this shop that is shown instead, to whoever opens it in a window
    """

    context: Context
    events: tuple[Sent, ...] = ()
    status: int = 200
    revealed: Revealed | None = None
    leads_to: str | None = None


@dataclass(frozen=True)
class Redirect:
    """To another page of this shop, with the visit as it is from now on.

    events  : durable before the redirect is answered
    notice  : a text for the small script, which shows it and stays where it is
    revealed : what the visit may see of others from now on
    """

    to: str
    visit: Visit
    events: tuple[Sent, ...] = ()
    notice: str = ""
    revealed: Revealed | None = None


@dataclass(frozen=True)
class Data:
    """An answer for the small script only."""

    value: object


Answer = Page | Redirect | Data
