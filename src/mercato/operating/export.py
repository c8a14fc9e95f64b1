"""All events of a shop, each once: from the asset, and what the drain has not moved yet."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from mercato.core.events import DRAIN_APPLICATION, EventRow
from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings
from mercato.data.assets.events import EVENTS
from mercato.data.auditing import Reader, mask_of, record
from mercato.data.event_export import exported_events
from mercato.data.pseudonyms import pseudonyms_of
from mercato.data.store import AssetStore
from mercato.state import State

_READ_AT_ONCE = 10_000


def export_events(
    root: Path,
    reader: Reader,
    *,
    user_id: str | None = None,
    since: datetime | None = None,
    masked: bool = False,
) -> Iterator[dict[str, Any]]:
    """Events as JSON objects in GA4's shape, by time, also while the shop is served.

    reader : whose reading is put on record, before the first event; masked events are nobody's

    Raises NotFound where there is no shop.
    """
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    store = AssetStore(paths.assets)
    # First how far the drain has come, then the state, then the asset: what is drained in between
    # is seen twice, and counted once; nothing is missed.
    drained = store.transaction("events", DRAIN_APPLICATION) or 0
    state = State.open(settings.state.url, root)
    try:
        mask = mask_of(state) if masked else None
        user_id = pseudonyms_of(state).maybe(user_id)
        if not masked:
            record(state, reader, EVENTS, user_id=user_id)
        waiting = list(_after(state, drained))
    finally:
        state.close()
    yield from exported_events(store, waiting, user_id=user_id, since=since, mask=mask)


def _after(state: State, seq: int) -> Iterator[EventRow]:
    while (lines := state.events.after(seq, _READ_AT_ONCE)).rows:
        yield from lines.rows
        seq = lines.last
