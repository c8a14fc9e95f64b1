"""Every dialect of item feeds gives the rows that its plain form, written by hand, gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mercato.core.settings import Settings
from mercato.data.importing import import_items
from mercato.data.store import AssetStore

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize(
    ("feed", "dialect", "plain"),
    [
        ("merchant.tsv", "merchant", "merchant"),
        ("merchant_rss.xml", "merchant-xml", "merchant"),
        ("merchant_atom.xml", "merchant-xml", "merchant"),
        ("merchant_bare.xml", "merchant-xml", "merchant"),
        ("shopify_legacy.csv", "shopify", "shopify"),
        ("shopify_2024.csv", "shopify", "shopify"),
        ("json_ld_array.json", "json-ld", "json_ld"),
        ("json_ld_lines.jsonl", "json-ld", "json_ld"),
        ("json_ld_pages", "json-ld", "json_ld"),
    ],
)
def test_a_feed_says_what_its_plain_form_says(
    read_items: Callable[..., Any], feed: str, dialect: str, plain: str
) -> None:
    expected = read_items(FIXTURES / f"{plain}.plain.jsonl")
    assert expected.dialects == {"plain"}
    found = read_items(FIXTURES / feed)
    assert found.dialects == {dialect}
    assert found.items == expected.items
    assert not found.refusals


def test_saved_pages_are_imported_whole(
    store: AssetStore, settings: Settings, read_items: Callable[..., Any]
) -> None:
    report = import_items(store, [FIXTURES / "json_ld_pages"], settings=settings)
    assert (report.read, report.accepted, report.quarantined) == (5, 5, 0)
    titles = {row["id"]: row["title"] for row in store.read("items").to_pylist()}
    expected = read_items(FIXTURES / "json_ld.plain.jsonl").items
    assert titles == {key: row["title"] for key, row in expected.items()}


def test_plain_files_are_none_of_the_dialects(
    read_items: Callable[..., Any], write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    plain = write_csv("items.csv", ["id", "title", "price", "handle"], ["1", "x", "2", "h"])
    assert read_items(plain).dialects == {"plain"}
    lines = tmp_path / "items.jsonl"
    lines.write_text(
        '{"id": "1", "title": "see \\"@type\\": \\"Product\\"", "more": {"@type": "Product"}}\n'
    )
    assert read_items(lines).dialects == {"plain"}
