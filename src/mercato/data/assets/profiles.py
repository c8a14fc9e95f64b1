"""What each import looked like, for the next one to be compared with."""

import pyarrow as pa

from mercato.data.asset import Asset
from mercato.data.casts import MOMENT

PROFILES = Asset(
    name="profiles",
    description="A profile of the rows that each import brought, and the alarms that it raised.",
    owner="data",
    keys=("asset", "version"),
    schema=pa.schema(
        [
            ("asset", pa.string()),
            ("version", pa.int64()),
            ("ts", MOMENT),
            ("profile", pa.string()),
            ("alarms", pa.string()),
        ]
    ),
)
