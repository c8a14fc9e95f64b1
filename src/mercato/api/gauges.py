"""What stands at a value: of the shop, read when it is asked for, and of each worker."""

import functools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import mark_process_dead

from mercato.api.experiment_gauges import experiment_gauges
from mercato.api.learning_gauges import learning_gauges
from mercato.data.assets.events import EVENTS
from mercato.data.store import AssetStore
from mercato.operating.background import Background
from mercato.operating.drain import drained, last_drained
from mercato.shop.opened import Shop


class ShopGauges:
    """The same whichever worker is asked."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._store = AssetStore(shop.paths.assets)
        self._since = time.time()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        live, state, now = self._shop.live, self._shop.state, time.time()
        done = drained(self._store, EVENTS)
        waiting = state.events.count_after(done)
        yield _gauge("mercato_events_undrained", "Event lines not in their asset yet.", waiting)
        yield _gauge(
            "mercato_event_lag_seconds",
            "The longest that one of these may have waited: since the last drain.",
            max(now - (last_drained(state) or self._since), 0) if waiting else 0,
        )
        yield _gauge("mercato_release_number", "The release that answers.", live.number)
        yield _gauge(
            "mercato_release_age_seconds",
            "Since that release and its models were made.",
            now - live.clock.made_at / 1e6,
        )
        overlay = live.catalogue.n_rows - live.catalogue.n_base
        yield _gauge("mercato_overlay_items", "Items changed or added since.", overlay)
        answering = GaugeMetricFamily(
            "mercato_processes", "That answer, on all hosts.", labels=("release",)
        )
        for release, count in state.processes.living(int(now * 1e6)).items():
            answering.add_metric((str(release),), count)
        yield answering
        yield from experiment_gauges(self._shop)
        yield from learning_gauges(self._shop)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


class WorkerGauges:
    """Each worker's own; of several workers the sum, or the worst of them."""

    def __init__(self, shop: Shop, background: Background, registry: CollectorRegistry) -> None:
        self._shop = shop
        self._background = background

        def summed(name: str, text: str) -> Gauge:
            return Gauge(name, text, registry=registry, multiprocess_mode="livesum")

        def worst(name: str, text: str) -> Gauge:
            return Gauge(name, text, registry=registry, multiprocess_mode="livemax")

        self._in_flight = summed(
            "mercato_requests_in_flight", "Searches, shelves and pages that wait or are answered."
        )
        self._writes = summed("mercato_writes_waiting", "Rows waiting to be written.")
        self._texts = worst("mercato_texts_waiting", "New items that have no vector yet.")
        self._lost = summed("mercato_answers_lost", "Answers that could not be logged.")
        self._level = worst("mercato_degradation_level", "0: answers are whole; up to 3.")
        self._lag = worst("mercato_event_loop_lag_seconds", "How late the event loop came.")
        self._unapplied = worst(
            "mercato_change_lag_seconds", "Since the oldest item change that is not answered from."
        )
        self._refused = _Following(
            Counter("mercato_requests_refused", "Answered 429: too many.", registry=registry)
        )
        self._unopened = _Following(
            Counter(
                "mercato_release_open_failures",
                "Tries to open the release that is published which failed.",
                registry=registry,
            )
        )
        rounds = Counter(
            "mercato_background_failures",
            "Rounds of work beside the requests that failed.",
            ("work",),
            registry=registry,
        )
        self._rounds = {
            each.name: _Following(rounds.labels(each.name)) for each in background.threads
        }
        children = Counter(
            "mercato_child_failures",
            "Processes beside the server that failed.",
            ("work",),
            registry=registry,
        )
        self._children = {
            each.work: _Following(children.labels(each.work)) for each in background.children
        }
        looked = Counter(
            "mercato_cache_looks",
            "Looks into what is remembered, by whether it was there.",
            ("cache", "result"),
            registry=registry,
        )
        self._caches = {
            (cache, result): _Following(looked.labels(cache, result))
            for cache in ("query_vectors", "kept_searches", "kept_shelves")
            for result in ("hit", "miss")
        }

    def note(self) -> None:
        """Take up the values as they are now."""
        shop, turns = self._shop, self._shop.overload.turns
        self._in_flight.set(turns.in_flight)
        self._writes.set(shop.state.writer.rows_waiting)
        self._texts.set(len(shop.live.catalogue.awaiting(_MOST_TEXTS)))
        self._lost.set(shop.state.answers.lost)
        self._level.set(turns.level)
        self._lag.set(turns.lag_seconds)
        self._unapplied.set(_change_lag(shop))
        self._refused.at(turns.refused)
        self._unopened.at(shop.upcoming.failures)
        for thread in self._background.threads:
            self._rounds[thread.name].at(thread.failures)
        for child in self._background.children:
            self._children[child.work].at(child.failures)
        for key, count in _cache_looks(shop):
            self._caches[key].at(count)


_MOST_TEXTS = 10_000
"""More are not counted."""


def _change_lag(shop: Shop) -> float:
    oldest = shop.state.items.oldest_after(shop.live.catalogue.overlay)
    return 0.0 if oldest is None else max(time.time() - oldest / 1e6, 0.0)


def _cache_looks(shop: Shop) -> Iterator[tuple[tuple[str, str], int]]:
    for name, kept in (
        ("kept_searches", shop.overload.searches),
        ("kept_shelves", shop.overload.shelves),
    ):
        yield (name, "hit"), kept.hits
        yield (name, "miss"), kept.misses
    encode = shop.live.encode_query
    if isinstance(encode, functools._lru_cache_wrapper):
        found = encode.cache_info()
        yield ("query_vectors", "hit"), found.hits
        yield ("query_vectors", "miss"), found.misses


class _Following:
    """A counter that follows a count which begins anew now and then, as with a new release."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._last = 0

    def at(self, count: int) -> None:
        self._counter.inc(count - self._last if count >= self._last else count)
        self._last = count


def forget_dead(folder: Path) -> None:
    """Leave out what stands of workers that are no more."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):  # another worker was faster
                mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue
