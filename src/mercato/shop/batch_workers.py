"""Shelves of many shoppers, by one process or several."""

import atexit
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from mercato.shop.opened import Shop

Asked = Callable[[Shop, Sequence[str]], bytes]
"""The lines of some shoppers; a process can be told it."""

_opened: list[Shop] = []
"""What a worker answers from."""


def in_turn(
    shop: Shop, lines: Asked, users: Sequence[Sequence[str]], workers: int
) -> Iterator[bytes]:
    """The lines of each group of shoppers, in their order."""
    if workers == 1 or len(users) < 2:
        yield from (lines(shop, each) for each in users)
        return
    with ProcessPoolExecutor(
        workers,
        # A copy of this process would share its threads' locks and its open database.
        mp_context=get_context("spawn"),
        initializer=_open,
        initargs=(shop.paths.root,),
    ) as pool:
        try:
            yield from pool.map(partial(_of_worker, lines), users)
        finally:
            pool.shutdown(cancel_futures=True)


def _open(root: Path) -> None:
    shop = Shop.open(root)
    atexit.register(shop.close)  # writes the answers that still wait
    _opened.append(shop)


def _of_worker(lines: Asked, users: Sequence[str]) -> bytes:
    return lines(_opened[0], users)
