"""What the tests of item feeds share: a feed's rows as they come out of the checks."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from mercato.data.assets.items import ITEMS
from mercato.data.importers import dialect_of, sources_of
from mercato.data.importers.raw import Reading, Refusal
from mercato.data.rows import Conversion, checked


@dataclass
class Feed:
    """items : by id, without what is empty, attributes as an object; lines : by id"""

    dialects: set[str] = field(default_factory=set)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


ReadItems = Callable[..., Feed]


def _items_of(path: Path, format: str | None = None, **mapping: str) -> Feed:
    feed = Feed()
    conversion = Conversion(ITEMS, mapping, "major", "USD")
    reading = Reading("items", frozenset(ITEMS.schema.names), frozenset(mapping.values()))
    for source in sources_of(path):
        dialect = dialect_of(source, "items", format)
        feed.dialects.add(dialect.name)
        for batch in dialect.read(source, reading):
            passed = checked(batch, conversion)
            feed.refusals += passed.refusals
            feed.left_out.update(batch.left_out)
            for line, row in zip(passed.lines.to_pylist(), passed.rows.to_pylist(), strict=True):
                row["attributes"] = orjson.loads(row["attributes"] or "{}")
                feed.items[row["id"]] = {k: v for k, v in row.items() if v is not None}
                feed.lines[row["id"]] = line
    return feed


@pytest.fixture(scope="session")
def read_items() -> ReadItems:
    """Reads a feed up to its checks; ``mapping`` is ours=theirs."""
    return _items_of
