"""Starts `mercato feeds --run` beside a server: downloads and imports never run in it."""

import logging
import os
import subprocess
import sys

from mercato.operating.feeds.due import Feed, feeds_of, now
from mercato.shop.opened import Shop
from mercato.state.fetches import Outcome

_log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""Between two looks for feeds that are due."""

_NICE = 10
"""How far the process stands back behind requests (`nice`)."""

_END_SECONDS = 5.0


class FeedRunner:
    """One process at a time that fetches; of the runners of many workers one finds work to do."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._process: subprocess.Popen[bytes] | None = None
        self._said: dict[str, int] = {}

    def look(self) -> None:
        """Start a process where a feed is due and none is running; log what failed."""
        if self._process is not None and self._process.poll() is None:
            return
        feeds = self.feeds()
        for feed in feeds:
            last = feed.last
            if last and last.outcome is Outcome.FAILED and self._said.get(last.url) != last.ts:
                self._said[last.url] = last.ts
                _log.warning("%s could not be taken over: %s", last.url, last.detail)
        if any(feed.due <= now() for feed in feeds):
            self._process = self._started()

    def feeds(self) -> tuple[Feed, ...]:
        """The shop's feeds, and what any process made of them."""
        return feeds_of(self._shop.settings, self._shop.state)

    def _started(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "mercato.cli",
            "feeds",
            str(self._shop.paths.root),
            "--run",
        ]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the server, which then ends it
        )
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        return process

    def stop(self) -> None:
        """End the process that is running: an import that is stopped changes nothing."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
