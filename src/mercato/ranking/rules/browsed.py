"""The categories that a request's filters ask for."""

from collections.abc import Iterator

from mercato.catalogue.filters import And, Filter, Not, Or, Term
from mercato.core.columns import PRODUCT_TYPE


def browsed(wanted: Filter, *, negated: bool = False) -> Iterator[str]:
    """The categories of which a filter asks for one, also through two NOTs."""
    if isinstance(wanted, Term):
        if not negated and wanted.field.casefold() == PRODUCT_TYPE:
            yield wanted.value
    elif isinstance(wanted, Not):
        yield from browsed(wanted.part, negated=not negated)
    elif isinstance(wanted, And | Or):
        for part in wanted.parts:
            yield from browsed(part, negated=negated)
