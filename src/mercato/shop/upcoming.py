"""The release that is published, until it is the one that answers."""

import logging
import time
from pathlib import Path

from mercato.core.errors import MercatoError
from mercato.core.settings import VectorSettings
from mercato.data.releases import ReleaseStore
from mercato.shop.live import Live, open_release

_log = logging.getLogger(__name__)

AGAIN_SECONDS = 30.0
"""Between two tries of a release that cannot be opened."""


class Upcoming:
    """Looks which release is published, and opens it; one caller at a time.

    One that cannot be opened keeps nobody from their answers: the live one goes on, the log says
    so once, and it is tried again later.

    failures : tries that failed
    """

    def __init__(self, releases: ReleaseStore, vectors: VectorSettings) -> None:
        self._releases = releases
        self._vectors = vectors
        self._published: tuple[int, Path] | None = None
        self._failed: tuple[int, str] | None = None
        self._again = 0.0
        self.failures = 0

    def look(self, live: int) -> None:
        """See which release is published, and fetch it where it lies elsewhere."""
        current = self._releases.current()
        if current is None or current == live or live == 0:
            self._published = None
        else:
            self._published = current, self._releases.folder(current)

    def opened(self, live: Live) -> Live | None:
        """The release that was published since ``live`` was, if any, and if it can be opened."""
        if self._published is None or self._published[0] == live.number:
            return None
        number, folder = self._published
        if self.why_not(number) and time.monotonic() < self._again:
            return None
        try:
            found = open_release(folder, number, live, self._vectors)
        except Exception as error:  # noqa: BLE001 (a file may hold anything)
            self._tell(number, live.number, error)
            return None
        self._failed = None
        return found

    def why_not(self, number: int) -> str:
        """Why that release could not be opened; empty where it could or was not tried."""
        return self._failed[1] if self._failed is not None and self._failed[0] == number else ""

    def _tell(self, number: int, live: int, error: Exception) -> None:
        self.failures += 1
        self._again = time.monotonic() + AGAIN_SECONDS
        if self.why_not(number):
            return
        # Others' words may hold what stood in the file.
        known = isinstance(error, MercatoError | OSError)
        self._failed = number, str(error) if known else type(error).__name__
        _log.error(
            "release %s is published and cannot be opened, release %s goes on answering: %s",
            number,
            live,
            self._failed[1],
        )
