"""What a page of the console is given and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import QueryParams

from mercato.core.roles import Permission
from mercato.shop.opened import Shop
from mercato.shop.release_preview import ReleaseLook
from mercato.shop.rules import By
from mercato.web.asked import Context, Revealed
from mercato.web.console.access.door import LacksRole
from mercato.web.console.figures import Figure
from mercato.web.languages import Language

ROOT = "/console"


@dataclass(frozen=True)
class Ask:
    """One request of somebody who may make it.

    form  : fields of a form that was sent; empty for a page that is only looked at
    origin : where this shop was asked, as ``https://shop.example``
    by    : who asks, for logs of what was changed
    may   : what the person may do besides
    look  : opens other releases to compare with
    """

    shop: Shop
    language: Language
    path: str
    path_params: Mapping[str, str]
    query: QueryParams
    form: Mapping[str, str]
    origin: str
    by: By
    may: frozenset[Permission]
    look: ReleaseLook

    @property
    def currency(self) -> str:
        return self.shop.settings.shop.currency

    def shopper(self) -> str:
        """The shopper whom the address names; empty where it names none. Raises LacksRole for
        those who may not see what one shopper did."""
        user_id = self.query.get("user_id", "").strip()
        if user_id and Permission.SHOPPERS not in self.may:
            raise LacksRole(
                f"somebody who may see {Permission.SHOPPERS}",
                self.by.actor,
                "Leave the shopper out, or ask an owner for another role.",
            )
        return user_id


@dataclass(frozen=True)
class Page:
    """figures : charts of the page by name; each is drawn under the page's address with ``.svg``
    revealed : what the page shows of persons; goes on record before it is shown
    """

    context: Context
    figures: Mapping[str, Figure] = field(default_factory=dict)
    status: int = 200
    revealed: Revealed | None = None


@dataclass(frozen=True)
class Redirect:
    """To a page of the console, after a form was taken.

    said : a key of ``console.said``, told on the page
    """

    to: str
    said: str = ""


@dataclass(frozen=True)
class Entry:
    """A page as the console knows it.

    name : of its texts, ``console.title.<name>`` and ``console.what.<name>``
    in_nav : whether it stands in the navigation; others are reached from one that does
    example : what the gallery adds to the address
    """

    name: str
    path: str
    make: Callable[[Ask], Page]
    permission: Permission = Permission.LOOK
    in_nav: bool = True
    example: str = ""


@dataclass(frozen=True)
class Form:
    """Where a form is sent to, who takes it, and what one must be allowed for it.

    take : gives a page itself where that shows what may stand in no address
    """

    path: str
    take: Callable[[Ask], Redirect] | Callable[[Ask], Page]
    permission: Permission

    @property
    def name(self) -> str:
        """Of the page that the form stands on."""
        return self.path.removeprefix(f"{ROOT}/").partition("/")[0]
