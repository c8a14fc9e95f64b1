"""All pages of the console: what each is for, and what its context holds."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args, get_type_hints

from mercato.web.console.asked import Ask, Entry, Page


@dataclass(frozen=True)
class Shown:
    """One page.

    url   : with what the gallery shows it by
    twin  : the same as JSON
    about : the documentation of its context, as the code has it
    """

    name: str
    title: str
    what: str
    url: str
    twin: str
    permission: str
    about: str


@dataclass(frozen=True)
class Gallery:
    """pages : all of them, as the navigation has them"""

    template: ClassVar[str] = "console/gallery.html"
    pages: tuple[Shown, ...]


def gallery_of(entries: Sequence[Entry], contexts: Mapping[str, type]) -> Callable[[Ask], Page]:
    """The page that shows ``entries``; name → the class of its context."""

    def gallery(ask: Ask) -> Page:
        return Page(Gallery(tuple(_shown(each, contexts[each.name], ask) for each in entries)))

    return gallery


def _shown(entry: Entry, context: type, ask: Ask) -> Shown:
    query = f"?{entry.example}" if entry.example else ""
    return Shown(
        name=entry.name,
        title=ask.language.text(f"console.title.{entry.name}"),
        what=ask.language.text(f"console.what.{entry.name}"),
        url=f"{entry.path}{query}",
        twin=f"{entry.path}.json{query}",
        permission=entry.permission,
        about=f"{inspect.getdoc(context)}\n\n{_fields(context)}",
    )


def _fields(context: type) -> str:
    hints = get_type_hints(context)
    names = [name for name in hints if name != "template"]
    return "\n".join(f"{name}: {_type(hints[name])}" for name in names)


def _type(hint: object) -> str:
    """As it is written, without the modules' names."""
    if isinstance(hint, type) and not get_args(hint):
        return hint.__name__
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", str(hint))
