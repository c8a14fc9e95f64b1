"""Revisions over HTTP: answers carry theirs as ETag, changes may name one as If-Match
(RFC 9110, 13.1.1)."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header

from mercato.shop.revisions import revision_of

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=100,
        description="The ETag of what was seen; 412 where it is something else by now.",
    ),
]


def etag(document: Mapping[str, Any]) -> dict[str, str]:
    """The header that tells a document's revision."""
    return {"ETag": f'"{revision_of(document)}"'}


def seen_revision(if_match: str | None) -> str | None:
    """What a caller says that they saw; None where they say nothing, or that they do not mind."""
    told = (if_match or "").strip()
    return None if told in ("", "*") else told.removeprefix("W/").strip('"')
