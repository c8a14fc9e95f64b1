from datetime import timedelta


def test_histories_are_what_each_shopper_did_in_order(derived, log, shopper_of) -> None:
    shopper = shopper_of(log.events)
    expected: dict[str, list[dict[str, object]]] = {}
    for row in sorted(log.events, key=lambda r: (r["ts"], r["event_id"], r["line"])):
        if (who := shopper(row)) and row.get("item_id"):
            said = {
                name: row.get(name)
                for name in ("ts", "event", "item_id", "quantity", "price", "channel")
            }
            expected.setdefault(who, []).append(said)
    found = {row["shopper_id"]: row["events"] for row in derived("histories", log)}
    assert found == expected
    assert any(who.startswith("visitor:guest") for who in found)
    assert list(found) == sorted(found)


def test_a_visitor_belongs_to_the_user_it_was_last_seen_with(derived, log) -> None:
    def row(number: int, **who: str) -> dict[str, object]:
        ts = log.events[0]["ts"] + timedelta(days=number)
        return {"event_id": f"e{number}", "line": 0, "ts": ts, "event": "view_item",
                "item_id": f"i{number}"} | who  # fmt: skip

    events = [
        row(1, visitor_id="phone"),
        row(2, visitor_id="phone", user_id="anna"),
        row(3, visitor_id="phone", user_id="bert"),
        row(4, visitor_id="phone"),
        row(5, visitor_id="kiosk"),
        row(6),
    ]
    found = {
        row["shopper_id"]: [event["item_id"] for event in row["events"]]
        for row in derived("histories", log, events=events)
    }
    assert found == {"anna": ["i2"], "bert": ["i1", "i3", "i4"], "visitor:kiosk": ["i5"]}
