"""The addresses of the dialect, under ``/1``.

Bodies are JSON, whatever their content type: clients in browsers call them text, so that no
preflight is needed.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from mercato.api.algolia.answers import Json
from mercato.api.algolia.asked import Wanted, objects, one_query, queries, stops_early
from mercato.api.algolia.insights import refuse_wrong, sent_events
from mercato.api.algolia.parameters import read_parameters
from mercato.api.algolia.searching import Searching
from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.dialects.sending import Counter
from mercato.api.metrics import Metrics
from mercato.data.importers.algolia_insights import ALGOLIA_INSIGHTS

PREFIX = "/1"

MOST_BYTES = 1024 * 1024
"""Of the body of a query."""


class Address(Route):
    """A route that metrics know by its pattern, which those of a mounted application are not."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        return match, child if match is Match.NONE else {**child, "route": self}


def routes(searching: Searching, metrics: Metrics) -> list[Address]:
    in_turn = searching.shop.overload.turns.run

    async def post_queries(request: Request) -> Response:
        sent = await read_json(request, MOST_BYTES)

        def answer() -> Json:
            return searching.answers(queries(sent), stop_early=stops_early(sent))

        return JSONAnswer(await in_turn(answer))

    async def post_query(request: Request) -> Response:
        sent, index = await read_json(request, MOST_BYTES), request.path_params["index"]
        return JSONAnswer(await in_turn(lambda: searching.answer(one_query(sent, index))))

    async def post_facet_query(request: Request) -> Response:
        index, facet = request.path_params["index"], request.path_params["facet"]
        sent = await read_json(request, MOST_BYTES)
        return JSONAnswer(await in_turn(lambda: searching.answer(one_query(sent, index, facet))))

    async def post_objects(request: Request) -> Response:
        return JSONAnswer(searching.objects(objects(await read_json(request, MOST_BYTES))))

    async def get_object(request: Request) -> Response:
        asked = read_parameters(
            {n: v for n, v in request.query_params.items() if n == "attributesToRetrieve"}
        )
        return JSONAnswer(
            searching.object(Wanted(request.path_params["object_id"], asked.retrieved))
        )

    async def post_events(request: Request) -> Response:
        counter = Counter(searching.shop, metrics, ALGOLIA_INSIGHTS)
        refuse_wrong(await counter.take(request, sent_events(await read_json(request))))
        return JSONAnswer({"status": 200, "message": "OK"})

    found = [
        Address("/indexes/*/queries", post_queries, methods=["POST"]),
        Address("/indexes/*/objects", post_objects, methods=["POST"]),
        Address("/indexes/{index}/query", post_query, methods=["POST"]),
        Address("/indexes/{index}/facets/{facet}/query", post_facet_query, methods=["POST"]),
        Address("/indexes/{index}/{object_id:path}", get_object, methods=["GET"]),
        Address("/events", post_events, methods=["POST"]),
    ]
    for route in found:
        route.path_format = PREFIX + route.path
    return found
