"""A command that runs beside a server, as a process that stands back behind its requests."""

import os
import subprocess
import sys

_NICE = 10
"""How far the process stands back behind requests (`nice`)."""

_END_SECONDS = 5.0


class Child:
    """At most one process at a time of `mercato` with the words given."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it; one that runs must not be there."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mercato.cli", *self.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the server, which then ends it
        )
        os.setpriority(os.PRIO_PROCESS, self.process.pid, _NICE)

    def stop(self) -> None:
        """End the process that is running."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
