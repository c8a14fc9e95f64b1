"""Whatever is sent, the answer is one that /openapi.json knows of, and no 5xx.

The long form asks a million requests in several processes; MERCATO_FUZZ=n,seed asks n others.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import BaseSchema

from bench.fuzz import run
from bench.harness import served
from bench.made_up import BEFORE_THE_API, CHECKS

Serve = Callable[..., AbstractContextManager[Any]]

SHORT, LONG = 6, 1_000_000
"""Requests: of each operation and mode, and in all."""

MOST_GROWTH_MB = 5.0
"""For every 100,000 requests."""

WITH_PARAMETERS = [
    "POST /v1/events",
    "POST /mp/collect",
    "POST /debug/mp/collect",
    "POST /v1/track",
    "POST /v1/batch",
    "POST /v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:write",
    "POST /v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:import",
    "GET /v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:collect",
    "POST /v2/projects/{project}/locations/{location}/catalogs/{catalog}/userEvents:collect",
    "POST /ubi_events",
    "POST /ubi_events/_doc",
    "PUT /ubi_events/_doc/{id}",
    "POST /_bulk",
    "GET /v1/search",
    "GET /v1/suggest",
    "GET /v1/recommend/{placement}",
    "PUT /v1/items/{item_id}",
    "PATCH /v1/items/{item_id}",
    "DELETE /v1/items/{item_id}",
    "POST /v1/items:batch",
    "POST /v1/rules",
    "GET /v1/rules/{rule_id}",
    "PUT /v1/rules/{rule_id}",
    "DELETE /v1/rules/{rule_id}",
    "POST /v1/rules:preview",
    "POST /v1/experiments",
    "GET /v1/experiments/{name}",
    "PATCH /v1/experiments/{name}",
    "DELETE /v1/experiments/{name}",
    "POST /v1/experiments/{name}:stop",
    "POST /v1/experiments/{name}:end",
    "GET /v1/explain",
    "GET /v1/synonyms",
    "POST /v1/synonyms",
    "DELETE /v1/synonyms/{synonym_id}",
    "POST /v1/synonyms/{synonym_id}:accept",
    "POST /v1/synonyms/{synonym_id}:reject",
    "DELETE /v1/users/{user_id}",
    "GET /v1/users/{user_id}/export",
    "GET /v1/erasures/{number}",
]
PLAIN = [
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /v1/rules",
    "GET /v1/rules/conflicts",
    "GET /v1/experiments",
    "GET /v1/holdout",
]

CASES = [(each, mode) for each in WITH_PARAMETERS for mode in GenerationMode]
CASES += [(each, GenerationMode.POSITIVE) for each in PLAIN]


@pytest.fixture(scope="module")
def schema(
    built_shop: Path, tmp_path_factory: pytest.TempPathFactory, serve: Serve
) -> Iterator[BaseSchema]:
    folder = shutil.copytree(built_shop, tmp_path_factory.mktemp("fuzz") / "shop")
    with serve(Path(folder)) as server:
        yield schemathesis.openapi.from_url(f"{server.address}/openapi.json")


def test_every_operation_is_fuzzed(schema: BaseSchema) -> None:
    found = [result.ok().label for result in schema.get_all_operations()]
    assert sorted(found) == sorted(WITH_PARAMETERS + PLAIN)


@pytest.mark.parametrize(
    ("operation", "mode"), CASES, ids=[f"{each}-{mode.value}" for each, mode in CASES]
)
def test_no_request_breaks_what_is_documented(
    schema: BaseSchema, operation: str, mode: GenerationMode
) -> None:
    method, _, path = operation.partition(" ")
    fuzzed = schema[path][method]

    @settings(
        max_examples=SHORT,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=fuzzed.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        response = case.call()
        if response.content != BEFORE_THE_API:
            case.validate_response(response, checks=CHECKS)

    ask()


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_million_requests_break_nothing_and_leave_no_memory(
    built_shop: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(built_shop, tmp_path / "shop"))
    n, _, seed = os.environ.get("MERCATO_FUZZ", f"{LONG},1").partition(",")
    with served(folder) as server:
        address = f"http://{server.host}:{server.port}"
        outcome = run(address, server, int(n), int(seed or 1), os.cpu_count() or 1)
    assert list(outcome.broken.values()) == []
    assert not any(status >= 500 for status in outcome.told.statuses)
    if int(n) >= LONG:
        assert outcome.slope() < MOST_GROWTH_MB
