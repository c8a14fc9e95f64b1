"""Changes that rest on what somebody saw: they are not made where it is something else by now."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from mercato.core.errors import MercatoError


class OutOfDate(MercatoError):
    """What was to be changed is not as whoever changes it saw it."""

    status = 412
    title = "Changed by somebody else"


def revision_of(document: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that another content hardly ever has."""
    text = orjson.dumps(dict(document), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]


def require_revision(what: str, document: Mapping[str, Any] | None, seen: str | None) -> None:
    """Raises OutOfDate where a document is not of the revision that was seen.

    document : as it is now; None where there is none
    seen     : None: whatever it is, it may be changed
    """
    if seen is None:
        return
    now = None if document is None else revision_of(document)
    if seen != now:
        raise OutOfDate(
            f"{what} as it was seen, of revision {seen!r}",
            "none any more" if now is None else f"revision {now!r}",
            "Read it again, and send the change with its new ETag as If-Match.",
        )
