"""Where each imported row came from: two hidden columns beside an asset's own.

A row that came another way, as through the API, has null in both.
"""

import hashlib

import pyarrow as pa

SOURCE = "__source"
"""int64, the key of a row of the asset ``sources``."""

SOURCE_LINE = "__source_line"
"""int64, the line of that source on which the row starts, counted from 1."""

HIDDEN = "__"
"""Columns that begin so are kept beside an asset's own, and read only where they are named."""

PROVENANCE = pa.schema([(SOURCE, pa.int64()), (SOURCE_LINE, pa.int64())])


def source_id(asset: str, path: str, sha256: str) -> int:
    """The key of one file's content, imported into one asset: the same at every import of it."""
    content = hashlib.sha256("\0".join((asset, path, sha256)).encode("utf-8", "surrogateescape"))
    return int.from_bytes(content.digest()[:8], "big", signed=True)
