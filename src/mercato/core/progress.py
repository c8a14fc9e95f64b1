"""How long work says how far it is, without knowing who shows it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Step(Protocol):
    """One running step of a longer work."""

    def advance(self, amount: int = 1) -> None:
        """Say that ``amount`` more units are done."""

    def note(self, text: str) -> None:
        """Say in a few words what came of it; shown behind the step."""


class Progress(Protocol):
    """Something that shows steps: a terminal, a log, nothing."""

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        """A context manager around one step of ``total`` units (None: not known)."""


class _SilentStep:
    def advance(self, amount: int = 1) -> None: ...
    def note(self, text: str) -> None: ...


class Silent:
    """Shows nothing: for tests and libraries."""

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Step]:
        return _silent()


@contextmanager
def _silent() -> Iterator[Step]:
    yield _SilentStep()
