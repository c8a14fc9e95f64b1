"""Masks what belongs to a person: the one reading of the assets' labels.

A pseudonym is the first 128 bits of HMAC-SHA256 (RFC 2104) under a key of the shop's own: without
the key nobody finds the person by trying all ids, and with it masked tables still join.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from mercato.data.asset import Asset
from mercato.data.labels import Masking

GUEST = "visitor:"
"""Stands before a visitor's id where it serves as a shopper's; the pseudonym keeps it."""

Hidden = Callable[[str], bool]
"""Whether nothing may be known any more of a shopper, by their id."""

Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


@dataclass(frozen=True)
class Mask:
    """key : the shop's own secret, see `mercato.state.opened.State.secret`
    ids : what is stored for an id, where a shop stores pseudonyms already
    """

    key: bytes
    ids: Callable[[str], str] = str

    def pseudonym(self, value: str) -> str:
        """``p-`` and 32 hexadecimal digits; the same for the same value, whatever its column."""
        if value.startswith(GUEST):
            return GUEST + self.pseudonym(value.removeprefix(GUEST))
        value = self.ids(value)
        digest = hmac.new(self.key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return "p-" + digest.hexdigest()[:32]

    def rows(self, asset: Asset, rows: Rows) -> Rows:
        """Rows of an asset without what belongs to a person; columns keep names and types."""
        for name in personal_columns(asset, rows.schema.names):
            at = rows.schema.get_field_index(name)
            hide = _COLUMN[asset.personal[name]]
            rows = rows.set_column(at, rows.schema.field(at), hide(self, rows.column(at)))
        return rows


def personal_columns(asset: Asset, names: list[str] | None = None) -> tuple[str, ...]:
    """The columns of ``names`` (default: all) that belong to a person."""
    wanted = asset.schema.names if names is None else names
    return tuple(name for name in wanted if name in asset.personal)


def _pseudonyms(mask: Mask, column: Any) -> Any:
    """Each distinct value is hashed once."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    distinct = column.dictionary_encode()
    named = [mask.pseudonym(value) for value in distinct.dictionary.to_pylist()]
    return pa.array(named, pa.string()).take(distinct.indices)


def _nothing(mask: Mask, column: Any) -> Any:
    return pa.nulls(len(column), column.type)


_COLUMN: Mapping[Masking, Callable[[Mask, Any], Any]] = {
    Masking.PSEUDONYM: _pseudonyms,
    Masking.DROPPED: _nothing,
}
