"""What the shop showed: every answered search and shelf."""

from collections.abc import Sequence

import pyarrow as pa

from mercato.data.asset import Asset
from mercato.data.casts import MOMENT
from mercato.data.labels import Masking, Sensitivity
from mercato.state import Answer

ANSWERS = Asset(
    name="answers",
    description="Every answered search and shelf, with what was shown and how likely it was.",
    owner="shop",
    keys=("query_id",),
    sensitivity=Sensitivity.PERSONAL,
    personal={
        "user_id": Masking.PSEUDONYM,
        "session_id": Masking.PSEUDONYM,
        "request": Masking.DROPPED,
    },
    schema=pa.schema(
        [
            ("query_id", pa.string()),
            ("ts", MOMENT),
            ("kind", pa.string()),
            ("placement", pa.string()),
            ("request", pa.string()),
            ("release", pa.int64()),
            ("variant", pa.string()),
            ("user_id", pa.string()),
            ("session_id", pa.string()),
            ("item_ids", pa.list_(pa.string())),
            ("positions", pa.list_(pa.int32())),
            ("scores", pa.list_(pa.float32())),
            ("propensities", pa.list_(pa.float32())),
        ]
    ),
)


def answer_table(answers: Sequence[Answer]) -> pa.Table:
    """As the asset has them."""
    columns = {name: [getattr(each, name) for each in answers] for name in ANSWERS.schema.names}
    arrays = [pa.array(columns[field.name], field.type) for field in ANSWERS.schema]
    return pa.table(arrays, schema=ANSWERS.schema)
