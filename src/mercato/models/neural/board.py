"""Curves of a training for TensorBoard."""

from collections.abc import Mapping
from typing import Any

from mercato.core.errors import NotReady


class Board:
    """Writes into ``folder``; an empty name writes nothing.

    Raises NotReady where tensorboardX is missing.
    """

    def __init__(self, folder: str) -> None:
        self._writer = _writer(folder) if folder else None

    def write(self, at: int, values: Mapping[str, float]) -> None:
        """at : examples learned from so far"""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, at)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _writer(folder: str) -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise NotReady(
            "tensorboardX", str(error), "Install it with: pip install 'mercato[train]'"
        ) from None
    return SummaryWriter(folder)
