"""Rows that are older than a shop keeps them: out of the assets, once a day."""

import time
from collections.abc import Mapping

from mercato.core.settings import PrivacySettings
from mercato.data.erasing.older import delete_older
from mercato.data.store import AssetStore
from mercato.operating.drain import MICROSECONDS_PER_DAY
from mercato.state import State

_LAST = "retired-"


def retire(state: State, store: AssetStore, privacy: PrivacySettings) -> Mapping[str, int]:
    """Delete events and answers that are older than ``privacy`` says; asset → rows that went.

    What was derived from them is derived anew by the next build. Old versions go with
    `mercato assets --vacuum`. Raises Conflict where others wrote each time.
    """
    today = time.time_ns() // 1000 // MICROSECONDS_PER_DAY
    gone = {}
    for name, days in (("events", privacy.events_days), ("answers", privacy.answers_days)):
        done = f"{today} {days}"
        if days and state.get(_LAST + name) != done:
            gone[name] = delete_older(store, name, (today - days) * MICROSECONDS_PER_DAY)
            state.set(_LAST + name, done)
    return gone
