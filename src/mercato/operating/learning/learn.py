"""`mercato learn`: one round after the other of its steps, each written down before the next."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mercato.core.errors import ChecksFailed, NotFound
from mercato.core.paths import ShopPaths
from mercato.core.progress import Progress
from mercato.core.settings import load_settings
from mercato.operating.learning.book import RoundBook
from mercato.operating.learning.due import LOOK_SECONDS, checked, now
from mercato.operating.learning.room import one_learns
from mercato.operating.learning.round import Round, Stage
from mercato.operating.learning.steps import STEPS
from mercato.operating.learning.work import Work
from mercato.shop.rules import By
from mercato.state import State


def learn(
    root: Path,
    *,
    actor: str,
    once: bool,
    progress: Progress,
    wait: Callable[[float], None] = time.sleep,
) -> Round:
    """Go on with the round that is under way, or begin one; how it stands then.

    once : come back where it has to wait for shoppers; else wait with it

    Killed at any moment, the next call goes on from the last step that was written down. Raises
    NotReady while another process learns or builds here, BadInput for wrong settings.
    """
    paths = ShopPaths(root)
    settings = load_settings(paths.settings)
    checked(settings.learn)
    with one_learns(settings.state.url, root):
        state = State.open(settings.state.url, root)
        try:
            work = Work(root, settings, state, By(actor, "learn"), progress)
            book = RoundBook(state, actor)
            learning = _going_on(work, book)
            while not learning.is_over:
                following = _stepped(work, learning)
                if following is not None:
                    learning = book.write(following)
                elif once:
                    break
                else:
                    wait(LOOK_SECONDS)
            return learning
        finally:
            state.close()


def _going_on(work: Work, book: RoundBook) -> Round:
    newest = book.newest()
    if newest is not None and not newest.is_over:
        return newest
    numbers = work.releases.numbers()
    return book.begin(now(), work.releases.current(), max(numbers, default=0))


def _stepped(work: Work, learning: Round) -> Round | None:
    """What a step finds wrong with a release is held against it, whatever was thought before."""
    try:
        return STEPS[learning.stage](work, learning)
    except (ChecksFailed, NotFound) as error:
        if learning.stage is Stage.ROLL_BACK:
            raise
        return replace(learning, stage=Stage.ROLL_BACK, reason=str(error))
