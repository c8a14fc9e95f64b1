"""Starts torchrun, and follows what its processes say."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mercato.core import errors
from mercato.core.errors import MercatoError, NotReady
from mercato.core.progress import Step
from mercato.models.base import FittedModel
from mercato.training.torchrun.job import FITTED, JOB, Job

_MEMBER = "mercato.training.torchrun.member"

_RESTARTS = 3
"""Times that all processes are begun again, from the checkpoint, where one was lost."""

_LOG = "torchrun.log"
_LOCK = ".lock"
_TOLD_LINES = 3


@dataclass(frozen=True)
class Torchrun:
    """
    processes : on this machine
    arguments : further ones of torchrun's, as how to meet other machines
    """

    processes: int
    arguments: tuple[str, ...] = ()

    def command(self, folder: Path) -> list[str]:
        """What is run here; the same is to be run on each further machine."""
        meet = self.arguments or ("--standalone",)
        return [
            *(sys.executable, "-m", "torch.distributed.run"),
            f"--nproc-per-node={self.processes}",
            f"--max-restarts={_RESTARTS}",
            *meet,
            *("-m", _MEMBER, str(folder)),
        ]

    def fit(self, job: Job, folder: Path, step: Step) -> FittedModel:
        """Learn in ``folder``, which all machines see; where it holds what a killed run left, go on
        from there.

        Raises what the processes refuse, and NotReady where they failed again and again.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("w") as lock:
            # Torchrun has it too: what a killed build left running is let end first.
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(folder / FITTED, ignore_errors=True)
            job.save(folder / JOB)
            code, refused = self._run(folder, step, lock.fileno())
        if refused is not None:
            raise refused
        if code or not (folder / FITTED).is_dir():
            raise NotReady(
                f"a training by {self.processes} processes to its end",
                f"torchrun ended with {code}: {_newest(folder / _LOG)}",
                f"Read {folder / _LOG}; what was learned goes on where it stood.",
            )
        return type(job.model).fitted.load(folder / FITTED)

    def _run(self, folder: Path, step: Step, lock: int) -> tuple[int, MercatoError | None]:
        """What torchrun ended with, and what its processes refused."""
        cores = (os.cpu_count() or 1) // self.processes
        with (
            (folder / _LOG).open("w") as log,
            subprocess.Popen(
                self.command(folder),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={"OMP_NUM_THREADS": str(max(1, cores)), **os.environ},
                pass_fds=(lock,),
            ) as running,
            ExitStack() as undo,
        ):
            undo.callback(running.terminate)
            refused = _followed(running.stdout or (), step)
            undo.pop_all()
        return running.returncode, refused


def _followed(lines: Iterable[str], step: Step) -> MercatoError | None:
    """Tell the step what is said, and return what was refused."""
    done, refused = 0, None
    for line in lines:
        said = _said(line)
        if "at" in said and said["at"] > done:
            # Behind a restart, what had been done is not told again.
            step.advance(said["at"] - done)
            done = said["at"]
        if "note" in said:
            step.note(said["note"])
        if "refused" in said:
            kind, *parts = said["refused"]
            refused = getattr(errors, kind)(*parts)
    return refused


def _said(line: str) -> dict[str, Any]:
    """What a member said; nothing where it is a line of a library's."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _newest(log: Path) -> str:
    with log.open(errors="replace") as file:
        kept = deque((line.strip() for line in file if line.strip()), _TOLD_LINES)
    return " ".join(kept) or "nothing said"
