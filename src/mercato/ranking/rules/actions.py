"""What a rule does, a class each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from mercato.catalogue.filters import Filter, parse
from mercato.core.errors import BadInput
from mercato.ranking.rules.fields import Fields
from mercato.ranking.rules.selections import FIELDS as SELECTION
from mercato.ranking.rules.selections import Selection

LAST_POSITION = 1_000
"""The last place at which an item can be pinned."""

STRONGEST = 1_000.0
"""The greatest factor of a boost; that of a bury is at least one over it."""


@dataclass(frozen=True)
class Pin:
    """The item joins the results and stands at its position, counted from 1."""

    item: str
    position: int

    known: ClassVar = ("item", "position")

    @classmethod
    def read(cls, found: Fields) -> "Pin":
        return cls(found.text("item"), found.whole("position", 1, LAST_POSITION))

    def to_json(self) -> dict[str, Any]:
        return {"type": "pin", "item": self.item, "position": self.position}


@dataclass(frozen=True)
class Weigh:
    """Scores of the selected items are multiplied: above 1 a boost, below 1 a bury."""

    selection: Selection
    factor: float

    known: ClassVar = (*SELECTION, "factor")

    @classmethod
    def read_boost(cls, found: Fields) -> "Weigh":
        factor = found.number("factor")
        if not 1 < factor <= STRONGEST:
            expected = f"a factor above 1, at most {STRONGEST:g}"
            raise BadInput(f"{expected}, in {found.where}", f"{factor:g}", "A bury takes less.")
        return cls(Selection.read(found), factor)

    @classmethod
    def read_bury(cls, found: Fields) -> "Weigh":
        factor = found.number("factor")
        if not 1 / STRONGEST <= factor < 1:
            expected = f"a factor below 1, at least {1 / STRONGEST:g}"
            raise BadInput(f"{expected}, in {found.where}", f"{factor:g}", "A boost takes more.")
        return cls(Selection.read(found), factor)

    @property
    def kind(self) -> str:
        return "boost" if self.factor > 1 else "bury"

    def to_json(self) -> dict[str, Any]:
        return {"type": self.kind, **self.selection.to_json(), "factor": self.factor}


@dataclass(frozen=True)
class Hide:
    """The selected items are not found."""

    selection: Selection

    known: ClassVar = SELECTION

    @classmethod
    def read(cls, found: Fields) -> "Hide":
        return cls(Selection.read(found))

    def to_json(self) -> dict[str, Any]:
        return {"type": "hide", **self.selection.to_json()}


@dataclass(frozen=True)
class Narrow:
    """Only items that pass the filter are found."""

    filter: Filter

    known: ClassVar = ("filter",)

    @classmethod
    def read(cls, found: Fields) -> "Narrow":
        return cls(parse(found.text("filter")))

    def to_json(self) -> dict[str, Any]:
        return {"type": "filter", "filter": str(self.filter)}


@dataclass(frozen=True)
class Redirect:
    """The shopper is led to a page instead."""

    url: str

    known: ClassVar = ("url",)

    @classmethod
    def read(cls, found: Fields) -> "Redirect":
        return cls(_address(found, "url"))

    def to_json(self) -> dict[str, Any]:
        return {"type": "redirect", "url": self.url}


@dataclass(frozen=True)
class Banner:
    """What stands above the results; empty texts are left out.

    slot : of the banners of one slot an answer shows one, see `ranking.rules.slots`
    id   : of the rule that shows it, and ``:2`` behind it for its second banner
    """

    title: str
    text: str = ""
    image_link: str = ""
    link: str = ""
    slot: str = ""
    id: str = ""

    known: ClassVar = ("title", "text", "image_link", "link", "slot")

    @classmethod
    def read(cls, found: Fields) -> "Banner":
        image_link, link = (
            _address(found, name) if found.text(name, "") else "" for name in ("image_link", "link")
        )
        text, slot = found.text("text", ""), found.text("slot", "")
        return cls(found.text("title"), text, image_link, link, slot)

    def shown(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value}

    def to_json(self) -> dict[str, Any]:
        return {"type": "banner", **replace(self, id="").shown()}


Action = Pin | Weigh | Hide | Narrow | Redirect | Banner

_READ: Mapping[str, Any] = {
    "pin": (Pin.known, Pin.read),
    "boost": (Weigh.known, Weigh.read_boost),
    "bury": (Weigh.known, Weigh.read_bury),
    "hide": (Hide.known, Hide.read),
    "filter": (Narrow.known, Narrow.read),
    "redirect": (Redirect.known, Redirect.read),
    "banner": (Banner.known, Banner.read),
}
"""Type → fields beside it, and what reads them."""


def read_action(found: object, where: str) -> Action:
    """Raises BadInput where it is of no known type, or a field does not fit."""
    known = {"type", *(name for names, _ in _READ.values() for name in names)}
    kind = Fields.of(found, where, sorted(known)).one_of("type", list(_READ))
    names, read = _READ[kind]
    action: Action = read(Fields.of(found, f"{where} ({kind})", ("type", *names)))
    return action


def _address(found: Fields, name: str) -> str:
    """An address that a browser may be sent to: http, https, or a path of this very host."""
    text = found.text(name)
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    # Browsers read a backslash as a slash, so /\host is another host, and drop tabs and lines.
    relative = text.startswith("/") and not text.startswith(("//", "/\\"))
    if not (fits or relative) or not text.isprintable() or " " in text:
        raise BadInput(
            f"http://…, https://… or /… as {name!r} of {found.where}",
            repr(text[:80]),
            "Write the whole address, or a path of this shop.",
        )
    return text
