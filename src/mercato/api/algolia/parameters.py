"""The search parameters of Algolia's API, each declared once.

https://www.algolia.com/doc/api-reference/search-api-parameters
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlencode

import orjson

from mercato.api.algolia.reading import (
    LONGEST_TAG,
    LONGEST_TEXT,
    Reader,
    at_most,
    cards,
    decoded,
    flag,
    listed,
    names,
    one_of,
    text,
    whole,
)
from mercato.core.errors import BadInput
from mercato.search.request import Window

MOST_HITS = 1_000
"""Hits of one page, as at Algolia."""

LONGEST_QUERY = 512
"""Characters of a query that are read, as at Algolia; the rest is cut off."""

_FARTHEST = 2**31 - 1

_LONGEST_TOLD = 5_000
"""Characters of a parameter that the answer repeats."""


def _as_given(name: str, given: Any) -> Any:
    return listed(name, given)


def _parameter(name: str, read: Reader, default: Any) -> Any:
    return field(default=default, metadata={"name": name, "read": read})


@dataclass(frozen=True)
class Parameters:
    """What one query asks for. ``given`` are the parameters as they came, for the answer."""

    query: str = _parameter("query", text, "")
    page: int = _parameter("page", whole(0, _FARTHEST), 0)
    hits_per_page: int = _parameter("hitsPerPage", whole(0, MOST_HITS), 20)
    offset: int | None = _parameter("offset", whole(0, _FARTHEST), None)
    length: int | None = _parameter("length", whole(0, MOST_HITS), None)
    filters: str = _parameter("filters", at_most(LONGEST_TEXT), "")
    facet_filters: Any = _parameter("facetFilters", _as_given, ())
    numeric_filters: Any = _parameter("numericFilters", _as_given, ())
    tag_filters: Any = _parameter("tagFilters", _as_given, ())
    facets: tuple[str, ...] = _parameter("facets", names, ())
    most_values: int = _parameter("maxValuesPerFacet", whole(1, 1_000), 100)
    values_by: str = _parameter("sortFacetValuesBy", one_of("count", "alpha"), "count")
    retrieved: tuple[str, ...] = _parameter("attributesToRetrieve", names, ("*",))
    highlighted: tuple[str, ...] | None = _parameter("attributesToHighlight", names, None)
    snippets: tuple[str, ...] = _parameter("attributesToSnippet", names, ())
    pre_tag: str = _parameter("highlightPreTag", at_most(LONGEST_TAG), "<em>")
    post_tag: str = _parameter("highlightPostTag", at_most(LONGEST_TAG), "</em>")
    ellipsis: str = _parameter("snippetEllipsisText", at_most(LONGEST_TAG), "…")
    only_matching: bool = _parameter("restrictHighlightAndSnippetArrays", flag, False)
    distinct: bool = _parameter("distinct", cards, True)
    response_fields: tuple[str, ...] = _parameter("responseFields", names, ("*",))
    ranking_info: bool = _parameter("getRankingInfo", flag, False)
    analytics: bool = _parameter("analytics", flag, True)
    click_analytics: bool = _parameter("clickAnalytics", flag, False)
    rule_contexts: tuple[str, ...] = _parameter("ruleContexts", names, ())
    user_token: str = _parameter("userToken", at_most(LONGEST_TEXT), "")
    query_type: str = _parameter(
        "queryType", one_of("prefixLast", "prefixAll", "prefixNone"), "prefixLast"
    )
    facet_query: str = _parameter("facetQuery", at_most(LONGEST_TEXT), "")
    most_facet_hits: int = _parameter("maxFacetHits", whole(1, 100), 10)
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spelled(self) -> str:
        """The parameters in URL encoding, as the answer repeats them, unless they are long."""
        told = {name: _spelled(value) for name, value in self.given.items()}
        return urlencode({name: text[:_LONGEST_TOLD] for name, text in told.items()})


_KNOWN = {each.metadata["name"]: each for each in fields(Parameters) if each.metadata}

WITHOUT_EFFECT = frozenset(
    """
    advancedSyntax advancedSyntaxFeatures allowTyposOnNumericTokens alternativesAsExact
    analyticsTags aroundLatLng aroundLatLngViaIP aroundPrecision aroundRadius
    attributeCriteriaComputedByMinProximity attributeForDistinct attributesForFaceting
    customRanking decompoundQuery disableExactOnAttributes disableTypoToleranceOnAttributes
    enableABTest enablePersonalization enableReRanking enableRules exactOnSingleWordQuery
    explain extensions facetingAfterDistinct ignorePlurals insideBoundingBox insidePolygon
    keepDiacriticsOnCharacters maxFacetHits minProximity minWordSizefor1Typo
    minWordSizefor2Typos minimumAroundRadius mode naturalLanguages optionalFilters optionalWords
    percentileComputation personalizationImpact queryLanguages ranking reRankingApplyFilter
    relevancyStrictness removeStopWords removeWordsIfNoResults renderingContent
    replaceSynonymsInHighlight restrictSearchableAttributes  semanticSearch
    similarQuery sumOrFiltersScores synonyms typoTolerance
    """.split()
) - frozenset(_KNOWN)
"""Parameters that are let pass: our search does what they ask for, or decides it by itself."""

_OF_THE_REQUEST = frozenset({"indexName", "index", "params", "type", "facet", "facetName"})


def read_parameters(sent: Mapping[str, Any]) -> Parameters:
    """The parameters of one query; the fields of the body win over its ``params``.

    Raises BadInput for a value that does not fit and for an unknown name.
    """
    given = decoded(sent.get("params") or "")
    given |= {name: value for name, value in sent.items() if name not in _OF_THE_REQUEST}
    read: dict[str, Any] = {}
    for name, value in given.items():
        known = _KNOWN.get(name)
        if known is not None:
            if value is not None:
                read[known.name] = known.metadata["read"](name, value)
        elif name not in WITHOUT_EFFECT and not name.lower().startswith("x-algolia-"):
            raise _unknown(name)
    read["query"] = read.get("query", "")[:LONGEST_QUERY]
    return Parameters(**read, given=given)


def window_of(asked: Parameters) -> Window:
    """The part of the result that is shown; ``offset`` and ``length`` win over pages."""
    if asked.offset is None and asked.length is None:
        return Window(asked.page * asked.hits_per_page, asked.hits_per_page)
    length = asked.hits_per_page if asked.length is None else asked.length
    return Window(asked.offset or 0, length)


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _unknown(name: str) -> BadInput:
    near = difflib.get_close_matches(name[:100], {*_KNOWN, *WITHOUT_EFFECT}, n=1)
    remedy = f"Did you mean {near[0]!r}?" if near else "See Algolia's search API parameters."
    return BadInput("a search parameter", f"unknown parameter: {name[:100]}", remedy)
