"""The Google Merchant feed as XML: RSS 2.0 and Atom 1.0, product by product.

https://support.google.com/merchants/answer/14987622 (RSS) and /14990811 (Atom). Google's
attributes are those of the namespace http://base.google.com/ns/1.0 under any prefix, and those
under ``g:`` where a feed forgets to declare it; feeds that put them beside RSS's own elements
without a namespace are read too. Where an element of ours comes from several namespaces,
Google's stands before RSS's and Atom's, and those before others.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from xml.parsers import expat

import orjson
import pyarrow as pa

from mercato.core import columns as c
from mercato.data.casts import attributes_json, spaced
from mercato.data.importers.merchant_attributes import (
    DETAIL,
    HANDLED,
    MARKS,
    SEVERAL,
    completed,
    group_text,
)
from mercato.data.importers.raw import MOST_RECORD, RawBatch, Reading, Refusal, Source
from mercato.data.importers.xml_files import Element, elements

Value = str | list[str] | list[list[str]]
"""Of an attribute: its text, texts where it may have several, or product details by three."""

_BATCH_ITEMS = 8_192
_ITEMS = frozenset({"item", "entry"})
_FEEDS = frozenset({"rss", "feed"})
_GOOGLE = ("base.google.com/ns/1.0", "base.google.com/cns/1.0")
_PLAIN_SPACES = (None, "", "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/")
_ATOM = {"summary": c.DESCRIPTION, "content": c.DESCRIPTION}
_OF_THE_ENTRY = frozenset(
    {"author", "category", "comments", "guid", "pub_date", "published", "updated"}
)
"""What RSS and Atom say of an entry; of the product only where it is mapped."""

_DETAIL_PARTS = ("section_name", "attribute_name", "attribute_value")
_GOOGLES = 3
"""The rank of Google's elements."""

_LISTS = SEVERAL | {c.PRODUCT_TYPE}


class MerchantXml:
    """RSS and Atom with Google's attributes."""

    name = "merchant-xml"
    assets = frozenset({"items"})

    def holds(self, source: Source, asset: str) -> bool:
        if source.kind != "xml":
            return False
        look = _Look()
        for encoding in ("utf-8", None):  # the head may be converted, or be as it declares
            with suppress(expat.ExpatError, LookupError, ValueError):
                look.at(source.head, encoding)
        return look.is_feed

    def read(self, source: Source, reading: Reading) -> Iterator[RawBatch]:
        items = elements(source, _ITEMS)
        while some := list(islice(items, _BATCH_ITEMS)):
            yield completed(_batch(some, reading), reading)


class _Look:
    """What the beginning of a file says; entities in it are not expanded."""

    def __init__(self) -> None:
        self.is_feed = False
        self.is_google = False
        self.names: set[str] = set()

    def at(self, head: bytes, encoding: str | None) -> None:
        parser = expat.ParserCreate(encoding)
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start
        parser.DefaultHandler = lambda data: None
        parser.Parse(head)

    def doctype(self, name: str, *rest: object) -> None:
        """A feed with a document type is a feed, to be refused with its reason."""
        self.is_feed = self.is_feed or name in _FEEDS

    def start(self, written: str, attributes: Mapping[str, str]) -> None:
        prefix, _, name = written.rpartition(":")
        self.is_google |= prefix == "g" or any(map(_is_google, attributes.values()))
        self.names.add(name)
        has_items = not self.names.isdisjoint(_ITEMS)
        of_feed = {spaced(each) for each in self.names} & (MARKS | {c.IMAGE_LINK, c.PRICE})
        is_ours = self.is_google or (c.ID in self.names and of_feed)
        if not self.names.isdisjoint(_FEEDS) and is_ours and (has_items or self.is_google):
            self.is_feed = True


def _is_google(space: str | None) -> bool:
    return space is not None and space.rstrip("/").endswith(_GOOGLE)


def _batch(items: Sequence[Element], reading: Reading) -> RawBatch:
    whole = [item for item in items if not item.is_cut]
    rows = [_row(item, _OF_THE_ENTRY - reading.mapped) for item in whole]
    columns = reading.wanted | HANDLED
    present = set().union(*rows) & columns
    further: list[dict[str, object]] = [
        {name: value for name, value in row.items() if name not in columns} for row in rows
    ]
    return RawBatch(
        lines=pa.array([item.line for item in whole], pa.int64()),
        columns={name: _column([row.get(name) for row in rows], name) for name in present},
        rest=pa.array([attributes_json(each) for each in further], pa.string()),
        refusals=tuple(_refusal(item) for item in items if item.is_cut),
    )


def _column(values: Sequence[Value | None], name: str) -> pa.Array:
    if name == DETAIL:
        return pa.array(values, pa.list_(pa.list_(pa.string())))
    return pa.array(values, pa.list_(pa.string()) if name in _LISTS else pa.string())


def _refusal(item: Element) -> Refusal:
    shown = orjson.dumps({"item": item.text[:1000]}).decode()
    return Refusal(item.line, "row-size", None, f"more than {MOST_RECORD >> 20} MiB", shown)


def _row(item: Element, left_out: frozenset[str]) -> dict[str, Value]:
    """The item's attributes by name. Of a text attribute that comes several times the first is
    the item's, the others are ``additional_<name>``."""
    row: dict[str, Value] = {}
    for name, same in _by_name(item, left_out).items():
        if name == DETAIL:
            row[name] = [_detail(each) for each in same]
            continue
        texts = [text for each in same if (text := _text(name, each))]
        if name in _LISTS:
            row[name] = texts
        elif texts:
            row[name] = texts[0]
            if texts[1:]:
                row[f"additional_{name}"] = texts[1:]
    return row


def _by_name(item: Element, left_out: frozenset[str]) -> dict[str, list[Element]]:
    found: dict[str, tuple[int, list[Element]]] = {}
    for child in item.children:
        name, rank = _name_and_rank(child.name, child.prefix, child.space)
        if rank < _GOOGLES and name in left_out:
            continue
        best, known = found.get(name, (-1, []))
        if rank > best:
            found[name] = (rank, [child])
        elif rank == best:
            known.append(child)
    return {name: same for name, (_, same) in found.items()}


def _name(element: Element) -> str:
    return _name_and_rank(element.name, element.prefix, element.space)[0]


@lru_cache(maxsize=4096)
def _name_and_rank(written: str, prefix: str, space: str | None) -> tuple[str, int]:
    """Of several elements of one name, those of the highest rank count."""
    name = spaced(written)
    if _is_google(space) or (space is None and prefix == "g"):
        return name, _GOOGLES
    if prefix or space not in _PLAIN_SPACES:
        return name, 0
    return _ATOM.get(name, name), 1 if name == "content" else 2


def _text(name: str, element: Element) -> str:
    if name == c.LINK and not element.parts and "href" in element.attributes:
        alternate = element.attributes.get("rel", "alternate") == "alternate"
        return element.attributes["href"].strip() if alternate else ""
    children = element.children
    if children and name not in c.ITEM_COLUMNS:
        return group_text(name, {_name(each): each.text.strip() for each in children})
    return element.text.strip()


def _detail(element: Element) -> list[str]:
    parts = {_name(each): each.text.strip() for each in element.children}
    if parts:
        return [parts.get(name, "") for name in _DETAIL_PARTS]
    section, _, named = element.text.strip().partition(":")
    name, _, value = named.partition(":")
    return [section, name, value]
