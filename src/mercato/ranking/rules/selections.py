"""The items that an action is about: those that pass a filter, or those with certain ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.filters import Filter, fields_of, parse
from mercato.catalogue.masks import known_field
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
        mask = np.zeros(len(rows), bool)
        if len(rows):
            wanted = catalogue.memo.get(("rows", self.items), lambda: _rows(self.items, catalogue))
            at = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
            mask[at[rows[at] == wanted]] = True
        return mask


def unknown_fields(wanted: Filter, catalogue: Catalogue) -> list[str]:
    """The fields of a filter that no item has."""
    return [name for name in sorted(fields_of(wanted)) if not _is_known(name, catalogue)]


def _is_known(name: str, catalogue: Catalogue) -> bool:
    try:
        known_field(name, catalogue.columns)
    except BadInput:
        return False
    return True


def _rows(items: Sequence[str], catalogue: Catalogue) -> NDArray[np.int64]:
    """The living rows of those items that are there."""
    found = (catalogue.row(item) for item in items)
    return np.array([row for row in found if row is not None], np.int64)
