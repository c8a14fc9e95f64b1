"""Runs what needs an event loop of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def apart(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What ``work`` returns, run in a thread: a browser's tests may keep a loop in this one."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(work, *args, **kwargs).result()
