"""Consent in files: what was denied does not come into the assets, so nothing learns from it."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mercato.core.settings import ImportSettings, Settings
from mercato.data.importing import import_events
from mercato.data.report import ImportReport
from mercato.data.store import AssetStore

SETTINGS = Settings(imports=ImportSettings(max_bad_share=0.9))


def imported(path: Path, **more: Any) -> tuple[ImportReport, dict[str, tuple[Any, ...]]]:
    """The report, and who each event's line names."""
    store = AssetStore(path.parent / "assets")
    report = import_events(store, [path], settings=SETTINGS, **more)
    rows = store.read("events").to_pylist()
    who = ("user_id", "visitor_id", "session_id")
    assert all("consent" not in (row["attributes"] or "") for row in rows)
    return report, {row["event_id"]: tuple(row[name] for name in who) for row in rows}


CSV = """event_id,ts,event,user_id,visitor_id,session_id,item_id,consent
a,2026-05-01T10:00:00Z,view_item,u,v,s,tea,
b,2026-05-01T10:00:00Z,view_item,u,v,s,tea,no
c,2026-05-01T10:00:00Z,view_item,u,v,s,tea,granted
d,2026-05-01T10:00:00Z,view_item,u,v,s,tea,"{""personalization"": false}"
e,2026-05-01T10:00:00Z,view_item,u,v,s,tea,perhaps
"""
EVERYBODY = {"a": ("u", "v", "s"), "c": ("u", "v", "s"), "d": (None, None, None)}


def test_a_column_of_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(CSV)
    report, found = imported(path)
    assert found == EVERYBODY
    assert dict(report.left_out) == {"no consent to analytics": 1}
    assert [(each.check.name, each.rows, each.value) for each in report.checks] == [
        ("consent-readable", 1, "perhaps")
    ]


def test_a_column_that_is_called_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(CSV.replace("consent", "opt_in").replace("user_id", "customer"))
    mapping = {"consent": "opt_in", "user_id": "customer"}
    assert imported(path, format="plain", mapping=mapping)[1] == EVERYBODY


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_booleans_and_objects(form: str, tmp_path: Path) -> None:
    rows = [
        {"event_id": "a", "ts": "2026-05-01T10:00:00Z", "event": "view_item", "item_id": "tea"}
        | {"user_id": "u", "visitor_id": "v", "session_id": "s", "consent": {"analytics": said}}
        for said in (True, False)
    ]
    rows[1]["event_id"] = "b"
    path = tmp_path / f"log.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path)
    report, found = imported(path)
    assert found == {"a": ("u", "v", "s")}
    assert report.accepted == 1


TRACK = {"type": "track", "event": "Product Viewed", "userId": "u", "anonymousId": "v"} | {
    "timestamp": "2026-05-01T10:00:00Z",
    "properties": {"product_id": "tea"},
}
EXPORTED = {"event_name": "view_item", "event_timestamp": "1777629600000000"} | {
    "user_pseudo_id": "v",
    "items": [{"item_id": "tea"}],
}


@pytest.mark.parametrize(
    ("name", "row", "denied", "left"),
    [
        (
            "segment",
            TRACK,
            {"context": {"consent": {"categoryPreferences": {"Analytics": False}}}},
            [],
        ),
        (
            "segment",
            TRACK,
            {"context": {"consent": {"categoryPreferences": {"Advertising": False}}}},
            [(None, None, None)],
        ),
        ("ga4-bigquery", EXPORTED, {"privacy_info": {"analytics_storage": "No"}}, []),
        (
            "ga4",
            {"name": "view_item", "timestamp_micros": 1777629600000000, "client_id": "v"},
            {"consent": {"ad_personalization": "DENIED"}},
            [(None, None, None)],
        ),
    ],
)
def test_words_of_dialects(
    name: str, row: dict[str, Any], denied: dict[str, Any], left: list[Any], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(row | denied) + "\n" + json.dumps(row | {"userId": "other"}) + "\n")
    report, found = imported(path, format=name)
    assert [who for who in found.values() if who[1] is None] == left
    assert sum(report.left_out.values()) == 1 - len(left)
    assert len(found) == 1 + len(left)


ORDERS = """event_id,ts,event,user_id,item_id,transaction_id,query_id,price,ip,Device ID,consent
a,2026-05-01T10:00:00Z,purchase,u,tea,T-7,q,4,203.0.113.9,d,
b,2026-05-01T10:00:00Z,purchase,u,tea,T-8,q,4,203.0.113.9,d,"{""personalization"": false}"
c,2026-05-01T10:00:00Z,purchase,u,jam,T-8,q,3,203.0.113.9,d,"{""personalization"": false}"
event-0123456789abcdef0123456789abcdef,2026-05-01T10:00:00Z,purchase,u,jam,T-9,q,3,,,no
row-0123456789abcdef0123456789abcdef,2026-05-01T10:00:00Z,search,u,,,q,,,,"{""ad_user_data"": 0}"
ga4-0123456789abcdef0123456789abcdef,2026-05-01T10:00Z,search,u,,,q,,,,"{""ad_user_data"":""denied""}"
"""


def test_what_is_left_of_a_denied_row_joins_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(ORDERS)
    store = AssetStore(tmp_path / "assets")
    for _ in range(2):
        import_events(store, [path], settings=SETTINGS)
    named, *others = sorted(store.read("events").to_pylist(), key=lambda row: row["event_id"])
    assert (named["query_id"], named["transaction_id"]) == ("q", "T-7")
    assert named["attributes"] == '{"Device ID":"d","ip":"203.0.113.9"}'
    assert len(others) == 3, "imported twice, kept once"
    assert {(row["query_id"], row["attributes"], row["user_id"]) for row in others} == {(None,) * 3}
    assert sum(row["price"] or 0 for row in others) == 7
    assert [row["event_id"].partition("-")[0] for row in others] == ["b", "c", "id"]
    (order,) = {row["transaction_id"] for row in others} - {None}
    assert order not in ("T-8", None)
