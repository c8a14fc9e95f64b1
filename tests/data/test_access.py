"""Masks: what belongs to a person is hidden, and masked tables still join."""

import hashlib
import hmac
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from mercato.core import columns as c
from mercato.data.access import Mask, personal_columns
from mercato.data.asset import Asset
from mercato.data.assets import ASSETS
from mercato.data.labels import Masking, Sensitivity

KEY = b"a key of this shop"
MASK = Mask(KEY)
IDENTITIES = {c.USER_ID, c.VISITOR_ID, c.SESSION_ID, c.TRANSACTION_ID, "shopper_id"}
FREE_TEXTS = {c.SEARCH_TERM, "request", "row"}


@pytest.mark.parametrize("asset", ASSETS.values(), ids=lambda asset: asset.name)
def test_every_column_that_names_a_person_is_labelled(asset: Asset) -> None:
    names = set(asset.schema.names)
    for name in names & IDENTITIES:
        assert asset.personal[name] is Masking.PSEUDONYM
    for name in names & FREE_TEXTS:
        assert asset.personal[name] is Masking.DROPPED
    assert set(asset.personal) <= names
    assert bool(asset.personal) == (asset.sensitivity is Sensitivity.PERSONAL)


def test_a_pseudonym_is_a_keyed_hash() -> None:
    digest = hmac.new(KEY, b"ana", hashlib.sha256).hexdigest()
    assert MASK.pseudonym("ana") == f"p-{digest[:32]}"
    assert Mask(b"another shop").pseudonym("ana") != MASK.pseudonym("ana")


def test_a_guest_stays_a_guest_and_joins_its_visitor() -> None:
    assert MASK.pseudonym("visitor:v1") == "visitor:" + MASK.pseudonym("v1")


def test_masked_events_keep_what_is_nobodys() -> None:
    rows = [
        {"event_id": "e1", "line": 0, "user_id": "ana", "search_term": "ana's tea",
         "item_id": "tea", "attributes": '{"mail":"ana@example.com"}',
         "ts": datetime(2026, 5, 1, tzinfo=UTC)},
        {"event_id": "e1", "line": 1, "user_id": None, "visitor_id": "ana", "item_id": "pot"},
    ]  # fmt: skip
    events = pa.Table.from_pylist(rows, schema=ASSETS["events"].schema)
    masked = MASK.rows(ASSETS["events"], events)
    assert masked.schema == events.schema
    assert "ana" not in str(masked.to_pylist())
    ana = MASK.pseudonym("ana")
    assert masked["user_id"].to_pylist() == [ana, None]
    assert masked["visitor_id"].to_pylist() == [None, ana]
    assert masked["event_id"].to_pylist() == [MASK.pseudonym("e1")] * 2
    for name in set(events.schema.names) - set(ASSETS["events"].personal):
        assert masked[name] == events[name]


def test_a_batch_with_some_of_the_columns_is_masked_too() -> None:
    batch = pa.record_batch({"session_id": ["s", "s"], "events": [1, 2]})
    masked = MASK.rows(ASSETS["sessions"], batch)
    assert isinstance(masked, pa.RecordBatch)
    assert masked.to_pydict() == {"session_id": [MASK.pseudonym("s")] * 2, "events": [1, 2]}
    assert personal_columns(ASSETS["sessions"], ["events", "session_id"]) == ("session_id",)
