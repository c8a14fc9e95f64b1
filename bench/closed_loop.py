"""Whether a shop that learns from its shoppers serves them better, and what is bad goes by itself.

Simulated shoppers (`bench.shoppers`) are answered by a real shop through `shop`, as servers answer;
what they do goes in as events do; `mercato learn` builds, compares, lets a share of them be served
by its candidate and publishes or rolls back. First there is a log of single purchases, which tells
popularity alone. Last a poisoned release is let in: it learned from a log whose products had been
exchanged at random.
"""

import csv
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.harness import Row, arguments, forget_peak, own_peak_mb, write_result
from bench.shoppers import PLACES, Crowd, Floats, Visit
from mercato.core.paths import ShopPaths
from mercato.core.progress import Silent
from mercato.core.settings import Settings, load_settings, settings_text
from mercato.data.importing import import_events, import_items
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.evaluation.intervals import bootstrap, paired_difference
from mercato.operating.learning import canary
from mercato.operating.learning.book import RoundBook
from mercato.operating.learning.due import now
from mercato.operating.learning.learn import learn
from mercato.operating.learning.round import Round, Stage
from mercato.shop.events import accept
from mercato.shop.merchant import reranking_of
from mercato.shop.opened import Shop, open_release
from mercato.shop.shelf import RECENT_MOST, ShelfCall, filled, shelf
from mercato.training.build import seal_release

ROUNDS, ITEMS, SHOPPERS = 5, 120, 450
QUICK_ROUNDS, QUICK_SHOPPERS = 1, 440
VISITS, CANARY_VISITS, MOST_VISITS = 6, 2, 12
"""Of each shopper: in a round before it learns; between two looks at a canary; in a canary."""

GUESTS, GUEST_DAYS = 600, 60
SEED = 11
ACTOR = "bench"

PROTOCOL = (
    "{shoppers} simulated shoppers, {items} products; each shopper likes two of eight hidden kinds "
    "of products; places are looked at with chance 1 / place^.5. The first release knows "
    "popularity alone ({guests} single purchases). Each of {rounds} rounds: {visits} visits of "
    "everybody to the home shelf of {places} places, of which a fifth are explored; mercato learn; "
    "visits meanwhile the canary (half of the shoppers) goes on. "
    "worth: clicks that a shelf "
    "earns of a shopper in the mean, over those of the best shelf, told by the simulator, of the "
    "shelves that the release answers with once it is published, and of the release before at the "
    "same moment; better: the difference, paired by shopper. Canary: click rates of the release "
    "before and of the candidate, and "
    "shoppers seen until it was decided. Poisoned: learned from the log with products exchanged; "
    "published: without a canary, half of the shoppers held back."
)

SETTINGS: dict[str, dict[str, Any]] = {
    "search": {"encoder": "none"},
    "train": {"encoder_minutes": 0.0, "search_ranker": False},
    "evaluation": {"days": 0},
    "recommend": {"explore": 0.2},
    "learn": {
        "canary_share": 0.5,
        "canary_hours": 0.0,
        "canary_units": 400,
        "canary_margin": 0.2,
        "watch_share": 0.0,
    },
}


def settings() -> Settings:
    made = Settings()
    for table, values in SETTINGS.items():
        made = replace(made, **{table: replace(getattr(made, table), **values)})
    return made


def item_id(item: int) -> str:
    return f"i{item:04d}"


def user_id(shopper: int) -> str:
    return f"shopper{shopper:04d}"


@dataclass
class Market:
    """A shop and those who come to it."""

    root: Path
    shop: Shop
    crowd: Crowd
    shoppers: int

    def everybody_visits(self, times: int) -> None:
        """Everybody comes, looks, clicks and buys; the events are stored as servers do it."""
        for _ in range(times):
            for shopper in self.crowd.random.permutation(self.shoppers).tolist():
                answer = shelf(self.shop, ShelfCall("home", user_id=user_id(shopper), n=PLACES))
                shown = [int(card.id[1:]) for card in answer.items]
                done = self.crowd.visit(shopper, shown)
                if done.clicks:
                    accept(self.shop, events(shopper, answer.query_id, shown, done)).result()
        self.put_down()

    def put_down(self) -> None:
        """What a server does every few seconds: counts of answers, releases taken up."""
        self.shop.state.served.write(self.shop.counts.so_far()).result()
        self.shop.refresh()

    def worth(self, release: int) -> Floats:
        """(n_shoppers,) of the shelves that a release answers with now, over the best ones."""
        live = self.shop.live
        if release != live.number:
            live = open_release(self.shop.releases.folder(release), release)
        reranking = replace(reranking_of(self.shop.settings.recommend), explore=0.0)
        found = []
        for shopper in range(self.shoppers):
            who = user_id(shopper)
            known = self.shop.state.events.known(
                who, None, after_seq=live.manifest.watermark, limit=RECENT_MOST
            )
            call = ShelfCall("home", user_id=who, n=PLACES)
            shown = filled(live, call, known, self.shop.wall(), reranking=reranking)
            items = [int(card.id[1:]) for card in shown.cards]
            found.append(self.crowd.worth(shopper, items) / self.crowd.best(shopper))
        return np.array(found)

    def learned(self) -> Round:
        """`mercato learn`, with shoppers who come while a canary goes on."""
        ended = learn(self.root, actor=ACTOR, once=True, progress=Silent())
        for _ in range(MOST_VISITS // CANARY_VISITS):
            if ended.is_over:
                break
            self.put_down()
            self.everybody_visits(CANARY_VISITS)
            ended = learn(self.root, actor=ACTOR, once=True, progress=Silent())
        self.put_down()
        return ended


def events(shopper: int, query_id: str, shown: list[int], done: Visit) -> list[dict[str, Any]]:
    """What a storefront sends of a visit."""
    moment = datetime.now(UTC).isoformat()

    def event(kind: str, place: int) -> dict[str, Any]:
        said = {
            "event_id": f"{query_id}-{kind}-{place}",
            "event": kind,
            "ts": moment,
            "user_id": user_id(shopper),
            "items": [{"item_id": item_id(shown[place]), "quantity": 1, "price": 9.0}],
        }
        return said | ({"query_id": query_id} if kind == "select_item" else {})

    kinds = {
        "select_item": done.clicks,
        "view_item": done.clicks,
        "add_to_cart": done.carts,
        "purchase": done.buys,
    }
    return [event(kind, place) for kind, places in kinds.items() for place in places]


@contextmanager
def opened(shoppers: int) -> Iterator[Market]:
    """A shop whose only log is one of single purchases, by popularity."""
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        root = Path(scratch)
        ShopPaths(root).settings.write_text(settings_text(settings()))
        crowd = Crowd.of(shoppers, ITEMS, SEED)
        items, events = root / "items.csv", root / "events.csv"
        _write_items(items)
        _write_guests(events, crowd)
        store = AssetStore(ShopPaths(root).assets)
        import_items(store, [items], settings=settings())
        import_events(store, [events], settings=settings())
        learn(root, actor=ACTOR, once=True, progress=Silent())
        shop = Shop.open(root)
        try:
            yield Market(root, shop, crowd, shoppers)
        finally:
            shop.close()


def _write_items(path: Path) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "price", "availability"])
        rows.writerows(
            [item_id(n), f"Product {n:04d}", "9.00 USD", "in stock"] for n in range(ITEMS)
        )


def _write_guests(path: Path, crowd: Crowd) -> None:
    popular = crowd.likes.mean(axis=0)
    bought = crowd.random.choice(ITEMS, GUESTS, p=popular / popular.sum())
    first = datetime.now(UTC) - timedelta(days=GUEST_DAYS)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["event_id", "line", "ts", "event", "visitor_id", "item_id", "price"])
        for n, item in enumerate(bought.tolist()):
            at = first + timedelta(days=GUEST_DAYS * n / GUESTS)
            rows.writerow([f"g{n}", 0, at.isoformat(), "purchase", f"g{n}", item_id(item), 9.0])


def poisoned(market: Market) -> int:
    """Seal a release of the shop's that learned from its log with products exchanged at random."""
    random = np.random.default_rng(SEED)
    ids = [item_id(n) for n in range(ITEMS)]
    other = pa.array([ids[n] for n in random.permutation(ITEMS)])
    with tempfile.TemporaryDirectory(prefix="mercato-bench-") as scratch:
        copy = Path(scratch) / "shop"
        shutil.copytree(market.root, copy, ignore=shutil.ignore_patterns("state.db*", "build"))
        store = AssetStore(ShopPaths(copy).assets)
        events = store.read("events")
        at = pc.index_in(events["item_id"], value_set=pa.array(ids))
        column = events.schema.get_field_index("item_id")
        exchanged = events.set_column(column, events.schema.field(column), pc.take(other, at))
        store.commit("events", exchanged, mode="overwrite", note={"made_by": "bench"})
        made = seal_release(copy, progress=Silent())
        target = ReleaseStore(ShopPaths(market.root).releases)
        with target.draft() as draft:
            shutil.copytree(
                ReleaseStore(ShopPaths(copy).releases).folder(made.number),
                draft,
                dirs_exist_ok=True,
            )
            return target.seal(draft, made.manifest)


def let_in(market: Market, candidate: int) -> None:
    """Begin a canary of a release as a round of learning would that found nothing against it."""
    state = market.shop.state
    releases = ReleaseStore(ShopPaths(market.root).releases)
    book = RoundBook(state, ACTOR)
    begun = book.begin(now(), releases.current(), candidate - 1)
    served = replace(begun, stage=Stage.CANARY, candidate=candidate)
    learning = load_settings(ShopPaths(market.root).settings).learn
    where = canary.begun_now(state, served, learning, now())
    book.write(replace(served, canary=where.to_json()))


def let_through(market: Market, candidate: int) -> None:
    """Decide to publish a release, as if nothing had been seen of it in its canary; from now on
    half of the shoppers are held back."""
    file = ShopPaths(market.root).settings
    before = load_settings(file)
    watching = replace(before.learn, watch_share=0.5)
    file.write_text(settings_text(replace(before, learn=watching)))
    book = RoundBook(market.shop.state, ACTOR)
    releases = ReleaseStore(ShopPaths(market.root).releases)
    begun = book.begin(now(), releases.current(), candidate - 1)
    book.write(replace(begun, stage=Stage.PROMOTE, candidate=candidate, reason="let through"))


def canary_metrics(ended: Round) -> dict[str, object]:
    look = (ended.watch or ended.canary or {}).get("look")
    if look is None or "click rate" not in look["metrics"]:
        return {}
    clicks = look["metrics"]["click rate"]
    return {
        "click rate before": round(clicks["control"], 4),
        "click rate candidate": round(clicks["candidate"], 4),
        "shoppers in canary": sum(look["shoppers"].values()),
    }


def off_policy_metrics(ended: Round) -> dict[str, object]:
    told = (ended.shadow or {}).get("off_policy")
    if told is None:
        return {}
    found: dict[str, object] = {
        "effective sample": round(told["advantage"]["effective"], 1),
        "where they differ": round(told["differing"] or 0.0, 1),
    }
    if told["claims"]:
        found["off-policy clicks a place"] = {
            "value": told["candidate"]["value"],
            "low": told["candidate"]["low"],
            "high": told["candidate"]["high"],
        }
    return found


def measured(rounds: int, shoppers: int, deadline: float) -> list[Row]:
    with opened(shoppers) as market:
        worth = bootstrap(market.worth(market.shop.live.number)).to_json()
        rows = [Row("popularity alone", {"worth": worth}, 0.0, own_peak_mb())]
        for number in range(1, rounds + 1):
            if time.monotonic() > deadline:
                break
            begun, before = time.perf_counter(), market.shop.live.number
            market.everybody_visits(VISITS)
            ended = market.learned()
            metrics = worths(market, market.shop.live.number, before)
            metrics |= canary_metrics(ended) | off_policy_metrics(ended)
            seconds = time.perf_counter() - begun
            rows.append(Row(f"round {number}: {ended.stage}", metrics, seconds, own_peak_mb()))
            print(rows[-1], ended.reason, flush=True)
        for title, begin in (("poisoned", let_in), ("poisoned, and published", let_through)):
            rows.append(_poison(market, title, begin))
            print(rows[-1], flush=True)
        return rows


def worths(market: Market, release: int, before: int) -> dict[str, object]:
    """Of two releases at the same moment, for the same shoppers."""
    new, old = market.worth(release), market.worth(before)
    return {
        "worth": bootstrap(new).to_json(),
        "worth of the one before": bootstrap(old).to_json(),
        "better": paired_difference(new, old).to_json(),
    }


def _poison(market: Market, title: str, begin: Callable[[Market, int], None]) -> Row:
    """Let a bad release in, and see whether it goes."""
    begun, published = time.perf_counter(), market.shop.live.number
    bad = poisoned(market)
    begin(market, bad)
    ended = market.learned()
    if ended.stage is Stage.ROLLED_BACK and market.shop.live.number != published:
        raise RuntimeError("rolled back, and yet another release answers")
    metrics = worths(market, bad, published) | canary_metrics(ended)
    seconds = time.perf_counter() - begun
    return Row(f"{title}: {ended.stage}", metrics, seconds, own_peak_mb())


def main() -> None:
    asked = arguments(__doc__, name="closed_loop", data=Path(__file__), minutes=6)
    forget_peak()
    rounds = QUICK_ROUNDS if asked.quick else ROUNDS
    shoppers = QUICK_SHOPPERS if asked.quick else SHOPPERS
    rows = measured(rounds, shoppers, time.monotonic() + asked.minutes * 60)
    protocol = PROTOCOL.format(
        shoppers=shoppers, items=ITEMS, guests=GUESTS, rounds=rounds, visits=VISITS, places=PLACES
    )
    sources = [Path(__file__), Path(__file__).with_name("shoppers.py")]
    write_result(asked.out, name="closed_loop", protocol=protocol, data=sources, rows=rows)


if __name__ == "__main__":
    main()
