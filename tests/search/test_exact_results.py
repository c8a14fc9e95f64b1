"""Totals, pages and facets against the slow way: every item looked at one by one."""

import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mercato.catalogue import columns, whole_counts
from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import quantise
from mercato.core.changes import Change, ItemChange
from mercato.ranking.fusion import Calibration
from mercato.search.request import SearchContext, SearchRequest, SearchResult
from mercato.search.search import search

WORDS = ("red", "blue", "mug", "tea", "steel", "lamp", "oak", "jar")
PRICES = (1.0, 2.5, 10.0, 10.5, 20.0, 99.99)
KINDS = ("Home", "Home > Kitchen", "Home > Kitchen > Cups", "Garden")
BRANDS = ("Acme", "ACME", 'Q"uo te', "Bolt")
DIMENSIONS = 16
FACETS = ("brand", "product_type", "price")
CALIBRATION = Calibration(semantic_threshold=0.4, semantic_most=4)

Item = dict[str, Any]


@pytest.fixture(scope="module", autouse=True, params=("small", "large"))
def ways_of(request: pytest.FixtureRequest) -> Iterator[None]:
    """Few products are counted and looked up as many are, too."""
    with pytest.MonkeyPatch.context() as patched:
        if request.param == "large":
            patched.setattr(columns, "FEW_PAIRS", 0)
            patched.setattr(whole_counts, "MOST_CHANGED", 10.0)
        yield


def vector_of(item: Mapping[str, Any]) -> NDArray[np.float32]:
    """A vector of -1 and 1 for a title: int8 keeps it exactly, and all are of one length."""
    random = np.random.default_rng(zlib.crc32(item["title"].encode()))
    return random.choice(np.array([-1, 1], np.float32), DIMENSIONS)


titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
few_prices = st.sampled_from(PRICES)
many_prices = st.floats(0.01, 500).map(lambda value: round(value, 2))
attributes = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.lists(st.sampled_from(("eco", "new", "NEW")), min_size=1, max_size=3),
        "watts": st.sampled_from((5, 7.5, 100)),
        "plug": st.sampled_from(("EU", "uk", "12")),
    },
)


def items_of(prices: st.SearchStrategy[float]) -> st.SearchStrategy[Item]:
    return st.fixed_dictionaries(
        {"title": titles},
        optional={
            "brand": st.sampled_from(BRANDS),
            "price": prices,
            "product_type": st.sampled_from(KINDS),
            "item_group_id": st.sampled_from(("g1", "g2")),
            "attributes": attributes,
        },
    )


@dataclass(frozen=True)
class Step:
    """A change as asked for."""

    change: Change
    item_id: str
    fields: Item


def shops(most: int, prices: st.SearchStrategy[float]) -> st.SearchStrategy[dict[str, Item]]:
    ids = st.sampled_from([f"item{number}" for number in range(most)])
    return st.dictionaries(ids, items_of(prices), min_size=1, max_size=most)


some_ids = st.sampled_from([f"item{number}" for number in range(12)])
steps = st.builds(
    Step,
    st.sampled_from((Change.PUT, Change.PATCH, Change.DELETE)),
    some_ids,
    items_of(few_prices),
)
quiet_steps = st.builds(
    Step,
    st.just(Change.PATCH),
    some_ids,
    st.fixed_dictionaries(
        {"price": few_prices},
        optional={"attributes": st.fixed_dictionaries({"watts": st.sampled_from((5, 7.5, 100))})},
    ),
)
"""Changes of what no word is sought in: they patch rows in place."""
batches_of_steps = st.one_of(
    st.lists(quiet_steps, max_size=4), st.lists(st.one_of(steps, quiet_steps), max_size=4)
)


class SlowShop:
    """The items at one moment, and every word that a title ever had."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self.items = {item_id: {**item, "id": item_id} for item_id, item in items.items()}
        self.words: set[str] = set()
        self.attributes: set[str] = set()
        for item in items.values():
            self._learn(item)

    def _learn(self, item: Item) -> None:
        self.words |= {*item.get("title", "").split()}
        self.attributes |= {*item.get("attributes", {})}

    def take(self, step: Step) -> None:
        if step.change is Change.DELETE:
            self.items.pop(step.item_id, None)
        elif step.change is Change.PUT:
            self.items[step.item_id] = {**step.fields, "id": step.item_id}
            self._learn(step.fields)
        elif step.item_id in self.items:
            old = self.items[step.item_id]
            both = {**old.get("attributes", {}), **step.fields.get("attributes", {})}
            self.items[step.item_id] = {**old, **step.fields, "attributes": both}
            self._learn(step.fields)

    def having_words(self, query: str) -> set[str]:
        """Of one or two known words all are needed, of more three quarters, rounded down; a word
        less where fewer than ten items match, as long as one word is needed."""
        known = {word for word in query.split() if word in self.words}
        needed = len(known) if len(known) <= 2 else len(known) * 3 // 4
        for enough in range(needed, 0, -1):
            found = {
                item_id
                for item_id, item in self.items.items()
                if len(known & {*item["title"].split()}) >= enough
            }
            if len(found) >= 10:
                break
        return found if known else set()

    def near(
        self, query: NDArray[np.float32], row: Callable[[str], Any], threshold: float = 0.4
    ) -> set[str]:
        """The four nearest above the threshold, by cosine, then by row."""
        found = []
        for item_id, item in self.items.items():
            cosine = float(vector_of(item) @ query) / DIMENSIONS
            if cosine >= threshold:
                found.append((-cosine, row(item_id), item_id))
        return {item_id for *_, item_id in sorted(found)[:4]}


def values_of(item: Item, name: str) -> set[str]:
    """The values of a field; spellings that differ in case are one."""
    if name == "product_type":
        names = item.get(name, "").split(" > ")
        return {" > ".join(names[:depth]).lower() for depth in range(1, len(names) + 1)} - {""}
    value = item[name] if name in item else item.get("attributes", {}).get(name, [])
    listed = value if isinstance(value, list) else [value]
    return {str(each).lower().removesuffix(".0") for each in listed}


def has_price(test: Callable[[float], bool]) -> Callable[[Item], bool]:
    return lambda item: "price" in item and test(item["price"])


def has(name: str, *values: str) -> Callable[[Item], bool]:
    return lambda item: bool(values_of(item, name) & {*values})


@dataclass(frozen=True)
class Wish:
    """A filter: what it means, the one field that it names if it is one, and further filters
    that stand behind an AND."""

    text: str
    means: Callable[[Item], bool]
    field: str | None
    further: "tuple[Wish, ...]" = ()

    def holds(self, item: Item, *, but: str | None = None) -> bool:
        """Whether an item passes, terms that name only the field ``but`` aside."""
        own = (but is not None and self.field == but) or self.means(item)
        return own and all(wish.holds(item, but=but) for wish in self.further)


WISHES = (
    Wish("brand:acme", has("brand", "acme"), "brand"),
    Wish('brand:"Q\\"uo te"', has("brand", 'q"uo te'), "brand"),
    Wish("NOT brand:Acme", lambda i: not has("brand", "acme")(i), "brand"),
    Wish("brand:Acme OR BRAND:bolt", has("brand", "acme", "bolt"), "brand"),
    Wish("price:2.5..10", has_price(lambda p: 2.5 <= p <= 10), "price"),
    Wish("price:2.5..<10.5", has_price(lambda p: 2.5 <= p < 10.5), "price"),
    Wish("price:..10", has_price(lambda p: p <= 10), "price"),
    Wish("price:10.50", has_price(lambda p: p == 10.5), "price"),
    Wish("NOT price:5..", lambda i: not has_price(lambda p: p >= 5)(i), "price"),
    Wish('product_type:"Home > Kitchen"', has("product_type", "home > kitchen"), "product_type"),
    Wish("product_type:garden", has("product_type", "garden"), "product_type"),
    Wish(
        "product_type:Home AND price:1..15",
        has("product_type", "home"),
        "product_type",
        (Wish("", has_price(lambda p: 1 <= p <= 15), "price"),),
    ),
    Wish(
        "(brand:Bolt OR price:20..)",
        lambda i: has("brand", "bolt")(i) or has_price(lambda p: p >= 20)(i),
        None,
    ),
    Wish("id:item1 OR id:item2", lambda i: i["id"] in ("item1", "item2"), "id"),
)

requests = st.builds(
    SearchRequest,
    q=st.lists(st.sampled_from((*WORDS, "unheardof")), max_size=4).map(" ".join),
    sort=st.sampled_from((None, None, "price:asc", "price:desc")),
    per_page=st.integers(1, 5),
    distinct=st.booleans(),
    mode=st.sampled_from(("hybrid", "lexical", "semantic")),
)
wishes = st.lists(st.sampled_from(WISHES), max_size=2)
signs = st.lists(st.sampled_from((-1, 1)), min_size=DIMENSIONS, max_size=DIMENSIONS)
queries = signs.map(lambda found: np.array(found, np.float32))


def as_change(seq: int, step: Step) -> ItemChange:
    item_fields = {} if step.change is Change.DELETE else step.fields
    if "title" not in item_fields:
        return ItemChange(seq, step.change, step.item_id, item_fields)
    vector = quantise(vector_of(step.fields).reshape(1, -1)).tobytes()
    return ItemChange(seq, step.change, step.item_id, item_fields, vector)


def all_pages(
    request: SearchRequest, context: SearchContext
) -> tuple[list[int], list[float], SearchResult]:
    """Rows and scores of every page up to the last, and the first page's answer."""
    first = search(request, context)
    pages = [first]
    while len(pages) * request.per_page < first.total:
        page = search(replace(request, page=len(pages) + 1), context)
        assert (page.total, page.facets) == (first.total, first.facets)
        pages.append(page)
    rows = [int(row) for page in pages for row in page.rows]
    return rows, [float(score) for page in pages for score in page.scores], first


def group_of(item: Item) -> str:
    return str(item.get("item_group_id", item["id"]))


def counted(items: list[Item], name: str, *, distinct: bool) -> dict[str, int]:
    """Facet counts: owners, each once, of each value."""
    owners = {
        (group_of(item) if distinct else item["id"], value)
        for item in items
        for value in values_of(item, name)
    }
    return dict(Counter(value for _, value in owners))


def without_case(counts: Mapping[str, int]) -> dict[str, int]:
    """Facet values by lower case."""
    found = {}
    for value, count in counts.items():
        key = value.lower()
        assert key not in found
        found[key] = count
    return found


def check(
    shop: SlowShop,
    catalogue: Catalogue,
    request: SearchRequest,
    asked: list[Wish],
    query: NDArray[np.float32],
) -> None:
    matched = set(shop.items)
    if request.q:
        lexical = set() if request.mode == "semantic" else shop.having_words(request.q)
        by_meaning = request.mode != "lexical"
        matched = lexical | (shop.near(query, catalogue.row) if by_meaning else set())
        if not matched and by_meaning:  # three quarters of the threshold are then near enough
            matched = shop.near(query, catalogue.row, threshold=0.3)
    found = [shop.items[item_id] for item_id in matched]
    expected = [item for item in found if all(wish.holds(item) for wish in asked)]

    facets = (*FACETS, *sorted(shop.attributes))
    request = replace(request, filters=tuple(wish.text for wish in asked), facets=facets)
    rows, scores, answer = all_pages(
        request, SearchContext(catalogue, lambda _: query, CALIBRATION)
    )
    shown = [shop.items[item_id] for item_id in catalogue.ids(np.array(rows, np.int64))]

    assert answer.total == len(rows) == len(set(rows))
    if request.distinct:
        assert Counter(map(group_of, shown)) == Counter({group_of(item) for item in expected})
    else:
        assert sorted(item["id"] for item in shown) == sorted(item["id"] for item in expected)
    for name in facets:
        of = [item for item in found if all(wish.holds(item, but=name) for wish in asked)]
        counts = counted(of, name, distinct=request.distinct)
        assert without_case(answer.facets[name]) == counts
    check_order(request, shown, scores)


def check_order(request: SearchRequest, shown: list[Item], scores: list[float]) -> None:
    if request.sort is None:
        assert scores == sorted(scores, reverse=True) or not request.q
        return
    sign = -1 if request.sort.endswith("desc") else 1
    prices = [sign * item["price"] if "price" in item else math.inf for item in shown]
    assert prices == sorted(prices)


exactly = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@exactly
@given(
    shops(20, few_prices),
    st.lists(batches_of_steps, max_size=3),
    st.lists(st.tuples(requests, wishes, queries), min_size=3, max_size=6),
)
def test_every_answer_is_exact_while_items_change(
    open_catalogue: Callable[..., Catalogue],
    items: dict[str, Item],
    batches: list[list[Step]],
    asked: list[tuple[SearchRequest, list[Wish], NDArray[np.float32]]],
) -> None:
    check_exact(open_catalogue, items, batches, asked)


@pytest.mark.soak
@settings(parent=exactly, max_examples=3_000)
@given(
    shops(20, few_prices),
    st.lists(batches_of_steps, max_size=6),
    st.lists(st.tuples(requests, wishes, queries), min_size=3, max_size=8),
)
def test_every_answer_is_exact_for_long(
    open_catalogue: Callable[..., Catalogue],
    items: dict[str, Item],
    batches: list[list[Step]],
    asked: list[tuple[SearchRequest, list[Wish], NDArray[np.float32]]],
) -> None:
    check_exact(open_catalogue, items, batches, asked)


def check_exact(
    open_catalogue: Callable[..., Catalogue],
    items: dict[str, Item],
    batches: list[list[Step]],
    asked: list[tuple[SearchRequest, list[Wish], NDArray[np.float32]]],
) -> None:
    shop, seq = SlowShop(items), 0
    catalogue = compacted = open_catalogue(stored(shop.items), vector_of=vector_of)
    for request in asked:
        check(shop, catalogue, *request)
    for batch in batches:
        for step in batch:
            shop.take(step)
        changes = [as_change(seq + at, step) for at, step in enumerate(batch, start=1)]
        seq += len(batch)
        catalogue, compacted = catalogue.apply(changes), compacted.apply(changes).compacted()
        assert catalogue.overlay == compacted.overlay == seq
        for request, wishes, query in asked:
            check(shop, catalogue, request, wishes, query)
            given = replace(request, filters=tuple(wish.text for wish in wishes), facets=FACETS)
            assert told(given, catalogue, query) == told(given, compacted, query)


def told(request: SearchRequest, catalogue: Catalogue, query: NDArray[np.float32]) -> object:
    """All that an answer says, with the order of facet values."""
    context = SearchContext(catalogue, lambda _: query, CALIBRATION)
    rows, scores, answer = all_pages(request, context)
    facets = {name: list(values.items()) for name, values in answer.facets.items()}
    return catalogue.items(rows), scores, answer.total, facets


def stored(items: Mapping[str, Item]) -> list[Item]:
    """As the items table has them: attributes as a JSON text."""
    return [
        {**item, "attributes": json.dumps(item.get("attributes", {}))} for item in items.values()
    ]
