"""Requests made up from the OpenAPI document, by schemathesis, and whether the answers fit it.

Generating a request takes five times as long as answering it. So those that were generated are
also put together anew: the query of one with the body of another, fields of a body exchanged, names
of things that are there put into addresses. What the document says of answers holds for these too.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from requests.adapters import HTTPAdapter
from schemathesis import Case, GenerationMode, SerializationContext, checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.schemas import APIOperation, BaseSchema
from urllib3.util import Retry

Operation = APIOperation[Any, Any, Any, Any]

BEFORE_THE_API = b"Invalid HTTP request received."
"""What uvicorn says to an address of more than 64 KB."""

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.allow_header_conformance,
    checks.unsupported_method,
]

GENERATED, TOGETHER = 50, 350
"""Of a chunk: requests that are generated, and those put together of them."""

_KNOWN_SHARE = 0.5
_SECONDS = 60

_LONG = 4.0
"""Seconds after which each part of a chunk ends: else the few operations that read whole assets, as
the export of what is known of a person, would take most of the time."""


@schemathesis.serializer("application/x-ndjson")
def as_lines(ctx: SerializationContext, value: object) -> bytes:
    """Bulk requests: what is no text goes as the JSON that it is."""
    return (value if isinstance(value, str) else json.dumps(value)).encode()


@dataclass(frozen=True)
class Chunk:
    """operation : as ``GET /v1/search``; seed : of everything that is drawn for it"""

    operation: str
    mode: GenerationMode
    seed: int


@dataclass(frozen=True)
class Broken:
    """An answer that the document does not know. request : as a command for curl"""

    operation: str
    title: str
    message: str
    request: str


@dataclass
class Told:
    """What came of a chunk. statuses : how many answers had which"""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)
    items: set[str] = field(default_factory=set)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


def modes_of(operation: Operation) -> tuple[GenerationMode, ...]:
    """Where there is nothing to say, nothing can be said wrongly."""
    says = operation.path_parameters or operation.query or operation.body or operation.headers
    return tuple(GenerationMode) if says else (GenerationMode.POSITIVE,)


def everything_in(schema: BaseSchema) -> Iterator[tuple[str, GenerationMode]]:
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        for mode in modes_of(operation):
            yield operation.label, mode


class Asker:
    """Asks one server. known : names of things that are there, by the parameter that takes them"""

    def __init__(self, address: str, known: Mapping[str, str]) -> None:
        self.schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        self.session = requests.Session()
        # A connection that has lain idle may end just as it is used again, which is nobody's fault.
        again = Retry(total=None, connect=2, read=2, allowed_methods=None, status=0, redirect=0)
        self.session.mount("http://", HTTPAdapter(max_retries=again))
        self.known = known

    def ask(self, chunk: Chunk) -> Told:
        """Send a chunk's requests, one after the other."""
        method, _, path = chunk.operation.partition(" ")
        operation = self.schema[path][method]
        made, told, chance = list[Case[Any]](), Told(), random.Random(chunk.seed)
        ends = time.monotonic() + _LONG

        @seed(chunk.seed)
        @settings(
            max_examples=GENERATED,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=chunk.mode))
        def generated(case: Case[Any]) -> None:
            made.append(case)
            if time.monotonic() < ends:
                self._send(case, told)

        try:
            generated()
        except Unsatisfiable:
            return told
        ends = time.monotonic() + _LONG
        for _ in range(TOGETHER):
            if time.monotonic() >= ends:
                break
            self._send(self._put_together(operation, made, chance), told)
        return told

    def _put_together(
        self,
        operation: Operation,
        made: list[Case[Any]],
        chance: random.Random,
    ) -> Case[Any]:
        first = chance.choice(made)
        names = dict(chance.choice(made).path_parameters or {})
        for name in names:
            if name in self.known and chance.random() < _KNOWN_SHARE:
                names[name] = self.known[name]
        return operation.Case(
            method=first.method,
            path_parameters=names,
            query=dict(chance.choice(made).query or {}),
            headers=dict(chance.choice(made).headers or {}),
            cookies=dict(first.cookies or {}),
            body=_mixed(first.body, chance.choice(made).body, chance),
            media_type=first.media_type,
        )

    def _send(self, case: Case[Any], told: Told) -> None:
        try:
            response = case.call(session=self.session, timeout=_SECONDS)
        except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL):
            return  # what no client sends
        except requests.RequestException as error:
            told.broken.append(_unanswered(case, error))
            return
        told.statuses[response.status_code] += 1
        if response.content == BEFORE_THE_API:
            return
        if case.method.upper() == "PUT" and response.status_code in (200, 201):
            told.items.add(str((case.path_parameters or {}).get("item_id", "")))
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, Failure) as found:
            told.broken += _broken(case, found)


def _unanswered(case: Case[Any], error: requests.RequestException) -> Broken:
    kind = type(error).__name__
    return Broken(case.operation.label, f"No answer: {kind}", str(error), case.as_curl_command())


def _broken(case: Case[Any], found: FailureGroup | Failure) -> Iterator[Broken]:
    for each in found.exceptions if isinstance(found, FailureGroup) else [found]:
        title = getattr(each, "title", type(each).__name__)
        yield Broken(case.operation.label, title, str(each), case.as_curl_command())


def _mixed(first: Any, second: Any, chance: random.Random) -> Any:
    """Fields of both, where both have fields."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return first
    keys = sorted({*first, *second}, key=str)
    sides = {key: chance.choice([each for each in (first, second) if key in each]) for key in keys}
    return {key: side[key] for key, side in sides.items()}
