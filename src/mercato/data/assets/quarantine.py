"""Rows that failed a check, kept with what was wrong."""

import pyarrow as pa

from mercato.data.asset import Asset
from mercato.data.casts import MOMENT
from mercato.data.labels import Masking, Sensitivity

QUARANTINE = Asset(
    name="quarantine",
    description="Rows that the newest import of each source refused, with the check's name.",
    owner="data",
    sensitivity=Sensitivity.PERSONAL,
    personal={"value": Masking.DROPPED, "row": Masking.DROPPED},
    schema=pa.schema(
        [
            ("source", pa.string()),
            ("source_line", pa.int64()),
            ("asset", pa.string()),
            ("check", pa.string()),
            ("column", pa.string()),
            ("value", pa.string()),
            ("row", pa.string()),
            ("imported_at", MOMENT),
            ("source_sha256", pa.string()),
            ("reading", pa.string()),
        ]
    ),
)
