"""Answers of ours in the shapes of Algolia's API: pure translation."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mercato.api.algolia.highlights import Highlighter
from mercato.api.algolia.parameters import Parameters, window_of
from mercato.api.algolia.records import record_of, retrieved
from mercato.ranking.rules.actions import Banner
from mercato.search.applied import Applied
from mercato.search.highlighting import begun
from mercato.shop.search import Found, Hit

Json = dict[str, Any]

_EXHAUSTIVE = {"facetsCount": True, "nbHits": True, "typo": True}
"""Our totals and facets are exact, always."""


def search_answer(
    found: Found, asked: Parameters, index: str, aliases: Mapping[str, str], milliseconds: int
) -> Json:
    """The answer to a query for hits."""
    answer, highlighter = found.answer, Highlighter.of(found.understood.sought, asked)
    body: Json = {
        "hits": [_hit(hit, asked, aliases, highlighter) for hit in answer.hits],
        "nbHits": answer.total,
        **_place(asked, answer.total),
        "exhaustiveFacetsCount": True,
        "exhaustiveNbHits": True,
        "exhaustiveTypo": True,
        "exhaustive": _EXHAUSTIVE,
        "query": asked.query,
        "params": asked.spelled,
        "index": index,
        "renderingContent": _rendering(answer.applied),
        "appliedRules": [{"objectID": rule} for rule in answer.applied.rules],
        "processingTimeMS": milliseconds,
    }
    if asked.facets:
        body["facets"] = {name: _values(name, found, asked) for name in answer.facets}
        body["facets_stats"] = {name: asdict(each) for name, each in found.statistics.items()}
    if asked.click_analytics:
        body["queryID"] = answer.query_id
    if "*" in asked.response_fields:
        return body
    kept = {*asked.response_fields, "index", "queryID"}
    return {name: value for name, value in body.items() if name in kept}


def facet_answer(found: Found, facet: str, asked: Parameters, milliseconds: int) -> Json:
    """The answer to a search for values of a facet."""
    values = _values(facet, found, asked, most=asked.most_facet_hits)
    return {
        "facetHits": [
            {"value": value, "highlighted": _begun(value, asked), "count": count}
            for value, count in values.items()
        ],
        "exhaustiveFacetsCount": True,
        "exhaustive": {"facetsCount": True},
        "processingTimeMS": milliseconds,
    }


def not_processed(asked: Parameters, index: str) -> Json:
    """Of a query behind one that found enough, under ``stopIfEnoughMatches``."""
    return {
        "hits": [],
        "nbHits": 0,
        **_place(asked, 0),
        "processed": False,
        "query": asked.query,
        "params": asked.spelled,
        "index": index,
        "processingTimeMS": 0,
    }


def _rendering(applied: Applied) -> Json:
    """Where rules lead the shopper, and the banners that they show."""
    content: Json = {}
    if applied.redirect is not None:
        content["redirect"] = {"url": applied.redirect}
    if applied.banners:
        content["widgets"] = {"banners": [_banner(each) for each in applied.banners]}
    return content


def _banner(banner: Banner) -> Json:
    urls = [{"url": banner.image_link}] if banner.image_link else []
    shown: Json = {"image": {"urls": urls, "title": banner.title}, "text": banner.text}
    return shown | ({"link": {"url": banner.link}} if banner.link else {})


def _place(asked: Parameters, total: int) -> Json:
    """Where in the result the hits stand."""
    window = window_of(asked)
    if asked.offset is not None or asked.length is not None:
        return {"offset": window.start, "length": window.length}
    pages = math.ceil(total / window.length) if window.length else 0
    return {"page": asked.page, "nbPages": pages, "hitsPerPage": window.length}


def _hit(hit: Hit, asked: Parameters, aliases: Mapping[str, str], marks: Highlighter) -> Json:
    record = record_of(hit.item, aliases)
    shown = retrieved(record, asked.retrieved) | marks.results(record)
    if asked.ranking_info:
        shown["_rankingInfo"] = {"userScore": round(hit.score * 1_000_000), "geoDistance": 0}
    return shown


def _values(name: str, found: Found, asked: Parameters, most: int | None = None) -> dict[str, int]:
    counts = found.answer.facets[name]
    if asked.values_by == "alpha":
        counts = dict(sorted(counts.items()))
    return dict(list(counts.items())[: most or asked.most_values])


def _begun(value: str, asked: Parameters) -> str:
    pieces, at = [], 0
    for low, high in begun(value, asked.facet_query):
        pieces += [value[at:low], asked.pre_tag, value[low:high], asked.post_tag]
        at = high
    return "".join([*pieces, value[at:]])
