import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.errors import BadInput
from mercato.data.importers import dialect_of
from mercato.data.importers.ga4_bigquery import GA4_BIGQUERY, events_of
from mercato.data.importers.raw import RawBatch, Reading, Source

FIXTURE = Path(__file__).parent / "fixtures" / "ga4_bigquery.jsonl"

VALUE = pa.struct(
    [
        ("string_value", pa.string()),
        ("int_value", pa.int64()),
        ("float_value", pa.float64()),
        ("double_value", pa.float64()),
    ]
)
PARAMS = pa.list_(pa.struct([("key", pa.string()), ("value", VALUE)]))
SOURCE = ("manual_source", "manual_medium", "manual_campaign_name")
SCHEMA = pa.schema(
    [
        ("event_date", pa.string()),
        ("event_timestamp", pa.int64()),
        ("event_name", pa.string()),
        ("event_params", PARAMS),
        ("event_bundle_sequence_id", pa.int64()),
        ("user_id", pa.string()),
        ("user_pseudo_id", pa.string()),
        ("user_first_touch_timestamp", pa.int64()),
        ("device", pa.struct([("category", pa.string()), ("language", pa.string())])),
        ("geo", pa.struct([("country", pa.string())])),
        ("collected_traffic_source", pa.struct([(name, pa.string()) for name in SOURCE])),
        ("stream_id", pa.string()),
        ("platform", pa.string()),
        (
            "ecommerce",
            pa.struct([("purchase_revenue", pa.float64()), ("transaction_id", pa.string())]),
        ),
        (
            "items",
            pa.list_(
                pa.struct(
                    [
                        ("item_id", pa.string()),
                        ("item_name", pa.string()),
                        ("price", pa.float64()),
                        ("quantity", pa.int64()),
                        ("item_revenue", pa.float64()),
                        ("coupon", pa.string()),
                        ("item_list_id", pa.string()),
                        ("item_list_name", pa.string()),
                        ("item_list_index", pa.string()),
                        ("item_params", PARAMS),
                    ]
                )
            ),
        ),
        ("batch_page_id", pa.int64()),
        ("batch_ordering_id", pa.int64()),
        ("batch_event_index", pa.int64()),
    ]
)
"""The export's own types (https://support.google.com/analytics/answer/7029846), in part."""


def typed(value: Any, kind: pa.DataType) -> Any:
    """What JSON holds, as the column's type wants it."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: typed(value.get(field.name), field.type) for field in kind}
    if pa.types.is_list(kind):
        return [typed(each, kind.value_type) for each in value]
    return int(value) if pa.types.is_integer(kind) else value


def parquet(path: Path, rows: list[dict[str, Any]]) -> Source:
    records = [
        {field.name: typed(row.get(field.name), field.type) for field in SCHEMA} for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(records, SCHEMA), path)
    return Source(path, (path,))


def read(source: Source) -> RawBatch:
    (batch,) = GA4_BIGQUERY.read(source, Reading("events", frozenset()))
    return batch


def attributes(batch: RawBatch) -> list[object]:
    assert batch.rest is not None
    return [json.loads(each or "{}") for each in batch.rest.to_pylist()]


def test_parquet_says_what_json_says(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in FIXTURE.read_text().splitlines()]
    good = [row for row in lines if "two" not in json.dumps(row)]
    path = tmp_path / "export"
    path.write_text("\n".join(map(json.dumps, good)))
    expected = read(Source(path, (path,)))
    source = parquet(tmp_path / "events_20260501", good)
    assert dialect_of(source, "events", None) is GA4_BIGQUERY
    batch = read(source)
    assert batch.columns == expected.columns
    assert batch.lines == expected.lines
    assert batch.left_out == expected.left_out == {"page_view": 1, "newsletter_signup": 1}
    assert attributes(batch) == attributes(expected)


def test_a_refused_row_of_parquet_bears_its_number(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in FIXTURE.read_text().splitlines()[1:4]]
    rows[2]["event_timestamp"] = None
    (refusal,) = read(parquet(tmp_path / "x.parquet", rows)).refusals
    assert (refusal.line, refusal.check) == (3, "ts-required")
    assert json.loads(refusal.row)["user_id"] == "anna"


def test_a_broken_parquet_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 64)
    assert GA4_BIGQUERY.holds(Source(path, (path,)), "events") is False
    with pytest.raises(BadInput, match="Parquet in"):
        read(Source(path, (path,)))


def event_id(**changes: object) -> object:
    row: dict[str, Any] = {
        "event_timestamp": "1777636801000000",
        "event_name": "view_item_list",
        "event_bundle_sequence_id": "7",
        "user_pseudo_id": "100.200",
        "event_params": [{"key": "page_title", "value": {"string_value": "Home"}}],
        "items": [{"item_id": "milk", "item_list_id": "home"}],
    }
    (event,) = events_of(row | changes)
    assert isinstance(event, dict)
    return event["event_id"]


BATCH = {"batch_page_id": "1", "batch_ordering_id": "2", "batch_event_index": "3"}


def test_the_intraday_and_the_daily_table_agree_on_an_event() -> None:
    later = {"user_ltv": {"revenue": 9.5}, "traffic_source": {"source": "news"}, "geo": {}}
    assert event_id(**BATCH) == event_id(**BATCH, **later)
    assert event_id(**BATCH) == event_id(**{name: int(value) for name, value in BATCH.items()})
    assert event_id() == event_id(**later) == event_id(event_timestamp=1777636801000000)


def test_two_events_of_a_moment_stay_two() -> None:
    """Events of one request share their time; before 2024 only what they say tells them apart."""
    other = {"items": [{"item_id": "milk", "item_list_id": "cart"}]}
    assert event_id() != event_id(**other)
    assert event_id(**BATCH) != event_id(**(BATCH | {"batch_event_index": "4"}))
    assert event_id() != event_id(user_pseudo_id="100.201")


def test_a_shops_own_event_id_counts() -> None:
    own = [{"key": "event_id", "value": {"string_value": "e-1"}}]
    assert event_id(event_params=own) == "e-1"
