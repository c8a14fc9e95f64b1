"""Commands that read personal data say so first: who, what, and what for."""

import getpass
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mercato.core.paths import ShopPaths
from mercato.core.settings import load_settings

if TYPE_CHECKING:
    from mercato.data.auditing import Reader
    from mercato.state import State


@contextmanager
def opened_state(folder: Path) -> Iterator["State"]:
    """The state of the shop in ``folder``. Raises NotFound where there is no shop."""
    from mercato.state import State

    state = State.open(load_settings(ShopPaths(folder).settings).state.url, folder)
    try:
        yield state
    finally:
        state.close()


def reader(action: str, purpose: str | None = None) -> "Reader":
    """Whoever runs this command, as ``user@host``. ``purpose``: None where a person looks."""
    from mercato.data.auditing import LOOKING, Reader

    return Reader(who(), action, purpose or LOOKING)


def who() -> str:
    """Whoever runs this command, as ``user@host``."""
    return f"{_user()}@{socket.gethostname()}"


def on_record(
    folder: Path,
    action: str,
    assets: Sequence[str],
    *,
    purpose: str | None = None,
    user_id: str | None = None,
) -> None:
    """Put a reading of these assets by a command on record, before it is done.

    purpose : None where a person looks at what is read
    """
    from mercato.data.assets import ASSETS
    from mercato.data.auditing import record

    with opened_state(folder) as state:
        record(state, reader(action, purpose), *(ASSETS[name] for name in assets), user_id=user_id)


def stored_id(folder: Path, shopper_id: str) -> str:
    """What a shop stores for a shopper's id."""
    from mercato.data.pseudonyms import pseudonyms_of

    with opened_state(folder) as state:
        return pseudonyms_of(state).of(shopper_id)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return f"uid {os.getuid()}"
