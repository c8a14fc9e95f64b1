"""Products of schema.org as items: https://schema.org/Product, ProductGroup and Offer."""

from collections.abc import Iterator, Sequence

from mercato.core import columns as c
from mercato.data.casts import spaced
from mercato.data.importers.json_ld_graph import Graph, Node, is_reference, types_of
from mercato.data.importers.json_ld_offers import Offer, best, offers_of
from mercato.data.importers.json_ld_values import Values

Item = dict[str, object]

GROUP = "ProductGroup"
PRODUCTS = frozenset(
    {"Product", GROUP, "IndividualProduct", "ProductModel", "SomeProducts", "Vehicle", "Car"}
)
_HOLDERS = ("@graph", "mainEntity", "itemListElement", "item", "hasVariant")
"""Properties in which products are looked for."""

_GTINS = ("gtin", "gtin14", "gtin13", "gtin12", "gtin8", "isbn")
_IDS = ("sku", "productID", *_GTINS, "mpn", "identifier", "@id", "url")
_OF_THE_GROUP = (*_IDS, "hasVariant", "variesBy", "productGroupID", "@type")
"""What variants do not take over from their group (https://schema.org/ProductGroup)."""

_READ = frozenset(
    {
        "additionalProperty", "aggregateRating", "brand", "category", "color", "description",
        "image", "inLanguage", "inProductGroupWithID", "isVariantOf", "material", "name", "offers",
        "releaseDate", "size", "hasVariant", "variesBy", "productGroupID", "sku", "productID",
        "identifier", "url", *_GTINS,
    }
)  # fmt: skip
_LEFT_OUT = frozenset(
    {
        "hasMerchantReturnPolicy", "isAccessoryOrSparePartFor", "isConsumableFor", "isRelatedTo",
        "isSimilarTo", "itemListElement", "mainEntity", "mainEntityOfPage", "potentialAction",
        "review", "reviews", "shippingDetails", "subjectOf",
    }
)  # fmt: skip
"""Other things than the product's own properties."""

_FILLED = (c.COLOR, c.SIZE, c.MATERIAL)
_IMAGES = "additional_image_link"
_FURTHER_PATHS = f"additional_{c.PRODUCT_TYPE}"


def items_of(graph: Graph, values: Sequence[tuple[int, object]]) -> Iterator[tuple[int, Item]]:
    """Each product that can be bought, with the line of its value; a group's variants are items,
    the group itself only where it has none."""
    reader = _Products(graph)
    found = [place for line, value in values for place in reader.found(line, value)]
    reader.group(node for _, node in found)
    for line, node in found:
        for item in reader.items(node):
            yield line, item


class _Products:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.values = Values(graph)
        self.seen: set[int] = set()
        self.groups: dict[int, Node] = {}
        self.parents: set[int] = set()

    def found(self, line: int, value: object) -> Iterator[tuple[int, Node]]:
        """Products in ``value``, each once, wherever it is referred to."""
        waiting = [value]  # no recursion: a page may refer from one node to the next without end
        while waiting:
            value = self.graph.resolved(waiting.pop())
            if isinstance(value, list):
                waiting += reversed(value)
            elif isinstance(value, dict) and id(value) not in self.seen:
                self.seen.add(id(value))
                if not PRODUCTS.isdisjoint(types_of(value)):
                    yield line, value
                waiting += reversed(self._held(value))

    def _held(self, node: Node) -> list[object]:
        """Where further products may be."""
        for variant in self.values.nodes(node.get("hasVariant")):
            if not _is_elsewhere(variant):
                variant.setdefault("@type", ["Product"])
        held = [node[holder] for holder in _HOLDERS if holder in node]
        if "itemOffered" in node and PRODUCTS.isdisjoint(types_of(node)):
            offer = {key: each for key, each in node.items() if key != "itemOffered"}
            for product in self.values.nodes(node["itemOffered"]):
                product.setdefault("offers", offer)
                held.append(product)
        return held

    def group(self, nodes: Iterator[Node]) -> None:
        """Learn which products are variants of which group."""
        for node in nodes:
            pairs = [(variant, node) for variant in self.values.nodes(node.get("hasVariant"))]
            pairs += [(node, group) for group in self.values.nodes(node.get("isVariantOf"))]
            for variant, group in pairs:
                if variant is not group:
                    self.groups.setdefault(id(variant), group)
                    self.parents.add(id(group))

    def items(self, node: Node) -> Iterator[Item]:
        """Of a product one; several where its offers are of several SKUs."""
        group = self.groups.get(id(node))
        if id(node) in self.parents or (group is not None and _is_elsewhere(node)):
            return
        shared = {key: each for key, each in (group or {}).items() if key not in _OF_THE_GROUP}
        product = shared | node
        offers = offers_of(product, self.values)
        item = self._item(product)
        item[c.ITEM_GROUP_ID] = self._group_id(node, group)
        if len({offer.sku for offer in offers if offer.sku}) < 2:
            yield self._offered(item, best(offers))
            return
        for offer in offers:
            variant = item | {c.ID: offer.sku, c.ITEM_GROUP_ID: item[c.ITEM_GROUP_ID] or item[c.ID]}
            yield self._offered(variant, offer)

    def _item(self, product: Node) -> Item:
        values = self.values
        images = values.addresses(product.get("image"))
        paths = values.texts(product.get("category"))
        item = self._further(product)
        item |= {
            c.ID: next((text for key in _IDS if (text := self._id(product, key))), None),
            c.TITLE: values.text(product.get("name")),
            c.DESCRIPTION: values.text(product.get("description")),
            c.LINK: next(iter(values.addresses(product.get("url"))), ""),
            c.IMAGE_LINK: next(iter(images), ""),
            _IMAGES: images[1:],
            c.BRAND: values.text(product.get("brand")),
            c.GTIN: next((text for key in _GTINS if (text := values.text(product.get(key)))), ""),
            c.PRODUCT_TYPE: next(iter(paths), ""),
            _FURTHER_PATHS: paths[1:],
            c.LANGUAGE: self._language(product),
            c.CREATED_AT: values.text(product.get("releaseDate")),
        }
        for name in _FILLED:
            item[name] = values.text(product.get(name)) or item.get(name)
        return item

    def _further(self, product: Node) -> Item:
        """Ratings, additional properties, and what has no column, as attributes."""
        item: Item = {
            spaced(key): self.values.plain(each)
            for key, each in product.items()
            if key not in _READ and key not in _LEFT_OUT and not key.startswith("@")
        }
        for rating in self.values.nodes(product.get("aggregateRating"))[:1]:
            for key in ("ratingValue", "ratingCount", "reviewCount", "bestRating"):
                item[spaced(key)] = self.values.plain(rating.get(key))
        for part in self.values.nodes(product.get("additionalProperty")):
            name = spaced(self.values.text(part.get("name") or part.get("propertyID")))
            if name:
                is_ours = name in c.ITEM_COLUMNS and name not in _FILLED
                item.setdefault(f"property_{name}" if is_ours else name, self.values.plain(part))
        return item

    def _offered(self, item: Item, offer: Offer) -> Item:
        on_sale = offer.is_on_sale
        price = offer.regular if on_sale else offer.price
        given = {
            c.PRICE: price or item.get(c.PRICE),
            c.SALE_PRICE: offer.price if on_sale else item.get(c.SALE_PRICE),
            c.CURRENCY: offer.currency or item.get(c.CURRENCY),
            c.AVAILABILITY: offer.availability or item.get(c.AVAILABILITY),
            c.LINK: item[c.LINK] or offer.url,
        }
        return item | offer.attributes | given

    def _id(self, product: Node, key: str) -> str:
        if key == "@id":
            return str(product.get(key, ""))
        if key == "url":
            return next(iter(self.values.addresses(product.get(key))), "")
        text = self.values.text(product.get(key))
        return text.removeprefix("sku:") if key == "productID" else text

    def _group_id(self, node: Node, group: Node | None) -> str:
        if group is None:
            return self.values.text(node.get("inProductGroupWithID"))
        named = self.values.text(group.get("productGroupID"))
        return named or next((text for key in _IDS if (text := self._id(group, key))), "")

    def _language(self, product: Node) -> str:
        for node in self.values.nodes(product.get("inLanguage")):
            if code := self.values.text(node.get("alternateName")):
                return code
        return self.values.text(product.get("inLanguage"))


def _is_elsewhere(node: Node) -> bool:
    """Whether a variant is only an address, of the page that describes it."""
    return is_reference({key: each for key, each in node.items() if key != "url"})
