"""A query of Algolia's as a search of ours: pure translation."""

from collections.abc import Iterator, Sequence
from functools import partial

from mercato.api.algolia import conditions
from mercato.api.algolia.attributes import Attributes, plain
from mercato.api.algolia.filter_lists import joined
from mercato.api.algolia.filters import read_filters
from mercato.api.algolia.indexes import sort_of
from mercato.api.algolia.parameters import Parameters, window_of
from mercato.catalogue.facets import MOST_VALUES, Counting
from mercato.catalogue.filters import Filter, conjuncts
from mercato.core import columns as c
from mercato.core.errors import BadInput
from mercato.search.request import FacetAsked, Window
from mercato.shop.search import SearchCall

MOST_FACETS = 200

_LISTED_UP_TO = MOST_VALUES
"""``facets=*`` counts the fields with at most so many different values, and those of numbers."""

_LONGEST_ID = 512


def search_call(asked: Parameters, index: str, attributes: Attributes) -> SearchCall:
    """A search for hits. Raises BadInput or NotFound for what does not fit."""
    window = window_of(asked)
    return SearchCall(
        q=asked.query,
        filters=_filters(asked, attributes),
        facets=tuple(_facets(asked, attributes)),
        sort=sort_of(index, attributes),
        visitor_id=asked.user_token[:_LONGEST_ID] or None,
        distinct=asked.distinct,
        segments=asked.rule_contexts,
        window=window,
        begun=asked.query_type != "prefixNone",
        # InstantSearch counts facets by further queries, which no shopper sees an answer of.
        seen=window.length > 0 and (asked.analytics or asked.click_analytics),
    )


def facet_call(asked: Parameters, index: str, facet: str, attributes: Attributes) -> SearchCall:
    """A search for values of a facet. Raises BadInput where no item has it."""
    meaning = attributes.meaning(facet)
    if meaning is None or meaning.field == c.ID:
        raise BadInput("a facet that items have", repr(facet[:100]), "Ask for brand, or another.")
    counting = Counting(
        ranges=False,
        most=asked.most_facet_hits if asked.values_by == "count" else MOST_VALUES,
        level=meaning.level,
        typed=asked.facet_query.strip(),
    )
    return SearchCall(
        q=asked.query,
        filters=_filters(asked, attributes),
        facets=(FacetAsked(meaning.field, facet, own_filters=True, counting=counting),),
        distinct=asked.distinct,
        segments=asked.rule_contexts,
        window=Window(0, 0),
        begun=asked.query_type != "prefixNone",
        seen=False,
    )


def _filters(asked: Parameters, attributes: Attributes) -> tuple[str, ...]:
    found: list[Filter | None] = [read_filters(asked.filters, attributes)]
    for name, given, read in (
        ("facetFilters", asked.facet_filters, conditions.facet),
        ("numericFilters", asked.numeric_filters, conditions.numeric),
        ("tagFilters", asked.tag_filters, conditions.tag),
    ):
        if given:
            found.append(joined(name, given, partial(read, attributes=attributes)))
    return tuple(str(each) for each in conjuncts(each for each in found if each is not None))


def _facets(asked: Parameters, attributes: Attributes) -> Iterator[FacetAsked]:
    """Unknown facets are left out, as Algolia leaves out those that it was not told of."""
    if len(asked.facets) > MOST_FACETS:
        raise BadInput(f"at most {MOST_FACETS} facets", str(len(asked.facets)), "Ask for fewer.")
    most = asked.most_values if asked.values_by == "count" else MOST_VALUES
    for name in _names(asked.facets, attributes):
        meaning = attributes.meaning(name)
        if meaning is not None and meaning.field != c.ID:
            counting = Counting(ranges=False, most=most, level=meaning.level)
            yield FacetAsked(
                meaning.field, name, own_filters=True, statistics=True, counting=counting
            )


def _names(asked: Sequence[str], attributes: Attributes) -> Iterator[str]:
    for name in asked:
        if name == "*":
            yield from attributes.countable(_LISTED_UP_TO)
        else:
            yield plain(name)
