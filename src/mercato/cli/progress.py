"""Shows how far work is: bars on a terminal, plain lines in a log."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from mercato.cli.output import errors_console
from mercato.core.progress import Progress, Step

_QUIET_SECONDS = 10.0
"""In a log, a running step is heard of so often at most."""


_SHORT_SECONDS = 2.0
"""In a log, a step that takes no longer is only told at its end."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Progress that suits stderr: bars where it is a terminal, else lines."""
    with _shown() as progress, heard(progress) as interruptible:
        yield interruptible


@contextmanager
def _shown() -> Iterator[Progress]:
    console = errors_console()
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        yield Terminal(bars)


@contextmanager
def heard(progress: Progress) -> Iterator[Progress]:
    """Ctrl-C stops the work at the next step at the latest.

    Python only prints an exception that is raised in a destructor or in a library's callback. A
    KeyboardInterrupt that meets one of those would be lost, and the work would go on to its end.
    """
    interruptible = _Interruptible(progress)
    before = signal.signal(signal.SIGINT, interruptible.interrupt)
    try:
        yield interruptible
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass
class _Interruptible:
    """Passes steps on until Ctrl-C was pressed."""

    shown: Progress
    interrupted: bool = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True
        raise KeyboardInterrupt

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        if self.interrupted:
            raise KeyboardInterrupt
        return self.shown.step(name, total)


@dataclass(frozen=True)
class Remembering:
    """Passes steps on and remembers which are finished."""

    shown: Progress
    finished: list[str] = field(default_factory=list)

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        return self._step(name, total)

    @contextmanager
    def _step(self, name: str, total: int | None) -> Iterator[Step]:
        with self.shown.step(name, total) as step:
            yield step
            # Before the step is shown as done: what is shown is remembered.
            self.finished.append(name)


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


@dataclass
class _Bar:
    """A step shown as a bar."""

    bars: Bars
    task: TaskID
    text: str = ""

    def advance(self, amount: int = 1) -> None:
        self.bars.advance(self.task, amount)

    def note(self, text: str) -> None:
        self.text = text


@dataclass(frozen=True)
class Terminal:
    """Bars of the running steps; a finished step leaves one line above them."""

    bars: Bars

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        return self._step(name, total)

    @contextmanager
    def _step(self, name: str, total: int | None) -> Iterator[Step]:
        bar = _Bar(self.bars, self.bars.add_task(name, total=total))
        started, mark = time.monotonic(), ("✗ ", "red")
        try:
            yield bar
            mark = ("✓ ", "green")
        finally:
            self.bars.remove_task(bar.task)
            took = duration(time.monotonic() - started)
            line: Any = Text.assemble(mark, f"{name:<28} ", (f"{took:>12}  ", "dim"), bar.text)
            self.bars.console.print(line, soft_wrap=True)


@dataclass
class _Line:
    """A step told in lines."""

    console: Console
    name: str
    total: int | None
    started: float
    told: float
    done: int = 0
    text: str = ""

    def advance(self, amount: int = 1) -> None:
        self.done += amount
        now = time.monotonic()
        if now - self.told < _QUIET_SECONDS:
            return
        self.told = now
        self.tell(self._how_far(now - self.started))

    def note(self, text: str) -> None:
        self.text = text

    def tell(self, what: str) -> None:
        self.console.print(Text(f"{self.name}: {what}"), soft_wrap=True)

    def _how_far(self, seconds: float) -> str:
        if not self.total or not self.done:
            return f"{self.done:,} after {duration(seconds)}"
        left = duration(seconds * max(self.total - self.done, 0) / self.done)
        return f"{self.done:,} of {self.total:,}, about {left} left"


@dataclass(frozen=True)
class Lines:
    """One line at a step's end; of a longer one also that it began, and one now and then."""

    console: Console

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        return self._step(name, total)

    @contextmanager
    def _step(self, name: str, total: int | None) -> Iterator[Step]:
        now = time.monotonic()
        line = _Line(self.console, name, total, started=now, told=now)
        begins = threading.Timer(_SHORT_SECONDS, line.tell, ("begins",))
        begins.daemon = True
        begins.start()
        outcome = "stopped"
        try:
            yield line
            outcome = "done"
        finally:
            begins.cancel()
            took = duration(time.monotonic() - line.started)
            line.tell(f"{outcome} in {took}{', ' if line.text else ''}{line.text}")
