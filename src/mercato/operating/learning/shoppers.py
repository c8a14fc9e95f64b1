"""What shoppers of a canary did, by the arm that answered them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mercato.core.columns import Event
from mercato.core.events import EventRow
from mercato.shop.experiments.serving import BETWEEN, unit_of
from mercato.state import Answer, State

_AT_ONCE = 5_000

CONTROL, CANDIDATE = "control", "candidate"
"""Names of the arms."""


@dataclass
class Shopper:
    """A user, or a visitor where nobody is logged in; counts from their first answer on.

    clicked : answers of which something was clicked
    """

    answers: int = 0
    empty: int = 0
    clicked: int = 0
    bought: int = 0


@dataclass(frozen=True)
class Arm:
    """shoppers : by user or visitor"""

    shoppers: dict[str, Shopper] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.shoppers)

    def column(self, name: str) -> NDArray[np.float64]:
        """(n,) one count a shopper."""
        return np.array([getattr(each, name) for each in self.shoppers.values()], np.float64)


def arms_of(state: State, experiment: str, answers: int, events: int) -> dict[str, Arm]:
    """Both arms, from what came into the logs after these numbers (``seq``)."""
    arms = {name: Arm() for name in (CONTROL, CANDIDATE)}
    asked: dict[str, Shopper] = {}
    for answer in _answers(state, answers):
        name, unit = arm_of(answer.variant, experiment), unit_of(answer.user_id, answer.visitor_id)
        if name in arms and unit is not None:
            shopper = arms[name].shoppers.setdefault(unit, Shopper())
            shopper.answers += 1
            shopper.empty += not answer.item_ids
            asked[answer.query_id] = shopper
    for line in _events(state, events):
        if line.event == Event.SELECT_ITEM:
            clicked = asked.pop(line.query_id or "", None)  # a second click counts no more
            if clicked is not None:
                clicked.clicked += 1
        elif line.event == Event.PURCHASE:
            for arm in arms.values():
                _buy(arm, line)
    return arms


def arm_of(variant: str | None, experiment: str) -> str:
    """Which arm of an experiment an answer was of; empty where it was of none."""
    said = (each.partition(":") for each in (variant or "").split(BETWEEN))
    return next((arm for name, _, arm in said if name == experiment), "")


def _buy(arm: Arm, line: EventRow) -> None:
    """Whoever was asked for as a visitor and has logged in since is still who they were."""
    for unit in (line.user_id, line.visitor_id):
        if unit is not None and unit in arm.shoppers:
            arm.shoppers[unit].bought = 1
            return


def _answers(state: State, seq: int) -> Iterator[Answer]:
    while True:
        found = state.answers.after(seq, _AT_ONCE)
        yield from found.rows
        if found.last == seq:
            return
        seq = found.last


def _events(state: State, seq: int) -> Iterator[EventRow]:
    while True:
        found = state.events.after(seq, _AT_ONCE)
        yield from found.rows
        if found.last == seq:
            return
        seq = found.last
