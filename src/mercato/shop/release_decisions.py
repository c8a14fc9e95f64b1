"""Publish a release or go back, on record, whether or not the shop is open here."""

import time

from mercato.data.releases import ReleaseStore
from mercato.shop.rules import By
from mercato.state import State
from mercato.state.decisions import Decision

KIND = "release"
"""Under which a change stands in the log of decisions."""


def publish(releases: ReleaseStore, state: State, number: int, by: By) -> None:
    """Show shoppers this release from now on. Raises NotFound where there is none, NotReady where
    it is refused, ChecksFailed where a file of it is not as it was sealed."""
    before = releases.current()
    releases.publish(number)
    _record(state, before, number, by)


def roll_back(releases: ReleaseStore, state: State, by: By) -> int:
    """Show the newest release before the current one; its number. Raises NotFound for none."""
    before = releases.current()
    number = releases.rollback()
    _record(state, before, number, by)
    return number


def _record(state: State, before: int | None, after: int, by: By) -> None:
    was = None if before is None else {"release": before}
    now = time.time_ns() // 1000
    state.decisions.add(
        Decision(by.actor, by.action, KIND, str(after), was, {"release": after}, now)
    )
