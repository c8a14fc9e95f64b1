"""Numbers of the state's logs lie above what the assets hold of them."""

from mercato.data.assets.answers import ANSWERS
from mercato.data.assets.events import EVENTS
from mercato.data.assets.items import ITEMS
from mercato.data.store import AssetStore
from mercato.operating.drain import drained
from mercato.state import State

_LOGS = {"events": EVENTS, "answers": ANSWERS, "item_changes": ITEMS}
"""Log of the state → the asset that it is moved into."""


def number_on(state: State, store: AssetStore) -> None:
    """Let each log go on behind what its asset holds of it, before anything new is written.

    A database that is not the one it was, as a new one that shop.toml was made to name or a
    standby that had not heard the last, would give numbers again that count as drained: their
    rows would never come into the asset.
    """
    for log, asset in _LOGS.items():
        state.number_on(log, drained(store, asset))
