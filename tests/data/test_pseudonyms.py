"""Pseudonyms instead of ids, from the first file on."""

import hashlib
import hmac
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mercato.core.errors import BadInput
from mercato.core.events import EventRow
from mercato.core.settings import CleaningSettings, ImportSettings, PrivacySettings, Settings
from mercato.data.auditing import mask_of
from mercato.data.derive import derive
from mercato.data.importing import import_events
from mercato.data.pseudonyms import Pseudonyms, settled_pseudonyms
from mercato.data.store import AssetStore
from mercato.state import State

KEY = bytes(range(32))
IDS = Pseudonyms(KEY)
ON = Settings(imports=ImportSettings(max_bad_share=0.9), privacy=PrivacySettings(pseudonyms=True))


def digits(said: str) -> str:
    return hmac.new(KEY, said.encode(), hashlib.sha256).hexdigest()


def test_a_pseudonym_is_a_keyed_hash_that_the_shop_knows_again() -> None:
    hashed = digits("id:anna")[:32]
    found = IDS.of("anna")
    assert found == f"id-{hashed}{digits(f'check:{hashed}')[:8]}"
    assert IDS.of(found) == found
    assert IDS.of("visitor:anna") == f"visitor:{found}"
    forged = found[:-1] + ("0" if found[-1] != "0" else "1")
    assert IDS.of(forged) not in (forged, found)
    assert Pseudonyms(bytes(32)).of("anna") != found
    assert Pseudonyms().of("anna") == "anna"


def test_ids_made_of_what_events_say_tell_nothing() -> None:
    made = f"event-{'0' * 32}-hits"
    row = EventRow(made, 0, 1, "search", user_id="anna", session_id="s")
    found = IDS.row(row)
    assert (found.event_id, found.user_id) == (IDS.of(made), IDS.of("anna"))
    assert found.session_id == IDS.of("s")
    assert IDS.row(row._replace(event_id="mine")).event_id == "mine"


LINES: list[Any] = [
    {"event_id": "a", "ts": "2026-05-01T10:00:00Z", "event": "view_item", "user_id": "anna"}
    | {"visitor_id": "phone", "item_id": "tea"},
    {"ts": "2026-05-01T10:00:00Z", "event": "view_item", "client_id": "phone"}
    | {"session_id": "phone.1777629600"},
    {"event_id": "c", "ts": "soon", "event": "purchase", "user_id": "anna", "note": {"userId": 7}},
    {"event_id": "d", "ts": "2026-05-01T10:00:00Z", "event": "search", "user_id": "anna" * 200},
    "anna",
]


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    found = AssetStore(tmp_path / "shop" / "assets")
    found.root.mkdir(parents=True)
    import_events(found, [path], settings=ON, format="ga4")
    return found


def test_nothing_of_an_import_holds_a_plain_id(store: AssetStore) -> None:
    rows = store.read("events").to_pylist()
    (first,) = (row for row in rows if row["event_id"] == "a")
    assert re.fullmatch("id-[0-9a-f]{40}", first["user_id"])
    assert [row["visitor_id"] for row in rows] == [first["visitor_id"]] * 2
    refused = store.read("quarantine").to_pylist()
    assert len(refused) == 3
    whole = json.dumps([rows, refused], default=str)
    assert "anna" not in whole
    assert "phone" not in whole
    assert {json.loads(row["row"]).get("user_id") for row in refused} >= {first["user_id"], None}
    # The same file again is nothing new.
    report = import_events(store, [store.root.parents[1] / "log.jsonl"], settings=ON, format="ga4")
    assert (report.accepted, report.unchanged) == (0, 2)


def test_the_shops_own_users_are_known(store: AssetStore) -> None:
    own = replace(ON, cleaning=CleaningSettings(own_users=("anna",)))
    derive(store, ["shopper_flags"], settings=own)
    assert store.read("shopper_flags")["flag"].to_pylist() == ["own-user"]


def test_masks_and_records_know_whom_they_mean(store: AssetStore) -> None:
    state = State.open("sqlite:///state.db", store.root.parent)
    stored = store.read("events")["user_id"].drop_null()[0].as_py()
    assert mask_of(state).pseudonym("anna") == mask_of(state).pseudonym(stored)
    state.close()


def test_it_is_decided_before_the_first_event(tmp_path: Path) -> None:
    state = State.open("sqlite:///state.db", tmp_path)
    off = Settings()
    assert settled_pseudonyms(state, ON, tmp_path).key
    assert settled_pseudonyms(state, off, tmp_path).key is None
    state.events.append([EventRow("a", 0, 1, "view_item")]).result(30)
    with pytest.raises(BadInput, match="new shop"):
        settled_pseudonyms(state, ON, tmp_path)
    state.close()


def test_it_is_not_undone(store: AssetStore) -> None:
    with pytest.raises(BadInput, match="pseudonyms = true; found false"):
        import_events(store, [store.root.parents[1] / "log.jsonl"], settings=Settings())
