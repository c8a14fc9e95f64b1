from datetime import UTC, datetime, timedelta, timezone

import pytest

from mercato.catalogue.documents import canonical, decode, encode, patched


def test_an_item_keeps_only_what_is_not_empty() -> None:
    found = canonical({"id": "1", "title": "t", "brand": None, "attributes": None, "else": 5})
    assert found == {"id": "1", "title": "t"}


def test_attributes_come_as_a_dict() -> None:
    text = '{"a": [1, "x"], "b": null}'
    assert canonical({"id": "1", "attributes": text})["attributes"] == {"a": [1, "x"]}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2024, 1, 2, 3, 4, 5),
        datetime(2024, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2))),
        "2024-01-02T03:04:05Z",
    ],
)
def test_a_moment_comes_as_text_in_utc(moment: object) -> None:
    assert canonical({"created_at": moment})["created_at"] == "2024-01-02T03:04:05Z"


def test_a_document_reads_back_the_same() -> None:
    item = {"id": "ü1", "price": 2.5, "attributes": {"tags": ["a", "b"], "n": 3}}
    assert decode(encode(item)) == item


def test_a_patch_sets_and_empties_fields_and_attributes_each_for_itself() -> None:
    item = {"id": "1", "brand": "A", "price": 2.0, "attributes": {"a": 1, "b": 2}}
    fields = {"brand": None, "price": 3.0, "attributes": {"b": None, "c": "x"}}
    assert patched(item, fields) == {"id": "1", "price": 3.0, "attributes": {"a": 1, "c": "x"}}
    assert patched(item, {"attributes": None}) == {"id": "1", "brand": "A", "price": 2.0}
    assert item["attributes"] == {"a": 1, "b": 2}
