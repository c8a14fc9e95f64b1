"""Errors as each dialect's clients know them."""

from collections.abc import Mapping
from http import HTTPStatus

from mercato.api.answers import JSONAnswer
from mercato.api.problems import come_back
from mercato.core.errors import MercatoError

_GOOGLE: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
"""https://cloud.google.com/apis/design/errors"""

_OPENSEARCH: Mapping[int, str] = {
    400: "mapper_parsing_exception",
    401: "security_exception",
    403: "security_exception",
    404: "index_not_found_exception",
    413: "illegal_argument_exception",
    429: "rejected_execution_exception",
    503: "cluster_block_exception",
}

_SEGMENT: Mapping[int, str] = {401: "invalid_write_key", 403: "invalid_write_key"}


def google_error(error: MercatoError, headers: Mapping[str, str]) -> JSONAnswer:
    status = _GOOGLE.get(error.status, "INTERNAL")
    content = {"error": {"code": error.status, "message": str(error), "status": status}}
    return JSONAnswer(content, error.status, dict(headers) | come_back(error))


def opensearch_error(error: MercatoError, headers: Mapping[str, str]) -> JSONAnswer:
    cause = opensearch_cause(error.status, str(error))
    content = {"error": {"root_cause": [cause], **cause}, "status": error.status}
    return JSONAnswer(content, error.status, dict(headers) | come_back(error))


def opensearch_cause(status: int, reason: str) -> dict[str, str]:
    return {"type": _OPENSEARCH.get(status, "exception"), "reason": reason}


def segment_error(error: MercatoError, headers: Mapping[str, str]) -> JSONAnswer:
    code = _SEGMENT.get(error.status, HTTPStatus(error.status).phrase.lower().replace(" ", "_"))
    content = {"success": False, "code": code, "message": str(error)}
    return JSONAnswer(content, error.status, dict(headers) | come_back(error))
