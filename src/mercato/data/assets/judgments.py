"""How well products answer queries, as people judged them."""

import pyarrow as pa

from mercato.core import columns as c
from mercato.data.asset import Asset
from mercato.data.checks import not_negative, readable, required, unique

JUDGMENTS = Asset(
    name="judgments",
    description="Grades of products for queries, given by people; higher is better.",
    owner="search",
    schema=pa.schema([(c.QUERY, pa.string()), (c.ITEM_ID, pa.string()), (c.GRADE, pa.float64())]),
    keys=(c.QUERY, c.ITEM_ID),
    traced=True,
    keeps_order=True,
    checks=(
        required(c.QUERY, "Write the words that were searched for."),
        required(c.ITEM_ID, "Name the product that was judged."),
        readable(c.GRADE, "a number such as 0, 1, 2 or 3", "Write the grade as a number."),
        required(c.GRADE, "Write the grade."),
        not_negative(c.GRADE, "Grades start at 0."),
        unique((c.QUERY, c.ITEM_ID), "Keep one grade a pair."),
    ),
)
