"""Everything of the state into the assets, before an import or a build looks at them."""

from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings
from mercato.data.store import AssetStore, Conflict
from mercato.operating.drain import drain
from mercato.operating.erasing.carrying_out import carry_out
from mercato.operating.item_drain import drain_items
from mercato.operating.numbering import number_on
from mercato.operating.retiring import retire
from mercato.state import State

_ATTEMPTS = 5
"""A server drains beside us now and then; one of the two then begins again."""


def settle(paths: ShopPaths) -> None:
    """Drain events, answers and item changes of a shop, whether it is being served or not, and
    take out what is of shoppers who were erased, or older than the shop keeps it.

    Raises Conflict where other writers were faster each time.
    """
    store = AssetStore(paths.assets)
    settings = load_settings(paths.settings)
    state = State.open(settings.state.url, paths.root)
    try:
        number_on(state, store)
        for attempt in range(_ATTEMPTS):
            try:
                drain(state, store)
                drain_items(state, store)
                carry_out(paths, state)
                retire(state, store, settings.privacy)
                return
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
    finally:
        state.close()
