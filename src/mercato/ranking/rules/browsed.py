"""The categories, or other values, that a request's filters ask for."""

from collections.abc import Iterator

from mercato.catalogue.filters import And, Filter, Not, Or, Term
from mercato.core.columns import PRODUCT_TYPE


def browsed(wanted: Filter) -> Iterator[str]:
    """The categories of which a filter asks for one, also through two NOTs."""
    return named(wanted, PRODUCT_TYPE)


def named(wanted: Filter, field: str, *, negated: bool = False) -> Iterator[str]:
    """The values of a field of which a filter asks for one, also through two NOTs."""
    if isinstance(wanted, Term):
        if not negated and wanted.field.casefold() == field:
            yield wanted.value
    elif isinstance(wanted, Not):
        yield from named(wanted.part, field, negated=not negated)
    elif isinstance(wanted, And | Or):
        for part in wanted.parts:
            yield from named(part, field, negated=negated)
