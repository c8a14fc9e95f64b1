"""How learning stands, for whoever asks: a command, a page, a monitor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mercato.core.settings import LearnSettings
from mercato.operating.learning.book import RoundBook, last_look
from mercato.operating.learning.due import every_seconds
from mercato.operating.learning.round import Round
from mercato.operating.monitoring.monitors import Monitored, last_monitored
from mercato.state import State


@dataclass(frozen=True)
class Status:
    """rounds : the newest first
    look   : the last one at the canary, or at the published release, that is under way
    every  : seconds between two rounds of a server's; None where it begins none
    monitored : what monitors found when they last looked
    """

    rounds: Sequence[Round]
    look: dict[str, Any] | None
    every: int | None
    monitored: Monitored | None

    def to_json(self) -> dict[str, Any]:
        return {
            "every_seconds": self.every,
            "rounds": [each.to_json() for each in self.rounds],
            "canary": self.look,
            "monitors": None if self.monitored is None else self.monitored.to_json(),
        }


def status_of(state: State, settings: LearnSettings) -> Status:
    rounds = RoundBook(state, "status").rounds()
    look = last_look(state)
    goes_on = rounds and not rounds[0].is_over and look and look["round"] == rounds[0].number
    every = every_seconds(settings)
    return Status(rounds, look if goes_on else None, every, last_monitored(state))
