"""A command that runs beside a server, as a process that stands back behind its requests."""

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO

_log = logging.getLogger(__name__)

FIRST_REST, LONGEST_REST = 60.0, 3_600.0
"""Seconds after a process that failed until the next may start: twice as long after each that
fails again, and at most."""

_NICE = 10
"""How far the process stands back behind requests (`nice`)."""

_END_SECONDS = 5.0

_TAIL_BYTES = 2_000
"""Of the error stream, that the log repeats: it has no words of errors (`mercato.cli.beside`)."""


class Child:
    """At most one process at a time of `mercato` with the words given.

    work         : what it does, as the log and the metrics name it
    longest_rest : seconds after a failure at most, up to `LONGEST_REST`
    failures     : processes that failed
    """

    def __init__(
        self,
        work: str,
        *words: str,
        longest_rest: float = LONGEST_REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.work = work
        self.words = words
        self.process: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self._longest_rest = min(max(longest_rest, FIRST_REST), LONGEST_REST)
        self._clock = clock
        self._said: IO[bytes] | None = None
        self._in_a_row = 0
        self._rests_until = 0.0

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_free(self) -> bool:
        """Whether none runs, and none has failed just now; one that has is logged and counted."""
        if self.runs:
            return False
        if self.process is not None and self._said is not None:
            self._note(self.process.returncode, self._tail())
        return self._in_a_row == 0 or self._clock() >= self._rests_until

    def start(self) -> None:
        """Start it; one that runs must not be there."""
        said = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mercato.cli.beside", *self.words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,  # Ctrl-C is for the server, which then ends it
            )
        except OSError:
            said.close()
            raise
        self._said = said
        os.setpriority(os.PRIO_PROCESS, self.process.pid, _NICE)

    def stop(self) -> None:
        """End the process that is running, which is no failure of its."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._tail()

    def _tail(self) -> str:
        """The end of what it said; nothing is kept of it afterwards."""
        if self._said is None:
            return ""
        with self._said as said:
            self._said = None
            said.seek(max(said.seek(0, os.SEEK_END) - _TAIL_BYTES, 0))
            return said.read().decode(errors="replace").strip()

    def _note(self, code: int, tail: str) -> None:
        if code == 0:
            self._in_a_row = 0
            return
        self.failures += 1
        self._in_a_row += 1
        rest = min(FIRST_REST * 2 ** min(self._in_a_row - 1, 10), self._longest_rest)
        self._rests_until = self._clock() + rest
        ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        _log.warning(
            "%s failed (mercato %s: %s), the next in %.0f s: %s",
            self.work,
            " ".join(self.words),
            ended,
            rest,
            tail or "it said nothing",
        )
