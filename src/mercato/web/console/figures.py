"""Charts as data: what is drawn, and the table that says the same."""

from dataclasses import dataclass
from enum import StrEnum

Cell = str | int | float | None


class Kind(StrEnum):
    """How a figure is drawn."""

    LINES = "lines"
    """A line for each series over days."""
    CURVES = "curves"
    """A line for each series over whole numbers."""
    BARS = "bars"
    """A bar for each row and series."""


class Measure(StrEnum):
    """What a figure's numbers are."""

    COUNT = "count"
    SHARE = "share"
    """0 to 1, shown in per cent."""
    MONEY = "money"
    NUMBER = "number"


WIDTHS = {"wide": 960, "narrow": 330}
"""Pixels of a chart, by the class of the screens that show it."""

_HEIGHT = 240
_ROW, _FRAME = 24, 56


@dataclass(frozen=True)
class Figure:
    """columns : headings of the table: what rows are of, then of each series
    rows : in the first column ISO days where lines are drawn, whole numbers where curves are
    says : what the chart shows in one sentence, for those who do not see it
    unit : of the numbers; empty where they are pieces or shares
    marks : (ISO day, what happened then), drawn into lines
    """

    kind: Kind
    measure: Measure
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    says: str
    unit: str = ""
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def height(self) -> int:
        """Pixels of the chart as it is drawn, so that a page keeps the place for it."""
        if self.kind is Kind.BARS:
            return _FRAME + _ROW * len(self.rows) * max(len(self.columns) - 1, 1)
        return _HEIGHT
