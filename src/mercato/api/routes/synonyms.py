"""``/v1/synonyms``: terms that stand for each other are listed, added and decided on."""

from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Path, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mercato.api.access import by
from mercato.api.answers import JSONAnswer
from mercato.api.bodies import read_json
from mercato.api.openapi import json_body, problems
from mercato.api.origins import from_own_pages
from mercato.core.errors import BadInput
from mercato.ranking.synonyms.synonym import LONGEST_TERM, MOST_TERMS, Status
from mercato.shop.opened import Shop
from mercato.shop.synonyms import Kept, add_synonym, decide, delete_synonym, synonyms_of

SynonymId = Annotated[str, Path(min_length=1, max_length=64)]
_ALWAYS = (400, 403, 409, 413, 429, 503)
_Term = Annotated[str, Field(min_length=1, max_length=LONGEST_TERM)]
_Status = Literal["proposed", "accepted", "rejected"]


class SentSynonym(BaseModel):
    """A query for any of ``terms`` finds the others too; with ``also``, what one of those names,
    and not the other way round."""

    model_config = ConfigDict(extra="forbid")
    terms: list[_Term] = Field(min_length=1, max_length=MOST_TERMS)
    also: list[_Term] = []
    language: str | None = Field(None, description="As `en`; without it: whatever is spoken.")
    status: _Status = "accepted"


class SynonymShape(BaseModel):
    """``id`` is null where it stands in the file `synonyms.csv` of the shop's folder."""

    id: str | None
    terms: list[str]
    also: list[str]
    language: str | None
    status: _Status
    source: str = Field(description="`person`, `file`, `clicks`, `sessions` or `vectors`.")
    score: float | None = Field(description="Of a proposal, 0 to 1.")
    evidence: dict[str, Any] = Field(description="What a proposal was made from.")


class SynonymsAnswer(BaseModel):
    synonyms: list[SynonymShape]


_SENT = json_body(TypeAdapter(SentSynonym))
_FIELDS = frozenset(SentSynonym.model_fields)


def add_synonyms(app: FastAPI, shop: Shop) -> None:
    guards = [Depends(from_own_pages(shop.settings.serve.cors_origins))]

    @app.get("/v1/synonyms", response_model=SynonymsAnswer, responses=problems(400, 503))
    def list_synonyms(status: Annotated[Status | None, Query()] = None) -> JSONAnswer:
        """All synonyms, or those of a status: proposals first, the strongest before the others."""
        return JSONAnswer({"synonyms": [_shape(each) for each in synonyms_of(shop, status)]})

    @app.post(
        "/v1/synonyms",
        status_code=201,
        response_model=SynonymsAnswer,
        responses=problems(*_ALWAYS),
        openapi_extra=_SENT,
        dependencies=guards,
    )
    async def post_synonym(request: Request) -> JSONAnswer:
        """Add a synonym; nothing where one that says the same is there. It is sought with at once,
        and on every worker within a second."""
        sent = _without_origin(await read_json(request))
        added = await run_in_threadpool(add_synonym, shop, sent, by(request))
        return JSONAnswer({"synonyms": [_shape(each) for each in added]}, 201)

    @app.post(
        "/v1/synonyms/{synonym_id}:accept",
        response_model=SynonymShape,
        responses=problems(404, *_ALWAYS),
        dependencies=guards,
    )
    async def accept(synonym_id: SynonymId, request: Request) -> JSONAnswer:
        """Seek with a synonym from now on."""
        kept = await run_in_threadpool(decide, shop, synonym_id, Status.ACCEPTED, by(request))
        return JSONAnswer(_shape(kept))

    @app.post(
        "/v1/synonyms/{synonym_id}:reject",
        response_model=SynonymShape,
        responses=problems(404, *_ALWAYS),
        dependencies=guards,
    )
    async def reject(synonym_id: SynonymId, request: Request) -> JSONAnswer:
        """Do not seek with a synonym; it is not proposed again."""
        kept = await run_in_threadpool(decide, shop, synonym_id, Status.REJECTED, by(request))
        return JSONAnswer(_shape(kept))

    @app.delete(
        "/v1/synonyms/{synonym_id}",
        status_code=204,
        responses=problems(404, *_ALWAYS),
        dependencies=guards,
    )
    async def delete(synonym_id: SynonymId, request: Request) -> Response:
        """Forget a synonym; it may be proposed again."""
        await run_in_threadpool(delete_synonym, shop, synonym_id, by(request))
        return Response(status_code=204)


def _without_origin(sent: object) -> object:
    """Only mining says where a synonym comes from. Raises BadInput where a caller does."""
    if isinstance(sent, dict) and (unknown := sorted(sent.keys() - _FIELDS)):
        known = ", ".join(sorted(_FIELDS))
        raise BadInput(f"a synonym with fields out of {known}", repr(unknown[0]), "Leave it out.")
    return sent


def _shape(kept: Kept) -> dict[str, Any]:
    return {"id": kept.id, **kept.synonym.to_json()}
