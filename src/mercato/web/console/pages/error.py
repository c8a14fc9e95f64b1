"""What went wrong on a page of the console, and what to do."""

from dataclasses import dataclass
from typing import ClassVar

from mercato.core.errors import MercatoError
from mercato.web.console.asked import Page
from mercato.web.languages import Language
from mercato.web.pages import error as of_storefront


@dataclass(frozen=True)
class ErrorPage(of_storefront.ErrorPage):
    """As the storefront's."""

    template: ClassVar[str] = "console/error.html"


def error_page(language: Language, status: int, error: MercatoError | None = None) -> Page:
    found = of_storefront.error_page(language, status, error)
    return Page(ErrorPage(**vars(found.context)), status=status)
