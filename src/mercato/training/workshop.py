"""Build steps that are done once: each leaves a folder named by what went into it.

A step whose inputs, settings and code are the same is not done again; a build that was interrupted
goes on behind its last finished step.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mercato
from mercato.core.errors import Busy
from mercato.core.meter import Meter
from mercato.core.progress import Progress, Step

_ROOMS = (
    "core",
    "data",
    "catalogue",
    "models",
    "evaluation",
    "ranking",
    "recommend",
    "training",
)
"""The rooms whose code decides what a step makes."""

DONE = "step.json"
"""In a step's folder once it is finished: what it cost."""

UNFINISHED = ".unfinished-"
"""Begins the names of folders that an interrupted build leaves behind."""

_LOCK = ".lock"


def code_fingerprint() -> str:
    """A checksum of the code that decides what steps make."""
    root = Path(mercato.__file__).parent
    checksum = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            checksum.update(path.read_bytes())
    return checksum.hexdigest()[:16]


@dataclass(frozen=True)
class Made:
    """One finished step.

    joules : of the machine's processors meanwhile; None where it does not count them
    """

    name: str
    fingerprint: str
    folder: Path
    seconds: float
    reused: bool
    joules: float | None = None


@dataclass
class Workshop:
    """The folder ``build`` of a shop, and what this build has made or found there."""

    root: Path
    progress: Progress
    made: list[Made] = field(default_factory=list)
    code: str = field(default_factory=code_fingerprint)

    def make(
        self,
        name: str,
        of: Mapping[str, Any],
        work: Callable[[Path, Step], None],
        total: int | None = None,
    ) -> Made:
        """The folder that ``work`` fills, made now or found from an earlier build.

        ``of`` names everything that goes into the step, as JSON values. ``work`` gets an empty
        folder and the running step; the folder counts only once ``work`` has returned.
        """
        named = json.dumps({"step": name, "of": of, "code": self.code}, sort_keys=True)
        fingerprint = hashlib.sha256(named.encode()).hexdigest()[:16]
        folder = self.root / f"{name}-{fingerprint}"
        reused = (folder / DONE).is_file()
        with self.progress.step(name.replace("-", " "), None if reused else total) as step:
            if reused:
                step.note("unchanged")
            else:
                self._fill(folder, step, work)
        cost = json.loads((folder / DONE).read_text())
        done = Made(name, fingerprint, folder, cost["seconds"], reused, cost.get("joules"))
        self.made.append(done)
        return done

    def _fill(self, folder: Path, step: Step, work: Callable[[Path, Step], None]) -> None:
        unfinished = self.root / f"{UNFINISHED}{folder.name}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        meter = Meter()
        try:
            work(unfinished, step)
            cost = {"seconds": round(meter.seconds, 3), "joules": meter.joules}
            (unfinished / DONE).write_text(json.dumps(cost))
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def kept(self) -> list[str]:
        """Names of the steps that this build has finished so far."""
        return [made.name for made in self.made]

    def prune(self) -> None:
        """Delete the steps of earlier builds that this one did not use."""
        used = {made.folder.name for made in self.made}
        for folder in self.root.iterdir():
            is_step = (folder / DONE).is_file() or folder.name.startswith(UNFINISHED)
            if is_step and folder.name not in used:
                shutil.rmtree(folder)


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the shop's build lock. Raises Busy while another process builds."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                "one build of a shop at a time",
                f"another process that builds in {root.parent}",
                "Wait until it is done, or stop it; what it has finished is kept.",
            ) from None
        yield
