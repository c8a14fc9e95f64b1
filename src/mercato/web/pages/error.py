"""What went wrong, said kindly, and the ways on from there."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.errors import MercatoError
from mercato.web.asked import Page
from mercato.web.languages import Language

_KNOWN = (400, 403, 404, 405, 429, 503)
"""Statuses that have words of their own; of the rest we say that the fault is ours."""


@dataclass(frozen=True)
class ErrorPage:
    """title, message : in the visit's language
    expected, found, remedy : of the error, in English; empty where nothing more is known
    simpler : the same search without what narrows it; None where there is none
    """

    template: ClassVar[str] = "error.html"
    status: int
    title: str
    message: str
    expected: str = ""
    found: str = ""
    remedy: str = ""
    simpler: str | None = None


def error_page(
    language: Language,
    status: int,
    error: MercatoError | None = None,
    simpler: str | None = None,
) -> Page:
    kind = str(status) if status in _KNOWN else "500"
    context = ErrorPage(
        status,
        language.text(f"error.{kind}.title"),
        language.text(f"error.{kind}.message"),
        *((error.expected, error.found, error.remedy) if error else ("", "", "")),
        simpler,
    )
    return Page(context, status=status)
