"""A few requests at once, some that wait, and the rest are asked to come again."""

import asyncio
import threading
from dataclasses import replace

import pytest

from apart import apart
from mercato.core.errors import BadInput, Overloaded
from mercato.core.settings import ServeSettings
from mercato.shop.overload.levels import Level, begin_turn, current_turn
from mercato.shop.overload.turns import LAGS, Turns

SETTINGS = ServeSettings(at_once=2, most_in_flight=5, degrade_in_flight=2)


def test_so_many_at_once_and_no_more_than_may_wait() -> None:
    turns, go = Turns(SETTINGS), threading.Event()
    running: list[int] = []
    most: list[int] = []

    def work() -> str:
        running.append(1)
        most.append(len(running))
        assert go.wait(30)
        running.pop()
        return "done"

    async def crowd() -> list[object]:
        asked = [asyncio.ensure_future(turns.run(work)) for _ in range(8)]
        while len(running) < 2:
            await asyncio.sleep(0.001)
        assert turns.in_flight == 5
        go.set()
        return list(await asyncio.gather(*asked, return_exceptions=True))

    found = apart(asyncio.run, crowd())
    assert found[:5] == ["done"] * 5
    assert all(isinstance(each, Overloaded) for each in found[5:])
    assert max(most) == 2
    assert (turns.in_flight, turns.refused) == (0, 3)
    turns.close()


def test_the_load_is_the_least_between_two_looks() -> None:
    turns, go = Turns(SETTINGS), threading.Event()

    async def burst(held: bool) -> None:
        asked = [asyncio.ensure_future(turns.run(lambda: go.wait(30))) for _ in range(4)]
        await asyncio.sleep(0)
        turns.look(0.0, 1.0)  # from here on four are in flight
        if not held:
            go.set()
            await asyncio.gather(*asked)
        turns.look(0.0, 2.0)
        go.set()
        await asyncio.gather(*asked)

    apart(asyncio.run, burst(held=False))
    assert turns.level is Level.WHOLE
    go.clear()
    apart(asyncio.run, burst(held=True))
    assert turns.level is Level.WORDS  # four is twice the two of the first level
    turns.close()


def test_one_late_look_is_no_load() -> None:
    turns = Turns(SETTINGS)
    for _ in range(LAGS - 1):
        turns.look(9.0, 1.0)
    assert turns.level is Level.WHOLE
    turns.look(9.0, 1.0)
    assert turns.level is Level.KEPT
    turns.close()


def test_the_work_knows_its_level_and_tells_what_it_left_out() -> None:
    turns = Turns(SETTINGS)
    for _ in range(LAGS):
        turns.look(0.1, 1.0)

    async def ask() -> tuple[Level, tuple[str, ...]]:
        turn = begin_turn()

        def work() -> Level:
            from mercato.shop.overload.levels import Part

            current_turn().left_out |= {Part.SEMANTIC, Part.PERSONALISATION}
            return current_turn().level

        return await turns.run(work), turn.told()

    assert apart(asyncio.run, ask()) == (Level.IMPERSONAL, ("personalisation", "semantic"))
    turns.close()


def test_switched_off_nothing_is_left_out_and_nobody_is_refused() -> None:
    turns = Turns(replace(SETTINGS, degrade=False))

    async def crowd() -> list[Level]:
        async with turns.watched():
            return list(
                await asyncio.gather(*(turns.run(lambda: current_turn().level) for _ in range(50)))
            )

    assert apart(asyncio.run, crowd()) == [Level.WHOLE] * 50
    turns.close()


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(BadInput, match=r"serve\.at_once"):
        Turns(replace(SETTINGS, at_once=0))
