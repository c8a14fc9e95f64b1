"""A draft release served aside: the same use cases, a state of its own that is thrown away."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mercato.core.paths import ShopPaths
from mercato.core.settings import Settings
from mercato.shop.opened import Shop, open_release
from mercato.state import State


@contextmanager
def serve_draft(folder: Path, settings: Settings) -> Iterator[Shop]:
    """The release in ``folder`` as a shop; answers given here are logged nowhere that lasts."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        state = State.open("sqlite:///state.db", root)
        live = open_release(folder, 0, vectors=settings.vectors)
        shop = Shop(ShopPaths(root), settings, state, live)
        try:
            yield shop
        finally:
            shop.close()
