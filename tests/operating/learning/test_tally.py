"""Sums that are added to at each look are those of all rows read at once."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mercato.core.paths import ShopPaths
from mercato.core.programs import OWN, mark
from mercato.data.assets import ASSETS
from mercato.data.store import AssetStore
from mercato.operating.learning import shoppers
from mercato.operating.learning.shoppers import CANDIDATE, CONTROL, Since, arms_of
from mercato.operating.learning.tally import COUNTS, WAITS
from mercato.state import Answer, EventRow, State

SINCE = Since("canary-1-2", 0, 0)
NOON = 1_780_000_000_000_000


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open("sqlite:///state.db", tmp_path)
    yield opened
    opened.close()


def answer(number: int, unit: str | None, arm: str, *, guest: bool, items: int) -> Answer:
    return Answer(
        f"q{number}", NOON + number, "shelf", "home", "{}", 1, f"{SINCE.experiment}:{arm}",
        None if guest else unit, unit if guest else None, None,
        ("a",) * items, (1,) * items, (1.0,) * items, (1.0,) * items,
    )  # fmt: skip


def told(state: State, paths: ShopPaths | None) -> dict[str, list[list[int]]]:
    return {
        name: sorted(map(list, arm.counts.tolist()))
        for name, arm in arms_of(state, SINCE, paths).items()
    }


def logs(chance: random.Random, n: int) -> list[Answer | EventRow]:
    """Answers, clicks and purchases; some clicks come twice, before their answer, or of none, and
    some purchases before anything was answered."""
    found: list[tuple[float, Answer | EventRow]] = []
    for number in range(n):
        unit, guest = f"u{chance.randrange(n // 3)}", chance.random() < 0.3
        arm = CANDIDATE if is_even(unit) else CONTROL
        arm = arm if chance.random() < 0.95 else "elsewhere"
        asked = answer(number, unit, arm, guest=guest, items=chance.randrange(3))
        found.append((number + chance.random() * 20, asked))
        row = EventRow(f"e{number}", 0, NOON + number + 3, "select_item", query_id=f"q{number}")
        if chance.random() < 0.5:
            found.append((number + 5, row))
            found.append((number + 9, row._replace(event_id=f"f{number}")))
        if chance.random() < 0.3:
            who = {"visitor_id": unit} if chance.random() < 0.5 else {"user_id": unit}
            buys = EventRow(f"p{number}", 0, NOON + number - 4, "purchase", item_id="a", **who)
            found.append((number + 2, buys))
    return [row for _, row in sorted(found, key=lambda each: each[0])]


def is_even(unit: str) -> bool:
    return int(unit[1:]) % 2 == 0


def write(state: State, rows: list[Answer | EventRow]) -> None:
    for row in rows:
        if isinstance(row, Answer):
            state.answers.append(row)
    events = [row for row in rows if isinstance(row, EventRow)]
    state.events.append(events).result(30)


@pytest.mark.parametrize("seed", range(2))
def test_looks_add_up(state: State, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    rows = logs(chance, 200)
    paths = ShopPaths(tmp_path)
    while rows:
        some = chance.randrange(1, 120)
        write(state, rows[:some])
        rows = rows[some:]
        assert told(state, paths) == told(state, None)
    found = told(state, None)
    assert sum(count[0] for arm in found.values() for count in arm) > 160
    assert all(any(count[at] for arm in found.values() for count in arm) for at in range(4))


def test_a_row_is_read_once(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(state, logs(random.Random(1), 30))
    paths = ShopPaths(tmp_path)
    before = told(state, paths)
    read = [state.answers.after, state.events.after]
    from_where: list[int] = []

    def watched(at: int):
        def after(seq: int, limit: int):
            from_where.append(seq)
            return read[at](seq, limit)

        return after

    monkeypatch.setattr(state.answers, "after", watched(0))
    monkeypatch.setattr(state.events, "after", watched(1))
    assert told(state, paths) == before
    assert sorted(from_where) == sorted([state.answers.newest(), state.events.newest()])


def test_whoever_was_erased_counts_no_more(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ShopPaths(tmp_path)
    asked = answer(1, "ann", CONTROL, guest=False, items=1)
    write(state, [asked, replace(asked, query_id="q2", user_id="bob")])
    assert len(told(state, paths)[CONTROL]) == 2
    state.answers.prune(up_to=1, before=NOON + 10)  # as an erasure takes rows out
    assert len(told(state, paths)[CONTROL]) == 2
    monkeypatch.setattr(state.erasures, "newest", lambda: 1)
    assert len(told(state, paths)[CONTROL]) == 1


def test_a_torn_file_is_read_anew(state: State, tmp_path: Path) -> None:
    paths = ShopPaths(tmp_path)
    write(state, logs(random.Random(2), 30))
    before = told(state, paths)
    (file,) = tmp_path.glob("*.npz")
    assert b"u1" not in file.read_bytes(), "no id stands in it"
    file.write_bytes(file.read_bytes()[:200])
    assert told(state, paths) == before


def test_nothing_waits_for_ever(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ShopPaths(tmp_path)
    row = EventRow("e", 0, NOON + 5, "select_item", query_id="q1")
    write(state, [row, row._replace(event_id="p", event="purchase", user_id="ann")])
    monkeypatch.setattr(shoppers, "now", lambda: NOON)
    told(state, paths)
    monkeypatch.setattr(shoppers, "now", lambda: NOON + WAITS)
    told(state, paths)
    with np.load(next(tmp_path.glob("*.npz"))) as kept:
        assert (len(kept["clicks"]), len(kept["bought"])) == (0, 0)
    assert COUNTS == ("answers", "empty", "clicked", "bought")


def test_programs_and_own_people_count_in_no_arm(state: State, tmp_path: Path) -> None:
    """Whenever it is told of them: by a mark before or after they were counted, or by a build; also
    of the visitor that they were seen as."""
    paths = ShopPaths(tmp_path)
    users = [answer(at, name, CONTROL, guest=False, items=1) for at, name in enumerate("abc")]
    device = answer(9, "device", CONTROL, guest=True, items=1)
    write(state, [*users, device])
    assert len(told(state, paths)[CONTROL]) == 4
    row = EventRow("m", 0, NOON + 5, "select_item", "a", query_id="q0")
    write(state, [row._replace(attributes=f"{{{mark(OWN)}}}")])
    assert len(told(state, paths)[CONTROL]) == 3
    assert told(state, paths) == told(state, None)
    rows = [{"shopper_id": "b", "flag": "bot-rate", "value": 9.0, "bound": 5.0}]
    schema = ASSETS["shopper_flags"].schema
    AssetStore(paths.assets).commit("shopper_flags", pa.Table.from_pylist(rows, schema=schema))
    assert len(told(state, paths)[CONTROL]) == 2
    write(state, [EventRow("l", 0, NOON + 6, "login", "b", "device")])
    assert told(state, paths)[CONTROL] == [[1, 0, 0, 0]], "c alone, who did nothing"


def test_a_program_is_none_on_the_device_that_it_was_seen_on_before_it_was_found(
    state: State, tmp_path: Path
) -> None:
    paths = ShopPaths(tmp_path)
    write(state, [EventRow("l", 0, NOON - 9, "login", "b", "device")])
    device = answer(0, "device", CONTROL, guest=True, items=1)
    write(state, [device, answer(1, "c", CONTROL, guest=False, items=1)])
    assert len(told(state, paths)[CONTROL]) == 2
    rows = [{"shopper_id": "b", "flag": "bot-rate", "value": 9.0, "bound": 5.0}]
    schema = ASSETS["shopper_flags"].schema
    AssetStore(paths.assets).commit("shopper_flags", pa.Table.from_pylist(rows, schema=schema))
    assert len(told(state, paths)[CONTROL]) == 1
