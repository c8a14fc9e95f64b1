import math
from collections import Counter, defaultdict
from itertools import permutations

import pytest


def baskets_of(log, shopper, visit):
    found = defaultdict(set)
    for row in log.events:
        if row["event"] == "purchase" and row.get("item_id"):
            key = row["transaction_id"] or (shopper(row), visit(row)) * bool(shopper(row))
            found[key or ("event", row["event_id"])].add(row["item_id"])
    return found


def test_pairs_are_those_that_share_baskets(derived, log, shopper_of, visit_of) -> None:
    outside = [row for row in log.events if not row.get("transaction_id")]
    baskets = baskets_of(log, shopper_of(log.events), visit_of(outside))
    single, together = Counter(), Counter()
    for items in baskets.values():
        single.update(items)
        together.update(permutations(sorted(items), 2))
    found = derived("co_purchase", log)
    expected = {pair for pair, count in together.items() if count >= 2}
    assert {(row["item_id"], row["other_id"]) for row in found} == expected
    assert expected
    for row in found:
        one, other = row["item_id"], row["other_id"]
        count = together[one, other]
        assert row["together"] == count
        assert row["score"] == pytest.approx(count / math.sqrt(single[one] * single[other]))
        assert row["lift"] == pytest.approx(count * len(baskets) / (single[one] * single[other]))
    for item in {row["item_id"] for row in found}:
        mine = [row for row in found if row["item_id"] == item]
        best = sorted(mine, key=lambda r: (-r["score"], -r["together"], r["other_id"]))
        assert [row["rank"] for row in best] == list(range(1, len(mine) + 1))


def test_only_the_best_fifty_stay(derived, log) -> None:
    lines = [
        {"event_id": f"b{basket}", "line": n, "ts": log.events[0]["ts"], "event": "purchase",
         "transaction_id": f"t{basket}", "item_id": f"i{n:03}"}
        for basket in range(2)
        for n in range(60)
    ]  # fmt: skip
    found = derived("co_purchase", log, events=lines)
    assert len(found) == 60 * 50
    assert {row["rank"] for row in found} == set(range(1, 51))
    # all pairs are equal, so the smaller ids stay
    assert {row["other_id"] for row in found if row["item_id"] == "i059"} == {
        f"i{n:03}" for n in range(50)
    }


def test_baskets_beyond_any_household_are_left_out(derived, log) -> None:
    lines = [
        {"event_id": f"b{basket}", "line": n, "ts": log.events[0]["ts"], "event": "purchase",
         "transaction_id": f"t{basket}", "item_id": f"i{n:03}"}
        for basket, size in ((1, 201), (2, 200), (3, 200))
        for n in range(size)
    ]  # fmt: skip
    found = derived("co_purchase", log, events=lines)
    assert {row["together"] for row in found} == {2}
