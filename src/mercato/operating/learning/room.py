"""One process at a time learns in a shop, on whichever host."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mercato.core.errors import Busy
from mercato.state import alone


@contextmanager
def one_learns(url: str, root: Path) -> Iterator[None]:
    """Raises Busy while another process learns. url : of the shop's state"""
    with alone(url, root, "learning") as ours:
        if not ours:
            raise Busy(
                "one process that learns at a time",
                f"another one at work on {root}",
                "Wait until it is done, or stop it; what it has finished is kept.",
            )
        yield
