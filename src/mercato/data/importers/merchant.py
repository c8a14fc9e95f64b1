"""The Google Merchant feed as CSV or TSV (https://support.google.com/merchants/answer/7052112).

The first path of ``product_type`` is the item's, without one the Google category is. Attributes
that may have several values are lists; a ``product_detail`` becomes an attribute of its name, or
the item's colour, size or material where it has none. All of this holds for XML too.
"""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from mercato.core import columns as c
from mercato.data.importers.csv_files import header, read_csv
from mercato.data.importers.merchant_attributes import MARKS, attribute_name, completed
from mercato.data.importers.raw import RawBatch, Reading, Source


class Merchant:
    """Names as ``image link``, ``image_link`` or ``g:image_link``; of two spellings of one name
    the first counts."""

    name = "merchant"
    assets = frozenset({"items"})

    def holds(self, source: Source, asset: str) -> bool:
        if source.kind != "text":
            return False
        names = {attribute_name(name) for name in header(source)}
        return c.ID in names and not MARKS.isdisjoint(names)

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        for batch in read_csv(source):
            columns: dict[str, pa.Array] = {}
            for name, column in batch.columns.items():
                ours = name if name in reading.mapped else attribute_name(name)
                columns[name if ours in columns else ours] = column
            yield completed(replace(batch, columns=columns), reading)
