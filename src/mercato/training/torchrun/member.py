"""One of several processes that learn what lies in a folder. Torchrun starts it:

    torchrun --nproc-per-node 4 -m mercato.training.torchrun.member FOLDER

The first of them says on standard output how far they are, a line of JSON at a time.
"""

import json
import sys
from pathlib import Path
from typing import Any

from mercato.core.errors import MercatoError
from mercato.core.progress import Silent, Step
from mercato.models.neural.processes import joined
from mercato.training.torchrun.job import FITTED, JOB, Job


class _Saying:
    """A step that is told of elsewhere."""

    def __init__(self) -> None:
        self._done = 0

    def advance(self, amount: int = 1) -> None:
        self._done += amount
        say("at", self._done)

    def note(self, text: str) -> None:
        say("note", text)


def say(what: str, value: Any) -> None:
    sys.stdout.write(json.dumps({what: value}) + "\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    with joined() as members, Silent().step("learn") as silent:
        step: Step = _Saying() if members.first else silent
        try:
            fitted = Job.open(folder / JOB).fit(step)
        except MercatoError as error:
            # All processes refuse alike; to end well keeps torchrun from trying again.
            if members.first:
                say("refused", [type(error).__name__, error.expected, error.found, error.remedy])
            return
        if members.first:
            fitted.save(folder / FITTED)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
