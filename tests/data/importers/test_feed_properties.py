"""Items written in a dialect, as its specification says, come back as what they were."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ReadItems = Callable[..., Any]
Item = dict[str, Any]

TEXTS = st.text(
    st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" <>&\"',;:\\/"), max_size=30
).map(lambda text: f"x{text}x")
WORDS = st.text("abcäöüß茶09", min_size=1, max_size=6)
ADDRESSES = st.integers(0, 99).map(lambda n: f"https://shop.example/{n}?a=1&b=2")
CENTS = st.integers(1, 10**7)

ITEMS = st.fixed_dictionaries(
    {"id": st.integers(1, 10**6).map(str), "title": TEXTS},
    optional={
        "description": TEXTS,
        "brand": TEXTS,
        "image_link": ADDRESSES,
        "link": ADDRESSES,
        "availability": st.sampled_from(["in_stock", "out_of_stock", "preorder", "backorder"]),
        "prices": st.tuples(CENTS, st.none() | CENTS),
        "product_type": st.lists(WORDS, min_size=1, max_size=3).map(" > ".join),
        "item_group_id": WORDS,
        "color": WORDS,
        "size": WORDS,
        "material": WORDS,
        "additional_image_link": st.lists(ADDRESSES, min_size=1, max_size=3, unique=True),
        "finish": WORDS,
    },
).map(lambda item: priced(item))


def priced(item: Item) -> Item:
    """With a price in cents, and a lower one at which it is sold."""
    item = dict(item)
    price, lower = item.pop("prices", (None, None))
    if price is not None:
        item |= {"price": price / 100, "currency": "USD"}
    if lower is not None and lower < price:
        item["sale_price"] = lower / 100
    return item


FEEDS = st.lists(ITEMS, min_size=1, max_size=4, unique_by=lambda item: item["id"])


@pytest.fixture(scope="session")
def same_rows(
    read_items: ReadItems, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[list[Item], str], None]:
    """Checks that a feed's content gives the rows which the items give as JSON lines."""
    folder = tmp_path_factory.mktemp("feeds")

    def check(items: list[Item], dialect: str, content: str) -> None:
        plain, feed = folder / "plain.jsonl", folder / "feed"
        plain.write_text("\n".join(map(json.dumps, items)))
        feed.write_text(content, encoding="utf-8", newline="")
        found = read_items(feed)
        assert found.dialects == {dialect}
        assert found.items == read_items(plain, "plain").items
        assert len(found.items) == len(items)

    return check


def examples(function: Callable[..., None]) -> Callable[..., None]:
    return settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])(
        function
    )


@examples
@given(items=FEEDS, prefix=st.sampled_from(["g", "gm", ""]), is_atom=st.booleans(), data=st.data())
def test_merchant_xml(
    same_rows: Callable[..., None],
    items: list[Item],
    prefix: str,
    is_atom: bool,
    data: st.DataObject,
) -> None:
    entries = [
        [
            element(name, value, prefix, as_detail=name == "finish")
            for name, values in data.draw(st.permutations(list(item.items())))
            if name != "currency"
            for value in (values if isinstance(values, list) else [values])
        ]
        for item in items
    ]
    body = "".join(
        f"<{'entry' if is_atom else 'item'}>{''.join(entry)}</{'entry' if is_atom else 'item'}>"
        for entry in entries
    )
    space = f' xmlns:{prefix or "g"}="http://base.google.com/ns/1.0"'
    atom = ' xmlns="http://www.w3.org/2005/Atom"'
    whole = f"<feed{atom}{space}>{body}</feed>" if is_atom else f"<rss{space}>{body}</rss>"
    same_rows(items, "merchant-xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}')


def element(name: str, value: object, prefix: str, as_detail: bool) -> str:
    def tag(name: str, inner: str) -> str:
        full = f"{prefix}:{name}" if prefix else name
        return f"<{full}>{inner}</{full}>"

    if as_detail:
        inner = tag("attribute_name", name.title()) + tag("attribute_value", escape(str(value)))
        return tag("product_detail", tag("section_name", "S") + inner)
    text = f"{value:.2f} USD" if isinstance(value, float) else str(value)
    return tag(name, escape(text))


@examples
@given(items=FEEDS, delimiter=st.sampled_from("\t,"))
def test_merchant_csv(same_rows: Callable[..., None], items: list[Item], delimiter: str) -> None:
    header = [*dict.fromkeys(name for item in items for name in item), "condition"]
    items = [item | {"condition": "new"} for item in items]
    rows = [[cell(item.get(name, "")) for name in header] for item in items]
    same_rows(items, "merchant", table(header, rows, delimiter))


def cell(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def table(header: list[str], rows: list[list[str]], delimiter: str = ",") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows([header, *rows])
    return stream.getvalue()


LEGACY = {
    "handle": "Handle", "title": "Title", "description": "Body (HTML)", "brand": "Vendor",
    "product_type": "Type", "color": "Option1 Value", "size": "Option2 Value",
    "material": "Option3 Value", "id": "Variant SKU", "paid": "Variant Price",
    "before": "Variant Compare At Price", "quantity": "Variant Inventory Qty",
    "policy": "Variant Inventory Policy", "picture": "Image Src", "position": "Image Position",
    "image_link": "Variant Image", "finish": "Finish (product.metafields.custom.finish)",
    "option1": "Option1 Name", "option2": "Option2 Name", "option3": "Option3 Name",
}  # fmt: skip
NEW = LEGACY | {
    "handle": "URL handle", "description": "Description", "color": "Option1 value",
    "size": "Option2 value", "material": "Option3 value", "id": "SKU", "paid": "Price",
    "before": "Compare-at price", "quantity": "Inventory quantity",
    "policy": "Continue selling when out of stock", "picture": "Product image URL",
    "position": "Image position", "image_link": "Variant image URL", "option1": "Option1 name",
    "option2": "Option2 name", "option3": "Option3 name",
}  # fmt: skip
STOCK = {"in_stock": ("3", "deny"), "out_of_stock": ("0", "deny"), "backorder": ("0", "continue")}
SHARED = ("title", "description", "brand", "product_type", "finish")


@examples
@given(feed=FEEDS, group=st.lists(st.integers(0, 2), min_size=4, max_size=4), new=st.booleans())
def test_shopify(
    same_rows: Callable[..., None], feed: list[Item], group: list[int], new: bool
) -> None:
    """Items of one group are variants of one product, with what holds for all in its first row
    and each further picture in a row of its own."""
    headers = NEW if new else LEGACY
    items: list[Item] = []
    rows: list[list[str]] = []
    for handle in sorted(set(group)):
        variants = [item for item, of in zip(feed, group, strict=False) if of == handle]
        for at, item in enumerate(variants):
            item = {name: value for name, value in item.items() if name not in ("link", "finish")}
            item |= {name: variants[0][name] for name in SHARED if name in variants[0]}
            item = {n: v for n, v in item.items() if n not in SHARED or n in variants[0]}
            item["item_group_id"] = f"product-{handle}"
            if item.get("availability") == "preorder":
                item["availability"] = "in_stock"
            pictures = variants[0].get("additional_image_link", [])
            item["additional_image_link"] = pictures
            if pictures and "image_link" not in item:
                item["image_link"] = pictures[0]
            item["additional_image_link"] = [p for p in pictures if p != item.get("image_link")]
            items.append(item)
            rows.append(shopify_row(item, f"product-{handle}", pictures, at, headers))
            if at == 0:
                rows += [
                    [{"handle": f"product-{handle}", "picture": p, "position": str(n)}.get(k, "")
                     for k in headers]
                    for n, p in enumerate(pictures[1:], start=2)
                ]  # fmt: skip
    same_rows(items, "shopify", table(list(headers.values()), rows))


def shopify_row(
    item: Item, handle: str, pictures: list[str], at: int, headers: dict[str, str]
) -> list[str]:
    row = {name: str(value) for name, value in item.items() if at == 0 or name not in SHARED}
    row["handle"] = handle
    row["quantity"], row["policy"] = STOCK[item.get("availability", "in_stock")]
    if "price" in item:
        row["paid"] = str(item.get("sale_price", item["price"]))
        row["before"] = str(item["price"]) if "sale_price" in item else ""
    if at == 0:
        row |= {"option1": "Color", "option2": "Size", "option3": "Material"}
        row |= {"picture": pictures[0], "position": "1"} if pictures else {}
    return [row.get(name, "") for name in headers]


FORMS = ("lines", "array", "graph", "page", "page of several", "document")


@examples
@given(items=FEEDS, form=st.sampled_from(FORMS), is_short=st.booleans())
def test_json_ld(
    same_rows: Callable[..., None], items: list[Item], form: str, is_short: bool
) -> None:
    products = [json_ld(item, is_short) for item in items]
    texts = [json.dumps(product).replace("</", "<\\/") for product in products]
    graph = json.dumps({"@context": "https://schema.org", "@graph": products}, indent=1)
    pages = {
        "lines": "\n".join(texts),
        "array": json.dumps(products, indent=1),
        "graph": graph,
        "document": json.dumps(
            {"@context": "x", "@type": "ItemList", "itemListElement": products}, indent=2
        ),
        "page": script(graph.replace("</", "<\\/")),
        "page of several": "\n".join(map(script, texts)),
    }
    content = pages[form]
    same_rows(items, "json-ld", f"<!DOCTYPE html>\n{content}" if "page" in form else content)


def script(content: str) -> str:
    return f"<script type='application/ld+json' async>{content}</script>"


def json_ld(item: Item, is_short: bool) -> Item:
    def thing(kind: str, **said: object) -> Any:
        return next(iter(said.values())) if is_short else {"@type": kind} | said

    product: Item = {"@context": "https://schema.org", "@type": "Product", "sku": item["id"]}
    names = {"title": "name", "product_type": "category", "link": "url"}
    for name in ("title", "description", "product_type", "color", "size", "material", "link"):
        if name in item:
            product[names.get(name, name)] = item[name]
    if "brand" in item:
        product["brand"] = thing("Brand", name=item["brand"])
    if "finish" in item:
        product["additionalProperty"] = {"name": "Finish", "value": item["finish"]}
    if "item_group_id" in item:
        product["inProductGroupWithID"] = item["item_group_id"]
    images = [item["image_link"]] if "image_link" in item else []
    if not images:
        item.pop("additional_image_link", None)
    further = [each for each in item.get("additional_image_link", []) if each not in images]
    if images:
        item["additional_image_link"] = further
        product["image"] = [thing("ImageObject", url=image) for image in [*images, *further]]
    product["offers"] = offer(item)
    return product


def offer(item: Item) -> Item:
    found: Item = {"@type": "Offer"}
    if "availability" in item:
        camel = item["availability"].title().replace("_", "")
        found["availability"] = f"https://schema.org/{camel}"
    if "price" in item:
        found |= {"price": item.get("sale_price", item["price"]), "priceCurrency": "USD"}
    if "sale_price" in item:
        kind = {"@type": "UnitPriceSpecification", "priceType": "https://schema.org/ListPrice"}
        found["priceSpecification"] = kind | {"price": item["price"]}
    return found


KEYS = st.sampled_from(
    [
        "@id", "@type", "@graph", "@value", "@list", "name", "sku", "url", "image", "brand", "size",
        "offers", "price", "priceSpecification", "priceType", "availability", "hasVariant",
        "isVariantOf", "itemOffered", "aggregateRating", "additionalProperty", "value", "unitCode",
        "inLanguage", "category", "schema:name", "http://schema.org/color", "title",
    ]
)  # fmt: skip
LEAVES = (
    st.sampled_from(["Product", "ProductGroup", "AggregateOffer", "#a", "#b", "InStock", "12", ""])
    | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
)  # fmt: skip
NODES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@examples
@given(nodes=st.lists(st.dictionaries(KEYS, NODES, min_size=1), min_size=1, max_size=3))
def test_no_json_ld_is_too_odd(
    read_items: ReadItems, tmp_path_factory: pytest.TempPathFactory, nodes: list[Item]
) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.html"
    nodes = [{"@type": "Product", "sku": "good", "name": "A"}, *nodes]
    path.write_text("\n".join(script(json.dumps(node)) for node in nodes))
    found = read_items(path)
    assert found.items or found.refusals


@examples
@given(rows=st.lists(st.lists(st.sampled_from(["", "a", "0", "-1", "TRUE", "draft", "Ü,\n"]))))
def test_no_shopify_row_is_too_odd(
    read_items: ReadItems, tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.csv"
    header = list(LEGACY.values())
    full = [(row * len(header))[: len(header)] if row else [""] * len(header) for row in rows]
    path.write_text(table(header, full), newline="")
    found = read_items(path, "shopify")
    lines = [*found.lines.values(), *(refusal.line for refusal in found.refusals)]
    assert len(lines) <= len(full)


TREES = st.recursive(
    st.text(st.characters(exclude_categories=["C"]), max_size=5).map(escape),
    lambda inner: st.lists(
        st.tuples(
            st.sampled_from(
                ["g:id", "g:title", "item", "link", "content", "g:product_detail", "x:y"]
            ),
            inner,
        ),
        max_size=4,
    ).map(lambda parts: "".join(f"<{name}>{text}</{name}>" for name, text in parts)),
    max_leaves=15,
)


@examples
@given(items=st.lists(TREES, min_size=1, max_size=3))
def test_no_xml_is_too_odd(
    read_items: ReadItems, tmp_path_factory: pytest.TempPathFactory, items: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "odd.xml"
    good = "<item><g:id>good</g:id><g:title>A</g:title></item>"
    path.write_text(f"<rss>{good}{''.join(f'<item>{item}</item>' for item in items)}</rss>")
    found = read_items(path, "merchant-xml")
    assert len(found.lines) + len(found.refusals) >= 1
