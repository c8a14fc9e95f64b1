"""A placement's shelves of all known shoppers, one after the other, into one file.

The file grows under another name and gets its own once it is whole. Beside it stands how far it
has come, so that what was interrupted goes on there; memory does not grow with the shoppers.
"""

import csv
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow.compute as pc

from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Progress, Step
from mercato.shop.batch_workers import in_turn
from mercato.shop.opened import Shop
from mercato.shop.shelf import ShelfAnswer, ShelfCall, shelf

_GUEST = "visitor:"
"""Begins the ids of histories that belong to a device; nobody can write to it."""

_EACH = 100
"""Shoppers after which it is written down how far the file has come."""


@dataclass(frozen=True)
class Batch:
    """What is asked for each shopper; see `ShelfCall`.

    form : one of `FORMS`
    """

    placement: str
    form: str
    n: int = 20
    filters: tuple[str, ...] = ()
    category: str | None = None
    store: str | None = None
    distinct: bool = True

    def call(self, user_id: str) -> ShelfCall:
        return ShelfCall(
            self.placement,
            user_id=user_id,
            n=self.n,
            filters=self.filters,
            category=self.category,
            store=self.store,
            distinct=self.distinct,
        )


@dataclass(frozen=True)
class _Reached:
    """How far a file has come.

    release : of the shop; one file is of one
    done    : shoppers
    size    : bytes of the file that are theirs
    """

    batch: Batch
    release: int
    done: int = 0
    size: int = 0


def _json_line(user_id: str, answer: ShelfAnswer) -> bytes:
    """{"user_id", "query_id", "items": [{"id", "score", "reason", "retriever"}]}"""
    items = [
        {
            "id": card.id,
            "score": card.score,
            "reason": card.reason.to_json(),
            "retriever": card.retriever,
        }
        for card in answer.items
    ]
    line = {"user_id": user_id, "query_id": answer.query_id, "items": items}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


CSV_HEADER = (
    "user_id",
    "query_id",
    "position",
    "item_id",
    "title",
    "score",
    "reason",
    "reason_item",
    "reason_category",
)


def _csv_lines(user_id: str, answer: ShelfAnswer) -> bytes:
    """A line an item."""
    text = io.StringIO()
    writer = csv.writer(text)
    for position, card in enumerate(answer.items, 1):
        told = card.reason
        row = (user_id, answer.query_id, position, card.id, card.item.get("title"))
        writer.writerow((*row, f"{card.score:.6g}", told.code, told.item, told.category))
    return text.getvalue().encode()


FORMS: Mapping[str, Callable[[str, ShelfAnswer], bytes]] = {
    "jsonl": _json_line,
    "csv": _csv_lines,
}


def write_batch(
    shop: Shop, out: Path, batch: Batch, progress: Progress, *, anew: bool = False, workers: int = 1
) -> int:
    """Write ``out``; how many shoppers stand in it. Every shelf is logged as an answer.

    anew    : forget what an interrupted run has left
    workers : processes that answer

    Raises BadInput for a form that is none or where ``out`` exists, NotReady where an interrupted
    run was of another release or asked for something else.
    """
    if batch.form not in FORMS:
        raise BadInput(f"one of {', '.join(FORMS)}", repr(batch.form), "Name another format.")
    if out.exists():
        raise BadInput("a new file", f"{out} is there", "Name another one, or delete it.")
    part = out.with_name(f"{out.name}.unfinished")
    beside = out.with_name(f"{out.name}.unfinished.json")
    if anew:
        beside.unlink(missing_ok=True)
    begun = _begun(beside, part, _Reached(batch, shop.live.number))
    users = _known_users(shop)
    with progress.step(f"shelves of {batch.placement}", len(users)) as step:
        step.advance(begun.done)
        with part.open("r+b" if begun.size else "w+b") as file:
            file.truncate(begun.size)
            file.seek(begun.size)
            _fill(file, beside, shop, users, begun, step, workers)
        step.note(f"{len(users):,} shoppers")
    part.rename(out)
    beside.unlink(missing_ok=True)
    return len(users)


def _fill(
    file: BinaryIO,
    beside: Path,
    shop: Shop,
    users: Sequence[str],
    begun: _Reached,
    step: Step,
    workers: int,
) -> None:
    """Write the shelves of those who are missing."""
    batch = begun.batch
    if begun.size == 0 and batch.form == "csv":
        file.write((",".join(CSV_HEADER) + "\r\n").encode())
    groups = [users[at : at + _EACH] for at in range(begun.done, len(users), _EACH)]
    done = begun.done
    answered = in_turn(shop, partial(_lines, batch), groups, workers)
    for group, lines in zip(groups, answered, strict=True):
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())  # only what the disk holds is done
        done += len(group)
        _remember(beside, replace(begun, done=done, size=file.tell()))
        step.advance(len(group))


def _lines(batch: Batch, shop: Shop, users: Sequence[str]) -> bytes:
    form = FORMS[batch.form]
    return b"".join(form(user_id, shelf(shop, batch.call(user_id))) for user_id in users)


def _known_users(shop: Shop) -> list[str]:
    ids = shop.live.histories.shopper_ids
    known: list[str] = ids.filter(pc.invert(pc.starts_with(ids, _GUEST))).to_pylist()
    hidden = shop.live.histories.hidden
    return known if hidden is None else [user for user in known if not hidden(user)]


def _remember(beside: Path, reached: _Reached) -> None:
    """Replaced at once: it says one thing or the next, whole."""
    new = beside.with_suffix(".new")
    new.write_text(json.dumps(asdict(reached)), encoding="utf-8")
    new.replace(beside)


def _begun(beside: Path, part: Path, asked: _Reached) -> _Reached:
    """What an interrupted run has left; ``asked`` itself where there was none."""
    if not beside.exists() or not part.exists():
        return asked
    told = json.loads(beside.read_text(encoding="utf-8"))
    asked_then = told.pop("batch")
    batch = Batch(**{**asked_then, "filters": tuple(asked_then["filters"])})
    left = _Reached(batch, **told)
    if (left.batch, left.release) != (asked.batch, asked.release):
        raise NotReady(
            f"to go on with {part}",
            f"one of release {left.release}, asked for {left.batch.placement} otherwise",
            "Ask as before, or begin anew with --restart.",
        )
    return left
