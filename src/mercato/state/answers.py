"""The log of answers: what was shown to whom. Requests do not wait for it."""

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from mercato.core.errors import NotReady, Overloaded
from mercato.state.consents import unwilling
from mercato.state.databases.database import Database
from mercato.state.pruning import prune_log
from mercato.state.tables import answers
from mercato.state.writer import Store, Writer

_log = logging.getLogger(__name__)

MOST_HELD = 10_000
"""Answers in memory while the database is away: about 20 MB."""

AT_ONCE = 1_000
"""Of these are tried again together, so that they leave events their room in the queue."""


@dataclass(frozen=True)
class Answer:
    """One answered search or shelf.

    ts           : microseconds since 1970, UTC
    kind         : ``search`` or ``shelf``
    request      : what was asked, a JSON object
    positions    : place of each item, counted from 1 over all pages
    propensities : the probability with which each item got its place
    """

    query_id: str
    ts: int
    kind: str
    placement: str | None
    request: str
    release: int
    variant: str | None
    user_id: str | None
    visitor_id: str | None
    session_id: str | None
    item_ids: tuple[str, ...]
    positions: tuple[int, ...]
    scores: tuple[float, ...]
    propensities: tuple[float, ...]


@dataclass(frozen=True)
class Answers:
    """Answers in the order of the log, oldest first; ``last`` is the ``seq`` of the last."""

    last: int
    rows: tuple[Answer, ...]


_SEQ = answers.c.seq
_WHO = ("user_id", "visitor_id", "session_id")
_COLUMNS = tuple(column for column in answers.c if column is not _SEQ)


class AnswerLog:
    """Written without anybody waiting, soon after; flushed when the state is closed.

    What finds no database, or no room in the queue, is held and tried again, at most `MOST_HELD`.

    lost : answers that could not be written; they are counted, never held against a shopper
    """

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database
        names = [column.name for column in _COLUMNS]
        self._insert = database.many(answers, names, lambda fresh: fresh)
        # Whether it was written by the try that broke nobody knows.
        self._insert_new = database.many(answers, names, lambda new: new.on_conflict_do_nothing())
        self._held: deque[Answer] = deque()
        self.lost = 0

    def append(self, answer: Answer) -> None:
        """Take an answer to be written; does not wait."""
        self._submit(self._store, answer)

    @property
    def held(self) -> int:
        """Answers that wait until the database can be written again."""
        return len(self._held)

    def again(self) -> None:
        """Try once more to write what is held, the oldest first, some at a time."""
        for _ in range(min(len(self._held), AT_ONCE)):
            self._submit(self._store_new, self._held.popleft())

    def close(self) -> None:
        """Hand over what is held, before the writer is closed."""
        for _ in range(len(self._held)):
            self._submit(self._store_new, self._held.popleft())

    def give_up(self) -> None:
        """Count what is still held, once the writer is closed."""
        if self._held:
            _log.warning("%d answers could not be logged before the end", len(self._held))
        self.lost += len(self._held)
        self._held.clear()

    def after(self, seq: int, limit: int) -> Answers:
        """The oldest answers with a higher ``seq``; ``last`` is ``seq`` where none is."""
        query = select(_SEQ, *_COLUMNS).where(seq < _SEQ).order_by(_SEQ).limit(limit)
        with self._database.read() as connection:
            found = connection.execute(query).all()
        last = found[-1][0] if found else seq
        return Answers(last, tuple(_answer(row[1:]) for row in found))

    def find(self, query_id: str) -> Answer | None:
        """One answer; None where it was never logged, or is no longer kept here."""
        query = select(*_COLUMNS).where(answers.c.query_id == query_id)
        with self._database.read() as connection:
            found = connection.execute(query).first()
        return None if found is None else _answer(found)

    def newest(self) -> int:
        """The ``seq`` of the newest that is kept; 0 where none is."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(_SEQ))).scalar() or 0

    def count_after(self, seq: int) -> int:
        """How many answers have a higher ``seq``."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).where(seq < _SEQ)).scalar_one()

    def prune(self, up_to: int, before: int) -> int:
        """Delete answers with ``seq`` at most ``up_to`` and ``ts`` before ``before``; how many."""
        return prune_log(self._database, answers, up_to, before)

    def _store(self, connection: Connection, batch: Sequence[Answer]) -> Sequence[None]:
        self._insert(connection, _rows(connection, batch))
        return [None] * len(batch)

    def _store_new(self, connection: Connection, batch: Sequence[Answer]) -> Sequence[None]:
        self._insert_new(connection, _rows(connection, batch))
        return [None] * len(batch)

    def _submit(self, store: Store[Answer, None], answer: Answer) -> None:
        try:
            future = self._writer.submit(store, answer, 1, waited_for=False)
        except (Overloaded, NotReady) as error:
            self._hold(answer, error)
        else:
            future.add_done_callback(lambda done: self._written(done, answer))

    def _written(self, future: "Future[None]", answer: Answer) -> None:
        error = future.exception()
        if isinstance(error, Overloaded | NotReady):
            self._hold(answer, error)
        elif error is not None:
            self._lose(error)

    def _hold(self, answer: Answer, error: BaseException) -> None:
        if len(self._held) < MOST_HELD:
            self._held.append(answer)
        else:
            self._lose(error)

    def _lose(self, error: BaseException) -> None:
        self.lost += 1
        _log.warning("an answer could not be logged: %s", error)


def _rows(connection: Connection, batch: Sequence[Answer]) -> list[tuple[Any, ...]]:
    """What is written of a batch: answers to who does not want to be known are nobody's."""
    nobodys = unwilling(connection, {(each.user_id, each.visitor_id) for each in batch})
    return [
        _row(_unnamed(each) if (each.user_id, each.visitor_id) in nobodys else each)
        for each in batch
    ]


def _unnamed(answer: Answer) -> Answer:
    nothing: dict[str, Any] = dict.fromkeys(_WHO)
    asked = orjson.loads(answer.request)
    asked |= {name: None for name in nothing if name in asked}
    return replace(answer, **nothing, request=orjson.dumps(asked).decode())


def _row(answer: Answer) -> tuple[Any, ...]:
    return (
        answer.query_id,
        answer.ts,
        answer.kind,
        answer.placement,
        answer.request,
        answer.release,
        answer.variant,
        answer.user_id,
        answer.visitor_id,
        answer.session_id,
        orjson.dumps(answer.item_ids).decode(),
        orjson.dumps(answer.positions).decode(),
        orjson.dumps(answer.scores).decode(),
        orjson.dumps(answer.propensities).decode(),
    )


def _answer(row: Sequence[Any]) -> Answer:
    lists = (tuple(orjson.loads(text)) for text in row[-4:])
    return Answer(*row[:-4], *lists)
