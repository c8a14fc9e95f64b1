"""A shop opened for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mercato.shop.opened import Shop


@contextmanager
def opened_shop(folder: Path) -> Iterator["Shop"]:
    """The published release in ``folder``. Raises NotFound or NotReady where there is none."""
    # Imported late, so that --help answers at once.
    from mercato.shop.opened import Shop

    shop = Shop.open(folder)
    try:
        yield shop
    finally:
        shop.close()
