"""One thread a process writes; it commits together everything that is waiting (group commit).

A commit costs one flush of the disk, however many rows it holds, and while it runs the next group
gathers: the busier the shop, the larger the groups (DeWitt et al., Implementation techniques for
main memory database systems, SIGMOD 1984, section 5.2).
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from mercato.core.errors import MercatoError, NotReady, Overloaded
from mercato.state.databases.database import Busy, Database, Lost
from mercato.state.marks import Attempt, Marks

Payload = TypeVar("Payload")
Result = TypeVar("Result")

Store = Callable[[Connection, Sequence[Payload]], Sequence[Result]]
"""Writes payloads that waited together, in their order, within one transaction that the caller
commits; gives one result for each."""

MOST_ROWS_A_GROUP = 5_000
"""So that no commit holds the write lock for much longer than 100 ms (measured: 20 µs a row)."""

LAZY_SECONDS = 0.2
"""The longest that a write nobody waits for stays in memory."""

TRIES = 3
"""How often a group is tried while other processes hold the write lock, each time for five
seconds."""

LOST_SECONDS = 5.0
"""So long after the connection was lost groups are tried again, before those who wait are told to
come back; a server that was killed is up again within it. Later groups are then tried once."""

PAUSE_SECONDS = 0.1
"""Between two tries to reach a server."""


@dataclass(frozen=True)
class _Write(Generic[Payload, Result]):
    store: Store[Payload, Result]
    payload: Payload
    rows: int
    waited_for: bool
    since: float = field(default_factory=time.monotonic)
    future: "Future[Result]" = field(default_factory=Future)


class Writer:
    """Queue and thread. At most ``most_waiting`` rows wait; more are refused with Overloaded."""

    def __init__(self, database: Database, most_waiting: int) -> None:
        self.database = database
        self.most_waiting = most_waiting
        self._marks = Marks(database)
        self._lost_since: float | None = None
        self._change = threading.Condition()
        self._waiting: deque[_Write[Any, Any]] = deque()
        self._rows = 0
        self._waited_for = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="state-writer", daemon=True)
        self._thread.start()

    def submit(
        self,
        store: Store[Payload, Result],
        payload: Payload,
        rows: int,
        *,
        waited_for: bool = True,
    ) -> "Future[Result]":
        """Queue a write; the future resolves once it is committed, to what ``store`` gave.

        rows       : what the payload counts towards the limits
        waited_for : False lets it wait up to LAZY_SECONDS for company

        Raises Overloaded where too much waits already, NotReady after `close`.
        """
        write: _Write[Payload, Result] = _Write(store, payload, rows, waited_for)
        with self._change:
            if self._closing:
                raise NotReady("an open state", "one that is closed", "Try again in a moment.")
            if self._rows + rows > self.most_waiting:
                raise self.refusal()
            self._waiting.append(write)
            self._rows += rows
            self._waited_for += waited_for
            if waited_for or len(self._waiting) == 1:
                self._change.notify()
        return write.future

    @property
    def rows_waiting(self) -> int:
        return self._rows

    @property
    def full(self) -> bool:
        """Whether one more row would be refused."""
        return self._rows >= self.most_waiting

    def refusal(self) -> Overloaded:
        """What is said to whoever comes when too much waits."""
        return Overloaded(
            f"at most {self.most_waiting} rows waiting to be written",
            f"{self._rows} waiting",
            "Send the request again in a second.",
        )

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Commit what waits, then end the thread."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._take():
            # False: whoever asked has gone, and nothing of theirs is written yet.
            wanted = [write for write in group if write.future.set_running_or_notify_cancel()]
            if not self._settled(wanted):
                for write in wanted:
                    self._settled([write])

    def _take(self) -> list[_Write[Any, Any]]:
        """The next group; empty once closed and nothing waits."""
        group: list[_Write[Any, Any]] = []
        with self._change:
            while not self._due():
                self._change.wait(self._patience())
            rows = 0
            while self._waiting and (not group or rows < MOST_ROWS_A_GROUP):
                write = self._waiting.popleft()
                group.append(write)
                rows += write.rows
                self._waited_for -= write.waited_for
            self._rows -= rows
        return group

    def _due(self) -> bool:
        return self._closing or self._waited_for > 0 or self._patience() == 0

    def _patience(self) -> float | None:
        """Seconds until the oldest write must go; None while nothing waits."""
        if not self._waiting:
            return None
        return max(self._waiting[0].since + LAZY_SECONDS - time.monotonic(), 0)

    def _settled(self, group: Sequence[_Write[Any, Any]]) -> bool:
        """Commit a group and tell its owners; False where one of many spoils it for the others."""
        with _Settling(group) as settling:
            results = self._commit(group)
            for write, result in zip(group, results, strict=True):
                write.future.set_result(result)
        return not settling.spoiled

    def _commit(self, group: Sequence[_Write[Any, Any]]) -> Sequence[Any]:
        attempt, tries = self._marks.attempt(), TRIES
        while True:
            try:
                results = self._transaction(group, attempt)
            except Busy:
                tries -= 1
                if not tries:
                    raise
            except Lost:
                if not self._may_come_back():
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                self._lost_since = None
                return results

    def _may_come_back(self) -> bool:
        """Whether the connection was lost so lately that it is tried again."""
        now = time.monotonic()
        if self._lost_since is None:
            self._lost_since = now
        return now - self._lost_since < LOST_SECONDS

    def _transaction(self, group: Sequence[_Write[Any, Any]], attempt: Attempt) -> Sequence[Any]:
        """Store the writes, kind by kind, in one transaction; results in the group's order."""
        results: list[Any] = [None] * len(group)
        kinds: dict[Store[Any, Any], list[int]] = {}
        for index, write in enumerate(group):
            kinds.setdefault(write.store, []).append(index)
        with self.database.write() as connection:
            if attempt.results is not None and self._marks.stands(connection, attempt):
                return attempt.results
            attempt.results = None
            for store, indexes in kinds.items():
                stored = store(connection, [group[index].payload for index in indexes])
                for index, result in zip(indexes, stored, strict=True):
                    results[index] = result
            self._marks.note(connection, attempt)
            attempt.results = results
        return results


@dataclass
class _Settling:
    """Hands an error of a commit to those who wait for it, so that the thread lives on.

    spoiled : the error may come from one write of many, and nobody was told yet
    """

    group: Sequence[_Write[Any, Any]]
    spoiled: bool = False

    def __enter__(self) -> "_Settling":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if error is not None:
            self.spoiled = len(self.group) > 1 and not isinstance(error, MercatoError)
            if not self.spoiled:
                for write in self.group:
                    write.future.set_exception(error)
        return isinstance(error, Exception)
