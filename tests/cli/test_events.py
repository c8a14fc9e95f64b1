"""`mercato events`: all events once, also those that only the state has yet."""

import json

from mercato.core.events import EventRow
from mercato.state import State


def test_events_of_the_asset_and_of_the_state(mercato, tmp_path):
    mercato("init", "shop")
    (tmp_path / "log.csv").write_text(
        "event_id,ts,event,user_id,item_id\n"
        "e1,2026-05-01T10:00:00Z,view_item,ana,tea\n"
        "e2,2026-05-01T11:00:00Z,purchase,bo,pot\n"
    )
    mercato("import", "shop", "--events", "log.csv")
    state = State.open("sqlite:///state.db", tmp_path / "shop")
    live = EventRow("e3", 0, 1_777_723_200_000_000, "purchase", user_id="ana", item_id="pot")
    state.events.append([live]).result(timeout=10)
    state.close()

    done = mercato("events", "shop")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["event_id"] for line in done.stdout.splitlines()] == ["e1", "e2", "e3"]
    assert "3 events" in done.stderr

    done = mercato("events", "shop", "--user", "ana", "--since", "2026-05-01T10:30:00Z")
    (line,) = done.stdout.splitlines()
    assert json.loads(line) == {
        "event_id": "e3",
        "ts": "2026-05-02T12:00:00Z",  # 1,777,723,200 seconds after 1970
        "event": "purchase",
        "user_id": "ana",
        "items": [{"item_id": "pot"}],
    }


def test_reading_events_leaves_a_record_and_a_mask_hides_who_it_was(mercato, tmp_path):
    mercato("init", "shop")
    (tmp_path / "log.csv").write_text(
        "event_id,ts,event,user_id,item_id\n"
        "e1,2026-05-01T10:00:00Z,view_item,ana,tea\n"
        "e2,2026-05-01T11:00:00Z,purchase,ana,pot\n"
    )
    mercato("import", "shop", "--events", "log.csv")
    masked = mercato("events", "shop", "--mask")
    events = [json.loads(line) for line in masked.stdout.splitlines()]
    (pseudonym,) = {event["user_id"] for event in events}
    assert pseudonym.startswith("p-")

    before = json.loads(mercato("audit", "shop", "--json").stdout)
    assert [(each["action"], each["purpose"]) for each in before] == [("import", "import")] * 2
    mercato("events", "shop", "--user", "ana")
    (access,) = json.loads(mercato("audit", "shop", "--user", "ana", "--json").stdout)
    assert (access["action"], access["asset"], access["subject"]) == ("events", "events", pseudonym)
    assert "user_id" in access["columns"]
    later = mercato("audit", "shop", "--since", access["ts"])
    assert pseudonym in later.stdout
    assert "import" not in later.stdout
