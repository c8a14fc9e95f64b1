"""Contexts of the console into HTML: the storefront's environment, another frame around it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from mercato.web.asked import Context
from mercato.web.console.figures import WIDTHS, Figure
from mercato.web.languages import Language
from mercato.web.rendering import environment


@dataclass(frozen=True)
class Door:
    """One link of the navigation."""

    name: str
    url: str
    here: bool


@dataclass(frozen=True)
class Frame:
    """What every page of the console has around it.

    release   : the number of the one that is live
    doors     : of the pages that this person may see
    languages : (code, name, address of this page in it) of the other languages
    twin      : address of this page's context as JSON; None of a page that says an error
    said      : what a form that was just sent has done; empty where none was
    drawn     : what a chart's address on this page begins with
    """

    name: str
    shop_name: str
    release: int
    actor: str
    doors: tuple[Door, ...]
    languages: tuple[tuple[str, str, str], ...]
    twin: str | None
    said: str
    drawn: str


def render(context: Context, figures: Mapping[str, Figure], frame: Frame, spoken: Language) -> str:
    """The page of a context: its template sees the context's fields, ``frame`` and ``figures``."""
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    template = environment(spoken.code).get_template(context.template)
    return template.render(values, frame=frame, figures=figures, widths=WIDTHS)
