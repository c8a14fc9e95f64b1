"""What moved a product to where it stands, as bars."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mercato.search.explained import Explanation
from mercato.web.languages import Language


@dataclass(frozen=True)
class Bar:
    """One part of a score.

    text  : what it is, in the visit's language
    value : of the feature; None of a part of the first stage
    adds  : to the score; below 0 it takes away
    share : of the longest bar beside it, -1 to 1
    """

    text: str
    value: float | None
    adds: float
    share: float


def bars_of(found: Explanation, language: Language) -> tuple[Bar, ...]:
    """The parts of the ranker's score, or else of the first stage's, the heaviest first."""
    if found.second_stage is not None:
        parts: Iterable[tuple[str, float | None, float]] = (
            (_feature(part.feature, language), part.value, part.contribution)
            for part in found.second_stage.parts
        )
    else:
        parts = (
            (language.text(f"console.part.{_slug(name)}"), None, adds)
            for name, adds in found.first_stage.items()
        )
    told = [part for part in parts if abs(part[2]) >= _NOTHING]
    ordered = sorted(told, key=lambda part: -abs(part[2]))
    return scaled([Bar(text, value, adds, 0.0) for text, value, adds in ordered])


_NOTHING = 5e-4
"""Less than shows in the digits that a page has."""


def scaled(bars: Sequence[Bar], longest: float | None = None) -> tuple[Bar, ...]:
    """The same with their shares of the longest; ``longest``: where others stand beside them."""
    most = longest or max((abs(bar.adds) for bar in bars), default=0.0) or 1.0
    return tuple(Bar(bar.text, bar.value, bar.adds, bar.adds / most) for bar in bars)


def _feature(name: str, language: Language) -> str:
    return language.text(f"console.feature.{_slug(name)}")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
