"""Keeps pandas out of our processes.

PyArrow imports pandas at the first value it converts, wherever pandas is installed, and Ibis
installs it. None of our code uses it: a server would start .3 s later and hold 30 MB more.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType


class _Refusing(MetaPathFinder):
    """Says of pandas what Python says of a package that is not there."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is kept out of Mercato's processes", name=name)


def without_pandas() -> None:
    """From here on ``import pandas`` fails, as if it were not installed."""
    if not any(isinstance(finder, _Refusing) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Refusing())
