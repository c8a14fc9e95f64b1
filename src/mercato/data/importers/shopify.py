"""Shopify's product CSV, with the headers of before and after 2024; one item a variant.

https://help.shopify.com/en/manual/products/import-export/using-csv. Rows of one handle are one
product: the first says what holds for all, further ones bring variants or pictures.

- ``id`` is the variant's SKU, else the handle and its options (``tee:red:xl``); ``item_group_id``
  is the handle.
- A compare-at price above the price is the ``price``, and what is paid is the ``sale_price``.
- ``product_type`` is the category's path where there is one (the type is then an attribute),
  else the type.
- Without stock, a product is on ``backorder`` where Shopify goes on selling it. Where no
  quantity or no tracker stands, stock is not counted and it is ``in_stock``.
- Archived, unlisted and unpublished products are ``out_of_stock`` and bear their ``status``: they
  were on sale once, an import of part of the catalogue must end that, and past orders refer to
  them. Drafts are left out and counted: nobody outside the shop may see them. A product that
  went from sale back to draft goes with ``--full``.
- Options named colour, size or material are those columns, others attributes; costs and taxes
  are left out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mercato.core import columns as c
from mercato.data.casts import amounts, text
from mercato.data.importers.csv_files import header, read_csv
from mercato.data.importers.json_files import batch_of
from mercato.data.importers.raw import RawBatch, Reading, Refusal, Source
from mercato.data.importers.shopify_columns import Field, Headers, headers_of, is_shopify
from mercato.data.importers.shopify_products import Item, Product, slug

_SLICE = 4_096
"""Rows that are in memory as Python objects at once."""


class Shopify:
    """Recognised by its key and by some of the headers that hardly anyone else has."""

    name = "shopify"
    assets = frozenset({"items"})

    def holds(self, source: Source, asset: str) -> bool:
        return source.kind == "text" and is_shopify(header(source))

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        collected: _Collected | None = None
        for batch in read_csv(source):
            collected = collected or _Collected(headers_of(batch.columns), reading)
            for line, row in _rows(batch):
                collected.add(line, row)
            yield collected.taken(batch.refusals)
        if collected is not None:
            collected.close()
            yield collected.taken(())


def _rows(batch: RawBatch) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line; what is empty is left out."""
    names = list(batch.columns)
    for start in range(0, len(batch.lines), _SLICE):
        lines = batch.lines[start : start + _SLICE].to_pylist()
        cells = [text(each[start : start + _SLICE]).to_pylist() for each in batch.columns.values()]
        for line, row in zip(lines, zip(*cells, strict=True), strict=True):
            yield line, {name: cell for name, cell in zip(names, row, strict=True) if cell}


class _Collected:
    """Rows become products; what is complete is taken batch by batch."""

    def __init__(self, headers: Headers, reading: Reading) -> None:
        self.headers = headers
        self.wanted = reading.wanted
        self.mapped = tuple(reading.mapped)
        self.product: Product | None = None
        self.items: list[tuple[int, Item]] = []
        self.compare_at: list[str] = []
        self.refusals: list[Refusal] = []
        self.left_out: Counter[str] = Counter()

    def add(self, line: int, row: dict[str, str]) -> None:
        handle = row.get(self.headers.fields.get(Field.HANDLE, ""), "")
        title = row.get(self.headers.fields.get(Field.TITLE, ""), "")
        goes_on = self.product is not None and handle and handle == self.product.handle
        if not goes_on and title:
            self.close()
            self.product = Product(handle or slug(title), self.headers)
        if self.product is not None and (goes_on or title) and self.product.has_room:
            self.product.rows.append((line, row))
        else:
            shown = orjson.dumps(row).decode()
            self.refusals.append(Refusal(line, "product-rows", None, handle or None, shown))

    def close(self) -> None:
        """The product is complete."""
        product, self.product = self.product, None
        if product is None:
            return
        if product.is_draft:
            self.left_out["draft"] += len(product.rows)
            return
        before = len(self.items)
        for line, item, compare_at in product.items(self.mapped):
            self.items.append((line, item))
            self.compare_at.append(compare_at)
        self.left_out["further picture"] += len(product.rows) - len(self.items) + before

    def taken(self, refusals: tuple[Refusal, ...]) -> RawBatch:
        """What has been completed since the last call."""
        batch = batch_of(self.items, self.wanted)
        columns = dict.fromkeys((c.ID, c.TITLE), pa.nulls(len(self.items), pa.string()))
        columns |= batch.columns
        if c.PRICE in columns:
            columns |= _prices(columns[c.PRICE], pa.array(self.compare_at, pa.string()))
        found = replace(
            batch,
            columns=columns,
            refusals=refusals + tuple(self.refusals),
            left_out={kind: rows for kind, rows in self.left_out.items() if rows},
        )
        self.items, self.compare_at, self.refusals = [], [], []
        self.left_out = Counter()
        return found


def _prices(paid: pa.Array, compare_at: pa.Array) -> dict[str, pa.Array]:
    on_sale = pc.fill_null(pc.greater(amounts(compare_at), amounts(paid)), False)
    return {
        c.PRICE: pc.if_else(on_sale, compare_at, paid),
        c.SALE_PRICE: pc.if_else(on_sale, paid, pa.scalar(None, pa.string())),
    }
