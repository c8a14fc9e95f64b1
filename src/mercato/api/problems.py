"""Every error as an RFC 9457 problem document: what was expected, what was found, the remedy."""

import difflib
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mercato.api.answers import JSONAnswer
from mercato.core.errors import BadInput, MercatoError

MEDIA_TYPE = "application/problem+json"

_RETRY_SECONDS = "1"
_COME_BACK = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

_LONGEST_FOUND = 200
"""Characters of a refused value that are repeated in the answer."""


class ProblemAnswer(JSONAnswer):
    media_type = MEDIA_TYPE


def problem(error: MercatoError) -> dict[str, Any]:
    """The document of an error."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()
    return {
        "type": f"urn:mercato:problem:{kind}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
        "expected": error.expected,
        "found": error.found,
        "remedy": error.remedy,
    }


def answer_error(error: MercatoError, headers: dict[str, str] | None = None) -> ProblemAnswer:
    return ProblemAnswer(problem(error), error.status, come_back(error, headers))


def come_back(error: MercatoError, headers: dict[str, str] | None = None) -> dict[str, str]:
    """``headers``, and the one that says when the request may be sent again, where it may."""
    later = {"Retry-After": _RETRY_SECONDS} if error.status in _COME_BACK else {}
    return {**(headers or {}), **later}


def answer_errors(app: FastAPI) -> None:
    """Make ``app`` answer every error with a problem document."""
    app.add_exception_handler(MercatoError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_parameters)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_the_unexpected)


async def _of_ours(request: Request, error: Exception) -> ProblemAnswer:
    assert isinstance(error, MercatoError)
    return answer_error(error)


async def _of_parameters(request: Request, error: Exception) -> ProblemAnswer:
    assert isinstance(error, RequestValidationError)
    return answer_error(_wrong_parameter(request, error.errors()))


async def _of_http(request: Request, error: Exception) -> ProblemAnswer:
    assert isinstance(error, HTTPException)
    return answer_error(_http_error(request, error), dict(error.headers or {}))


async def _of_the_unexpected(request: Request, error: Exception) -> ProblemAnswer:
    """The server logs the error itself once this is sent."""
    return answer_error(
        MercatoError(
            "an answer",
            "an error of the server's own",
            "Look into the server's log and report what stands there.",
        )
    )


class NoSuchAddress(MercatoError):
    status = 404
    title = "Not found"


class WrongMethod(MercatoError):
    status = 405
    title = "Method not allowed"


def _http_error(request: Request, error: HTTPException) -> MercatoError:
    """What the framework refuses by itself."""
    path, remedy = request.url.path, "See /openapi.json."
    if error.status_code == WrongMethod.status:
        allowed = (error.headers or {}).get("Allow", "another method")
        return WrongMethod(f"{allowed} at {path}", request.method, remedy)
    if error.status_code == NoSuchAddress.status:
        return NoSuchAddress("an address of this API", path, remedy)
    found = BadInput("a request that can be answered", str(error.detail), remedy)
    found.status, found.title = error.status_code, HTTPStatus(error.status_code).phrase
    return found


def _wrong_parameter(request: Request, errors: Sequence[Any]) -> BadInput:
    """What the first of the errors says, in our words."""
    error = errors[0]
    name = str(error["loc"][-1])
    if error["type"] == "extra_forbidden":
        known = _parameters(request)
        near = difflib.get_close_matches(name, known, n=1)
        remedy = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(known)}."
        return BadInput("a known parameter", repr(name), remedy)
    wanted = error["msg"].removeprefix("Input should be ").partition(",")[0]
    found = str(error.get("input"))[:_LONGEST_FOUND]
    return BadInput(f"{name} to be {wanted}", repr(found), "See /openapi.json.")


def _parameters(request: Request) -> list[str]:
    """The names of the parameters that the request's route takes."""
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    models = (field.field_info.annotation for field in route.dependant.query_params)
    return [name for model in models for name in getattr(model, "model_fields", {})]
