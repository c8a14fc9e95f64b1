"""The items that an action is about: those that pass a filter, or those with certain ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import Filter, fields_of, parse
from mercato.catalogue.values import STANDARD_FIELDS
from mercato.core.errors import BadInput
from mercato.ranking.rules.fields import Fields

FIELDS = ("filter", "items")


@dataclass(frozen=True)
class Selection:
    """Either a filter, or ids of items."""

    filter: Filter | None = None
    items: tuple[str, ...] = ()

    @classmethod
    def read(cls, found: Fields) -> "Selection":
        """Raises BadInput where it has both or neither, or the filter cannot be read."""
        items = found.texts("items")
        if found.has("filter") == bool(items):
            both = "both" if items else "neither"
            raise BadInput(f"filter or items in {found.where}", both, "Give one of the two.")
        return cls(parse(found.text("filter")) if not items else None, items)

    def to_json(self) -> dict[str, Any]:
        if self.filter is not None:
            return {"filter": str(self.filter)}
        return {"items": list(self.items)}

    def among(self, rows: NDArray[np.int64], catalogue: Catalogue) -> NDArray[np.bool_]:
        """(n,) which of ``rows``, ascending, are selected; none where the filter names a field
        that no item has any more."""
        if self.filter is not None:
            if unknown_fields(self.filter, catalogue):
                return np.zeros(len(rows), bool)
            return catalogue.mask(self.filter)[rows]
        wanted = catalogue.memo.get(("rows", self.items), lambda: _rows(self.items, catalogue))
        mask = np.zeros(len(rows), bool)
        mask[positions(wanted, rows)] = True
        return mask


def positions(wanted: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in ``rows``, ascending, those of ``wanted`` stand that are in it."""
    if not len(rows) or not len(wanted):
        return np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    return np.asarray(at[rows[at] == wanted], np.int64)


def unknown_fields(wanted: Filter, catalogue: Catalogue) -> list[str]:
    """The fields of a filter that no item has."""
    return [name for name in sorted(fields_of(wanted)) if not _is_known(name, catalogue)]


def _is_known(name: str, catalogue: Catalogue) -> bool:
    if name in STANDARD_FIELDS or name in catalogue.columns:
        return True

    def look() -> bool:
        return any(name.casefold() == each.casefold() for each in _names(catalogue))

    return catalogue.memo.get(("known field", name), look)


def _names(catalogue: Catalogue) -> set[str]:
    return {*STANDARD_FIELDS, *catalogue.columns.names()}


def _rows(items: Sequence[str], catalogue: Catalogue) -> NDArray[np.int64]:
    """The living rows of those items that are there."""
    found = (catalogue.row(item) for item in items)
    return np.array([row for row in found if row is not None], np.int64)
