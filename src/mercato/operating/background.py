"""What runs beside the requests of a server: the refresh, the drain, the care for the catalogue in
memory and the look for feeds that are due, a thread each."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType

from deltalake.exceptions import DeltaError
from sqlalchemy.exc import SQLAlchemyError

from mercato.core.errors import MercatoError
from mercato.data.releases import ReleaseStore
from mercato.data.store import AssetStore
from mercato.operating.child import Child
from mercato.operating.drain import drain, last_drained, note_drained, prune
from mercato.operating.erasing.carrying_out import Looked, carry_out
from mercato.operating.experiments.runner import LOOK_SECONDS as EXPERIMENT_SECONDS
from mercato.operating.experiments.runner import ExperimentRunner
from mercato.operating.feeds.runner import LOOK_SECONDS, FeedRunner
from mercato.operating.item_drain import drain_items
from mercato.operating.learning.runner import LOOK_SECONDS as LEARN_SECONDS
from mercato.operating.learning.runner import LearnRunner
from mercato.operating.monitoring.runner import LOOK_SECONDS as MONITOR_SECONDS
from mercato.operating.monitoring.runner import MonitorRunner
from mercato.operating.numbering import number_on
from mercato.operating.retiring import retire
from mercato.operating.summing import LOOK_SECONDS as SUM_SECONDS
from mercato.operating.summing import SumRunner
from mercato.operating.tending import COMPACT_SECONDS, ENCODE_SECONDS, Encoding
from mercato.shop.opened import Shop
from mercato.state.served import Served

_log = logging.getLogger(__name__)

REFRESH_SECONDS = 0.2
"""Between two looks for item changes and releases of other processes: visible in under a second."""

LOOK_SECONDS_ELSEWHERE = 2.0
"""Between two looks for a release in object storage, which cost a request each."""

COUNT_SECONDS = 5.0
"""Between two times at which a process says that it answers, and how each release did."""

AHEAD_SECONDS = 1.0
"""Between two looks for what pages would have to work out, see `mercato.web.ahead`."""

ANSWERS_SECONDS = 1.0
"""Between two tries to write answers that found no database."""

PRUNE_SECONDS = 3_000.0
"""Between two prunings, which look at every row of the state; whichever process does them."""

ITEM_DRAIN_REST = 20
"""How many times as long as the last drain of items took the next one waits."""

_PRUNED = "pruned-at"
"""In the state: seconds since 1970 when a process last pruned it."""

_SOON = 0.8
"""Of the seconds between two drains."""

LONGEST_PAUSE = 300.0
"""Seconds between two tries of a work that fails for a reason that nobody thought of."""

NEEDED = ("refresh", "drain")
"""Without which a server is not to be asked; the others' work may wait for whoever mends it."""

_EXPECTED = (MercatoError, OSError, SQLAlchemyError, DeltaError)
"""What a full disk, a busy database or another writer brings about; the next round may do."""


class Every(threading.Thread):
    """Does a work again and again with a pause of ``seconds``, until told to stop.

    A round that fails is logged, once as long as the reason stays the same. Each that fails for no
    expected reason makes the pause twice as long, up to `LONGEST_PAUSE`, until a round does well.

    failures : rounds that failed
    """

    def __init__(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.seconds = seconds
        self.work = work
        self.failures = 0
        self._unexpected = 0
        self._stop_asked = threading.Event()
        self._last = ""

    def run(self) -> None:
        while not self._stop_asked.wait(self._pause):
            try:
                self.work()
                self._last, self._unexpected = "", 0
            except _EXPECTED as error:
                self.failures += 1
                self._unexpected = 0
                self._log_once(f"{type(error).__name__}: {error}")
            except BaseException as error:  # noqa: BLE001 (a panic of a library is no Exception)
                self.failures += 1
                self._unexpected += 1
                self._log_once(type(error).__name__, error)

    @property
    def is_broken(self) -> bool:
        """Whether the last round failed for no expected reason."""
        return self._unexpected > 0

    @property
    def _pause(self) -> float:
        longest = max(self.seconds, LONGEST_PAUSE)
        return min(self.seconds * float(2 ** min(self._unexpected, 20)), longest)

    def stop(self) -> None:
        """End after the round that is running."""
        self._stop_asked.set()
        self.join()

    def _log_once(self, text: str, error: BaseException | None = None) -> None:
        if text != self._last:
            _log.warning("%s failed and will be tried again: %s", self.name, text, exc_info=error)
        self._last = text


class Background:
    """The threads of one server process, as a context manager.

    ahead : works out what those who ask would otherwise wait for; does nothing where all is there
    """

    def __init__(self, shop: Shop, ahead: Callable[[], None] | None = None) -> None:
        self._shop = shop
        self._store = AssetStore(shop.paths.assets)
        self._looked = Looked()
        self._stopping = threading.Event()
        self._items_due = 0.0
        self._counted: Mapping[int, Served] = {}
        self.threads: tuple[Every, ...] = (
            Every(REFRESH_SECONDS, "refresh", shop.refresh),
            Every(shop.settings.serve.drain_seconds, "drain", self._drain),
            Every(ENCODE_SECONDS, "encoding", Encoding(shop).look),
            Every(COMPACT_SECONDS, "compaction", self._compact),
            Every(COUNT_SECONDS, "counting", self._count),
            Every(ANSWERS_SECONDS, "held answers", shop.state.answers.again),
        )
        if not ReleaseStore(shop.paths.releases).storage.is_near:
            self.threads += (Every(LOOK_SECONDS_ELSEWHERE, "look for releases", shop.look),)
        if ahead is not None:
            self.threads += (Every(AHEAD_SECONDS, "ahead", ahead),)
        self._feeds = FeedRunner(shop)
        if shop.settings.feeds:
            self.threads += (Every(LOOK_SECONDS, "feeds", self._feeds.look),)
        self._experiments = ExperimentRunner(shop)
        self.threads += (Every(EXPERIMENT_SECONDS, "experiments", self._experiments.look),)
        self._sums = SumRunner(shop)
        self.threads += (Every(SUM_SECONDS, "summing", self._sums.look),)
        self._learning = LearnRunner(shop)
        if shop.settings.learn.every:
            self.threads += (Every(LEARN_SECONDS, "learning", self._learning.look),)
        self._monitors = MonitorRunner(shop)
        if shop.settings.monitors.every:
            self.threads += (Every(MONITOR_SECONDS, "monitors", self._monitors.look),)
        self._runners = (
            self._feeds, self._experiments, self._sums, self._learning, self._monitors
        )  # fmt: skip

    @property
    def broken(self) -> bool:
        """Whether a work that is needed is not done."""
        return any(thread.is_broken for thread in self.threads if thread.name in NEEDED)

    @property
    def children(self) -> tuple[Child, ...]:
        """What starts processes beside this one."""
        return tuple(each.child for each in self._runners)

    def __enter__(self) -> "Background":
        number_on(self._shop.state, self._store)
        self._shop.be_counted()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self.threads:
            thread.stop()
        for runner in self._runners:
            runner.stop()
        with suppress(MercatoError):  # the state takes no more: it is forgotten in a while
            self._put_down()
            self._shop.state.processes.leave()

    def _compact(self) -> None:
        self._shop.compact()

    def _count(self) -> None:
        self._shop.be_counted()
        self._put_down()

    def _put_down(self) -> None:
        counted = self._shop.counts.so_far()
        if counted != self._counted:
            self._shop.state.served.write(counted)
            self._counted = counted

    def _drain(self) -> None:
        """One process at a time, and all together as often as one would alone: a second would read
        the same rows and be refused their commit."""
        state = self._shop.state
        with state.alone("draining") as ours:
            ago = time.time() - last_drained(state)
            if ours and not 0 <= ago < _SOON * self._shop.settings.serve.drain_seconds:
                self._drain_all()
                note_drained(state)

    def _drain_all(self) -> None:
        drain(self._shop.state, self._store)
        carry_out(self._shop.paths, self._shop.state, self._looked, self._stopping.is_set)
        self._drain_items()
        ago = time.time() - float(self._shop.state.get(_PRUNED) or 0)
        if not 0 <= ago < PRUNE_SECONDS:
            self._prune_all()
            self._shop.state.set(_PRUNED, repr(time.time()))

    def _prune_all(self) -> None:
        days = self._shop.settings.state.keep_days
        learned, privacy = self._shop.live.manifest.watermark, self._shop.settings.privacy
        prune(self._shop.state, self._store, days, learned, privacy)
        retire(self._shop.state, self._store, privacy)
        self._shop.state.items.prune(self._shop.releases.changes_in_all())
        self._store.storage.sweep()
        self._shop.releases.storage.sweep()

    def _drain_items(self) -> None:
        """All of the items are written anew, so the longer that takes, the longer it waits."""
        begun = time.monotonic()
        if begun >= self._items_due and drain_items(self._shop.state, self._store):
            now = time.monotonic()
            self._items_due = now + ITEM_DRAIN_REST * (now - begun)
