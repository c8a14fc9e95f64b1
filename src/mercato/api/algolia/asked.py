"""Bodies of Algolia's requests, told apart before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mercato.api.algolia.parameters import Parameters, read_parameters, window_of
from mercato.core.errors import BadInput

MOST_REQUESTS = 50
"""Queries, or objects, of one request."""

MOST_HITS_TOGETHER = 2_000
"""Hits of all queries of one request."""

STRATEGIES = ("none", "stopIfEnoughMatches")


@dataclass(frozen=True)
class Query:
    """One of a request's queries.

    facet : whose values are sought; None for a search for hits
    """

    index: str
    parameters: Parameters
    facet: str | None = None


@dataclass(frozen=True)
class Wanted:
    """An object that is asked for by its id."""

    id: str
    attributes: tuple[str, ...]


def one_query(sent: Any, index: str, facet: str | None = None) -> Query:
    """The body of a query to an index that the address names; nothing means no parameters."""
    return Query(index, read_parameters(_object("a query", sent or {})), facet)


def queries(sent: Any) -> list[Query]:
    """``{"requests": […]}``, or the list alone as older clients send it."""
    found = [_query(at, each) for at, each in enumerate(_requests(sent))]
    together = sum(window_of(each.parameters).length for each in found if each.facet is None)
    if together > MOST_HITS_TOGETHER:
        expected = f"at most {MOST_HITS_TOGETHER} hits in one request"
        raise BadInput(expected, str(together), "Ask for fewer hitsPerPage.")
    return found


def stops_early(sent: Any) -> bool:
    """Whether queries behind one that finds a full page are left out."""
    strategy = sent.get("strategy", "none") if isinstance(sent, dict) else "none"
    if strategy not in STRATEGIES:
        expected = f"strategy as one of {', '.join(STRATEGIES)}"
        raise BadInput(expected, repr(strategy)[:100], "Leave it out.")
    return bool(strategy == "stopIfEnoughMatches")


def objects(sent: Any) -> list[Wanted]:
    """``{"requests": [{"indexName", "objectID", "attributesToRetrieve"}]}``."""
    found = []
    for at, each in enumerate(_requests(sent)):
        request = _object(f"request {at}", each)
        object_id = request.get("objectID")
        if not isinstance(object_id, str):
            raise BadInput(f"an objectID in request {at}", repr(object_id)[:100], "Name it.")
        asked = read_parameters(
            {name: request[name] for name in ("attributesToRetrieve",) if name in request}
        )
        found.append(Wanted(object_id, asked.retrieved))
    return found


def _query(at: int, sent: Any) -> Query:
    request = _object(f"request {at}", sent)
    index = request.get("indexName", request.get("index"))
    if not isinstance(index, str):
        raise BadInput(f"an indexName in request {at}", repr(index)[:100], "Name the index.")
    facet = request.get("facet", request.get("facetName"))
    kind = request.get("type", "default")
    if kind not in ("default", "facet") or (kind == "facet" and not isinstance(facet, str)):
        found = f"type {kind!r} with facet {facet!r}"[:200]
        raise BadInput("type default, or facet with the facet's name", found, "Mend the request.")
    return Query(index, read_parameters(request), facet if kind == "facet" else None)


def _requests(sent: Any) -> list[Any]:
    requests = sent.get("requests") if isinstance(sent, dict) else sent
    if not isinstance(requests, list) or len(requests) > MOST_REQUESTS:
        found = f"{len(requests)}" if isinstance(requests, list) else type(requests).__name__
        expected = f"requests as a list of at most {MOST_REQUESTS}"
        raise BadInput(expected, found, 'Send {"requests": […]}.')
    return requests


def _object(what: str, sent: Any) -> Mapping[str, Any]:
    if not isinstance(sent, dict):
        raise BadInput(f"{what} as a JSON object", type(sent).__name__, "Send an object.")
    return sent
