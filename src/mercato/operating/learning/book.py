"""The rounds of a shop in its state.

Each change is one transaction, with its line in the sealed log of decisions, so that a process that
is killed leaves a round at a stage, never between two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from mercato.core.errors import NotReady
from mercato.operating.learning.round import Round, Stage, read_round
from mercato.state import State
from mercato.state.documents import DocumentChange, Wanted

KEPT = 100
"""Rounds that are remembered; the log of decisions has all of them."""

_LOOK = "canary-look"


def note_look(state: State, look: Mapping[str, Any]) -> None:
    """Keep the last look at a canary for whoever asks; it decides nothing, so it is in no log."""
    state.set(_LOOK, orjson.dumps(look).decode())


def last_look(state: State) -> dict[str, Any] | None:
    kept = state.get(_LOOK)
    return None if kept is None else orjson.loads(kept)


@dataclass(frozen=True)
class RoundBook:
    """actor : who writes, as in the log of decisions"""

    state: State
    actor: str

    def rounds(self) -> list[Round]:
        """The newest first."""
        return [read_round(each.document) for each in reversed(self.state.rounds.all())]

    def newest(self) -> Round | None:
        return next(iter(self.rounds()), None)

    def begin(self, begun_at: int, published: int | None, sealed_before: int) -> Round:
        """The next round, where none is going on. Raises NotReady where another host began it."""
        rounds = self.rounds()
        number = rounds[0].number + 1 if rounds else 1
        begun = Round(number, Stage.GATHER, begun_at, published, sealed_before)
        old = [DocumentChange(_key(each.number), None) for each in rounds[KEPT - 1 :]]
        self._change([DocumentChange(_key(number), begun.to_json(), Wanted.NEW), *old])
        return begun

    def write(self, changed: Round) -> Round:
        """Put down how far a round has come, durably."""
        self._change([DocumentChange(_key(changed.number), changed.to_json(), Wanted.KNOWN)])
        return changed

    def _change(self, changes: list[DocumentChange]) -> None:
        refused = self.state.rounds.change(changes, actor=self.actor, action="learn").result()
        if refused is not None:
            raise NotReady(
                "one round of learning at a time",
                f"round {int(refused.id)} as another process wrote it",
                "Wait until that is done: mercato learn DIR --status",
            )


def _key(number: int) -> str:
    return f"{number:08d}"
