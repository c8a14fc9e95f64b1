"""schema.org's products as JSON-LD: documents, JSON lines, arrays, and saved pages of a shop.

https://schema.org/Product and
https://developers.google.com/search/docs/appearance/structured-data/product.

- ``id`` is the ``sku``, else ``productID``, GTIN, ``mpn``, ``identifier``, ``@id`` or address.
- Variants of a ProductGroup are items, with what the group says of all of them; so are offers
  of several SKUs. Of other offers the cheapest that can be had counts.
- A list or strike-through price above the price is the ``price``, and what is paid is the
  ``sale_price``; prices of a unit, of more pieces or of members are left out.
- Ratings, additional properties and other properties become attributes; reviews, delivery and
  related products do not.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import orjson
import pyarrow as pa

from mercato.core import columns as c
from mercato.core.errors import BadInput
from mercato.data.importers.json_files import batch_of
from mercato.data.importers.json_ld_documents import Placed, documents, has_json_ld
from mercato.data.importers.json_ld_graph import Graph, TooDeep
from mercato.data.importers.json_ld_products import GROUP, PRODUCTS, items_of
from mercato.data.importers.raw import SHOWN, RawBatch, Reading, Refusal, Source

_BATCH_ITEMS = 8_192

_TYPED = re.compile(
    rb'"@type"\s*:\s*(?:\[[^\]{}]{0,200})?"(?:https?://(?:www\.)?schema\.org/|schema:)?(?:'
    + "|".join(sorted(PRODUCTS | {GROUP, "ItemList", "Offer"})).encode()
    + rb')"'
)
_FIRST_KEY = re.compile(rb'\s*[\[\s]*\{\s*"@(context|graph|id|type)"')


class JsonLd:
    """Recognised by ``@context``, ``@graph``, ``@id`` or ``@type`` as the first key of an object,
    or among the keys of a line, and by a product's type."""

    name = "json-ld"
    assets = frozenset({"items"})

    def holds(self, source: Source, asset: str) -> bool:
        if source.kind in ("html", "xml"):
            try:
                return has_json_ld(source)
            except BadInput:
                return False
        if source.kind != "json" or not _TYPED.search(source.head):
            return False
        return bool(_FIRST_KEY.match(source.head)) or any(map(_is_node, source.head.splitlines()))

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        items: list[tuple[int, object | Refusal]] = []
        for document in documents(source):
            items += _read(document)
            if len(items) >= _BATCH_ITEMS:
                yield _batch(items, reading)
                items = []
        if items:
            yield _batch(items, reading)


def _is_node(line: bytes) -> bool:
    try:
        found = orjson.loads(line.strip().strip(b"[],"))
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and any(key in found for key in ("@type", "@graph"))


def _read(document: Sequence[Placed | Refusal]) -> list[tuple[int, object | Refusal]]:
    refused = [each for each in document if isinstance(each, Refusal)]
    placed = [each for each in document if not isinstance(each, Refusal)]
    found: list[tuple[int, object | Refusal]] = [(each.line, each) for each in refused]
    try:
        graph = Graph(value for _, value in placed)
    except TooDeep:
        line, value = placed[0]
        shown = orjson.dumps(str(value)[:SHOWN]).decode()
        return [*found, (line, Refusal(line, "row-depth", None, "more than 64 levels", shown))]
    lines = [line for line, _ in placed]
    return [*found, *items_of(graph, list(zip(lines, graph.values, strict=True)))]


def _batch(items: Sequence[tuple[int, object | Refusal]], reading: Reading) -> RawBatch:
    batch = batch_of(items, reading.wanted)
    always = dict.fromkeys((c.ID, c.TITLE), pa.nulls(len(batch.lines), pa.string()))
    return replace(batch, columns=always | dict(batch.columns))
