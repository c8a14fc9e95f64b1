from collections import defaultdict

import pytest


def test_sessions_are_what_silence_and_names_make(derived, log, shopper_of, visit_of) -> None:
    shopper, visit = shopper_of(log.events), visit_of(log.events)
    rows = defaultdict(list)
    for row in log.events:
        if who := shopper(row):
            rows[who, visit(row)].append(row)

    def revenue(row) -> float:
        if row["event"] != "purchase":
            return 0.0
        if row.get("value") is not None:
            return row["value"]
        return (row.get("price") or 0.0) * (1.0 if row.get("quantity") is None else row["quantity"])

    found = derived("sessions", log)
    assert {(row["shopper_id"], row["session_id"]) for row in found} == set(rows)
    for row in found:
        mine = rows[row["shopper_id"], row["session_id"]]
        assert row["first_ts"] == min(each["ts"] for each in mine)
        assert row["last_ts"] == max(each["ts"] for each in mine)
        assert row["events"] == len({each["event_id"] for each in mine})
        assert row["lines"] == len(mine)
        assert row["items"] == len({each["item_id"] for each in mine if each.get("item_id")})
        assert row["purchases"] == sum(each["event"] == "purchase" for each in mine)
        assert row["revenue"] == pytest.approx(sum(map(revenue, mine)))
    assert any(row["events"] > 1 and "@" in row["session_id"] for row in found)
