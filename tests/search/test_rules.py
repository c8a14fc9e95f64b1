"""Totals, facets, pages and order with rules in play, against the slow way: every item looked at.

What the words alone find, and how well, is taken from a search without rules and filters, which
`test_exact_results` holds against the slow way; everything that rules and filters make of it is
worked out here item by item.
"""

import json
import math
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mercato.catalogue.catalogue import Catalogue
from mercato.catalogue.vectors import quantise
from mercato.core.changes import Change, ItemChange
from mercato.ranking.fusion import Calibration
from mercato.ranking.rules.index import RuleIndex
from mercato.ranking.rules.rule import read_rule
from mercato.search.request import SearchContext, SearchRequest, SearchResult
from mercato.search.search import search

WORDS = ("mug", "tea", "lamp", "oak")
PRICES = (1.0, 10.0, 20.0)
KINDS = ("Home", "Home > Kitchen", "Garden")
BRANDS = ("Acme", "Bolt")
IDS = tuple(f"item{number}" for number in range(10))
DIMENSIONS = 16
CALIBRATION = Calibration(semantic_threshold=0.4, semantic_most=4)
NOW = 1_790_000_000_000_000
FACETS = ("brand", "product_type")

Item = dict[str, Any]


def vector_of(item: Mapping[str, Any]) -> NDArray[np.float32]:
    random = np.random.default_rng(zlib.crc32(item["title"].encode()))
    return random.choice(np.array([-1, 1], np.float32), DIMENSIONS)


def under(path: str, kind: str) -> bool:
    return path == kind or path.startswith(f"{kind} > ")


FILTERS: dict[str, Callable[[Item], bool]] = {
    "brand:acme": lambda item: item.get("brand") == "Acme",
    "NOT brand:Acme": lambda item: item.get("brand") != "Acme",
    "price:..10": lambda item: item.get("price", math.inf) <= 10,
    "product_type:home": lambda item: under(item.get("product_type", ""), "Home"),
    'product_type:"Home > Kitchen"': lambda item: item.get("product_type") == "Home > Kitchen",
    "id:item1 OR id:item2": lambda item: item["id"] in ("item1", "item2"),
    "nothing_has_this:1": lambda item: False,
}
"""What filters of rules mean."""

FIELD = {text: text.removeprefix("NOT ").partition(":")[0] for text in FILTERS}
ASKED = [text for text in FILTERS if FIELD[text] != "nothing_has_this"]
CATEGORY = {"product_type:home": "Home", 'product_type:"Home > Kitchen"': "Home > Kitchen"}
"""What a shopper's filter browses."""

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join)
chosen = st.sampled_from(list(FILTERS)).map(lambda text: {"filter": text}) | st.lists(
    st.sampled_from(IDS), min_size=1, max_size=3, unique=True
).map(lambda ids: {"items": ids})
pins = st.fixed_dictionaries(
    {"type": st.just("pin"), "item": st.sampled_from(IDS), "position": st.integers(1, 6)}
)
weights = st.builds(
    lambda of, factor: {"type": "boost" if factor > 1 else "bury", "factor": factor, **of},
    chosen,
    st.sampled_from((0.25, 0.5, 1.5, 4.0)),
)
hides = chosen.map(lambda of: {"type": "hide", **of})
narrows = st.sampled_from(list(FILTERS)).map(lambda text: {"type": "filter", "filter": text})
conditions = st.fixed_dictionaries(
    {},
    optional={
        "queries": st.lists(
            st.fixed_dictionaries(
                {"match": st.sampled_from(("exact", "contains", "starts_with")), "text": texts}
            ),
            min_size=1,
            max_size=2,
        ),
        "categories": st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True),
        "segments": st.just(["loyal"]),
        "ends_at": st.sampled_from(("2026-01-01T00:00Z", "2030-01-01T00:00Z")),
    },
)


def of_one_rule(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Less the pins of an item, or of a position, that has one already."""
    kept: list[dict[str, Any]] = []
    for action in actions:
        pinned = [each for each in kept if each["type"] == "pin"]
        if action["type"] != "pin" or not any(
            each["item"] == action["item"] or each["position"] == action["position"]
            for each in pinned
        ):
            kept.append(action)
    return kept


rule_lists = st.lists(
    st.fixed_dictionaries(
        {
            "priority": st.integers(-1, 1),
            "conditions": st.just({}) | conditions,
            "actions": st.lists(
                pins | pins | weights | hides | narrows, min_size=1, max_size=3
            ).map(of_one_rule),
        },
        optional={"enabled": st.just(False)},
    ),
    min_size=1,
    max_size=5,
).map(lambda rules: [{**rule, "id": f"r{at}"} for at, rule in enumerate(rules)])

items = st.fixed_dictionaries(
    {"title": texts},
    optional={
        "brand": st.sampled_from(BRANDS),
        "price": st.sampled_from(PRICES),
        "product_type": st.sampled_from(KINDS),
        "item_group_id": st.sampled_from(("g1", "g2")),
    },
)
shops = st.dictionaries(st.sampled_from(IDS), items, min_size=2, max_size=10)
changes = st.lists(
    st.tuples(st.sampled_from((Change.PUT, Change.DELETE)), st.sampled_from(IDS), items), max_size=4
)
requests = st.builds(
    SearchRequest,
    q=st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
    sort=st.sampled_from((None, None, None, "price:asc", "price:desc")),
    per_page=st.integers(1, 4),
    distinct=st.booleans(),
    filters=st.lists(st.sampled_from(ASKED), max_size=1).map(tuple),
    mode=st.sampled_from(("hybrid", "lexical")),
)
signs = st.lists(st.sampled_from((-1, 1)), min_size=DIMENSIONS, max_size=DIMENSIONS)
queries = signs.map(lambda found: np.array(found, np.float32))


@dataclass(frozen=True)
class Slow:
    """Every item of a shop at one moment.

    base  : of the items that the words find, how well
    place : of every item, where it stands where nothing is sought
    """

    items: dict[str, Item]
    base: dict[str, float]
    place: dict[str, int]
    n_rows: int
    rules: list[dict[str, Any]]
    request: SearchRequest
    segments: frozenset[str]

    def holding(self) -> list[dict[str, Any]]:
        kept = [rule for rule in self.rules if rule.get("enabled", True) and self._holds(rule)]
        return sorted(kept, key=lambda rule: (-rule["priority"], rule["id"]))

    def _holds(self, rule: Mapping[str, Any]) -> bool:
        when = rule["conditions"]
        browsed = [CATEGORY[text] for text in self.request.filters if text in CATEGORY]
        words = list(dict.fromkeys(self.request.q.split()))
        return (
            ("queries" not in when or any(fits(each, words) for each in when["queries"]))
            and (
                "categories" not in when
                or any(under(path, kind) for path in browsed for kind in when["categories"])
            )
            and ("segments" not in when or "loyal" in self.segments)
            and when.get("ends_at", "2030") > "2026-09"
        )

    def actions(self, *kinds: str) -> list[dict[str, Any]]:
        return [
            action
            for rule in self.holding()
            for action in rule["actions"]
            if action["type"] in kinds
        ]

    def pinned(self) -> dict[str, int]:
        """Item → position, in precedence."""
        found: dict[str, int] = {}
        for action in self.actions("pin"):
            if action["item"] in self.items and not self.is_hidden(action["item"]):
                found.setdefault(action["item"], action["position"])
        return found

    def is_hidden(self, item_id: str) -> bool:
        return any(selects(action, self.items[item_id]) for action in self.actions("hide"))

    def found(self, *, but: str | None = None) -> set[str]:
        """R under the shopper's filters, those on the field ``but`` aside."""
        narrows = [each for each in self.actions("filter") if "nothing" not in each["filter"]]
        kept = {
            item_id
            for item_id in self.base
            if not self.is_hidden(item_id)
            and all(selects(action, self.items[item_id]) for action in narrows)
        } | set(self.pinned())
        wanted = [FILTERS[text] for text in self.request.filters if FIELD[text] != but]
        return {item_id for item_id in kept if all(test(self.items[item_id]) for test in wanted)}

    def score(self, item_id: str) -> np.float32:
        found = np.float32(self.base.get(item_id, 0.0))
        weights = self.actions("boost", "bury")
        if weights and not self.request.q:
            found = np.float32(1 - self.place[item_id] / self.n_rows)
        factor = 1.0
        for action in weights:
            if selects(action, self.items[item_id]):
                factor *= action["factor"]
        return np.float32(found * factor if found >= 0 else found / factor)

    def key(self, item_id: str) -> tuple[float, ...]:
        place = self.place[item_id]
        weighs = bool(self.actions("boost", "bury"))
        if self.request.sort is None:
            return (-float(self.score(item_id)), place) if self.request.q or weighs else (place,)
        sign = -1 if self.request.sort.endswith("desc") else 1
        price = sign * self.items[item_id].get("price", sign * math.inf)
        relevance = (-self.base.get(item_id, 0.0),) if self.request.q else ()
        return (price, *relevance, place)

    def shown(self) -> list[str]:
        """Ids of all pages."""
        pinned = self.pinned() if self.request.sort is None else {}
        cards: dict[str, str] = {}
        found = self.found()
        for item_id in pinned:
            if item_id in found:
                cards.setdefault(self.card(item_id), item_id)
        placed = sorted(cards.values(), key=lambda item_id: pinned[item_id])
        for item_id in sorted(found, key=self.key):
            cards.setdefault(self.card(item_id), item_id)
        shown = sorted(set(cards.values()) - set(placed), key=self.key)
        behind = 0
        for item_id in placed:
            at = max(pinned[item_id] - 1, behind)
            shown.insert(at, item_id)
            behind = at + 1
        return shown

    def card(self, item_id: str) -> str:
        group = self.items[item_id].get("item_group_id", item_id)
        return str(group) if self.request.distinct else item_id

    def facet(self, name: str) -> dict[str, int]:
        owners = {
            (self.card(item_id), value)
            for item_id in self.found(but=name)
            for value in levels(self.items[item_id].get(name, ""))
        }
        return dict(Counter(value for _, value in owners))


def fits(pattern: Mapping[str, str], words: list[str]) -> bool:
    wanted = list(dict.fromkeys(pattern["text"].split()))
    if pattern["match"] == "contains":
        return {*wanted} <= {*words}
    return words[: len(wanted)] == wanted and (
        pattern["match"] == "starts_with" or len(words) == len(wanted)
    )


def selects(action: Mapping[str, Any], item: Item) -> bool:
    if "items" in action:
        return item["id"] in action["items"]
    return FILTERS[action["filter"]](item)


def levels(path: str) -> set[str]:
    names = path.split(" > ")
    return {" > ".join(names[:depth]) for depth in range(1, len(names) + 1)} - {""}


def all_pages(request: SearchRequest, context: SearchContext) -> tuple[list[int], SearchResult]:
    first = search(request, context)
    rows = first.rows.tolist()
    for page in range(2, -(-first.total // request.per_page) + 1):
        found = search(replace(request, page=page), context)
        assert (found.total, found.facets, found.applied) == (
            first.total,
            first.facets,
            first.applied,
        )
        rows += found.rows.tolist()
    return rows, first


def check(
    catalogue: Catalogue,
    held: dict[str, Item],
    rules: list[dict[str, Any]],
    request: SearchRequest,
    query: NDArray[np.float32],
    segments: frozenset[str],
) -> None:
    unruled = SearchContext(catalogue, lambda _: query, CALIBRATION)
    plain = replace(request, filters=(), distinct=False, per_page=100, sort=None)
    alone = search(plain, unruled)
    slow = Slow(
        items=held,
        base=dict(zip(catalogue.ids(alone.rows), alone.scores.tolist(), strict=True)),
        place={item_id: int(catalogue.place[catalogue.row(item_id)]) for item_id in held},
        n_rows=catalogue.n_rows,
        rules=rules,
        request=request,
        segments=segments,
    )
    index = RuleIndex.of(read_rule(rule) for rule in rules)
    context = replace(unruled, rules=index, segments=segments, now=NOW)
    rows, answer = all_pages(replace(request, facets=FACETS), context)
    assert answer.applied.rules == tuple(rule["id"] for rule in slow.holding())
    assert catalogue.ids(np.array(rows, np.int64)) == slow.shown()
    assert answer.total == len(rows)
    assert answer.facets == {name: slow.facet(name) for name in FACETS}


def stored(held: Mapping[str, Item]) -> list[Item]:
    return [{**item, "attributes": json.dumps({})} for item in held.values()]


def changed(
    catalogue: Catalogue, held: dict[str, Item], batch: list[tuple[Change, str, Item]]
) -> Catalogue:
    """The catalogue after live changes, which are done to ``held``, too."""
    log = []
    for seq, (change, item_id, fields) in enumerate(batch, catalogue.overlay + 1):
        if change is Change.DELETE:
            held.pop(item_id, None)
            log.append(ItemChange(seq, change, item_id, {}))
        else:
            held[item_id] = {**fields, "id": item_id}
            vector = quantise(vector_of(fields).reshape(1, -1)).tobytes()
            log.append(ItemChange(seq, change, item_id, held[item_id], vector))
    return catalogue.apply(log)


asked = st.tuples(requests, queries, st.sampled_from((frozenset(), frozenset({"loyal"}))))
exactly = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@exactly
@given(shops, changes, rule_lists, st.lists(asked, min_size=3, max_size=5))
def test_answers_with_rules_are_exact_while_items_change(
    open_catalogue, items, batch, rules, asked
):
    check_exact(open_catalogue, items, batch, rules, asked)


@pytest.mark.soak
@settings(parent=exactly, max_examples=3_000)
@given(shops, changes, rule_lists, st.lists(asked, min_size=3, max_size=5))
def test_answers_with_rules_are_exact_for_long(open_catalogue, items, batch, rules, asked):
    check_exact(open_catalogue, items, batch, rules, asked)


def check_exact(open_catalogue, items, batch, rules, asked):
    held = {item_id: {**item, "id": item_id} for item_id, item in items.items()}
    catalogue = open_catalogue(stored(held), vector_of=vector_of)
    for each in asked:
        check(catalogue, held, rules, *each)
    catalogue = changed(catalogue, held, batch)
    for each in asked:
        check(catalogue, held, rules, *each)
