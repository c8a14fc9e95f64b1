"""Every dialect of event logs: a sample comes in as the same rows that a plain file brings."""

import gc
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from mercato.core.settings import ImportSettings, Settings
from mercato.data.importers import DIALECTS, dialect_of
from mercato.data.importers.event_logs import EventLog
from mercato.data.importers.raw import BATCH_ROWS, RawBatch, Reading, Source
from mercato.data.importing import import_events
from mercato.data.report import ImportReport
from mercato.data.store import AssetStore

FIXTURES = Path(__file__).parent / "fixtures"
READING = Reading("events", frozenset())
LOGS = {name: dialect for name, dialect in DIALECTS.items() if isinstance(dialect, EventLog)}


@dataclass(frozen=True)
class Sample:
    """What a fixture holds beside good rows. refused : (line, check, what it said)"""

    left_out: Mapping[str, int]
    refused: tuple[int, str, str]
    lines: tuple[int, ...]


SAMPLES = {
    "ga4-bigquery": Sample(
        {"page_view": 1, "newsletter_signup": 1},
        (7, "quantity-readable", "two"),
        (2, 2, 3, 4, 5, 6, 6),
    ),
    "google-retail": Sample(
        {
            "home-page-view": 1,
            "category-page-view without products": 1,
            "shopping-cart-page-view": 1,
        },
        (11, "items-list", "milk"),
        (2, 2, 3, 4, 6, 7, 9, 10, 10),
    ),
    "segment": Sample(
        {"page": 1, "Cart Viewed": 1, "Quiz Finished": 1},
        (15, "quantity-not-negative", "-1.0"),
        (1, 3, 4, 4, 5, 6, 7, 8, 10, 11, 11, 12, 13, 14),
    ),
    "ubi": Sample(
        {"query without words or hits": 1, "click without an object": 1, "page_exit": 1},
        (11, "ts-readable", "yesterday"),
        (1, 1, 1, 2, 3, 5, 6, 8, 9),
    ),
    "algolia-insights": Sample(
        {"conversion: Converted": 1, "click of filters": 1},
        (8, "lists-match", "[1]"),
        (1, 1, 2, 2, 3, 4, 4, 5),
    ),
}
names = pytest.mark.parametrize("name", SAMPLES)


def fixture(name: str) -> Path:
    return FIXTURES / f"{name.replace('-', '_')}.jsonl"


def source(path: Path) -> Source:
    return Source(path, (path,))


def read(path: Path, name: str) -> RawBatch:
    (batch,) = LOGS[name].read(source(path), READING)
    return batch


def imported(path: Path, folder: Path) -> tuple[ImportReport, AssetStore]:
    store = AssetStore(folder)
    lenient = Settings(imports=ImportSettings(max_bad_share=0.5))
    return import_events(store, [path], settings=lenient), store


def rows_of(store: AssetStore) -> list[dict[str, object]]:
    """The rows, their events numbered as they come."""
    rows = store.read("events").to_pylist()
    rows.sort(key=lambda row: (row["ts"], row["event"] != "view_search_results", row["line"]))
    numbers: dict[object, int] = {}
    for row in rows:
        row["event_id"] = numbers.setdefault(row["event_id"], len(numbers))
        row["attributes"] = json.loads(row["attributes"] or "{}")
    return rows


@names
def test_a_sample_and_its_plain_form_are_the_same_rows(name: str, tmp_path: Path) -> None:
    path = fixture(name)
    report, store = imported(path, tmp_path / "theirs")
    plain_report, plain = imported(path.with_suffix(".plain.jsonl"), tmp_path / "plain")
    assert plain_report.quarantined == 0
    assert rows_of(store) == rows_of(plain)
    sample = SAMPLES[name]
    assert dict(report.left_out) == sample.left_out
    assert report.quarantined == 1
    assert report.read == report.accepted + 1 + sum(sample.left_out.values())
    assert report.bad_share == 1 / (report.accepted + 1)
    (kept,) = store.read("quarantine").to_pylist()
    assert (kept["source_line"], kept["check"], kept["value"]) == sample.refused


@names
def test_a_sample_is_known_by_its_content(name: str, tmp_path: Path) -> None:
    path = tmp_path / "log.data"
    path.write_bytes(fixture(name).read_bytes())
    assert dialect_of(source(path), "events", None).name == name
    plain = fixture(name).with_suffix(".plain.jsonl")
    assert dialect_of(source(plain), "events", None).name == "plain"


@names
def test_an_array_is_as_good_as_lines(name: str, tmp_path: Path) -> None:
    objects = [json.loads(line) for line in fixture(name).read_text().splitlines()]
    path = tmp_path / "log.json"
    path.write_text(json.dumps(objects))
    assert LOGS[name].holds(source(path), "events")
    assert read(path, name).columns == read(fixture(name), name).columns


@names
def test_rows_and_refusals_bear_their_lines(name: str) -> None:
    batch = read(fixture(name), name)
    assert tuple(batch.lines.to_pylist()) == SAMPLES[name].lines
    (refusal,) = batch.refusals
    line, check, value = SAMPLES[name].refused
    assert (refusal.line, refusal.check, refusal.value) == (line, check, value)
    written = json.loads(fixture(name).read_text().splitlines()[line - 1])
    assert json.loads(refusal.row) == written  # so that it can be mended and read again


@names
def test_the_same_log_again_is_the_same_events(name: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("\n" + fixture(name).read_text())
    again = read(path, name).columns["event_id"]
    assert again == read(fixture(name), name).columns["event_id"]
    assert again.null_count == 0


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1, 2",
        b"[]",
        b"id,title\n1,x\n",
        b'{"id": "1", "title": "x", "item_id": "1"}\n',
        b'"text"\n',
        b'{"eventType": ["click"], "type": {}, "item_id": 1}\n',
        b"\xff\xfe\x00{",
    ],
)
def test_what_is_no_log_is_not_taken_for_one(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)
    assert LOGS[name].holds(source(path), "events") is False


def test_one_object_does_not_make_a_dialect(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first = fixture("segment").read_text().splitlines()[0]
    path.write_text(first + '\n{"item_id": "a"}' * 3)
    assert dialect_of(source(path), "events", None).name == "plain"


def test_a_kind_that_is_left_out_is_short_and_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    calls = [{"type": "track", "event": name} for name in ("\x1b[2J" + "x" * 300, "Fête")]
    path.write_text("\n".join(map(json.dumps, calls)))
    assert read(path, "segment").left_out == {"\\x1b[2J" + "x" * 96: 1, "Fête": 1}


def test_the_search_for_cycles_goes_on_after_a_read() -> None:
    batches = LOGS["ubi"].read(source(fixture("ubi")), READING)
    assert gc.isenabled()
    next(batches)
    assert gc.isenabled()


def test_batches_are_bounded_by_their_lines(tmp_path: Path) -> None:
    """A few events with many products each are not all in memory at once."""
    path = tmp_path / "log.jsonl"
    hits = [str(n) for n in range(5000)]
    query = {"query_id": "q", "timestamp": "2026-05-01T12:00:00Z", "query_response_hit_ids": hits}
    path.write_text((json.dumps(query) + "\n") * 30)
    sizes = [len(batch.lines) for batch in LOGS["ubi"].read(source(path), READING)]
    assert sum(sizes) == 30 * 5000
    assert max(sizes) < BATCH_ROWS + 5001


def test_an_object_is_refused_whole(tmp_path: Path) -> None:
    """Of a query that is two events neither comes in where one of them cannot."""
    path = tmp_path / "log.jsonl"
    hits = ["milk", "x" * 600]
    query = {
        "query_id": "q",
        "client_id": "c",
        "user_query": "milk",
        "query_response_hit_ids": hits,
    }
    path.write_text(json.dumps(query | {"timestamp": "2026-05-01T12:00:00Z"}))
    batch = read(path, "ubi")
    assert len(batch.lines) == 0
    assert [refusal.check for refusal in batch.refusals] == ["item_id-length"]


@names
@pytest.mark.parametrize("wrong", [1, "text", [1], [[]], {"a": 1}, True])
def test_a_field_of_another_kind_is_refused_or_read(
    name: str, wrong: object, tmp_path: Path
) -> None:
    """Whatever stands in a field, the object is a row, refused, or left out."""
    path = tmp_path / "log.jsonl"
    for line in fixture(name).read_text().splitlines():
        written = json.loads(line)
        changed = [written | {field: wrong} for field in written]
        path.write_text("\n".join(map(json.dumps, changed)))
        batch = read(path, name)
        refused = {refusal.line for refusal in batch.refusals}
        rows = set(batch.lines.to_pylist())
        assert not refused & rows
        assert len(refused | rows) + sum(batch.left_out.values()) >= len(changed)
        assert pa.record_batch(dict(batch.columns)).num_rows == len(batch.lines)
