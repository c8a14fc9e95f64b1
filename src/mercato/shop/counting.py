"""Use cases that count how their release answered: what a canary is judged by, beside what shoppers
do."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar

from mercato.core.errors import MercatoError
from mercato.shop.experiments.serving import live_for
from mercato.shop.opened import Shop


class Call(Protocol):
    """Whoever asks, and what for."""

    @property
    def user_id(self) -> str | None: ...
    @property
    def visitor_id(self) -> str | None: ...


Asked = TypeVar("Asked", bound=Call)
Given = TypeVar("Given")


def counted(answer: Callable[[Shop, Asked], Given]) -> Callable[[Shop, Asked], Given]:
    """Count what a use case takes with the release that answers. What Mercato refuses is no
    failure of the release, and says nothing of its time."""

    @wraps(answer)
    def counting(shop: Shop, call: Asked) -> Given:
        release = live_for(shop, call.user_id, call.visitor_id).number
        begun = time.perf_counter()
        failed = True
        try:
            found = answer(shop, call)
            failed = False
            return found
        except MercatoError:
            release = 0
            raise
        finally:
            if release:
                shop.counts.add(release, time.perf_counter() - begun, failed=failed)

    return counting
