"""``/v1/users/{user_id}``: a shopper is erased, or given what is known of them."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from mercato.api.access import by
from mercato.api.answers import JSONAnswer
from mercato.api.openapi import problems
from mercato.api.origins import from_own_pages
from mercato.data.auditing import Reader
from mercato.data.store import AssetStore
from mercato.operating.drain import drain
from mercato.operating.erasing.asking import ask_erasure
from mercato.operating.erasing.exporting import known_of
from mercato.operating.erasing.receipt import receipt
from mercato.shop.opened import Shop

UserId = Annotated[str, Path(min_length=1, max_length=512)]
_Number = Annotated[int, Path(ge=1, le=2**53)]


class Place(BaseModel):
    """``goes`` says when what remains goes; null where nothing does."""

    place: str
    unit: str
    found: int
    removed: int
    remaining: int
    goes: str | None


class ReceiptShape(BaseModel):
    """``done_at`` is null while anything remains."""

    number: int
    pseudonym: str
    asked_at: str
    by: str
    places: list[Place]
    outside: str
    done_at: str | None
    seal: str


class KnownShape(BaseModel):
    """The first object says who it is; each further one is a row of an asset."""

    user_id: str
    known: list[dict[str, Any]] = Field(description="As `mercato users DIR --export` prints it.")


class _AnyId(Convertor[str]):
    """The rest of an address: slashes too, and line breaks, which starlette's ``path`` lacks."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def add_users(app: FastAPI, shop: Shop) -> None:
    register_url_convertor("any_id", _AnyId())
    guards = [Depends(from_own_pages(shop.settings.serve.cors_origins))]

    @app.delete(
        "/v1/users/{user_id:any_id}",
        status_code=202,
        response_model=ReceiptShape,
        responses=problems(400, 403, 429, 503),
        dependencies=guards,
    )
    async def delete_user(
        user_id: UserId, request: Request, now: Annotated[bool, Query()] = False
    ) -> JSONAnswer:
        """Erase a shopper everywhere; a guest is `visitor:` and the id.

        202 means that events and answers of theirs are gone from the state for good, and that no
        answer knows them from now on. Assets, releases and old versions follow; the receipt's
        number tells how far that is. With `now`, old versions go without their retention.
        """
        told = await run_in_threadpool(_erased, shop, user_id, _reader(request, "erasure"), now)
        return JSONAnswer(told, 202)

    @app.get(
        "/v1/erasures/{number}", response_model=ReceiptShape, responses=problems(400, 404, 503)
    )
    def get_receipt(number: _Number) -> JSONAnswer:
        """The receipt of an erasure as it stands."""
        return JSONAnswer(receipt(shop.paths, shop.state, number))

    @app.get(
        "/v1/users/{user_id:any_id}/export",
        response_model=KnownShape,
        responses=problems(400, 409, 503),
    )
    def export_user(user_id: UserId, request: Request) -> JSONAnswer:
        """All that is known of a shopper. This goes on record."""
        drain(shop.state, AssetStore(shop.paths.assets))
        found = known_of(shop.paths, shop.state, user_id, _reader(request, "export"))
        return JSONAnswer({"user_id": user_id, "known": list(found)})


def _erased(shop: Shop, user_id: str, reader: Reader, now: bool) -> dict[str, Any]:
    erasure = ask_erasure(shop.paths, shop.state, user_id, reader, at_once=now)
    shop.refresh()
    return receipt(shop.paths, shop.state, erasure.number)


def _reader(request: Request, purpose: str) -> Reader:
    """The record must not hold the id that the address does."""
    address = request.scope["route"].path_format
    return Reader(by(request).actor, f"{request.method} {address}", purpose)
