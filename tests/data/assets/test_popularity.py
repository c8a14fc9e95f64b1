from collections import defaultdict
from datetime import timedelta

DAYS = {"all": 10_000, "365d": 365, "90d": 90, "28d": 28, "7d": 7}


def by_hand(log, shopper, newest, kinds=("purchase",)):
    """(category, period) → items with (lines, shoppers), best first."""
    paths = {item["id"]: item["product_type"] for item in log.items}
    found = defaultdict(lambda: defaultdict(list))
    for row in log.events:
        if row["event"] not in kinds or not row.get("item_id"):
            continue
        levels = (paths.get(row["item_id"]) or "").split(" > ")
        places = {"", *(" > ".join(levels[: depth + 1]) for depth in range(len(levels)))}
        for period, days in DAYS.items():
            if row["ts"] > newest - timedelta(days=days):
                for place in places:
                    found[place, period][row["item_id"]].append(shopper(row))
    ranked = {}
    for key, items in found.items():
        counts = [
            (item, len(who), len({each for each in who if each})) for item, who in items.items()
        ]
        ranked[key] = sorted(counts, key=lambda each: (-each[1], -each[2], each[0]))
    return ranked


def ranks(rows):
    found = defaultdict(list)
    for row in sorted(rows, key=lambda each: each["rank"]):
        found[row["category"], row["period"]].append(
            (row["item_id"], row["lines"], row["shoppers"])
        )
    for key, items in found.items():
        counted = [r["rank"] for r in rows if (r["category"], r["period"]) == key]
        assert sorted(counted) == list(range(1, len(items) + 1))
    return found


def test_items_are_ranked_in_every_category_and_period(derived, log, shopper_of) -> None:
    lines = [row for row in log.events if row.get("item_id")]
    newest = max(row["ts"] for row in lines if row["event"] == "purchase")
    found = ranks(derived("popularity", log))
    assert found == by_hand(log, shopper_of(log.events), newest)
    assert {period for _, period in found} == set(DAYS)
    assert ("Food > Milk > Oat", "all") in found


def test_a_shop_without_purchases_is_ranked_by_what_shoppers_look_at(
    derived, log, shopper_of
) -> None:
    views = [row for row in log.events if row["event"] != "purchase"]
    kinds = ("view_item_list", "select_item", "view_item", "add_to_cart")
    newest = max(row["ts"] for row in views if row["event"] in kinds and row.get("item_id"))
    log = type(log)(log.items, views)
    assert ranks(derived("popularity", log)) == by_hand(log, shopper_of(views), newest, kinds)
