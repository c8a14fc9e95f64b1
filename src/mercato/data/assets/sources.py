"""The files that imports have read, each content once."""

import pyarrow as pa

from mercato.data.asset import Asset
from mercato.data.casts import MOMENT

SOURCES = Asset(
    name="sources",
    description="The files that brought rows into assets: checksum, and how each was read.",
    owner="data",
    keys=("source_id",),
    schema=pa.schema(
        [
            ("source_id", pa.int64()),
            ("asset", pa.string()),
            ("path", pa.string()),
            ("lines_in", pa.string()),
            ("sha256", pa.string()),
            ("bytes", pa.int64()),
            ("format", pa.string()),
            ("reading", pa.string()),
            ("rows", pa.int64()),
            ("imported_at", MOMENT),
        ]
    ),
)
