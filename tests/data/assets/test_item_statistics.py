from collections import defaultdict
from statistics import fmean, pvariance

import pytest

COUNTS = {
    "impressions": "view_item_list",
    "clicks": "select_item",
    "views": "view_item",
    "carts": "add_to_cart",
    "purchases": "purchase",
}


def smoothed(successes: list[int], trials: list[int]) -> list[float]:
    """Beta prior by moments over the rows with trials (Kleinman 1973), in plain arithmetic."""
    pairs = [(min(s, n), n) for s, n in zip(successes, trials, strict=True)]
    rates = [s / n for s, n in pairs if n]
    mean, variance = fmean(rates), pvariance(rates)
    h = fmean(1 / n for _, n in pairs if n)
    between = (variance / (mean * (1 - mean)) - h) / (1 - h)
    weight = 1 / between - 1 if between > 1 / 10_001 else 10_000
    return [(s + mean * weight) / (n + weight) for s, n in pairs]


def test_statistics_count_what_happened_to_each_item(derived, log, shopper_of) -> None:
    shopper = shopper_of(log.events)
    rows = defaultdict(list)
    for row in log.events:
        if row.get("item_id"):
            rows[row["item_id"]].append(row)
    found = derived("item_statistics", log)
    assert [row["item_id"] for row in found] == sorted(item["id"] for item in log.items)
    for row in found:
        mine = rows[row["item_id"]]
        bought = [each for each in mine if each["event"] == "purchase"]
        for name, event in COUNTS.items():
            assert row[name] == sum(each["event"] == event for each in mine), name
        assert row["shoppers"] == len({shopper(each) for each in bought} - {None})
        assert row["quantity"] == sum(each["quantity"] or 1.0 for each in bought)
        spent = [
            (each["price"] or 0.0) * (each["quantity"] or 1.0)
            if each["value"] is None
            else each["value"]
            for each in bought
        ]
        assert row["revenue"] == pytest.approx(sum(spent))
        assert row["first_ts"] == min(each["ts"] for each in mine)
        assert row["last_ts"] == max(each["ts"] for each in mine)


def test_rates_are_drawn_towards_the_shops_mean(derived, log) -> None:
    found = derived("item_statistics", log)
    for rate, successes, trials in (
        ("click_rate", "clicks", "impressions"),
        ("purchase_rate", "purchases", "views"),
    ):
        counts = [[row[name] for row in found] for name in (successes, trials)]
        assert [row[rate] for row in found] == pytest.approx(smoothed(*counts))


def test_items_that_differ_beyond_chance_keep_their_own_rates(derived, log) -> None:
    def shown(item: str, clicks: int) -> list[dict[str, object]]:
        kinds = ["view_item_list"] * 100 + ["select_item"] * clicks
        return [
            {"event_id": f"{item}{n}", "line": 0, "ts": log.events[0]["ts"], "event": kind,
             "item_id": item}
            for n, kind in enumerate(kinds)
        ]  # fmt: skip

    events = [*shown("i01", 90), *shown("i02", 10), *shown("i03", 50)]
    found = {row["item_id"]: row for row in derived("item_statistics", log, events=events)}
    # m = .5, v = (.16 + .16 + 0) / 3, h = .01: ρ = (.42667 - .01) / .99 = .42088, weight 1.37599
    assert found["i01"]["click_rate"] == pytest.approx((90 + 0.68800) / 101.37599, abs=1e-5)
    assert found["i04"]["click_rate"] == pytest.approx(0.5)  # never shown
    assert found["i01"]["purchase_rate"] is None  # the shop logged no views


def test_bands_are_quintiles_of_the_price_within_the_top_category(derived, log) -> None:
    items = [
        {"id": f"a{n:02}", "title": "x", "product_type": "A > B", "price": float(n)}
        for n in range(10)
    ]
    items += [{"id": "b0", "title": "x", "product_type": "C", "price": 1.0}]
    items += [{"id": "b1", "title": "x", "product_type": "C", "price": 9.0, "sale_price": 1.0}]
    items += [{"id": "b2", "title": "x", "product_type": "C"}]
    found = derived("item_statistics", log, items=items)
    bands = {row["item_id"]: row["price_band"] for row in found}
    # of ten prices, so many are below: 0/9, 1/9 | 2/9, 3/9 | 4/9, 5/9 | 6/9, 7/9 | 8/9, 9/9
    assert [bands[f"a{n:02}"] for n in range(10)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert (bands["b0"], bands["b1"], bands["b2"]) == (1, 1, None)
