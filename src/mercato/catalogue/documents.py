"""Items as they are shown: one JSON text each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from mercato.core import columns as c


def canonical(fields: Mapping[str, Any]) -> dict[str, Any]:
    """An item without empty fields: ``attributes`` as a dict, ``created_at`` as ISO 8601 UTC."""
    item = {name: fields[name] for name in c.ITEM_COLUMNS if fields.get(name) is not None}
    created_at = item.get(c.CREATED_AT)
    if isinstance(created_at, datetime):
        aware = created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)
        item[c.CREATED_AT] = aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    attributes = item.get(c.ATTRIBUTES)
    if isinstance(attributes, str):
        attributes = orjson.loads(attributes)
    item[c.ATTRIBUTES] = {k: v for k, v in (attributes or {}).items() if v is not None}
    if not item[c.ATTRIBUTES]:
        del item[c.ATTRIBUTES]
    return item


def patched(item: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """``item`` with some fields set and those given as None emptied; attributes likewise, each
    for itself (JSON merge patch, RFC 7396)."""
    merged = {**item, **fields}
    if fields.get(c.ATTRIBUTES) is not None:
        own = canonical({c.ATTRIBUTES: fields[c.ATTRIBUTES]}).get(c.ATTRIBUTES, {})
        given = fields[c.ATTRIBUTES]
        emptied = {k for k, v in given.items() if v is None} if isinstance(given, Mapping) else ()
        kept = {k: v for k, v in item.get(c.ATTRIBUTES, {}).items() if k not in emptied}
        merged[c.ATTRIBUTES] = {**kept, **own}
    return canonical(merged)


def encode(item: Mapping[str, Any]) -> bytes:
    return orjson.dumps(item)


def decode(document: bytes | memoryview) -> dict[str, Any]:
    return orjson.loads(document)  # type: ignore[no-any-return]
