"""How long a shelf takes, over real HTTP, for shoppers with a history of 100 events.

``--data`` is a built shop (var/demo). The shoppers are those whose histories come closest to 100
events; their last ten are sent again as live events, so that the state is read too.
"""

import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench.harness import (
    DEMO,
    Arguments,
    Row,
    Served,
    arguments,
    percentiles,
    products_in,
    served,
    shop_of,
    source_of,
    write_result,
)
from mercato.core.columns import PATH_SEPARATOR, Placement
from mercato.data.store import AssetStore

EVENTS = 100
LIVE_EVENTS = 10
SHOPPERS = 200
ROUNDS = 5
QUICK_SHOPPERS = 10
WARMING = 10

PROTOCOL = (
    f"{{shoppers}} shoppers whose histories come closest to {EVENTS} events, {LIVE_EVENTS} more "
    f"of them live, {ROUNDS} times in turn, one after the other on one open connection, 20 items a "
    "shelf; the basket holds three items. start: from the process's start until it is ready. "
    "Client and server on the same machine."
)


@dataclass(frozen=True)
class Shopper:
    """items : the last ones, newest last; category : the top level of the last one"""

    user_id: str
    events: int
    items: tuple[str, ...]
    category: str


def shoppers_of(shop: Path, most: int) -> list[Shopper]:
    """Those whose number of events, with items that are still sold, comes closest to `EVENTS`."""
    store = AssetStore(shop / "assets")
    table = store.read("histories")
    items_table = store.read("items", columns=["id", "product_type"]).to_pylist()
    sold = {
        each["id"]: (each["product_type"] or "").split(PATH_SEPARATOR)[0] for each in items_table
    }
    found = []
    for shopper_id, events in zip(
        table["shopper_id"].to_pylist(), table["events"].to_pylist(), strict=True
    ):
        items = [event["item_id"] for event in events if event["item_id"] in sold]
        if items and not shopper_id.startswith("visitor:"):
            last = tuple(items[-LIVE_EVENTS:])
            found.append(Shopper(shopper_id, len(items), last, sold[last[-1]]))
    return sorted(found, key=lambda each: (abs(each.events - EVENTS), each.user_id))[:most]


def send_live(server: Served, shoppers: Sequence[Shopper]) -> None:
    """Let each shopper look at their last items once more."""
    for shopper in shoppers:
        events = [
            {
                "event_id": f"bench-{shopper.user_id}-{number}",
                "event": "view_item",
                "user_id": shopper.user_id,
                "items": [{"item_id": item}],
            }
            for number, item in enumerate(shopper.items)
        ]
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        connection.request("POST", "/v1/events", body=json.dumps(events))
        answer = connection.getresponse()
        if answer.status != 202 or json.loads(answer.read())["accepted"] != len(events):
            raise RuntimeError(f"the live events of {shopper.user_id} were not taken")
        connection.close()


def address(placement: Placement, shopper: Shopper) -> str:
    asked: dict[str, object] = {"user_id": shopper.user_id, "n": 20}
    if placement in (Placement.ITEM_SIMILAR, Placement.ITEM_TOGETHER):
        asked["item_id"] = shopper.items[-1]
    if placement == Placement.CART:
        asked["cart"] = shopper.items[-3:]
    if placement == Placement.CATEGORY:
        asked["category"] = shopper.category
    if placement == Placement.ZERO_RESULTS:
        asked["q"] = f"{shopper.category} {shopper.user_id}"
    return f"/v1/recommend/{placement}?{urlencode(asked, doseq=True)}"


def measure(data: Path, asked: Arguments) -> tuple[str, list[Row]]:
    """What was asked of whom, and a row for each placement."""
    with shop_of(data) as shop:
        shoppers = shoppers_of(shop, QUICK_SHOPPERS if asked.quick else SHOPPERS)
        with served(shop) as server:
            send_live(server, shoppers)
            rows = [
                _row(server, placement, shoppers)
                for placement in Placement
                # The supermarket's products are of no store.
                if placement is not Placement.STORE and asked.wants(placement)
            ]
        return PROTOCOL.format(shoppers=len(shoppers)) + f" {products_in(shop):,} products.", rows


def _row(server: Served, placement: Placement, shoppers: Sequence[Shopper]) -> Row:
    addresses = [address(placement, shopper) for shopper in shoppers]
    for each in addresses[:WARMING]:
        server.get(each)
    begun = time.perf_counter()
    seconds = [server.get(each)[0] for _ in range(ROUNDS) for each in addresses]
    took = time.perf_counter() - begun
    metrics = {**percentiles(seconds), "start s": round(server.start_seconds, 2)}
    return Row(str(placement), metrics, took, server.peak_mb())


def main() -> None:
    asked = arguments(__doc__, name="recommend_latency", data=DEMO)
    protocol, rows = measure(asked.data, asked)
    write_result(
        asked.out,
        name="Recommendation latency",
        protocol=protocol,
        data=[source_of(asked.data)],
        rows=rows,
    )


if __name__ == "__main__":
    main()
